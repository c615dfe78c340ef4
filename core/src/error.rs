//! Every way in which opsign says no, with the numbers that C, Go and JavaScript share.

use core::fmt;

use crate::key::Address;

/// Which value an [`Error`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// A secret key.
    SecretKey,
    /// A public key.
    PublicKey,
    /// An Ethereum address.
    Address,
    /// A recoverable signature.
    Signature,
    /// The Keccak-256 of a payload.
    PayloadHash,
    /// The 32 bytes that are signed.
    SigningHash,
    /// A chain id.
    ChainId,
    /// The bytes that follow the signature in a gossip message.
    Payload,
    /// A gossip message, decompressed.
    GossipData,
    /// A transaction in its network form.
    Transaction,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::SecretKey => "secret key",
            Self::PublicKey => "public key",
            Self::Address => "address",
            Self::Signature => "signature",
            Self::PayloadHash => "payload hash",
            Self::SigningHash => "signing hash",
            Self::ChainId => "chain id",
            Self::Payload => "payload",
            Self::GossipData => "decompressed gossip message",
            Self::Transaction => "transaction",
        }
    }

    /// Whether every value has the same number of bytes.
    const fn has_one_length(self) -> bool {
        !matches!(self, Self::Payload | Self::GossipData | Self::Transaction)
    }
}

