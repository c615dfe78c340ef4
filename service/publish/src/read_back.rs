//! A topic's lines, each once.

use std::collections::HashSet;

use rskafka::client::partition::{OffsetAt, PartitionClient};

use crate::broker::{Broker, BrokerError, within};

/// The header that names a line: publisher, inode, offset.
pub(crate) const LINE: &str = "opsign-line";

/// Bytes that are asked for at a time, at least and at most.
const BATCH: std::ops::Range<i32> = 1..4 << 20;

/// Answers without a record in a row, where there should be some.
const EMPTY: u32 = 10;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// Lines.
    pub lines: u64,
    /// Records that were a line that had come before.
    pub repeated: u64,
    /// Records without a line's name: somebody else's.
    pub foreign: u64,
}

/// Reads what is in the topic now, partition by partition. `each` gets every line once; lines of one
/// key are in their order.
///
/// # Errors
/// What Kafka says. Lines that `each` has had are not taken back.
pub async fn read_back(
    broker: &Broker,
    mut each: impl FnMut(&[u8]),
) -> Result<ReadBack, BrokerError> {
    let (mut found, mut seen) = (ReadBack::default(), HashSet::new());
    for partition in broker.open().await? {
        let (mut at, end) = within(ends(&partition)).await?;
        let mut empty = 0;
        while at < end {
            let (records, _) =
                within(async { Ok(partition.fetch_records(at, BATCH, 1000).await?) }).await?;
            empty = if records.is_empty() { empty + 1 } else { 0 };
            if empty == EMPTY {
                return Err(BrokerError::Failed(format!("nothing at {at}, and {end} is the end")));
            }
            for record in records {
                at = at.max(record.offset + 1);
                let (Some(name), Some(line)) =
                    (record.record.headers.get(LINE), record.record.value)
                else {
                    found.foreign += 1;
                    continue;
                };
                if seen.insert(name.clone()) {
                    found.lines += 1;
                    each(&line);
                } else {
                    found.repeated += 1;
                }
            }
        }
    }
    Ok(found)
}

/// The first record's offset, and the one behind the last.
async fn ends(partition: &PartitionClient) -> Result<(i64, i64), BrokerError> {
    let first = partition.get_offset(OffsetAt::Earliest).await?;
    Ok((first, partition.get_offset(OffsetAt::Latest).await?))
}
