//! EIP-712 typed data: from the JSON that wallets get with `eth_signTypedData_v4` to the hash that
//! is signed.
//!
//! ```
//! use opsign_core::{SecretKey, Signer};
//! use opsign_typed_data::TypedData;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let json = br#"{
//!   "types": {
//!     "EIP712Domain": [{"name": "chainId", "type": "uint256"}],
//!     "Login": [{"name": "user", "type": "address"}, {"name": "nonce", "type": "uint64"}]
//!   },
//!   "primaryType": "Login",
//!   "domain": {"chainId": 10},
//!   "message": {"user": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826", "nonce": 7}
//! }"#;
//! let typed_data = TypedData::from_json(json)?;
//! assert_eq!(typed_data.encoded_type(), "Login(address user,uint64 nonce)");
//! let signature = SecretKey::from_bytes(&[1; 32])?.sign(&typed_data.signing_hash())?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `document.rs` | the four parts of the JSON, read as go-ethereum's struct is filled |
//! | `types.rs` | whether the types are sound; `encodeType` and `typeHash` |
//! | `encode.rs` | `hashStruct`: values by their types |
//! | `integer.rs` | integers from text and from JSON numbers |
//! | `json.rs` | JSON as Go's `encoding/json` reads it, within bounds |
//! | `error.rs` | why there is no hash, each kind with its number |
//!
//! # What is promised
//!
//! What go-ethereum's `signer/core/apitypes` takes is taken, with the same hash, and what it
//! refuses is refused (`vectors/messages.json`), within [`MAX_LEN`], [`MAX_DEPTH`] and
//! [`MAX_TYPES`], so that another's text costs little time and memory. That includes what it takes
//! against EIP-712, such as an `int8` of 200 and lists of another length than their type says.
//! Where it panics, this is an [`Error`]. Nothing here shows a person what they sign.
#![forbid(unsafe_code)]

mod document;
mod encode;
mod error;
mod integer;
mod json;
mod types;

use opsign_core::{SigningHash, hazmat};

pub use error::{Error, TypedDataErrorKind};

/// The longest JSON text that is read, in bytes.
pub const MAX_LEN: usize = 1 << 20;

/// How deep lists and objects may be nested. The outermost object counts.
pub const MAX_DEPTH: usize = 128;

/// How many types may be defined, `EIP712Domain` among them.
pub const MAX_TYPES: usize = 64;

/// Typed data that was read and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedData {
    domain_separator: [u8; 32],
    struct_hash: [u8; 32],
    encoded_type: String,
}

impl TypedData {
    /// Reads `{"types": …, "primaryType": …, "domain": …, "message": …}` and hashes it.
    ///
    /// # Errors
    /// One of each kind of [`TypedDataErrorKind`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        Self::from_json_with(json, &|number| number.parse().unwrap_or(f64::NAN))
    }

    /// As [`TypedData::from_json`], where something else reads numbers: JavaScript's `Number` does in
    /// WebAssembly, which would else bring 18 KB of the standard library for it.
    ///
    /// `double` gets a number as JSON has it and gives the nearest double, ties to even, as IEEE 754
    /// rounds: infinity for what is too large.
    ///
    /// # Errors
    /// As [`TypedData::from_json`]; what `double` does not find to be finite is
    /// [`TypedDataErrorKind::Integer`].
    pub fn from_json_with(json: &[u8], double: &dyn Fn(&str) -> f64) -> Result<Self, Error> {
        if json.len() > MAX_LEN {
            return Err(Error::new(
                TypedDataErrorKind::TooLong,
                format!("{} bytes, at most {MAX_LEN}", json.len()),
            ));
        }
        let text = json::to_text(json);
        let document = document::Document::read(json::parse(&text, double)?)?;
        document.types.validate()?;
        let domain = document.domain.members()?;
        let mut encoder = encode::Encoder::new(&document.types);
        let domain_separator =
            encoder.hash_struct("EIP712Domain", &domain).map_err(|error| error.inside("domain"))?;
        let struct_hash = encoder
            .hash_struct(&document.primary_type, &document.message)
            .map_err(|error| error.inside("message"))?;
        let encoded_type = document.types.encode_type(&document.primary_type);
        Ok(Self { domain_separator, struct_hash, encoded_type })
    }

    /// What a key signs: `keccak256(0x19 ‖ 0x01 ‖ domainSeparator ‖ hashStruct(message))`.
    pub fn signing_hash(&self) -> SigningHash {
        hazmat::typed_data_signing_hash(&self.domain_separator, &self.struct_hash)
    }

    /// `hashStruct` of the domain: which application, contract and chain the message is for.
    pub const fn domain_separator(&self) -> &[u8; 32] {
        &self.domain_separator
    }

    /// `hashStruct` of the message.
    pub const fn struct_hash(&self) -> &[u8; 32] {
        &self.struct_hash
    }

    /// `encodeType` of the primary type, such as `Mail(Person from)Person(string name)`.
    pub fn encoded_type(&self) -> &str {
        &self.encoded_type
    }
}
