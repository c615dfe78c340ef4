//! State roots for builders that leave them out: the local engine builds the builder's block once
//! more, out of its transactions.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::answer::Answer;
use crate::attributes::{Attributes, ForkChoice};
use crate::body::Body;
use crate::envelope::Envelope;
use crate::job::get_payload;
use crate::offer::Reason;
use crate::peer::Peer;
use crate::pool::PeerError;
use crate::scan::Items;

/// The block as the local engine builds it. `method` is op-node's `engine_getPayload`.
pub(crate) async fn rebuild(
    local: &Peer,
    asked: &ForkChoice,
    attributes: &Attributes,
    block: &Envelope,
    method: &str,
    deadline: Instant,
) -> Result<Envelope, Reason> {
    let refused = |what: &str| Reason::NotJudged(what.to_owned());
    let no_answer = |error: PeerError| Reason::NotJudged(error.to_string());
    let left = || -> Duration { deadline.saturating_duration_since(Instant::now()) };
    let call = order(asked, attributes, block).ok_or_else(|| refused("no attributes"))?;
    let answer = local.call(Body::from(call), left()).await.map_err(no_answer)?;
    let id = match Answer::read(&answer).map_err(no_answer)? {
        Answer::Status { payload_id: Some(id), .. } => id,
        Answer::Status { status, .. } => return Err(Reason::NotValid(status)),
        // A transaction that cannot be in this block.
        Answer::Error => return Err(Reason::NotValid("error".into())),
    };
    let answer = local.call(Body::from(get_payload(method, &id)), left()).await;
    let rebuilt = Envelope::of_builder(answer.map_err(no_answer)?).map_err(Reason::Unreadable)?;
    let same = rebuilt.transactions.len() == block.transactions.len()
        && rebuilt
            .transactions
            .iter()
            .zip(&block.transactions)
            .all(|(ours, theirs)| rebuilt.text(ours).eq_ignore_ascii_case(block.text(theirs)));
    if same { Ok(rebuilt) } else { Err(refused("other transactions came out")) }
}

/// The question that op-node asked, with all transactions of the block and none of the pool.
fn order(asked: &ForkChoice, attributes: &Attributes, block: &Envelope) -> Option<Bytes> {
    let bytes = &asked.call.bytes;
    let mut call =
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\",\"params\":[", asked.call.method)
            .into_bytes();
    call.extend_from_slice(&bytes[asked.state.clone()]);
    call.extend_from_slice(b",{");
    let mut members = Items::open(bytes, attributes.span.start, b'{')?;
    while let Ok(member) = members.member() {
        if !matches!(member.key, b"transactions" | b"noTxPool") {
            call.push(b'"');
            call.extend_from_slice(member.key);
            call.extend_from_slice(b"\":");
            call.extend_from_slice(&bytes[member.value]);
            call.push(b',');
        }
    }
    call.extend_from_slice(b"\"noTxPool\":true,\"transactions\":[");
    for (index, transaction) in block.transactions.iter().enumerate() {
        if index > 0 {
            call.push(b',');
        }
        call.extend_from_slice(block.text(transaction));
    }
    call.extend_from_slice(b"]}]}");
    Some(call.into())
}
