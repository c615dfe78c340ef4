//! Block payloads: hashed, and their signatures checked.

use opsign_core::{Address, ChainId, Error, Field, PayloadHash, Rules, Signature};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::OpsignError;
use crate::signature::{rules, sized};

/// Hashes a payload that arrives in pieces.
#[wasm_bindgen]
#[derive(Default)]
pub struct PayloadHasher(opsign_core::PayloadHasher);

#[wasm_bindgen]
impl PayloadHasher {
    /// A hasher that has seen no bytes.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash, 32 bytes. Frees the hasher.
    pub fn finish(self) -> Vec<u8> {
        self.0.finish().as_bytes().to_vec()
    }
}

/// Reads a payload hash from hex text.
#[wasm_bindgen(js_name = parsePayloadHash)]
pub fn parse_payload_hash(text: &str) -> Result<Vec<u8>, OpsignError> {
    Ok(PayloadHash::from_hex(text)?.as_bytes().to_vec())
}

/// Reads an address from `0x` text, EIP-55 checked where it has capitals.
#[wasm_bindgen(js_name = parseAddress)]
pub fn parse_address(text: &str) -> Result<Vec<u8>, OpsignError> {
    Ok(text.parse::<Address>()?.as_bytes().to_vec())
}

/// The 32 bytes that a sequencer signs.
#[wasm_bindgen(js_name = payloadSigningHash)]
pub fn payload_signing_hash(chain_id: &str, payload_hash: &[u8]) -> Result<Vec<u8>, OpsignError> {
    let (chain_id, payload_hash) = block(chain_id, payload_hash)?;
    Ok(opsign_core::payload_signing_hash(&chain_id, &payload_hash).as_bytes().to_vec())
}

/// Whether `address` signed a block payload. False only for a sound signature by somebody else.
#[wasm_bindgen(js_name = verifyPayload)]
pub fn verify_payload(
    chain_id: &str,
    payload_hash: &[u8],
    signature: &[u8],
    consensus_rules: bool,
    address: &[u8],
) -> Result<bool, OpsignError> {
    let (chain_id, payload_hash) = block(chain_id, payload_hash)?;
    let address = Address::from_bytes(sized(Field::Address, address)?);
    verify(&chain_id, &payload_hash, signature, rules(consensus_rules), &address)
}

/// Checks block payloads of one chain and address. k256, the engine here, gains nothing by knowing
/// the key: so it is not learned.
#[wasm_bindgen]
pub struct Verifier {
    chain_id: ChainId,
    rules: Rules,
    address: Address,
}

#[wasm_bindgen]
impl Verifier {
    /// Reads what holds for all of them.
    #[wasm_bindgen(constructor)]
    pub fn new(chain_id: &str, consensus: bool, address: &[u8]) -> Result<Self, OpsignError> {
        let address = Address::from_bytes(sized(Field::Address, address)?);
        Ok(Self { chain_id: chain_id.parse()?, rules: rules(consensus), address })
    }

    /// As [`verify_payload`].
    pub fn verify(&self, payload_hash: &[u8], signature: &[u8]) -> Result<bool, OpsignError> {
        let payload_hash = PayloadHash::from_bytes(sized(Field::PayloadHash, payload_hash)?);
        verify(&self.chain_id, &payload_hash, signature, self.rules, &self.address)
    }
}

/// The address that signed a block payload, as EIP-55 text.
#[wasm_bindgen(js_name = recoverSigner)]
pub fn recover_signer(
    chain_id: &str,
    payload_hash: &[u8],
    signature: &[u8],
    consensus_rules: bool,
) -> Result<String, OpsignError> {
    let (chain_id, payload_hash) = block(chain_id, payload_hash)?;
    let signature = Signature::from_bytes(signature, rules(consensus_rules))?;
    Ok(opsign_core::recover_signer(&chain_id, &payload_hash, &signature)?.to_string())
}

fn verify(
    chain_id: &ChainId,
    payload_hash: &PayloadHash,
    signature: &[u8],
    rules: Rules,
    address: &Address,
) -> Result<bool, OpsignError> {
    let signature = Signature::from_bytes(signature, rules)?;
    match opsign_core::verify_payload(chain_id, payload_hash, &signature, address) {
        Ok(()) => Ok(true),
        Err(Error::WrongSigner { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn block(chain_id: &str, payload_hash: &[u8]) -> Result<(ChainId, PayloadHash), Error> {
    let payload_hash = PayloadHash::from_bytes(sized(Field::PayloadHash, payload_hash)?);
    Ok((chain_id.parse()?, payload_hash))
}
