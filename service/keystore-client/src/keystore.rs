//! The trait, method by method.

use std::sync::{Mutex, MutexGuard, PoisonError};

use codec::{Decode, Encode};
use sp_consensus_babe::{Randomness, Slot};
use sp_consensus_beefy::Commitment;
use sp_core::crypto::{ByteArray, KeyTypeId, VrfPublic};
use sp_core::sr25519::vrf::{VrfInput, VrfPreOutput, VrfSignData, VrfSignature};
use sp_core::{ecdsa, ed25519, sr25519};
use sp_crypto_hashing::keccak_256;
use sp_keystore::{Error, Keystore};
use sp_runtime::traits::Header;
use tonic::{Code, Status};

use crate::announced::Announced;
use crate::connection::Connection;
use crate::proto::remote_keystore_payload::{BeefyCommitment, BlockProposal, Message};
use crate::proto::{self, RemoteKeystoreError, RemoteKeystorePayload, RemoteKeystoreSignature};
use crate::transcript::{Transcript, fingerprint};

/// A keystore whose keys are in an `opsign keystore`.
pub struct RemoteKeystore {
    connection: Connection,
    headers: Mutex<Announced<Vec<u8>, BlockProposal>>,
    transcripts: Mutex<Announced<[u8; 32], Transcript>>,
    commitments: Mutex<Announced<[u8; 32], Vec<u8>>>,
}

impl RemoteKeystore {
    /// A keystore behind this connection.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            headers: Mutex::new(Announced::new()),
            transcripts: Mutex::new(Announced::new()),
            commitments: Mutex::new(Announced::new()),
        }
    }

    /// Says which block will be sealed next: the header as it is hashed, without its seal. That is
    /// the header of the block that a `Proposer` proposes, so whatever wraps one has it.
    pub fn announce_header<H: Header>(&self, header: &H) {
        let proposal = BlockProposal {
            parent_hash: header.parent_hash().as_ref().to_vec(),
            number: header.number().to_string(),
            state_root: header.state_root().as_ref().to_vec(),
            extrinsics_root: header.extrinsics_root().as_ref().to_vec(),
            digest: header.digest().encode(),
            slot: None,
        };
        lock(&self.headers).put(header.hash().as_ref().to_vec(), proposal);
    }

    /// Says which slot will be claimed next, with the index and the randomness of its epoch.
    /// `claim_slot` then asks with a transcript that is recognised by its state.
    pub fn announce_slot(&self, randomness: &Randomness, slot: Slot, epoch: u64) {
        self.announce_transcript(Transcript::babe(randomness, slot, epoch));
    }

    /// The same for any other transcript.
    pub fn announce_transcript(&self, transcript: Transcript) {
        let name = fingerprint(&transcript.build());
        lock(&self.transcripts).put(name, transcript);
    }

    /// Says which commitment will be voted for next. BEEFY asks for a signature of its keccak-256.
    pub fn announce_commitment(&self, commitment: &Commitment<u32>) {
        let encoded = commitment.encode();
        lock(&self.commitments).put(keccak_256(&encoded), encoded);
    }

    fn sign(
        &self,
        key_type: KeyTypeId,
        crypto_type: &str,
        public_key: &[u8],
        message: &[u8],
    ) -> Result<Option<Vec<u8>>, Error> {
        let header = lock(&self.headers).get(&message.to_vec());
        let question = proto::SignWithRequest {
            key_type: letters(key_type)?,
            crypto_type: crypto_type.into(),
            public_key: public_key.to_vec(),
            message: message.to_vec(),
            payload: header.map(|header| payload(Message::BlockProposal(header))),
        };
        let answer =
            self.connection.ask(|mut client| async move { client.sign_with(question).await });
        signature(answer.map_err(unanswered)?.signature)
    }

    fn vrf(
        &self,
        key_type: KeyTypeId,
        public: &sr25519::Public,
        input: &VrfInput,
    ) -> Result<Option<VrfSignature>, Error> {
        let transcript = lock(&self.transcripts).get(&fingerprint(input)).ok_or_else(|| {
            Error::ValidationError("a VRF over a transcript that was not announced".into())
        })?;
        let question = proto::Sr25519VrfSignRequest {
            key_type: letters(key_type)?,
            public_key: public.0.to_vec(),
            transcript_data: Some(transcript.message()),
        };
        let answer = self
            .connection
            .ask(|mut client| async move { client.sr25519_vrf_sign(question).await })
            .map_err(unanswered)?;
        let Some(parts) = answer.signature else {
            return refused(answer.error, &answer.reason);
        };
        let bytes = [parts.output, parts.challenge, parts.proof].concat();
        let signature = VrfSignature::decode(&mut &bytes[..]);
        signature.map(Some).map_err(|_| Error::Other("the keystore's VRF is none".into()))
    }
}

