//! A key in a token, which may go away and come back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, ErrorKind};
use crate::key_place::KeyPlace;
use crate::scheme::Scheme;
use crate::sign::TokenSigner;

/// The first wait before a lost token is opened again, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A key in a token. When the token is lost its sessions are given up, and it is opened again and
/// again, unless it refuses the PIN.
pub struct TokenKey<S: Scheme> {
    place: KeyPlace,
    public: S::Public,
    signer: ArcSwapOption<TokenSigner<S>>,
    reopening: AtomicBool,
    last_error: Mutex<String>,
}

impl<S: Scheme> TokenKey<S> {
    /// Opens a key.
    ///
    /// # Errors
    /// As [`KeyPlace::open`].
    pub fn open(place: &KeyPlace, expected: Option<S::Public>) -> Result<Arc<Self>, Error> {
        let signer = place.open(expected)?;
        Ok(Arc::new(Self::new(place, *signer.public(), Some(signer))))
    }

    /// A key whose token is away, to be opened when it comes back.
    pub fn away(place: &KeyPlace, public: S::Public, what: &str) -> Arc<Self> {
        let key = Arc::new(Self::new(place, public, None));
        key.lost(what);
        key
    }

    fn new(place: &KeyPlace, public: S::Public, signer: Option<TokenSigner<S>>) -> Self {
        Self {
            place: place.clone(),
            public,
            signer: ArcSwapOption::from_pointee(signer),
            reopening: AtomicBool::new(false),
            last_error: Mutex::default(),
        }
    }

    /// Where it is.
    pub const fn place(&self) -> &KeyPlace {
        &self.place
    }

    /// What its signatures are checked against.
    pub const fn public(&self) -> &S::Public {
        &self.public
    }

    /// Why it cannot sign, if its token is known to be away.
    pub fn trouble(&self) -> Option<String> {
        self.signer.load().is_none().then(|| self.last_error())
    }

    /// Whether its token was lost and will not be tried again.
    pub fn given_up(&self) -> bool {
        self.signer.load().is_none() && !self.reopening.load(Ordering::Acquire)
    }

    /// Tries a token again that was given up.
    pub fn retry(self: &Arc<Self>) {
        if self.given_up() {
            self.lost(&self.last_error());
        }
    }

    /// Jobs waiting for the token.
    pub fn queue_depth(&self) -> usize {
        self.signer.load().as_ref().map_or(0, |signer| signer.queue_depth())
    }

    /// Signs, without blocking the thread, within the deadline and the place's own.
    ///
    /// # Errors
    /// [`ErrorKind::WrongSignature`]; any other kind means that the token cannot sign now.
    pub async fn sign(
        self: &Arc<Self>,
        message: &S::Message,
        deadline: Instant,
    ) -> Result<S::Signature, Error> {
        let Some(signer) = self.signer.load_full() else {
            return Err(Error::new(ErrorKind::TokenGone, self.last_error()));
        };
        let deadline = deadline.min(Instant::now() + self.place.deadline());
        let (reply, answer) = oneshot::channel();
        let submitted = signer.submit(message, move |result| drop(reply.send(result)));
        let result = match submitted {
            Ok(()) => match timeout_at(deadline, answer).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(Error::new(ErrorKind::WorkerDied, "the signing thread is gone")),
                // The token may be slow, not gone: the sessions stay.
                Err(_) => Err(Error::new(ErrorKind::Timeout, "the token did not answer in time")),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = &result
            && !matches!(error.kind(), ErrorKind::WrongSignature | ErrorKind::Timeout)
        {
            self.lost(&error.to_string());
        }
        result
    }

    fn last_error(&self) -> String {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, what: &str) {
        what.clone_into(&mut self.last_error.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Gives up the sessions and opens new ones in the background.
    fn lost(self: &Arc<Self>, what: &str) {
        self.note(what);
        if self.reopening.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::warn!(key = %self.place, error = what, "a token was lost; opening it again");
        let key = Arc::downgrade(self);
        let spawned = std::thread::Builder::new().name("opsign-reopen".into()).spawn(move || {
            let mut wait = RETRY.0;
            loop {
                // Gone with the configuration that named it.
                let Some(key) = key.upgrade() else {
                    return;
                };
                // The old sessions go first: a module may know one login only.
                key.signer.store(None);
                match key.place.open(Some(key.public)) {
                    Ok(signer) => {
                        key.signer.store(Some(Arc::new(signer)));
                        key.reopening.store(false, Ordering::Release);
                        tracing::info!(key = %key.place, "the token is back");
                        return;
                    }
                    Err(error) => {
                        key.note(&error.to_string());
                        if error.is_about_pin() {
                            tracing::error!(
                                key = %key.place,
                                %error,
                                "the token is not tried again until a reload or restart"
                            );
                            key.reopening.store(false, Ordering::Release);
                            return;
                        }
                    }
                }
                drop(key);
                std::thread::sleep(wait);
                wait = (wait * 2).min(RETRY.1);
            }
        });
        if spawned.is_err() {
            self.reopening.store(false, Ordering::Release);
        }
    }
}
