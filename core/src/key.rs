//! Secret keys, public keys and addresses.

use core::fmt;

use crate::curve;
use crate::error::{Error, Field};
use crate::hex;
use crate::keccak::keccak256;
use crate::payload::SigningHash;
use crate::sign::{Signature, Signer};
use crate::stack::on_engine_stack;

/// A secp256k1 secret key. Wiped when dropped; cannot be printed, cloned or compared.
///
/// ```compile_fail
/// fn shows<T: core::fmt::Debug>() {}
/// shows::<opsign_core::SecretKey>();
/// ```
/// ```compile_fail
/// fn prints<T: core::fmt::Display>() {}
/// prints::<opsign_core::SecretKey>();
/// ```
/// ```compile_fail
/// fn clones<T: Clone>() {}
/// clones::<opsign_core::SecretKey>();
/// ```
/// ```compile_fail
/// fn compares<T: PartialEq>() {}
/// compares::<opsign_core::SecretKey>();
/// ```
pub struct SecretKey {
    scalar: curve::SecretScalar,
    public: PublicKey,
}

impl SecretKey {
    /// Takes a scalar of 32 bytes, big-endian, from 1 to n - 1 (SEC 1, section 3.2.1).
    ///
    /// The caller wipes `bytes`.
    ///
    /// # Errors
    /// A length other than 32, [`Error::SecretKeyZero`], [`Error::SecretKeyTooLarge`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        on_engine_stack(|| Self::load(bytes))
    }

    /// Reads 64 hex digits, with or without `0x`. The caller wipes `text`.
    ///
    /// # Errors
    /// The kinds of [`hex::decode`] and of [`SecretKey::from_bytes`].
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        on_engine_stack(|| Self::load(&hex::decode::<32>(Field::SecretKey, text)?))
    }

    fn load(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = Error::check_length::<32>(Field::SecretKey, bytes)?;
        let scalar = curve::SecretScalar::new(bytes)?;
        let public = PublicKey { point: scalar.public_point() };
        Ok(Self { scalar, public })
    }

    /// The public key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The address of the public key.
    pub fn address(&self) -> Address {
        self.public.address()
    }
}

impl Signer for SecretKey {
    type Error = Error;

    /// Signs with an RFC 6979 nonce (HMAC-SHA-256), low s; the same hash gives the same bytes.
    ///
    /// # Errors
    /// [`Error::SignatureNotRecoverable`] when the nonce point's x is not below the group order,
    /// which has odds of 2^-128: such a signature has no y_parity form.
    fn sign(&self, hash: &SigningHash) -> Result<Signature, Error> {
        let (rs, recovery_id) = on_engine_stack(|| self.scalar.sign(hash.as_bytes()));
        Signature::new_low_s(rs, recovery_id)
    }

    fn address(&self) -> Address {
        self.public.address()
    }
}

/// A secp256k1 public key: a point of the curve that is not the point at infinity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    /// SEC 1 uncompressed: `04 ‖ x ‖ y`.
    pub(crate) point: [u8; 65],
}

impl PublicKey {
    /// Reads a SEC 1 point, compressed (33 bytes) or uncompressed (65 bytes).
    ///
    /// # Errors
    /// [`Error::PublicKeyInvalid`] for another length or form, or a point off the curve.
    pub fn from_sec1_bytes(bytes: &[u8]) -> Result<Self, Error> {
        curve::decode_point(bytes).map(|point| Self { point })
    }

    /// SEC 1 uncompressed: `04 ‖ x[32] ‖ y[32]`.
    pub const fn as_sec1_bytes(&self) -> &[u8; 65] {
        &self.point
    }

    /// The last 20 bytes of `keccak256(x ‖ y)` (Ethereum yellow paper, appendix F).
    pub fn address(&self) -> Address {
        let hash = keccak256(&[&self.point[1..]]);
        let mut address = [0; 20];
        address.copy_from_slice(&hash[12..]);
        Address(address)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        hex::write(f, &self.point)?;
        f.write_str(")")
    }
}

/// An Ethereum address, 20 bytes. Its text form carries the EIP-55 checksum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 20]);

impl Address {
    /// Takes 20 bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The EIP-55 text form, `0x` and 40 digits, as ASCII bytes.
    pub fn to_text(&self) -> [u8; 42] {
        let mut text = [0; 42];
        text[..2].copy_from_slice(b"0x");
        for (pair, byte) in text[2..].chunks_exact_mut(2).zip(self.0) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        let checksum = keccak256(&[&text[2..]]);
        for (at, digit) in text[2..].iter_mut().enumerate() {
            let nibble = checksum[at / 2] >> (4 * (1 - at % 2)) & 15;
            if nibble >= 8 {
                *digit = digit.to_ascii_uppercase();
            }
        }
        text
    }
}

impl core::str::FromStr for Address {
    type Err = Error;

    /// Reads `0x` and 40 hex digits. Digits of both cases must carry the EIP-55 checksum.
    ///
    /// # Errors
    /// [`Error::HexPrefix`] without `0x`, the kinds of [`hex::decode`],
    /// [`Error::AddressChecksum`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let field = Field::Address;
        if text.is_empty() {
            return Err(Error::Empty { field });
        }
        let Some(digits) = text.strip_prefix("0x") else {
            return Err(Error::HexPrefix { field });
        };
        let address = Self(hex::decode(field, text)?);
        let mixed_case = digits.bytes().any(|digit| digit.is_ascii_lowercase())
            && digits.bytes().any(|digit| digit.is_ascii_uppercase());
        let wrong = address.to_text().iter().zip(text.bytes()).position(|(a, b)| *a != b);
        match wrong {
            Some(position) if mixed_case => Err(Error::AddressChecksum { position }),
            _ => Ok(address),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}
