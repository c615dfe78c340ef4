//! What operators change in a running guard, as records.

use crate::engine::{Core, Inner};
use crate::error::StoreError;
use crate::hex::Hex;
use crate::record::Record;
use crate::scope::{Client, Scope};
use crate::ticket::Ticket;

/// A change of one scope at a time in milliseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) scope: Scope,
    pub(crate) at: u64,
    pub(crate) what: What,
}

/// What changes.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The lease goes to a client: at once, or from a slot on.
    Lease { to: Client, from: Option<u64> },
    /// The floor rises.
    Floor(u64),
    /// A reorg ticket is issued.
    Ticket(Ticket),
    /// A reorg ticket that was not used is taken back. On record it is used up by a block above all.
    Revoke(Hex<16>),
    /// A scope whose rate was exceeded may sign new digests again.
    Unlatch,
}

impl Change {
    /// Puts the change behind the last record.
    pub(crate) fn write(&self, inner: &Inner, core: &mut Core) -> Result<(), StoreError> {
        let (scope, at) = (inner.number(core, &self.scope)?, self.at);
        let record = match &self.what {
            What::Lease { to, from } => lease(inner, core, scope, at, to, *from)?,
            What::Floor(floor) => {
                let stands = core.state.scopes[scope as usize].floor;
                if *floor < stands {
                    return Err(StoreError::FloorLowered { floor: stands });
                }
                Record::Floor { scope, at, floor: *floor }
            }
            What::Ticket(ticket) => Record::Ticket { scope, at, ticket: ticket.clone() },
            What::Revoke(ticket) => {
                let tickets = &core.state.scopes[scope as usize].tickets;
                if !tickets.iter().any(|open| open.id == *ticket) {
                    return Err(StoreError::UnknownTicket { ticket: ticket.to_string() });
                }
                Record::Redeem { scope, at, ticket: *ticket, fork: u64::MAX }
            }
            What::Unlatch => Record::Latch { scope, at, on: false },
        };
        inner.append(core, &record, true)
    }
}

/// Below `from` whoever would get the next slot keeps it. Ends the scope's draining: who comes
/// from now on is judged by the new lease.
fn lease(
    inner: &Inner,
    core: &mut Core,
    scope: u32,
    at: u64,
    to: &Client,
    from: Option<u64>,
) -> Result<Record, StoreError> {
    let holder = inner.client(core, to)?;
    core.draining.remove(&scope);
    let old = &core.state.scopes[scope as usize];
    let epoch = old.lease.epoch + 1;
    let next = old.tip().map_or(old.floor, |tip| tip.saturating_add(1));
    let previous = old.lease.owner(Some(next)).and_then(|client| core.state.client_id(client));
    let handover = previous.zip(from);
    Ok(Record::Lease { scope, at, epoch, holder: Some(holder), handover })
}
