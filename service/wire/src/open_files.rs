//! How many files, and so connections, the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one, and returns how many of `connections` fit beside `others`:
/// records, logs, ports, tokens, and connections of our own, which no flood of clients must use up.
/// Says so if they do not all fit.
pub fn room_for(connections: usize, others: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let files = if raised.is_ok() { limit.maximum } else { limit.current };
    let files = files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    let room = files.saturating_sub(others).clamp(1, connections.max(1));
    if room < connections {
        tracing::warn!(
            files,
            connections,
            room,
            "fewer files may be open than connections are allowed: raise the hard limit \
             (LimitNOFILE= in a systemd unit)"
        );
    }
    room
}
