//! Why a server does not start, or cannot go on.

use std::fmt;

use crate::config_file::ConfigError;

/// Why a server does not start or cannot go on; `Display` is one sentence.
#[derive(Debug)]
pub enum Failure {
    /// A config, key or certificate that cannot be used: exit code 78.
    Config(String),
    /// A port that cannot be opened, a key whose every token is away, and the like: exit code 69.
    System(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(what) | Self::System(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Failure {}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.to_string())
    }
}
