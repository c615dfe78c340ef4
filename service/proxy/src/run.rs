//! `opsign proxy`: start, signers coming and going, reload, stop.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opsign_core::Address;
use opsign_wire::{
    Client, Failure, Limits, RpcError, Server, Stop, Stopper, Termination, Tls, accept, hangup,
    next_connection, room_for, run_server, show_metrics,
};
use prometheus::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{interval, timeout};
use tokio_tungstenite::accept_async_with_config;

use crate::config::Config;
use crate::hub::{Hub, Metrics};
use crate::link::{Applicant, DENIED, Denial, Link, meet};
use crate::protocol::{VERSION, Welcome, answer, json};
use crate::route::Route;
use crate::socket::{End, QUEUE, Socket, config};

/// For a signer to shake hands, register and prove its keys.
const PATIENCE: Duration = Duration::from_secs(5);

/// Signers at a time, strangers in their handshake included.
const SIGNERS: usize = 1024;

/// Files that are open besides clients' connections: signers' links, logs and ports.
const OTHER_FILES: usize = 256;

/// How often a signer's certificate is looked at again.
const LOOK: Duration = Duration::from_secs(1);

/// Reads config and certificates, and says what they come to; nothing is started.
///
/// # Errors
/// [`Failure::Config`].
pub fn check(path: &Path) -> Result<Vec<String>, Failure> {
    let (config, tls, signers_tls) = read(path)?;
    let mut lines: Vec<String> = Vec::new();
    for (name, allowed) in &config.signers {
        let addresses: Vec<_> = allowed.addresses.iter().map(Address::to_string).collect();
        let chains = match &allowed.chains.texts()[..] {
            [] => "any chain".to_owned(),
            chains => format!("chain {}", chains.join(", ")),
        };
        lines.push(format!("signer {name}: {} on {chains}", addresses.join(", ")));
    }
    for (name, addresses) in &config.clients {
        let addresses: Vec<_> = addresses.iter().map(Address::to_string).collect();
        lines.push(format!("client {name}: {}", addresses.join(", ")));
    }
    lines.sort();
    for certificate in tls.certificates().iter().chain(&signers_tls.certificates()) {
        lines.push(format!("certificate {} ({})", certificate.subject, certificate.role));
    }
    lines.dedup();
    Ok(lines)
}

fn read(path: &Path) -> Result<(Config, Arc<Tls>, Arc<Tls>), Failure> {
    let config = Config::read(path)?;
    let load = |files: &opsign_wire::TlsFiles| {
        Tls::load(files.clone()).map(Arc::new).map_err(|error| Failure::Config(error.to_string()))
    };
    let (tls, signers_tls) = (load(&config.tls)?, load(&config.signers_tls)?);
    Ok((config, tls, signers_tls))
}

/// Runs a proxy until SIGTERM or SIGINT; reads config and certificates anew at SIGHUP.
///
/// # Errors
/// What keeps it from starting.
pub fn run(path: &Path, version: &str) -> Result<(), Failure> {
    run_server(serve(path, version))
}

async fn serve(path: &Path, version: &str) -> Result<(), Failure> {
    let system = |what: &str, error: io::Error| Failure::System(format!("{what}: {error}"));
    let (mut hangup, mut termination) = (hangup()?, Termination::listen()?);
    let (config, tls, signers_tls) = read(path)?;
    let bug = |error: prometheus::Error| Failure::System(error.to_string());
    let registry = Registry::new();
    let wire_metrics = Arc::new(opsign_wire::Metrics::new(&registry).map_err(bug)?);
    let hub = Hub::new(config.clone(), version, Metrics::new(&registry).map_err(bug)?);
    let hub = Arc::new(hub);
    let (stopper, stop) = Stopper::new();

    let listener = TcpListener::bind(config.signers_listen)
        .await
        .map_err(|error| system(&format!("signers.listen {}", config.signers_listen), error))?;
    let signers_address = listener.local_addr().map_err(|error| system("port", error))?;
    let limits =
        Limits { connections: room_for(config.limits.connections, OTHER_FILES), ..config.limits };
    let server = Server::bind(config.listen, Some(Arc::clone(&tls)), limits, wire_metrics, version)
        .await
        .map_err(|error| system(&format!("listen {}", config.listen), error))?;
    let address = server.local_addr().map_err(|error| system("port", error))?;
    if let Some(metrics) = config.metrics {
        show_metrics(metrics, registry, || ()).await?;
    }
    let signers =
        tokio::spawn(signers(listener, Arc::clone(&signers_tls), Arc::clone(&hub), stop.clone()));
    let serving = tokio::spawn(server.run(Arc::clone(&hub), stop.clone()));
    tracing::info!(address = %signers_address, "signers");
    tracing::info!(%address, version, "listening");

    loop {
        tokio::select! {
            () = termination.asked() => break,
            _ = hangup.recv() => reload(path, &hub, &tls, &signers_tls),
        }
    }
    tracing::info!("stopping: running requests are finished first");
    stopper.stop();
    let cut = serving.await.map_err(|error| Failure::System(error.to_string()))?;
    if cut > 0 {
        tracing::warn!(connections = cut, "cut off: they were not done in time");
    }
    // Only now: requests that were running needed them.
    signers.abort();
    tracing::info!("stopped");
    Ok(())
}