/// What was wrong with an input, and where.
///
/// `Display` is one sentence for a person; [`Error::code`] is for programs. No variant holds
/// anything of a secret but its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was given.
    Empty {
        /// The value.
        field: Field,
    },
    /// Fewer bytes than the value has.
    TooShort {
        /// The value.
        field: Field,
        /// Bytes it has, or its least number of bytes.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// More bytes than the value has.
    TooLong {
        /// The value.
        field: Field,
        /// Bytes it has, or its greatest number of bytes.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// Hex text without the `0x` that this value needs.
    HexPrefix {
        /// The value.
        field: Field,
    },
    /// An odd number of hex digits.
    HexOddLength {
        /// The value.
        field: Field,
        /// Digits given, `0x` not counted.
        digits: usize,
    },
    /// A character that is no hex digit.
    HexDigit {
        /// The value.
        field: Field,
        /// Byte position in the text, from 0, `0x` counted.
        position: usize,
    },
    /// A secret key of zero.
    SecretKeyZero,
    /// A secret key not below the group order n.
    SecretKeyTooLarge,
    /// Bytes that are no point of the curve in SEC 1 form.
    PublicKeyInvalid,
    /// An address in mixed case that fails its EIP-55 checksum.
    AddressChecksum {
        /// Position of the first letter of the wrong case, from 0, `0x` counted.
        position: usize,
    },
    /// A character that is no digit of a chain id.
    ChainIdDigit {
        /// Character position in the text, from 0, `0x` counted.
        position: usize,
    },
    /// A chain id above 2^256 - 1.
    ChainIdTooLarge,
    /// r is zero.
    SignatureRZero,
    /// r is not below the group order n.
    SignatureRTooLarge,
    /// s is zero.
    SignatureSZero,
    /// s is not below the group order n.
    SignatureSTooLarge,
    /// s is above (n - 1) / 2, which strict rules refuse (EIP-2).
    SignatureSHigh,
    /// The last byte is not a y_parity.
    SignatureYParity {
        /// The byte.
        value: u8,
    },
    /// No public key belongs to this signature and hash.
    SignatureNotRecoverable,
    /// The signature is sound, but somebody else's.
    WrongSigner {
        /// Who signed.
        recovered: Address,
        /// Who should have.
        expected: Address,
    },
    /// No gossip topic of that name.
    UnknownTopic,
    /// A transaction that does not carry L1's block.
    NotL1Info,
    /// The bytes end inside this part of a transaction.
    RlpTruncated {
        /// The part.
        field: &'static str,
    },
    /// A number with leading zeroes, or a length in a longer form than it needs.
    RlpNotMinimal {
        /// The part.
        field: &'static str,
    },
    /// A list where bytes belong, or the other way round.
    RlpWrongKind {
        /// The part.
        field: &'static str,
    },
    /// Bytes of another length than this part has.
    RlpWrongLength {
        /// The part.
        field: &'static str,
        /// Bytes that it has.
        expected: usize,
    },
    /// A number with more bits than this part has.
    RlpTooLarge {
        /// The part.
        field: &'static str,
    },
    /// Bytes after the end of this part.
    RlpTrailing {
        /// The part.
        field: &'static str,
    },
    /// No transaction type has this number.
    TransactionType {
        /// The type byte.
        kind: u8,
    },
    /// A deposit, which nobody signs.
    DepositNotSignable,
    /// A v or y_parity that stands for no y_parity.
    TransactionV,
}

/// What went wrong, by number. The numbers are frozen; retired ones stay reserved.
///
/// `vectors/errors.json` pairs each with its name in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorCode {
    /// A pointer that must not be NULL is NULL.
    NullPointer = 1,
    /// A handle is not a pointer that opsign gave out.
    Misaligned = 2,
    /// The handle was closed before.
    Closed = 3,
    /// A value has the wrong type.
    WrongType = 4,
    /// Init() must finish before the first call.
    NotInitialised = 5,
    /// This build has no signing library: build with cgo enabled.
    Unavailable = 6,
    /// A bug in opsign: please report it.
    Internal = 9,
    /// The value is empty.
    Empty = 10,
    /// The value has too few bytes.
    TooShort = 11,
    /// The value has too many bytes.
    TooLong = 12,
    /// The hex text must start with 0x.
    HexPrefix = 13,
    /// The hex text has an odd number of digits.
    HexOddLength = 14,
    /// The text has a character that is no hex digit.
    HexDigit = 15,
    /// The secret key is zero.
    SecretKeyZero = 20,
    /// The secret key is not below the group order.
    SecretKeyTooLarge = 21,
    /// The public key is no SEC 1 point of the curve.
    PublicKeyInvalid = 22,
    /// The address fails its EIP-55 checksum.
    AddressChecksum = 23,
    /// The chain id has a character that is no digit.
    ChainIdDigit = 24,
    /// The chain id does not fit 256 bits.
    ChainIdTooLarge = 25,
    /// The signature's r is zero.
    SignatureRZero = 30,
    /// The signature's r is not below the group order.
    SignatureRTooLarge = 31,
    /// The signature's s is zero.
    SignatureSZero = 32,
    /// The signature's s is not below the group order.
    SignatureSTooLarge = 33,
    /// The signature's s is in the upper half.
    SignatureSHigh = 34,
    /// The signature's last byte is no y_parity.
    SignatureYParity = 35,
    /// No public key belongs to this signature and hash.
    SignatureNotRecoverable = 36,
    /// The signature was made by another key.
    WrongSigner = 37,
    /// The message is not in the snappy block format. Retired: a gossip reason says it.
    Snappy = 40,
    /// No gossip topic has that name: use v1, v2, v3 or v4.
    UnknownTopic = 41,
    /// The transaction does not carry L1's block.
    NotL1Info = 42,
    /// The bytes end too early.
    RlpTruncated = 50,
    /// A number or length is written longer than it needs.
    RlpNotMinimal = 51,
    /// A list stands where bytes belong, or bytes where a list belongs.
    RlpWrongKind = 52,
    /// A part has the wrong number of bytes.
    RlpWrongLength = 53,
    /// A number has too many bits.
    RlpTooLarge = 54,
    /// There are bytes after the end.
    RlpTrailing = 55,
    /// No transaction type has this number.
    TransactionType = 60,
    /// A deposit is not signed: L1 vouches for it.
    DepositNotSignable = 61,
    /// V or y_parity stands for no y_parity.
    TransactionV = 62,
}

