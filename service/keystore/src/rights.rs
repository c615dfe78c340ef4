//! What a client may do.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::kept::Kept;
use crate::key_type::KeyType;
use crate::public_key::PublicKey;

/// Something that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// Which keys there are.
    PublicKeys,
    /// A signature, but for those below.
    Sign,
    /// A VRF signature.
    Vrf,
    /// The proof that session keys are an account's.
    Ownership,
    /// A new key, or one of a seed that the client sends. For administrators.
    Generate,
}

impl Operation {
    /// Its name in config and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublicKeys => "publicKeys",
            Self::Sign => "sign",
            Self::Vrf => "vrf",
            Self::Ownership => "ownership",
            Self::Generate => "generate",
        }
    }
}

/// A client's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The key types that it sees anything of.
    pub key_types: HashSet<KeyType>,
    /// What it may ask for.
    pub operations: HashSet<Operation>,
    /// Keys that it may use beside those that were made for it.
    pub public_keys: HashSet<PublicKey>,
}

/// The rights of all clients, by the first DNS name of their certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clients(pub HashMap<String, Rights>);

impl Clients {
    /// Whether a client may do this with keys of a type.
    pub fn may(&self, client: &str, operation: Operation, key_type: KeyType) -> bool {
        self.0.get(client).is_some_and(|rights| {
            rights.operations.contains(&operation) && rights.key_types.contains(&key_type)
        })
    }

    /// Whether a key is one of a client's.
    pub fn has(&self, client: &str, kept: &Kept) -> bool {
        self.0.get(client).is_some_and(|rights| {
            kept.owner() == Some(client) || rights.public_keys.contains(kept.public())
        })
    }
}
