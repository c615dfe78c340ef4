//! Keys in a token: list, find, generate, import.

use std::fmt;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use opsign_core::{Address, PublicKey, SecretKey};
use zeroize::{Zeroize, Zeroizing};

use crate::ed25519::Ed25519Public;
use crate::error::{Error, ErrorKind};
use crate::quirks::{
    SECP256K1_OID, is_edwards25519, unwrap_ec_point, unwrap_edwards_point, wrap_ec_point,
};
use crate::session::Login;

/// Which key: by label, by id (`CKA_ID`), or by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeySelector {
    /// The key's label.
    pub label: Option<String>,
    /// The key's id, any number of bytes.
    pub id: Option<Vec<u8>>,
}

impl fmt::Display for KeySelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.label, &self.id) {
            (Some(label), None) => write!(f, "label \"{label}\""),
            (None, Some(id)) => write!(f, "id {}", Hex(id)),
            (Some(label), Some(id)) => write!(f, "label \"{label}\" and id {}", Hex(id)),
            (None, None) => f.write_str("any label"),
        }
    }
}

/// The curve of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp256k1, the only one that signs blocks and transactions.
    Secp256k1,
    /// edwards25519, for session keys of validators.
    Ed25519,
    /// Another one, as the DER of its parameters in hex.
    Other(String),
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secp256k1 => "secp256k1",
            Self::Ed25519 => "edwards25519",
            Self::Other(params) => params,
        })
    }
}

/// What a token tells of a private key and its public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID`.
    pub id: Vec<u8>,
    /// The curve.
    pub curve: Curve,
    /// The address, if the token shows a public key on secp256k1 for it.
    pub address: Option<Address>,
    /// The public key, if the token shows one on edwards25519 for it.
    pub ed25519: Option<Ed25519Public>,
    /// `CKA_SENSITIVE`: the token does not show the key.
    pub sensitive: bool,
    /// `CKA_EXTRACTABLE`: the token would wrap the key for somebody.
    pub extractable: bool,
    /// `CKA_LOCAL`: made in the token. An imported key has existed elsewhere.
    pub local: bool,
}

/// A private key that was found, with what is known of it.
pub(crate) struct FoundKey {
    pub(crate) handle: ObjectHandle,
    pub(crate) info: KeyInfo,
}

