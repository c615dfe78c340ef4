//! `opsign proxy agent`: on a client's own machine, signs its calls with the key of its certificate and
//! asks a proxy. For programs that cannot sign theirs, such as op-node.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use opsign_wire::{
    Call, CallError, CallSigner, Caller, Failure, Handler, Limits, Metrics, RpcError, Server,
    Stopper, Termination, TlsFiles, run_server,
};
use prometheus::Registry;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use crate::hub::UNAVAILABLE;

/// The wait before a proxy that did not answer is asked again.
const WAIT: Duration = Duration::from_millis(20);

/// What an agent does.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Where it listens, without TLS: an address of this machine alone.
    pub listen: SocketAddr,
    /// The proxy's port for clients, `https://HOST:PORT`.
    pub url: String,
    /// Who vouches for the proxy, and the client's certificate and key.
    pub tls: TlsFiles,
    /// Within this a call is answered.
    pub deadline: Duration,
}

struct Agent {
    signer: CallSigner,
    proxy: Caller,
}

impl Handler for Agent {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        let params = call.params.map_or("null", RawValue::get);
        loop {
            let signed = self.signer.sign(call.method, call.params)?;
            let answer = self.proxy.call_signed(call.method, params, &signed).await;
            match answer {
                Ok(result) => return Ok(result),
                // The link broke after the signer had taken the call, and the proxy asked again.
                Err(CallError::Answer(error)) if error.is_replay() => {}
                Err(CallError::Answer(error)) => return Err(error),
                Err(CallError::Unreachable(what)) if Instant::now() + 2 * WAIT > call.deadline => {
                    return Err(RpcError::new(UNAVAILABLE, what));
                }
                Err(CallError::Unreachable(what)) => {
                    tracing::warn!(reason = what, "the proxy is asked again");
                }
            }
            sleep(WAIT).await;
        }
    }

    fn ready(&self) -> bool {
        true
    }
}

/// Runs an agent until SIGTERM or SIGINT.
///
/// # Errors
/// What keeps it from starting.
pub fn run_agent(config: &AgentConfig, version: &str) -> Result<(), Failure> {
    if !config.listen.ip().is_loopback() {
        let listen = config.listen;
        return Err(Failure::Config(format!(
            "{listen}: whoever reaches this port is the client, so it must be a loopback address"
        )));
    }
    let signer =
        CallSigner::load(&config.tls).map_err(|error| Failure::Config(error.to_string()))?;
    let proxy = Caller::with_tls(&config.url, &config.tls, config.deadline);
    let agent = Agent { signer, proxy: proxy.map_err(Failure::Config)? };
    run_server(serve(agent, config, version))
}

async fn serve(agent: Agent, config: &AgentConfig, version: &str) -> Result<(), Failure> {
    let system = |error: &dyn std::fmt::Display| Failure::System(error.to_string());
    let mut termination = Termination::listen()?;
    let metrics = Arc::new(Metrics::new(&Registry::new()).map_err(|error| system(&error))?);
    let limits = Limits { deadline: config.deadline, ..Limits::default() };
    let server = Server::bind(config.listen, None, limits, metrics, version)
        .await
        .map_err(|error| Failure::System(format!("listen {}: {error}", config.listen)))?;
    let address = server.local_addr().map_err(|error| system(&error))?;
    let (stopper, stop) = Stopper::new();
    let serving = tokio::spawn(server.run(Arc::new(agent), stop));
    tracing::info!(%address, proxy = config.url, version, "listening");
    termination.asked().await;
    tracing::info!("stopping: running requests are finished first");
    stopper.stop();
    serving.await.map_err(|error| system(&error))?;
    tracing::info!("stopped");
    Ok(())
}
