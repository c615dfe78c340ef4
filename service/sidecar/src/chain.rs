//! Where two engines stand, by their blocks.

use std::time::Duration;

use serde_json::{Value, json};

use crate::answer;
use crate::body::Body;
use crate::hex;
use crate::peer::Peer;
use crate::pool::PeerError;

/// Whose fault it is that there is no comparison.
#[derive(Debug)]
pub(crate) enum Trouble {
    Local(PeerError),
    Builder(PeerError),
}

/// A block's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: u64,
    pub(crate) hash: String,
}

/// Whether the builder has the local head in its chain.
pub(crate) async fn compare(
    local: &Peer,
    builder: &Peer,
    patience: Duration,
) -> Result<bool, Trouble> {
    let (head, theirs) =
        tokio::join!(place(local, "latest", patience), place(builder, "latest", patience));
    let theirs = theirs.map_err(Trouble::Builder)?;
    let head = head.map_err(Trouble::Local)?;
    if theirs == head {
        return Ok(true);
    }
    if theirs.number <= head.number {
        return Ok(false);
    }
    let number = format!("{:#x}", head.number);
    Ok(place(builder, &number, patience).await.map_err(Trouble::Builder)? == head)
}

/// Where the block of this number or tag is.
pub(crate) async fn place(
    peer: &Peer,
    block: &str,
    patience: Duration,
) -> Result<Place, PeerError> {
    let block = ask(peer, "eth_getBlockByNumber", json!([block, false]), patience).await?;
    let number = block["number"].as_str().and_then(hex::quantity);
    match (number, block["hash"].as_str()) {
        (Some(number), Some(hash)) => Ok(Place { number, hash: hash.to_ascii_lowercase() }),
        _ => Err(PeerError::Broken("no such block".into())),
    }
}

/// Calls a method for its result.
pub(crate) async fn ask(
    peer: &Peer,
    method: &str,
    params: Value,
    patience: Duration,
) -> Result<Value, PeerError> {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let bytes = peer.call(Body::from(bytes::Bytes::from(call.to_string())), patience).await?;
    answer::result(&bytes)
}
