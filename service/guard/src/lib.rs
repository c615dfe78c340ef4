//! The double-sign guard: decides whether a key may ever sign this, records it, then lets sign.
//!
//! ```
//! use opsign_core::{ChainId, Domain, PayloadHash, SecretKey, Signer};
//! use opsign_guard::{BlockFacts, Client, Decision, Guard, Hex, Request, RuleSet, Scope, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let (folder, now) = (temporary.path(), 1_700_000_000_000);
//! let key = SecretKey::from_bytes(&[1; 32])?;
//! let scope = Scope::blocks(&key.address(), &ChainId::from(10), &Domain::BLOCKS_V1);
//! Store::new(folder).init()?; // Once in a key's life.
//!
//! let guard = Guard::open(Store::new(folder), now)?;
//! guard.configure(scope, RuleSet::blocks_strict())?;
//! let client = Client::new("sequencer-a.example").ok_or("a name")?;
//! let block = BlockFacts {
//!     number: 7,
//!     block_hash: Hex([7; 32]),
//!     parent_hash: Hex([6; 32]),
//!     timestamp: now / 1000,
//!     l1_origin: None,
//! };
//! let request = Request::block(scope, client, now, &PayloadHash::of(b"payload"), block);
//! match guard.reserve(&request).wait() {
//!     Decision::Reserved(reservation) => {
//!         let signature = key.sign(reservation.hash())?;
//!         reservation.complete(&signature)?; // Checked, recorded, released.
//!     }
//!     Decision::Stored(_signature) => {} // The same digest again: the same signature.
//!     other => panic!("{other:?}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Reading map
//!
//! | file | what it is |
//! |---|---|
//! | `scope.rs`, `request.rs` | what is protected, and what is asked for |
//! | `decision.rs` | the answers |
//! | `rules/` | the rules, a file per kind; [`RuleSet`] puts them together |
//! | `lease.rs`, `ticket.rs`, `evidence.rs` | who may use a scope; the two ways to a second block at a height |
//! | `state.rs` | what the record comes to; where a request is judged |
//! | `engine.rs`, `committer.rs` | one lock, one writing thread |
//! | `job.rs`, `pending.rs`, `reservation.rs` | from question to answer, answers that wait, the right to sign |
//! | `admin.rs`, `change.rs`, `maintain.rs` | what operators do to a running guard, and to a record at rest |
//! | `record.rs`, `codec.rs`, `cell.rs`, `log.rs` | events, their bytes, the chain, the file |
//! | `store.rs`, `folder.rs`, `anchor.rs`, `io.rs` | the record at rest, the second memory, the seam to the system |
//! | `checkpoint.rs`, `checkpointer.rs` | what an opening starts from; the thread that makes it and checks the rest |
//! | `ledger.rs`, `shared.rs`, `turns.rs`, `queue.rs` | a record that several signers share: the seam to it, its reading, the thread that decides |
//! | `crash.rs` | where tests kill the process |
//! | `sync.rs` | the seam to locks and threads |
//!
//! No sockets, no clock and no async runtime: times are arguments, and an answer is waited for or
//! awaited. `docs/guard.md` says what each mode promises and what to do when a start is refused.
#![forbid(unsafe_code)]

mod admin;
mod anchor;
mod cell;
mod change;
mod checkpoint;
mod checkpointer;
mod codec;
mod committer;
mod crash;
mod decision;
mod engine;
mod error;
mod evidence;
mod figures;
mod folder;
mod hex;
mod io;
mod job;
mod lease;
mod ledger;
mod log;
mod maintain;
mod pending;
mod queue;
mod record;
mod request;
mod reservation;
mod rules;
mod scope;
mod shared;
mod state;
mod store;
mod sync;
mod ticket;
mod turns;

pub use admin::ScopeStatus;
pub use anchor::{Anchor, AnchorValue, FileAnchor};
pub use crash::{CRASH_POINTS, crash_point};
pub use decision::{Decision, Failure, NotReleased, Refusal};
pub use engine::Guard;
pub use error::StoreError;
pub use evidence::{ReorgEvidence, Witness};
pub use figures::Figures;
pub use hex::Hex;
pub use io::{Io, IoFile, SystemIo};
pub use lease::{Handover, Lease};
pub use ledger::{Cluster, Head, Ledger};
pub use maintain::{Export, Report};
pub use pending::Pending;
pub use record::{Record, Reserve};
pub use request::{
    BlockFacts, Facts, L1Origin, Request, Stance, StatementFacts, TransactionFacts, VoteFacts,
};
pub use reservation::Reservation;
pub use rules::{Mode, ReplacementMode, Rule, RuleSet};
pub use scope::{Client, Digest, NotAScope, Scope, ScopeKind};
pub use store::Store;
pub use ticket::Ticket;