impl ErrorCode {
    /// Every code, in the order of the numbers.
    pub const ALL: &'static [Self] = &[
        Self::NullPointer,
        Self::Misaligned,
        Self::Closed,
        Self::WrongType,
        Self::NotInitialised,
        Self::Unavailable,
        Self::Internal,
        Self::Empty,
        Self::TooShort,
        Self::TooLong,
        Self::HexPrefix,
        Self::HexOddLength,
        Self::HexDigit,
        Self::SecretKeyZero,
        Self::SecretKeyTooLarge,
        Self::PublicKeyInvalid,
        Self::AddressChecksum,
        Self::ChainIdDigit,
        Self::ChainIdTooLarge,
        Self::SignatureRZero,
        Self::SignatureRTooLarge,
        Self::SignatureSZero,
        Self::SignatureSTooLarge,
        Self::SignatureSHigh,
        Self::SignatureYParity,
        Self::SignatureNotRecoverable,
        Self::WrongSigner,
        Self::Snappy,
        Self::UnknownTopic,
        Self::NotL1Info,
        Self::RlpTruncated,
        Self::RlpNotMinimal,
        Self::RlpWrongKind,
        Self::RlpWrongLength,
        Self::RlpTooLarge,
        Self::RlpTrailing,
        Self::TransactionType,
        Self::DepositNotSignable,
        Self::TransactionV,
    ];

    /// The number that C returns and `vectors/errors.json` lists.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The code of a number, if it is in use.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// The name that every language derives its own from, followed by a NUL byte.
    const fn name_nul(self) -> &'static str {
        match self {
            Self::NullPointer => "null_pointer\0",
            Self::Misaligned => "misaligned\0",
            Self::Closed => "closed\0",
            Self::WrongType => "wrong_type\0",
            Self::NotInitialised => "not_initialised\0",
            Self::Unavailable => "unavailable\0",
            Self::Internal => "internal\0",
            Self::Empty => "empty\0",
            Self::TooShort => "too_short\0",
            Self::TooLong => "too_long\0",
            Self::HexPrefix => "hex_prefix\0",
            Self::HexOddLength => "hex_odd_length\0",
            Self::HexDigit => "hex_digit\0",
            Self::SecretKeyZero => "secret_key_zero\0",
            Self::SecretKeyTooLarge => "secret_key_too_large\0",
            Self::PublicKeyInvalid => "public_key_invalid\0",
            Self::AddressChecksum => "address_checksum\0",
            Self::ChainIdDigit => "chain_id_digit\0",
            Self::ChainIdTooLarge => "chain_id_too_large\0",
            Self::SignatureRZero => "signature_r_zero\0",
            Self::SignatureRTooLarge => "signature_r_too_large\0",
            Self::SignatureSZero => "signature_s_zero\0",
            Self::SignatureSTooLarge => "signature_s_too_large\0",
            Self::SignatureSHigh => "signature_s_high\0",
            Self::SignatureYParity => "signature_y_parity\0",
            Self::SignatureNotRecoverable => "signature_not_recoverable\0",
            Self::WrongSigner => "wrong_signer\0",
            Self::Snappy => "snappy\0",
            Self::UnknownTopic => "unknown_topic\0",
            Self::NotL1Info => "not_l1_info\0",
            Self::RlpTruncated => "rlp_truncated\0",
            Self::RlpNotMinimal => "rlp_not_minimal\0",
            Self::RlpWrongKind => "rlp_wrong_kind\0",
            Self::RlpWrongLength => "rlp_wrong_length\0",
            Self::RlpTooLarge => "rlp_too_large\0",
            Self::RlpTrailing => "rlp_trailing\0",
            Self::TransactionType => "transaction_type\0",
            Self::DepositNotSignable => "deposit_not_signable\0",
            Self::TransactionV => "transaction_v\0",
        }
    }

    /// One sentence, followed by a NUL byte.
    const fn message_nul(self) -> &'static str {
        match self {
            Self::NullPointer => "a pointer that must not be NULL is NULL\0",
            Self::Misaligned => "a handle is not a pointer that opsign gave out\0",
            Self::Closed => "the handle was closed before\0",
            Self::WrongType => "a value has the wrong type\0",
            Self::NotInitialised => "init() must finish before the first call\0",
            Self::Unavailable => "this build has no signing library: build with cgo enabled\0",
            Self::Internal => "a bug in opsign: please report it\0",
            Self::Empty => "the value is empty\0",
            Self::TooShort => "the value has too few bytes\0",
            Self::TooLong => "the value has too many bytes\0",
            Self::HexPrefix => "the hex text must start with 0x\0",
            Self::HexOddLength => "the hex text has an odd number of digits\0",
            Self::HexDigit => "the text has a character that is no hex digit\0",
            Self::SecretKeyZero => "the secret key is zero\0",
            Self::SecretKeyTooLarge => "the secret key is not below the group order\0",
            Self::PublicKeyInvalid => "the public key is no SEC 1 point of the curve\0",
            Self::AddressChecksum => "the address fails its EIP-55 checksum\0",
            Self::ChainIdDigit => "the chain id has a character that is no digit\0",
            Self::ChainIdTooLarge => "the chain id does not fit 256 bits\0",
            Self::SignatureRZero => "the signature's r is zero\0",
            Self::SignatureRTooLarge => "the signature's r is not below the group order\0",
            Self::SignatureSZero => "the signature's s is zero\0",
            Self::SignatureSTooLarge => "the signature's s is not below the group order\0",
            Self::SignatureSHigh => "the signature's s is in the upper half\0",
            Self::SignatureYParity => "the signature's last byte is no y_parity\0",
            Self::SignatureNotRecoverable => "no public key belongs to this signature and hash\0",
            Self::WrongSigner => "the signature was made by another key\0",
            Self::Snappy => "the message is not in the snappy block format\0",
            Self::UnknownTopic => "no gossip topic has that name: use v1, v2, v3 or v4\0",
            Self::NotL1Info => "the transaction does not carry L1's block\0",
            Self::RlpTruncated => "the bytes end too early\0",
            Self::RlpNotMinimal => "a number or length is written longer than it needs\0",
            Self::RlpWrongKind => {
                "a list stands where bytes belong, or bytes where a list belongs\0"
            }
            Self::RlpWrongLength => "a part has the wrong number of bytes\0",
            Self::RlpTooLarge => "a number has too many bits\0",
            Self::RlpTrailing => "there are bytes after the end\0",
            Self::TransactionType => "no transaction type has this number\0",
            Self::DepositNotSignable => "a deposit is not signed: L1 vouches for it\0",
            Self::TransactionV => "v or y_parity stands for no y_parity\0",
        }
    }

    /// The name that every language derives its own from, such as `signature_s_high`.
    pub fn name(self) -> &'static str {
        self.name_nul().trim_end_matches('\0')
    }

    /// One sentence about the kind of error, without the values of a particular one.
    pub fn message(self) -> &'static str {
        self.message_nul().trim_end_matches('\0')
    }

    /// [`ErrorCode::name`] and [`ErrorCode::message`] as C strings, for the C border.
    pub fn c_strings(self) -> (&'static core::ffi::CStr, &'static core::ffi::CStr) {
        let c_str = |text: &'static str| {
            core::ffi::CStr::from_bytes_until_nul(text.as_bytes()).unwrap_or_default()
        };
        (c_str(self.name_nul()), c_str(self.message_nul()))
    }
}

