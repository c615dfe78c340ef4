//! Between clients and signers: who may ask what, which signer answers, and what is done when it
//! goes away in the middle.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use opsign_core::Address;
use opsign_wire::{Call, Handler, RpcError};
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout_at;

use crate::config::Config;
use crate::link::{Link, NoAnswer, left};
use crate::protocol::{ClientSays, Envelope, Registration, relay};
use crate::route::{Allowed, Route, Wanted, kind};

/// No signer is connected that has the key.
pub const UNAVAILABLE: i32 = -32022;

/// More calls than are taken at a time.
pub const BUSY: i32 = -32005;

pub(crate) struct Metrics {
    relayed: IntCounterVec,
    links: IntGaugeVec,
    denied: IntCounterVec,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let links = IntGaugeVec::new(
            Opts::new("opsign_proxy_links", "Connected signers"),
            &["signer", "key"],
        )?;
        registry.register(Box::new(links.clone()))?;
        Ok(Self {
            relayed: counters("opsign_proxy_calls_total", "Calls relayed", &["key", "outcome"])?,
            links,
            denied: counters("opsign_proxy_denied_total", "Registrations denied", &["signer"])?,
        })
    }
}

/// The keys and who serves them: of those that serve a call the first is the active one.
#[derive(Default)]
struct Routes(HashMap<Address, Vec<Arc<Link>>>);

impl Routes {
    /// What a signer is for a key: it stands by if another comes first for anything that it serves.
    fn status(&self, signer: &str, address: &Address) -> serde_json::Value {
        let links = self.0.get(address).map_or(&[][..], Vec::as_slice);
        let Some(place) = links.iter().position(|link| link.signer == signer) else {
            return json!({ "address": address.to_string(), "role": "away" });
        };
        let own = || links[place].routes.iter().filter(|route| route.address == *address);
        let mut before = links[..place].iter().flat_map(|link| &link.routes);
        let second = before.any(|first| own().any(|route| route.overlaps(first)));
        let role = if second { "standby" } else { "active" };
        let serves: Vec<_> = own().map(Route::offer).collect();
        json!({ "address": address.to_string(), "role": role, "serves": serves })
    }
}

pub(crate) struct Hub {
    pub(crate) config: ArcSwap<Config>,
    pub(crate) version: String,
    routes: Mutex<Routes>,
    /// Counts the changes of the routes.
    changed: watch::Sender<u64>,
    ids: AtomicU64,
    clients: Mutex<HashMap<String, Arc<Semaphore>>>,
    metrics: Metrics,
    /// The last that was said to or of a signer that has no link.
    errors: Mutex<HashMap<String, String>>,
}

