//! The gRPC service: from protobuf to the keystore and back.

use std::sync::Arc;
use std::time::Duration;

use opsign_wire::AuditFile;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use crate::audit::Entry;
use crate::blake2::blake2_256;
use crate::key_type::KeyType;
use crate::keystore::{Call, Denied, Keystore, Message, Signed};
use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::protection::Stop;
use crate::proto::remote_keystore_server::RemoteKeystore;
use crate::proto::sr25519_vrf_sign_reply::VrfSignature;
use crate::proto::sr25519_vrf_sign_request::VrfTranscriptData;
use crate::proto::sr25519_vrf_sign_request::vrf_transcript_value::Value;
use crate::proto::{
    EcdsaGenerateNewReply, EcdsaGenerateNewRequest, EcdsaPublicKeysReply, EcdsaPublicKeysRequest,
    EcdsaSignPrehashedReply, EcdsaSignPrehashedRequest, Ed25519GenerateNewReply,
    Ed25519GenerateNewRequest, Ed25519PublicKeysReply, Ed25519PublicKeysRequest,
    RemoteKeystoreError, RemoteKeystorePayload, RemoteKeystoreSignature, SignWithAllReply,
    SignWithAllRequest, SignWithAnyReply, SignWithAnyRequest, SignWithReply, SignWithRequest,
    Sr25519GenerateNewReply, Sr25519GenerateNewRequest, Sr25519PublicKeysReply,
    Sr25519PublicKeysRequest, Sr25519VrfSignReply, Sr25519VrfSignRequest,
};
use crate::public_key::PublicKey;
use crate::scheme::Scheme;
use crate::transcript::{VrfItem, VrfValue};

/// The most keys that one call names.
const MOST_KEYS: usize = 64;

/// The service.
#[derive(Clone)]
pub(crate) struct Service(pub(crate) Arc<Parts>);

/// What it is made of.
pub(crate) struct Parts {
    pub(crate) keystore: Keystore,
    pub(crate) metrics: Metrics,
    pub(crate) audit: Option<AuditFile>,
    pub(crate) deadline: Duration,
}

/// A call that was let in.
struct Met {
    parts: Arc<Parts>,
    peer: Peer,
    method: &'static str,
    key_type: KeyType,
    start: Instant,
}

/// What a call was about, for metrics and logs.
#[derive(Clone, Copy, Default)]
struct About<'a> {
    public: Option<&'a PublicKey>,
    message: Option<&'a [u8]>,
    claim: Option<&'static str>,
    /// In `observe`, what would have forbidden it.
    against: Option<&'a Stop>,
}

impl Service {
    /// Who calls, and with keys of which type.
    fn meet<T>(
        &self,
        method: &'static str,
        request: &Request<T>,
        key_type: &str,
    ) -> Result<Met, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let peer = peer.ok_or_else(|| Status::internal("the client is not known"))?;
        if !peer.is_trusted() {
            return Err(Status::unauthenticated("the certificate is no longer good"));
        }
        let key_type = key_type.parse().map_err(invalid)?;
        Ok(Met { parts: Arc::clone(&self.0), peer, method, key_type, start: Instant::now() })
    }
}