impl Error {
    /// The kind, without the values.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Empty { .. } => ErrorCode::Empty,
            Self::TooShort { .. } => ErrorCode::TooShort,
            Self::TooLong { .. } => ErrorCode::TooLong,
            Self::HexPrefix { .. } => ErrorCode::HexPrefix,
            Self::HexOddLength { .. } => ErrorCode::HexOddLength,
            Self::HexDigit { .. } => ErrorCode::HexDigit,
            Self::SecretKeyZero => ErrorCode::SecretKeyZero,
            Self::SecretKeyTooLarge => ErrorCode::SecretKeyTooLarge,
            Self::PublicKeyInvalid => ErrorCode::PublicKeyInvalid,
            Self::AddressChecksum { .. } => ErrorCode::AddressChecksum,
            Self::ChainIdDigit { .. } => ErrorCode::ChainIdDigit,
            Self::ChainIdTooLarge => ErrorCode::ChainIdTooLarge,
            Self::SignatureRZero => ErrorCode::SignatureRZero,
            Self::SignatureRTooLarge => ErrorCode::SignatureRTooLarge,
            Self::SignatureSZero => ErrorCode::SignatureSZero,
            Self::SignatureSTooLarge => ErrorCode::SignatureSTooLarge,
            Self::SignatureSHigh => ErrorCode::SignatureSHigh,
            Self::SignatureYParity { .. } => ErrorCode::SignatureYParity,
            Self::SignatureNotRecoverable => ErrorCode::SignatureNotRecoverable,
            Self::WrongSigner { .. } => ErrorCode::WrongSigner,
            Self::UnknownTopic => ErrorCode::UnknownTopic,
            Self::NotL1Info => ErrorCode::NotL1Info,
            Self::RlpTruncated { .. } => ErrorCode::RlpTruncated,
            Self::RlpNotMinimal { .. } => ErrorCode::RlpNotMinimal,
            Self::RlpWrongKind { .. } => ErrorCode::RlpWrongKind,
            Self::RlpWrongLength { .. } => ErrorCode::RlpWrongLength,
            Self::RlpTooLarge { .. } => ErrorCode::RlpTooLarge,
            Self::RlpTrailing { .. } => ErrorCode::RlpTrailing,
            Self::TransactionType { .. } => ErrorCode::TransactionType,
            Self::DepositNotSignable => ErrorCode::DepositNotSignable,
            Self::TransactionV => ErrorCode::TransactionV,
        }
    }

    /// `bytes` as an array, or which way its length is off.
    pub(crate) fn check_length<const N: usize>(
        field: Field,
        bytes: &[u8],
    ) -> Result<&[u8; N], Self> {
        if bytes.is_empty() {
            return Err(Self::Empty { field });
        }
        Self::compare_length(field, bytes.len(), N)?;
        bytes.try_into().map_err(|_| Self::Empty { field })
    }

    pub(crate) const fn compare_length(
        field: Field,
        actual: usize,
        expected: usize,
    ) -> Result<(), Self> {
        if actual < expected {
            Err(Self::TooShort { field, expected, actual })
        } else if actual > expected {
            Err(Self::TooLong { field, expected, actual })
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { field } => write!(f, "the {} is empty", field.name()),
            Self::TooShort { field, expected, actual } => {
                let bound = if field.has_one_length() { "not" } else { "at least" };
                write!(f, "the {} is too short: {actual} bytes, {bound} {expected}", field.name())
            }
            Self::TooLong { field, expected, actual } => {
                let bound = if field.has_one_length() { "not" } else { "at most" };
                write!(f, "the {} is too long: {actual} bytes, {bound} {expected}", field.name())
            }
            Self::HexPrefix { field } => write!(f, "the {} must start with 0x", field.name()),
            Self::HexOddLength { field, digits } => {
                write!(f, "the {} has {digits} hex digits, an odd number", field.name())
            }
            Self::HexDigit { field, position } => {
                write!(f, "the {} has no hex digit at position {position}", field.name())
            }
            Self::AddressChecksum { position } => write!(
                f,
                "the address fails its EIP-55 checksum at position {position}: a letter has the \
                 wrong case, or a digit is wrong"
            ),
            Self::ChainIdDigit { position } => write!(
                f,
                "the chain id has no digit at position {position}: write it in decimal, or in hex \
                 after 0x"
            ),
            Self::SignatureYParity { value: value @ (27 | 28) } => write!(
                f,
                "the signature's last byte is {value}; op-node takes y_parity, which is {}",
                value - 27
            ),
            Self::SignatureYParity { value } => {
                write!(f, "the signature's last byte is {value}, which is no y_parity")
            }
            Self::WrongSigner { recovered, expected } => {
                write!(f, "the signature was made by {recovered}, not by {expected}")
            }
            Self::RlpTruncated { field }
            | Self::RlpNotMinimal { field }
            | Self::RlpWrongKind { field }
            | Self::RlpTooLarge { field }
            | Self::RlpTrailing { field } => {
                write!(f, "the transaction's {field}: {}", self.code().message())
            }
            Self::RlpWrongLength { field, expected } => {
                write!(f, "the transaction's {field} does not have {expected} bytes")
            }
            Self::TransactionType { kind } => write!(f, "no transaction type is {kind:#04x}"),
            _ => f.write_str(self.code().message()),
        }
    }
}

impl core::error::Error for Error {}
