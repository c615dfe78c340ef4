//! What a running keystore can be given anew.

use std::collections::HashSet;

use crate::key_type::KeyType;
use crate::rights::Clients;

/// Rights and what is signed at all.
pub(crate) struct Settings {
    pub(crate) clients: Clients,
    /// Key types that sign what is not understood.
    pub(crate) raw: HashSet<KeyType>,
    /// Whether one key may be of two types.
    pub(crate) shared_keys: bool,
}
