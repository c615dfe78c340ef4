//! Why typed data has no hash.

use std::ffi::CStr;
use std::fmt;

/// What kind of thing is wrong. The numbers are frozen; `vectors/errors.json` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum TypedDataErrorKind {
    /// The text is no JSON.
    Json = 230,
    /// The text has more than 1 MiB.
    TooLong = 231,
    /// Lists and objects are nested too deep.
    TooDeep = 232,
    /// There are too many types.
    TooManyTypes = 233,
    /// Types, primaryType, domain or message has the wrong JSON type.
    Shape = 234,
    /// A type or member has no name, or refers to itself or to no type.
    Type = 235,
    /// The domain is missing or has no field.
    Domain = 236,
    /// The data has more members than its type.
    Extra = 237,
    /// A member or element is missing or null.
    Missing = 238,
    /// A value does not fit its type.
    Mismatch = 239,
    /// A value is no integer of at most 256 bits.
    Integer = 240,
    /// An integer is too large or negative for its type.
    Range = 241,
}

impl TypedDataErrorKind {
    /// Every kind, in the order of the numbers.
    pub const ALL: &'static [Self] = &[
        Self::Json,
        Self::TooLong,
        Self::TooDeep,
        Self::TooManyTypes,
        Self::Shape,
        Self::Type,
        Self::Domain,
        Self::Extra,
        Self::Missing,
        Self::Mismatch,
        Self::Integer,
        Self::Range,
    ];

    /// The frozen number.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The kind of a number, if it is in use.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The name that every language derives its own from, such as `typed_data_json`.
    pub const fn name(self) -> &'static str {
        text(self.c_strings().0)
    }

    /// One sentence about the kind, without the values of a particular error.
    pub const fn message(self) -> &'static str {
        text(self.c_strings().1)
    }

    /// [`Self::name`] and [`Self::message`] as C strings, for the C border.
    pub const fn c_strings(self) -> (&'static CStr, &'static CStr) {
        match self {
            Self::Json => (c"typed_data_json", c"the typed data is no JSON"),
            Self::TooLong => (c"typed_data_too_long", c"the typed data has more than 1 MiB"),
            Self::TooDeep => (c"typed_data_too_deep", c"lists and objects are nested too deep"),
            Self::TooManyTypes => (c"typed_data_too_many_types", c"there are too many types"),
            Self::Shape => (
                c"typed_data_shape",
                c"types, primaryType, domain or message has the wrong JSON type",
            ),
            Self::Type => (
                c"typed_data_type",
                c"a type or member has no name, or refers to itself or to no type",
            ),
            Self::Domain => (c"typed_data_domain", c"the domain is missing or has no field"),
            Self::Extra => (c"typed_data_extra", c"the data has more members than its type"),
            Self::Missing => (c"typed_data_missing", c"a member or element is missing or null"),
            Self::Mismatch => (c"typed_data_mismatch", c"a value does not fit its type"),
            Self::Integer => (c"typed_data_integer", c"a value is no integer of at most 256 bits"),
            Self::Range => {
                (c"typed_data_range", c"an integer is too large or negative for its type")
            }
        }
    }
}

/// Not empty: the literals above are UTF-8.
const fn text(literal: &'static CStr) -> &'static str {
    match literal.to_str() {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// A failure, as one sentence that says where; [`Error::kind`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: TypedDataErrorKind,
    /// Names of members from the outermost to the innermost, such as `message.from.wallet`.
    place: String,
    detail: String,
}

impl Error {
    pub(crate) fn new(kind: TypedDataErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, place: String::new(), detail: detail.into() }
    }

    /// Says that the failure is inside a member of this name.
    pub(crate) fn inside(mut self, name: &str) -> Self {
        let name = shown(name);
        self.place = if self.place.is_empty() { name } else { format!("{name}.{}", self.place) };
        self
    }

    /// What kind of thing is wrong.
    pub const fn kind(&self) -> TypedDataErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}: {}", self.kind.message(), self.detail)
    }
}

impl std::error::Error for Error {}

/// Another's text, fit for one line of a terminal: short, and what is no printable ASCII escaped,
/// so that no letter passes for another.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_default).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
