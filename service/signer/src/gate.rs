//! The commit gate: op-conductor's RPC for an op-node, so that the guard sees each block before it
//! is gossiped.
//!
//! An unmodified op-node started with `--conductor.enabled --conductor.rpc` hands over every block
//! it has built and waits for the answer; what is refused here is neither gossiped nor built upon.
//! A real op-conductor behind the gate is asked as well, after the guard.

use std::sync::Arc;

use opsign_core::PayloadHash;
use opsign_guard::Refusal;
use opsign_wire::{Call, CallError, Caller, Handler, RpcError};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::announced::read_block;
use crate::handover::Handover;
use crate::protection::{self, Stop};
use crate::service::Service;

/// A refusal or failure of the guard.
const REFUSED: i32 = -32013;

/// One op-node's gate.
pub(crate) struct Gate {
    pub(crate) service: Arc<Service>,
    /// The client, by its name in `auth`, whose op-node comes in here.
    pub(crate) client: String,
    /// A real op-conductor.
    pub(crate) upstream: Option<Caller>,
    /// Gives the op-node back what it lost.
    pub(crate) handover: Arc<Handover>,
}

impl Handler for Gate {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        match call.method {
            // Without the lease a sequencer would start in vain; else op-conductor says who leads.
            "conductor_leader" => match &self.upstream {
                _ if !self.service.leads(&self.client) => Ok("false".to_owned()),
                Some(upstream) => ask(upstream, &call).await,
                None => Ok("true".to_owned()),
            },
            "conductor_commitUnsafePayload" => {
                let envelope = call.positional(1)?.first().copied().ok_or_else(|| {
                    RpcError::invalid_params("missing value for required argument 0")
                })?;
                self.commit(envelope, call.deadline).await?;
                match &self.upstream {
                    Some(upstream) => ask(upstream, &call).await,
                    None => Ok("null".to_owned()),
                }
            }
            method => match &self.upstream {
                Some(upstream) if method.starts_with("conductor_") => ask(upstream, &call).await,
                _ => Err(RpcError::method_not_found(method)),
            },
        }
    }

    fn ready(&self) -> bool {
        self.service.ready()
    }
}

impl Gate {
    async fn commit(&self, raw: &RawValue, deadline: Instant) -> Result<(), RpcError> {
        let (hash, facts) = read_block(raw)?;
        let number = facts.number;
        let announced = self.service.announce(&self.client, &hash, facts, deadline).await;
        match announced {
            Ok(()) => {
                self.keep(number, hash, raw).await;
                tracing::debug!(client = self.client, number, payload_hash = %hash, "announced");
                Ok(())
            }
            Err(stop) => {
                let (reason, error) = match stop {
                    Stop::Refused(refusal) => {
                        self.look_for_loss(&refusal);
                        (refusal.name(), protection::refused(REFUSED, &refusal))
                    }
                    Stop::Failed(what) => ("guard", RpcError::new(REFUSED, what)),
                };
                self.service.metrics.refusals.with_label_values(&[reason]).inc();
                tracing::error!(
                    client = self.client,
                    number,
                    payload_hash = %hash,
                    reason,
                    "a block was refused before it could be gossiped: {}",
                    error.message
                );
                Err(error)
            }
        }
    }
}

impl Gate {
    /// Before the answer: if op-node never gets it, this very payload is what it lacks.
    async fn keep(&self, number: u64, hash: PayloadHash, raw: &RawValue) {
        let Some(scope) = self.service.gate_scope(&self.client) else { return };
        let (service, envelope) = (Arc::clone(&self.service), raw.get().to_owned());
        let kept = tokio::task::spawn_blocking(move || {
            service.payloads.keep(&scope, number, &hash, &envelope)
        });
        if let Ok(Err(error)) = kept.await {
            tracing::warn!(number, %error, "the payload is not kept for a replay");
        }
    }

    fn look_for_loss(&self, refusal: &Refusal) {
        let lost = matches!(refusal, Refusal::SlotTaken { .. } | Refusal::BehindTip { .. });
        let scope = self.service.gate_scope(&self.client);
        if let (true, Some(scope)) = (lost, scope) {
            self.handover.lost(scope, &self.client);
        }
    }
}

async fn ask(upstream: &Caller, call: &Call<'_>) -> Result<String, RpcError> {
    let params = call.params.map_or("[]", RawValue::get);
    upstream.call(call.method, params).await.map_err(|error| match error {
        CallError::Answer(error) => error,
        CallError::Unreachable(what) => RpcError::new(-32603, format!("op-conductor: {what}")),
    })
}
