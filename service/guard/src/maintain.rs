//! What operators do to a record that no process has open: verify, export, import, compact.

use serde::{Deserialize, Serialize};

use crate::admin::ScopeStatus;
use crate::error::StoreError;
use crate::hex::Hex;
use crate::log::{self, Header};
use crate::record::Record;
use crate::state::State;
use crate::store::Store;

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
    /// Reads the whole record, checks every link, and compares it with its anchor.
    ///
    /// # Errors
    /// As [`Guard::open`](crate::Guard::open).
    pub fn verify(&mut self) -> Result<Report, StoreError> {
        let _lock = self.lock()?;
        let (_, tail, state) = self.read_checked()?;
        Ok(Report {
            store: Hex(tail.header.store),
            base: tail.header.base,
            sequence: tail.sequence,
            head: Hex(tail.link),
            torn: tail.torn,
            scopes: state.scopes.iter().map(|scope| ScopeStatus::of(scope, None)).collect(),
        })
    }

    /// The record's state in a form for people and other programs. `at` is the time in milliseconds
    /// since 1970.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn export(&mut self, at: u64) -> Result<Export, StoreError> {
        let _lock = self.lock()?;
        let (_, tail, state) = self.read_checked()?;
        Ok(Export {
            format: FORMAT.into(),
            version: 1,
            store: Hex(tail.header.store),
            sequence: tail.sequence,
            head: Hex(tail.link),
            records: state.snapshot(at),
        })
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
    /// stays beside it as `log-SEQUENCE`, for the archive: its last link is the new one's first.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn compact(&mut self, at: u64) -> Result<Report, StoreError> {
        {
            let _lock = self.lock()?;
            let (file, tail, state) = self.read_checked()?;
            let failed = StoreError::io("copying the record to its archive");
            let len = (tail.sequence - tail.header.base + 1) * crate::cell::CELL as u64;
            let archive = self.folder.join(format!("log-{}", tail.sequence));
            self.io.remove(&archive).map_err(&failed)?;
            let mut copy = self.io.create(&archive).map_err(&failed)?;
            let mut offset = 0;
            let mut piece = vec![0; 1 << 20];
            while offset < len {
                let room = piece.len().min((len - offset) as usize);
                file.read(offset, &mut piece[..room]).map_err(&failed)?;
                copy.write(offset, &piece[..room]).map_err(&failed)?;
                offset += room as u64;
            }
            copy.sync().map_err(&failed)?;
            self.io.sync_dir(&self.folder).map_err(&failed)?;
            // From here on the anchor holds the one link that both files know.
            self.save_anchor(&tail)?;
            let header =
                Header { store: tail.header.store, base: tail.sequence, base_link: tail.link };
            let new = log::create(&self.io, &self.folder, &header, &state.snapshot(at))?;
            self.save_anchor(&new)?;
        }
        self.verify()
    }
}
