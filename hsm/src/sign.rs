//! Signing: a thread per session, every answer checked, every wait bounded.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use opsign_core::{Address, CheckedSignature, Signature, Signer, SigningHash, Verifier};

use crate::error::{Error, ErrorKind};
use crate::key::{KeySelector, find_key};
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
pub struct HsmSigner {
    address: Address,
    label: String,
    deadline: Duration,
    /// `None` only while being dropped.
    queue: Option<SyncSender<Job>>,
    waiting: Arc<AtomicUsize>,
    workers: Vec<JoinHandle<()>>,
}

struct Job {
    hash: SigningHash,
    expires: Instant,
    reply: Box<dyn FnOnce(Result<CheckedSignature, Error>) + Send>,
    _waiting: Waiting,
}

/// Counts a job from its arrival to its end.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl HsmSigner {
    /// Finds the key and opens the sessions.
    ///
    /// `expected` is the address that every signature must recover to. Without one it is the
    /// address of the public key that the token shows.
    ///
    /// # Errors
    /// [`ErrorKind::KeyMissing`], [`ErrorKind::KeyAmbiguous`], [`ErrorKind::KeyCurve`],
    /// [`ErrorKind::PublicKeyMissing`], [`ErrorKind::AddressMismatch`].
    pub fn start(
        login: &Arc<Login>,
        selector: &KeySelector,
        expected: Option<Address>,
        options: Options,
    ) -> Result<Self, Error> {
        let info = login.key(selector)?;
        let address = match (info.address, expected) {
            (Some(own), Some(expected)) if own != expected => {
                return Err(Error::new(
                    ErrorKind::AddressMismatch,
                    format!("the key with {selector} has address {own}, not {expected}"),
                ));
            }
            (Some(address), _) | (None, Some(address)) => address,
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::PublicKeyMissing,
                    format!(
                        "the token shows no public key with {selector}: give the address it \
                         should sign for"
                    ),
                ));
            }
        };
        // The one key that was found, whatever else gets its label later.
        let selector = KeySelector { label: Some(info.label.clone()), id: Some(info.id) };
        let sessions = options.sessions.max(1);
        let (queue, jobs) = sync_channel::<Job>(sessions * 64);
        let jobs = Arc::new(Mutex::new(jobs));
        let verifier = Arc::default();
        let mut signer = Self {
            address,
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
                address,
                verifier: Arc::clone(&verifier),
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
        Ok(signer)
    }

    /// The label of the key.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Jobs that have come in and are not yet done.
    pub fn queue_depth(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Hands in a hash and returns at once, for callers that must not wait on a thread.
    ///
    /// `done` runs on a thread of this signer and must be short. It is told the signature or the
    /// error that [`Signer::sign`] would return; if the token never answers, or the signer is
    /// dropped first, it is dropped unused. Bounding the wait is the caller's part; a job that has
    /// waited longer than the deadline is not begun.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if too many jobs wait, [`ErrorKind::WorkerDied`].
    pub fn submit(
        &self,
        hash: &SigningHash,
        done: impl FnOnce(Result<CheckedSignature, Error>) + Send + 'static,
    ) -> Result<(), Error> {
        let Some(queue) = &self.queue else {
            return Err(died());
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let job = Job {
            hash: *hash,
            expires: Instant::now() + self.deadline,
            reply: Box::new(done),
            _waiting: Waiting(Arc::clone(&self.waiting)),
        };
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => self.timeout(),
            TrySendError::Disconnected(_) => died(),
        })
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

impl Signer for HsmSigner {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::Timeout`], [`ErrorKind::WrongSignature`], [`ErrorKind::SessionLost`] (the next
    /// call opens a new session), [`ErrorKind::TokenGone`], [`ErrorKind::Refused`],
    /// [`ErrorKind::WorkerDied`].
    fn sign(&self, hash: &SigningHash) -> Result<Signature, Error> {
        let (reply, answer) = sync_channel(1);
        // A caller whose deadline has passed is gone, and the signature goes with it.
        self.submit(hash, move |result| drop(reply.try_send(result)))?;
        match answer.recv_timeout(self.deadline) {
            Ok(result) => result.map(|checked| *checked.signature()),
            Err(RecvTimeoutError::Timeout) => Err(self.timeout()),
            Err(RecvTimeoutError::Disconnected) => Err(died()),
        }
    }

    fn address(&self) -> Address {
        self.address
    }
}

fn died() -> Error {
    Error::new(ErrorKind::WorkerDied, "the threads that talk to the token died")
}

impl fmt::Debug for HsmSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HsmSigner({}, {})", self.label, self.address)
    }
}

impl Drop for HsmSigner {
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
struct Worker {
    // Above the login: the session must be closed while the login still holds the module.
    open: Option<(Session, ObjectHandle)>,
    login: Arc<Login>,
    selector: KeySelector,
    address: Address,
    /// Of the key that the first sound signature shows; all workers share it.
    verifier: Arc<OnceLock<Box<Verifier>>>,
}

impl Worker {
    fn run(mut self, jobs: &Mutex<Receiver<Job>>) {
        loop {
            let job = match jobs.lock().unwrap_or_else(PoisonError::into_inner).recv() {
                Ok(job) => job,
                Err(_) => return,
            };
            if Instant::now() >= job.expires {
                continue;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| self.sign(&job.hash)));
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
                let key = find_key(&session, &self.selector)?;
                (session, key.handle)
            }
        };
        Ok(self.open.insert(open))
    }

    fn sign(&mut self, hash: &SigningHash) -> Result<CheckedSignature, Error> {
        let result = self.sign_once(hash);
        result.map_err(|error| match error.kind() {
            // A wrong answer says nothing against the session.
            ErrorKind::WrongSignature => error,
            _ => {
                self.open = None;
                self.login.explain_lost(error)
            }
        })
    }

    /// The signature, if it is the key's.
    fn checked(
        &self,
        hash: &SigningHash,
        rs: &[u8; 64],
    ) -> Result<CheckedSignature, opsign_core::Error> {
        if let Some(verifier) = self.verifier.get() {
            return verifier.finish(hash, rs);
        }
        let checked = CheckedSignature::from_token(hash, rs, &self.address)?;
        let key = checked.signature().recover(hash)?;
        self.verifier.get_or_init(|| Box::new(Verifier::new(&key)));
        Ok(checked)
    }

    fn sign_once(&mut self, hash: &SigningHash) -> Result<CheckedSignature, Error> {
        let (session, key) = self.open()?;
        let bytes = session.sign(&Mechanism::Ecdsa, *key, hash.as_bytes())?;
        let wrong = |detail: String| {
            Error::new(
                ErrorKind::WrongSignature,
                format!("the token gave a wrong signature, which was not released: {detail}"),
            )
        };
        let rs = bytes
            .first_chunk::<64>()
            .filter(|_| bytes.len() == 64)
            .ok_or_else(|| wrong(format!("{} bytes instead of 64", bytes.len())))?;
        self.checked(hash, rs).map_err(|error| wrong(error.to_string()))
    }
}
