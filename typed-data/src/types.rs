//! The types of a document: whether they are sound, and their texts and hashes (EIP-712,
//! "Definition of `hashStruct`").

use std::borrow::Cow;

use crate::MAX_TYPES;
use crate::error::{Error, TypedDataErrorKind, shown};

/// A member of a struct type.
#[derive(Default)]
pub(crate) struct Field<'a> {
    pub(crate) name: Cow<'a, str>,
    /// Its type, such as `uint8` or `Person[2]`.
    pub(crate) kind: Cow<'a, str>,
}

/// The struct types, sorted by their names: few enough for a list, and a map would be a tenth of the
/// code. A name may stand for null, which go-ethereum takes for a type that others may mention and
/// that is not there when it is needed.
#[derive(Default)]
pub(crate) struct Types<'a>(Vec<(Cow<'a, str>, Option<Vec<Field<'a>>>)>);

impl<'a> Types<'a> {
    /// Adds a type, or defines it anew.
    ///
    /// # Errors
    /// [`TypedDataErrorKind::TooManyTypes`].
    pub(crate) fn define(
        &mut self,
        name: Cow<'a, str>,
        fields: Option<Vec<Field<'a>>>,
    ) -> Result<(), Error> {
        match self.0.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(at) => self.0[at].1 = fields,
            Err(_) if self.0.len() == MAX_TYPES => {
                let detail = format!("more than {MAX_TYPES}");
                return Err(Error::new(TypedDataErrorKind::TooManyTypes, detail));
            }
            Err(at) => self.0.insert(at, (name, fields)),
        }
        Ok(())
    }

    /// Where a type is among the sorted names, below [`MAX_TYPES`].
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()
    }

    pub(crate) fn fields(&self, name: &str) -> Option<&[Field<'a>]> {
        self.0[self.position(name)?].1.as_deref()
    }

    /// `Types.validate` of go-ethereum. Only direct references to itself are refused; others end
    /// where the message does.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        for (name, fields) in &self.0 {
            if name.is_empty() {
                return Err(unsound("a type without a name"));
            }
            for field in fields.iter().flatten() {
                self.validate_field(name, field)
                    .map_err(|error| error.inside(name).inside("types"))?;
            }
        }
        Ok(())
    }

    fn validate_field(&self, owner: &str, field: &Field<'_>) -> Result<(), Error> {
        let kind = &*field.kind;
        if kind.is_empty() || field.name.is_empty() {
            return Err(unsound("a member without a type or name"));
        }
        if kind == owner {
            return Err(unsound("a struct that holds itself has no end; a list of them has"));
        }
        if is_primitive(element(kind)) {
            return Ok(());
        }
        if self.position(element(kind)).is_none() {
            return Err(unsound(&format!("no type is called \"{}\"", shown(kind))));
        }
        if !is_reference(kind) {
            return Err(unsound(&format!("\"{}\" is no name of a type", shown(kind))));
        }
        Ok(())
    }

    /// `encodeType`: the type's own text, then those of the types it needs, sorted by name. Empty
    /// for a type that is not defined.
    ///
    /// A type without members loses its opening bracket, as in go-ethereum: `Nothing)`.
    pub(crate) fn encode_type(&self, name: &str) -> String {
        let root = element(name);
        let mut needed = [false; MAX_TYPES];
        let mut open = vec![root];
        while let Some(next) = open.pop() {
            if let Some(at) = self.position(next)
                && let Some(fields) = &self.0[at].1
                && !std::mem::replace(&mut needed[at], true)
            {
                open.extend(fields.iter().map(|field| element(&field.kind)));
            }
        }
        let mut text = String::new();
        if self.fields(root).is_some() {
            self.write(&mut text, name);
            for ((other, _), needed) in self.0.iter().zip(needed) {
                if needed && other != root {
                    self.write(&mut text, other);
                }
            }
        }
        text
    }

    fn write(&self, text: &mut String, name: &str) {
        text.push_str(name);
        for (at, field) in self.fields(name).unwrap_or_default().iter().enumerate() {
            text.push(if at == 0 { '(' } else { ',' });
            text.push_str(&field.kind);
            text.push(' ');
            text.push_str(&field.name);
        }
        text.push(')');
    }
}

/// The type of the elements: what is before the first bracket.
pub(crate) fn element(kind: &str) -> &str {
    kind.split_once('[').map_or(kind, |(element, _)| element)
}

fn unsound(detail: &str) -> Error {
    Error::new(TypedDataErrorKind::Type, detail)
}

/// Whether EIP-712 has this atomic or dynamic type. Sizes are written without leading zeros.
fn is_primitive(kind: &str) -> bool {
    let size = |text: &str| -> Option<u16> {
        if text.starts_with(['0', '+']) { None } else { text.parse().ok() }
    };
    if let "address" | "bool" | "string" | "bytes" | "int" | "uint" = kind {
        return true;
    }
    if let Some(bytes) = kind.strip_prefix("bytes") {
        return size(bytes).is_some_and(|bytes| bytes <= 32);
    }
    let bits = kind.strip_prefix("uint").or_else(|| kind.strip_prefix("int"));
    bits.and_then(size).is_some_and(|bits| bits <= 256 && bits % 8 == 0)
}

/// `^[A-Za-z](\w*)(\[\d*\])*$`
fn is_reference(kind: &str) -> bool {
    let name = element(kind);
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_size = |rest: &str| {
        rest.strip_suffix(']').is_some_and(|size| size.bytes().all(|byte| byte.is_ascii_digit()))
    };
    is_name && kind.split('[').skip(1).all(is_size)
}
