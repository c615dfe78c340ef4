//! Calling a running signer's admin port.

use std::time::Duration;

use opsign_wire::{CallError, Caller, TlsFiles};
use serde_json::{Value, json};

use crate::operation::{Answer, Operation, OperationError, object};

/// A switch waits for sequencers; nothing else takes long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why there is no answer.
#[derive(Debug)]
pub enum AskError {
    /// Nobody answered, or no admin port.
    Unreachable(String),
    /// The signer does not know the caller, or not the method.
    Rejected(String),
    /// The operation was not carried out.
    NotDone(OperationError),
}

/// Asks the admin port at `url`, an https:// address.
///
/// # Errors
/// [`AskError`]. What got no answer may have been carried out: ask for the status.
pub fn ask(url: &str, files: &TlsFiles, operation: &Operation) -> Result<Answer, AskError> {
    let caller = Caller::with_tls(url, files, PATIENCE).map_err(AskError::Unreachable)?;
    let mut call = serde_json::to_value(operation)
        .map_err(|error| AskError::Unreachable(error.to_string()))?;
    let method = call["method"].take();
    let params = match call["params"].take() {
        Value::Null => json!([]),
        params => json!([params]),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AskError::Unreachable(format!("no runtime: {error}")))?;
    let method = method.as_str().unwrap_or_default();
    let answer = runtime.block_on(caller.call(method, &params.to_string()));
    match answer {
        Ok(text) => serde_json::from_str(&text)
            .map(object)
            .map_err(|error| AskError::Unreachable(error.to_string())),
        Err(CallError::Unreachable(what)) => Err(AskError::Unreachable(what)),
        Err(CallError::Answer(error)) => match error.data.as_deref().and_then(code) {
            Some(code) => {
                Err(AskError::NotDone(OperationError { code, message: error.message.into_owned() }))
            }
            None => Err(AskError::Rejected(error.to_string())),
        },
    }
}

fn code(data: &str) -> Option<String> {
    let data: Value = serde_json::from_str(data).ok()?;
    data["code"].as_str().map(str::to_owned)
}
