//! An era with validators that each run twice at once, all on one `opsign keystore`: two images of a
//! node, with one certificate, ask at the same moment for the same or for another block, vote or
//! commitment. Of two that contradict exactly one must be signed; where they are the same, both
//! images get the same signature; and nothing else may be refused.
//!
//! ```sh
//! cargo run --example era -- https://localhost:9955 tls validator-1 validator-2 … [--slots 600]
//! ```
//!
//! `tls` is a folder with `ca.crt` and, of each validator, `NAME.crt` and `NAME.key`. Every
//! signature is checked by the sp-consensus crates; those of the first 50 slots go to standard
//! output as lines for the judges.

mod shared;

use std::path::Path;

use codec::Encode;
use finality_grandpa::{Message, Precommit, Prevote};
use opsign_keystore_client::RemoteKeystore;
use serde_json::{Value, json};
use shared::{Failure, connect, header, hex, hold, sealed_by, with_seal};
use sp_application_crypto::key_types::{BABE, BEEFY, GRANDPA};
use sp_consensus_babe::digests::{PreDigest, SecondaryPlainPreDigest};
use sp_consensus_babe::make_vrf_sign_data;
use sp_consensus_beefy::{Commitment, Payload, ecdsa_crypto, known_payloads::MMR_ROOT_ID};
use sp_core::crypto::VrfPublic;
use sp_core::{ByteArray, H256, ecdsa, ed25519, sr25519};
use sp_crypto_hashing::{blake2_256, keccak_256};
use sp_keystore::{Error, Keystore};

/// Slots of which lines are written.
const SHOWN: u64 = 50;

type Answer = Result<Option<Vec<u8>>, Error>;

fn main() -> Result<(), Failure> {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    let at = words.iter().position(|word| word.starts_with("--")).unwrap_or(words.len());
    let (named, options) = words.split_at(at);
    let [address, folder, names @ ..] = named else {
        return Err("address, folder and names are wanted".into());
    };
    let slots = shared::option(options, "--slots").map_or(Ok(600), str::parse::<u64>)?;

    let folder = Path::new(folder);
    let mut validators = Vec::new();
    for (index, name) in (0..).zip(names) {
        let image = || {
            let [certificate, key] = ["crt", "key"].map(|end| folder.join(format!("{name}.{end}")));
            connect(address, &folder.join("ca.crt"), &certificate, &key)
        };
        validators.push(Validator::new([image()?, image()?], index, names.len() as u64)?);
    }
    let begun = std::time::Instant::now();
    let tallies = std::thread::scope(|scope| {
        let run = validators.iter_mut().map(|validator| scope.spawn(move || validator.run(slots)));
        let run = run.collect::<Vec<_>>();
        let ends = run.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?);
        ends.collect::<Result<Vec<Tally>, Failure>>()
    })?;
    for line in tallies.iter().flat_map(|tally| &tally.lines) {
        println!("{line}");
    }
    let sum = |count: fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let (signed, refused, alike) = (sum(|t| t.signed), sum(|t| t.refused), sum(|t| t.alike));
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!(
        "{signed} signatures hold, {refused} contradictions were refused, {alike} repeats were \
         answered alike, nothing else was refused ({} validators twice, {slots} slots, {seconds:.0} s)",
        tallies.len(),
    );
    Ok(())
}

/// A validator and both of its images.
struct Validator {
    images: [RemoteKeystore; 2],
    /// Which of how many it is.
    index: u64,
    of: u64,
    babe: sr25519::Public,
    gran: ed25519::Public,
    beef: ecdsa::Public,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    signed: usize,
    refused: usize,
    alike: usize,
    lines: Vec<Value>,
}

impl Validator {
    fn new(images: [RemoteKeystore; 2], index: u64, of: u64) -> Result<Self, Failure> {
        let [image, _] = &images;
        Ok(Self {
            babe: *image.sr25519_public_keys(BABE).first().ok_or("no key of type babe")?,
            gran: *image.ed25519_public_keys(GRANDPA).first().ok_or("no key of type gran")?,
            beef: *image.ecdsa_public_keys(BEEFY).first().ok_or("no key of type beef")?,
            images,
            index,
            of,
            tally: Tally::default(),
        })
    }

    fn run(&mut self, slots: u64) -> Result<Tally, Failure> {
        for slot in 1..=slots {
            self.draw(slot)?;
            if slot % self.of == self.index {
                self.seal(slot, slot % 3 == 0)?;
            }
            self.vote(slot, "prevote", slot % 5 == 0)?;
            self.vote(slot, "precommit", slot % 7 == 0)?;
            if slot % 8 == 0 {
                self.commit(slot, slot % 16 == 0)?;
            }
        }
        Ok(std::mem::take(&mut self.tally))
    }