fn reload(path: &Path, hub: &Hub, tls: &Tls, signers_tls: &Tls) {
    let loaded = Config::read(path)
        .map_err(|error| error.to_string())
        .and_then(|config| {
            let old = hub.config.load();
            let fixed = |config: &Config| {
                (
                    config.listen,
                    config.signers_listen,
                    config.metrics,
                    config.limits,
                    config.per_client,
                )
            };
            if fixed(&config) != fixed(&old)
                || config.tls != old.tls
                || config.signers_tls != old.signers_tls
            {
                return Err("ports, limits and the names of TLS files need a restart".to_owned());
            }
            Ok(config)
        })
        .and_then(|config| {
            tls.reload().and_then(|()| signers_tls.reload()).map_err(|error| error.to_string())?;
            Ok(config)
        });
    match loaded {
        Ok(config) => {
            hub.config.store(Arc::new(config));
            hub.dismiss();
            tracing::info!("loaded anew");
        }
        Err(error) => tracing::error!(error, "the new files cannot be used; the old stay"),
    }
}

/// Takes signers in until stopped.
async fn signers(listener: TcpListener, tls: Arc<Tls>, hub: Arc<Hub>, mut stop: Stop) {
    let room = Arc::new(Semaphore::new(SIGNERS));
    loop {
        let (stream, peer) = tokio::select! {
            // Those that are there stay until the last request is done.
            () = stop.stopped() => return std::future::pending().await,
            next = next_connection(&listener) => next,
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
        let (tls, hub) = (Arc::clone(&tls), Arc::clone(&hub));
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = signer(stream, &tls, &hub).await {
                tracing::info!(%peer, %error, "a signer was not let in");
            }
        });
    }
}

/// One signer, from its handshake to its end.
async fn signer(stream: TcpStream, tls: &Tls, hub: &Hub) -> io::Result<()> {
    let accepted = accept(tls, stream, PATIENCE).await?;
    let name = accepted.client.name().to_owned();
    let opening = accept_async_with_config(accepted.stream, Some(config()));
    let stream = timeout(PATIENCE, opening).await?.map_err(io::Error::other)?;
    let mut socket = Socket::new(stream);
    let met = timeout(PATIENCE, meet(&mut socket, &accepted.binding)).await?;
    let (sender, mut queue) = mpsc::channel(QUEUE);
    let joined = match met {
        Err((_, Denial::End(end))) => return Err(io::Error::other(end.to_string())),
        Err((id, Denial::Reason(what))) => Err((id, what)),
        Ok(applicant) => {
            let Applicant { id, registration, routes } = applicant;
            // The welcome goes out before any call: the queue is read behind it.
            hub.join(&name, registration, &routes, sender)
                .map(|link| {
                    let welcome = welcome(hub, &link);
                    (link, answer(id, &Ok(welcome)))
                })
                .map_err(|what| (id, what))
        }
    };
    let (link, welcome) = match joined {
        Ok(joined) => joined,
        Err((id, what)) => {
            hub.denied(&name, &what);
            tracing::warn!(signer = name, reason = what, "a signer was denied");
            let denied = answer(id, &Err(RpcError::new(DENIED, what)));
            // One that does not listen is denied all the same.
            let _ = socket.say(denied).await;
            return Ok(());
        }
    };
    let keys: Vec<_> = link.routes.iter().map(|route| route.offer().to_string()).collect();
    tracing::info!(signer = name, keys = keys.join("; "), "a signer is connected");
    let end = match socket.say(welcome).await {
        Ok(()) => tokio::select! {
            end = socket.run(&mut queue, |text| link.take(&text)) => end,
            end = distrusted(tls, &accepted.client) => end,
            () = link.dismissed() => End::Lost("dismissed: it has dialled anew, or may serve no more".into()),
        },
        Err(end) => end,
    };
    hub.leave(&link, &end.to_string());
    tracing::warn!(signer = name, reason = %end, "a signer is gone");
    Ok(())
}

fn welcome(hub: &Hub, link: &Link) -> String {
    json(&Welcome {
        proxy: hub.config.load().name.clone(),
        version: VERSION,
        accepted: link.routes.iter().map(Route::offer).collect(),
    })
}

/// Returns when the certificate of a connected signer has ended or is no longer vouched for.
async fn distrusted(tls: &Tls, client: &Client) -> End {
    let mut look = interval(LOOK);
    loop {
        look.tick().await;
        if !tls.keeps(client) {
            return End::Lost("its certificate is no longer good".into());
        }
    }
}
