//! secp256k1 and Ed25519 keys that never leave a PKCS#11 token.
//!
//! ```no_run
//! use opsign_core::{ChainId, PayloadHash, Signer, sign_payload};
//! use opsign_hsm::{HsmSigner, KeySelector, Module, Options, Pin, TokenSelector};
//!
//! # fn main() -> Result<(), opsign_hsm::Error> {
//! let module = Module::open("/usr/lib/softhsm/libsofthsm2.so")?;
//! let token = module.find_token(&TokenSelector::Label("sequencers".into()))?;
//! let login = token.login(&Pin::from_file("pin.txt")?)?;
//! let key = KeySelector { label: Some("op-mainnet".into()), id: None };
//! let signer = HsmSigner::start(&login, &key, None, Options::default())?;
//!
//! let signature = sign_payload(&signer, &ChainId::from(10), &PayloadHash::of(b"payload"))?;
//! println!("{} signed: {signature}", signer.address());
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `module.rs` | a module: loaded and initialised once per process, finalised after its last user |
//! | `session.rs` | tokens, the PIN, the login |
//! | `key.rs` | list, find, generate, import |
//! | `sign.rs` | [`TokenSigner`]: a thread per session, every answer checked, every wait bounded |
//! | `scheme.rs`, `secp256k1.rs`, `ed25519.rs` | what is signed and how it is checked |
//! | `key_place.rs`, `pkcs11_uri.rs` | where a key is, as a config says it |
//! | `token_key.rs` | [`TokenKey`]: a key whose token may go away and come back |
//! | `error.rs` | what can go wrong, each with a number |
//! | `quirks.rs` | where modules differ from the standard |
//!
//! # What is promised
//!
//! A signature leaves [`HsmSigner`] only if it recovers to the address the signer was started
//! with, and [`Ed25519Signer`] only if the public key verifies it strictly. Whatever the module does
//! (answers late, wrongly, in another form, not at all) ends as one of the kinds of [`ErrorKind`].
//! What the token itself does with time and memory is its own.
#![forbid(unsafe_code)]

mod ed25519;
mod error;
mod key;
mod key_place;
mod module;
mod pkcs11_uri;
mod quirks;
mod scheme;
mod secp256k1;
mod session;
mod sign;
mod token_key;

pub use ed25519::{Ed25519, Ed25519Public, Ed25519Signer};
pub use error::{Error, ErrorKind};
pub use key::{Curve, KeyInfo, KeySelector};
pub use key_place::{KeyPlace, TokenSettings};
pub use module::Module;
pub use pkcs11_uri::Pkcs11Uri;
pub use scheme::Scheme;
pub use secp256k1::{HsmSigner, Secp256k1};
pub use session::{Login, Pin, Token, TokenSelector};
pub use sign::{Options, TokenSigner};
pub use token_key::TokenKey;
