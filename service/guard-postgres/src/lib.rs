//! The guard's record in PostgreSQL, shared by several signers.
//!
//! ```no_run
//! use opsign_guard::{Guard, Store};
//! use opsign_guard_postgres::{Address, Postgres};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let address = Address {
//!     url: "postgres://opsign@db.example/guard".into(),
//!     password_file: Some("password".into()),
//!     ca: Some("ca.pem".into()),
//! };
//! let database = Postgres::new(&address)?;
//! let store = Store::shared(Box::new(database), Postgres::PATIENCE);
//! let guard = Guard::open(store, 1_700_000_000_000)?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `record_place.rs` | where a record is: there, or in a folder |
//! | `address.rs` | where the database is, and what is not let through |
//! | `tls.rs` | rustls for tokio-postgres |
//! | `connection.rs` | one connection and the statements on it |
//! | `ledger.rs` | the guard's [`Ledger`](opsign_guard::Ledger) on top of it |
//! | `schema.sql` | the tables |
#![forbid(unsafe_code)]

mod address;
mod connection;
mod ledger;
mod record_place;
mod tls;

pub use address::{Address, BadAddress};
pub use ledger::Postgres;
pub use record_place::RecordPlace;
