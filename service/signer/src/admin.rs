//! The admin port: what operators do to a running guard, over mutual TLS of its own. Every call is
//! in the audit log with its caller's name.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsign_wire::{Call, Handler, RpcError};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::audit;
use crate::handover::Handover;
use crate::operation::{Answer, Operation, OperationError, perform};
use crate::protection;

/// The caller is none of `admin.clients`.
const FORBIDDEN: i32 = -32000;
/// The operation was not carried out; the error's data name the reason.
pub(crate) const NOT_DONE: i32 = -32020;

/// Answers operators.
pub(crate) struct Admin {
    pub(crate) handover: Arc<Handover>,
    /// Who may call, by the first DNS name of their certificates.
    pub(crate) clients: BTreeSet<String>,
}

impl Handler for Admin {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        let params = argument(&call)?;
        let result = self.answer(&call, &params).await;
        let outcome = match &result {
            Ok(_) => "done".to_owned(),
            Err(Refused::Caller) => "client".to_owned(),
            Err(Refused::Call(_)) => "invalid".to_owned(),
            Err(Refused::Operation(error)) => error.code.clone(),
        };
        self.record(&call, &params, &outcome);
        result.map(|answer| Value::Object(answer).to_string()).map_err(Refused::into_error)
    }

    fn ready(&self) -> bool {
        self.handover.service.ready()
    }
}

/// Why a call has no answer.
enum Refused {
    Caller,
    Call(RpcError),
    Operation(OperationError),
}

impl Refused {
    fn into_error(self) -> RpcError {
        match self {
            Self::Caller => RpcError::new(FORBIDDEN, "admin.clients does not name this client"),
            Self::Call(error) => error,
            Self::Operation(error) => RpcError::new(NOT_DONE, error.message)
                .with_data(json!({ "code": error.code }).to_string()),
        }
    }
}

impl Admin {
    async fn answer(&self, call: &Call<'_>, params: &Value) -> Result<Answer, Refused> {
        if !self.clients.contains(call.client.name()) {
            return Err(Refused::Caller);
        }
        let operation = operation(call.method, params).map_err(Refused::Call)?;
        let handover = Arc::clone(&self.handover);
        // On its own: a caller who goes away must not leave a switch half done.
        let done = tokio::spawn(carry_out(handover, operation)).await;
        done.unwrap_or_else(|error| Err(OperationError::new("bug", error.to_string())))
            .map_err(Refused::Operation)
    }

    fn record(&self, call: &Call<'_>, params: &Value, outcome: &str) {
        let (client, method) = (call.client.name(), call.method);
        tracing::info!(client, method, %params, outcome, "admin call");
        if let Some(audit) = &self.handover.service.grants.load().audit {
            let trace = call.trace.map(opsign_wire::Trace::id);
            let entry = audit::AdminEntry { client, method, params, outcome, trace };
            if let Err(error) = audit.write(&entry) {
                self.handover.service.metrics.audit_failures.inc();
                tracing::error!(%error, "the audit log cannot be written");
            }
        }
    }
}

async fn carry_out(
    handover: Arc<Handover>,
    operation: Operation,
) -> Result<Answer, OperationError> {
    match operation {
        Operation::Prepare(switch) => handover.prepare(&switch).await,
        Operation::Switch(switch) => handover.switch(&switch).await,
        Operation::Replay(replay) => handover.replay(&replay.scope, &replay.to).await,
        operation => {
            let service = Arc::clone(&handover.service);
            // A change waits for the disk.
            let done = tokio::task::spawn_blocking(move || {
                let none = || OperationError::new("no_guard", "the config has no guard section");
                let guard = service.protection.as_ref().ok_or_else(none)?.guard();
                let answer = perform(guard, &operation, protection::now())?;
                if let (Operation::Check(check), Some(Value::Bool(false))) =
                    (&operation, answer.get("known"))
                {
                    service.metrics.alarms.with_label_values(&["not_on_record"]).inc();
                    let what = "ALARM: a signature of ours, or a block, that is not on record";
                    tracing::error!(rule = "not_on_record", check = %json!(check), "{what}");
                }
                Ok(answer)
            });
            done.await.unwrap_or_else(|error| Err(OperationError::new("bug", error.to_string())))
        }
    }
}

/// The one parameter, null if there is none.
fn argument(call: &Call<'_>) -> Result<Value, RpcError> {
    let first = call.positional(1)?.first().copied().map(RawValue::get);
    serde_json::from_str(first.unwrap_or("null"))
        .map_err(|error| RpcError::invalid_params(format!("invalid argument 0: {error}")))
}

fn operation(method: &str, params: &Value) -> Result<Operation, RpcError> {
    let call = if params.is_null() {
        json!({ "method": method })
    } else {
        json!({ "method": method, "params": params })
    };
    serde_json::from_value(call).map_err(|error| {
        let message = error.to_string();
        if message.starts_with("unknown variant") {
            RpcError::method_not_found(method)
        } else {
            RpcError::invalid_params(format!("invalid argument 0: {message}"))
        }
    })
}
