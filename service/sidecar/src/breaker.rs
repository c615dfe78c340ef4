//! When a builder is not asked: after failures in a row, until one try succeeds.

use std::time::{Duration, Instant};

/// Slots in a row that may go wrong.
const PATIENCE: u32 = 3;

/// A circuit breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    failures: u32,
    /// Open until then; half open afterwards, until a try succeeds.
    open_until: Option<Instant>,
    pause: Duration,
}

impl Breaker {
    /// One that stays open for `pause` before each try.
    pub(crate) const fn new(pause: Duration) -> Self {
        Self { failures: 0, open_until: None, pause }
    }

    /// Whether a try may be made. Half open, one may in each pause.
    pub(crate) fn lets_through(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.open_until = Some(now + self.pause);
                true
            }
        }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    pub(crate) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= PATIENCE {
            self.open_until = Some(now + self.pause);
        }
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_a_good_try() {
        let (start, pause) = (Instant::now(), Duration::from_secs(6));
        let mut breaker = Breaker::new(pause);
        breaker.failed(start);
        breaker.failed(start);
        breaker.succeeded();
        breaker.failed(start);
        breaker.failed(start);
        assert!(breaker.lets_through(start) && !breaker.is_open());
        breaker.failed(start);
        assert!(breaker.is_open());
        assert!(!breaker.lets_through(start + pause / 2));
        // Half open: one try, and no second one beside it.
        assert!(breaker.lets_through(start + pause));
        assert!(!breaker.lets_through(start + pause));
        breaker.failed(start + pause);
        assert!(!breaker.lets_through(start + pause + pause / 2));
        assert!(breaker.lets_through(start + pause * 2));
        breaker.succeeded();
        assert!(!breaker.is_open());
        assert!(breaker.lets_through(start + pause * 2));
    }
}
