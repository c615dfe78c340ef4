//! EIP-7702 authorizations: an account lets code act for it.

use core::fmt;

use super::{SignatureFields, put_u64, y_parity};
use crate::chain_id::ChainId;
use crate::error::Error;
use crate::keccak::Keccak256;
use crate::key::Address;
use crate::payload::SigningHash;
use crate::rlp::{self, Reader, Sink, Value};
use crate::sign::{Signature, Signer};
use crate::uint::U256;

/// The byte in front of what is signed (EIP-7702, `MAGIC`).
const MAGIC: u8 = 5;

/// What an account signs to let the code at an address act for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The chain, or 0 for every chain.
    pub chain_id: ChainId,
    /// Where the code is; the zero address takes it away.
    pub address: Address,
    /// The account's nonce.
    pub nonce: u64,
}

impl Authorization {
    fn put_fields(&self, out: &mut dyn Sink) {
        rlp::put_uint(out, self.chain_id.as_u256());
        rlp::put_bytes(out, self.address.as_bytes());
        put_u64(out, self.nonce);
    }

    /// `keccak256(05 ‖ rlp([chain_id, address, nonce]))`.
    pub fn signing_hash(&self) -> SigningHash {
        let mut hasher = Keccak256::default();
        hasher.put(&[MAGIC]);
        rlp::put_list(&mut hasher, &|out| self.put_fields(out));
        SigningHash(hasher.finish())
    }

    /// Signs it.
    ///
    /// # Errors
    /// The signer's own kinds.
    pub fn sign<S: Signer + ?Sized>(&self, signer: &S) -> Result<SignedAuthorization, S::Error> {
        let signature = signer.sign(&self.signing_hash())?;
        let y_parity = U256::from(u64::from(signature.recovery_id() & 1));
        let fields = SignatureFields::of(&signature, y_parity);
        Ok(SignedAuthorization { authorization: *self, fields })
    }
}

/// An authorization with its signature fields, which may be anybody's or nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedAuthorization {
    /// What was signed.
    pub authorization: Authorization,
    /// The signature fields as they came; v is y_parity.
    pub fields: SignatureFields,
}

impl SignedAuthorization {
    /// The signature in its 65-byte form.
    ///
    /// # Errors
    /// [`Error::TransactionV`], and the kinds of [`Signature::from_bytes`] under strict rules.
    pub fn signature(&self) -> Result<Signature, Error> {
        self.fields.signature(y_parity(&self.fields.v)?)
    }

    /// The account that signed.
    ///
    /// # Errors
    /// As [`SignedAuthorization::signature`], and [`Error::SignatureNotRecoverable`].
    pub fn authority(&self) -> Result<Address, Error> {
        let key = self.signature()?.recover(&self.authorization.signing_hash())?;
        Ok(key.address())
    }

    fn put(&self, out: &mut dyn Sink) {
        rlp::put_list(out, &|out| {
            self.authorization.put_fields(out);
            self.fields.put(out);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut items = Reader::new(reader.list("authorization")?);
        let mut authorization = Authorization {
            chain_id: ChainId::default(),
            address: Address::from_bytes([0; 20]),
            nonce: 0,
        };
        items.read("authorization chain id", &mut authorization.chain_id)?;
        items.read("authorization address", &mut authorization.address)?;
        items.read("authorization nonce", &mut authorization.nonce)?;
        let mut fields = SignatureFields::default();
        items.read("authorization y_parity", &mut fields.v)?;
        // go-ethereum keeps it in a byte.
        if fields.v > U256::from(255) {
            return Err(Error::RlpTooLarge { field: "authorization y_parity" });
        }
        items.read("authorization r", &mut fields.r)?;
        items.read("authorization s", &mut fields.s)?;
        items.end("authorization")?;
        Ok(Self { authorization, fields })
    }
}

/// The authorizations of a transaction.
#[derive(Clone, Copy)]
pub struct AuthorizationList<'a>(Items<'a>);

#[derive(Clone, Copy)]
enum Items<'a> {
    /// The payload of an RLP list, checked.
    Encoded(&'a [u8]),
    Given(&'a [SignedAuthorization]),
}

impl<'a> AuthorizationList<'a> {
    /// Takes authorizations.
    pub const fn new(items: &'a [SignedAuthorization]) -> Self {
        Self(Items::Given(items))
    }

    /// The authorizations in order.
    pub fn iter(&self) -> impl Iterator<Item = SignedAuthorization> + use<'a> {
        let (mut encoded, given) = match self.0 {
            Items::Encoded(payload) => (Reader::new(payload), &[][..]),
            Items::Given(items) => (Reader::new(&[]), items),
        };
        let mut given = given.iter();
        core::iter::from_fn(move || match given.next() {
            Some(item) => Some(*item),
            None if encoded.is_empty() => None,
            // Checked when it was read.
            None => SignedAuthorization::read(&mut encoded).ok(),
        })
    }

    pub(super) fn put(&self, out: &mut dyn Sink) {
        match self.0 {
            Items::Encoded(payload) => rlp::put_encoded_list(out, payload),
            Items::Given(items) => rlp::put_list(out, &|out| {
                for item in items {
                    item.put(out);
                }
            }),
        }
    }
}

impl<'a> Value<'a> for AuthorizationList<'a> {
    fn read(&mut self, reader: &mut Reader<'a>, field: &'static str) -> Result<(), Error> {
        let payload = reader.list(field)?;
        let mut items = Reader::new(payload);
        while !items.is_empty() {
            SignedAuthorization::read(&mut items)?;
        }
        *self = Self(Items::Encoded(payload));
        Ok(())
    }
}

impl PartialEq for AuthorizationList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for AuthorizationList<'_> {}

impl fmt::Debug for AuthorizationList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
