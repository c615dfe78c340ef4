//! The keystore: who asks for what, what it says, whether the guard lets it, and the signature.
//! Knows no sockets and no protobuf but the payload's.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use opsign_guard::crash_point;
use opsign_hsm::{Ed25519, TokenKey};
use tokio::time::Instant;

use crate::kept::{Kept, NotSigned};
use crate::key_folder::{Held, KeyFolder};
use crate::key_type::KeyType;
use crate::message::{Asked, Claim, NotUnderstood, understand};
use crate::protection::{Protection, Stop};
use crate::proto::RemoteKeystorePayload;
use crate::public_key::PublicKey;
use crate::rights::Operation;
use crate::scheme::Scheme;
use crate::seed::BadSeed;
use crate::session_key::{Faulty, SessionKey};
use crate::settings::Settings;
use crate::transcript::{NoTranscript, Transcripts, VrfItem, VrfSignature};

/// Keys by what they are for.
type Keys = HashMap<(KeyType, PublicKey), Arc<Kept>>;

/// The keystore.
pub(crate) struct Keystore {
    keys: ArcSwap<Keys>,
    folder: KeyFolder,
    /// Keys in tokens, which stay as they are.
    tokens: Vec<Arc<Kept>>,
    /// Held while keys are added, so that none is lost between two who do.
    adding: Mutex<()>,
    settings: ArcSwap<Settings>,
    transcripts: Transcripts,
    pub(crate) protection: Protection,
}

/// Why there is no signature.
#[derive(Debug)]
pub(crate) enum Denied {
    /// The client may not do this with keys of this type.
    NotAllowed(Operation),
    /// Keys of this type do not sign so.
    NotSupported,
    /// The client has no such key.
    NoSuchKey,
    /// The message is not signed.
    NotUnderstood(NotUnderstood),
    /// The transcript is not signed.
    NoTranscript(NoTranscript),
    /// The guard does not let it, or has no answer.
    Stopped(Stop),
    /// The machine is faulty, or the key's token.
    Faulty(Faulty),
    /// The key's token cannot sign now, or not in time.
    TokenAway(String),
    /// The seed gives no key.
    BadSeed(BadSeed),
    /// The key cannot be kept, or may not be.
    NotKept(String),
}

impl Denied {
    /// A name for metrics and logs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "not_allowed",
            Self::NotSupported => "not_supported",
            Self::NoSuchKey => "no_such_key",
            Self::NotUnderstood(what) => what.name(),
            Self::NoTranscript(_) => "no_transcript",
            Self::Stopped(stop) => stop.name(),
            Self::Faulty(_) => "faulty",
            Self::TokenAway(_) => "token_away",
            Self::BadSeed(_) => "bad_seed",
            Self::NotKept(_) => "not_kept",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed(operation) => {
                write!(f, "the client may not do {} with keys of this type", operation.name())
            }
            Self::NotSupported => f.write_str("keys of this type are not used like this"),
            Self::NoSuchKey => f.write_str("the client has no such key"),
            Self::NotUnderstood(what) => write!(f, "{what}"),
            Self::NoTranscript(what) => write!(f, "{what}"),
            Self::Stopped(stop) => write!(f, "{stop}"),
            Self::Faulty(fault) => write!(f, "{fault}"),
            Self::TokenAway(what) => write!(f, "key unavailable: {what}"),
            Self::BadSeed(what) => write!(f, "{what}"),
            Self::NotKept(what) => f.write_str(what),
        }
    }
}

impl From<NotSigned> for Denied {
    fn from(not_signed: NotSigned) -> Self {
        match not_signed {
            NotSigned::NotSupported => Self::NotSupported,
            NotSigned::Faulty(fault) => Self::Faulty(fault),
            NotSigned::Away(what) => Self::TokenAway(what),
        }
    }
}

/// What is to be signed, and by whom it is asked.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) client: &'a str,
    pub(crate) key_type: KeyType,
    pub(crate) deadline: Instant,
}

/// A message to be signed.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) prehashed: bool,
    pub(crate) payload: Option<&'a RemoteKeystorePayload>,
}

