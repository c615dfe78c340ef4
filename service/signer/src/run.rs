//! Start, reload, readiness, stop.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use opsign_core::{ChainId, PayloadHash, hazmat};
use opsign_guard::{Guard, Mode, Store, StoreError};
use opsign_proxy::{Proxy, Trust};
use opsign_wire::{
    AuditFile, Caller, Closer, ConfigError, Dialer, Failure, Limits, Server, SignedCalls, Stop,
    Stopper, Termination, Tls, hangup, room_for, run_server, show_metrics,
};
use prometheus::Registry;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::admin::Admin;
use crate::announced::Announced;
use crate::backend::{Backend, Key, OpenError};
use crate::config::{
    AdminConfig, Config, GateConfig, GuardConfig, KeyLocator, ProxyConfig, SequencerConfig,
};
use crate::dev::Dev;
use crate::flags::{FileFlags, Flags};
use crate::gate::Gate;
use crate::handover::Handover;
use crate::l1::L1;
use crate::metrics::Metrics;
use crate::observer::Observer;
use crate::payloads::Payloads;
use crate::policy::Meter;
use crate::protection::Protection;
use crate::relayed::Relayed;
use crate::seen::Seen;
use crate::service::{Grant, Grants, Service};

/// An operator's call is short, but a switch waits for sequencers.
const ADMIN_LIMITS: Limits = Limits {
    deadline: Duration::from_secs(60),
    body: 64 << 10,
    batch_time: Duration::from_secs(60),
    batch: 10,
    connections: 64,
    head_time: Duration::from_secs(10),
    body_time: Duration::from_secs(10),
    write_time: Duration::from_secs(10),
    idle_time: Duration::from_secs(120),
    drain_time: Duration::from_secs(10),
};

/// Files that are open besides clients' connections: records, logs, tokens, gates and the admin port's
/// connections, and those to databases, proxies, sequencers and L1.
const OTHER_FILES: usize = 256;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Reads config, certificates and keys, and says what they come to; nothing is started.
///
/// # Errors
/// [`Failure::Config`].
pub fn check(flags: &FileFlags) -> Result<Vec<String>, Failure> {
    let (config, tls) = read(flags)?;
    let metrics = Metrics::new(&Registry::new()).map_err(bug)?;
    let (grants, _) = open(&config, &Keys::default(), &metrics)?;
    let mut lines = Vec::new();
    for grant in &grants.grants {
        let policy = &grant.policy;
        let chain =
            policy.chain_id.map_or("any chain (no blocks)".to_owned(), |id| format!("chain {id}"));
        let methods: Vec<_> = policy.methods.iter().map(|method| method.name()).collect();
        let place = |backend: &Arc<Backend>| match backend.trouble() {
            None => backend.name().to_owned(),
            Some(what) => format!("{} which is away: {what}", backend.name()),
        };
        let places: Vec<_> = grant.key.backends().iter().map(place).collect();
        lines.push(format!(
            "{}: {} with {} ({}), {chain}",
            grant.name,
            methods.join(", "),
            grant.key.address(),
            places.join(", then ")
        ));
    }
    if let Some(guard) = &config.guard {
        lines.push(match store(guard)?.verify() {
            Ok(report) => format!("guard: {} events on record, intact", report.sequence),
            // A running signer holds it, and has checked it.
            Err(StoreError::Locked { .. }) => "guard: the record is in use".to_owned(),
            Err(error) => return Err(Failure::Config(format!("guard.record: {error}"))),
        });
    }
    for proxy in proxies(&config, &tls)? {
        let clients = proxy.trust.clients.join(", ");
        let signed = if proxy.trust.signed { ", whose calls must be signed" } else { "" };
        lines.push(format!("proxy {}: for {clients}{signed}", proxy.dialer.authority()));
    }
    for certificate in tls.certificates() {
        let days = (certificate.not_after - unix_now()) / 86_400;
        lines.push(format!(
            "certificate {} ({}) ends in {days} days",
            certificate.subject, certificate.role
        ));
    }
    Ok(lines)
}

