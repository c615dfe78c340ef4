//! The four parts of typed data, read as Go's `encoding/json` fills go-ethereum's `TypedData`.
//!
//! Go's habits that matter: keys match without regard to case, unknown ones are skipped, of
//! repeated ones the last counts (objects are merged), and null leaves a text as it was.

use std::borrow::Cow;

use crate::error::{Error, TypedDataErrorKind};
use crate::integer::Integer;
use crate::json::{Members, Value};
use crate::types::{Field, Types};

#[derive(Default)]
pub(crate) struct Document<'a> {
    pub(crate) types: Types<'a>,
    pub(crate) primary_type: Cow<'a, str>,
    pub(crate) domain: Domain<'a>,
    /// Sorted by key, each key once, and so are the objects inside.
    pub(crate) message: Members<'a>,
}

/// The fields that a domain may have. An empty text is none.
#[derive(Default)]
pub(crate) struct Domain<'a> {
    name: Cow<'a, str>,
    version: Cow<'a, str>,
    chain_id: Option<Integer>,
    verifying_contract: Cow<'a, str>,
    salt: Cow<'a, str>,
}

impl<'a> Document<'a> {
    pub(crate) fn read(value: Value<'a>) -> Result<Self, Error> {
        let mut document = Self::default();
        for (key, value) in object(value, "the typed data")? {
            match field(&key, &["types", "primaryType", "domain", "message"]) {
                Some("types") => document.read_types(value)?,
                Some("primaryType") => read_text(&mut document.primary_type, value, "primaryType")?,
                Some("domain") => document.domain.read(value)?,
                Some("message") => document.read_message(value)?,
                _ => {}
            }
        }
        settle_members(&mut document.message).map_err(|error| error.inside("message"))?;
        Ok(document)
    }

    fn read_types(&mut self, value: Value<'a>) -> Result<(), Error> {
        if let Value::Null = value {
            self.types = Types::default();
            return Ok(());
        }
        for (name, value) in object(value, "types")? {
            let fields = match value {
                Value::Null => None,
                Value::List(items) => {
                    let fields = items.into_iter().map(read_field).collect::<Result<_, _>>();
                    Some(fields.map_err(|error| error.inside(&name).inside("types"))?)
                }
                _ => return Err(shape("a type must be a list of members").inside(&name)),
            };
            self.types.define(name, fields)?;
        }
        Ok(())
    }

    fn read_message(&mut self, value: Value<'a>) -> Result<(), Error> {
        match value {
            Value::Null => self.message.clear(),
            value => self.message.extend(object(value, "message")?),
        }
        Ok(())
    }
}

impl<'a> Domain<'a> {
    fn read(&mut self, value: Value<'a>) -> Result<(), Error> {
        if let Value::Null = value {
            return Ok(());
        }
        for (key, value) in object(value, "domain")? {
            let names = ["name", "version", "chainId", "verifyingContract", "salt"];
            match field(&key, &names) {
                Some("name") => read_text(&mut self.name, value, "domain.name")?,
                Some("version") => read_text(&mut self.version, value, "domain.version")?,
                Some("chainId") => self.chain_id = read_chain_id(&value)?,
                Some("verifyingContract") => {
                    read_text(&mut self.verifying_contract, value, "domain.verifyingContract")?;
                }
                Some("salt") => read_text(&mut self.salt, value, "domain.salt")?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The fields that are there, as the data of an `EIP712Domain`, sorted.
    ///
    /// # Errors
    /// [`TypedDataErrorKind::Domain`] if there are none.
    pub(crate) fn members(&self) -> Result<Members<'_>, Error> {
        let mut members = Members::new();
        if let Some(chain_id) = &self.chain_id {
            members.push(("chainId".into(), Value::Integer(chain_id)));
        }
        for (name, text) in [
            ("name", &self.name),
            ("salt", &self.salt),
            ("verifyingContract", &self.verifying_contract),
            ("version", &self.version),
        ] {
            if !text.is_empty() {
                members.push((name.into(), Value::String(Cow::Borrowed(text))));
            }
        }
        if members.is_empty() {
            return Err(Error::new(TypedDataErrorKind::Domain, "give a name, a chain id, …"));
        }
        Ok(members)
    }
}

/// Sorts the members and keeps the last of each key, here and inside, and refuses numbers that no
/// double holds, as Go does while it reads a message.
fn settle_members(members: &mut Members<'_>) -> Result<(), Error> {
    for (name, value) in members.iter_mut() {
        settle(value).map_err(|error| error.inside(name))?;
    }
    // The sort is stable, so the last of a key comes first.
    members.reverse();
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    members.dedup_by(|(later, _), (kept, _)| later == kept);
    Ok(())
}

fn settle(value: &mut Value<'_>) -> Result<(), Error> {
    match value {
        Value::Object(members) => settle_members(members),
        Value::List(items) => items.iter_mut().try_for_each(settle),
        Value::Number(_, double) if !double.is_finite() => {
            Err(Error::new(TypedDataErrorKind::Integer, "a number that no double holds"))
        }
        _ => Ok(()),
    }
}

fn read_field(value: Value<'_>) -> Result<Field<'_>, Error> {
    let mut read = Field::default();
    if let Value::Null = value {
        return Ok(read);
    }
    for (key, value) in object(value, "a member of a type")? {
        match field(&key, &["name", "type"]) {
            Some("name") => read_text(&mut read.name, value, "name")?,
            Some("type") => read_text(&mut read.kind, value, "type")?,
            _ => {}
        }
    }
    Ok(read)
}

/// Go hands the chain id's own text to `math.HexOrDecimal256`, escapes and all, so a string with
/// an escape is no number.
fn read_chain_id(value: &Value<'_>) -> Result<Option<Integer>, Error> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Number(text, _) | Value::String(Cow::Borrowed(text)) => text,
        _ => "?",
    };
    let integer = Integer::from_text(text).ok_or_else(|| {
        let detail = "write it in decimal, or in hex after 0x";
        Error::new(TypedDataErrorKind::Integer, detail).inside("chainId").inside("domain")
    })?;
    Ok(Some(integer))
}

fn read_text<'a>(text: &mut Cow<'a, str>, value: Value<'a>, name: &str) -> Result<(), Error> {
    match value {
        Value::Null => {}
        Value::String(new) => *text = new,
        _ => return Err(shape(&format!("{name} must be a string"))),
    }
    Ok(())
}

fn object<'a>(value: Value<'a>, name: &str) -> Result<Members<'a>, Error> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(shape(&format!("{name} must be an object"))),
    }
}

fn shape(detail: &str) -> Error {
    Error::new(TypedDataErrorKind::Shape, detail)
}

/// Which of these names a key is, without regard to case. Go folds by Unicode's simple folding,
/// in which two characters beyond ASCII are one with a letter of it.
fn field(key: &str, names: &[&'static str]) -> Option<&'static str> {
    let fold = |character: char| match character {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    let matches = |name: &&&str| key.chars().map(fold).eq(name.chars().map(fold));
    names.iter().find(matches).copied()
}
