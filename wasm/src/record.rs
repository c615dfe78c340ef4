//! Plain JavaScript objects, filled from here by `wasm/js/record.js`: no text to write and parse
//! again, and no serializer in the module.

use opsign_core::gossip::BlockHash;
use opsign_core::{Address, U256};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "../record.js")]
extern "C" {
    /// An object, or an array, whose values have no names.
    pub type Record;

    #[wasm_bindgen(js_name = object)]
    fn object() -> Record;
    #[wasm_bindgen(js_name = child)]
    fn child(record: &Record, name: &str) -> Record;
    #[wasm_bindgen(js_name = list)]
    fn list(record: &Record, name: &str) -> Record;
    #[wasm_bindgen(js_name = setNull)]
    fn set_null(record: &Record, name: &str);
    #[wasm_bindgen(js_name = setFlag)]
    fn set_flag(record: &Record, name: &str, flag: bool);
    #[wasm_bindgen(js_name = setNumber)]
    fn set_number(record: &Record, name: &str, number: i32);
    #[wasm_bindgen(js_name = setU64)]
    fn set_u64(record: &Record, name: &str, number: u64);
    #[wasm_bindgen(js_name = setText)]
    fn set_text(record: &Record, name: &str, text: &str);
    #[wasm_bindgen(js_name = setBytes)]
    fn set_bytes(record: &Record, name: &str, bytes: &[u8]);
    #[wasm_bindgen(js_name = setHex)]
    fn set_hex(record: &Record, name: &str, bytes: &[u8]);
    #[wasm_bindgen(js_name = setUint)]
    fn set_uint(record: &Record, name: &str, bytes: &[u8]);
}

/// A value that a record takes.
pub(crate) trait Value {
    fn set(&self, record: &Record, name: &str);
}

impl Record {
    /// An object without fields.
    pub(crate) fn new() -> Self {
        object()
    }

    /// Adds a field, or to an array its next value.
    pub(crate) fn set(&self, name: &str, value: impl Value) {
        value.set(self, name);
    }

    /// Adds an object.
    pub(crate) fn child(&self, name: &str) -> Self {
        child(self, name)
    }

    /// Adds an array and fills it.
    pub(crate) fn list<T>(
        &self,
        name: &str,
        items: impl Iterator<Item = T>,
        add: impl Fn(&Self, T),
    ) {
        let list = list(self, name);
        items.for_each(|item| add(&list, item));
    }
}

/// Bytes that become hex text.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

/// Bytes that stay bytes.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Value for Hex<'_> {
    fn set(&self, record: &Record, name: &str) {
        set_hex(record, name, self.0);
    }
}

impl Value for Bytes<'_> {
    fn set(&self, record: &Record, name: &str) {
        set_bytes(record, name, self.0);
    }
}

impl Value for BlockHash {
    fn set(&self, record: &Record, name: &str) {
        set_hex(record, name, &self.0);
    }
}

impl Value for Address {
    fn set(&self, record: &Record, name: &str) {
        set_text(record, name, &self.to_string());
    }
}

impl Value for &str {
    fn set(&self, record: &Record, name: &str) {
        set_text(record, name, self);
    }
}

impl Value for U256 {
    fn set(&self, record: &Record, name: &str) {
        set_uint(record, name, self.as_be_bytes());
    }
}

impl Value for u64 {
    fn set(&self, record: &Record, name: &str) {
        set_u64(record, name, *self);
    }
}

impl Value for i32 {
    fn set(&self, record: &Record, name: &str) {
        set_number(record, name, *self);
    }
}

impl Value for bool {
    fn set(&self, record: &Record, name: &str) {
        set_flag(record, name, *self);
    }
}

impl<T: Value> Value for Option<T> {
    fn set(&self, record: &Record, name: &str) {
        match self {
            Some(value) => value.set(record, name),
            None => set_null(record, name),
        }
    }
}
