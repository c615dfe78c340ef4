//! The admin socket: modes, status, and the hand-over to a new process.
//!
//! A line of JSON in, a line of JSON out. Only the user that the sidecar runs as and root are heard.

use std::fs;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::config::Mode;
use crate::engine::Sidecar;

/// For either end to say something.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request's length at the most.
const MAX_REQUEST: u64 = 4096;

/// What may be asked of a running sidecar.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum Request {
    /// Says how it is.
    Status,
    /// Changes the mode for blocks that are asked for from now on.
    Mode {
        /// The new one.
        mode: Mode,
    },
    /// Gives the port away, and ends when its clients have gone.
    HandOver {
        /// What the new process is to listen on.
        listen: SocketAddr,
    },
}

/// Asks a running sidecar.
///
/// # Errors
/// One sentence.
pub fn ask(socket: &Path, request: &Request) -> Result<Value, String> {
    let fail = |error: io::Error| format!("{}: {error}", socket.display());
    let mut stream = open(socket).map_err(fail)?;
    let mut text = serde_json::to_string(request).map_err(|error| error.to_string())?;
    text.push('\n');
    stream.write_all(text.as_bytes()).map_err(fail)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(fail)?;
    let answer: Value = serde_json::from_str(&answer)
        .map_err(|_| format!("{}: no answer of a sidecar", socket.display()))?;
    match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer),
    }
}

fn open(socket: &Path) -> io::Result<StdStream> {
    let stream = StdStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Takes the port over from the sidecar at this socket; none if there is none.
///
/// # Errors
/// One sentence: it runs, and does not give its port away.
pub(crate) fn take_over(socket: &Path, listen: SocketAddr) -> Result<Option<TcpListener>, String> {
    let fail = |error: io::Error| format!("{}: {error}", socket.display());
    let Ok(mut stream) = open(socket) else { return Ok(None) };
    let request = serde_json::to_string(&Request::HandOver { listen });
    let request = request.map_err(|error| error.to_string())?;
    stream.write_all(format!("{request}\n").as_bytes()).map_err(fail)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut text = [0; 1024];
    let received = recvmsg(
        &stream,
        &mut [IoSliceMut::new(&mut text)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )
    .map_err(|error| fail(error.into()))?;
    let fd = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    match fd {
        Some(fd) => Ok(Some(TcpListener::from(fd))),
        None => {
            let text = String::from_utf8_lossy(&text[..received.bytes]);
            Err(format!("{} does not give its port away: {}", socket.display(), text.trim()))
        }
    }
}

/// The socket of a running sidecar. Removed when dropped, unless the port was given away.
pub(crate) struct Admin {
    listener: UnixListener,
    path: PathBuf,
    sidecar: Arc<Sidecar>,
    /// A second handle of the port that op-node calls.
    port: OwnedFd,
    /// True once the port is given away.
    given: watch::Sender<bool>,
    /// The metrics port, which is closed then.
    metrics: Mutex<Option<JoinHandle<()>>>,
}

impl Admin {
    /// Opens the socket for our own user. One that a dead process left is replaced.
    pub(crate) fn open(
        path: &Path,
        sidecar: Arc<Sidecar>,
        port: OwnedFd,
        given: watch::Sender<bool>,
        metrics: Option<JoinHandle<()>>,
    ) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(there) if there.file_type().is_socket() => fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::other("there is a file here that is no socket")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let (path, metrics) = (path.to_owned(), Mutex::new(metrics));
        Ok(Self { listener, path, sidecar, port, given, metrics })
    }

    /// Serves until the port is given away.
    pub(crate) async fn run(self) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            // One after the other: an operator is not in a hurry.
            let answered = tokio::time::timeout(PATIENCE, self.answer(stream)).await;
            if *self.given.borrow() {
                return;
            }
            if let Ok(Err(error)) = answered {
                tracing::info!(%error, "an admin was not answered");
            }
        }
    }

    async fn answer(&self, stream: UnixStream) -> io::Result<()> {
        let uid = stream.peer_cred()?.uid();
        if uid != 0 && uid != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other(format!("user {uid} may not")));
        }
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        (&mut stream).take(MAX_REQUEST).read_line(&mut line).await?;
        let mut stream = stream.into_inner();
        let answer = match serde_json::from_str(&line) {
            Ok(Request::Status) => self.status(),
            Ok(Request::Mode { mode }) => {
                let old = self.sidecar.mode();
                self.sidecar.set_mode(mode);
                tracing::warn!(from = %old, to = %mode, "the mode was changed");
                json!({"mode": mode, "before": old})
            }
            Ok(Request::HandOver { listen }) => match self.may_have(listen) {
                Ok(()) => return self.hand_over(stream).await,
                Err(what) => json!({"error": what}),
            },
            Err(error) => json!({"error": error.to_string()}),
        };
        stream.write_all(format!("{answer}\n").as_bytes()).await
    }

    fn status(&self) -> Value {
        let builders = self.sidecar.builders.iter().map(|builder| {
            json!({
                "name": builder.name,
                "sync": builder.sync().name(),
                "breakerOpen": builder.breaker_open(),
            })
        });
        json!({
            "version": &*self.sidecar.version,
            "mode": self.sidecar.mode(),
            "health": format!("{:?}", self.sidecar.health()),
            "builders": builders.collect::<Vec<_>>(),
        })
    }

    /// A process that is to listen elsewhere cannot use this port.
    fn may_have(&self, listen: SocketAddr) -> Result<(), String> {
        let own = self.port.as_fd().try_clone_to_owned().map(TcpListener::from);
        let own = own.and_then(|own| own.local_addr()).map_err(|error| error.to_string())?;
        if listen == own || listen.port() == 0 {
            return Ok(());
        }
        Err(format!("it listens on {own}, and not on {listen}"))
    }

    /// The other process has the port, and clients in its queue, from this moment on.
    async fn hand_over(&self, stream: UnixStream) -> io::Result<()> {
        let stream = stream.into_std()?;
        // Closed before the other opens it.
        if let Some(metrics) = self.metrics.lock().await.take() {
            metrics.abort();
            let _ = metrics.await;
        }
        let fds = [self.port.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        let text = [IoSlice::new(b"{\"handedOver\":true}\n")];
        sendmsg(&stream, &text, &mut ancillary, SendFlags::empty())?;
        self.given.send_replace(true);
        Ok(())
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        if !*self.given.borrow() {
            // Without it the next start would look for somebody there, and find nobody.
            let _ = fs::remove_file(&self.path);
        }
    }
}
