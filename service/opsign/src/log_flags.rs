//! The flags for a server's log, under op-signer's names.

use clap::Args;
use opsign_wire::log::{Format, Level};

#[derive(Args)]
pub(crate) struct Log {
    /// How much is logged.
    #[arg(long = "log.level", ignore_case = true, default_value = "info")]
    log_level: Level,
    /// What a log line looks like.
    #[arg(long = "log.format", ignore_case = true, default_value = "text")]
    log_format: Format,
}

impl Log {
    /// From now on the process logs so.
    pub(crate) fn start(&self) {
        opsign_wire::log::start(self.log_level, self.log_format, false);
    }
}
