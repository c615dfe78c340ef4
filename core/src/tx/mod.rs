//! Ethereum transactions: signing hash, signed encoding and decoding, transaction hash, sender.
//!
//! One file per type. A transaction borrows its long parts, is hashed while it is encoded, and
//! needs no heap. Decoding accepts what go-ethereum's `UnmarshalBinary` accepts, with one
//! difference: no number may have more than 256 bits (go-ethereum lets the fees and the value of
//! the first three types be longer, which no chain can execute).
//!
//! ```
//! use opsign_core::tx::{DynamicFee, SignedTransaction, Transaction, sign_transaction};
//! use opsign_core::{ChainId, SecretKey, U256};
//!
//! # fn main() -> Result<(), opsign_core::Error> {
//! let key = SecretKey::from_bytes(&[1; 32])?;
//! let transaction = Transaction::DynamicFee(DynamicFee {
//!     chain_id: ChainId::from(10),
//!     nonce: 7,
//!     max_priority_fee_per_gas: U256::from(1_000_000),
//!     max_fee_per_gas: U256::from(2_000_000_000),
//!     gas: 21_000,
//!     to: Some(key.address()),
//!     value: U256::from(1),
//!     ..DynamicFee::default()
//! });
//! let signed = sign_transaction(&key, &transaction)?;
//! let mut raw = [0; 256];
//! let length = signed.encode(&mut raw)?;
//!
//! let decoded = SignedTransaction::decode(&raw[..length])?;
//! assert_eq!(decoded.sender()?, key.address());
//! assert_eq!(decoded.hash(), signed.hash());
//! # Ok(())
//! # }
//! ```

mod access_list;
mod authorization;
mod blob;
mod deposit;
mod dynamic_fee;
mod legacy;
mod set_code;

use core::fmt;

pub use access_list::{AccessItem, AccessList, AccessListTransaction, StorageKeys};
pub use authorization::{Authorization, AuthorizationList, SignedAuthorization};
pub use blob::{Blob, BlobHashes, Sidecar, SidecarVersion};
pub use deposit::Deposit;
pub use dynamic_fee::DynamicFee;
pub use legacy::Legacy;
pub use set_code::SetCode;

use crate::error::{Error, Field};
use crate::hex;
use crate::keccak::Keccak256;
use crate::key::Address;
use crate::payload::SigningHash;
use crate::rlp::{self, Buffer, Length, Reader, Sink};
use crate::sign::{Rules, Signature, Signer};
use crate::uint::U256;

