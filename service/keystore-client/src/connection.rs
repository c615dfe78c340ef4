//! Asking from threads that must not be asked to be asynchronous.
//!
//! The trait is synchronous and a node calls it from inside its own runtime, where blocking on a
//! future panics. So the connection lives on a thread of its own, and a caller waits on a channel.

use std::future::Future;
use std::str::FromStr;
use std::sync::mpsc;
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Status};

use crate::ConnectError;
use crate::proto::remote_keystore_client::RemoteKeystoreClient;

/// A client's certificate for mutual TLS, all PEM.
pub struct Identity {
    /// The authority that the server's certificate must come from.
    pub ca: Vec<u8>,
    /// This client's certificate.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
}

/// A connection to one server; it is made again when it breaks.
pub struct Connection {
    runtime: tokio::runtime::Handle,
    client: RemoteKeystoreClient<Channel>,
    patience: Duration,
    // Dropped last: ends the thread.
    _end: tokio::sync::oneshot::Sender<()>,
}

impl Connection {
    /// Prepares a connection to `https://host:port`; nothing is sent before the first question. An
    /// answer that takes longer than `patience` is an error: a slot has six seconds, and a VRF is
    /// asked for in each.
    ///
    /// # Errors
    /// If the address or the certificates are not usable, or there is no thread to be had.
    pub fn new(
        address: &str,
        identity: &Identity,
        patience: Duration,
    ) -> Result<Self, ConnectError> {
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&identity.ca))
            .identity(tonic::transport::Identity::from_pem(&identity.certificate, &identity.key));
        let endpoint = Endpoint::from(tonic::codegen::http::Uri::from_str(address)?)
            .tls_config(tls)?
            .connect_timeout(patience)
            .tcp_nodelay(true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let channel = {
            let _inside = handle.enter();
            endpoint.connect_lazy()
        };
        std::thread::Builder::new().name("remote-keystore".into()).spawn(move || {
            // An error is that the other side is gone, which is what is waited for.
            let _ = runtime.block_on(ended);
        })?;
        let client = RemoteKeystoreClient::new(channel);
        Ok(Self { runtime: handle, client, patience, _end: end })
    }

    /// Asks one question and waits for the answer, on any thread.
    pub(crate) fn ask<F, A>(
        &self,
        question: impl FnOnce(RemoteKeystoreClient<Channel>) -> F,
    ) -> Result<A, Status>
    where
        F: Future<Output = Result<tonic::Response<A>, Status>> + Send + 'static,
        A: Send + 'static,
    {
        let (answer, answered) = mpsc::sync_channel(1);
        let (asked, patience) = (question(self.client.clone()), self.patience);
        let asked = async move {
            // Inside the runtime: a timer wants to be made there.
            let outcome = tokio::time::timeout(patience, asked).await;
            // An error is that nobody waits any more.
            let _ = answer.send(outcome.unwrap_or_else(|_| Err(late())));
        };
        self.runtime.spawn(asked);
        // The timer above answers first, unless the thread itself is stuck.
        let outcome = answered.recv_timeout(2 * self.patience).unwrap_or_else(|_| Err(late()));
        outcome.map(tonic::Response::into_inner)
    }
}

fn late() -> Status {
    Status::new(Code::DeadlineExceeded, "the keystore did not answer in time")
}
