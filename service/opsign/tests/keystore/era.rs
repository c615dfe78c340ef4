//! An era of four validators on one keystore, each with two images of its node running at once, as a
//! cluster leaves them behind when it moves one. Both images ask for everything: mostly for the same
//! in a little different order, sometimes for something else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::world::*;

const SLOTS: u64 = 48;
const SESSIONS: u32 = 4;

/// What was given out, by key and by what only one message may stand for.
type Given = Arc<Mutex<HashMap<(Vec<u8>, String), (Vec<u8>, Vec<u8>)>>>;

/// A node's image: what it asks for, in order.
struct Image {
    client: Client,
    keys: [Vec<u8>; 3],
    /// Which fork it believes in, by slot.
    believes: fn(u64) -> u8,
    given: Given,
}

/// What came of an image's questions.
#[derive(Debug, Default)]
struct Met {
    signed: u64,
    refused: u64,
}

impl Image {
    async fn live(mut self) -> Met {
        let mut met = Met::default();
        for slot in 1..=SLOTS {
            let fork = (self.believes)(slot);
            let session = (slot * u64::from(SESSIONS) / (SLOTS + 1)) as u32;
            let [babe, gran, para] = self.keys.clone();
            let (hash, payload) = block(slot, fork);
            let seal = sign_with("babe", "sr25519", &babe, &hash, Some(payload));
            self.ask(&mut met, format!("slot {slot}"), seal).await;
            for kind in [0, 1] {
                let message = vote(kind, fork, slot, 1);
                let ballot = sign_with("gran", "ed25519", &gran, &message, None);
                self.ask(&mut met, format!("round {slot} {kind}"), ballot).await;
            }
            // The one seconds the candidate, the other backs it as another's.
            let kind = 1 + fork % 2;
            let message = statement(b"BKNG", kind, slot as u8, session);
            let backing = sign_with("para", "sr25519", &para, &message, None);
            self.ask(&mut met, format!("candidate {slot}"), backing).await;
        }
        met
    }

    async fn ask(
        &mut self,
        met: &mut Met,
        place: String,
        request: opsign_keystore::proto::SignWithRequest,
    ) {
        let reply = sign(&mut self.client, request.clone()).await;
        if reply.error != 0 {
            assert!(
                reply.reason.contains("equivocation") || reply.reason.contains("contradiction"),
                "{place}: {}",
                reply.reason
            );
            met.refused += 1;
            return;
        }
        met.signed += 1;
        let key = (request.public_key, place.clone());
        let now = (request.message, reply.signature);
        let mut given = self.given.lock().unwrap();
        let before = given.entry(key).or_insert_with(|| now.clone());
        // No second message in its place, and no second signature of the same message.
        assert_eq!(*before, now, "{place}");
    }
}

async fn era(believes: [fn(u64) -> u8; 2]) -> (Met, usize) {
    let world = World::new();
    let names = ["Alice", "Bob", "Charlie", "Dave"];
    let mut validators = Vec::new();
    for (at, name) in names.into_iter().enumerate() {
        let owner = CLIENTS[at % 2];
        let import = |key_type, scheme| {
            world.import(key_type, scheme, &format!("//{name}//{key_type}"), owner)
        };
        let keys =
            [import("babe", "sr25519"), import("gran", "ed25519"), import("para", "sr25519")];
        validators.push((owner, keys));
    }
    let running = world.start();
    let given = Given::default();
    let mut lives = Vec::new();
    for (owner, keys) in &validators {
        for believes in believes {
            let client = world.client(&running, owner).await;
            let image = Image { client, keys: keys.clone(), believes, given: Arc::clone(&given) };
            lives.push(tokio::spawn(image.live()));
        }
    }
    let mut sum = Met::default();
    for life in lives {
        let met = life.await.unwrap();
        sum.signed += met.signed;
        sum.refused += met.refused;
    }
    let given = given.lock().unwrap().len();
    (sum, given)
}

/// Both images see the same chain: only a question that comes after the other image's next one can
/// be refused, and whatever is given out twice is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_images_that_agree() {
    let (met, given) = era([|_| 1, |_| 1]).await;
    println!("{met:?} {given}");
    assert_eq!(met.signed + met.refused, 4 * 2 * SLOTS * 4);
    assert!(given as u64 <= 4 * SLOTS * 4 && given as u64 >= 4 * SLOTS, "{given}");
    assert!(met.signed > 4 * SLOTS, "{met:?}");
}

/// Every third slot they believe in different blocks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_images_that_contradict_each_other() {
    let (met, given) = era([|_| 1, |slot| if slot.is_multiple_of(3) { 2 } else { 1 }]).await;
    println!("{met:?} {given}");
    assert_eq!(met.signed + met.refused, 4 * 2 * SLOTS * 4);
    // Of each candidate and slot on which they differ, at most one is given out.
    assert!(met.refused >= 4 * (SLOTS / 3), "{met:?}");
    assert!(given as u64 <= 4 * SLOTS * 4);
}

/// One image alone is never refused anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_node_is_refused_nothing() {
    let world = World::new();
    let import = |key_type, scheme| world.import(key_type, scheme, "//Alice//x", "one.example");
    // One seed gives the same sr25519 key for both, which has to be allowed.
    world.configure("");
    let config = read(&world.path("keystore.yaml"))
        .replace("passphraseFile: passphrase", "passphraseFile: passphrase\n  allowShared: true");
    world.write("keystore.yaml", &config);
    let keys = [import("babe", "sr25519"), import("gran", "ed25519"), import("para", "sr25519")];
    let running = world.start();
    let client = world.client(&running, "one.example").await;
    let image = Image { client, keys, believes: |slot| slot as u8 | 1, given: Given::default() };
    let met = image.live().await;
    assert_eq!((met.signed, met.refused), (SLOTS * 4, 0));
}