/// A transaction without its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transaction<'a> {
    /// Before EIP-2718, with or without a chain id (EIP-155).
    Legacy(Legacy<'a>),
    /// Type 1 (EIP-2930).
    AccessList(AccessListTransaction<'a>),
    /// Type 2 (EIP-1559).
    DynamicFee(DynamicFee<'a>),
    /// Type 3 (EIP-4844).
    Blob(Blob<'a>),
    /// Type 4 (EIP-7702).
    SetCode(SetCode<'a>),
    /// Type 0x7e of the OP Stack, which nobody signs.
    Deposit(Deposit<'a>),
}

/// The hash by which a transaction is known. Displayed as `0x` and 64 digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionHash([u8; 32]);

impl TransactionHash {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TransactionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for TransactionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionHash({self})")
    }
}

/// The signature fields of a transaction as they are on the wire, not yet looked at.
///
/// `v` is y_parity for typed transactions; for legacy ones 27 + y_parity, or
/// 35 + 2 · chain id + y_parity (EIP-155).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SignatureFields {
    /// v or y_parity.
    pub v: U256,
    /// r.
    pub r: U256,
    /// s.
    pub s: U256,
}

impl SignatureFields {
    fn put(&self, out: &mut dyn Sink) {
        for number in [&self.v, &self.r, &self.s] {
            rlp::put_uint(out, number);
        }
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        reader.read("v", &mut self.v)?;
        reader.read("r", &mut self.r)?;
        reader.read("s", &mut self.s)
    }

    /// The signature with this y_parity, under [`Rules::Strict`] as EIP-2 has it.
    fn signature(&self, y_parity: u8) -> Result<Signature, Error> {
        let mut bytes = [0; 65];
        bytes[..32].copy_from_slice(self.r.as_be_bytes());
        bytes[32..64].copy_from_slice(self.s.as_be_bytes());
        bytes[64] = y_parity;
        Signature::from_bytes(&bytes, Rules::Strict)
    }

    fn of(signature: &Signature, v: U256) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&signature.as_bytes()[..32]);
        s.copy_from_slice(&signature.as_bytes()[32..64]);
        Self { v, r: U256::from_be_bytes(r), s: U256::from_be_bytes(s) }
    }
}

/// The y_parity that a number stands for.
fn y_parity(v: &U256) -> Result<u8, Error> {
    match *v {
        v if v == U256::ZERO => Ok(0),
        v if v == U256::from(1) => Ok(1),
        _ => Err(Error::TransactionV),
    }
}

/// What the files of the typed transactions give: their fields, in order.
trait Typed<'a>: Sized {
    /// The EIP-2718 type byte.
    const TYPE: u8;

    /// All zeroes, to read into.
    fn empty() -> Self;

    fn put_fields(&self, out: &mut dyn Sink);

    fn read_fields(&mut self, reader: &mut Reader<'a>) -> Result<(), Error>;
}

fn put_unsigned<'a, T: Typed<'a>>(transaction: &T, out: &mut dyn Sink) {
    out.put(&[T::TYPE]);
    rlp::put_list(out, &|out| transaction.put_fields(out));
}

fn put_signed<'a, T: Typed<'a>>(transaction: &T, fields: &SignatureFields, out: &mut dyn Sink) {
    out.put(&[T::TYPE]);
    rlp::put_list(out, &|out| {
        transaction.put_fields(out);
        fields.put(out);
    });
}

fn read_signed<'a, T: Typed<'a>>(
    transaction: &mut T,
    fields: &mut SignatureFields,
    payload: &'a [u8],
) -> Result<(), Error> {
    let mut reader = Reader::new(payload);
    transaction.read_fields(&mut reader)?;
    fields.read(&mut reader)?;
    reader.end("transaction")
}

fn read_unsigned<'a, T: Typed<'a>>(transaction: &mut T, list: &'a [u8]) -> Result<(), Error> {
    let mut reader = Reader::new(whole_list(list)?);
    transaction.read_fields(&mut reader)?;
    reader.end("transaction")
}

/// The payload of the one list that `bytes` are.
fn whole_list(bytes: &[u8]) -> Result<&[u8], Error> {
    let mut reader = Reader::new(bytes);
    let payload = reader.list("transaction")?;
    reader.end("transaction")?;
    Ok(payload)
}

impl<'a> Transaction<'a> {
    /// Reads a transaction that nobody has signed: the very bytes whose hash is signed.
    ///
    /// # Errors
    /// As [`SignedTransaction::decode`]; [`Error::DepositNotSignable`].
    pub fn decode_unsigned(bytes: &'a [u8]) -> Result<Self, Error> {
        let (mut transaction, list) = Self::begin(bytes)?;
        match &mut transaction {
            Self::Legacy(transaction) => transaction.read_unsigned(whole_list(list)?)?,
            Self::AccessList(transaction) => read_unsigned(transaction, list)?,
            Self::DynamicFee(transaction) => read_unsigned(transaction, list)?,
            Self::Blob(transaction) => read_unsigned(transaction, list)?,
            Self::SetCode(transaction) => read_unsigned(transaction, list)?,
            Self::Deposit(_) => return Err(Error::DepositNotSignable),
        }
        Ok(transaction)
    }

    /// A transaction of the type that the first byte names, all zeroes, and the list to read into it.
    fn begin(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let Some((&kind, body)) = bytes.split_first() else {
            return Err(Error::Empty { field: Field::Transaction });
        };
        let transaction = match kind {
            0xc0.. => return Ok((Self::Legacy(Legacy::default()), bytes)),
            AccessListTransaction::TYPE => Self::AccessList(AccessListTransaction::empty()),
            DynamicFee::TYPE => Self::DynamicFee(DynamicFee::empty()),
            Blob::TYPE => Self::Blob(Blob::empty()),
            SetCode::TYPE => Self::SetCode(SetCode::empty()),
            Deposit::TYPE => Self::Deposit(Deposit::empty()),
            kind => return Err(Error::TransactionType { kind }),
        };
        Ok((transaction, body))
    }

    /// The EIP-2718 type: 0 for a legacy transaction.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Legacy(_) => 0,
            Self::AccessList(_) => AccessListTransaction::TYPE,
            Self::DynamicFee(_) => DynamicFee::TYPE,
            Self::Blob(_) => Blob::TYPE,
            Self::SetCode(_) => SetCode::TYPE,
            Self::Deposit(_) => Deposit::TYPE,
        }
    }

    /// What a key signs for this transaction. Needs no heap, whatever the input's length.
    ///
    /// # Errors
    /// [`Error::DepositNotSignable`].
    pub fn signing_hash(&self) -> Result<SigningHash, Error> {
        let mut hasher = Keccak256::default();
        match self {
            Self::Legacy(transaction) => transaction.put_unsigned(&mut hasher),
            Self::AccessList(transaction) => put_unsigned(transaction, &mut hasher),
            Self::DynamicFee(transaction) => put_unsigned(transaction, &mut hasher),
            Self::Blob(transaction) => put_unsigned(transaction, &mut hasher),
            Self::SetCode(transaction) => put_unsigned(transaction, &mut hasher),
            Self::Deposit(_) => return Err(Error::DepositNotSignable),
        }
        Ok(SigningHash(hasher.finish()))
    }

    /// Puts a signature to the transaction, unchecked: [`SignedTransaction::sender`] tells whose.
    ///
    /// # Errors
    /// [`Error::DepositNotSignable`]; [`Error::ChainIdTooLarge`] if a legacy transaction's chain id
    /// is too large for its v (EIP-155 needs two bits more).
    pub fn with_signature(self, signature: &Signature) -> Result<SignedTransaction<'a>, Error> {
        let y_parity = signature.recovery_id() & 1;
        let v = match &self {
            Self::Legacy(transaction) => transaction.v(y_parity)?,
            Self::Deposit(_) => return Err(Error::DepositNotSignable),
            _ => U256::from(u64::from(y_parity)),
        };
        let fields = SignatureFields::of(signature, v);
        Ok(SignedTransaction { transaction: self, fields, sidecar: None })
    }
}

