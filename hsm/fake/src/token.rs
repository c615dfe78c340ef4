//! The token: its keys, their attributes, and the signatures it makes and spoils.

use cryptoki_sys::*;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};

use crate::control::Control;

pub(crate) const SLOT: CK_SLOT_ID = 7;
pub(crate) const PIN: &[u8] = b"1234";
const LABEL: &[u8] = b"sequencer";

/// The key pair of id `n` has the secret scalar of 32 bytes of `n`.
const FIRST_ID: u8 = 1;
const SECOND_ID: u8 = 2;
/// Signs in place of either when `wrong_key` is on; never listed.
const WRONG_ID: u8 = 3;

const SECP256K1_OID: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];
const P256_OID: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// The order of secp256k1, one more than the largest s.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// PrintableString "edwards25519" and "edwards448", and 1.3.101.112.
const ED25519_NAME: [u8; 14] = *b"\x13\x0cedwards25519";
const ED448_NAME: [u8; 12] = *b"\x13\x0aedwards448";
const ED25519_OID: [u8; 5] = [0x06, 0x03, 0x2b, 0x65, 0x70];

/// The order of edwards25519, little-endian (RFC 8032, section 5.1).
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// What its keys sign by.
pub(crate) fn mechanism(control: &Control) -> CK_MECHANISM_TYPE {
    if control.has("ed25519") { CKM_EDDSA } else { CKM_ECDSA }
}

/// Half of a key pair.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    pub(crate) id: u8,
    pub(crate) private: bool,
}

/// A half that `C_GenerateKeyPair` or `C_CreateObject` has made: whether it is the private one.
pub(crate) type Made = bool;

/// The objects on the token, seen or not.
pub(crate) fn objects(control: &Control) -> Vec<Object> {
    let ids = if control.has("two_keys") { FIRST_ID..=SECOND_ID } else { FIRST_ID..=FIRST_ID };
    ids.flat_map(|id| [Object { id, private: false }, Object { id, private: true }])
        .filter(|object| object.private || !control.has("no_public"))
        .collect()
}

impl Object {
    pub(crate) const fn half(self) -> Made {
        self.private
    }

    /// The value of one attribute, or the error that PKCS#11 has for it.
    pub(crate) fn attribute(
        self,
        kind: CK_ATTRIBUTE_TYPE,
        control: &Control,
    ) -> Result<Vec<u8>, CK_RV> {
        let extractable = control.has("extractable");
        let imported = control.has("imported");
        let number = |n: CK_ULONG| n.to_ne_bytes().to_vec();
        let flag = |on: bool| vec![CK_BBOOL::from(on)];
        Ok(match (kind, self.private) {
            (CKA_CLASS, false) => number(CKO_PUBLIC_KEY),
            (CKA_CLASS, true) => number(CKO_PRIVATE_KEY),
            (CKA_KEY_TYPE, _) if control.has("ed25519") => number(CKK_EC_EDWARDS),
            (CKA_KEY_TYPE, _) => number(CKK_EC),
            (CKA_LABEL, _) => LABEL.to_vec(),
            (CKA_ID, _) => vec![self.id],
            (CKA_TOKEN, _) => flag(true),
            (CKA_PRIVATE, private) => flag(private),
            (CKA_LOCAL, _) => flag(!imported),
            (CKA_MODIFIABLE | CKA_DERIVE, _) => flag(false),
            (CKA_EC_PARAMS, _) if control.has("ed25519") => match () {
                () if control.has("other_curve") => ED448_NAME.to_vec(),
                () if control.has("numbered_curve") => ED25519_OID.to_vec(),
                () => ED25519_NAME.to_vec(),
            },
            (CKA_EC_PARAMS, _) if control.has("other_curve") => P256_OID.to_vec(),
            (CKA_EC_PARAMS, _) => SECP256K1_OID.to_vec(),
            (CKA_EC_POINT, false) => point(self.id, control),
            (CKA_VERIFY, false) => flag(true),
            (CKA_ENCRYPT | CKA_WRAP | CKA_VERIFY_RECOVER, false) => flag(false),
            (CKA_SIGN, true) => flag(true),
            (CKA_DECRYPT | CKA_UNWRAP | CKA_SIGN_RECOVER, true) => flag(false),
            (CKA_ALWAYS_AUTHENTICATE, true) => flag(false),
            (CKA_SENSITIVE, true) => flag(!extractable),
            (CKA_EXTRACTABLE, true) => flag(extractable),
            (CKA_ALWAYS_SENSITIVE | CKA_NEVER_EXTRACTABLE, true) => flag(!extractable && !imported),
            (CKA_VALUE, true) if extractable => vec![self.id; 32],
            (CKA_VALUE, true) => return Err(CKR_ATTRIBUTE_SENSITIVE),
            _ => return Err(CKR_ATTRIBUTE_TYPE_INVALID),
        })
    }
}

fn key(id: u8) -> SigningKey {
    SigningKey::from_slice(&[id; 32]).expect("small scalars are valid keys")
}

fn ed25519_key(id: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[id; 32])
}

