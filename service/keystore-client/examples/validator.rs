//! A validator's node as its keystore sees it: claims slots, seals blocks, votes and proves whose
//! its keys are, all through a running `opsign keystore`, and checks each signature as the chain
//! does, by the sp-consensus crates. Then it does what two copies of one node would do, and wants
//! to be refused.
//!
//! ```sh
//! cargo run --example validator -- https://localhost:9955 ca.crt client.crt client.key \
//!   [--rounds 100] [--first 1] [--statements ../../vectors/polkadot/statements.json]
//! ```
//!
//! A line of JSON for every signature goes to standard output, for the judges of
//! `vectors/generate/polkadot`; the counts go to standard error.

mod shared;

use std::path::Path;
use std::sync::Arc;

use codec::Encode;
use finality_grandpa::{Message, Precommit, Prevote};
use opsign_keystore_client::RemoteKeystore;
use serde_json::{Value, json};
use shared::{Failure, Header, connect, header, hex, hold, sealed_by, with_seal};
use sp_application_crypto::key_types::{BABE, BEEFY, GRANDPA};
use sp_consensus_babe::digests::{PreDigest, PrimaryPreDigest};
use sp_consensus_babe::{EquivocationProof, make_vrf_sign_data};
use sp_consensus_beefy::{Commitment, Payload, ecdsa_crypto, known_payloads::MMR_ROOT_ID};
use sp_core::crypto::{KeyTypeId, VrfPublic};
use sp_core::proof_of_possession::statement_of_ownership;
use sp_core::{H256, ecdsa, ed25519, sr25519};
use sp_crypto_hashing::{blake2_256, keccak_256};
use sp_keystore::{Keystore, KeystorePtr};

const PARA: KeyTypeId = KeyTypeId(*b"para");

fn main() -> Result<(), Failure> {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    let [address, ca, certificate, key, options @ ..] = &words[..] else {
        return Err("address, authority, certificate and key are wanted".into());
    };
    let option = |name| shared::option(options, name);
    let rounds = option("--rounds").map_or(Ok(100), str::parse)?;
    let first = option("--first").map_or(Ok(1), str::parse::<u64>)?;

    let [ca, certificate, key] = [ca, certificate, key].map(Path::new);
    let mut validator = Validator::new(Arc::new(connect(address, ca, certificate, key)?))?;
    for round in first..first + rounds {
        validator.block(round)?;
        validator.votes(round)?;
        validator.commitment(round)?;
    }
    validator.ownership()?;
    validator.keys()?;
    if let Some(file) = option("--statements") {
        validator.statements(&std::fs::read_to_string(file)?)?;
    }
    let Tally { signed, refused } = validator.tally;
    eprintln!("{signed} signatures hold, {refused} contradictions were refused");
    Ok(())
}

struct Validator {
    keystore: Arc<RemoteKeystore>,
    babe: sr25519::Public,
    gran: ed25519::Public,
    beef: ecdsa::Public,
    para: sr25519::Public,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    signed: usize,
    refused: usize,
}

impl Validator {
    fn new(keystore: Arc<RemoteKeystore>) -> Result<Self, Failure> {
        let sr25519 = |key_type| keystore.sr25519_public_keys(key_type).first().copied();
        Ok(Self {
            babe: sr25519(BABE).ok_or("no key of type babe")?,
            gran: *keystore.ed25519_public_keys(GRANDPA).first().ok_or("no key of type gran")?,
            beef: *keystore.ecdsa_public_keys(BEEFY).first().ok_or("no key of type beef")?,
            para: sr25519(PARA).ok_or("no key of type para")?,
            keystore,
            tally: Tally::default(),
        })
    }

