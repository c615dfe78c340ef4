//! Named members of an object, found so that nobody can read them otherwise.
//!
//! Go's decoder, which op-node and op-geth have, takes keys in any case and a key twice; the last
//! one counts. So a builder could write one value for us and another for them. Here such an object
//! is refused.

use crate::hex;
use crate::scan::{Items, Span, Stop, plain_string};

/// Why an object is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous;

/// Where the values of these keys stand; none for one that is missing or null.
pub(crate) fn fields<const N: usize>(
    bytes: &[u8],
    at: usize,
    names: [&str; N],
) -> Result<[Option<Span>; N], Ambiguous> {
    let mut found = [const { None }; N];
    let mut members = Items::open(bytes, at, b'{').ok_or(Ambiguous)?;
    loop {
        let member = match members.member() {
            Ok(member) => member,
            Err(Stop::Closed(_)) => break,
            Err(Stop::Broken) => return Err(Ambiguous),
        };
        // Beyond ASCII Go folds two letters to s and k.
        if !member.key.is_ascii() || member.key.contains(&b'\\') {
            return Err(Ambiguous);
        }
        let known = names.iter().position(|name| member.key.eq_ignore_ascii_case(name.as_bytes()));
        let Some(known) = known else { continue };
        if member.key != names[known].as_bytes() || found[known].is_some() {
            return Err(Ambiguous);
        }
        found[known] = Some(member.value);
    }
    for span in &mut found {
        if span.as_ref().is_some_and(|span| &bytes[span.clone()] == b"null") {
            *span = None;
        }
    }
    Ok(found)
}

/// N bytes of hex.
pub(crate) fn fixed<const N: usize>(bytes: &[u8], span: Option<&Span>) -> Option<[u8; N]> {
    hex::fixed(plain_string(bytes, span?)?)
}

/// A number in hex.
pub(crate) fn quantity(bytes: &[u8], span: Option<&Span>) -> Option<u64> {
    hex::quantity(plain_string(bytes, span?)?)
}

/// A number of 256 bits in hex.
pub(crate) fn big(bytes: &[u8], span: Option<&Span>) -> Option<[u8; 32]> {
    hex::big(plain_string(bytes, span?)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn each_name_once_and_as_it_is_written() {
        let find = |text: &str| {
            let found = fields(text.as_bytes(), 0, ["stateRoot", "gas"]);
            found.map(|found| found.map(|span| span.map(|span| text[span].to_owned())))
        };
        assert_eq!(find(r#"{"x":1,"gas":2}"#), Ok([None, Some("2".into())]));
        assert_eq!(find(r#"{"stateRoot":null,"gas":{}}"#), Ok([None, Some("{}".into())]));
        for text in [
            r#"{"gas":1,"gas":1}"#,
            r#"{"gas":null,"gas":1}"#,
            r#"{"gas":1,"Gas":2}"#,
            r#"{"GAS":1}"#,
            r#"{"g\u0061s":1}"#,
            "{\"\u{17f}tateRoot\":1}",
            r#"{"gas":1"#,
            "[]",
        ] {
            assert_eq!(find(text), Err(Ambiguous), "{text}");
        }
    }
}
