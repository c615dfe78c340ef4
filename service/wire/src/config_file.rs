//! Config files of servers: YAML, small, and wrong in a way that names the line.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

/// The largest config file that is read, in bytes.
const MAX_FILE: u64 = 4 << 20;

/// Why a config cannot be used: the file, the line where there is one, and what to write.
#[derive(Debug)]
pub struct ConfigError(String);

impl ConfigError {
    /// `line` counts from 1.
    pub fn new(path: &Path, line: Option<u64>, what: &str) -> Self {
        match line {
            Some(line) => Self(format!("{}:{line}: {what}", path.display())),
            None => Self(format!("{}: {what}", path.display())),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// Reads a config file's text.
///
/// # Errors
/// A file that cannot be read, or has more than 4 MiB.
pub fn read_config(path: &Path) -> Result<String, ConfigError> {
    let fail = |what: String| ConfigError::new(path, None, &what);
    let size = fs::metadata(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    if size.len() > MAX_FILE {
        return Err(fail(format!("has {} bytes; at most {MAX_FILE} are read", size.len())));
    }
    fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {error}")))
}

/// Reads the settings out of a config file's text.
///
/// # Errors
/// What is no YAML, a setting that is unknown or of the wrong type; with the line, and without what
/// stands there, which nobody may want in a log.
pub fn parse_config<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map(|location| location.line());
        ConfigError::new(path, line, &error.without_snippet().to_string())
    })
}