impl Login {
    /// Every elliptic-curve private key of the token, whatever its curve.
    ///
    /// # Errors
    /// What the token says.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, Error> {
        let session = self.open_session()?;
        let mut keys = Vec::new();
        for kind in [KeyType::EC, KeyType::EC_EDWARDS] {
            keys.extend(find_private_keys(&session, &KeySelector::default(), kind)?);
        }
        Ok(keys.into_iter().map(|key| key.info).collect())
    }

    /// The one secp256k1 key that fits.
    ///
    /// # Errors
    /// [`ErrorKind::KeyMissing`], [`ErrorKind::KeyAmbiguous`], [`ErrorKind::KeyCurve`].
    pub fn key(&self, selector: &KeySelector) -> Result<KeyInfo, Error> {
        find_key(&self.open_session()?, selector, &Curve::Secp256k1).map(|key| key.info)
    }

    /// Generates a secp256k1 pair inside the token: private, sensitive, never extractable. `id` is
    /// eight random bytes if none is given.
    ///
    /// # Errors
    /// [`ErrorKind::KeyExists`] if the token has a private key of that label;
    /// [`ErrorKind::KeyUnprotected`] if the token made a key that can be read or extracted (it is
    /// destroyed again).
    pub fn generate_key(&self, label: &str, id: Option<&[u8]>) -> Result<KeyInfo, Error> {
        let session = self.open_writable_session()?;
        let id = self.new_key_id(&session, label, id)?;
        let public = [
            Attribute::Token(true),
            Attribute::Verify(true),
            Attribute::EcParams(SECP256K1_OID.to_vec()),
            Attribute::Label(label.into()),
            Attribute::Id(id.clone()),
        ];
        let mut private = private_key_template(label, &id);
        private.push(Attribute::Sensitive(true));
        private.push(Attribute::Extractable(false));
        let (public, private) =
            session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
        self.keep_if_sound(&session, label, &id, &[public, private], |info| info.local)
    }

    /// Puts a secret key into the token: private, sensitive, not extractable. The caller wipes
    /// `secret`. The key has existed outside the token and [`KeyInfo::local`] says so for ever.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] if `secret` is no secret key; as [`Login::generate_key`].
    pub fn import_key(
        &self,
        label: &str,
        id: Option<&[u8]>,
        secret: &Zeroizing<[u8; 32]>,
    ) -> Result<KeyInfo, Error> {
        let key = SecretKey::from_bytes(secret.as_slice())
            .map_err(|error| Error::new(ErrorKind::Input, error.to_string()))?;
        let session = self.open_writable_session()?;
        let id = self.new_key_id(&session, label, id)?;
        let mut private = private_key_template(label, &id);
        private.extend([
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::EcParams(SECP256K1_OID.to_vec()),
            Attribute::Value(secret.to_vec()),
        ]);
        let created = session.create_object(&private);
        for attribute in &mut private {
            if let Attribute::Value(value) = attribute {
                value.zeroize();
            }
        }
        let private = created?;
        let public = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Token(true),
            Attribute::Verify(true),
            Attribute::EcParams(SECP256K1_OID.to_vec()),
            Attribute::EcPoint(wrap_ec_point(key.public_key().as_sec1_bytes())),
            Attribute::Label(label.into()),
            Attribute::Id(id.clone()),
        ];
        let public = match session.create_object(&public) {
            Ok(public) => public,
            Err(error) => {
                destroy(&session, &[private]);
                return Err(error.into());
            }
        };
        let address = key.address();
        self.keep_if_sound(&session, label, &id, &[public, private], |info| {
            info.address == Some(address)
        })
    }

    /// Refuses a label in use and picks an id.
    fn new_key_id(
        &self,
        session: &Session,
        label: &str,
        id: Option<&[u8]>,
    ) -> Result<Vec<u8>, Error> {
        if label.is_empty() {
            return Err(Error::new(ErrorKind::Input, "the key's label is empty"));
        }
        let same = KeySelector { label: Some(label.into()), id: None };
        if let Some(key) = find_private_keys(session, &same, KeyType::EC)?.first() {
            return Err(Error::new(
                ErrorKind::KeyExists,
                format!(
                    "token \"{}\" has a key with label \"{label}\" (id {}): choose another label",
                    self.token().label(),
                    Hex(&key.info.id)
                ),
            ));
        }
        match id {
            Some([]) => Err(Error::new(ErrorKind::Input, "the key's id is empty")),
            Some(id) => Ok(id.to_vec()),
            None => Ok(session.generate_random_vec(8)?),
        }
    }

    /// Reads a new key back; destroys it if the token did not do as it was told.
    fn keep_if_sound(
        &self,
        session: &Session,
        label: &str,
        id: &[u8],
        objects: &[ObjectHandle],
        sound: impl Fn(&KeyInfo) -> bool,
    ) -> Result<KeyInfo, Error> {
        let selector = KeySelector { label: Some(label.into()), id: Some(id.to_vec()) };
        let result = find_key(session, &selector, &Curve::Secp256k1).and_then(|key| {
            let info = key.info;
            if info.sensitive && !info.extractable && sound(&info) {
                Ok(info)
            } else {
                Err(Error::new(
                    ErrorKind::KeyUnprotected,
                    format!(
                        "token \"{}\" made another key than it was told to (sensitive {}, \
                         extractable {}, local {}); it was destroyed again",
                        self.token().label(),
                        info.sensitive,
                        info.extractable,
                        info.local
                    ),
                ))
            }
        });
        if result.is_err() {
            destroy(session, objects);
        }
        result
    }
}

fn private_key_template(label: &str, id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sign(true),
        Attribute::Label(label.into()),
        Attribute::Id(id.to_vec()),
    ]
}

fn destroy(session: &Session, objects: &[ObjectHandle]) {
    for object in objects {
        // The error that led here is the one to report.
        let _ = session.destroy_object(*object);
    }
}

