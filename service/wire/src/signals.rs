//! What ends a server.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// SIGTERM and SIGINT: either asks a server to finish what runs and end.
#[derive(Debug)]
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// From now on the two no longer kill the process; [`asked`](Self::asked) says that one came.
    ///
    /// # Errors
    /// [`Failure::System`] if the system does not let us.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            terminate: listen(SignalKind::terminate(), "SIGTERM")?,
            interrupt: listen(SignalKind::interrupt(), "SIGINT")?,
        })
    }

    /// Returns when one of them has come. Nothing is lost if it is dropped before.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// SIGHUP, by which an operator asks for files to be read anew.
///
/// # Errors
/// [`Failure::System`] if the system does not let us.
pub fn hangup() -> Result<Signal, Failure> {
    listen(SignalKind::hangup(), "SIGHUP")
}

fn listen(kind: SignalKind, name: &str) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::System(format!("{name}: {error}")))
}
