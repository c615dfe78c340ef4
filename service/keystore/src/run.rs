//! `opsign keystore`: start, reload, stop.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opsign_guard::{Guard, Store, StoreError};
use opsign_keys::Passphrase;
use opsign_wire::{
    AuditFile, Failure, Stopper, Termination, Tls, hangup, room_for, run_server, show_metrics,
};
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::incoming::incoming;
use crate::kept::Kept;
use crate::key_folder::{FolderError, KeyFolder};
use crate::keystore::Keystore;
use crate::metrics::Metrics;
use crate::protection::{Protection, now};
use crate::proto::{
    self,
    remote_keystore_server::{RemoteKeystoreServer, SERVICE_NAME},
};
use crate::service::{Parts, Service};
use crate::token_plan::TokenPlan;

/// How long running calls may finish after a stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long a stop waits for Kafka.
const PUBLISH: Duration = Duration::from_secs(2);

/// For a call to arrive whole, beside its deadline.
const ARRIVAL: Duration = Duration::from_secs(10);

/// Files that are open besides clients' connections: record, anchor, logs and ports.
const OTHER_FILES: usize = 64;

/// How often keys in tokens sign for trial. A token that is lost comes back when every key of its module
/// has noticed.
const TRIAL: Duration = Duration::from_secs(10);

/// How often the health that clients see is brought up to date.
const HEALTH: Duration = Duration::from_secs(1);

/// Reads config, certificates, keys and record, and says what they come to; nothing is started, and
/// the record stays as it is.
///
/// # Errors
/// [`Failure::Config`]; [`Failure::System`] if a key's token is away.
pub fn check(path: &Path) -> Result<Vec<String>, Failure> {
    let config = Config::read(path)?;
    let tls = load_tls(&config)?;
    let folder = open_folder(&config)?;
    let protection =
        Protection::new(Guard::volatile(), config.fixed.guard.rules().observing(), 0, 0);
    let tokens = open_tokens(&config)?;
    let keystore =
        Keystore::new(folder, tokens, config.settings(), config.transcripts(), protection)
            .map_err(Failure::Config)?;
    let mut lines = vec![format!("{} keys", keystore.len())];
    lines.extend(keystore.keys().iter().map(ToString::to_string));
    for (name, rights) in &config.clients.0 {
        let mut types: Vec<_> = rights.key_types.iter().map(ToString::to_string).collect();
        types.sort();
        lines.push(format!("client {name}: {}", types.join(", ")));
    }
    if let Some(mut store) = store(&config)? {
        let report = store.verify().map_err(|error| Failure::Config(record(&error)))?;
        lines.push(format!("record {}: {} events", report.store, report.sequence));
    }
    if let Some(plan) = &config.fixed.publish {
        plan.topic.broker().map_err(publish_failure)?;
        let (topic, brokers) = (&plan.topic.topic, plan.topic.brokers.join(", "));
        lines.push(format!("publishes to topic {topic} at {brokers}"));
    }
    for certificate in tls.certificates() {
        lines.push(format!("certificate {} ({})", certificate.subject, certificate.role));
    }
    lines.extend(config.warnings().into_iter().map(|warning| format!("warning: {warning}")));
    lines.sort();
    Ok(lines)
}

/// Runs a keystore until SIGTERM or SIGINT; reads rights, keys and certificates anew at SIGHUP.
///
/// # Errors
/// What keeps it from starting.
pub fn run(path: &Path, version: &str) -> Result<(), Failure> {
    run_server(serve(path, version))
}

