//! Keys that are ready to sign: one in memory, or one in a token; and several of them in order.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opsign_core::{Address, CheckedSignature, SecretKey, Signer, SigningHash, Verifier};
use opsign_hsm::{ErrorKind, KeyPlace, Secp256k1, TokenKey};
use opsign_keys::{DerivationPath, Passphrase};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::config::KeyLocator;
use crate::metrics::Metrics;

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
pub(crate) enum OpenError {
    /// Its token is away or does not answer: trying again may help.
    Away(Box<KeyPlace>, String),
    /// Somebody has to mend the config, the file or the token.
    Wrong(String),
}

/// One place that holds a key.
pub(crate) struct Backend {
    name: String,
    address: Address,
    kind: Kind,
}

enum Kind {
    Local { key: Box<SecretKey>, verifier: Box<Verifier> },
    Token(Arc<TokenKey<Secp256k1>>),
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
                    .map_err(|what| OpenError::Wrong(format!("key {name}: {what}")))?;
                let verifier = Box::new(Verifier::new(key.public_key()));
                Ok(Self { name, address: key.address(), kind: Kind::Local { key, verifier } })
            }
            KeyLocator::Token(place) => {
                let key = TokenKey::open(place, None).map_err(|error| {
                    let what = format!("key {name}: {error}");
                    if error.is_away() {
                        OpenError::Away(Box::new(place.clone()), what)
                    } else {
                        OpenError::Wrong(what)
                    }
                })?;
                Ok(Self { name, address: *key.public(), kind: Kind::Token(key) })
            }
        }
    }

    /// A key whose token is away, to be opened when it comes back. Another place of the same key
    /// told the address.
    pub(crate) fn away(place: &KeyPlace, address: Address, what: &str) -> Self {
        let key = TokenKey::away(place, address, what);
        Self { name: place.to_string(), address, kind: Kind::Token(key) }
    }

    /// Why its token cannot sign, if it is known to be away.
    pub(crate) fn trouble(&self) -> Option<String> {
        match &self.kind {
            Kind::Local { .. } => None,
            Kind::Token(key) => key.trouble(),
        }
    }

    /// Whether its token was lost and will not be tried again.
    pub(crate) fn given_up(&self) -> bool {
        match &self.kind {
            Kind::Local { .. } => false,
            Kind::Token(key) => key.given_up(),
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
            Kind::Token(key) => key.queue_depth(),
        }
    }

    /// Signs. What comes back has been checked against the key's address: by `HsmSigner` where a
    /// token made it, which had to recover it anyway, here where we did. `second_opinion`: where its
    /// time is counted, if k256 is to be asked as well.
    async fn sign(
        &self,
        hash: &SigningHash,
        deadline: Instant,
        second_opinion: Option<&Metrics>,
    ) -> Result<CheckedSignature, KeyError> {
        let checked = self.sign_and_check(hash, deadline).await?;
        if let Some(metrics) = second_opinion {
            let start = Instant::now();
            let opinion = checked.ask_k256();
            let took = start.elapsed().as_secs_f64();
            metrics.second_opinion.with_label_values(&[&self.name]).observe(took);
            opinion.map_err(|error| {
                KeyError::Wrong(format!("{}: k256 does not agree: {error}", self.name))
            })?;
        }
        Ok(checked)
    }

    async fn sign_and_check(
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
            Kind::Token(key) => {
                key.sign(hash, deadline).await.map_err(|error| match error.kind() {
                    ErrorKind::WrongSignature => KeyError::Wrong(error.to_string()),
                    _ => KeyError::Unavailable(error.to_string()),
                })
            }
        }
    }
}

/// Backends that hold the same key, in the order in which they are asked.
pub(crate) struct Key {
    address: Address,
    backends: Vec<Arc<Backend>>,
    hedge: Duration,
    second_opinion: bool,
    metrics: Arc<Metrics>,
}

impl Key {
    /// # Errors
    /// One sentence if they hold different keys.
    pub(crate) fn new(
        backends: Vec<Arc<Backend>>,
        hedge: Duration,
        second_opinion: bool,
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
        Ok(Self { address, backends, hedge, second_opinion, metrics })
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
                let second_opinion = self.second_opinion.then(|| Arc::clone(&self.metrics));
                running.spawn(async move {
                    let start = Instant::now();
                    let result = backend.sign(&hash, deadline, second_opinion.as_deref()).await;
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
        let second_opinion = self.second_opinion.then_some(&*self.metrics);
        let result = backend.sign(hash, deadline, second_opinion).await;
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
