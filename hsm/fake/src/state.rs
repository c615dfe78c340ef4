//! What the module remembers between calls: sessions and the login.

use std::collections::{BTreeMap, BTreeSet};

use cryptoki_sys::*;

use crate::control::Control;
use crate::token::{Made, Object, SLOT, Signer, objects};

pub(crate) struct Session {
    pub(crate) read_write: bool,
    /// Handles that a search has found and not given out yet.
    pub(crate) found: Option<Vec<CK_OBJECT_HANDLE>>,
    /// The key of a signature that has begun.
    pub(crate) signing: Option<Object>,
}

pub(crate) struct State {
    pub(crate) initialized: bool,
    pub(crate) logged_in: bool,
    pub(crate) sessions: BTreeMap<CK_SESSION_HANDLE, Session>,
    pub(crate) signer: Signer,
    /// Objects made and not destroyed since the module was loaded; counts for `empty` only.
    pub(crate) made: BTreeSet<Made>,
    logins: CK_ULONG,
    last_session: CK_SESSION_HANDLE,
    saw_session_closed: bool,
}

impl State {
    pub(crate) const fn new() -> Self {
        Self {
            initialized: false,
            logged_in: false,
            sessions: BTreeMap::new(),
            signer: Signer::new(),
            made: BTreeSet::new(),
            logins: 0,
            last_session: 0,
            saw_session_closed: false,
        }
    }

    /// Closes sessions under the caller when the control file begins to say so.
    pub(crate) fn observe(&mut self, control: &Control) {
        let closed = control.has("session_closed");
        if control.has("removed") || (closed && !self.saw_session_closed) {
            self.close_all();
        }
        self.saw_session_closed = closed;
    }

    pub(crate) fn open(&mut self, read_write: bool) -> CK_SESSION_HANDLE {
        self.last_session += 1; // never used twice, so a stale handle is always noticed
        let session = Session { read_write, found: None, signing: None };
        self.sessions.insert(self.last_session, session);
        self.last_session
    }

    /// Closing the last session ends the login, as PKCS#11 has it.
    pub(crate) fn close(&mut self, handle: CK_SESSION_HANDLE) {
        self.sessions.remove(&handle);
        if self.sessions.is_empty() {
            self.logged_in = false;
        }
    }

    pub(crate) fn close_all(&mut self) {
        self.sessions.clear();
        self.logged_in = false;
    }

    pub(crate) fn log_in(&mut self) {
        self.logged_in = true;
        self.logins += 1;
    }

    pub(crate) fn log_out(&mut self) {
        self.logged_in = false;
        for session in self.sessions.values_mut() {
            session.signing = None;
        }
    }

    pub(crate) fn session(
        &mut self,
        handle: CK_SESSION_HANDLE,
        control: &Control,
    ) -> Result<&mut Session, CK_RV> {
        if control.has("removed") {
            return Err(CKR_DEVICE_REMOVED);
        }
        self.sessions.get_mut(&handle).ok_or(CKR_SESSION_HANDLE_INVALID)
    }

    /// The objects that can be seen now. Handles of private ones differ from login to login,
    /// because PKCS#11 makes the old ones invalid.
    pub(crate) fn visible(&self, control: &Control) -> Vec<(CK_OBJECT_HANDLE, Object)> {
        let handle = |object: &Object| {
            let base = if object.private { 0x10 * self.logins } else { 0 };
            base + CK_ULONG::from(object.id)
        };
        objects(control)
            .into_iter()
            .filter(|object| self.logged_in || !object.private)
            .filter(|object| !control.has("empty") || self.made.contains(&object.half()))
            .map(|object| (handle(&object), object))
            .collect()
    }

    pub(crate) fn object(&self, handle: CK_OBJECT_HANDLE, control: &Control) -> Option<Object> {
        let seen = self.visible(control).into_iter().find(|(seen, _)| *seen == handle)?;
        Some(seen.1)
    }
}

/// Refuses a slot that is not ours, or whose token is gone.
pub(crate) fn token_in(slot: CK_SLOT_ID, control: &Control) -> Result<(), CK_RV> {
    match (slot, control.has("removed")) {
        (SLOT, false) => Ok(()),
        (SLOT, true) => Err(CKR_TOKEN_NOT_PRESENT),
        _ => Err(CKR_SLOT_ID_INVALID),
    }
}