async fn serve(path: &Path, version: &str) -> Result<(), Failure> {
    let system = |what: &str, error: io::Error| Failure::System(format!("{what}: {error}"));
    let (mut hangup, mut termination) = (hangup()?, Termination::listen()?);
    let config = Config::read(path)?;
    let tls = Arc::new(load_tls(&config)?);
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let registry = Registry::new();
    let bug = |error: prometheus::Error| Failure::System(error.to_string());
    let metrics = Metrics::new(&registry).map_err(bug)?;
    let fixed = &config.fixed;
    let audit = match &fixed.audit {
        Some(path) => {
            let what = format!("audit {}", path.display());
            Some(AuditFile::open(path).map_err(|error| system(&what, error))?)
        }
        None => None,
    };
    let publisher = match &fixed.publish {
        Some(plan) => Some(Arc::new(plan.start().map_err(publish_failure)?)),
        None => None,
    };
    let folder = open_folder(&config)?;
    let guard = match store(&config)? {
        Some(store) => {
            Guard::open(store, now()).map_err(|error| Failure::Config(record(&error)))?
        }
        None => Guard::volatile(),
    };
    let plan = &fixed.guard;
    let protection = Protection::new(guard, plan.rules(), plan.not_before, plan.slot_time);
    let tokens = open_tokens(&config)?;
    let keystore =
        Keystore::new(folder, tokens, config.settings(), config.transcripts(), protection)
            .map_err(Failure::Config)?;
    let count = metrics.connections.clone();
    let deadline = fixed.limits.deadline;
    let parts = Arc::new(Parts { keystore, metrics, audit, deadline });

    let listener = TcpListener::bind(fixed.listen)
        .await
        .map_err(|error| system(&format!("listen {}", fixed.listen), error))?;
    let address = listener.local_addr().map_err(|error| system("port", error))?;
    if let Some(metrics) = fixed.metrics {
        let (parts, publisher) = (Arc::clone(&parts), publisher.clone());
        let before = move || {
            parts.metrics.refresh(parts.keystore.protection.guard(), parts.keystore.len());
            parts.metrics.published(publisher.as_ref().map(|it| it.figures()).unwrap_or_default());
        };
        show_metrics(metrics, registry, before).await?;
    }
    let (stopper, stop) = Stopper::new();
    let (health, health_service) = tonic_health::server::health_reporter();
    report(&health, &parts).await;
    let healthy = {
        let parts = Arc::clone(&parts);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEALTH).await;
                report(&health, &parts).await;
            }
        })
    };
    let reflection = fixed.reflection.then(|| {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()
            .map_err(|error| Failure::System(format!("reflection: {error}")))
    });
    let reflection = reflection.transpose()?;
    let trials = tokio::spawn(try_tokens(Arc::clone(&parts)));
    let service = RemoteKeystoreServer::new(Service(Arc::clone(&parts)))
        .max_decoding_message_size(fixed.limits.message);
    let room = room_for(fixed.limits.connections, OTHER_FILES);
    let connections = incoming(listener, Arc::clone(&tls), room, count, stop.clone());
    let mut stopped = stop.clone();
    let server = Server::builder()
        .timeout(deadline + ARRIVAL)
        .max_concurrent_streams(fixed.limits.streams)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(30)))
        .max_frame_size(Some(1 << 20))
        .add_service(service)
        .add_service(health_service)
        .add_optional_service(reflection)
        .serve_with_incoming_shutdown(connections, async move { stopped.stopped().await });
    let mut serving = tokio::spawn(server);
    tracing::info!(%address, version, keys = parts.keystore.len(), "listening");

    loop {
        tokio::select! {
            () = termination.asked() => break,
            _ = hangup.recv() => reload(path, &config, &parts, &tls),
            ended = &mut serving => {
                return Err(Failure::System(format!("the server ended: {ended:?}")));
            }
        }
    }
    tracing::info!("stopping: running calls are finished first");
    stopper.stop();
    if timeout(DRAIN, &mut serving).await.is_err() {
        tracing::warn!("connections were cut off: they were not done in time");
        serving.abort();
    }
    healthy.abort();
    trials.abort();
    if let Some(publisher) = publisher
        && !publisher.stop(PUBLISH)
    {
        tracing::warn!(
            bytes = publisher.figures().waiting,
            "not all of the audit log is published: the next run goes on with it"
        );
    }
    tracing::info!("stopped");
    Ok(())
}

/// Tells clients whether anything new is signed: of the service, and of the program, which is what a
/// probe without a name asks for.
async fn report(health: &HealthReporter, parts: &Parts) {
    let status = match parts.keystore.protection.guard().figures().closed {
        false => ServingStatus::Serving,
        true => ServingStatus::NotServing,
    };
    for service in [SERVICE_NAME, ""] {
        health.set_service_status(service, status).await;
    }
}

fn reload(path: &Path, old: &Config, parts: &Parts, tls: &Tls) {
    let load = || {
        let config = Config::read(path).map_err(|error| error.to_string())?;
        if config.fixed != old.fixed {
            return Err("ports, limits, keys, guard and the names of files need a restart".into());
        }
        // Their labels live as long as the program: more of them with every reload would add up.
        if config.transcripts != old.transcripts {
            return Err("transcripts need a restart".to_owned());
        }
        tls.reload().map_err(|error| error.to_string())?;
        parts.keystore.reload(config.settings())
    };
    match load() {
        Ok(()) => tracing::info!(keys = parts.keystore.len(), "loaded anew"),
        Err(error) => tracing::error!(error, "the new files cannot be used; the old stay"),
    }
}

async fn try_tokens(parts: Arc<Parts>) {
    loop {
        let trials = parts.keystore.tokens().map(|key| async {
            let tried = key.try_out(Instant::now() + parts.deadline).await;
            let name = key.place().to_string();
            parts.metrics.token_up.with_label_values(&[&name]).set(i64::from(tried.is_ok()));
            if let Err(error) = tried {
                tracing::warn!(key = name, %error, "the key's token does not sign");
            }
        });
        futures_util::future::join_all(trials).await;
        tokio::time::sleep(TRIAL).await;
    }
}

fn load_tls(config: &Config) -> Result<Tls, Failure> {
    Tls::load(config.fixed.tls.clone()).map_err(|error| Failure::Config(error.to_string()))
}

fn open_folder(config: &Config) -> Result<KeyFolder, Failure> {
    let path = &config.fixed.passphrase_file;
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Config(format!("{}: {error}", path.display())))?;
    let bytes = Zeroizing::new(bytes);
    let passphrase = Passphrase::from_file_contents(&bytes)
        .map_err(|error| Failure::Config(format!("{}: {error}", path.display())))?;
    KeyFolder::open(&config.fixed.keys, &passphrase).map_err(config_failure)
}

fn open_tokens(config: &Config) -> Result<Vec<Kept>, Failure> {
    config.fixed.tokens.iter().map(TokenPlan::open).collect()
}

fn store(config: &Config) -> Result<Option<Store>, Failure> {
    let Some(place) = &config.fixed.guard.place else { return Ok(None) };
    place.store().map(Some).map_err(|error| Failure::Config(format!("guard.record: {error}")))
}

fn record(error: &StoreError) -> String {
    format!("guard.record: {error}")
}

fn publish_failure(what: String) -> Failure {
    Failure::Config(format!("publish: {what}"))
}

fn config_failure(error: FolderError) -> Failure {
    Failure::Config(error.to_string())
}
