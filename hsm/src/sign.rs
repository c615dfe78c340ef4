//! Signing: a thread per session, every answer checked, every wait bounded.

use std::borrow::Borrow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

use crate::error::{Error, ErrorKind};
use crate::key::{KeySelector, find_key};
use crate::scheme::Scheme;
use crate::session::Login;

/// How a signer uses its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Sessions to keep open, a thread each. At least 1.
    pub sessions: usize,
    /// How long a caller waits for a signature. An answer that comes later is thrown away.
    pub deadline: Duration,
}

impl Default for Options {
    /// One session, one second.
    fn default() -> Self {
        Self { sessions: 1, deadline: Duration::from_secs(1) }
    }
}

/// A key in a token, ready to sign from any number of threads.
///
/// A token whose call never returns costs the caller its deadline and this signer that session;
/// the thread that waits for it is left behind when the signer is dropped.
pub struct TokenSigner<S: Scheme> {
    public: S::Public,
    label: String,
    deadline: Duration,
    /// `None` only while being dropped.
    queue: Option<SyncSender<Job<S>>>,
    waiting: Arc<AtomicUsize>,
    workers: Vec<JoinHandle<()>>,
}

struct Job<S: Scheme> {
    message: <S::Message as ToOwned>::Owned,
    expires: Instant,
    reply: Box<dyn FnOnce(Result<S::Signature, Error>) + Send>,
    _waiting: Waiting,
}

/// Counts a job from its arrival to its end.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<S: Scheme> TokenSigner<S> {
    /// Finds the key and opens the sessions.
    ///
    /// `expected` is what every signature must be the one of: an address, or an Ed25519 public key.
    /// Without it, it is what the token shows.
    ///
    /// # Errors
    /// [`ErrorKind::KeyMissing`], [`ErrorKind::KeyAmbiguous`], [`ErrorKind::KeyCurve`],
    /// [`ErrorKind::PublicKeyMissing`], [`ErrorKind::AddressMismatch`]; for Ed25519 also
    /// [`ErrorKind::WrongSignature`] if the token signs one message in two ways, and what
    /// [`TokenSigner::wait`] says.
    pub fn start(
        login: &Arc<Login>,
        selector: &KeySelector,
        expected: Option<S::Public>,
        options: Options,
    ) -> Result<Self, Error> {
        let found = find_key(&login.open_session()?, selector, &S::CURVE)?;
        let info = found.info;
        let public = match (S::public(&info), expected) {
            (Some(own), Some(expected)) if own != expected => {
                return Err(Error::new(
                    ErrorKind::AddressMismatch,
                    format!("the key with {selector} has {} {own}, not {expected}", S::PUBLIC),
                ));
            }
            (Some(public), _) | (None, Some(public)) => public,
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::PublicKeyMissing,
                    format!(
                        "the token shows no public key with {selector}: give the {} it should \
                         sign for",
                        S::PUBLIC
                    ),
                ));
            }
        };
        // The one key that was found, whatever else gets its label later.
        let selector = KeySelector { label: Some(info.label.clone()), id: Some(info.id) };
        let sessions = options.sessions.max(1);
        let (queue, jobs) = sync_channel::<Job<S>>(sessions * 64);
        let jobs = Arc::new(Mutex::new(jobs));
        let scheme = Arc::new(S::new(public));
        let mut signer = Self {
            public,
            label: info.label,
            deadline: options.deadline,
            queue: Some(queue),
            waiting: Arc::default(),
            workers: Vec::with_capacity(sessions),
        };
        for number in 0..sessions {
            let mut worker = Worker {
                login: Arc::clone(login),
                selector: selector.clone(),
                scheme: Arc::clone(&scheme),
                open: None,
            };
            worker.open()?;
            let jobs = Arc::clone(&jobs);
            let thread = std::thread::Builder::new()
                .name(format!("opsign-hsm-{number}"))
                .spawn(move || worker.run(&jobs))
                .map_err(|error| {
                    Error::new(ErrorKind::WorkerDied, format!("no thread could be made: {error}"))
                })?;
            signer.workers.push(thread);
        }
        S::accept(&signer)?;
        Ok(signer)
    }

    /// What every signature is checked against.
    pub const fn public(&self) -> &S::Public {
        &self.public
    }

    /// The label of the key.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Jobs that have come in and are not yet done.
    pub fn queue_depth(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Hands in a message and returns at once, for callers that must not wait on a thread.
    ///
    /// `done` runs on a thread of this signer and must be short. It is told the signature or the
    /// error that [`TokenSigner::wait`] would return; if the token never answers, or the signer is
    /// dropped first, it is dropped unused. Bounding the wait is the caller's part; a job that has
    /// waited longer than the deadline is not begun.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if too many jobs wait, [`ErrorKind::WorkerDied`].
    pub fn submit(
        &self,
        message: &S::Message,
        done: impl FnOnce(Result<S::Signature, Error>) + Send + 'static,
    ) -> Result<(), Error> {
        let Some(queue) = &self.queue else {
            return Err(died());
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let job = Job {
            message: message.to_owned(),
            expires: Instant::now() + self.deadline,
            reply: Box::new(done),
            _waiting: Waiting(Arc::clone(&self.waiting)),
        };
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => self.timeout(),
            TrySendError::Disconnected(_) => died(),
        })
    }

    /// Signs and waits, no longer than the deadline.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`], [`ErrorKind::WrongSignature`], [`ErrorKind::SessionLost`] (the next
    /// call opens a new session), [`ErrorKind::TokenGone`], [`ErrorKind::Refused`],
    /// [`ErrorKind::WorkerDied`].
    pub fn wait(&self, message: &S::Message) -> Result<S::Signature, Error> {
        let (reply, answer) = sync_channel(1);
        // A caller whose deadline has passed is gone, and the signature goes with it.
        self.submit(message, move |result| drop(reply.try_send(result)))?;
        match answer.recv_timeout(self.deadline) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(self.timeout()),
            Err(RecvTimeoutError::Disconnected) => Err(died()),
        }
    }

    fn timeout(&self) -> Error {
        Error::new(
            ErrorKind::Timeout,
            format!(
                "the token did not sign with \"{}\" within {} ms",
                self.label,
                self.deadline.as_millis()
            ),
        )
    }
}