/// A signature, and what it says.
pub(crate) struct Signed {
    pub(crate) signature: Vec<u8>,
    pub(crate) claim: Claim,
    /// In `observe`, what would have forbidden it.
    pub(crate) against: Option<Stop>,
}

impl Keystore {
    /// Reads the folder's keys, and takes those in tokens.
    pub(crate) fn new(
        folder: KeyFolder,
        tokens: Vec<Kept>,
        settings: Settings,
        transcripts: Transcripts,
        protection: Protection,
    ) -> Result<Self, String> {
        let tokens: Vec<_> = tokens.into_iter().map(Arc::new).collect();
        let keys = read(&folder, &tokens, &settings)?;
        Ok(Self {
            keys: ArcSwap::from_pointee(keys),
            folder,
            tokens,
            adding: Mutex::default(),
            settings: ArcSwap::from_pointee(settings),
            transcripts,
            protection,
        })
    }

    /// Takes other settings, reads the folder anew, and tries tokens again that refused the PIN. On
    /// an error nothing changes.
    pub(crate) fn reload(&self, settings: Settings) -> Result<(), String> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = read(&self.folder, &self.tokens, &settings)?;
        self.tokens().for_each(TokenKey::retry);
        self.settings.store(Arc::new(settings));
        self.keys.store(Arc::new(keys));
        Ok(())
    }

    /// All keys, in no order.
    pub(crate) fn keys(&self) -> Vec<Arc<Kept>> {
        self.keys.load().values().cloned().collect()
    }

    /// The keys in tokens.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &Arc<TokenKey<Ed25519>>> {
        self.tokens.iter().filter_map(|kept| kept.token())
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.load().len()
    }

    /// A client's keys of a type and scheme, in the order of their bytes.
    pub(crate) fn public_keys(
        &self,
        call: &Call<'_>,
        scheme: Scheme,
    ) -> Result<Vec<PublicKey>, Denied> {
        self.allow(call, Operation::PublicKeys)?;
        let (keys, settings) = (self.keys.load(), self.settings.load());
        let mut found: Vec<_> = keys
            .iter()
            .filter(|((key_type, public), held)| {
                *key_type == call.key_type
                    && public.scheme() == scheme
                    && settings.clients.has(call.client, held)
            })
            .map(|((_, public), _)| *public)
            .collect();
        found.sort();
        Ok(found)
    }

    /// Makes a key, or takes one from a seed. It is the client's who asked.
    pub(crate) fn generate(
        &self,
        call: &Call<'_>,
        scheme: Scheme,
        seed: &str,
    ) -> Result<PublicKey, Denied> {
        self.allow(call, Operation::Generate)?;
        let key_type = call.key_type;
        if key_type.duty().is_none() && !self.settings.load().raw.contains(&key_type) {
            return Err(Denied::NotSupported);
        }
        let key = if seed.is_empty() {
            SessionKey::generate(key_type, scheme)
        } else {
            SessionKey::from_seed(key_type, scheme, seed)
        };
        let key = key.map_err(Denied::BadSeed)?;
        let public = *key.public();
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys = Keys::clone(&self.keys.load());
        if let Some(held) = keys.get(&(key_type, public)) {
            // A node that asks for the key of a seed again gets the same answer.
            let same = self.settings.load().clients.has(call.client, held);
            let what = "the key is another client's";
            return if same { Ok(public) } else { Err(Denied::NotKept(what.into())) };
        }
        check_sharing(keys.keys(), &(key_type, public), &self.settings.load())
            .map_err(Denied::NotKept)?;
        self.folder
            .add(&key, Some(call.client))
            .map_err(|error| Denied::NotKept(error.to_string()))?;
        let held = Held { key, owner: Some(call.client.to_owned()) };
        keys.insert((key_type, public), Arc::new(Kept::in_folder(held)));
        self.keys.store(Arc::new(keys));
        Ok(public)
    }

    /// Signs a message with a key.
    pub(crate) async fn sign(
        &self,
        call: &Call<'_>,
        public: &PublicKey,
        message: &Message<'_>,
    ) -> Result<Signed, Denied> {
        let settings = self.settings.load_full();
        // A client that may only prove ownership gets past here, too.
        let mut allowed = self.allow(call, Operation::Sign);
        if allowed.is_err() {
            allowed = self.allow(call, Operation::Ownership);
        }
        allowed?;
        let held = self.find(call, public)?;
        let raw = settings.raw.contains(&call.key_type);
        if call.key_type.duty().is_none() && !raw {
            return Err(Denied::NotSupported);
        }
        if message.prehashed && public.scheme() != Scheme::Ecdsa {
            return Err(Denied::NotSupported);
        }
        let claim = understand(&Asked {
            key_type: call.key_type,
            message: message.bytes,
            prehashed: message.prehashed,
            payload: message.payload,
            raw,
        })
        .map_err(Denied::NotUnderstood)?;
        let operation =
            if claim == Claim::Ownership { Operation::Ownership } else { Operation::Sign };
        self.allow(call, operation)?;
        let against = self
            .protection
            .permit(&held, call.client, message.bytes, &claim, call.deadline)
            .await
            .map_err(Denied::Stopped)?;
        crash_point("key asked");
        let signature = if message.prehashed {
            let hash = message.bytes.try_into();
            let hash = hash.map_err(|_| Denied::NotUnderstood(NotUnderstood::NotAHash))?;
            held.sign_prehashed(hash)?
        } else {
            held.sign(message.bytes, call.deadline).await?
        };
        crash_point("key answered");
        Ok(Signed { signature, claim, against })
    }

    /// Makes a VRF signature.
    pub(crate) fn vrf_sign(
        &self,
        call: &Call<'_>,
        public: &PublicKey,
        label: &str,
        items: &[VrfItem],
    ) -> Result<VrfSignature, Denied> {
        self.allow(call, Operation::Vrf)?;
        let held = self.find(call, public)?;
        let transcript = self.transcripts.build(label, items);
        let transcript = transcript.map_err(Denied::NoTranscript)?;
        held.vrf_sign(transcript).ok_or(Denied::NotSupported)
    }

    /// Whether a client has a key.
    pub(crate) fn has(&self, call: &Call<'_>, public: &PublicKey) -> bool {
        self.find(call, public).is_ok()
    }

    fn allow(&self, call: &Call<'_>, operation: Operation) -> Result<(), Denied> {
        let may = self.settings.load().clients.may(call.client, operation, call.key_type);
        if may { Ok(()) } else { Err(Denied::NotAllowed(operation)) }
    }

    fn find(&self, call: &Call<'_>, public: &PublicKey) -> Result<Arc<Kept>, Denied> {
        let held = self.keys.load().get(&(call.key_type, *public)).cloned();
        let its = |held: &Arc<Kept>| self.settings.load().clients.has(call.client, held);
        held.filter(its).ok_or(Denied::NoSuchKey)
    }
}