impl Met {
    fn call(&self) -> Call<'_> {
        let deadline = self.start + self.parts.deadline;
        Call { client: self.peer.name(), key_type: self.key_type, deadline }
    }

    /// Counts and logs what came of the call. A status is what the reply has no error for.
    fn end<T>(
        &self,
        about: About<'_>,
        outcome: Result<T, Denied>,
    ) -> Result<Result<T, Denied>, Status> {
        let About { public, message, claim, against } = about;
        let done = if against.is_some() { "observed" } else { "done" };
        let name = outcome.as_ref().map_or_else(Denied::name, |_| done);
        let Parts { metrics, audit, .. } = &*self.parts;
        metrics.requests.with_label_values(&[self.method, name]).inc();
        metrics.seconds.observe(self.start.elapsed().as_secs_f64());
        let key_type = self.key_type.to_string();
        if let (Some(claim), Ok(_)) = (claim, &outcome) {
            metrics.signed.with_label_values(&[&key_type, claim]).inc();
        }
        let client = self.peer.name();
        let warn = |rule: &str, what: std::fmt::Arguments<'_>| {
            let public = public.map(PublicKey::to_string);
            tracing::warn!(method = self.method, client, key_type, public, rule, "{what}");
        };
        if let Err(denied) = &outcome {
            warn(name, format_args!("not signed: {denied}"));
        }
        if let Some(stop) = against {
            metrics.alarms.with_label_values(&[stop.name()]).inc();
            warn(stop.name(), format_args!("signed, as guard.observe is set, against the {stop}"));
        }
        if let (Some(audit), true) = (audit, public.is_some() || outcome.is_err()) {
            let written = audit.write(&Entry {
                client,
                method: self.method,
                key_type: &key_type,
                public_key: public.map(PublicKey::to_string),
                claim,
                message: message
                    .map(|message| base16ct::lower::encode_string(&blake2_256(&[message]))),
                outcome: name,
                against: against.map(Stop::name),
            });
            if let Err(error) = written {
                tracing::error!(%error, "ALARM: the audit log cannot be written");
            }
        }
        match outcome {
            Err(denied @ Denied::NotAllowed(_)) => {
                Err(Status::permission_denied(denied.to_string()))
            }
            Err(Denied::Stopped(Stop::Late)) => Err(Status::deadline_exceeded("no answer in time")),
            other => Ok(other),
        }
    }

    fn public_keys(&self, scheme: Scheme) -> Result<Vec<Vec<u8>>, Status> {
        let found = self.parts.keystore.public_keys(&self.call(), scheme);
        let found = self.end(About::default(), found)?;
        let found = found.map_err(|denied| Status::internal(denied.to_string()))?;
        Ok(found.iter().map(|public| public.as_bytes().to_vec()).collect())
    }

    /// The public key, or the error and its reason.
    async fn generate(
        self,
        scheme: Scheme,
        seed: String,
    ) -> Result<(Vec<u8>, RemoteKeystoreError, String), Status> {
        // A seed's PBKDF2 and a synced file take milliseconds.
        let work = move || {
            let seed = zeroize::Zeroizing::new(seed);
            let made = self.parts.keystore.generate(&self.call(), scheme, &seed);
            let public = made.as_ref().ok().copied();
            self.end(About { public: public.as_ref(), ..About::default() }, made)
        };
        let made = tokio::task::spawn_blocking(work).await;
        Ok(match made.map_err(|error| Status::internal(error.to_string()))?? {
            Ok(public) => (public.as_bytes().to_vec(), RemoteKeystoreError::Unknown, String::new()),
            Err(denied) => (Vec::new(), error(&denied), denied.to_string()),
        })
    }

    async fn sign(
        &self,
        public: &PublicKey,
        message: &Message<'_>,
    ) -> Result<RemoteKeystoreSignature, Status> {
        let signed = self.parts.keystore.sign(&self.call(), public, message).await;
        let (signed, claim, against) = match signed {
            Ok(Signed { signature, claim, against }) => {
                (Ok(signature), Some(claim.name()), against)
            }
            Err(denied) => (Err(denied), None, None),
        };
        let about = About {
            public: Some(public),
            message: Some(message.bytes),
            claim,
            against: against.as_ref(),
        };
        let reply = RemoteKeystoreSignature {
            crypto_type: public.scheme().name().into(),
            public_key: public.as_bytes().to_vec(),
            ..Default::default()
        };
        Ok(match self.end(about, signed)? {
            Ok(signature) => RemoteKeystoreSignature { signature, ..reply },
            Err(denied) => RemoteKeystoreSignature {
                error: error(&denied).into(),
                reason: denied.to_string(),
                ..reply
            },
        })
    }

    /// The scheme that a request names, or the reply that says that there is none such.
    fn scheme(&self, name: &str) -> Result<Scheme, RemoteKeystoreSignature> {
        name.parse().map_err(|_| {
            self.parts.metrics.requests.with_label_values(&[self.method, "not_supported"]).inc();
            RemoteKeystoreSignature {
                crypto_type: name.into(),
                error: RemoteKeystoreError::KeyNotSupported.into(),
                reason: "a crypto type is sr25519, ed25519 or ecdsa".into(),
                ..Default::default()
            }
        })
    }
}

/// The enum's value for what the keystore says.
fn error(denied: &Denied) -> RemoteKeystoreError {
    match denied {
        Denied::NotSupported => RemoteKeystoreError::KeyNotSupported,
        Denied::NoSuchKey => RemoteKeystoreError::PairNotFound,
        Denied::NotUnderstood(_)
        | Denied::NoTranscript(_)
        | Denied::BadSeed(_)
        | Denied::NotKept(_)
        | Denied::NotAllowed(_) => RemoteKeystoreError::ValidationError,
        Denied::TokenAway(_)
        | Denied::Stopped(Stop::Unavailable(_) | Stop::Waiting | Stop::Late) => {
            RemoteKeystoreError::Unavailable
        }
        Denied::Stopped(_) => RemoteKeystoreError::ValidationError,
        Denied::Faulty(_) => RemoteKeystoreError::Other,
    }
}