fn point(id: u8, control: &Control) -> Vec<u8> {
    let compressed = control.has("compressed_point");
    let mut point = match control.has("ed25519") {
        true => ed25519_key(id).verifying_key().to_bytes().to_vec(),
        false => key(id).verifying_key().to_sec1_point(compressed).as_bytes().to_vec(),
    };
    if control.has("bad_point") {
        point[1..].fill(3); // on neither curve, as x and y or as either alone
    }
    if control.has("weak_point") {
        point.fill(0);
        point[0] = 1; // y is 1, x is 0
    }
    if !control.has("raw_point") {
        let length = u8::try_from(point.len()).expect("a point has at most 65 bytes");
        point.splice(0..0, [0x04, length]); // DER: OCTET STRING
    }
    point
}

/// Room that a signature may need.
pub(crate) fn signature_room(control: &Control) -> CK_ULONG {
    let room = if control.has("der") { 72 } else { 64 };
    control.number("long").map_or(room, |n| n.max(room))
}

/// Makes signatures, and remembers what its faults need.
pub(crate) struct Signer {
    made: u64,
    first: Option<[u8; 64]>,
}

impl Signer {
    pub(crate) const fn new() -> Self {
        Self { made: 0, first: None }
    }

    /// Signs, then spoils the signature as the control file says.
    pub(crate) fn sign(
        &mut self,
        id: u8,
        data: &[u8],
        control: &Control,
    ) -> Result<Vec<u8>, CK_RV> {
        let id = if control.has("wrong_key") { WRONG_ID } else { id };
        let mut data = data.to_vec();
        if control.has("wrong_hash") {
            data[0] ^= 1;
        }
        self.made += 1;
        let fresh = match control.has("ed25519") {
            true => self.eddsa(id, &data, control),
            false => self.ecdsa(id, &data, control)?,
        };
        let first = *self.first.get_or_insert(fresh);
        let mut bytes = if control.has("replay") { first } else { fresh };
        spoil(&mut bytes, control);

        let mut answer = if control.has("der") { der(&bytes) } else { bytes.to_vec() };
        if let Some(n) = control.number("long") {
            answer.resize(answer.len().max(n as usize), 0);
        }
        if let Some(n) = control.number("short") {
            answer.truncate(n as usize);
        }
        Ok(answer)
    }

    fn ecdsa(&self, id: u8, digest: &[u8], control: &Control) -> Result<[u8; 64], CK_RV> {
        let digest: &[u8; 32] = digest.try_into().map_err(|_| CKR_DATA_LEN_RANGE)?;
        let low: Signature = key(id).sign_prehash(digest).expect("a digest of 32 bytes is signed");
        let every_second = self.made.is_multiple_of(2) && !control.has("low_s");
        let signature = if every_second || control.has("high_s") { negate_s(&low) } else { low };
        Ok(signature.to_bytes().into())
    }

    fn eddsa(&self, id: u8, message: &[u8], control: &Control) -> [u8; 64] {
        let key = ed25519_key(id);
        let mut secret = ExpandedSecretKey::from(&key.to_bytes());
        if control.has("hedged") {
            secret.hash_prefix[..8].copy_from_slice(&self.made.to_le_bytes());
        }
        let signature = raw_sign::<ed25519_dalek::Sha512>(&secret, message, &key.verifying_key());
        let mut bytes = signature.to_bytes();
        if control.has("high_s") {
            add_order(&mut bytes[32..]);
        }
        bytes
    }
}

/// The same number to the curve, and none that RFC 8032 allows.
fn add_order(s: &mut [u8]) {
    let mut carry = 0;
    for (digit, more) in s.iter_mut().zip(ED25519_ORDER) {
        let sum = u16::from(*digit) + u16::from(more) + carry;
        (*digit, carry) = (sum as u8, sum >> 8);
    }
}

fn negate_s(signature: &Signature) -> Signature {
    let (r, s) = signature.split_scalars();
    Signature::from_scalars(*r, -*s).expect("n - s is not zero when s is not")
}

fn spoil(bytes: &mut [u8; 64], control: &Control) {
    let (r, s) = bytes.split_at_mut(32);
    if control.has("corrupt_r") {
        r[31] ^= 1;
    }
    if control.has("corrupt") {
        s[31] ^= 1;
    }
    if control.has("zero_r") {
        r.fill(0);
    }
    if control.has("zero_s") {
        s.fill(0);
    }
    if control.has("s_is_order") {
        s.copy_from_slice(if control.has("ed25519") { &ED25519_ORDER } else { &ORDER });
    }
    if control.has("all_ones") {
        bytes.fill(0xff);
    }
}

/// DER by hand, because spoilt numbers must be encoded too.
fn der(bytes: &[u8; 64]) -> Vec<u8> {
    let (r, s) = bytes.split_at(32);
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, body.len() as u8], body].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count().min(31);
    let mut digits = number[zeros..].to_vec();
    if digits[0] >= 0x80 {
        digits.insert(0, 0);
    }
    [vec![0x02, digits.len() as u8], digits].concat()
}