fn died() -> Error {
    Error::new(ErrorKind::WorkerDied, "the threads that talk to the token died")
}

impl<S: Scheme> fmt::Debug for TokenSigner<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSigner({}, {})", self.label, self.public)
    }
}

impl<S: Scheme> Drop for TokenSigner<S> {
    /// Closes the sessions. Waits for a call that is under way, but no longer than the deadline.
    fn drop(&mut self) {
        self.queue = None;
        let patience = Instant::now() + self.deadline;
        for worker in self.workers.drain(..) {
            while !worker.is_finished() && Instant::now() < patience {
                std::thread::sleep(Duration::from_millis(1));
            }
            if worker.is_finished() {
                // A panic was answered to its caller and needs no second report.
                let _ = worker.join();
            }
        }
    }
}

/// One thread's side: a session, and the handle of the key in it.
struct Worker<S> {
    // Above the login: the session must be closed while the login still holds the module.
    open: Option<(Session, ObjectHandle)>,
    login: Arc<Login>,
    selector: KeySelector,
    scheme: Arc<S>,
}

impl<S: Scheme> Worker<S> {
    fn run(mut self, jobs: &Mutex<Receiver<Job<S>>>) {
        loop {
            let job = match jobs.lock().unwrap_or_else(PoisonError::into_inner).recv() {
                Ok(job) => job,
                Err(_) => return,
            };
            if Instant::now() >= job.expires {
                let what = "the token was busy until the deadline";
                (job.reply)(Err(Error::new(ErrorKind::Timeout, what)));
                continue;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| self.sign(job.message.borrow())));
            let result = outcome.unwrap_or_else(|_| {
                self.open = None;
                Err(Error::new(ErrorKind::WorkerDied, "a bug in opsign: signing panicked"))
            });
            (job.reply)(result);
        }
    }

    fn open(&mut self) -> Result<&(Session, ObjectHandle), Error> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let session = self.login.open_session()?;
                let key = find_key(&session, &self.selector, &S::CURVE)?;
                (session, key.handle)
            }
        };
        Ok(self.open.insert(open))
    }

    fn sign(&mut self, message: &S::Message) -> Result<S::Signature, Error> {
        let scheme = Arc::clone(&self.scheme);
        let result = self.open().and_then(|(session, key)| scheme.sign(session, *key, message));
        result.map_err(|error| match error.kind() {
            // A wrong answer says nothing against the session.
            ErrorKind::WrongSignature => error,
            _ => {
                self.open = None;
                self.login.explain_lost(error)
            }
        })
    }
}
