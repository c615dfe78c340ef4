//! DER: SEC 1 `ECPrivateKey` (RFC 5915) and PKCS#8 `PrivateKeyInfo` (RFC 5208, RFC 5958).

use der::asn1::{AnyRef, BitStringRef, UintRef};
use der::{Decode, FixedTag, Header, Reader, SliceReader, Tag, TagNumber};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::pem;
use crate::secret::{Secret, SecretText};

/// Which of the two a key is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Sec1,
    Pkcs8,
}

// Contents of OBJECT IDENTIFIERs.
const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01"; // 1.2.840.10045.2.1, RFC 5480
const PRIME_FIELD: &[u8] = b"\x2a\x86\x48\xce\x3d\x01\x01"; // 1.2.840.10045.1.1, RFC 3279
const SECP256K1: &[u8] = b"\x2b\x81\x04\x00\x0a"; // 1.3.132.0.10, SEC 2
/// Curves that a key may be on by mistake.
const OTHER_CURVES: [(&[u8], &str); 5] = [
    (b"\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256"),
    (b"\x2b\x81\x04\x00\x22", "P-384"),
    (b"\x2b\x81\x04\x00\x23", "P-521"),
    (b"\x2b\x81\x04\x00\x21", "P-224"),
    (b"\x2b\x24\x03\x03\x02\x08\x01\x01\x07", "brainpoolP256r1"),
];

// The curve, SEC 2, section 2.4.1; a is zero.
const P: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xfc, 0x2f,
];
const B: u8 = 7;
const G: [u8; 65] = [
    0x04, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b,
    0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17,
    0x98, 0x48, 0x3a, 0xda, 0x77, 0x26, 0xa3, 0xc4, 0x65, 0x5d, 0xa4, 0xfb, 0xfc, 0x0e, 0x11, 0x08,
    0xa8, 0xfd, 0x17, 0xb4, 0x48, 0xa6, 0x85, 0x54, 0x19, 0x9c, 0x47, 0xd0, 0x8f, 0xfb, 0x10, 0xd4,
    0xb8,
];
const N: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// `[number]` around or in place of a field.
const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: TagNumber(number) }
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::DerMalformed, format!("the key's DER is damaged: {what}"))
}

fn wrong_curve(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::WrongCurve, what)
}

/// The fields of a SEQUENCE, one after the other.
#[derive(Clone)]
struct Fields<'a>(SliceReader<'a>);

impl<'a> Fields<'a> {
    /// The fields of the SEQUENCE that is all of `der`.
    fn of(der: &'a [u8]) -> Result<Self, Error> {
        let mut outer = Self::inside(der)?;
        let content = outer.take(Tag::Sequence, "a SEQUENCE")?;
        outer.finish()?;
        Self::inside(content)
    }

    fn inside(content: &'a [u8]) -> Result<Self, Error> {
        SliceReader::new(content).map(Self).map_err(|_| malformed("it is too long"))
    }

    fn next_tag(&self) -> Option<Tag> {
        Header::peek(&self.0).ok().map(|header| header.tag())
    }

    fn take_any(&mut self, what: &str) -> Result<AnyRef<'a>, Error> {
        AnyRef::decode(&mut self.0).map_err(|_| malformed(&format!("no {what}, or a cut one")))
    }

    fn take(&mut self, tag: Tag, what: &str) -> Result<&'a [u8], Error> {
        if self.next_tag() != Some(tag) {
            return Err(malformed(&format!("no {what} where one belongs")));
        }
        Ok(self.take_any(what)?.value())
    }

    fn take_if(&mut self, tag: Tag, what: &str) -> Result<Option<&'a [u8]>, Error> {
        if self.next_tag() == Some(tag) { self.take(tag, what).map(Some) } else { Ok(None) }
    }

    fn take_sequence(&mut self, what: &str) -> Result<Self, Error> {
        Self::inside(self.take(Tag::Sequence, what)?)
    }

    /// An INTEGER that is not negative, without leading zeros.
    fn take_integer(&mut self, what: &str) -> Result<&'a [u8], Error> {
        let integer = UintRef::decode(&mut self.0);
        integer.map(|integer| integer.as_bytes()).map_err(|_| malformed(&format!("no {what}")))
    }

    fn finish(self) -> Result<(), Error> {
        if self.0.is_finished() {
            Ok(())
        } else {
            Err(malformed("something follows its last field"))
        }
    }
}

/// Which shape `der` has, by its first two fields.
pub(crate) fn shape(der: &[u8]) -> Result<Shape, Error> {
    let mut fields = Fields::of(der)?;
    let first = fields.take_any("first field")?.header().tag();
    let second = fields.take_any("second field")?.header().tag();
    match (first, second) {
        (Tag::Integer, Tag::OctetString) => Ok(Shape::Sec1),
        (Tag::Integer, Tag::Sequence) => Ok(Shape::Pkcs8),
        (Tag::Sequence, Tag::OctetString) => Err(Error::new(
            ErrorKind::Encrypted,
            "the DER is encrypted: decrypt it with `openssl pkey -inform DER -in FILE -out PLAIN`, \
             then turn PLAIN into a keystore if it is to stay encrypted",
        )),
        _ => Err(Error::new(
            ErrorKind::FormatUnknown,
            "the DER is neither a SEC 1 nor a PKCS#8 secret key",
        )),
    }
}

