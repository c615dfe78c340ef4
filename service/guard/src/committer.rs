//! The thread that makes records durable: one write and one sync for all that has come since the
//! last. While it syncs, the next batch forms; an idle guard's first request waits for nobody.

use std::sync::Arc;

use crate::anchor::AnchorValue;
use crate::crash::crash_point;
use crate::decision::Failure;
use crate::engine::Inner;
use crate::figures::Counters;
use crate::store::{OpenedLog, OpenedPlace};

pub(crate) fn run(inner: &Arc<Inner>, place: OpenedPlace) {
    let _end = CloseAtEnd(inner);
    match place {
        OpenedPlace::Own(opened) => commit(inner, opened),
        OpenedPlace::Shared(mut replica) => replica.run(inner),
    }
}

/// However this thread ends, by a failure, an order or a bug: nobody is left waiting for it.
struct CloseAtEnd<'a>(&'a Inner);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close(Failure::StoreClosed);
    }
}

fn commit(inner: &Arc<Inner>, mut opened: OpenedLog) {
    let durable = inner.lock().durable;
    opened.checkpointer.durable(inner, durable);
    loop {
        let batch = inner.next_batch();
        if !batch.cells.is_empty() {
            if opened.log.append(&batch.cells).is_err() {
                // ENOSPC and its like: nothing is known to be durable, and nothing is released.
                return;
            }
            crash_point("record written");
            Counters::add(&inner.counters.batches, 1);
        }
        if batch.sync || batch.stop {
            if let Err(error) = opened.log.sync() {
                // The system may have dropped the pages it failed to write, and would report
                // success the next time.
                (inner.on_sync_failure)(&error);
                return;
            }
            crash_point("record synced");
            Counters::add(&inner.counters.syncs, 1);
            let (store, sequence, link) = (opened.store, batch.last, batch.link);
            let value = AnchorValue { store, sequence, link, cluster: None };
            match opened.keeper.keep(&value, batch.stop) {
                Ok(saved) => Counters::add(&inner.counters.anchored, u64::from(saved)),
                Err(_) => return,
            }
            crash_point("batch durable");
            inner.durable(batch.last);
            crash_point("batch answered");
            opened.checkpointer.durable(inner, batch.last);
        }
        if batch.stop {
            return;
        }
    }
}