    /// Claims a slot and seals its block, as sc-consensus-babe does; then tries another block.
    fn block(&mut self, slot: u64) -> Result<(), Failure> {
        let (randomness, epoch) = (blake2_256(b"randomness"), slot / 2400);
        let data = make_vrf_sign_data(&randomness, slot.into(), epoch);
        let vrf = self.keystore.sr25519_vrf_sign(BABE, &self.babe, &data);
        self.tally.refuse(vrf, "a VRF over what was not announced")?;
        self.keystore.announce_slot(&randomness, slot.into(), epoch);
        let vrf = self.keystore.sr25519_vrf_sign(BABE, &self.babe, &data)?;
        let vrf = vrf.ok_or("the BABE key is gone")?;
        hold(self.babe.vrf_verify(&data, &vrf), "the VRF")?;
        let drawn = self.keystore.sr25519_vrf_pre_output(BABE, &self.babe, data.as_ref())?;
        hold(drawn == Some(vrf.pre_output.clone()), "the pre-output alone")?;
        let with_extra = data.clone().with_extra(data.as_ref().clone());
        let with_extra = self.keystore.sr25519_vrf_sign(BABE, &self.babe, &with_extra);
        self.tally.refuse(with_extra, "a VRF with extra data")?;
        self.tally.write(
            "sr25519_vrf",
            &self.babe.0,
            &vrf.encode(),
            json!({"transcript": {"label": "BABE", "items": [
                {"label": "slot number", "u64": slot.to_string()},
                {"label": "current epoch", "u64": epoch.to_string()},
                {"label": "chain randomness", "bytes": hex(&randomness)},
            ]}}),
        );

        let pre_digest = PreDigest::Primary(PrimaryPreDigest {
            authority_index: 0,
            slot: slot.into(),
            vrf_signature: vrf,
        });
        let header = header(slot, "a", &pre_digest);
        let hash = header.hash();
        let seal = self.keystore.sr25519_sign(BABE, &self.babe, hash.as_bytes());
        self.tally.refuse(seal, "a seal of what was not announced")?;
        let seal = self.seal(&header)?.ok_or("the BABE key is gone")?;
        let sealed = with_seal(&header, &seal);
        hold(sealed_by(sealed.clone(), &self.babe), "the seal")?;
        let details = json!({"class": "babe", "message": hex(hash.as_bytes()), "header": hex(&header.encode())});
        self.tally.write("sr25519", &self.babe.0, &seal.0, details);

        // A node that was restarted asks again. Another seal would be evidence against it.
        let again = self.seal(&header)?.ok_or("the BABE key is gone")?;
        hold(
            !equivocation(&self.babe, slot, sealed.clone(), with_seal(&header, &again)),
            "the seal, asked for again,",
        )?;
        let other = self.seal(&self::header(slot, "b", &pre_digest));
        self.tally.refuse(other, "a second block in one slot")?;
        Ok(())
    }

    fn seal(&self, header: &Header) -> Result<Option<sr25519::Signature>, sp_keystore::Error> {
        self.keystore.announce_header(header);
        self.keystore.sr25519_sign(BABE, &self.babe, header.hash().as_bytes())
    }

    /// Prevotes and precommits, as sc-consensus-grandpa does; then votes for something else.
    fn votes(&mut self, round: u64) -> Result<(), Failure> {
        let target = |name: &str| H256(blake2_256(format!("{name} {round}").as_bytes()));
        let number = u32::try_from(round)?;
        let prevote =
            |target_hash| Message::Prevote(Prevote { target_hash, target_number: number });
        let precommit =
            |target_hash| Message::Precommit(Precommit { target_hash, target_number: number });
        for (vote, other) in [
            (prevote(target("a")), prevote(target("b"))),
            (precommit(target("a")), precommit(target("b"))),
        ] {
            let (round, set_id) = (round, 1);
            let sign = |vote| {
                let keystore: KeystorePtr = self.keystore.clone();
                sp_consensus_grandpa::sign_message(keystore, vote, self.gran.into(), round, set_id)
            };
            let signed = sign(vote).ok_or("the vote is not signed")?;
            let check = sp_consensus_grandpa::check_message_signature::<H256, u32>;
            hold(
                check(&signed.message, &signed.id, &signed.signature, round, set_id).is_valid(),
                "the vote",
            )?;
            let message = sp_consensus_grandpa::localized_payload(round, set_id, &signed.message);
            let details = json!({"class": "gran", "message": hex(&message)});
            self.tally.write("ed25519", &self.gran.0, signed.signature.as_ref(), details);
            let other = sp_consensus_grandpa::localized_payload(round, set_id, &other);
            let other = self.keystore.ed25519_sign(GRANDPA, &self.gran, &other);
            self.tally.refuse(other, "a second vote in one round")?;
        }
        Ok(())
    }

    /// A vote of BEEFY, then one for another root.
    fn commitment(&mut self, height: u64) -> Result<(), Failure> {
        let commitment = |root: &str| Commitment {
            payload: Payload::from_single_entry(MMR_ROOT_ID, keccak_256(root.as_bytes()).to_vec()),
            block_number: u32::try_from(height).unwrap_or(u32::MAX),
            validator_set_id: 1,
        };
        let vote = commitment("a");
        let sign = |commitment: &Commitment<u32>| {
            self.keystore.announce_commitment(commitment);
            self.keystore.ecdsa_sign_prehashed(BEEFY, &self.beef, &keccak_256(&commitment.encode()))
        };
        let signature = sign(&vote)?.ok_or("the BEEFY key is gone")?;
        let other = sign(&commitment("b"));
        let check =
            sp_consensus_beefy::check_commitment_signature::<u32, ecdsa_crypto::AuthorityId>;
        hold(check(&vote, &self.beef.into(), &signature.into()), "the commitment")?;
        let details = json!({"class": "beef", "message": hex(&vote.encode())});
        self.tally.write("ecdsa_keccak", &self.beef.0, &signature.0, details);
        self.tally.refuse(other, "a second commitment at one height")
    }

