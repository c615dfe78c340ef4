//! sr25519 as Substrate uses it, with nothing random in it.
//!
//! schnorrkel mixes system randomness into every nonce, so that one message has many signatures. Two
//! seals of one header are evidence of equivocation, so here a nonce comes from the key and the
//! message alone, as in RFC 8032: schnorrkel's transcript is keyed with the key's nonce seed, that
//! seed is a hash of the scalar, and the generator beside it gives zeros. Whoever holds the same
//! scalar, on whatever server and however it was derived, makes the same bytes.

use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};
use schnorrkel::context::attach_rng;
use schnorrkel::derive::{ChainCode, Derivation};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, SecretKey, signing_context};
use zeroize::Zeroizing;

use crate::blake2::blake2_256;
use crate::transcript::VrfSignature;

/// The context of every signature that is no VRF's.
const CONTEXT: &[u8] = b"substrate";

/// A key pair.
pub(crate) struct Sr25519(Keypair);

impl Sr25519 {
    /// From what Substrate calls a seed: schnorrkel's mini secret key.
    pub(crate) fn from_seed(seed: &[u8]) -> Option<Self> {
        let mini = MiniSecretKey::from_bytes(seed).ok()?;
        Some(Self::from_secret(&mini.expand(ExpansionMode::Ed25519)))
    }

    /// From the scalar.
    pub(crate) fn from_scalar(scalar: &[u8; 32]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 64]);
        bytes[..32].copy_from_slice(scalar);
        Some(Self::from_secret(&SecretKey::from_bytes(bytes.as_slice()).ok()?))
    }

    fn from_secret(secret: &SecretKey) -> Self {
        let mut bytes = Zeroizing::new(secret.to_bytes());
        let nonce = Zeroizing::new(blake2_256(&[b"opsign sr25519 nonce seed", &bytes[..32]]));
        bytes[32..].copy_from_slice(nonce.as_slice());
        // Its first half was a scalar before.
        let secret = SecretKey::from_bytes(bytes.as_slice()).unwrap_or_else(|_| secret.clone());
        Self(secret.to_keypair())
    }

    /// The scalar, all there is to keep.
    pub(crate) fn scalar(&self) -> Zeroizing<[u8; 32]> {
        let bytes = Zeroizing::new(self.0.secret.to_bytes());
        let mut scalar = Zeroizing::new([0; 32]);
        scalar.copy_from_slice(&bytes[..32]);
        scalar
    }

    pub(crate) fn hard(&self, code: [u8; 32]) -> Self {
        let (mini, _) = self.0.secret.hard_derive_mini_secret_key(Some(ChainCode(code)), b"");
        Self::from_secret(&mini.expand(ExpansionMode::Ed25519))
    }

    pub(crate) fn soft(&self, code: [u8; 32]) -> Self {
        let (secret, _) = self.0.secret.derived_key_simple_rng(ChainCode(code), b"", NoRandomness);
        Self::from_secret(&secret)
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    /// Signs, and checks the signature.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<[u8; 64]> {
        let transcript = attach_rng(signing_context(CONTEXT).bytes(message), NoRandomness);
        let signature = self.0.sign(transcript);
        self.0.public.verify_simple(CONTEXT, message, &signature).ok()?;
        Some(signature.to_bytes())
    }

    /// Makes a VRF's output and proof.
    pub(crate) fn vrf_sign(&self, transcript: Transcript) -> VrfSignature {
        let extra = attach_rng(Transcript::new(b"VRF"), NoRandomness);
        let (in_out, proof, _) = self.0.vrf_sign_extra(transcript, extra);
        let proof = proof.to_bytes();
        let mut signature = VrfSignature {
            output: in_out.to_preout().to_bytes(),
            challenge: [0; 32],
            proof: [0; 32],
        };
        signature.challenge.copy_from_slice(&proof[..32]);
        signature.proof.copy_from_slice(&proof[32..]);
        signature
    }
}

/// Gives zeros. What schnorrkel adds to a nonce for the case that its other half is weak.
struct NoRandomness;

impl RngCore for NoRandomness {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for NoRandomness {}
