//! Keys that are ready to sign: one in memory, or one in a token; and several of them in order.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use opsign_core::{Address, CheckedSignature, SecretKey, Signer, SigningHash, Verifier};
use opsign_hsm::{ErrorKind, HsmSigner, KeySelector, Module, Options, Pin, TokenSelector};
use opsign_keys::{DerivationPath, Passphrase};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::config::KeyLocator;
use crate::metrics::Metrics;

/// The first wait before a lost token is opened again, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Why there is no signature. Nothing was released.
#[derive(Clone, Debug)]
pub(crate) enum KeyError {
    /// The key's backend cannot sign now.
    Unavailable(String),
    /// A backend gave a signature that is not the key's.
    Wrong(String),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(what) => write!(f, "key unavailable: {what}"),
            Self::Wrong(what) => write!(f, "wrong signature, not released: {what}"),
        }
    }
}

/// Why a key could not be opened.
#[derive(Debug)]
pub(crate) struct OpenError {
    pub(crate) trouble: Trouble,
    pub(crate) what: String,
}

/// Whether trying again helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It may: the token is away or does not answer.
    Away,
    /// It harms: every wrong PIN brings a token nearer to its lock.
    Pin,
    /// Only after somebody has mended the config, the file or the token.
    Wrong,
}

impl OpenError {
    fn wrong(what: impl Into<String>) -> Self {
        Self { trouble: Trouble::Wrong, what: what.into() }
    }
}

impl From<opsign_hsm::Error> for OpenError {
    fn from(error: opsign_hsm::Error) -> Self {
        let trouble = match error.kind() {
            ErrorKind::TokenMissing
            | ErrorKind::TokenGone
            | ErrorKind::SessionLost
            | ErrorKind::Timeout
            | ErrorKind::Refused => Trouble::Away,
            ErrorKind::PinIncorrect | ErrorKind::PinLocked | ErrorKind::PinFinalTry => Trouble::Pin,
            _ => Trouble::Wrong,
        };
        Self { trouble, what: error.to_string() }
    }
}

/// One place that holds a key.
pub(crate) struct Backend {
    name: String,
    address: Address,
    kind: Kind,
}

enum Kind {
    Local { key: Box<SecretKey>, verifier: Box<Verifier> },
    Token(Arc<TokenKey>),
}

impl Backend {
    /// Opens a key.
    ///
    /// # Errors
    /// One sentence that says what is wrong with the file, the token or the key.
    pub(crate) fn open(locator: &KeyLocator) -> Result<Self, OpenError> {
        let name = locator.to_string();
        match locator {
            KeyLocator::File { path, password_file, hd_path } => {
                let key = read_key(path, password_file.as_deref(), hd_path.as_deref())
                    .map_err(|what| OpenError::wrong(format!("key {name}: {what}")))?;
                let verifier = Box::new(Verifier::new(key.public_key()));
                Ok(Self { name, address: key.address(), kind: Kind::Local { key, verifier } })
            }
            KeyLocator::Token { .. } => {
                let signer = open_token(locator, None).map_err(|error| OpenError {
                    what: format!("key {name}: {}", error.what),
                    ..error
                })?;
                let key = TokenKey::new(locator, signer.address(), Some(signer));
                Ok(Self { name, address: key.address, kind: Kind::Token(Arc::new(key)) })
            }
        }
    }

    /// A key whose token is away, to be opened when it comes back. Another place of the same key
    /// told the address.
    pub(crate) fn away(locator: &KeyLocator, address: Address, what: &str) -> Self {
        let key = Arc::new(TokenKey::new(locator, address, None));
        drop(key.lost(what));
        Self { name: locator.to_string(), address, kind: Kind::Token(key) }
    }

    /// Why its token cannot sign, if it is known to be away.
    pub(crate) fn trouble(&self) -> Option<String> {
        match &self.kind {
            Kind::Token(key) if key.signer.load().is_none() => Some(key.last_error()),
            Kind::Local { .. } | Kind::Token(_) => None,
        }
    }

