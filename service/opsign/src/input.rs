//! Reading a file or standard input, binary or hex.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use opsign_core::gossip::MAX_MESSAGE;
use opsign_keys::MAX_INPUT;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::report::Report;

/// The file that a command reads.
#[derive(Args)]
pub(crate) struct Input {
    /// The file to read; - is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// What the file holds. Recognised by itself: text is hex, anything else is binary.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Auto,
    Hex,
    Binary,
}

impl Input {
    /// The bytes, at most [`MAX_MESSAGE`]; no other length is a payload or a message.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        // Two digits a byte, the prefix, and some room for white space around it.
        let limit = 2 * MAX_MESSAGE + 1024;
        let shown = shown(&self.file);
        let bytes = read_limited(&self.file, limit)?;
        let text = bytes.trim_ascii();
        let is_hex = match self.format {
            // No payload and no message is all printable text: their numbers have zero bytes.
            Format::Auto => !text.is_empty() && text.iter().all(u8::is_ascii_graphic),
            Format::Hex => true,
            Format::Binary => false,
        };
        let bytes =
            if is_hex { decode_hex(text).map_err(|failure| failure.of(&shown))? } else { bytes };
        if bytes.len() > MAX_MESSAGE {
            let length = bytes.len();
            return Err(Failure::input(format!(
                "{shown} has {length} bytes; a payload or message has at most {MAX_MESSAGE}"
            )));
        }
        Ok(bytes)
    }
}

/// The file that a command reads, or many inputs in one file.
#[derive(Args)]
pub(crate) struct Inputs {
    #[command(flatten)]
    input: Input,
    /// Take each line of the file as an input of its own, in hex, and answer line by line. A bad
    /// line gets an error, and the run goes on and ends with exit code 1.
    #[arg(long, conflicts_with = "format")]
    lines: bool,
}

impl Inputs {
    /// Answers the input, or each of them.
    pub(crate) fn each(
        &self,
        json: bool,
        mut answer: impl FnMut(&[u8]) -> Result<Report, Failure>,
    ) -> Result<ExitCode, Failure> {
        if self.lines {
            for_each_line(&self.input.file, json, |line| answer(&decode_hex(line)?))
        } else {
            answer(&self.input.read()?)?.answer(json)
        }
    }

    /// The same for inputs that come with a signature: `signature`, or with `--lines` the first
    /// word of each line.
    pub(crate) fn each_signed(
        &self,
        json: bool,
        signature: &str,
        answer: impl Fn(&str, &[u8]) -> Result<Report, Failure>,
    ) -> Result<ExitCode, Failure> {
        if self.lines {
            for_each_line(&self.input.file, json, |line| {
                let (signature, input) = split_signature(line)?;
                answer(signature, &decode_hex(input)?)
            })
        } else {
            answer(signature, &self.input.read()?)?.answer(json)
        }
    }
}

/// Runs `answer` on each line of a file or standard input that is not empty, as it comes, and
/// prints an answer or an error for each, in order. Exit code 1 if one of them was an error or a
/// no.
pub(crate) fn for_each_line(
    path: &Path,
    json: bool,
    mut answer: impl FnMut(&[u8]) -> Result<Report, Failure>,
) -> Result<ExitCode, Failure> {
    let mut reader = BufReader::new(open(path)?);
    let mut line = Vec::new();
    let mut all_yes = true;
    loop {
        line.clear();
        let limit = (2 * MAX_MESSAGE + 1024) as u64;
        let read = (&mut reader).take(limit).read_until(b'\n', &mut line);
        if read.map_err(|error| unreadable(path, &error))? == 0 {
            return Ok(if all_yes { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let answered = if line.len() as u64 == limit && !line.ends_with(b"\n") {
            reader.skip_until(b'\n').map_err(|error| unreadable(path, &error))?;
            Err(Failure::input(format!("a line of {} is too long", shown(path))))
        } else {
            answer(text)
        };
        match answered {
            Ok(report) => {
                all_yes &= report.is_yes();
                report.print(json)?;
            }
            Err(failure) => {
                all_yes = false;
                failure.print(json);
            }
        }
    }
}

/// A line's first word, a signature, and the rest.
pub(crate) fn split_signature(line: &[u8]) -> Result<(&str, &[u8]), Failure> {
    let split = line.iter().position(u8::is_ascii_whitespace).map(|at| line.split_at(at));
    let (signature, rest) = split
        .ok_or_else(|| Failure::input("a line holds a signature, a space, and what it is under"))?;
    // What is no text is no hex either, and is refused as such.
    Ok((str::from_utf8(signature).unwrap_or("?"), rest.trim_ascii_start()))
}

pub(crate) fn decode_hex(text: &[u8]) -> Result<Vec<u8>, Failure> {
    let (digits, offset) = match text.strip_prefix(b"0x") {
        Some(digits) => (digits, 2),
        None => (text, 0),
    };
    if let Some(at) = digits.iter().position(|byte| !byte.is_ascii_hexdigit()) {
        return Err(Failure::input(format!("no hex digit at position {}", offset + at)));
    }
    base16ct::mixed::decode_vec(digits)
        .map_err(|_| Failure::input(format!("{} hex digits, an odd number", digits.len())))
}

/// Reads a secret of at most [`MAX_INPUT`] bytes and one more, which shows that there are too many;
/// the buffer is wiped.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Room for all of it at once, so that no smaller copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_INPUT + 1024));
    let limit = MAX_INPUT as u64 + 1;
    open(path)?.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// Reads a file or, for `-`, standard input.
pub(crate) fn read_limited(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    open(path)?
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() > limit {
        return Err(Failure::input(format!("{} has more than {limit} bytes", shown(path))));
    }
    Ok(bytes)
}

/// Without a buffer of the standard library's, which would keep what went through it.
fn open(path: &Path) -> Result<File, Failure> {
    let file = if path == Path::new("-") {
        std::io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    };
    file.map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(format!("{} cannot be read: {error}", shown(path)))
}

pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}