fn invalid(what: impl std::fmt::Display) -> Status {
    Status::invalid_argument(what.to_string())
}

fn public_key(scheme: Scheme, bytes: &[u8]) -> Result<PublicKey, Status> {
    let length = scheme.public_length();
    PublicKey::new(scheme, bytes)
        .ok_or_else(|| invalid(format!("a public key of {scheme} has {length} bytes")))
}

fn public_keys(scheme: Scheme, keys: &[Vec<u8>]) -> Result<Vec<PublicKey>, Status> {
    if keys.is_empty() || keys.len() > MOST_KEYS {
        return Err(invalid(format!("name 1 to {MOST_KEYS} public keys")));
    }
    keys.iter().map(|bytes| public_key(scheme, bytes)).collect()
}

const fn message<'a>(bytes: &'a [u8], payload: Option<&'a RemoteKeystorePayload>) -> Message<'a> {
    Message { bytes, prehashed: false, payload }
}

fn items(data: VrfTranscriptData) -> Result<Vec<VrfItem>, Status> {
    let item = |value: crate::proto::sr25519_vrf_sign_request::VrfTranscriptValue| {
        let label = value.label;
        match value.value {
            Some(Value::BytesValue(bytes)) => Ok(VrfItem { label, value: VrfValue::Bytes(bytes) }),
            Some(Value::Uint64Value(number)) => {
                Ok(VrfItem { label, value: VrfValue::Number(number) })
            }
            None => Err(invalid("an item of the transcript has no value")),
        }
    };
    data.values.into_iter().map(item).collect()
}

#[tonic::async_trait]
impl RemoteKeystore for Service {
    async fn sr25519_public_keys(
        &self,
        request: Request<Sr25519PublicKeysRequest>,
    ) -> Result<Response<Sr25519PublicKeysReply>, Status> {
        let met = self.meet("Sr25519PublicKeys", &request, &request.get_ref().key_type)?;
        let public_keys = met.public_keys(Scheme::Sr25519)?;
        Ok(Response::new(Sr25519PublicKeysReply { public_keys }))
    }

    async fn sr25519_generate_new(
        &self,
        request: Request<Sr25519GenerateNewRequest>,
    ) -> Result<Response<Sr25519GenerateNewReply>, Status> {
        let met = self.meet("Sr25519GenerateNew", &request, &request.get_ref().key_type)?;
        let (public_key, error, reason) =
            met.generate(Scheme::Sr25519, request.into_inner().seed).await?;
        Ok(Response::new(Sr25519GenerateNewReply { public_key, error: error.into(), reason }))
    }

    async fn sr25519_vrf_sign(
        &self,
        request: Request<Sr25519VrfSignRequest>,
    ) -> Result<Response<Sr25519VrfSignReply>, Status> {
        let met = self.meet("Sr25519VrfSign", &request, &request.get_ref().key_type)?;
        let request = request.into_inner();
        let public = public_key(Scheme::Sr25519, &request.public_key)?;
        let data = request.transcript_data.ok_or_else(|| invalid("transcript_data is missing"))?;
        let label = data.label.clone();
        let items = items(data)?;
        let signed = met.parts.keystore.vrf_sign(&met.call(), &public, &label, &items);
        let about = About { public: Some(&public), claim: Some("vrf"), ..About::default() };
        let reply = match met.end(about, signed)? {
            Ok(signature) => Sr25519VrfSignReply {
                signature: Some(VrfSignature {
                    output: signature.output.to_vec(),
                    challenge: signature.challenge.to_vec(),
                    proof: signature.proof.to_vec(),
                }),
                ..Default::default()
            },
            Err(denied) => Sr25519VrfSignReply {
                error: error(&denied).into(),
                reason: denied.to_string(),
                ..Default::default()
            },
        };
        Ok(Response::new(reply))
    }

    async fn ed25519_public_keys(
        &self,
        request: Request<Ed25519PublicKeysRequest>,
    ) -> Result<Response<Ed25519PublicKeysReply>, Status> {
        let met = self.meet("Ed25519PublicKeys", &request, &request.get_ref().key_type)?;
        let public_keys = met.public_keys(Scheme::Ed25519)?;
        Ok(Response::new(Ed25519PublicKeysReply { public_keys }))
    }