/// Runs a signer until SIGTERM or SIGINT. `version` is what `/healthz` says.
///
/// # Errors
/// What keeps it from starting.
pub fn run(flags: &Flags, version: &str) -> Result<(), Failure> {
    opsign_wire::log::start(flags.log_level, flags.log_format, flags.log_color);
    run_server(serve(flags, version))
}

async fn serve(flags: &Flags, version: &str) -> Result<(), Failure> {
    let dev =
        flags.dev.as_deref().map(|folder| Dev::prepare(folder, flags.dev_chain_id)).transpose()?;
    let files = dev.as_ref().map_or_else(|| flags.files.clone(), FileFlags::of_dev);
    let system = |what: &str, error: io::Error| Failure::System(format!("{what}: {error}"));
    // Before anything is read: a SIGHUP while we start must not end us.
    let mut hangup = hangup()?;
    let mut watched = Watched::default();
    watched.take(files.paths().map(Path::to_owned));
    let (config, tls) = read(&files)?;
    let connections = room_for(config.limits.connections, OTHER_FILES);
    let tls = Arc::new(tls);
    let registry = Registry::new();
    let process = prometheus::process_collector::ProcessCollector::for_self();
    registry.register(Box::new(process)).map_err(bug)?;
    let metrics = Metrics::new(&registry).map_err(bug)?;
    let wire_metrics = Arc::new(opsign_wire::Metrics::new(&registry).map_err(bug)?);
    let (grants, keys) = open(&config, &Keys::default(), &metrics)?;
    let protection = config.guard.as_ref().map(|guard| open_guard(guard, &metrics)).transpose()?;
    // A lease or a record that refuses needs no onlooker.
    let unprotected = config.guard.is_none();
    let payloads = match &config.guard {
        Some(guard) => Payloads::open(&guard.place.payloads(), guard.payloads),
        None => Payloads::open(Path::new(""), 0),
    };
    let observer = unprotected.then(|| Observer::start(Arc::clone(&metrics))).transpose();
    let observer = observer.map_err(|error| system("the observing thread", error))?;
    let l1 = config.guard.as_ref().and_then(|guard| guard.reorg_evidence.as_ref());
    let l1 = l1.map(L1::new).transpose().map_err(Failure::Config)?;
    let service = Arc::new(Service {
        protection,
        l1,
        closer: Closer::new(),
        payloads: payloads.map_err(|error| system("kept payloads", error))?,
        seen: Seen::default(),
        announced: Announced::new(config.sidecars.clone()),
        observer,
        grants: ArcSwap::from_pointee(grants),
        metrics: Arc::clone(&metrics),
        version: version.to_owned(),
    });
    let admin_tls = config.admin.as_ref().map(|admin| admin_tls(admin, &tls)).transpose()?;
    let mut reloader = Reloader {
        files: watched,
        config_path: files.config.clone(),
        fixed: Fixed::of(&config),
        tls: Arc::clone(&tls),
        admin_tls: admin_tls.clone(),
        service: Arc::clone(&service),
        keys,
    };
    reloader.files.add(reloader.paths());
    service.know_scopes(&service.grants.load()).map_err(Failure::Config)?;

    let server = Server::bind(
        flags.rpc(),
        Some(Arc::clone(&tls)),
        Limits { connections, ..config.limits },
        Arc::clone(&wire_metrics),
        version,
    )
    .await
    .map_err(|error| system(&format!("port {}", flags.rpc()), error))?
    .with_closer(service.closer.clone());
    let address = server.local_addr().map_err(|error| system("port", error))?;
    let (stopper, stop) = Stopper::new();
    if flags.metrics_enabled {
        let (service, tls) = (Arc::clone(&service), Arc::clone(&tls));
        show_metrics(flags.metrics(), registry, move || gauges(&service, &tls)).await?;
    }
    if flags.pprof_enabled == Some(true) {
        tracing::warn!("pprof is Go's profiler and not served; use perf");
    }
    greet(&service, &tls);
    try_keys(&service).await;
    tokio::spawn(keep_trying(Arc::clone(&service), config.trial_interval, stop.clone()));
    let mut termination = Termination::listen()?;
    let handover = Arc::new(Handover {
        service: Arc::clone(&service),
        sequencers: config.sequencers.clone(),
        tls: Arc::clone(&reloader.tls),
        running: tokio::sync::Mutex::default(),
        replay: config.guard.as_ref().is_some_and(|guard| guard.replay),
        replaying: tokio::sync::Mutex::default(),
    });
    let mut others = open_gates(&config, &handover, &wire_metrics, version, &stop).await?;
    if let (Some(admin), Some(tls)) = (&config.admin, admin_tls) {
        others.push(open_admin(admin, tls, &handover, &wire_metrics, version, &stop).await?);
        handover.resume();
    }
    others.extend(dial(&config, &service, &tls, &wire_metrics, &stop)?);
    let serving = tokio::spawn(server.run(Arc::clone(&service), stop.clone()));
    tracing::info!(%address, version, "listening");
    if let Some(dev) = &dev {
        eprint!("{}", dev.flags(address));
    }
    notify("READY=1");

    let mut look = tokio::time::interval(LOOK);
    loop {
        let forced = tokio::select! {
            () = termination.asked() => break,
            _ = hangup.recv() => true,
            _ = look.tick() => false,
        };
        // Keystores are slow to open, and tokens too.
        let done = tokio::task::spawn_blocking(move || {
            reloader.look(forced);
            reloader
        });
        reloader = tokio::select! {
            done = done => done.map_err(|error| Failure::System(error.to_string()))?,
            // A token that hangs while it is opened is no reason to stay.
            () = termination.asked() => break,
        };
    }
    notify("STOPPING=1");
    tracing::info!("stopping: running requests are finished first");
    stopper.stop();
    for other in others {
        other.await.map_err(|error| Failure::System(error.to_string()))?;
    }
    let cut = serving.await.map_err(|error| Failure::System(error.to_string()))?;
    if cut > 0 {
        tracing::warn!(connections = cut, "cut off: they were not done in time");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn open_gates(
    config: &Config,
    handover: &Arc<Handover>,
    metrics: &Arc<opsign_wire::Metrics>,
    version: &str,
    stop: &Stop,
) -> Result<Vec<JoinHandle<usize>>, Failure> {
    let mut gates = Vec::with_capacity(config.gates.len());
    for gate in &config.gates {
        let metrics = Arc::clone(metrics);
        let server = Server::bind(gate.listen, None, config.limits, metrics, version)
            .await
            .map_err(|error| Failure::System(format!("gate {}: {error}", gate.listen)))?;
        let upstream = gate
            .upstream
            .as_deref()
            .map(|url| Caller::new(url, config.limits.deadline))
            .transpose()
            .map_err(|what| Failure::Config(format!("gates: upstream {what}")))?;
        let address = server.local_addr().map_err(|error| Failure::System(error.to_string()))?;
        tracing::info!(%address, client = gate.client, "commit gate");
        let handler = Gate {
            service: Arc::clone(&handover.service),
            client: gate.client.clone(),
            upstream,
            handover: Arc::clone(handover),
        };
        gates.push(tokio::spawn(server.run(Arc::new(handler), stop.clone())));
    }
    Ok(gates)
}

/// Keeps a link to every proxy of the config.
fn dial(
    config: &Config,
    service: &Arc<Service>,
    tls: &Arc<Tls>,
    metrics: &Arc<opsign_wire::Metrics>,
    stop: &Stop,
) -> Result<Vec<JoinHandle<usize>>, Failure> {
    let mut instance = [0; 16];
    getrandom::fill(&mut instance)
        .map_err(|error| Failure::System(format!("no random numbers: {error}")))?;
    let handler = Arc::new(Relayed {
        service: Arc::clone(service),
        signed: SignedCalls::new(Arc::clone(tls)),
        deadline: config.limits.deadline,
        instance: base16ct::lower::encode_string(&instance),
    });
    let serve = |proxy| {
        let serving =
            opsign_proxy::serve(proxy, Arc::clone(&handler), Arc::clone(metrics), stop.clone());
        tokio::spawn(async move {
            serving.await;
            0
        })
    };
    Ok(proxies(config, tls)?.into_iter().map(serve).collect())
}

fn proxies(config: &Config, tls: &Tls) -> Result<Vec<Proxy>, Failure> {
    let mut proxies = Vec::with_capacity(config.proxies.len());
    for proxy in &config.proxies {
        let mut files = tls.files().clone();
        if let Some(ca) = &proxy.ca {
            files.ca.clone_from(ca);
        }
        if let Some((cert, key)) = &proxy.identity {
            files.cert.clone_from(cert);
            files.key.clone_from(key);
        }
        let dialer = Dialer::new(&proxy.url, &files)
            .map_err(|what| Failure::Config(format!("proxies: {what}")))?;
        let trust = Trust { clients: proxy.clients.clone(), signed: proxy.signed };
        proxies.push(Proxy { dialer, trust });
    }
    Ok(proxies)
}

/// The signer's own certificate, and perhaps other authorities for the callers.
fn admin_tls(admin: &AdminConfig, tls: &Tls) -> Result<Arc<Tls>, Failure> {
    let mut files = tls.files().clone();
    if let Some(ca) = &admin.ca {
        files.ca.clone_from(ca);
    }
    let tls = Tls::load(files).map_err(|error| Failure::Config(format!("admin: {error}")))?;
    Ok(Arc::new(tls))
}

async fn open_admin(
    admin: &AdminConfig,
    tls: Arc<Tls>,
    handover: &Arc<Handover>,
    metrics: &Arc<opsign_wire::Metrics>,
    version: &str,
    stop: &Stop,
) -> Result<JoinHandle<usize>, Failure> {
    let server = Server::bind(admin.listen, Some(tls), ADMIN_LIMITS, Arc::clone(metrics), version)
        .await
        .map_err(|error| Failure::System(format!("admin {}: {error}", admin.listen)))?;
    let address = server.local_addr().map_err(|error| Failure::System(error.to_string()))?;
    tracing::info!(%address, clients = admin.clients.join(" "), "admin port");
    let clients = admin.clients.iter().cloned().collect();
    let handler = Admin { handover: Arc::clone(handover), clients };
    Ok(tokio::spawn(server.run(Arc::new(handler), stop.clone())))
}

fn read(flags: &FileFlags) -> Result<(Config, Tls), Failure> {
    if !flags.tls_enabled {
        return Err(Failure::Config(
            "tls.enabled is false: without certificates nobody can be told apart, and op-signer \
             then refuses every request. Leave it on; `opsign signer --dev` makes certificates"
                .into(),
        ));
    }
    let config = Config::read(&flags.config)?;
    let tls = Tls::load(flags.tls_files(&config))
        .map_err(|error| Failure::Config(format!("TLS: {error}")))?;
    Ok((config, tls))
}

/// Keys in tokens that are open, so that a reload leaves their sessions alone.
#[derive(Default)]
struct Keys(HashMap<KeyLocator, Arc<Backend>>);

/// Opens every key and checks it against its entry.
fn open(config: &Config, keys: &Keys, metrics: &Arc<Metrics>) -> Result<(Grants, Keys), Failure> {
    let mut opened: HashMap<KeyLocator, Arc<Backend>> = HashMap::new();
    let mut grants = Vec::with_capacity(config.entries.len());
    for entry in &config.entries {
        let fail = |what: &str| ConfigError::new(&config.path, Some(entry.line), what);
        let mut found = Vec::with_capacity(entry.keys.len());
        for locator in &entry.keys {
            let known = opened.get(locator).or_else(|| match locator {
                KeyLocator::Token(_) => keys.0.get(locator).filter(|key| !key.given_up()),
                // The file may hold another key by now.
                KeyLocator::File { .. } => None,
            });
            found.push(match known {
                Some(backend) => Ok(Arc::clone(backend)),
                None => match Backend::open(locator) {
                    Ok(backend) => Ok(Arc::new(backend)),
                    Err(OpenError::Away(place, what)) => Err((place, what)),
                    Err(OpenError::Wrong(what)) => return Err(fail(&what).into()),
                },
            });
        }
        let address = found.iter().flatten().next().map(|backend| backend.address());
        let mut backends = Vec::with_capacity(found.len());
        for (locator, found) in entry.keys.iter().zip(found) {
            let backend = match (found, address) {
                (Ok(backend), _) => backend,
                // It may be back by the next start: no reason for 78.
                (Err((_, what)), None) => return Err(Failure::System(fail(&what).to_string())),
                (Err((place, what)), Some(address)) => {
                    tracing::warn!(
                        client = entry.name,
                        error = what,
                        "STARTING WITHOUT ONE PLACE OF A KEY: its token is away"
                    );
                    Arc::new(Backend::away(&place, address, &what))
                }
            };
            opened.insert(locator.clone(), Arc::clone(&backend));
            backends.push(backend);
        }
        let key = Key::new(backends, entry.hedge, config.second_opinion, Arc::clone(metrics))
            .map_err(|what| fail(&what))?;
        let address = key.address();
        if let Some(named) = entry.from_address.filter(|named| *named != address) {
            let what = format!(
                "fromAddress is {named}, but the key's address is {address}: nodes would refuse \
                 what it signs. Write fromAddress: \"{address}\", or give the right key"
            );
            return Err(fail(&what).into());
        }
        grants.push(Grant {
            name: entry.name.clone(),
            key: Arc::new(key),
            label: address.to_string(),
            meter: entry.policy.rate.map(Meter::new).map(Arc::new),
            first_holder: entry.first_holder,
            policy: entry.policy.clone(),
        });
    }
    let audit = match &config.audit {
        None => None,
        Some(path) => Some(AuditFile::open(path).map_err(|error| {
            let what = format!("audit.file {}: {error}", path.display());
            ConfigError::new(&config.path, None, &what)
        })?),
    };
    Ok((Grants::new(grants, config.any_name, audit), Keys(opened)))
}

fn store(config: &GuardConfig) -> Result<Store, Failure> {
    config.place.store().map_err(|error| Failure::Config(format!("guard.record: {error}")))
}

fn open_guard(config: &GuardConfig, metrics: &Arc<Metrics>) -> Result<Protection, Failure> {
    let at = u64::try_from(unix_now()).unwrap_or_default() * 1000;
    let guard = Guard::open(store(config)?, at)
        .map_err(|error| Failure::Config(format!("guard.record: {error}")))?;
    Ok(Protection::new(guard, config.plan.clone(), Arc::clone(metrics)))
}

fn greet(service: &Service, tls: &Tls) {
    for grant in &service.grants.load().grants {
        tracing::info!(
            client = grant.name,
            key = grant.label,
            backend = grant.key.backends().first().map(|backend| backend.name().to_owned()),
            chain = grant.policy.chain_id.map(|id| id.to_string()),
            "serving"
        );
        if grant.policy.chain_id.is_none() {
            tracing::warn!(
                client = grant.name,
                "no chainID: transactions of every chain are signed, and no block payloads"
            );
        }
    }
    match &service.protection {
        None => tracing::warn!(
            mode = "observe",
            "no guard is configured: what the policy allows is signed, two blocks at one height \
             too, as op-signer does; alarms are all there is. A guard: section in the config \
             protects"
        ),
        Some(protection) => {
            let plan = protection.plan();
            tracing::info!(
                blocks = plan.blocks.name(),
                transactions = plan.transactions_name(),
                "guarded"
            );
            if plan.blocks != Mode::Strict {
                tracing::warn!(
                    mode = plan.blocks.name(),
                    "blocks are known by their hash alone: two at one height are bounded by lease \
                     and rate, or only reported, not prevented"
                );
            }
        }
    }
    for certificate in tls.certificates() {
        let days = (certificate.not_after - unix_now()) / 86_400;
        if days < 14 {
            tracing::warn!(
                role = certificate.role,
                subject = certificate.subject,
                days,
                "ends soon"
            );
        }
    }
}

/// One signature per backend over a hash that is no block, transaction or message.
async fn try_keys(service: &Service) {
    let domain = *PayloadHash::of(b"opsign trial signature").as_bytes();
    let nonce = PayloadHash::of(&unix_now().to_be_bytes());
    let hash = hazmat::payload_signing_hash_in(&hazmat::domain(domain), &ChainId::from(0), &nonce);
    let grants = service.grants.load_full();
    let mut ready = true;
    let mut tried: Vec<Arc<Backend>> = Vec::new();
    for grant in &grants.grants {
        let known = |backend| tried.iter().any(|seen| Arc::ptr_eq(seen, backend));
        if grant.key.backends().iter().all(known) {
            continue;
        }
        tried.extend(grant.key.backends().iter().cloned());
        let deadline = Instant::now() + Duration::from_secs(2);
        let results = grant.key.try_all(&hash, deadline).await;
        ready &= results.iter().any(|(_, result)| result.is_ok());
        for (name, result) in results {
            service.metrics.up.with_label_values(&[&name]).set(i64::from(result.is_ok()));
            if let Err(error) = result {
                tracing::warn!(backend = name, %error, "the trial signature failed");
            }
        }
    }
    service.metrics.ready.set(i64::from(ready));
}

async fn keep_trying(service: Arc<Service>, interval: Duration, mut stop: Stop) {
    loop {
        // Soon again while something is wrong, so that readiness comes back with the token.
        let wait = if service.metrics.ready.get() == 1 { interval } else { interval.min(LOOK) };
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(wait) => try_keys(&service).await,
        }
    }
}

fn gauges(service: &Service, tls: &Tls) {
    for grant in &service.grants.load().grants {
        for backend in grant.key.backends() {
            let depth = i64::try_from(backend.queue_depth()).unwrap_or(i64::MAX);
            service.metrics.queue.with_label_values(&[backend.name()]).set(depth);
        }
    }
    // Without a guard all zeroes, so that dashboards know the names.
    let figures = service.protection.as_ref().map(|it| it.guard().figures()).unwrap_or_default();
    for (event, number) in [
        ("syncs", figures.syncs),
        ("batches", figures.batches),
        ("records", figures.records),
        ("repeated", figures.repeated),
        ("granted", figures.granted),
        ("signed", figures.signed),
        ("refused", figures.refused),
        ("alarms", figures.alarms),
        ("closed", u64::from(figures.closed)),
    ] {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        service.metrics.guard.with_label_values(&[event]).set(number);
    }
    for certificate in tls.certificates() {
        let left = certificate.not_after - unix_now();
        let labels = [certificate.role, &certificate.subject];
        service.metrics.certificates.with_label_values(&labels).set(left);
    }
}

/// Reads files anew when they change or SIGHUP comes.
struct Reloader {
    files: Watched,
    config_path: PathBuf,
    fixed: Fixed,
    tls: Arc<Tls>,
    admin_tls: Option<Arc<Tls>>,
    service: Arc<Service>,
    keys: Keys,
}

/// Settings that are read at start only.
#[derive(PartialEq)]
struct Fixed {
    limits: Limits,
    tls13_only: bool,
    crls: Vec<PathBuf>,
    trial_interval: Duration,
    guard: Option<GuardConfig>,
    gates: Vec<GateConfig>,
    sidecars: HashMap<String, String>,
    admin: Option<AdminConfig>,
    sequencers: Vec<SequencerConfig>,
    proxies: Vec<ProxyConfig>,
}

impl Fixed {
    fn of(config: &Config) -> Self {
        Self {
            limits: config.limits,
            tls13_only: config.tls13_only,
            crls: config.crls.clone(),
            trial_interval: config.trial_interval,
            guard: config.guard.clone(),
            gates: config.gates.clone(),
            sidecars: config.sidecars.clone(),
            admin: config.admin.clone(),
            sequencers: config.sequencers.clone(),
            proxies: config.proxies.clone(),
        }
    }
}

impl Reloader {
    fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = vec![self.config_path.clone()];
        for tls in [Some(&self.tls), self.admin_tls.as_ref()].into_iter().flatten() {
            paths.extend(tls.files().paths().map(Path::to_owned));
        }
        for locator in self.keys.0.keys() {
            if let KeyLocator::File { path, password_file, .. } = locator {
                paths.push(path.clone());
                paths.extend(password_file.clone());
            }
        }
        paths
    }

    fn look(&mut self, forced: bool) {
        if !self.files.changed() && !forced {
            return;
        }
        // Before the reading: a file that changes meanwhile is read again.
        self.files.take(self.paths());
        let outcome = self.reload();
        self.files.add(self.paths());
        let label = if outcome.is_ok() { "loaded" } else { "kept_old" };
        self.service.metrics.reloads.with_label_values(&[label]).inc();
        match outcome {
            Ok(()) => tracing::info!("config, certificates and keys are loaded anew"),
            Err(error) => tracing::error!(%error, "the new files cannot be used; the old stay"),
        }
    }

    /// All or nothing, as far as it goes: certificates first, then the config.
    fn reload(&mut self) -> Result<(), Failure> {
        let config = Config::read(&self.config_path)?;
        if Fixed::of(&config) != self.fixed {
            tracing::warn!(
                "changes of tls, limits, guard, gates, sidecars, admin, sequencers and trialIntervalS in the \
                 config need a restart"
            );
        }
        let (mut grants, keys) = open(&config, &self.keys, &self.service.metrics)?;
        grants.keep_meters(&self.service.grants.load());
        self.service.know_scopes(&grants).map_err(Failure::Config)?;
        self.tls.reload().map_err(|error| Failure::Config(format!("TLS: {error}")))?;
        if let Some(tls) = &self.admin_tls {
            tls.reload().map_err(|error| Failure::Config(format!("admin: {error}")))?;
        }
        self.service.grants.store(Arc::new(grants));
        self.keys = keys;
        Ok(())
    }
}

