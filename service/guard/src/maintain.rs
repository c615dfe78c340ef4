//! What operators do to a record that no process has open: verify, export, import, compact.

use serde::{Deserialize, Serialize};

use crate::admin::ScopeStatus;
use crate::anchor::AnchorValue;
use crate::error::StoreError;
use crate::folder::Read;
use crate::hex::Hex;
use crate::ledger::Head;
use crate::log::{Header, Tail};
use crate::record::Record;
use crate::shared;
use crate::state::State;
use crate::store::{Place, Store};

/// What [`Store::verify`] found in an intact record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The record's random name.
    pub store: Hex<16>,
    /// The event that this file starts behind: 0, or where it was compacted.
    pub base: u64,
    /// The last event's sequence number.
    pub sequence: u64,
    /// The last event's link.
    pub head: Hex<32>,
    /// Whether a crash left an unfinished batch behind the end. The next opening cuts it off.
    pub torn: bool,
    /// Its scopes.
    pub scopes: Vec<ScopeStatus>,
}

/// A record in JSON: the fewest events that make its state again. `docs/guard.md` has the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Always `opsign-guard-export`.
    pub format: String,
    /// Always 1.
    pub version: u32,
    /// The random name of the record it came from.
    pub store: Hex<16>,
    /// That record's last event.
    pub sequence: u64,
    /// The link of that event.
    pub head: Hex<32>,
    /// The events.
    pub records: Vec<Record>,
}

const FORMAT: &str = "opsign-guard-export";

impl Store {
    /// Reads the whole record, checks every link, and compares it with its anchor
    /// and its checkpoint.
    ///
    /// # Errors
    /// As [`Guard::open`](crate::Guard::open).
    pub fn verify(&mut self) -> Result<Report, StoreError> {
        let (tail, state) = self.read()?;
        Ok(report(&tail, &state))
    }

    /// The record's state in a form for people and other programs. `at` is the time in milliseconds
    /// since 1970.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn export(&mut self, at: u64) -> Result<Export, StoreError> {
        let (tail, state) = self.read()?;
        Ok(Export {
            format: FORMAT.into(),
            version: 1,
            store: Hex(tail.header.store),
            sequence: tail.sequence,
            head: Hex(tail.link),
            records: state.snapshot(at),
        })
    }

    /// Reads all of the record. Signers that share it go on meanwhile.
    fn read(&mut self) -> Result<(Tail, State), StoreError> {
        match &mut self.place {
            Place::Own(folder) => {
                let _lock = folder.lock()?;
                let read = folder.read_checked(&mut self.keeper)?;
                Ok((read.tail, read.state))
            }
            Place::Shared(ledger) => {
                let (head, _) = shared::check(&mut **ledger, &mut self.keeper)?;
                Ok((head.tail(), shared::read(&mut **ledger, &head)?))
            }
        }
    }

    /// Makes a new record that starts where an export ends. The signer that the export came from
    /// must never sign again with these keys.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::BadExport`].
    pub fn import(&mut self, export: &Export) -> Result<(), StoreError> {
        let bad = |detail: String| StoreError::BadExport { detail };
        if export.format != FORMAT || export.version != 1 {
            return Err(bad(format!("it is not of the form {FORMAT} version 1")));
        }
        let mut state = State::default();
        for (at, record) in export.records.iter().enumerate() {
            state
                .apply(record)
                .ok_or_else(|| bad(format!("record {at} contradicts those before")))?;
        }
        self.init_with(&export.records)
    }

    /// Replaces the record by one that remembers the same and starts where it ended. The old file
    /// stays beside it as `log-SEQUENCE`, for the archive: its last link is the new one's first. Of
    /// a shared record the old cells stay in their table, and signers go on.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn compact(&mut self, at: u64) -> Result<Report, StoreError> {
        match &mut self.place {
            Place::Own(folder) => {
                let _lock = folder.lock()?;
                let Read { file, tail, state } = folder.read_checked(&mut self.keeper)?;
                folder.archive(&*file, &tail)?;
                // From here on the anchor holds the one link that both files know.
                self.keeper.save(&AnchorValue::own(&tail))?;
                let new = folder.replace(&continued(&tail), &state.snapshot(at))?;
                self.keeper.save(&AnchorValue::own(&new))?;
            }
            Place::Shared(ledger) => {
                let (head, state) = shared::begin_checked(&mut **ledger, &mut self.keeper)?;
                let mut tail = continued(&head.tail()).tail();
                let cells = tail.extend(&state.snapshot(at))?;
                ledger.commit(&cells, &Head::of(&tail, head.cluster))?;
            }
        }
        self.verify()
    }
}

/// The header of a record that goes on where another ends.
const fn continued(tail: &Tail) -> Header {
    Header { store: tail.header.store, base: tail.sequence, base_link: tail.link }
}

fn report(tail: &Tail, state: &State) -> Report {
    Report {
        store: Hex(tail.header.store),
        base: tail.header.base,
        sequence: tail.sequence,
        head: Hex(tail.link),
        torn: tail.torn,
        scopes: state.scopes.iter().map(|scope| ScopeStatus::of(scope, None)).collect(),
    }
}