/// Signs a transaction.
///
/// # Errors
/// The kinds of [`Transaction::signing_hash`] and [`Transaction::with_signature`], and the
/// signer's own.
pub fn sign_transaction<'a, S>(
    signer: &S,
    transaction: &Transaction<'a>,
) -> Result<SignedTransaction<'a>, S::Error>
where
    S: Signer + ?Sized,
    S::Error: From<Error>,
{
    let signature = signer.sign(&transaction.signing_hash()?)?;
    Ok(transaction.with_signature(&signature)?)
}

/// A transaction with its signature fields and, for a blob transaction on its way through the
/// network, its sidecar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedTransaction<'a> {
    transaction: Transaction<'a>,
    fields: SignatureFields,
    sidecar: Option<Sidecar<'a>>,
}

impl<'a> SignedTransaction<'a> {
    /// Reads a transaction in its network form (EIP-2718, EIP-4844 with or without sidecar).
    ///
    /// # Errors
    /// The `Rlp` kinds with the name of the field, [`Error::TransactionType`],
    /// [`Error::Empty`]; and what the files of the types say.
    pub fn decode(raw: &'a [u8]) -> Result<Self, Error> {
        let (transaction, list) = Transaction::begin(raw)?;
        let mut payload = whole_list(list)?;
        let mut read = Self { transaction, fields: SignatureFields::default(), sidecar: None };
        let fields = &mut read.fields;
        match &mut read.transaction {
            Transaction::Legacy(transaction) => transaction.read_signed(fields, payload)?,
            Transaction::AccessList(transaction) => read_signed(transaction, fields, payload)?,
            Transaction::DynamicFee(transaction) => read_signed(transaction, fields, payload)?,
            Transaction::Blob(transaction) => {
                (payload, read.sidecar) = Sidecar::split(payload)?;
                read_signed(transaction, fields, payload)?;
            }
            Transaction::SetCode(transaction) => read_signed(transaction, fields, payload)?,
            Transaction::Deposit(transaction) => transaction.read(payload)?,
        }
        Ok(read)
    }

