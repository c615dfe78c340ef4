//! JSON (RFC 8259) as Go's `encoding/json` reads it, within bounds.
//!
//! Go is laxer than other readers: bytes that are no UTF-8 and halves of surrogate pairs become
//! U+FFFD, and an object may have a key twice. Numbers keep their text, since what they mean depends
//! on where they stand.

use std::borrow::Cow;

use crate::MAX_DEPTH;
use crate::error::{Error, TypedDataErrorKind};
use crate::integer::Integer;

/// A value, borrowed from the text.
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// Its text, and the nearest double.
    Number(&'a str, f64),
    /// Its text; owned if there was an escape in it.
    String(Cow<'a, str>),
    List(Vec<Value<'a>>),
    /// In the text's order, with repeated keys.
    Object(Members<'a>),
    /// The domain's chain id, never made by the reader: Go reads it digit by digit.
    Integer(&'a Integer),
}

/// The members of an object.
pub(crate) type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// The text of these bytes. As in Go, each byte that belongs to no character is one U+FFFD.
pub(crate) fn to_text(json: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(json) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(json.len());
    for chunk in json.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

/// Reads one value and nothing after it. `double` gives the double nearest to a number.
pub(crate) fn parse<'a>(text: &'a str, double: &dyn Fn(&str) -> f64) -> Result<Value<'a>, Error> {
    let mut reader = Reader { text, at: 0, double };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.unexpected());
    }
    Ok(value)
}

struct Reader<'a, 'd> {
    text: &'a str,
    at: usize,
    double: &'d dyn Fn(&str) -> f64,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Error> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.list(depth + 1),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => {
                self.number().map(|text| Value::Number(text, (self.double)(text)))
            }
            _ => {
                for (word, value) in [
                    ("null", Value::Null),
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                ] {
                    if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.unexpected())
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, Error> {
        self.open(depth)?;
        let mut members = Members::new();
        if !self.take_after_space(b'}') {
            loop {
                self.skip_space();
                let key = self.string()?;
                self.skip_space();
                self.expect(b':')?;
                members.push((key, self.value(depth)?));
                if !self.take_after_space(b',') {
                    break;
                }
            }
            self.expect(b'}')?;
        }
        Ok(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, Error> {
        self.open(depth)?;
        let mut items = Vec::new();
        if !self.take_after_space(b']') {
            loop {
                items.push(self.value(depth)?);
                if !self.take_after_space(b',') {
                    break;
                }
            }
            self.expect(b']')?;
        }
        Ok(Value::List(items))
    }

    /// Steps over the bracket that opens a list or object.
    fn open(&mut self, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                TypedDataErrorKind::TooDeep,
                format!("more than {MAX_DEPTH} levels at byte {}", self.at),
            ));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                            self.at += 1;
                        }
                        Some(b'u') => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                                    return Err(self.unexpected());
                                }
                                self.at += 1;
                            }
                        }
                        _ => return Err(self.unexpected()),
                    }
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.unexpected()),
            }
        }
        // Both ends are at quotes, so between characters.
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(unescape(raw))
    }

    fn number(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(()) }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn take_after_space(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.take(byte)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self) -> Error {
        let what = if self.at < self.text.len() { "unexpected byte" } else { "unexpected end" };
        Error::new(TypedDataErrorKind::Json, format!("{what} at position {}", self.at))
    }
}

/// Resolves the escapes of what stands between quotes.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let mut after = escape.chars();
        match after.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let (character, length) = unicode(escape);
                text.push(character);
                after = escape.get(length..).unwrap_or_default().chars();
            }
            Some(itself) => text.push(itself),
            None => {}
        }
        rest = after.as_str();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character that begins at `uXXXX`, and the bytes it takes: 5, or 11 for a pair.
fn unicode(escape: &str) -> (char, usize) {
    let unit = |at: usize| u32::from_str_radix(escape.get(at..at + 4)?, 16).ok();
    let first = unit(1).unwrap_or(0xfffd);
    if let Some(character) = char::from_u32(first) {
        return (character, 5);
    }
    let second = if escape.get(5..7) == Some("\\u") { unit(7) } else { None };
    match (first, second) {
        (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
            let character = char::from_u32(0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff));
            (character.unwrap_or(char::REPLACEMENT_CHARACTER), 11)
        }
        _ => (char::REPLACEMENT_CHARACTER, 5),
    }
}
