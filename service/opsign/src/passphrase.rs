//! Where a passphrase comes from: a file, an environment variable or the terminal. Never an
//! argument, which every user of the machine can read.

use std::io::IsTerminal;
use std::path::Path;

use opsign_keys::Passphrase;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input::read_secret;
use crate::key_file::warn_if_others_can_read;
use crate::terminal;

/// What was said about it on the command line.
#[derive(Clone, Copy)]
pub(crate) enum PassphraseFrom<'a> {
    File(&'a Path),
    Environment(&'a str),
    Terminal,
    /// Nothing: whoever cannot do without asks on the terminal, if there is one.
    Unsaid,
    /// Nothing, and nobody is asked.
    Nowhere,
}

impl<'a> PassphraseFrom<'a> {
    /// At most one of them is given.
    pub(crate) fn new(file: Option<&'a Path>, environment: Option<&'a str>, prompt: bool) -> Self {
        match (file, environment) {
            (Some(file), _) => Self::File(file),
            (None, Some(name)) => Self::Environment(name),
            (None, None) if prompt => Self::Terminal,
            (None, None) => Self::Unsaid,
        }
    }

    /// Whether the command line says where it comes from.
    pub(crate) const fn is_said(self) -> bool {
        matches!(self, Self::File(_) | Self::Environment(_) | Self::Terminal)
    }

    /// The passphrase that was given, or is to be typed; none if nothing was said.
    pub(crate) fn read(self, question: &str) -> Result<Option<Passphrase>, Failure> {
        match self {
            Self::File(path) => from_file(path).map(Some),
            Self::Environment(name) => from_environment(name).map(Some),
            Self::Terminal => terminal::ask(question).map(Some),
            Self::Unsaid | Self::Nowhere => Ok(None),
        }
    }

    /// The same, and asks if nothing was said and somebody is there.
    pub(crate) fn read_or_ask(self, question: &str) -> Result<Option<Passphrase>, Failure> {
        match self {
            Self::Unsaid if somebody_is_there() => terminal::ask(question).map(Some),
            other => other.read(question),
        }
    }

    /// A passphrase for something new, typed twice if it is typed.
    pub(crate) fn read_new(self, file: &str) -> Result<Option<Passphrase>, Failure> {
        let typed = match self {
            Self::Terminal => true,
            Self::Unsaid => somebody_is_there(),
            Self::File(_) | Self::Environment(_) | Self::Nowhere => false,
        };
        if typed {
            terminal::ask_twice(&format!("New passphrase of {file}: ")).map(Some)
        } else {
            self.read("")
        }
    }
}

/// Errors go to standard error: who reads them there can answer a question, too.
fn somebody_is_there() -> bool {
    std::io::stderr().is_terminal()
}

fn from_file(path: &Path) -> Result<Passphrase, Failure> {
    let bytes = read_secret(path)?;
    warn_if_others_can_read(path);
    Passphrase::from_file_contents(&bytes)
        .map_err(|error| Failure::from(error).of(&path.display().to_string()))
}

fn from_environment(name: &str) -> Result<Passphrase, Failure> {
    let text = std::env::var(name).map_err(|error| match error {
        std::env::VarError::NotPresent => {
            Failure::input(format!("the environment variable {name} is not set"))
        }
        std::env::VarError::NotUnicode(_) => {
            Failure::input(format!("the environment variable {name} holds no UTF-8 text"))
        }
    })?;
    Ok(Passphrase::new(&Zeroizing::new(text)))
}
