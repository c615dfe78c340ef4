//! Reading and extending a record that several signers share.

use crate::anchor::{AnchorValue, Keeper};
use crate::cell::{self, CELL, Read};
use crate::codec;
use crate::error::StoreError;
use crate::ledger::{Cluster, Head, Ledger};
use crate::log::{Header, Tail};
use crate::record::Record;
use crate::state::State;

/// Cells that a read takes at once.
const CHUNK: usize = 8192;

impl Head {
    pub(crate) const fn header(&self) -> Header {
        Header { store: self.store, base: self.base, base_link: self.base_link }
    }

    pub(crate) const fn tail(&self) -> Tail {
        Tail { header: self.header(), sequence: self.sequence, link: self.link, torn: false }
    }

    /// The head of a record that ends there.
    pub(crate) const fn of(tail: &Tail, cluster: Cluster) -> Self {
        let Header { store, base, base_link } = tail.header;
        Self { store, base, base_link, sequence: tail.sequence, link: tail.link, cluster }
    }
}

/// Reads all of a record up to a head, checking every link.
pub(crate) fn read(ledger: &mut dyn Ledger, head: &Head) -> Result<State, StoreError> {
    let mut state = State::default();
    follow(ledger, &head.header().tail(), head, |record| state.apply(record))?;
    Ok(state)
}

/// Reads what stands between an end that is known and a head behind it.
pub(crate) fn follow(
    ledger: &mut dyn Ledger,
    known: &Tail,
    head: &Head,
    mut take: impl FnMut(&Record) -> Option<()>,
) -> Result<(), StoreError> {
    let Tail { mut sequence, mut link, .. } = *known;
    let damaged = |sequence| StoreError::Damaged { sequence, offset: 0 };
    while sequence < head.sequence {
        let most = usize::try_from(head.sequence - sequence).map_or(CHUNK, |left| left.min(CHUNK));
        let bytes = ledger.read(sequence, most)?;
        let (cells, rest) = bytes.as_chunks::<CELL>();
        if cells.is_empty() || !rest.is_empty() {
            return Err(damaged(sequence + 1));
        }
        for cell in cells {
            sequence += 1;
            let Read::Whole { body, link: next } = cell::read(sequence, cell, &link) else {
                return Err(damaged(sequence));
            };
            link = next;
            let record = codec::decode(body).ok_or_else(|| damaged(sequence))?;
            take(&record).ok_or_else(|| damaged(sequence))?;
        }
    }
    if link == head.link { Ok(()) } else { Err(damaged(sequence)) }
}

/// Begins a turn with all of the record read.
pub(crate) fn begin(ledger: &mut dyn Ledger) -> Result<(Head, State), StoreError> {
    // The long part without a turn, so that nobody waits for it.
    let early = ledger.head()?;
    let mut state = read(ledger, &early)?;
    let head = ledger.begin()?;
    if head.header() == early.header() && head.sequence >= early.sequence {
        follow(ledger, &early.tail(), &head, |record| state.apply(record))?;
    } else {
        state = read(ledger, &head)?;
    }
    Ok((head, state))
}

/// Begins a turn with all of the record read and compared with its anchor.
pub(crate) fn begin_checked(
    ledger: &mut dyn Ledger,
    keeper: &mut Keeper,
) -> Result<(Head, State), StoreError> {
    let seen = check(ledger, keeper)?.1;
    let (head, state) = begin(ledger)?;
    if let Some(seen) = seen {
        compare(ledger, &seen, &head)?;
    }
    Ok((head, state))
}

/// Compares the head as it stands with the anchor.
pub(crate) fn check(
    ledger: &mut dyn Ledger,
    keeper: &mut Keeper,
) -> Result<(Head, Option<AnchorValue>), StoreError> {
    let seen = keeper.load()?;
    // A missing record is the greater loss, and says so first.
    let head = ledger.head()?;
    match &seen {
        None if keeper.is_some() => return Err(StoreError::AnchorMissing),
        None => {}
        Some(seen) => compare(ledger, seen, &head)?,
    }
    Ok((head, seen))
}

/// Ends a turn with some records.
pub(crate) fn commit(
    ledger: &mut dyn Ledger,
    head: &Head,
    records: &[Record],
) -> Result<Head, StoreError> {
    let mut tail = head.tail();
    let cells = tail.extend(records)?;
    let new = Head::of(&tail, head.cluster);
    ledger.commit(&cells, &new)?;
    Ok(new)
}

/// The link of an event, if the ledger holds it.
pub(crate) fn link_at(
    ledger: &mut dyn Ledger,
    head: &Head,
    sequence: u64,
) -> Result<Option<[u8; 32]>, StoreError> {
    let Some(before) = sequence.checked_sub(1).filter(|_| sequence > 0) else {
        return Ok(None);
    };
    if sequence > head.sequence {
        return Ok(None);
    }
    let bytes = ledger.read(before, 1)?;
    let cell = bytes.first_chunk().filter(|cell| cell::sequence(cell) == sequence);
    Ok(cell.map(cell::link))
}

/// The rollback witness: whether a head is that of the record which was seen before, and no older.
pub(crate) fn compare(
    ledger: &mut dyn Ledger,
    seen: &AnchorValue,
    head: &Head,
) -> Result<(), StoreError> {
    compare_head(seen, head)?;
    let header = head.header();
    let at_base =
        seen.sequence == head.base && [head.base_link, header.link()].contains(&seen.link);
    if at_base || link_at(ledger, head, seen.sequence)? == Some(seen.link) {
        Ok(())
    } else {
        Err(StoreError::Diverged { anchor: seen.sequence })
    }
}

/// As far as the head alone tells.
pub(crate) fn compare_head(seen: &AnchorValue, head: &Head) -> Result<(), StoreError> {
    let Some(was) = seen.cluster.filter(|_| seen.store == head.store) else {
        return Err(StoreError::Diverged { anchor: seen.sequence });
    };
    if seen.sequence > head.sequence {
        return Err(StoreError::Older { record: head.sequence, anchor: seen.sequence });
    }
    let is = head.cluster;
    if was.system != is.system {
        return Err(StoreError::OtherCluster { was: was.system, is: is.system });
    }
    // A promoted standby that commits waited for has all of them; another may lack what a signer
    // other than this one has given out.
    if is.timeline < was.timeline || (is.timeline > was.timeline && !was.synchronous) {
        return Err(StoreError::OtherTimeline { was: was.timeline, is: is.timeline });
    }
    Ok(())
}
