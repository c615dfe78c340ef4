//! `hashStruct` and `encodeData` (EIP-712) as go-ethereum's `HashStruct` does them.

use std::borrow::Cow;

use sha3::Keccak256;
use sha3::digest::{Digest, Update};

use crate::MAX_TYPES;
use crate::error::{Error, TypedDataErrorKind, shown};
use crate::integer::Integer;
use crate::json::{Members, Value};
use crate::types::{Types, element};

pub(crate) struct Encoder<'t, 'a> {
    types: &'t Types<'a>,
    /// By the types' positions, or else a list of structs would cost its length times the text of
    /// all types.
    type_hashes: [Option<[u8; 32]>; MAX_TYPES],
}

impl<'t, 'a> Encoder<'t, 'a> {
    pub(crate) fn new(types: &'t Types<'a>) -> Self {
        Self { types, type_hashes: [None; MAX_TYPES] }
    }

    /// `keccak256(typeHash ‖ encodeData)` of sorted members. A type that is not defined has no
    /// members and the hash of no text.
    pub(crate) fn hash_struct(
        &mut self,
        name: &str,
        members: &Members<'_>,
    ) -> Result<[u8; 32], Error> {
        let fields = self.types.fields(name).unwrap_or_default();
        if members.len() > fields.len() {
            let detail = format!("{}, of {} in the type", members.len(), fields.len());
            return Err(Error::new(TypedDataErrorKind::Extra, detail));
        }
        let mut hasher = Keccak256::default();
        Update::update(&mut hasher, &self.type_hash(name));
        for field in fields {
            let found = members.binary_search_by(|(key, _)| key.cmp(&field.name));
            let value = found.ok().and_then(|at| members.get(at)).map(|(_, value)| value);
            let word = self
                .encode(&field.kind, value.unwrap_or(&Value::Null))
                .map_err(|error| error.inside(&field.name))?;
            Update::update(&mut hasher, &word);
        }
        Ok(hasher.finalize().into())
    }

    fn encode(&mut self, kind: &str, value: &Value<'_>) -> Result<[u8; 32], Error> {
        if kind.ends_with(']') {
            match value {
                Value::List(items) => self.hash_list(element(kind), items),
                value => Err(mismatch(kind, value)),
            }
        } else {
            self.encode_element(kind, value)
        }
    }

