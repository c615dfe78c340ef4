//! How many files, and so connections, the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open besides connections: keys, logs, ports, a token's own.
const OTHERS: u64 = 64;

/// Raises the soft limit to the hard one, and says so if `connections` do not fit.
pub(crate) fn make_room_for(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let now = if raised.is_ok() { limit.maximum } else { limit.current };
    if let Some(files) = now.filter(|files| *files < connections as u64 + OTHERS) {
        tracing::warn!(
            files,
            connections,
            "fewer files may be open than limits.connections: raise the hard limit (LimitNOFILE= \
             in a systemd unit)"
        );
    }
}
