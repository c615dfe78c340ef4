//! An answer that comes later: waited for by a thread, or awaited by any async runtime.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::decision::Decision;
use crate::sync::{Condvar, Mutex, MutexGuard};

/// An answer, now or once it is durable: the decision on a request, unless another is named.
///
/// Dropping it gives the answer up: a reservation that it would have brought stays on record, and
/// goes to whoever asks next for the same digest.
#[must_use]
pub struct Pending<T = Decision>(Arc<Shared<T>>);

/// The other end. Every promise is kept: one that is dropped gives the answer it was made with.
pub(crate) struct Promise<T = Decision> {
    shared: Arc<Shared<T>>,
    abandoned: fn() -> T,
}

struct Shared<T> {
    answer: Mutex<Answer<T>>,
    ready: Condvar,
}

struct Answer<T> {
    value: Option<T>,
    /// Whether a value was given, even if it has been taken since.
    kept: bool,
    waker: Option<Waker>,
}

/// Both ends. `abandoned` is the answer if the promise is dropped.
pub(crate) fn pending<T>(abandoned: fn() -> T) -> (Promise<T>, Pending<T>) {
    let answer = Mutex::new(Answer { value: None, kept: false, waker: None });
    let shared = Arc::new(Shared { answer, ready: Condvar::new() });
    (Promise { shared: shared.clone(), abandoned }, Pending(shared))
}

impl<T> Pending<T> {
    /// Waits for the answer.
    #[must_use = "a decision may be a reservation"]
    pub fn wait(self) -> T {
        let mut answer = lock(&self.0.answer);
        loop {
            match answer.value.take() {
                Some(value) => return value,
                None => {
                    answer = self.0.ready.wait(answer).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Waits for the answer for at most `time`; afterwards it is given up.
    #[must_use = "a decision may be a reservation"]
    pub fn wait_for(self, time: Duration) -> Option<T> {
        let waiting = |answer: &mut Answer<T>| answer.value.is_none();
        let answer = lock(&self.0.answer);
        let (mut answer, _) = (self.0.ready.wait_timeout_while(answer, time, waiting))
            .unwrap_or_else(PoisonError::into_inner);
        answer.value.take()
    }
}

impl<T> Future for Pending<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut answer = lock(&self.0.answer);
        match answer.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                answer.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

impl<T> Promise<T> {
    /// Gives the answer. Never called under the engine's lock: if nobody waits any more, the
    /// answer is dropped with the last end, and a dropped reservation takes that lock.
    pub(crate) fn keep(self, value: T) {
        self.put(|| value);
    }

    fn put(&self, value: impl FnOnce() -> T) {
        let waker = {
            let mut answer = lock(&self.shared.answer);
            if std::mem::replace(&mut answer.kept, true) {
                return;
            }
            answer.value = Some(value());
            answer.waker.take()
        };
        self.shared.ready.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.put(self.abandoned);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
