//! Asking for a passphrase on the terminal, without showing what is typed.

use std::fs::File;
use std::io::{Read, Write};

use opsign_keys::Passphrase;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::{Zeroize, Zeroizing};

use crate::failure::Failure;

/// The most bytes that are taken.
const MAX_TYPED: usize = 4096;

/// Asks once.
pub(crate) fn ask(question: &str) -> Result<Passphrase, Failure> {
    let typed = ask_line(question)?;
    Ok(Passphrase::from_file_contents(&typed)?)
}

/// Asks for something new, twice, since nobody sees what is typed.
pub(crate) fn ask_twice(question: &str) -> Result<Passphrase, Failure> {
    let first = ask_line(question)?;
    let second = ask_line("The same again: ")?;
    // Both come from the same hand; there is nobody to time it.
    if *first != *second {
        return Err(Failure::input("the two passphrases differ: nothing was written"));
    }
    Ok(Passphrase::from_file_contents(&first)?)
}

type Line = Zeroizing<Vec<u8>>;

fn ask_line(question: &str) -> Result<Line, Failure> {
    let failed = |error: std::io::Error| {
        Failure::input(format!("a passphrase cannot be asked for on the terminal: {error}"))
    };
    let terminal = File::options().read(true).write(true).open("/dev/tty").map_err(failed)?;
    let silent = Silent::new(&terminal).map_err(failed)?;
    // After the terminal fell silent, or what is typed at once would show.
    (&terminal).write_all(question.as_bytes()).map_err(failed)?;
    let line = read_line(&mut &terminal);
    drop(silent);
    let _ = (&terminal).write_all(b"\n");
    line
}

/// A terminal that shows nothing and hands over every key at once. Control-C is a key like others
/// here: killed in the middle, the program would leave the terminal silent.
struct Silent<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silent<'a> {
    fn new(terminal: &'a File) -> std::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// Reads what a person types up to the end of the line, with the keys that correct it.
fn read_line(input: &mut impl Read) -> Result<Line, Failure> {
    const CONTROL_C: u8 = 3;
    const CONTROL_D: u8 = 4;
    const BACKSPACE: u8 = 8;
    const CONTROL_U: u8 = 21;
    const DELETE: u8 = 127;
    // All the room at once: growing would leave copies behind.
    let mut line = Line::new(Vec::with_capacity(MAX_TYPED));
    let mut key = Zeroizing::new([0]);
    loop {
        let read = input.read(key.as_mut_slice());
        let read = read.map_err(|error| Failure::input(format!("the terminal failed: {error}")))?;
        match key[0] {
            CONTROL_C => return Err(Failure::input("no passphrase was typed")),
            _ if read == 0 => return Err(Failure::input("no passphrase was typed")),
            CONTROL_D if line.is_empty() => return Err(Failure::input("no passphrase was typed")),
            b'\n' | b'\r' | CONTROL_D => return Ok(line),
            BACKSPACE | DELETE => {
                // A character of UTF-8: its last bytes begin with the bits 10.
                while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            CONTROL_U => line.zeroize(),
            _ if line.len() == MAX_TYPED => {
                return Err(Failure::input(format!(
                    "more than {MAX_TYPED} bytes were typed as a passphrase"
                )));
            }
            byte => line.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<Vec<u8>> {
        read_line(&mut &*keys).ok().map(|line| line.to_vec())
    }

    #[test]
    fn keys_that_correct_and_end() {
        for (keys, line) in [
            ("open\n", Some("open")),
            ("open\rmore", Some("open")),
            ("opem\x7fn\n", Some("open")),
            ("\x08\x08a\n", Some("a")),
            ("ö\x7fo\n", Some("o")),
            ("wrong\x15right\n", Some("right")),
            ("\n", Some("")),
            ("open\x04", Some("open")),
            ("\x04", None),
            ("open\x03\n", None),
            ("open", None),
            ("", None),
        ] {
            assert_eq!(typed(keys.as_bytes()).as_deref(), line.map(str::as_bytes), "{keys:?}");
        }
        let mut long = vec![b'x'; MAX_TYPED];
        long.push(b'\n');
        assert_eq!(typed(&long).map(|line| line.len()), Some(MAX_TYPED));
        long.insert(0, b'x');
        assert!(typed(&long).is_none());
    }
}
