//! The threads that a server runs on.

use std::future::Future;
use std::time::Duration;

use crate::failure::Failure;

/// For what a server has left running: a token whose call never returns must not hold up the end.
const LEFT: Duration = Duration::from_millis(500);

/// Runs a server on as many threads as there are cores, and returns when it has ended.
///
/// # Errors
/// What the server says; [`Failure::System`] if there are no threads.
pub fn run_server(server: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::System(format!("no threads: {error}")))?;
    let ended = runtime.block_on(server);
    runtime.shutdown_timeout(LEFT);
    ended
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_call_that_does_not_return_does_not_hold_up_the_end() {
        let begun = Instant::now();
        let ended = run_server(async {
            // Like a token that hangs in its module.
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(30)));
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(())
        });
        assert!(ended.is_ok());
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}
