//! PEM (RFC 7468): finding the one block that holds a secret key, and writing one.
//!
//! Reading is lax in RFC 7468's sense: text around the blocks, lines of any length and white space
//! inside the base64 are fine. Base64 itself is read and written in constant time.

use base64ct::{Base64, Encoder, Encoding, LineEnding};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::secret::SecretText;

/// `EC PRIVATE KEY`, which holds SEC 1.
pub(crate) const SEC1: &str = "EC PRIVATE KEY";
/// `PRIVATE KEY`, which holds PKCS#8.
pub(crate) const PKCS8: &str = "PRIVATE KEY";
/// What `openssl ecparam -genkey` writes before the key; it repeats what the key says itself.
const PARAMETERS: &str = "EC PARAMETERS";
const ENCRYPTED_PKCS8: &str = "ENCRYPTED PRIVATE KEY";

/// What stands in front of every block.
pub(crate) const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The most bytes in a line of base64, RFC 7468, section 2.
const WIDTH: usize = 64;

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::PemMalformed, format!("the PEM is damaged: {what}"))
}

fn encrypted() -> Error {
    Error::new(
        ErrorKind::Encrypted,
        "the PEM is encrypted: decrypt it with `openssl pkey -in FILE -out PLAIN`, then turn PLAIN \
         into a keystore if it is to stay encrypted",
    )
}

/// A block that holds a secret key.
pub(crate) struct Block<'a> {
    /// [`SEC1`] or [`PKCS8`].
    pub(crate) label: &'static str,
    /// Base64 and white space.
    body: &'a str,
    /// Base64 and white space of the `EC PARAMETERS` in the same text.
    parameters: Option<&'a str>,
}

impl Block<'_> {
    /// The DER inside.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        decode(self.body)
    }

    /// The DER of the `EC PARAMETERS` in the same text.
    pub(crate) fn decode_parameters(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        self.parameters.map(decode).transpose()
    }
}

/// Finds the block with the secret key. Certificates and public keys beside it are passed over.
pub(crate) fn find(text: &str) -> Result<Block<'_>, Error> {
    let mut found = None;
    let mut parameters = None;
    let mut other = None;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) =
            after.split_once(DASHES).ok_or_else(|| malformed("a BEGIN line has no end"))?;
        let (body, after) =
            after.split_once(END).ok_or_else(|| malformed("a block has no END line"))?;
        rest = after
            .strip_prefix(label)
            .and_then(|after| after.strip_prefix(DASHES))
            .ok_or_else(|| malformed("a block ends with another label than it begins with"))?;
        let label = match label {
            SEC1 => SEC1,
            PKCS8 => PKCS8,
            ENCRYPTED_PKCS8 => return Err(encrypted()),
            PARAMETERS => {
                parameters = Some(body);
                continue;
            }
            _ => {
                other = other.or(KNOWN_OTHERS.into_iter().find(|known| *known == label));
                continue;
            }
        };
        // RFC 1421: `Proc-Type: 4,ENCRYPTED` and `DEK-Info: ...`, then an empty line.
        if body.contains("Proc-Type:") && body.contains("ENCRYPTED") {
            return Err(encrypted());
        }
        if body.contains(':') {
            return Err(malformed("a block has header lines"));
        }
        if found.is_some() {
            return Err(malformed("it holds several secret keys"));
        }
        found = Some((label, body));
    }
    match (found, other) {
        (Some((label, body)), _) => Ok(Block { label, body, parameters }),
        (None, Some(other)) => Err(Error::new(
            ErrorKind::FormatUnknown,
            format!("the PEM holds \"{other}\", not an EC PRIVATE KEY or PRIVATE KEY"),
        )),
        (None, None) => Err(Error::new(
            ErrorKind::FormatUnknown,
            "the PEM holds no EC PRIVATE KEY or PRIVATE KEY",
        )),
    }
}

/// Labels that may be shown in an error. A label of the input's choice may not.
const KNOWN_OTHERS: [&str; 6] = [
    "PUBLIC KEY",
    "CERTIFICATE",
    "RSA PRIVATE KEY",
    "DSA PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "EC PUBLIC KEY",
];

fn decode(body: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.len()));
    base64.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3 + 3]);
    let length = Base64::decode(base64.as_slice(), &mut der)
        .map_err(|_| malformed("its base64 cannot be read"))?
        .len();
    der.truncate(length);
    Ok(der)
}

/// Writes a block, with a line end after it.
pub(crate) fn encode(label: &str, der: &[u8]) -> SecretText {
    let mut base64 = Zeroizing::new(vec![0; 2 * der.len() + WIDTH]);
    let length = Encoder::<Base64>::new_wrapped(&mut base64, WIDTH, LineEnding::LF)
        .and_then(|mut encoder| {
            encoder.encode(der)?;
            Ok(encoder.finish()?.len())
        })
        .unwrap_or_default();
    // Base64 takes four thirds, and a line end for every 64 of it: there is always room.
    debug_assert!(length > 0);
    let mut text = Zeroizing::new(String::with_capacity(length + 128));
    for part in [BEGIN, label, DASHES, "\n"] {
        text.push_str(part);
    }
    text.push_str(std::str::from_utf8(&base64[..length]).unwrap_or_default());
    for part in ["\n", END, label, DASHES, "\n"] {
        text.push_str(part);
    }
    SecretText::new(text)
}
