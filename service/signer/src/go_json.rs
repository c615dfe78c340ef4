//! Go's `encoding/json` as op-signer's arguments meet it: names in any case, unknown ones ignored,
//! the last of several counts, null changes nothing; and its sentences, since clients log them.

use std::borrow::Cow;
use std::fmt;

use base64ct::{Base64, Encoding};
use opsign_core::{Address, U256};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A Go struct's name and a field's, by its whole path: for the sentences.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) structure: &'static str,
    pub(crate) field: &'static str,
}

impl Place {
    pub(crate) fn wrong(self, value: &str, kind: &str) -> String {
        let Self { structure, field } = self;
        format!(
            "json: cannot unmarshal {value} into Go struct field {structure}.{field} of type {kind}"
        )
    }
}

/// The members of an object in order, values unread.
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads an object. `null` is one without members.
    pub(crate) fn read(
        value: &'a RawValue,
        wrong: impl FnOnce(&str) -> String,
    ) -> Result<Self, String> {
        match value.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(value.get()).map_err(|error| error.to_string()),
            Some(b'n') => Ok(Self(Vec::new())),
            _ => Err(wrong(kind_of(value.get()))),
        }
    }

    /// The members in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.get()))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some(Text(name)) = map.next_key()? {
                    members.push((name, map.next_value::<&'de RawValue>()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What Go says of an argument of the wrong kind.
pub(crate) fn wrong_argument(kind: &str, go_type: &str) -> String {
    format!("json: cannot unmarshal {kind} into Go value of type {go_type}")
}

/// A field that Go has as a pointer: null takes away what came before.
pub(crate) fn pointer<T>(
    json: &str,
    place: Place,
    read: impl FnOnce(&str, Place) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if json == "null" { Ok(None) } else { read(json, place).map(Some) }
}

/// What Go calls the kind of a JSON value.
pub(crate) fn kind_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "bool",
        _ => "number",
    }
}

/// The characters between the quotes, escapes as they are written, as go-ethereum's hexutil has
/// them; or none if it is no string.
pub(crate) fn quoted(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// A string's characters.
pub(crate) fn text(json: &str) -> Result<Cow<'_, str>, String> {
    serde_json::from_str::<Text<'_>>(json).map(|text| text.0).map_err(|error| error.to_string())
}

/// go-ethereum's `checkText`: the digits after `0x`.
fn digits(text: &str) -> Result<&str, &'static str> {
    if text.is_empty() {
        return Ok("");
    }
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .ok_or("hex string without 0x prefix")?;
    if digits.len().is_multiple_of(2) { Ok(digits) } else { Err("hex string of odd length") }
}

/// `hexutil.Bytes`.
pub(crate) fn bytes(json: &str, place: Place) -> Result<Vec<u8>, String> {
    let wrong = |value: &str| place.wrong(value, "hexutil.Bytes");
    let text = quoted(json).ok_or_else(|| wrong("non-string"))?;
    let digits = digits(text).map_err(wrong)?;
    base16ct::mixed::decode_vec(digits).map_err(|_| wrong("invalid hex string"))
}

/// A type of fixed length: `common.Address`, `common.Hash`, `eth.Bytes32`.
pub(crate) fn fixed<const N: usize>(
    json: &str,
    place: Place,
    go_type: &str,
) -> Result<[u8; N], String> {
    let wrong = |value: &str| place.wrong(value, go_type);
    let text = quoted(json).ok_or_else(|| wrong("non-string"))?;
    let digits = digits(text).map_err(wrong)?;
    if digits.len() != 2 * N {
        // Go does not say where.
        return Err(format!(
            "hex string has length {}, want {} for {go_type}",
            digits.len(),
            2 * N
        ));
    }
    let mut out = [0; N];
    base16ct::mixed::decode(digits, &mut out).map_err(|_| wrong("invalid hex string"))?;
    Ok(out)
}

pub(crate) fn address(json: &str, place: Place) -> Result<Address, String> {
    fixed(json, place, "common.Address").map(Address::from_bytes)
}

/// `hexutil.Uint64`: a number of up to 64 bits, `""` for zero.
pub(crate) fn uint64(json: &str, place: Place) -> Result<u64, String> {
    let wrong = |value: &str| place.wrong(value, "hexutil.Uint64");
    let text = quoted(json).ok_or_else(|| wrong("non-string"))?;
    if text.is_empty() {
        return Ok(0);
    }
    let digits = number_digits(text).map_err(wrong)?;
    if digits.len() > 16 {
        return Err(wrong("hex number > 64 bits"));
    }
    u64::from_str_radix(digits, 16).map_err(|_| wrong("invalid hex string"))
}