/// What panicked while it held the lock left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn letters(key_type: KeyTypeId) -> Result<String, Error> {
    String::from_utf8(key_type.0.to_vec()).map_err(|_| Error::KeyNotSupported(key_type))
}

fn payload(message: Message) -> RemoteKeystorePayload {
    RemoteKeystorePayload { message: Some(message), ..Default::default() }
}

fn signature(answer: Option<RemoteKeystoreSignature>) -> Result<Option<Vec<u8>>, Error> {
    let answer = answer.unwrap_or_default();
    if answer.signature.is_empty() {
        return refused(answer.error, &answer.reason);
    }
    Ok(Some(answer.signature))
}

/// A key that is not there is none, for a node; anything else is an error.
fn refused<T>(error: i32, reason: &str) -> Result<Option<T>, Error> {
    use RemoteKeystoreError as Remote;
    match RemoteKeystoreError::try_from(error) {
        Ok(Remote::PairNotFound) => Ok(None),
        Ok(Remote::ValidationError | Remote::KeyNotSupported) => {
            Err(Error::ValidationError(reason.into()))
        }
        Ok(Remote::Unavailable) => Err(Error::Unavailable),
        _ => Err(Error::Other(format!(
            "the keystore answered neither a signature nor a key: {reason}"
        ))),
    }
}

fn unanswered(status: Status) -> Error {
    match status.code() {
        Code::InvalidArgument | Code::PermissionDenied | Code::Unauthenticated => {
            Error::ValidationError(status.message().into())
        }
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => Error::Unavailable,
        _ => Error::Other(status.to_string()),
    }
}

fn sized<T: ByteArray>(bytes: &[u8]) -> Result<T, Error> {
    T::from_slice(bytes)
        .map_err(|()| Error::Other(format!("the keystore answered {} bytes", bytes.len())))
}

/// The question for a scheme's keys, with its error.
macro_rules! keys {
    ($name:ident, $module:ident, $method:ident, $request:ident) => {
        fn $name(&self, key_type: KeyTypeId) -> Result<Vec<$module::Public>, Error> {
            let question = proto::$request { key_type: letters(key_type)? };
            let answer =
                self.connection.ask(|mut client| async move { client.$method(question).await });
            answer.map_err(unanswered)?.public_keys.iter().map(|key| sized(key)).collect()
        }
    };
}

impl RemoteKeystore {
    keys!(sr25519_keys, sr25519, sr25519_public_keys, Sr25519PublicKeysRequest);
    keys!(ed25519_keys, ed25519, ed25519_public_keys, Ed25519PublicKeysRequest);
    keys!(ecdsa_keys, ecdsa, ecdsa_public_keys, EcdsaPublicKeysRequest);
}

/// Where the trait has no error: no keys means that this node is no authority.
fn told<T>(keys: Result<Vec<T>, Error>) -> Vec<T> {
    keys.unwrap_or_else(|error| {
        tracing::warn!(%error, "the remote keystore does not tell its keys");
        Vec::new()
    })
}

/// The trait's methods that come once for each scheme.
macro_rules! scheme {
    ($module:ident, $public_keys:ident, $keys:ident, $generate:ident, $generate_request:ident) => {
        fn $public_keys(&self, key_type: KeyTypeId) -> Vec<$module::Public> {
            told(self.$keys(key_type))
        }

        fn $generate(
            &self,
            key_type: KeyTypeId,
            seed: Option<&str>,
        ) -> Result<$module::Public, Error> {
            let question = proto::$generate_request {
                key_type: letters(key_type)?,
                seed: seed.unwrap_or_default().into(),
            };
            let answer = self
                .connection
                .ask(|mut client| async move { client.$generate(question).await })
                .map_err(unanswered)?;
            if answer.public_key.is_empty() {
                let refused = refused::<()>(answer.error, &answer.reason);
                return Err(refused.err().unwrap_or(Error::KeyNotSupported(key_type)));
            }
            sized(&answer.public_key)
        }
    };
}

