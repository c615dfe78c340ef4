//! `opsign sidecar`: start and stop.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opsign_wire::{Failure, Stopper, Termination, client_tls, run_server, show_metrics};
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::admin::{self, Admin};
use crate::announce::Announcer;
use crate::builder::Builder;
use crate::config::Config;
use crate::engine::Sidecar;
use crate::journal::Journal;
use crate::jwt::Secret;
use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::pool_calls::PoolCalls;
use crate::server::Server;

/// How often secret files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Everything that a config comes to.
struct Parts {
    config: Config,
    sidecar: Arc<Sidecar>,
    /// What op-node uses.
    secret: Arc<Secret>,
    secrets: Vec<Arc<Secret>>,
    registry: Registry,
}

/// Reads config, secrets and certificates, and says what they come to; nothing is started.
///
/// # Errors
/// [`Failure::Config`].
pub fn check(path: &Path) -> Result<Vec<String>, Failure> {
    let parts = build(path, "", |_| Ok(Journal::default()))?;
    let config = &parts.config;
    let mut lines = vec![
        format!("listens on {}", config.listen),
        format!("local engine {}", config.local.url),
        format!("mode {}", config.mode),
    ];
    for builder in &config.builders {
        lines.push(format!("builder {}: {}", builder.name, builder.url));
    }
    Ok(lines)
}

/// `open` opens the file of decisions, which a check leaves alone.
fn build(
    path: &Path,
    version: &str,
    open: impl FnOnce(&Path) -> Result<Journal, String>,
) -> Result<Parts, Failure> {
    let config = Config::read(path)?;
    let mut secrets: Vec<Arc<Secret>> = Vec::new();
    let mut secret = |path: &Path| -> Result<Arc<Secret>, Failure> {
        if let Some(known) = secrets.iter().find(|known| known.path() == path) {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(Secret::read(path).map_err(Failure::Config)?);
        secrets.push(Arc::clone(&new));
        Ok(new)
    };
    let op_node = secret(&config.jwt_secret_file)?;
    let local_secret = secret(&config.local.jwt_secret_file)?;
    let local = Peer::new(&config.local.url, Some(local_secret), None);
    let local = local.map_err(|what| Failure::Config(format!("local: {what}")))?;
    let mut builders = Vec::new();
    for builder in &config.builders {
        let wrong = |what: String| Failure::Config(format!("builder {}: {what}", builder.name));
        let tls = match &builder.tls {
            None => None,
            Some(tls) => {
                let own = match (&tls.cert, &tls.key) {
                    (Some(cert), Some(key)) => Some((&**cert, &**key)),
                    (None, None) => None,
                    _ => return Err(wrong("tls: cert and key go together".into())),
                };
                let config = client_tls(&tls.ca, own).map_err(|error| wrong(error.to_string()))?;
                Some(Arc::new(config))
            }
        };
        let own = secret(&builder.jwt_secret_file)?;
        let peer = || Peer::new(&builder.url, Some(Arc::clone(&own)), tls.as_ref()).map_err(wrong);
        let pool = match &builder.transactions_url {
            Some(url) => Peer::new(url, None, None).map_err(wrong)?,
            None => peer()?,
        };
        builders.push(Arc::new(Builder::new(
            builder.name.clone(),
            peer()?,
            peer()?,
            PoolCalls::new(pool),
            config.block_time,
        )));
    }
    let registry = Registry::new();
    let metrics = Metrics::new(&registry).map_err(|error| Failure::System(error.to_string()))?;
    let journal = match &config.decisions {
        Some(path) => open(path).map_err(Failure::Config)?,
        None => Journal::default(),
    };
    let announcer = match &config.signer {
        Some((url, files)) => Some(
            Announcer::new(url, files)
                .map_err(|what| Failure::Config(format!("signer: {what}")))?,
        ),
        None => None,
    };
    let sidecar =
        Sidecar::new(&config, Arc::new(local), builders, metrics, journal, announcer, version);
    Ok(Parts { config, sidecar: Arc::new(sidecar), secret: op_node, secrets, registry })
}

/// How a sidecar is started.
pub struct Start<'a> {
    /// The config file.
    pub config: &'a Path,
    /// Take the port over from the sidecar that runs with the same admin socket.
    pub take_over: bool,
    /// What `/healthz` says.
    pub version: &'a str,
}