/// `hexutil.U256`: a number of up to 256 bits, `""` for zero.
pub(crate) fn uint256(json: &str, place: Place) -> Result<U256, String> {
    let wrong = |value: &str| place.wrong(value, "*uint256.Int");
    let text = quoted(json).ok_or_else(|| wrong("non-string"))?;
    if text.is_empty() {
        return Ok(U256::from(0));
    }
    hex_number(text).map_err(wrong)
}

/// A text of uint256: hex after `0x`, or decimal, perhaps with a plus.
pub(crate) fn uint256_text(text: &str) -> Result<U256, String> {
    if text.starts_with("0x") || text.starts_with("0X") {
        return hex_number(text).map_err(str::to_owned);
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() {
        return Err("EOF".to_owned());
    }
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(format!("strconv.ParseUint: parsing {digits:?}: invalid syntax"));
    }
    decimal(digits).ok_or_else(|| TOO_LARGE.to_owned())
}

const TOO_LARGE: &str = "hex number > 256 bits";

fn hex_number(text: &str) -> Result<U256, &'static str> {
    let digits = number_digits(text)?;
    if digits.len() > 64 {
        return Err(TOO_LARGE);
    }
    number(digits).ok_or("invalid hex string")
}

fn number_digits(text: &str) -> Result<&str, &'static str> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .ok_or("hex string without 0x prefix")?;
    if digits.is_empty() {
        return Err("hex string \"0x\"");
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err("hex number with leading zero digits");
    }
    // Rust's own parser would take a sign.
    if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        Ok(digits)
    } else {
        Err("invalid hex string")
    }
}

/// Hex digits, at most 64, most significant first.
fn number(digits: &str) -> Option<U256> {
    let mut padded = [b'0'; 64];
    padded[64 - digits.len()..].copy_from_slice(digits.as_bytes());
    let mut out = [0; 32];
    base16ct::mixed::decode(padded, &mut out).ok()?;
    Some(U256::from_be_bytes(out))
}

/// `big.Int`: a decimal JSON number. `None` is one that does not fit 256 bits or is negative,
/// which Go reads and op-signer refuses later.
pub(crate) fn big_int(json: &str) -> Result<Option<U256>, String> {
    let plain = json.strip_prefix('-').unwrap_or(json);
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = serde_json::Value::from(json).to_string();
        return Err(format!("math/big: cannot unmarshal {text} into a *big.Int"));
    }
    Ok(decimal(json))
}

/// A decimal number, if it has up to 256 bits and no sign.
pub(crate) fn decimal(text: &str) -> Option<U256> {
    let id: opsign_core::ChainId = text.parse().ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| *id.as_u256())
}

/// `[]byte`: standard base64 with padding, or an array of numbers.
pub(crate) fn byte_slice(json: &str, place: Place) -> Result<Vec<u8>, String> {
    match json.as_bytes().first() {
        Some(b'"') => {
            let text = text(json)?;
            // Go's decoder skips line ends.
            let text: Cow<'_, str> = if text.contains(['\r', '\n']) {
                text.replace(['\r', '\n'], "").into()
            } else {
                text
            };
            Base64::decode_vec(&text).map_err(|_| {
                let bad = |byte: u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
                // Without one, the last four characters are not all there.
                let at = text.bytes().position(bad).unwrap_or(text.len() & !3);
                format!("illegal base64 data at input byte {at}")
            })
        }
        Some(b'[') => byte_array(json, place, usize::MAX),
        _ => Err(place.wrong(kind_of(json), "[]uint8")),
    }
}

/// `[32]byte`: an array of numbers; a shorter one is padded with zeroes, a longer one cut.
pub(crate) fn byte_array32(json: &str, place: Place) -> Result<[u8; 32], String> {
    if !json.starts_with('[') {
        return Err(place.wrong(kind_of(json), "[32]uint8"));
    }
    let given = byte_array(json, place, 32)?;
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(given) {
        *to = from;
    }
    Ok(out)
}

/// Numbers up to 255; those behind the first `most` are not looked at.
fn byte_array(json: &str, place: Place, most: usize) -> Result<Vec<u8>, String> {
    // Nearly always numbers; what else Go would say is found on the slow path.
    if let Ok(bytes) = serde_json::from_str::<Vec<u8>>(json) {
        return Ok(bytes);
    }
    let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    items
        .iter()
        .take(most)
        .map(|item| match item.get() {
            "null" => Ok(0),
            text => text.parse::<u8>().map_err(|_| match kind_of(text) {
                "number" => place.wrong(&format!("number {text}"), "uint8"),
                kind => place.wrong(kind, "uint8"),
            }),
        })
        .collect()
}

/// The items of an array.
pub(crate) fn items<'a>(
    json: &'a str,
    place: Place,
    go_type: &str,
) -> Result<Vec<&'a RawValue>, String> {
    if !json.starts_with('[') {
        return Err(place.wrong(kind_of(json), go_type));
    }
    serde_json::from_str(json).map_err(|error| error.to_string())
}
