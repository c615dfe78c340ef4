//! Which clients of the config have asked for something since the start, and how long their
//! certificates last: whether a standby could sign if it had to.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// A client's last call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// When, in seconds since 1970.
    pub(crate) at: u64,
    /// When its certificate ends, likewise.
    pub(crate) not_after: i64,
}

/// The last calls, by name.
#[derive(Default)]
pub(crate) struct Seen(RwLock<HashMap<String, Sighting>>);

impl Seen {
    /// Writes once a second and client; else it only looks.
    pub(crate) fn note(&self, name: &str, sighting: Sighting) {
        if self.get(name) != Some(sighting) {
            let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
            seen.insert(name.to_owned(), sighting);
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Sighting> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }
}