/// Runs a sidecar until SIGTERM or SIGINT, or until another took its port over and its clients are
/// gone.
///
/// # Errors
/// What keeps it from starting.
pub fn run(start: &Start<'_>) -> Result<(), Failure> {
    run_server(serve(start))
}

async fn serve(start: &Start<'_>) -> Result<(), Failure> {
    let mut termination = Termination::listen()?;
    let Parts { config, sidecar, secret, secrets, registry } =
        build(start.config, start.version, Journal::open)?;
    let (stopper, stop) = Stopper::new();
    let (give, given) = watch::channel(false);
    let listener = port(&config, start.take_over).await?;
    let address = listener.local_addr().map_err(|error| system("port", error))?;
    let mut showing = None;
    if let Some(metrics) = config.metrics {
        let shown = Arc::clone(&sidecar);
        let refresh = move || shown.metrics.refresh(&shown);
        showing = Some(show_metrics(metrics, registry, refresh).await?);
    }
    for builder in &sidecar.builders {
        let local = Arc::clone(&sidecar.local);
        tokio::spawn(Arc::clone(builder).run(local, config.block_time));
        let builder = Arc::clone(builder);
        tokio::spawn(async move { builder.pool.run().await });
    }
    let watching = Arc::clone(&sidecar);
    tokio::spawn(async move { watching.watch_local().await });
    tokio::spawn(watch_secrets(secrets));
    let mut admin = None;
    if let Some(socket) = &config.admin {
        let handle = listener.as_fd().try_clone_to_owned();
        let handle = handle.map_err(|error| system("port", error))?;
        let opened = Admin::open(socket, Arc::clone(&sidecar), handle, give.clone(), showing);
        let opened =
            opened.map_err(|error| system(&format!("admin {}", socket.display()), error))?;
        admin = Some(tokio::spawn(opened.run()));
    }
    let server = Server { listener, sidecar, secret };
    let mut serving = tokio::spawn(server.run(given, stop));
    tracing::info!(%address, version = start.version, mode = %config.mode, "listening");
    let cut = tokio::select! {
        () = termination.asked() => None,
        cut = &mut serving => Some(cut),
    };
    let cut = match cut {
        Some(cut) => cut,
        None => {
            tracing::info!("stopping: running requests are finished first");
            stopper.stop();
            serving.await
        }
    };
    let cut = cut.map_err(|error| Failure::System(error.to_string()))?;
    if let Some(admin) = admin {
        admin.abort();
        // Dropped by now, and its socket with it.
        let _ = admin.await;
    }
    if cut > 0 {
        tracing::warn!(connections = cut, "cut off: they were not done in time");
    }
    tracing::info!("stopped");
    Ok(())
}

/// The port that op-node calls: a new one, or that of the process that runs.
async fn port(config: &Config, take_over: bool) -> Result<TcpListener, Failure> {
    if take_over {
        let socket = config.admin.as_deref();
        let socket = socket.ok_or_else(|| {
            Failure::Config("--take-over needs admin.socket in the config".to_owned())
        })?;
        let taken = admin::take_over(socket, config.listen).map_err(Failure::System)?;
        if let Some(listener) = taken {
            tracing::info!("the port was taken over");
            listener.set_nonblocking(true).map_err(|error| system("port", error))?;
            return TcpListener::from_std(listener).map_err(|error| system("port", error));
        }
    } else if let Some(socket) = &config.admin
        && std::os::unix::net::UnixStream::connect(socket).is_ok()
    {
        let what = "another sidecar has this admin socket: --take-over takes its place";
        return Err(Failure::System(format!("{}: {what}", socket.display())));
    }
    TcpListener::bind(config.listen)
        .await
        .map_err(|error| system(&format!("listen {}", config.listen), error))
}

fn system(what: &str, error: io::Error) -> Failure {
    Failure::System(format!("{what}: {error}"))
}

/// Reads secrets anew as their files change.
async fn watch_secrets(secrets: Vec<Arc<Secret>>) {
    let mut broken = false;
    loop {
        tokio::time::sleep(LOOK).await;
        let mut trouble = None;
        for secret in &secrets {
            match secret.refresh() {
                Ok(true) => {
                    tracing::info!(file = %secret.path().display(), "a new secret is in use");
                }
                Ok(false) => {}
                Err(error) => trouble = Some(error),
            }
        }
        // Said once; a file that is being written is read again in a second.
        if let (Some(error), false) = (&trouble, broken) {
            tracing::warn!(error, "a secret cannot be read; the old one stays in use");
        }
        broken = trouble.is_some();
    }
}