/// The one key on a curve that fits.
pub(crate) fn find_key(
    session: &Session,
    selector: &KeySelector,
    curve: &Curve,
) -> Result<FoundKey, Error> {
    let kind = match curve {
        Curve::Ed25519 => KeyType::EC_EDWARDS,
        Curve::Secp256k1 | Curve::Other(_) => KeyType::EC,
    };
    let mut keys = find_private_keys(session, selector, kind)?;
    if keys.len() > 1 {
        let mut ids: Vec<String> = keys.iter().map(|key| Hex(&key.info.id).to_string()).collect();
        // In an order of our own: the token has none.
        ids.sort();
        return Err(Error::new(
            ErrorKind::KeyAmbiguous,
            format!(
                "{} private keys have {selector}: choose one by id: {}",
                keys.len(),
                ids.join(", ")
            ),
        ));
    }
    let Some(key) = keys.pop() else {
        return Err(Error::new(
            ErrorKind::KeyMissing,
            format!("the token has no private key with {selector}"),
        ));
    };
    match &key.info.curve {
        found if found == curve => Ok(key),
        found => Err(Error::new(
            ErrorKind::KeyCurve,
            format!("the key with {selector} is not on {curve} (its CKA_EC_PARAMS is {found})"),
        )),
    }
}

fn find_private_keys(
    session: &Session,
    selector: &KeySelector,
    kind: KeyType,
) -> Result<Vec<FoundKey>, Error> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(kind)];
    if let Some(label) = &selector.label {
        template.push(Attribute::Label(label.as_str().into()));
    }
    if let Some(id) = &selector.id {
        template.push(Attribute::Id(id.clone()));
    }
    let found = session.find_objects(&template)?;
    found.into_iter().map(|handle| read_key(session, handle, kind)).collect()
}

fn read_key(session: &Session, handle: ObjectHandle, kind: KeyType) -> Result<FoundKey, Error> {
    let mut info = KeyInfo {
        label: String::new(),
        id: Vec::new(),
        curve: Curve::Other(String::new()),
        address: None,
        ed25519: None,
        // What a token does not say is taken for the worse.
        sensitive: false,
        extractable: true,
        local: false,
    };
    let wanted = [
        AttributeType::Label,
        AttributeType::Id,
        AttributeType::EcParams,
        AttributeType::Sensitive,
        AttributeType::Extractable,
        AttributeType::Local,
    ];
    for attribute in session.get_attributes(handle, &wanted)? {
        match attribute {
            Attribute::Label(label) => info.label = String::from_utf8_lossy(&label).into_owned(),
            Attribute::Id(id) => info.id = id,
            Attribute::EcParams(params) if params == SECP256K1_OID => {
                info.curve = Curve::Secp256k1;
            }
            Attribute::EcParams(params)
                if kind == KeyType::EC_EDWARDS && is_edwards25519(&params) =>
            {
                info.curve = Curve::Ed25519;
            }
            Attribute::EcParams(params) => info.curve = Curve::Other(Hex(&params).to_string()),
            Attribute::Sensitive(yes) => info.sensitive = yes,
            Attribute::Extractable(yes) => info.extractable = yes,
            Attribute::Local(yes) => info.local = yes,
            _ => {}
        }
    }
    let points = || read_points(session, handle, &info, kind);
    match info.curve {
        Curve::Secp256k1 => {
            let key = |point: &Vec<u8>| PublicKey::from_sec1_bytes(unwrap_ec_point(point)).ok();
            info.address = points()?.iter().find_map(key).map(|key| key.address());
        }
        Curve::Ed25519 => {
            let key = |point: &Vec<u8>| Ed25519Public::from_bytes(unwrap_edwards_point(point)?);
            info.ed25519 = points()?.iter().find_map(key);
        }
        Curve::Other(_) => {}
    }
    Ok(FoundKey { handle, info })
}

/// What may be the public key: of public objects of the same id, then of the private one.
fn read_points(
    session: &Session,
    private: ObjectHandle,
    info: &KeyInfo,
    kind: KeyType,
) -> Result<Vec<Vec<u8>>, Error> {
    let template = [
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(kind),
        Attribute::Id(info.id.clone()),
    ];
    let mut objects = session.find_objects(&template)?;
    objects.push(private);
    let mut points = Vec::new();
    for object in objects {
        for attribute in session.get_attributes(object, &[AttributeType::EcPoint])? {
            if let Attribute::EcPoint(point) = attribute {
                points.push(point);
            }
        }
    }
    Ok(points)
}

/// Bytes as hex, or a dash for none.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("-");
        }
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}