    async fn ed25519_generate_new(
        &self,
        request: Request<Ed25519GenerateNewRequest>,
    ) -> Result<Response<Ed25519GenerateNewReply>, Status> {
        let met = self.meet("Ed25519GenerateNew", &request, &request.get_ref().key_type)?;
        let (public_key, error, reason) =
            met.generate(Scheme::Ed25519, request.into_inner().seed).await?;
        Ok(Response::new(Ed25519GenerateNewReply { public_key, error: error.into(), reason }))
    }

    async fn ecdsa_public_keys(
        &self,
        request: Request<EcdsaPublicKeysRequest>,
    ) -> Result<Response<EcdsaPublicKeysReply>, Status> {
        let met = self.meet("EcdsaPublicKeys", &request, &request.get_ref().key_type)?;
        let public_keys = met.public_keys(Scheme::Ecdsa)?;
        Ok(Response::new(EcdsaPublicKeysReply { public_keys }))
    }

    async fn ecdsa_generate_new(
        &self,
        request: Request<EcdsaGenerateNewRequest>,
    ) -> Result<Response<EcdsaGenerateNewReply>, Status> {
        let met = self.meet("EcdsaGenerateNew", &request, &request.get_ref().key_type)?;
        let (public_key, error, reason) =
            met.generate(Scheme::Ecdsa, request.into_inner().seed).await?;
        Ok(Response::new(EcdsaGenerateNewReply { public_key, error: error.into(), reason }))
    }

    async fn sign_with_any(
        &self,
        request: Request<SignWithAnyRequest>,
    ) -> Result<Response<SignWithAnyReply>, Status> {
        let met = self.meet("SignWithAny", &request, &request.get_ref().key_type)?;
        let request = request.into_inner();
        let signature = match met.scheme(&request.crypto_type) {
            Err(reply) => reply,
            Ok(scheme) => {
                let keys = public_keys(scheme, &request.public_keys)?;
                let its = |public: &&PublicKey| met.parts.keystore.has(&met.call(), public);
                // With none of them, the first says so.
                let public = keys.iter().find(its).unwrap_or(&keys[0]);
                met.sign(public, &message(&request.message, request.payload.as_ref())).await?
            }
        };
        Ok(Response::new(SignWithAnyReply { signature: Some(signature) }))
    }

    async fn sign_with(
        &self,
        request: Request<SignWithRequest>,
    ) -> Result<Response<SignWithReply>, Status> {
        let met = self.meet("SignWith", &request, &request.get_ref().key_type)?;
        let request = request.into_inner();
        let signature = match met.scheme(&request.crypto_type) {
            Err(reply) => reply,
            Ok(scheme) => {
                let public = public_key(scheme, &request.public_key)?;
                met.sign(&public, &message(&request.message, request.payload.as_ref())).await?
            }
        };
        Ok(Response::new(SignWithReply { signature: Some(signature) }))
    }

    async fn sign_with_all(
        &self,
        request: Request<SignWithAllRequest>,
    ) -> Result<Response<SignWithAllReply>, Status> {
        let met = self.meet("SignWithAll", &request, &request.get_ref().key_type)?;
        let request = request.into_inner();
        let mut signatures = Vec::new();
        match met.scheme(&request.crypto_type) {
            Err(reply) => signatures.push(reply),
            Ok(scheme) => {
                let keys = public_keys(scheme, &request.public_keys)?;
                let message = message(&request.message, request.payload.as_ref());
                // At once, so that their records share one sync.
                let signing = keys.iter().map(|public| met.sign(public, &message));
                signatures = futures_util::future::try_join_all(signing).await?;
            }
        }
        Ok(Response::new(SignWithAllReply { signatures }))
    }

    async fn ecdsa_sign_prehashed(
        &self,
        request: Request<EcdsaSignPrehashedRequest>,
    ) -> Result<Response<EcdsaSignPrehashedReply>, Status> {
        let met = self.meet("EcdsaSignPrehashed", &request, &request.get_ref().key_type)?;
        let request = request.into_inner();
        let public = public_key(Scheme::Ecdsa, &request.public_key)?;
        let payload = request.payload.as_ref();
        let message = Message { bytes: &request.message, prehashed: true, payload };
        let signature = met.sign(&public, &message).await?;
        Ok(Response::new(EcdsaSignPrehashedReply { signature: Some(signature) }))
    }
}