    /// Whether its token was lost and will not be tried again.
    pub(crate) fn given_up(&self) -> bool {
        match &self.kind {
            Kind::Local { .. } => false,
            Kind::Token(key) => {
                key.signer.load().is_none() && !key.reopening.load(Ordering::Acquire)
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn address(&self) -> Address {
        self.address
    }

    /// Jobs waiting for a token.
    pub(crate) fn queue_depth(&self) -> usize {
        match &self.kind {
            Kind::Local { .. } => 0,
            Kind::Token(key) => key.signer.load().as_ref().map_or(0, |signer| signer.queue_depth()),
        }
    }

    /// Signs. What comes back has been checked against the key's address: by `HsmSigner` where a
    /// token made it, which had to recover it anyway, here where we did.
    async fn sign(
        &self,
        hash: &SigningHash,
        deadline: Instant,
    ) -> Result<CheckedSignature, KeyError> {
        match &self.kind {
            Kind::Local { key, verifier } => {
                let signature =
                    key.sign(hash).map_err(|error| KeyError::Unavailable(error.to_string()))?;
                verifier
                    .check(hash, &signature)
                    .map_err(|error| KeyError::Wrong(format!("{}: {error}", self.name)))
            }
            Kind::Token(key) => key.sign(hash, deadline).await,
        }
    }
}

/// A key in a token, which may go away and come back.
struct TokenKey {
    locator: KeyLocator,
    address: Address,
    signer: ArcSwapOption<HsmSigner>,
    reopening: AtomicBool,
    last_error: Mutex<String>,
}

impl TokenKey {
    fn new(locator: &KeyLocator, address: Address, signer: Option<HsmSigner>) -> Self {
        Self {
            locator: locator.clone(),
            address,
            signer: ArcSwapOption::from_pointee(signer),
            reopening: AtomicBool::new(false),
            last_error: Mutex::new(String::new()),
        }
    }

    fn last_error(&self) -> String {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, what: &str) {
        what.clone_into(&mut self.last_error.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn sign(
        self: &Arc<Self>,
        hash: &SigningHash,
        deadline: Instant,
    ) -> Result<CheckedSignature, KeyError> {
        let Some(signer) = self.signer.load_full() else {
            return Err(KeyError::Unavailable(self.last_error()));
        };
        let (reply, answer) = oneshot::channel();
        let submitted = signer.submit(hash, move |result| drop(reply.send(result)));
        let result = match submitted {
            Ok(()) => match timeout_at(deadline, answer).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => return Err(self.lost("the signing thread is gone")),
                // The token may be slow, not gone: the sessions stay.
                Err(_) => {
                    return Err(KeyError::Unavailable("the token did not answer in time".into()));
                }
            },
            Err(error) => Err(error),
        };
        result.map_err(|error| match error.kind() {
            ErrorKind::WrongSignature => KeyError::Wrong(error.to_string()),
            ErrorKind::Timeout => KeyError::Unavailable(error.to_string()),
            _ => self.lost(&error.to_string()),
        })
    }

    /// Gives up the sessions and opens new ones in the background, again and again, unless the
    /// token refuses the PIN.
    fn lost(self: &Arc<Self>, what: &str) -> KeyError {
        self.note(what);
        if !self.reopening.swap(true, Ordering::AcqRel) {
            tracing::warn!(key = %self.locator, error = what, "a token was lost; opening it again");
            let key = Arc::downgrade(self);
            let spawned =
                std::thread::Builder::new().name("opsign-reopen".into()).spawn(move || {
                    let mut wait = RETRY.0;
                    loop {
                        // Gone with the configuration that named it.
                        let Some(key) = key.upgrade() else {
                            return;
                        };
                        // The old sessions go first: a module may know one login only.
                        key.signer.store(None);
                        match open_token(&key.locator, Some(key.address)) {
                            Ok(signer) => {
                                key.signer.store(Some(Arc::new(signer)));
                                key.reopening.store(false, Ordering::Release);
                                tracing::info!(key = %key.locator, "the token is back");
                                return;
                            }
                            Err(error) => {
                                key.note(&error.what);
                                if error.trouble == Trouble::Pin {
                                    tracing::error!(
                                        key = %key.locator,
                                        error = error.what,
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
        KeyError::Unavailable(what.to_owned())
    }
}

/// Backends that hold the same key, in the order in which they are asked.
pub(crate) struct Key {
    address: Address,
    backends: Vec<Arc<Backend>>,
    hedge: Duration,
    metrics: Arc<Metrics>,
}

impl Key {
    /// # Errors
    /// One sentence if they hold different keys.
    pub(crate) fn new(
        backends: Vec<Arc<Backend>>,
        hedge: Duration,
        metrics: Arc<Metrics>,
    ) -> Result<Self, String> {
        let Some(first) = backends.first() else {
            return Err("no key".into());
        };
        let address = first.address();
        if let Some(other) = backends.iter().find(|backend| backend.address() != address) {
            return Err(format!(
                "keys hold different addresses: {} has {address}, {} has {}",
                first.name(),
                other.name(),
                other.address()
            ));
        }
        Ok(Self { address, backends, hedge, metrics })
    }

    pub(crate) const fn address(&self) -> Address {
        self.address
    }

    pub(crate) fn backends(&self) -> &[Arc<Backend>] {
        &self.backends
    }

    /// Signs with the first backend that answers; the next one is asked when one fails, or is
    /// slower than the hedge delay.
    pub(crate) async fn sign(
        &self,
        hash: &SigningHash,
        deadline: Instant,
    ) -> Result<CheckedSignature, KeyError> {
        if let [backend] = self.backends.as_slice() {
            return self.ask(backend, hash, deadline).await;
        }
        let mut running = tokio::task::JoinSet::new();
        let mut rest = self.backends.iter();
        let mut last = KeyError::Unavailable("no backend".into());
        loop {
            let mut next = rest.next();
            if let Some(backend) = next {
                let (backend, hash) = (Arc::clone(backend), *hash);
                running.spawn(async move {
                    let start = Instant::now();
                    let result = backend.sign(&hash, deadline).await;
                    (backend, start.elapsed(), result)
                });
            }
            let hedge = Instant::now() + self.hedge;
            loop {
                let joined = if next.is_some() && rest.len() > 0 {
                    match timeout_at(hedge, running.join_next()).await {
                        Ok(joined) => joined,
                        Err(_) => break,
                    }
                } else {
                    running.join_next().await
                };
                match joined {
                    Some(Ok((backend, took, result))) => {
                        self.metrics.count_backend(&backend, took, &result);
                        match result {
                            Ok(signature) => return Ok(signature),
                            Err(error) => last = error,
                        }
                        if rest.len() > 0 {
                            break;
                        }
                    }
                    // A backend that panicked: a bug, and no reason not to ask the next one.
                    Some(Err(error)) => {
                        last = KeyError::Unavailable(error.to_string());
                        if rest.len() > 0 {
                            break;
                        }
                    }
                    None => return Err(last),
                }
                next = None;
            }
        }
    }

    async fn ask(
        &self,
        backend: &Arc<Backend>,
        hash: &SigningHash,
        deadline: Instant,
    ) -> Result<CheckedSignature, KeyError> {
        let start = Instant::now();
        let result = backend.sign(hash, deadline).await;
        self.metrics.count_backend(backend, start.elapsed(), &result);
        result
    }

    /// One signature from every backend over a hash that means nothing to anyone.
    pub(crate) async fn try_all(
        &self,
        hash: &SigningHash,
        deadline: Instant,
    ) -> Vec<(String, Result<(), KeyError>)> {
        let mut results = Vec::with_capacity(self.backends.len());
        for backend in &self.backends {
            let result = self.ask(backend, hash, deadline).await;
            results.push((backend.name().to_owned(), result.map(|_| ())));
        }
        results
    }
}

fn read_key(
    path: &Path,
    password_file: Option<&Path>,
    hd_path: Option<&str>,
) -> Result<Box<SecretKey>, String> {
    let read = |path: &Path| {
        let size = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
        if size > opsign_keys::MAX_INPUT as u64 {
            return Err(format!(
                "has {size} bytes; no key has more than {}",
                opsign_keys::MAX_INPUT
            ));
        }
        fs::read(path).map(Zeroizing::new).map_err(|error| format!("cannot be read: {error}"))
    };
    let input = read(path)?;
    let passphrase = match password_file {
        None => None,
        Some(file) => {
            let bytes =
                read(file).map_err(|what| format!("password {}: {what}", file.display()))?;
            Some(Passphrase::from_file_contents(&bytes).map_err(|error| error.to_string())?)
        }
    };
    let path: Option<DerivationPath> = hd_path
        .map(str::parse)
        .transpose()
        .map_err(|error: opsign_keys::Error| error.to_string())?;
    let options = opsign_keys::Options { passphrase: passphrase.as_ref(), path: path.as_ref() };
    let secret = opsign_keys::read(&input, &options).map_err(|error| error.to_string())?;
    Ok(secret.into_secret_key())
}

fn open_token(locator: &KeyLocator, expected: Option<Address>) -> Result<HsmSigner, OpenError> {
    let KeyLocator::Token { uri, module, pin_file, sessions, deadline_ms } = locator else {
        return Err(OpenError::wrong("no token"));
    };
    let token = match (&uri.token, &uri.serial) {
        (Some(label), _) => TokenSelector::Label(label.clone()),
        (None, Some(serial)) => TokenSelector::Serial(serial.clone()),
        (None, None) => return Err(OpenError::wrong("no token is named")),
    };
    let open = || {
        let login = Module::open(module)?.find_token(&token)?.login(&Pin::from_file(pin_file)?)?;
        if let Some(warning) = login.warning() {
            tracing::warn!(key = %locator, "{warning}");
        }
        let selector = KeySelector { label: uri.object.clone(), id: uri.id.clone() };
        let deadline = Duration::from_millis(*deadline_ms);
        HsmSigner::start(&login, &selector, expected, Options { sessions: *sessions, deadline })
    };
    Ok(open()?)
}