    /// Both images ask at once. `differ`: whether for two things.
    fn race(
        &mut self,
        differ: bool,
        what: &str,
        ask: impl Fn(&RemoteKeystore, &str) -> Answer + Sync,
    ) -> Result<Won, Failure> {
        let names = if differ { ["a", "b"] } else { ["a", "a"] };
        let [first, second] = &self.images;
        let (first, second) = std::thread::scope(|scope| {
            let second = scope.spawn(|| ask(second, names[1]));
            (ask(first, names[0]), second.join())
        });
        let second = second.map_err(|_| "a thread panicked")?;
        let (name, signature) = match (differ, first, second) {
            (false, Ok(Some(first)), Ok(Some(second))) if first == second => {
                self.tally.alike += 1;
                ("a", first)
            }
            (true, Ok(Some(first)), Err(Error::ValidationError(_))) => {
                self.tally.refused += 1;
                ("a", first)
            }
            (true, Err(Error::ValidationError(_)), Ok(Some(second))) => {
                self.tally.refused += 1;
                ("b", second)
            }
            (_, first, second) => {
                return Err(format!("{what}, {names:?}: {first:?} and {second:?}").into());
            }
        };
        self.tally.signed += 1;
        Ok(Won { name, signature })
    }

    fn draw(&mut self, slot: u64) -> Result<(), Failure> {
        let (randomness, epoch) = (blake2_256(b"randomness"), slot / 2400);
        let data = make_vrf_sign_data(&randomness, slot.into(), epoch);
        let babe = self.babe;
        // A proof may be another each time: it is no evidence of anything.
        let won = self.race(false, "a VRF", |image, _| {
            image.announce_slot(&randomness, slot.into(), epoch);
            let vrf = image.sr25519_vrf_sign(BABE, &babe, &data)?;
            let held = vrf.filter(|vrf| babe.vrf_verify(&data, vrf));
            Ok(held.map(|vrf| vrf.pre_output.encode()))
        })?;
        hold(won.signature.len() == 32, "the VRF")
    }

    fn seal(&mut self, slot: u64, differ: bool) -> Result<(), Failure> {
        let pre_digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
            authority_index: u32::try_from(self.index)?,
            slot: slot.into(),
        });
        let babe = self.babe;
        let won = self.race(differ, &format!("slot {slot}"), |image, name| {
            let header = header(slot, name, &pre_digest);
            image.announce_header(&header);
            let seal = image.sr25519_sign(BABE, &babe, header.hash().as_bytes())?;
            Ok(seal.map(|seal| seal.0.to_vec()))
        })?;
        let header = header(slot, won.name, &pre_digest);
        let seal = sr25519::Signature::from_slice(&won.signature).map_err(|()| "no signature")?;
        hold(sealed_by(with_seal(&header, &seal), &babe), "the seal")?;
        let (message, encoded) = (hex(header.hash().as_bytes()), hex(&header.encode()));
        let details = json!({"class": "babe", "message": message, "header": encoded});
        self.show(slot, shared::line("sr25519", &babe.0, &won.signature, details));
        Ok(())
    }

    fn vote(&mut self, round: u64, kind: &str, differ: bool) -> Result<(), Failure> {
        let target_number = u32::try_from(round)?;
        let vote = |name: &str| {
            let target_hash = H256(blake2_256(format!("{name} {round}").as_bytes()));
            match kind {
                "prevote" => Message::Prevote(Prevote { target_hash, target_number }),
                _ => Message::Precommit(Precommit { target_hash, target_number }),
            }
        };
        let bytes = |name: &str| sp_consensus_grandpa::localized_payload(round, 1, &vote(name));
        let gran = self.gran;
        let won = self.race(differ, &format!("{kind} {round}"), |image, name| {
            let signature = image.ed25519_sign(GRANDPA, &gran, &bytes(name))?;
            Ok(signature.map(|signature| signature.0.to_vec()))
        })?;
        let signature =
            ed25519::Signature::from_slice(&won.signature).map_err(|()| "no signature")?;
        let check = sp_consensus_grandpa::check_message_signature::<H256, u32>;
        let checked = check(&vote(won.name), &gran.into(), &signature.into(), round, 1);
        hold(checked.is_valid(), "the vote")?;
        let details = json!({"class": "gran", "message": hex(&bytes(won.name))});
        self.show(round, shared::line("ed25519", &gran.0, &won.signature, details));
        Ok(())
    }

    fn commit(&mut self, height: u64, differ: bool) -> Result<(), Failure> {
        let block_number = u32::try_from(height)?;
        let commitment = |name: &str| Commitment {
            payload: Payload::from_single_entry(MMR_ROOT_ID, keccak_256(name.as_bytes()).to_vec()),
            block_number,
            validator_set_id: 1,
        };
        let beef = self.beef;
        let won = self.race(differ, &format!("commitment {height}"), |image, name| {
            let commitment = commitment(name);
            image.announce_commitment(&commitment);
            let hash = keccak_256(&commitment.encode());
            let signature = image.ecdsa_sign_prehashed(BEEFY, &beef, &hash)?;
            Ok(signature.map(|signature| signature.0.to_vec()))
        })?;
        let commitment = commitment(won.name);
        let signature =
            ecdsa::Signature::from_slice(&won.signature).map_err(|()| "no signature")?;
        let check =
            sp_consensus_beefy::check_commitment_signature::<u32, ecdsa_crypto::AuthorityId>;
        hold(check(&commitment, &beef.into(), &signature.into()), "the commitment")?;
        let details = json!({"class": "beef", "message": hex(&commitment.encode())});
        self.show(height, shared::line("ecdsa_keccak", &beef.0, &won.signature, details));
        Ok(())
    }

    fn show(&mut self, slot: u64, line: Value) {
        if slot <= SHOWN {
            self.tally.lines.push(line);
        }
    }
}

/// What one image got: what it had asked for, and the signature.
struct Won {
    name: &'static str,
    signature: Vec<u8>,
}
