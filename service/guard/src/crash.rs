//! Places at which a test has the process killed, so that every order of record, signature and
//! answer is met (`opsign/tests/torture`). Without the feature `crash-points` there are none.

/// The places, in the order in which a start and a request come by them.
pub const CRASH_POINTS: &[&str] = &[
    "booted",
    "write torn",
    "record written",
    "record synced",
    "anchor written",
    "anchor renamed",
    "batch durable",
    "batch answered",
    "checkpoint written",
    "checkpoint renamed",
    "key asked",
    "key answered",
    "signature recorded",
];

/// Kills the process, as `kill -9` does, if a test has asked for it at this place: the environment's
/// `OPSIGN_CRASH_AT` is `PLACE:COUNT`, and it was come by so many times.
#[cfg(feature = "crash-points")]
pub fn crash_point(place: &str) {
    if due(place) {
        kill();
    }
}

/// Without the feature: nothing.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub const fn crash_point(_place: &str) {}

/// Whether the process is to be killed here. Counts.
#[cfg(feature = "crash-points")]
pub(crate) fn due(place: &str) -> bool {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    static WANTED: OnceLock<Option<(String, AtomicI64)>> = OnceLock::new();
    assert!(CRASH_POINTS.contains(&place), "{place} is not in the list of crash points");
    let wanted = WANTED.get_or_init(|| {
        let wanted = std::env::var("OPSIGN_CRASH_AT").ok()?;
        let (place, count) = wanted.split_once(':')?;
        Some((place.to_owned(), AtomicI64::new(count.parse().ok()?)))
    });
    wanted
        .as_ref()
        .is_some_and(|(at, left)| at == place && left.fetch_sub(1, Ordering::SeqCst) == 1)
}

/// Ends the process without a destructor, a flush or a handler.
#[cfg(feature = "crash-points")]
pub(crate) fn kill() -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    let killed = kill_process(getpid(), Signal::KILL);
    unreachable!("{killed:?}")
}
