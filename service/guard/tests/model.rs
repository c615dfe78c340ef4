//! Random histories give the same decisions in the engine as in a model of a few lines, across
//! restarts, compactions, and a move by export and import: on a record of one's own, and on one
//! that three signers share. `service/guard-postgres/tests` does the same in PostgreSQL.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::disk::Disk;
use common::ledger::Database;
use common::traces::{Met, Place, run};
use opsign_guard::Store;

const TRACES: u64 = 400;

impl Place for Disk {
    fn store(&self) -> Store {
        Store::with_io("/g", self.io())
    }

    fn renew(&mut self) {
        *self = Self::default();
    }
}

/// A disk on which nearly every start is from a checkpoint.
#[derive(Default)]
struct Checkpointed(Disk);

impl Place for Checkpointed {
    fn store(&self) -> Store {
        self.0.store().checkpoint_every(2)
    }

    fn renew(&mut self) {
        self.0.renew();
    }
}

impl Place for Database {
    fn store(&self) -> Store {
        Self::store(self)
    }

    fn renew(&mut self) {
        *self = Self::default();
    }
}

fn compare<P: Place + Default>(signers: usize) {
    let mut met = Met::default();
    for trace in 0..TRACES {
        run(&mut P::default(), trace, signers, &mut met);
    }
    println!("{met:?}");
    assert!(met.signed > 3_000 && met.refused > 3_000 && met.restarts > 500, "{met:?}");
}

#[test]
fn engine_and_model_decide_alike() {
    compare::<Disk>(1);
}

#[test]
fn engine_and_model_decide_alike_from_checkpoints() {
    compare::<Checkpointed>(1);
}

#[test]
fn three_signers_on_one_record_and_model_decide_alike() {
    compare::<Database>(3);
}