    /// Neither the length nor how deep lists are nested is compared with the type.
    fn hash_list(&mut self, kind: &str, items: &[Value<'_>]) -> Result<[u8; 32], Error> {
        let mut hasher = Keccak256::default();
        for (at, item) in items.iter().enumerate() {
            let word = match item {
                Value::List(items) => self.hash_list(kind, items),
                item => self.encode_element(kind, item),
            };
            Update::update(&mut hasher, &word.map_err(|error| error.inside(&at.to_string()))?);
        }
        Ok(hasher.finalize().into())
    }

    fn encode_element(&mut self, kind: &str, value: &Value<'_>) -> Result<[u8; 32], Error> {
        match (self.types.fields(kind), value) {
            (Some(_), Value::Object(members)) => self.hash_struct(kind, members),
            (Some(_), value) => Err(mismatch(kind, value)),
            (None, value) => encode_primitive(kind, value),
        }
    }

    fn type_hash(&mut self, name: &str) -> [u8; 32] {
        let hash = || keccak256(self.types.encode_type(name).as_bytes());
        match self.types.position(name) {
            Some(at) => *self.type_hashes[at].get_or_insert_with(hash),
            None => hash(),
        }
    }
}

/// `EncodePrimitiveValue` of go-ethereum.
fn encode_primitive(kind: &str, value: &Value<'_>) -> Result<[u8; 32], Error> {
    match (kind, value) {
        ("address", Value::String(text)) => {
            let address = address(text).ok_or_else(|| mismatch(kind, value))?;
            let mut word = [0; 32];
            word[12..].copy_from_slice(&address);
            Ok(word)
        }
        ("bool", Value::Bool(truth)) => {
            let mut word = [0; 32];
            word[31] = u8::from(*truth);
            Ok(word)
        }
        ("string", Value::String(text)) => Ok(keccak256(text.as_bytes())),
        ("bytes", Value::String(text)) => {
            prefixed_hex(text).map(|bytes| keccak256(&bytes)).ok_or_else(|| mismatch(kind, value))
        }
        ("address" | "bool" | "string" | "bytes", value) => Err(mismatch(kind, value)),
        _ => {
            if let Some(size) = kind.strip_prefix("bytes") {
                encode_fixed_bytes(kind, size, value)
            } else if let Some(bits) = kind.strip_prefix("uint") {
                encode_integer(kind, bits, false, value)
            } else if let Some(bits) = kind.strip_prefix("int") {
                encode_integer(kind, bits, true, value)
            } else {
                Err(no_type(kind))
            }
        }
    }
}

/// Padded on the right.
fn encode_fixed_bytes(kind: &str, size: &str, value: &Value<'_>) -> Result<[u8; 32], Error> {
    let mut word = [0; 32];
    let size: usize = size.parse().map_err(|_| no_type(kind))?;
    let room = word.get_mut(..size).ok_or_else(|| no_type(kind))?;
    let Value::String(text) = value else {
        return Err(mismatch(kind, value));
    };
    match prefixed_hex(text) {
        Some(bytes) if bytes.len() == size => room.copy_from_slice(&bytes),
        _ => return Err(mismatch(kind, value)),
    }
    Ok(word)
}

/// `parseInteger` of go-ethereum: the bits are counted without the sign, so an `int8` goes from
/// -255 to 255.
fn encode_integer(
    kind: &str,
    bits: &str,
    signed: bool,
    value: &Value<'_>,
) -> Result<[u8; 32], Error> {
    let bits = if bits.is_empty() { Ok(256) } else { bits.parse::<i64>() };
    let bits = bits.map_err(|_| no_type(kind))?;
    let integer = match value {
        Value::String(text) => Integer::from_text(text),
        Value::Number(_, double) => Integer::from_double(*double),
        Value::Integer(integer) => Some(**integer),
        value => return Err(mismatch(kind, value)),
    };
    let Some(integer) = integer else {
        return Err(Error::new(
            TypedDataErrorKind::Integer,
            "numbers beyond 64 bits are written as text, in decimal or in hex after 0x",
        ));
    };
    if integer.bits() as i64 > bits || (!signed && integer.is_negative()) {
        return Err(Error::new(TypedDataErrorKind::Range, shown(kind)));
    }
    Ok(integer.to_word())
}

/// 40 digits, with or without `0x`. Nobody looks at the checksum.
fn address(text: &str) -> Option<[u8; 20]> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    hex(digits)?.try_into().ok()
}

/// `hexutil.Decode` of go-ethereum.
fn prefixed_hex(text: &str) -> Option<Vec<u8>> {
    hex(text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?)
}

/// Public data: no need for constant time.
fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn mismatch(kind: &str, value: &Value<'_>) -> Error {
    let given: Cow<'_, str> = match value {
        Value::Null => {
            return Error::new(TypedDataErrorKind::Missing, format!("no {}", shown(kind)));
        }
        Value::Bool(truth) => truth.to_string().into(),
        Value::Number(text, _) => format!("the number {}", shown(text)).into(),
        Value::String(text) => format!("\"{}\"", shown(text)).into(),
        Value::List(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        Value::Integer(_) => "a number".into(),
    };
    Error::new(TypedDataErrorKind::Mismatch, format!("{given} is no {}", shown(kind)))
}

fn no_type(kind: &str) -> Error {
    Error::new(TypedDataErrorKind::Type, format!("no type is called \"{}\"", shown(kind)))
}

fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}
