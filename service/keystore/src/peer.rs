//! Who is at the other end of a connection, and whether that is still good.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opsign_wire::{Client, Tls};

/// How often a certificate is looked at again. Revocation lists and authorities may change.
const LOOK: Duration = Duration::from_secs(1);

/// A connection's other end.
#[derive(Clone)]
pub(crate) struct Peer(Arc<Inner>);

struct Inner {
    client: Client,
    tls: Arc<Tls>,
    start: Instant,
    /// Milliseconds since the start until which its certificate was good when last looked at.
    good_until: AtomicU64,
}

impl Peer {
    /// One whose certificate was good a moment ago.
    pub(crate) fn new(client: Client, tls: Arc<Tls>) -> Self {
        let good_until = AtomicU64::new(LOOK.as_millis() as u64);
        Self(Arc::new(Inner { client, tls, start: Instant::now(), good_until }))
    }

    /// The first DNS name of its certificate.
    pub(crate) fn name(&self) -> &str {
        self.0.client.name()
    }

    /// Whether its certificate is still good.
    pub(crate) fn is_trusted(&self) -> bool {
        let Inner { client, tls, start, good_until } = &*self.0;
        let now = start.elapsed().as_millis() as u64;
        if now < good_until.load(Ordering::Relaxed) {
            return true;
        }
        let good = tls.keeps(client);
        if good {
            good_until.store(now + LOOK.as_millis() as u64, Ordering::Relaxed);
        }
        good
    }
}