    /// The transaction.
    pub const fn transaction(&self) -> &Transaction<'a> {
        &self.transaction
    }

    /// The signature fields as they came.
    pub const fn signature_fields(&self) -> &SignatureFields {
        &self.fields
    }

    /// The blobs that travel with a blob transaction, if they do.
    pub const fn sidecar(&self) -> Option<&Sidecar<'a>> {
        self.sidecar.as_ref()
    }

    /// The same transaction with or without its blobs.
    pub const fn with_sidecar(mut self, sidecar: Option<Sidecar<'a>>) -> Self {
        self.sidecar = sidecar;
        self
    }

    /// Writes the network form to the front of `out` and gives its length.
    ///
    /// # Errors
    /// [`Error::TooShort`] with the length needed; `out` then holds nothing of use.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Error> {
        let room = out.len();
        let mut buffer = Buffer { bytes: out, length: 0 };
        self.put(&mut buffer);
        let length = buffer.length;
        if length > room {
            let field = Field::Transaction;
            return Err(Error::TooShort { field, expected: length, actual: room });
        }
        Ok(length)
    }

    /// How many bytes [`SignedTransaction::encode`] writes.
    pub fn encoded_len(&self) -> usize {
        let mut length = Length::default();
        self.put(&mut length);
        length.0
    }

    fn put(&self, out: &mut dyn Sink) {
        match (&self.transaction, &self.sidecar) {
            (Transaction::Blob(transaction), Some(sidecar)) => {
                out.put(&[Blob::TYPE]);
                rlp::put_list(out, &|out| {
                    rlp::put_list(out, &|out| {
                        transaction.put_fields(out);
                        self.fields.put(out);
                    });
                    sidecar.put(out);
                });
            }
            _ => self.put_without_sidecar(out),
        }
    }

    fn put_without_sidecar(&self, out: &mut dyn Sink) {
        let fields = &self.fields;
        match &self.transaction {
            Transaction::Legacy(transaction) => transaction.put_signed(fields, out),
            Transaction::AccessList(transaction) => put_signed(transaction, fields, out),
            Transaction::DynamicFee(transaction) => put_signed(transaction, fields, out),
            Transaction::Blob(transaction) => put_signed(transaction, fields, out),
            Transaction::SetCode(transaction) => put_signed(transaction, fields, out),
            Transaction::Deposit(transaction) => transaction.put(out),
        }
    }

    /// The transaction's hash; a sidecar is no part of it.
    pub fn hash(&self) -> TransactionHash {
        let mut hasher = Keccak256::default();
        self.put_without_sidecar(&mut hasher);
        TransactionHash(hasher.finish())
    }

    /// What was signed.
    ///
    /// # Errors
    /// [`Error::DepositNotSignable`].
    pub fn signing_hash(&self) -> Result<SigningHash, Error> {
        self.transaction.signing_hash()
    }

    /// The signature in its 65-byte form.
    ///
    /// # Errors
    /// [`Error::DepositNotSignable`]; [`Error::TransactionV`] if v stands for no y_parity; and the
    /// kinds of [`Signature::from_bytes`] under [`Rules::Strict`].
    pub fn signature(&self) -> Result<Signature, Error> {
        let y_parity = match &self.transaction {
            Transaction::Legacy(transaction) => transaction.y_parity(&self.fields.v)?,
            Transaction::Deposit(_) => return Err(Error::DepositNotSignable),
            _ => y_parity(&self.fields.v)?,
        };
        self.fields.signature(y_parity)
    }

    /// Who sent it: the signer, or the address that a deposit names.
    ///
    /// # Errors
    /// As [`SignedTransaction::signature`], and [`Error::SignatureNotRecoverable`].
    pub fn sender(&self) -> Result<Address, Error> {
        if let Transaction::Deposit(deposit) = &self.transaction {
            return Ok(deposit.from);
        }
        let key = self.signature()?.recover(&self.signing_hash()?)?;
        Ok(key.address())
    }
}

/// `to`: an address, or nothing for a contract creation.
fn put_to(out: &mut dyn Sink, to: &Option<Address>) {
    rlp::put_bytes(out, to.as_ref().map_or(&[], |to| to.as_bytes()));
}

fn put_u64(out: &mut dyn Sink, number: u64) {
    rlp::put_uint(out, &U256::from(number));
}
