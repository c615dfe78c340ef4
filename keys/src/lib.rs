//! secp256k1 secret keys in the formats that operators have.
//!
//! ```
//! use opsign_keys::{Options, Passphrase, ScryptCost, read, system_random};
//!
//! # fn main() -> Result<(), opsign_keys::Error> {
//! // A key as `openssl ecparam -name secp256k1 -genkey` writes it; `read` sees that by itself.
//! let pem = "-----BEGIN EC PARAMETERS-----
//! BgUrgQQACg==
//! -----END EC PARAMETERS-----
//! -----BEGIN EC PRIVATE KEY-----
//! MHQCAQEEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBoAcGBSuBBAAK
//! oUQDQgAEG4TFVnsSZECZXT7VqroFZdceGDRgSBn/nBf16dXdB49wvq+PWItUFQf+
//! 1qZCxatC39+BIKf2Od5RItR6aajo0Q==
//! -----END EC PRIVATE KEY-----
//! ";
//! let secret = read(pem.as_bytes(), &Options::default())?;
//! assert_eq!(secret.address().to_string(), "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1");
//!
//! // The same key as a keystore, and back.
//! let passphrase = Passphrase::new("correct horse battery staple");
//! let keystore = secret.to_keystore(&passphrase, ScryptCost::LIGHT, system_random)?;
//! let options = Options { passphrase: Some(&passphrase), ..Options::default() };
//! assert_eq!(read(keystore.as_bytes(), &options)?.address(), secret.address());
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `read.rs` | [`read`]: which format, and what to do with it; hex |
//! | `secret.rs` | [`Secret`], [`SecretText`], [`Passphrase`] |
//! | `pem.rs`, `der.rs` | SEC 1 and PKCS#8, with a named curve or all its parameters |
//! | `keystore.rs` | Ethereum keystores, version 3 |
//! | `sealer.rs` | many secrets of 32 bytes under one passphrase |
//! | `mnemonic.rs`, `words/` | BIP-39, in ten languages |
//! | `path.rs` | BIP-32: from a seed along a path to a key |
//! | `error.rs` | what can go wrong, each with a number |
//! | `random.rs` | the system's random numbers |
//!
//! # What is promised
//!
//! No `unsafe`, no files, no sockets; the only thing asked of the system is randomness, by
//! [`system_random`]. Secrets and what they were made from are wiped when they are dropped, and no
//! error shows anything of them; `tests/wiped.rs` searches every block of
//! memory that is given back. Every limit is checked before the work that it limits. A key is
//! returned only if all that its file says about it (curve, public key, checksum, MAC, address) is
//! true.
//!
//! # What is not
//!
//! Hex, base64 and the MAC are handled in constant time. JSON is not, and neither are words, which
//! are looked up in lists. The scrypt crate does not wipe its working memory, 4 to 256 MiB in usual
//! keystores: somebody who reads it afterwards can try passphrases without scrypt's cost. Copies
//! that other crates leave on the stack are not wiped either.
#![forbid(unsafe_code)]

mod der;
mod error;
mod keystore;
mod mnemonic;
mod path;
mod pem;
mod random;
mod read;
mod sealer;
mod secret;

pub use error::{Error, ErrorKind};
pub use keystore::ScryptCost;
pub use mnemonic::{Language, Mnemonic, WordCount};
pub use path::DerivationPath;
pub use random::system_random;
pub use read::{Format, MAX_INPUT, Options, read, recognise};
pub use sealer::{Sealed, Sealer, SealerFile};
pub use secret::{Passphrase, Secret, SecretText};
