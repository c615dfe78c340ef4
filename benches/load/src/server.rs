//! Starting a signer: op-signer's flags, which ours takes as well.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::{Connection, Tls};
use crate::process::Process;
use crate::request::Request;

const STARTS_WITHIN: Duration = Duration::from_secs(10);

/// A program and the folder that `scripts/signer-folder.sh` made for it.
pub struct Server {
    /// An op-signer if its name begins so, else an opsign.
    pub program: PathBuf,
    /// Certificates, keys and configuration.
    pub folder: PathBuf,
}

/// A server that runs until it is dropped.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of its process to its first answer over TLS.
    pub started_in: Duration,
}

impl Server {
    /// The program's name.
    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Starts it on the first core with the `rsa` or the `ecdsa` certificate.
    pub fn start(&self, certificate: &str, tls: &Tls) -> io::Result<Running> {
        let address = free_address()?;
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(self.program.canonicalize()?);
        if !self.name().starts_with("op-signer") {
            command.arg("signer");
        }
        command
            .args(["--config", "config.yaml", "--rpc.addr", "127.0.0.1", "--tls.ca", "ca.crt"])
            .args(["--rpc.port", &address.port().to_string()])
            .args(["--tls.cert", &format!("server/{certificate}.crt")])
            .args(["--tls.key", &format!("server/{certificate}.key")])
            .current_dir(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let begin = Instant::now();
        let mut running =
            Running { child: command.spawn()?, address, started_in: Duration::default() };
        loop {
            let asked = Connection::open(address, tls)
                .and_then(|mut connection| connection.ask(&Request::Status, 0));
            match asked {
                Ok(()) => break,
                Err(error) if begin.elapsed() > STARTS_WITHIN => return Err(error),
                Err(_) => sleep(Duration::from_millis(1)),
            }
            if let Some(status) = running.child.try_wait()? {
                return Err(io::Error::other(format!("it ended at once, {status}")));
            }
        }
        running.started_in = begin.elapsed();
        Ok(running)
    }
}

impl Running {
    /// Its processor time and memory. taskset replaces itself, so the id is the server's.
    pub fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