/// Reads a key of either shape.
pub(crate) fn read(der: &[u8], shape: Shape) -> Result<Secret, Error> {
    match shape {
        Shape::Sec1 => read_sec1(der, false),
        Shape::Pkcs8 => read_pkcs8(der),
    }
}

/// Refuses an `EC PARAMETERS` block of another curve.
pub(crate) fn check_parameters(der: &[u8]) -> Result<(), Error> {
    let mut fields = Fields::inside(der)?;
    check_curve(&fields.take_any("curve")?)?;
    fields.finish()
}

/// ```text
/// ECPrivateKey ::= SEQUENCE {
///   version        INTEGER { ecPrivkeyVer1(1) },
///   privateKey     OCTET STRING,
///   parameters [0] EXPLICIT ECParameters OPTIONAL,
///   publicKey  [1] EXPLICIT BIT STRING OPTIONAL }
/// ```
fn read_sec1(der: &[u8], curve_is_known: bool) -> Result<Secret, Error> {
    let mut fields = Fields::of(der)?;
    if fields.take_integer("version")? != [1] {
        return Err(malformed("its SEC 1 version is not 1"));
    }
    let scalar = fields.take(Tag::OctetString, "secret key")?;
    match fields.take_if(context(0, true), "curve")? {
        Some(parameters) => check_parameters(parameters)?,
        None if curve_is_known => {}
        None => return Err(wrong_curve("the key does not say which curve it is on")),
    }
    let public = fields.take_if(context(1, true), "public key")?;
    fields.finish()?;

    // Old versions of OpenSSL leave out leading zeros.
    if scalar.len() > 32 {
        return Err(malformed("its secret key has more than 32 bytes"));
    }
    let mut bytes = Zeroizing::new([0; 32]);
    bytes[32 - scalar.len()..].copy_from_slice(scalar);
    let secret = Secret::from_bytes(&bytes)?;
    if let Some(public) = public {
        let mut inner = Fields::inside(public)?;
        check_public(&secret, inner.take(BitStringRef::TAG, "public key")?)?;
        inner.finish()?;
    }
    Ok(secret)
}

/// ```text
/// OneAsymmetricKey ::= SEQUENCE {
///   version             INTEGER { v1(0), v2(1) },
///   privateKeyAlgorithm SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL },
///   privateKey          OCTET STRING,
///   attributes      [0] IMPLICIT SET OF Attribute OPTIONAL,
///   publicKey       [1] IMPLICIT BIT STRING OPTIONAL }
/// ```
fn read_pkcs8(der: &[u8]) -> Result<Secret, Error> {
    let mut fields = Fields::of(der)?;
    if !matches!(fields.take_integer("version")?, [0 | 1]) {
        return Err(malformed("its PKCS#8 version is neither 0 nor 1"));
    }
    let mut algorithm = fields.take_sequence("algorithm")?;
    if algorithm.take(Tag::ObjectIdentifier, "algorithm's name")? != EC_PUBLIC_KEY {
        return Err(wrong_curve("the key is no elliptic-curve key"));
    }
    let curve_is_known = !algorithm.0.is_finished();
    if curve_is_known {
        check_curve(&algorithm.take_any("curve")?)?;
    }
    algorithm.finish()?;
    let secret = read_sec1(fields.take(Tag::OctetString, "secret key")?, curve_is_known)?;
    // Attributes say what the key is for; nothing in them changes the key.
    fields.take_if(context(0, true), "attributes")?;
    if let Some(public) = fields.take_if(context(1, false), "public key")? {
        check_public(&secret, public)?;
    }
    fields.finish()?;
    Ok(secret)
}

/// ```text
/// ECParameters ::= CHOICE { OBJECT IDENTIFIER, SpecifiedECDomain, NULL }
/// ```
fn check_curve(curve: &AnyRef<'_>) -> Result<(), Error> {
    let oid = match curve.header().tag() {
        Tag::ObjectIdentifier => curve.value(),
        Tag::Sequence => return check_explicit_curve(Fields::inside(curve.value())?),
        _ => return Err(wrong_curve("the key does not say which curve it is on")),
    };
    if oid == SECP256K1 {
        return Ok(());
    }
    let name = OTHER_CURVES.iter().find(|(known, _)| *known == oid);
    let name = name.map_or("another curve", |(_, name)| name);
    Err(wrong_curve(format!("the key is on {name}, not on secp256k1")))
}

