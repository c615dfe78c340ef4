//! Gives a builder the blocks that it missed, oldest first, out of the local engine.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::body::Body;
use crate::chain::{Trouble, ask, place};
use crate::peer::Peer;
use crate::pool::PeerError;

/// The largest gap that is filled: 256 blocks, and those that are made while the builder starts. A
/// builder that lacks more must sync by other means.
pub(crate) const MOST: u64 = 512;

/// Header fields that are of the same name in a payload.
const SAME: [&str; 9] = [
    "parentHash",
    "stateRoot",
    "receiptsRoot",
    "logsBloom",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "baseFeePerGas",
];

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// The builder has the local head.
    Whole,
    /// It lacks more blocks than [`MOST`], or is on another chain for longer than that.
    TooFar,
    /// A block is of a fork that is not known here, or the builder does not call one valid.
    Stuck,
}

/// Brings the builder to the local head.
pub(crate) async fn fill(
    local: &Peer,
    builder: &Peer,
    question: Duration,
    patience: Duration,
) -> Result<Filled, Trouble> {
    let head = place(local, "latest", question).await.map_err(Trouble::Local)?;
    let theirs = place(builder, "latest", question).await.map_err(Trouble::Builder)?;
    let Some(common) = common(local, builder, head.number, theirs.number, question).await? else {
        return Ok(Filled::TooFar);
    };
    for number in common + 1..=head.number {
        let call = payload_call(local, number, patience).await.map_err(Trouble::Local)?;
        let Some(call) = call else { return Ok(Filled::Stuck) };
        let mut answer = tell(builder, call.clone(), patience).await?;
        if !answer.is("VALID") {
            // op-geth may have the parent without its state, if it was killed between the two
            // writes, and calls it known for ever. As a head the parent is executed again.
            let parent = place(local, &format!("{:#x}", number - 1), question).await;
            follow(builder, &parent.map_err(Trouble::Local)?.hash, patience).await?;
            answer = tell(builder, call, patience).await?;
        }
        if !answer.is("VALID") {
            return Ok(Filled::Stuck);
        }
    }
    let answer = follow(builder, &head.hash, patience).await?;
    tracing::debug!(from = common, to = head.number, "a builder was given blocks");
    Ok(if answer.is("VALID") { Filled::Whole } else { Filled::Stuck })
}

/// Makes a block the builder's head.
async fn follow(builder: &Peer, hash: &str, patience: Duration) -> Result<Answer, Trouble> {
    let zero = format!("0x{:064x}", 0);
    // Zero: what is safe and final, it learns from op-node's next word.
    let state = json!({"headBlockHash": hash, "safeBlockHash": zero, "finalizedBlockHash": zero});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "engine_forkchoiceUpdatedV3",
                      "params": [state, null]});
    tell(builder, call.to_string(), patience).await
}

async fn tell(builder: &Peer, call: String, patience: Duration) -> Result<Answer, Trouble> {
    let answer = builder.call(Body::from(Bytes::from(call)), patience).await;
    Answer::read(&answer.map_err(Trouble::Builder)?).map_err(Trouble::Builder)
}

/// The highest number at which both have the same block, if it is near enough.
async fn common(
    local: &Peer,
    builder: &Peer,
    head: u64,
    theirs: u64,
    question: Duration,
) -> Result<Option<u64>, Trouble> {
    let same = async |number: u64| -> Result<bool, Trouble> {
        let tag = format!("{number:#x}");
        let ours = place(local, &tag, question).await.map_err(Trouble::Local)?;
        Ok(place(builder, &tag, question).await.map_err(Trouble::Builder)? == ours)
    };
    let mut high = head.min(theirs);
    let mut low = head.saturating_sub(MOST);
    if low > high || !same(low).await? {
        return Ok(None);
    }
    if same(high).await? {
        return Ok(Some(high));
    }
    // The same at low, and not at high.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if same(middle).await? { low = middle } else { high = middle }
    }
    Ok(Some(low))
}

/// An `engine_newPayload` with a block of the local chain.
async fn payload_call(
    local: &Peer,
    number: u64,
    patience: Duration,
) -> Result<Option<String>, PeerError> {
    let tag = format!("{number:#x}");
    let header = ask(local, "eth_getBlockByNumber", json!([tag, false]), patience).await?;
    let hash = json!([[header["hash"]]]);
    let bodies = ask(local, "engine_getPayloadBodiesByHashV1", hash, patience).await?;
    Ok(assemble(&header, &bodies[0]).map(|call| call.to_string()))
}

/// None for a block without a body, or of a fork (Amsterdam) whose payload has more in it than
/// header and body say.
fn assemble(header: &Value, body: &Value) -> Option<Value> {
    if !header["slotNumber"].is_null() || !body["transactions"].is_array() {
        return None;
    }
    let mut payload: Map<String, Value> =
        SAME.iter().map(|name| ((*name).to_owned(), header[*name].clone())).collect();
    let mut put = |name: &str, value: &Value| payload.insert(name.to_owned(), value.clone());
    put("feeRecipient", &header["miner"]);
    put("prevRandao", &header["mixHash"]);
    put("blockNumber", &header["number"]);
    put("blockHash", &header["hash"]);
    put("transactions", &body["transactions"]);
    put("withdrawals", &body["withdrawals"]);
    let (isthmus, ecotone) =
        (!header["requestsHash"].is_null(), !header["parentBeaconBlockRoot"].is_null());
    if ecotone {
        put("blobGasUsed", &header["blobGasUsed"]);
        put("excessBlobGas", &header["excessBlobGas"]);
    }
    if isthmus {
        put("withdrawalsRoot", &header["withdrawalsRoot"]);
    }
    let root = &header["parentBeaconBlockRoot"];
    let (version, params) = match (isthmus, ecotone, !header["withdrawalsRoot"].is_null()) {
        (true, ..) => (4, json!([payload, [], root, []])),
        (false, true, _) => (3, json!([payload, [], root])),
        (false, false, true) => (2, json!([payload])),
        (false, false, false) => {
            payload.remove("withdrawals");
            (1, json!([payload]))
        }
    };
    let method = format!("engine_newPayloadV{version}");
    Some(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
}
