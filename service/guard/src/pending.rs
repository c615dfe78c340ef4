//! An answer that comes later: waited for by a thread, or awaited by any async runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::decision::{Decision, Failure};

/// The decision on a request, now or once it is durable.
///
/// Dropping it gives the request up: a reservation that it would have brought stays on record, and
/// goes to whoever asks next for the same digest.
#[derive(Debug)]
#[must_use]
pub struct Pending(Arc<Shared>);

/// The other end. Every promise is kept: one that is dropped says that the guard has stopped.
#[derive(Debug)]
pub(crate) struct Promise(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    answer: Mutex<Answer>,
    ready: Condvar,
}

#[derive(Debug, Default)]
struct Answer {
    decision: Option<Decision>,
    /// Whether a decision was given, even if it has been taken since.
    kept: bool,
    waker: Option<Waker>,
}

pub(crate) fn pending() -> (Promise, Pending) {
    let shared = Arc::new(Shared::default());
    (Promise(shared.clone()), Pending(shared))
}

impl Pending {
    /// Waits for the decision.
    #[must_use = "the decision may be a reservation"]
    pub fn wait(self) -> Decision {
        let mut answer = lock(&self.0.answer);
        loop {
            match answer.decision.take() {
                Some(decision) => return decision,
                None => {
                    answer = self.0.ready.wait(answer).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Waits for the decision for at most `time`; afterwards the request is given up.
    #[must_use = "the decision may be a reservation"]
    pub fn wait_for(self, time: Duration) -> Option<Decision> {
        let waiting = |answer: &mut Answer| answer.decision.is_none();
        let answer = lock(&self.0.answer);
        let (mut answer, _) = (self.0.ready.wait_timeout_while(answer, time, waiting))
            .unwrap_or_else(PoisonError::into_inner);
        answer.decision.take()
    }
}

impl Future for Pending {
    type Output = Decision;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Decision> {
        let mut answer = lock(&self.0.answer);
        match answer.decision.take() {
            Some(decision) => Poll::Ready(decision),
            None => {
                answer.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Promise {
    /// Gives the answer. Never called under the engine's lock: if nobody waits any more, the
    /// decision is dropped with the last end, and a dropped reservation takes that lock.
    pub(crate) fn keep(self, decision: Decision) {
        self.put(decision);
    }

    fn put(&self, decision: Decision) {
        let waker = {
            let mut answer = lock(&self.0.answer);
            if std::mem::replace(&mut answer.kept, true) {
                return;
            }
            answer.decision = Some(decision);
            answer.waker.take()
        };
        self.0.ready.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.put(Decision::Failed(Failure::Stopped));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