/// Takes the parameters of secp256k1, all of them, and no others (SEC 1, section C.2): with another
/// generator the same public key would belong to another secret key.
///
/// ```text
/// SpecifiedECDomain ::= SEQUENCE {
///   version  INTEGER { ecdpVer1(1) },
///   fieldID  SEQUENCE { fieldType OBJECT IDENTIFIER, prime INTEGER },
///   curve    SEQUENCE { a OCTET STRING, b OCTET STRING, seed BIT STRING OPTIONAL },
///   base     OCTET STRING,
///   order    INTEGER,
///   cofactor INTEGER OPTIONAL }
/// ```
fn check_explicit_curve(mut fields: Fields<'_>) -> Result<(), Error> {
    let not_ours =
        |what: &str| wrong_curve(format!("the key's curve has another {what} than secp256k1"));
    let same = |ours: bool, what: &str| if ours { Ok(()) } else { Err(not_ours(what)) };
    same(fields.take_integer("version of the curve")? == [1], "version")?;

    let mut field = fields.take_sequence("field of the curve")?;
    let field_type = field.take(Tag::ObjectIdentifier, "type of the field")?;
    same(field_type == PRIME_FIELD, "kind of field")?;
    same(field.take_integer("prime")? == P, "prime")?;
    field.finish()?;

    let mut curve = fields.take_sequence("equation of the curve")?;
    let coefficient = |bytes: &[u8], value: u8| match bytes.split_last() {
        // OpenSSL writes one byte, others 32.
        Some((last, zeros)) => *last == value && zeros.len() < 32 && zeros.iter().all(|z| *z == 0),
        None => false,
    };
    same(coefficient(curve.take(Tag::OctetString, "a")?, 0), "a")?;
    same(coefficient(curve.take(Tag::OctetString, "b")?, B), "b")?;
    // secp256k1 was not made from a seed.
    same(curve.take_if(Tag::BitString, "seed")?.is_none(), "seed")?;
    curve.finish()?;

    same(is_form_of(fields.take(Tag::OctetString, "generator")?, &G), "generator")?;
    same(fields.take_integer("order")? == N, "order")?;
    if fields.next_tag() == Some(Tag::Integer) {
        same(fields.take_integer("cofactor")? == [1], "cofactor")?;
    }
    fields.finish()
}

/// Whether `bytes` is `point` (uncompressed) in any form of SEC 1: uncompressed, compressed, hybrid.
fn is_form_of(bytes: &[u8], point: &[u8; 65]) -> bool {
    let odd = point[64] & 1;
    match bytes.split_first() {
        Some((4, rest)) => rest == &point[1..],
        Some((form, rest)) if *form == 2 | odd => rest == &point[1..33],
        Some((form, rest)) if *form == 6 | odd => rest == &point[1..],
        _ => false,
    }
}

/// `content` is a BIT STRING's: the number of unused bits, then the point.
fn check_public(secret: &Secret, content: &[u8]) -> Result<(), Error> {
    match content.split_first() {
        Some((0, point)) if is_form_of(point, secret.public_point()) => Ok(()),
        _ => Err(Error::new(
            ErrorKind::PublicKeyMismatch,
            "the public key in the file is not the secret key's: the file was altered or damaged",
        )),
    }
}

// What stands between the variable parts of the two shapes, as OpenSSL writes them.
const SEC1_HEAD: &[u8] = b"\x30\x74\x02\x01\x01\x04\x20";
const SEC1_CURVE: &[u8] = b"\xa0\x07\x06\x05\x2b\x81\x04\x00\x0a";
const PUBLIC_HEAD: &[u8] = b"\xa1\x44\x03\x42\x00";
const PKCS8_HEAD: &[u8] = b"\x30\x81\x84\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x05\x2b\x81\x04\x00\x0a\x04\x6d\x30\x6b\x02\x01\x01\x04\x20";

impl Secret {
    /// Writes SEC 1 PEM, `EC PRIVATE KEY`, with the curve's name and the public key: the bytes that
    /// `openssl ec` writes (RFC 5915).
    pub fn to_sec1_pem(&self) -> SecretText {
        self.to_pem(pem::SEC1, &[SEC1_HEAD, self.as_bytes(), SEC1_CURVE, PUBLIC_HEAD])
    }

    /// Writes PKCS#8 PEM, `PRIVATE KEY`, unencrypted, with the curve's name and the public key: the
    /// bytes that `openssl pkey` writes (RFC 5208).
    pub fn to_pkcs8_pem(&self) -> SecretText {
        self.to_pem(pem::PKCS8, &[PKCS8_HEAD, self.as_bytes(), PUBLIC_HEAD])
    }

    /// The parts and then the public key.
    fn to_pem(&self, label: &str, parts: &[&[u8]]) -> SecretText {
        let mut der = Zeroizing::new(Vec::with_capacity(256));
        for part in parts {
            der.extend_from_slice(part);
        }
        der.extend_from_slice(self.public_point());
        pem::encode(label, &der)
    }
}