impl Keystore for RemoteKeystore {
    scheme!(
        sr25519,
        sr25519_public_keys,
        sr25519_keys,
        sr25519_generate_new,
        Sr25519GenerateNewRequest
    );
    scheme!(
        ed25519,
        ed25519_public_keys,
        ed25519_keys,
        ed25519_generate_new,
        Ed25519GenerateNewRequest
    );
    scheme!(ecdsa, ecdsa_public_keys, ecdsa_keys, ecdsa_generate_new, EcdsaGenerateNewRequest);

    fn sr25519_sign(
        &self,
        key_type: KeyTypeId,
        public: &sr25519::Public,
        msg: &[u8],
    ) -> Result<Option<sr25519::Signature>, Error> {
        self.sign(key_type, "sr25519", &public.0, msg)?.map(|bytes| sized(&bytes)).transpose()
    }

    /// Of a transcript that was announced. Extra data behind it would have to be sent, too, which
    /// the service cannot; as the proof does not hold then, it is refused here.
    fn sr25519_vrf_sign(
        &self,
        key_type: KeyTypeId,
        public: &sr25519::Public,
        data: &VrfSignData,
    ) -> Result<Option<VrfSignature>, Error> {
        let Some(signature) = self.vrf(key_type, public, data.as_ref())? else { return Ok(None) };
        if !public.vrf_verify(data, &signature) {
            return Err(Error::ValidationError("the VRF does not hold: it has extra data?".into()));
        }
        Ok(Some(signature))
    }

    /// The service has no question for the pre-output alone; that of a proof is the same.
    fn sr25519_vrf_pre_output(
        &self,
        key_type: KeyTypeId,
        public: &sr25519::Public,
        input: &VrfInput,
    ) -> Result<Option<VrfPreOutput>, Error> {
        let data = VrfSignData::new(input.clone());
        Ok(self.sr25519_vrf_sign(key_type, public, &data)?.map(|signature| signature.pre_output))
    }

    fn ed25519_sign(
        &self,
        key_type: KeyTypeId,
        public: &ed25519::Public,
        msg: &[u8],
    ) -> Result<Option<ed25519::Signature>, Error> {
        self.sign(key_type, "ed25519", &public.0, msg)?.map(|bytes| sized(&bytes)).transpose()
    }

    fn ecdsa_sign(
        &self,
        key_type: KeyTypeId,
        public: &ecdsa::Public,
        msg: &[u8],
    ) -> Result<Option<ecdsa::Signature>, Error> {
        self.sign(key_type, "ecdsa", &public.0, msg)?.map(|bytes| sized(&bytes)).transpose()
    }

    fn ecdsa_sign_prehashed(
        &self,
        key_type: KeyTypeId,
        public: &ecdsa::Public,
        msg: &[u8; 32],
    ) -> Result<Option<ecdsa::Signature>, Error> {
        let commitment = lock(&self.commitments).get(msg);
        let question = proto::EcdsaSignPrehashedRequest {
            key_type: letters(key_type)?,
            public_key: public.0.to_vec(),
            message: msg.to_vec(),
            payload: commitment.map(|commitment| {
                payload(Message::BeefyCommitment(BeefyCommitment { commitment }))
            }),
        };
        let answer = self
            .connection
            .ask(|mut client| async move { client.ecdsa_sign_prehashed(question).await })
            .map_err(unanswered)?;
        signature(answer.signature)?.map(|bytes| sized(&bytes)).transpose()
    }

    /// Never: keys are imported by the server's operator, and no secret goes over the wire.
    fn insert(&self, _key_type: KeyTypeId, _suri: &str, _public: &[u8]) -> Result<(), ()> {
        tracing::warn!("a key cannot be put into a remote keystore: import it there");
        Err(())
    }

    fn keys(&self, key_type: KeyTypeId) -> Result<Vec<Vec<u8>>, Error> {
        let mut keys = Vec::new();
        keys.extend(self.sr25519_keys(key_type)?.iter().map(|key| key.0.to_vec()));
        keys.extend(self.ed25519_keys(key_type)?.iter().map(|key| key.0.to_vec()));
        keys.extend(self.ecdsa_keys(key_type)?.iter().map(|key| key.0.to_vec()));
        Ok(keys)
    }

    fn has_keys(&self, public_keys: &[(Vec<u8>, KeyTypeId)]) -> bool {
        public_keys
            .iter()
            .all(|(public, key_type)| self.keys(*key_type).is_ok_and(|keys| keys.contains(public)))
    }
}