impl Hub {
    pub(crate) fn new(config: Config, version: &str, metrics: Metrics) -> Self {
        Self {
            config: ArcSwap::from_pointee(config),
            version: version.to_owned(),
            routes: Mutex::default(),
            changed: watch::channel(0).0,
            ids: AtomicU64::new(1),
            clients: Mutex::default(),
            metrics,
            errors: Mutex::default(),
        }
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a signer may serve what it offers, and beside those that do already.
    fn admitted(
        &self,
        routes: &Routes,
        signer: &str,
        registration: &Registration,
        offered: &[Route],
    ) -> Result<Vec<Route>, String> {
        let config = self.config.load();
        let allowed = config
            .signers
            .get(signer)
            .ok_or_else(|| format!("signers.allow of this proxy does not name {signer}"))?;
        let mut admitted = Vec::with_capacity(offered.len());
        for route in offered {
            let Some(route) = allowed.of(route) else {
                let offer = route.offer();
                return Err(format!("this proxy does not let {signer} serve {offer}"));
            };
            let others = routes.0.get(&route.address).into_iter().flatten();
            let others = others.filter(|other| other.signer != signer);
            for other in others.filter(|other| other.routes.iter().any(|it| it.overlaps(&route))) {
                let (ours, theirs) = (&registration.record, &other.registration.record);
                // With one record the guard lets only one of them sign; with two, both would.
                if ours.is_none() || ours != theirs {
                    return Err(format!(
                        "{} serves {} already: a second signer of a key must share its guard's \
                         record",
                        other.signer,
                        route.offer()
                    ));
                }
            }
            admitted.push(route);
        }
        Ok(admitted)
    }

    /// Lets a signer in. Its own older link, if any, is closed: the signer has dialled anew.
    pub(crate) fn join(
        &self,
        signer: &str,
        registration: Registration,
        offered: &[Route],
        queue: mpsc::Sender<String>,
    ) -> Result<Arc<Link>, String> {
        let mut routes = self.routes();
        let admitted = self.admitted(&routes, signer, &registration, offered)?;
        let link = Arc::new(Link::new(signer.to_owned(), registration, admitted, queue));
        for address in link.addresses() {
            let links = routes.0.entry(address).or_default();
            // It keeps its place: who was active is active again.
            let place = links.iter().position(|other| other.signer == signer);
            match place {
                Some(place) => {
                    std::mem::replace(&mut links[place], Arc::clone(&link)).close();
                }
                None => links.push(Arc::clone(&link)),
            }
            let labels = [signer, &address.to_string()];
            self.metrics.links.with_label_values(&labels).set(1);
        }
        drop(routes);
        self.errors().remove(signer);
        self.changed.send_modify(|count| *count += 1);
        Ok(link)
    }

    /// Closes the links of signers that the config no longer lets serve all that they do.
    pub(crate) fn dismiss(&self) {
        let config = self.config.load();
        for link in self.routes().0.values().flatten() {
            let allowed = config.signers.get(&link.signer);
            let all = |allowed: &Allowed| {
                link.routes.iter().all(|route| allowed.of(route).as_ref() == Some(route))
            };
            if !allowed.is_some_and(all) {
                link.close();
            }
        }
    }

    /// A link has ended.
    pub(crate) fn leave(&self, link: &Arc<Link>, why: &str) {
        {
            let mut routes = self.routes();
            for address in link.addresses() {
                let Some(links) = routes.0.get_mut(&address) else { continue };
                let before = links.len();
                links.retain(|other| !Arc::ptr_eq(other, link));
                if links.len() < before {
                    let labels = [&*link.signer, &address.to_string()];
                    self.metrics.links.with_label_values(&labels).set(0);
                }
            }
        }
        self.errors().insert(link.signer.clone(), why.to_owned());
        // After it is off the list: whoever it wakes must not find it again.
        link.close();
        self.changed.send_modify(|count| *count += 1);
    }

    /// A signer was not let in.
    pub(crate) fn denied(&self, signer: &str, why: &str) {
        self.metrics.denied.with_label_values(&[signer]).inc();
        let known = self.config.load().signers.contains_key(signer);
        // Only of those that are named: a stranger must not fill our memory.
        if known {
            self.errors().insert(signer.to_owned(), why.to_owned());
        }
    }

    fn errors(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signer to ask: the first that serves the call. Where none ever would, the first that has
    /// the key, which refuses it in op-signer's words. `None`: one that may serve it is away.
    fn active(&self, wanted: &Wanted) -> Option<Arc<Link>> {
        let routes = self.routes();
        let links = routes.0.get(&wanted.address)?;
        if let Some(link) = links.iter().find(|link| link.serves(wanted)) {
            return Some(Arc::clone(link));
        }
        let config = self.config.load();
        let here = |name: &String| links.iter().any(|link| link.signer == *name);
        let mut others = config.signers.iter();
        let away = others.any(|(name, allowed)| allowed.may_serve(wanted) && !here(name));
        if away { None } else { links.first().cloned() }
    }

    fn room(&self, client: &str) -> Arc<Semaphore> {
        let most = self.config.load().per_client;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let room = clients.entry(client.to_owned());
        Arc::clone(room.or_insert_with(|| Arc::new(Semaphore::new(most))))
    }

    async fn relay(&self, call: &Call<'_>, kind: &'static str) -> Result<String, RpcError> {
        let client = call.client.name();
        let wanted = {
            let config = self.config.load();
            let keys = config.clients.get(client).map_or(&[][..], Vec::as_slice);
            Wanted::read(call, kind, keys).ok_or_else(|| RpcError::unknown_client(client))?
        };
        let room = self.room(client);
        let _permit = room
            .try_acquire()
            .map_err(|_| RpcError::new(BUSY, "this client has too many calls under way"))?;
        let outcome = self.through(call, &wanted).await;
        let label = match &outcome {
            Ok(_) => "answered",
            Err(error) if error.code == UNAVAILABLE => "unavailable",
            Err(error) if error.code == -32002 => "late",
            Err(error) if error.code == BUSY => "busy",
            Err(_) => "refused",
        };
        self.metrics.relayed.with_label_values(&[&wanted.address.to_string(), label]).inc();
        outcome
    }

    /// Asks the active signer. If it goes away, the next one or itself again, until the deadline:
    /// the same request gets the same signature from a guard's record, so asking twice is harmless.
    async fn through(&self, call: &Call<'_>, wanted: &Wanted) -> Result<String, RpcError> {
        let mut changed = self.changed.subscribe();
        loop {
            // Seen before the look, so that a change after it is not missed.
            changed.borrow_and_update();
            if let Some(link) = self.active(wanted) {
                let id = self.ids.fetch_add(1, Ordering::Relaxed);
                let envelope = Envelope {
                    client: ClientSays {
                        names: call.client.names().to_vec(),
                        fingerprint: call
                            .client
                            .fingerprint()
                            .map(|digest| format!("0x{}", base16ct::lower::encode_string(&digest))),
                    },
                    deadline_ms: left(call.deadline),
                    trace: call.trace.map(|trace| trace.id().to_owned()),
                };
                let text = relay(id, call, &envelope);
                match link.ask(id, text, call.deadline).await {
                    Ok(answer) => return answer,
                    Err(NoAnswer::Lost) => {}
                    Err(NoAnswer::Full) => {
                        return Err(RpcError::new(BUSY, "the signer has too much to do"));
                    }
                    Err(NoAnswer::Late) => return Err(RpcError::timed_out()),
                }
                if self.active(wanted).is_some_and(|again| !Arc::ptr_eq(&again, &link)) {
                    continue;
                }
            }
            // A little before the deadline, so that the client gets this and no time-out.
            let until = call.deadline.checked_sub(MARGIN).unwrap_or(call.deadline);
            if timeout_at(until, changed.changed()).await.is_err() {
                return Err(RpcError::new(UNAVAILABLE, unavailable(wanted)));
            }
        }
    }

    /// Everything about signers, for `opsign proxy status`.
    fn status(&self) -> String {
        let config = self.config.load();
        let routes = self.routes();
        let errors = self.errors();
        let mut signers: Vec<_> = config.signers.iter().collect();
        signers.sort_by_key(|(name, _)| *name);
        let signers: Vec<_> = signers
            .into_iter()
            .map(|(name, allowed)| {
                let mut addresses = allowed.addresses.clone();
                addresses.sort();
                let keys: Vec<_> =
                    addresses.iter().map(|address| routes.status(name, address)).collect();
                let links = routes.0.values().flatten();
                let link = links.into_iter().find(|link| link.signer == *name);
                let link = link.map(|link| {
                    json!({
                        "since": link.since,
                        "instance": link.registration.instance,
                        "record": link.registration.record,
                        "answered": link.answered.load(Ordering::Relaxed),
                        "waiting": link.depth(),
                        "strays": link.strays.load(Ordering::Relaxed),
                        "lastLatencyUs": link.latency.load(Ordering::Relaxed),
                    })
                });
                let error = errors.get(name);
                json!({ "signer": name, "keys": keys, "link": link, "lastError": error })
            })
            .collect();
        json!({ "proxy": config.name, "version": self.version, "signers": signers }).to_string()
    }
}

/// Left for the answer to reach the client.
const MARGIN: std::time::Duration = std::time::Duration::from_millis(20);

impl Handler for Hub {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        if let Some(kind) = kind(call.method) {
            return self.relay(&call, kind).await;
        }
        match call.method {
            "opsignproxy_status" if self.config.load().admins.contains(call.client.name()) => {
                call.positional(0)?;
                Ok(self.status())
            }
            _ => call.common(&self.version),
        }
    }

    /// Every key that a client has is served.
    fn ready(&self) -> bool {
        let config = self.config.load();
        let routes = self.routes();
        let mut keys = config.clients.values().flatten();
        keys.all(|address| routes.0.get(address).is_some_and(|links| !links.is_empty()))
    }
}

fn unavailable(wanted: &Wanted) -> String {
    let chain = wanted.chain.map(|chain| format!(" on chain {chain}")).unwrap_or_default();
    format!("no signer for {}{chain} is connected to this proxy", wanted.address)
}