/// Files and what they looked like. A change counts once it has held still for one look, so that
/// a file that is being written is not read halfway.
#[derive(Default)]
struct Watched {
    loaded: BTreeMap<PathBuf, Stamp>,
    last: BTreeMap<PathBuf, Stamp>,
}

type Stamp = Option<(SystemTime, u64, u64)>;

impl Watched {
    /// Watches these files and no others. They are loaded as they are now.
    fn take(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        self.loaded.clear();
        self.add(paths);
    }

    /// Watches these files besides.
    fn add(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        for path in paths {
            self.loaded.entry(path).or_insert_with_key(|path| stamp(path));
        }
        self.last.clone_from(&self.loaded);
    }

    fn changed(&mut self) -> bool {
        let now = self.loaded.keys().map(|path| (path.clone(), stamp(path))).collect();
        let still = self.last == now;
        self.last = now;
        still && self.last != self.loaded
    }
}

fn stamp(path: &Path) -> Stamp {
    // Of what a link points to: Kubernetes changes files by changing links.
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len(), std::os::unix::fs::MetadataExt::ino(&found)))
}

/// Tells systemd, if it asked to be told.
fn notify(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let sent = (|| {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::ffi::OsStrExt;
        let address = match path.as_bytes().strip_prefix(b"@") {
            Some(name) => std::os::unix::net::SocketAddr::from_abstract_name(name)?,
            None => std::os::unix::net::SocketAddr::from_pathname(&path)?,
        };
        std::os::unix::net::UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)
    })();
    if let Err(error) = sent {
        tracing::warn!(%error, "systemd could not be told");
    }
}

fn unix_now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

fn bug(error: prometheus::Error) -> Failure {
    Failure::System(format!("a bug in opsign: {error}"))
}