fn read(folder: &KeyFolder, tokens: &[Arc<Kept>], settings: &Settings) -> Result<Keys, String> {
    let mut keys = Keys::new();
    let held = folder.keys().map_err(|error| error.to_string())?;
    let held = held.into_iter().map(|held| Arc::new(Kept::in_folder(held)));
    for kept in held.chain(tokens.iter().cloned()) {
        let name = (kept.key_type(), *kept.public());
        check_sharing(keys.keys(), &name, settings)?;
        if keys.insert(name, kept).is_some() {
            let (key_type, public) = name;
            return Err(format!("{public} of type {key_type} is in two places: leave one of them"));
        }
    }
    Ok(keys)
}

/// One public key of two types could sign as one what the rules of the other forbid: a key that may
/// sign anything for `imon` would seal blocks that `babe` may not.
fn check_sharing<'a>(
    mut keys: impl Iterator<Item = &'a (KeyType, PublicKey)>,
    new: &(KeyType, PublicKey),
    settings: &Settings,
) -> Result<(), String> {
    let (key_type, public) = new;
    match keys.find(|(other, there)| there == public && other != key_type) {
        Some((other, _)) if !settings.shared_keys => Err(format!(
            "{public} is a key of type {other} and would be one of type {key_type}, and could sign \
             as one what it may not as the other; keys.allowShared lets test chains do that"
        )),
        _ => Ok(()),
    }
}
