//! Between clients and signers: who may ask what, which signer answers, and what is done when it
//! goes away in the middle.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use opsign_core::Address;
use opsign_wire::{Call, Handler, RpcError};
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout_at;

use crate::config::Config;
use crate::link::{Applicant, Link, NoAnswer, left};
use crate::protocol::{ClientSays, Envelope, relay};

/// No signer is connected that has the key.
pub const UNAVAILABLE: i32 = -32022;

/// More calls than are taken at a time.
pub const BUSY: i32 = -32005;

/// What op-signer calls the methods that sign.
const RELAYED: [&str; 3] =
    ["eth_signTransaction", "opsigner_signBlockPayload", "opsigner_signBlockPayloadV2"];

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

/// The keys and who serves them: the first link of a key is the active one.
#[derive(Default)]
struct Routes(HashMap<Address, Vec<Arc<Link>>>);

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
    fn may_join(&self, routes: &Routes, signer: &str, applicant: &Applicant) -> Result<(), String> {
        let config = self.config.load();
        let allowed = config
            .signers
            .get(signer)
            .ok_or_else(|| format!("signers.allow of this proxy does not name {signer}"))?;
        for address in &applicant.addresses {
            if !allowed.contains(address) {
                return Err(format!("this proxy does not let {signer} serve {address}"));
            }
            let others = routes.0.get(address).into_iter().flatten();
            for other in others.filter(|other| other.signer != signer) {
                let (ours, theirs) = (&applicant.registration.record, &other.registration.record);
                // With one record the guard lets only one of them sign; with two, both would.
                if ours.is_none() || ours != theirs {
                    return Err(format!(
                        "{} serves {address} already: a second signer of a key must share its \
                         guard's record",
                        other.signer
                    ));
                }
            }
        }
        Ok(())
    }

    /// Lets a signer in. Its own older link, if any, is closed: the signer has dialled anew.
    pub(crate) fn join(
        &self,
        signer: &str,
        applicant: &Applicant,
        link: impl FnOnce() -> Arc<Link>,
    ) -> Result<Arc<Link>, String> {
        let mut routes = self.routes();
        self.may_join(&routes, signer, applicant)?;
        let link = link();
        for address in &applicant.addresses {
            let links = routes.0.entry(*address).or_default();
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
            let all = |allowed: &HashSet<Address>| {
                link.addresses.iter().all(|address| allowed.contains(address))
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
            for address in &link.addresses {
                let Some(links) = routes.0.get_mut(address) else { continue };
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

    fn active(&self, address: &Address) -> Option<Arc<Link>> {
        self.routes().0.get(address)?.first().cloned()
    }

    fn room(&self, client: &str) -> Arc<Semaphore> {
        let most = self.config.load().per_client;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let room = clients.entry(client.to_owned());
        Arc::clone(room.or_insert_with(|| Arc::new(Semaphore::new(most))))
    }

    async fn relay(&self, call: &Call<'_>) -> Result<String, RpcError> {
        let client = call.client.name();
        let address = {
            let config = self.config.load();
            let keys =
                config.clients.get(client).ok_or_else(|| RpcError::unknown_client(client))?;
            let wanted = sender(call.params);
            // The signer refuses a sender that is not the key's, in op-signer's words.
            let known = wanted.filter(|wanted| keys.contains(wanted));
            known
                .or_else(|| keys.first().copied())
                .ok_or_else(|| RpcError::unknown_client(client))?
        };
        let room = self.room(client);
        let _permit = room
            .try_acquire()
            .map_err(|_| RpcError::new(BUSY, "this client has too many calls under way"))?;
        let outcome = self.through(call, &address).await;
        let label = match &outcome {
            Ok(_) => "answered",
            Err(error) if error.code == UNAVAILABLE => "unavailable",
            Err(error) if error.code == -32002 => "late",
            Err(error) if error.code == BUSY => "busy",
            Err(_) => "refused",
        };
        self.metrics.relayed.with_label_values(&[&address.to_string(), label]).inc();
        outcome
    }

    /// Asks the active signer. If it goes away, the next one or itself again, until the deadline:
    /// the same request gets the same signature from a guard's record, so asking twice is harmless.
    async fn through(&self, call: &Call<'_>, address: &Address) -> Result<String, RpcError> {
        let mut changed = self.changed.subscribe();
        loop {
            // Seen before the look, so that a change after it is not missed.
            changed.borrow_and_update();
            if let Some(link) = self.active(address) {
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
                let text = relay(id, call.method, call.params, &envelope);
                match link.ask(id, text, call.deadline).await {
                    Ok(answer) => return answer,
                    Err(NoAnswer::Lost) => {}
                    Err(NoAnswer::Full) => {
                        return Err(RpcError::new(BUSY, "the signer has too much to do"));
                    }
                    Err(NoAnswer::Late) => return Err(RpcError::timed_out()),
                }
                if self.active(address).is_some_and(|again| !Arc::ptr_eq(&again, &link)) {
                    continue;
                }
            }
            // A little before the deadline, so that the client gets this and no time-out.
            let until = call.deadline.checked_sub(MARGIN).unwrap_or(call.deadline);
            if timeout_at(until, changed.changed()).await.is_err() {
                let message = format!("no signer for {address} is connected to this proxy");
                return Err(RpcError::new(UNAVAILABLE, message));
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
            .map(|(name, addresses)| {
                let mut addresses: Vec<_> = addresses.iter().collect();
                addresses.sort();
                let keys: Vec<_> = addresses
                    .iter()
                    .map(|address| {
                        let links = routes.0.get(address).map_or(&[][..], Vec::as_slice);
                        let place = links.iter().position(|link| link.signer == *name);
                        let role = match place {
                            Some(0) => "active",
                            Some(_) => "standby",
                            None => "away",
                        };
                        json!({ "address": address.to_string(), "role": role })
                    })
                    .collect();
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
        match call.method {
            method if RELAYED.contains(&method) => self.relay(&call).await,
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
        let mut keys = config.clients.values().flatten();
        keys.all(|address| self.active(address).is_some())
    }
}

/// The address that a call names as its sender, if it names one.
fn sender(params: Option<&RawValue>) -> Option<Address> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sender {
        from: Option<String>,
        sender_address: Option<String>,
    }
    let text = params?.get();
    // kona-node sends the object itself.
    let sender: Sender = match serde_json::from_str::<(Sender,)>(text) {
        Ok((sender,)) => sender,
        Err(_) => serde_json::from_str(text).ok()?,
    };
    sender.from.or(sender.sender_address)?.parse().ok()
}
