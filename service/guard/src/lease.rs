//! Who may use a scope, and from which slot on.

use serde::{Deserialize, Serialize};

use crate::decision::Refusal;
use crate::scope::Client;

/// The right to use a scope. A scope without a holder is used by nobody while
/// [`Rule::Lease`](crate::Rule::Lease) is among its rules.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lease {
    /// Grows by one with every switch; 0 before the first.
    pub epoch: u64,
    /// Who holds it.
    pub holder: Option<Client>,
    /// A planned switch: slots below `from` are still the previous holder's.
    pub handover: Option<Handover>,
}

/// Two clients with one boundary between them: `[.., from)` and `[from, ..)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The client whose slots end at `from`.
    pub previous: Client,
    /// The first slot of the holder.
    pub from: u64,
}

impl Lease {
    /// Who may use `slot`; what has no slot is the holder's.
    pub(crate) fn owner(&self, slot: Option<u64>) -> Option<&Client> {
        match (&self.handover, slot) {
            (Some(handover), Some(slot)) if slot < handover.from => Some(&handover.previous),
            _ => self.holder.as_ref(),
        }
    }

    pub(crate) fn check(&self, client: &Client, slot: Option<u64>) -> Result<(), Refusal> {
        if self.owner(slot) == Some(client) {
            Ok(())
        } else {
            Err(Refusal::NotHolder { epoch: self.epoch })
        }
    }
}
