//! Where values stand in JSON, found without decoding it.
//!
//! A payload may have 128 MiB, of which a dozen short fields matter; strings are skipped with
//! memchr. What this takes for a value is one for any parser that takes the text as JSON; whether
//! the text is JSON, it does not say.

use std::ops::Range;

use memchr::memchr2;

/// Where a value stands.
pub(crate) type Span = Range<usize>;

/// The members of an object, or the elements of an array, in their order.
pub(crate) struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    close: u8,
    first: bool,
}

/// One member of an object.
pub(crate) struct Member<'a> {
    /// Between the quotes, escapes as they are.
    pub(crate) key: &'a [u8],
    pub(crate) value: Span,
}

/// Why there is no next item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The object or array is closed at this place.
    Closed(usize),
    /// The bytes end first, or are no JSON.
    Broken,
}

impl<'a> Items<'a> {
    /// The object or array that begins at `at`, white space before it allowed.
    pub(crate) fn open(bytes: &'a [u8], at: usize, open: u8) -> Option<Self> {
        let at = skip_space(bytes, at);
        (bytes.get(at) == Some(&open)).then_some(Self {
            bytes,
            at: at + 1,
            close: if open == b'{' { b'}' } else { b']' },
            first: true,
        })
    }

    pub(crate) fn member(&mut self) -> Result<Member<'a>, Stop> {
        let start = self.next()?;
        if self.bytes.get(start) != Some(&b'"') {
            return Err(Stop::Broken);
        }
        let end = string_end(self.bytes, start).ok_or(Stop::Broken)?;
        let key = &self.bytes[start + 1..end - 1];
        let colon = skip_space(self.bytes, end);
        if self.bytes.get(colon) != Some(&b':') {
            return Err(Stop::Broken);
        }
        let value = value(self.bytes, colon + 1).ok_or(Stop::Broken)?;
        self.at = value.end;
        Ok(Member { key, value })
    }

    pub(crate) fn element(&mut self) -> Result<Span, Stop> {
        let start = self.next()?;
        let value = value(self.bytes, start).ok_or(Stop::Broken)?;
        self.at = value.end;
        Ok(value)
    }

    /// Where the next item begins.
    fn next(&mut self) -> Result<usize, Stop> {
        let mut at = skip_space(self.bytes, self.at);
        let byte = *self.bytes.get(at).ok_or(Stop::Broken)?;
        if byte == self.close && self.first {
            return Err(Stop::Closed(at));
        }
        if !self.first {
            match byte {
                b',' => at = skip_space(self.bytes, at + 1),
                _ if byte == self.close => return Err(Stop::Closed(at)),
                _ => return Err(Stop::Broken),
            }
        }
        self.first = false;
        Ok(at)
    }
}

/// The value at `at`, white space before it allowed. `None` if the bytes end before it does.
pub(crate) fn value(bytes: &[u8], at: usize) -> Option<Span> {
    let start = skip_space(bytes, at);
    let end = match *bytes.get(start)? {
        b'"' => string_end(bytes, start)?,
        b'{' | b'[' => nest_end(bytes, start)?,
        b'}' | b']' | b',' | b':' => return None,
        _ => {
            let length = bytes[start..].iter().position(|byte| {
                matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r')
            })?;
            start + length
        }
    };
    Some(start..end)
}

/// A string's letters, if it has no escapes.
pub(crate) fn plain_string<'a>(bytes: &'a [u8], span: &Span) -> Option<&'a str> {
    let text = bytes.get(span.clone())?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', text).is_some() {
        return None;
    }
    std::str::from_utf8(text).ok()
}

pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let space = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    at + space.unwrap_or(rest.len())
}

/// Behind the string whose first quote is at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Behind the object or array that begins at `start`.
fn nest_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match *bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn members(text: &str) -> (Vec<(String, String)>, Stop) {
        let mut items = Items::open(text.as_bytes(), 0, b'{').unwrap();
        let mut found = Vec::new();
        loop {
            match items.member() {
                Ok(Member { key, value }) => {
                    found.push((String::from_utf8_lossy(key).into_owned(), text[value].to_owned()));
                }
                Err(stop) => return (found, stop),
            }
        }
    }

    #[test]
    fn members_are_found_where_they_stand() {
        let text = r#" {"a":1 , "b" : "x\"}" ,"c":[{"d":"]"},2],"e":{} , "f":null}  "#;
        let (found, stop) = members(text);
        let found: Vec<_> = found.iter().map(|(key, value)| (&**key, &**value)).collect();
        let wanted =
            [("a", "1"), ("b", r#""x\"}""#), ("c", r#"[{"d":"]"},2]"#), ("e", "{}"), ("f", "null")];
        assert_eq!(found, wanted);
        assert_eq!(stop, Stop::Closed(text.rfind('}').unwrap()));
        assert_eq!(members("{}"), (vec![], Stop::Closed(1)));
    }

    #[test]
    fn what_breaks_off_or_is_no_json_is_broken() {
        let whole = r#"{"a":"b","c":[1,{"d":"e\\"}],"f":12}"#;
        for end in 1..whole.len() {
            assert_eq!(members(&whole[..end]).1, Stop::Broken, "{}", &whole[..end]);
        }
        for text in ["{,}", "{a:1}", "{\"a\" 1}", "{\"a\":}", "{\"a\":1 \"b\":2}", "{\"a\":1,}"] {
            assert_eq!(members(text).1, Stop::Broken, "{text}");
        }
    }

    #[test]
    fn elements_are_found_where_they_stand() {
        let text = br#"[ "a" ,["b"],3]"#;
        let mut items = Items::open(text, 0, b'[').unwrap();
        let mut found = Vec::new();
        let stop = loop {
            match items.element() {
                Ok(span) => found.push(&text[span]),
                Err(stop) => break stop,
            }
        };
        assert_eq!(found, [&b"\"a\""[..], b"[\"b\"]", b"3"]);
        assert_eq!(stop, Stop::Closed(14));
        assert!(Items::open(text, 0, b'{').is_none());
    }
}
