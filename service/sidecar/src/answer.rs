//! Small answers of engines.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::pool::PeerError;

/// What `engine_forkchoiceUpdated` and `engine_newPayload` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `VALID`, `INVALID`, `SYNCING` or `ACCEPTED`.
    Status {
        /// In the specification's letters.
        status: String,
        /// Of the block that is being built.
        payload_id: Option<String>,
    },
    /// An error answer.
    Error,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`PeerError::Broken`] for anything else than an answer to one of the two.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, PeerError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Outcome {
            status: Option<String>,
            payload_status: Option<Status>,
            payload_id: Option<String>,
        }
        #[derive(Deserialize)]
        struct Status {
            status: String,
        }
        #[derive(Deserialize)]
        struct Rpc {
            result: Option<Outcome>,
            error: Option<IgnoredAny>,
        }
        let unreadable = || PeerError::Broken("no answer of an engine".to_owned());
        let rpc: Rpc = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
        if rpc.error.is_some() {
            return Ok(Self::Error);
        }
        let outcome = rpc.result.ok_or_else(unreadable)?;
        let status = outcome.payload_status.map(|status| status.status).or(outcome.status);
        Ok(Self::Status { status: status.ok_or_else(unreadable)?, payload_id: outcome.payload_id })
    }

    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Status { status, .. } if status == wanted)
    }
}

/// The result of any other call.
pub(crate) fn result(bytes: &[u8]) -> Result<Value, PeerError> {
    let mut answer: Value = serde_json::from_slice(bytes)
        .map_err(|_| PeerError::Broken("the answer is no JSON".to_owned()))?;
    match answer.get("error") {
        Some(error) if !error.is_null() => Err(PeerError::Broken(error.to_string())),
        _ => Ok(answer.get_mut("result").map(Value::take).unwrap_or_default()),
    }
}