    /// `author_rotateKeysWithOwner`.
    fn ownership(&mut self) -> Result<(), Failure> {
        let statement = statement_of_ownership(&blake2_256(b"owner"));
        let details = || json!({"message": hex(&statement)});
        let signature =
            self.keystore.sr25519_sign(BABE, &self.babe, &statement)?.ok_or("no key")?;
        self.tally.write("sr25519", &self.babe.0, &signature.0, details());
        let signature =
            self.keystore.ed25519_sign(GRANDPA, &self.gran, &statement)?.ok_or("no key")?;
        self.tally.write("ed25519", &self.gran.0, &signature.0, details());
        let signature = self.keystore.ecdsa_sign(BEEFY, &self.beef, &statement)?.ok_or("no key")?;
        self.tally.write("ecdsa", &self.beef.0, &signature.0, details());
        Ok(())
    }

    /// Which keys there are, and which are not.
    fn keys(&mut self) -> Result<(), Failure> {
        let other = sr25519::Public::from([7; 32]);
        let has = |key: &sr25519::Public, key_type| {
            self.keystore.has_keys(&[(key.0.to_vec(), key_type), (self.gran.0.to_vec(), GRANDPA)])
        };
        hold(has(&self.babe, BABE) && has(&self.para, PARA), "having its keys")?;
        hold(!has(&self.babe, PARA) && !has(&other, BABE), "having no others")?;
        hold(self.keystore.keys(BEEFY)? == [self.beef.0.to_vec()], "the list of keys")?;
        // A type that this client may not ask for: an error, where the trait has one.
        let others = KeyTypeId(*b"audi");
        hold(self.keystore.keys(others).is_err(), "the error of a list of keys")?;
        hold(self.keystore.sr25519_public_keys(others).is_empty(), "no keys of that type")?;
        let statement = statement_of_ownership(b"owner");
        let signed = self.keystore.sr25519_sign(BABE, &other, &statement)?;
        hold(signed.is_none(), "not signing with a key that is not there")?;
        hold(self.keystore.insert(BABE, "//Alice", &other.0).is_err(), "taking no keys")?;
        // This client is no administrator.
        let made = self.keystore.sr25519_generate_new(BABE, None);
        self.tally.refuse(made, "a new key")
    }

    /// What a parachain validator signs in one session, byte by byte from the vectors; and what it
    /// does not.
    fn statements(&mut self, vectors: &str) -> Result<(), Failure> {
        let vectors: Value = serde_json::from_str(vectors)?;
        for case in vectors["cases"].as_array().ok_or("no cases")? {
            let message = unhex(case["encoded"].as_str().ok_or("no bytes")?)?;
            let name = case["name"].as_str().unwrap_or_default();
            let sign = || self.keystore.sr25519_sign(PARA, &self.para, &message);
            // Who has seconded a candidate does not call it valid, too.
            if case["error"].is_string() || name == "valid_usual" {
                self.tally.refuse(sign(), name)?;
            } else if case["session"] == 11_234 {
                let signature = sign().map_err(|error| format!("{name}: {error}"))?;
                let signature = signature.ok_or("the key of type para is gone")?;
                let details = json!({"message": hex(&message)});
                self.tally.write("sr25519", &self.para.0, &signature.0, details);
            }
        }
        Ok(())
    }
}

impl Tally {
    fn write(&mut self, scheme: &str, public: &[u8], signature: &[u8], details: Value) {
        println!("{}", shared::line(scheme, public, signature, details));
        self.signed += 1;
    }

    fn refuse<T>(
        &mut self,
        answer: Result<T, sp_keystore::Error>,
        what: &str,
    ) -> Result<(), Failure> {
        match answer {
            Err(sp_keystore::Error::ValidationError(_)) => self.refused += 1,
            Err(error) => return Err(format!("{what}: {error}").into()),
            Ok(_) => return Err(format!("{what} was signed").into()),
        }
        Ok(())
    }
}

fn equivocation(
    author: &sr25519::Public,
    slot: u64,
    first_header: Header,
    second_header: Header,
) -> bool {
    sp_consensus_babe::check_equivocation_proof(EquivocationProof {
        offender: (*author).into(),
        slot: slot.into(),
        first_header,
        second_header,
    })
}

fn unhex(text: &str) -> Result<Vec<u8>, Failure> {
    let digits = text.strip_prefix("0x").ok_or("no hex")?;
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| Ok(u8::from_str_radix(digits.get(at..at + 2).ok_or("half a byte")?, 16)?))
        .collect()
}
