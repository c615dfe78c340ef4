//! Nothing that a key was made from is left in memory that was given back: an allocator looks into
//! every block before it goes.
//!
//! One test alone in this program, since the allocator is the process's.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod searching;

use opsign_keys::{
    DerivationPath, Language, Mnemonic, Options, Passphrase, ScryptCost, Secret, SecretText,
    WordCount, read,
};
use searching::leaks;

fn hex(text: &str) -> Vec<u8> {
    base16ct::mixed::decode_vec(text).unwrap()
}

/// The bytes of a key whose halves are found nowhere else.
fn key_bytes() -> [u8; 32] {
    core::array::from_fn(|at| 0x5a ^ (7 * at + 1) as u8)
}

fn no_random(bytes: &mut [u8]) -> Result<(), opsign_keys::Error> {
    bytes.fill(0x42);
    Ok(())
}

#[test]
fn what_is_dropped_is_wiped() {
    let bytes = key_bytes();
    let mut reversed = bytes;
    reversed.reverse();
    // k256 keeps a scalar as numbers, lowest first.
    let scalar: [&[u8]; 2] = [&bytes, &reversed];

    // The search finds a key that nobody wiped, or it would prove nothing.
    assert_eq!(leaks("planted", &scalar, || Box::new(bytes)), 1);
    assert_eq!(leaks("planted", &scalar, || [0, 1, 2].repeat(9)), 0);
    assert_eq!(leaks("planted in a text", &[b"hush"], || "a hush b".to_owned()), 1);

    let secret = || Secret::from_bytes(&bytes).unwrap();
    let mut checked = 0;
    let mut wiped = |name: &str, secrets: &[&[u8]], work: &mut dyn FnMut()| {
        assert_eq!(leaks(name, secrets, &mut *work), 0, "{name}");
        checked += 1;
    };

    wiped("a secret", &scalar, &mut || drop(secret()));
    wiped("a secret key", &scalar, &mut || drop(secret().into_secret_key()));
    wiped("a generated secret", &scalar, &mut || {
        let give = |room: &mut [u8]| {
            room.copy_from_slice(&bytes);
            Ok(())
        };
        drop(Secret::generate(give).unwrap());
    });

    // Texts, and what reads them. The input is the caller's, who wipes it, and outlives the search.
    let digits = base16ct::lower::encode_string(&bytes);
    let hex_secrets: [&[u8]; 3] = [&bytes, &reversed, digits.as_bytes()];
    wiped("hex written", &hex_secrets, &mut || drop(secret().to_hex()));
    wiped("hex read", &hex_secrets, &mut || drop(read(digits.as_bytes(), &Options::default())));
    for (name, text) in [("SEC 1", secret().to_sec1_pem()), ("PKCS#8", secret().to_pkcs8_pem())] {
        let lines: Vec<&str> = text.as_str().lines().collect();
        let secrets: [&[u8]; 3] = [&bytes, &reversed, lines[1].as_bytes()];
        wiped(name, &secrets, &mut || {
            let write: fn(&Secret) -> SecretText =
                if name == "SEC 1" { Secret::to_sec1_pem } else { Secret::to_pkcs8_pem };
            drop(write(&secret()));
        });
        wiped(name, &secrets, &mut || drop(read(text.as_str().as_bytes(), &Options::default())));
        // With white space inside, as some write it: base64 is then gathered in another buffer.
        let wide = text.as_str().replace('\n', "\n ").replace(" -----", "-----");
        wiped(name, &secrets, &mut || drop(read(wide.as_bytes(), &Options::default()).unwrap()));
    }

    // A keystore: the key, the passphrase as typed and as composed, the derived key.
    let (typed, composed) = ("a\u{301}bracadabra simsala", "\u{e1}bracadabra simsala");
    let cost = ScryptCost::new(2, 1, 1).unwrap();
    let mut derived = [0; 32];
    let params = scrypt::Params::new(1, 1, 1).unwrap();
    scrypt::scrypt(typed.as_bytes(), &[0x42; 32], &params, &mut derived).unwrap();
    let mut derived_composed = [0; 32];
    scrypt::scrypt(composed.as_bytes(), &[0x42; 32], &params, &mut derived_composed).unwrap();
    let keystore_secrets: [&[u8]; 6] =
        [&bytes, &reversed, typed.as_bytes(), composed.as_bytes(), &derived, &derived_composed];
    let passphrase = Passphrase::new(typed);
    let keystore = secret().to_keystore(&passphrase, cost, no_random).unwrap();
    let keystore_composed =
        secret().to_keystore(&Passphrase::new(composed), cost, no_random).unwrap();
    wiped("a keystore written", &keystore_secrets, &mut || {
        drop(secret().to_keystore(&Passphrase::new(typed), cost, no_random).unwrap());
    });
    for (name, text) in [("as typed", &keystore), ("as composed", &keystore_composed)] {
        wiped(name, &keystore_secrets, &mut || {
            let passphrase = Passphrase::from_file_contents(typed.as_bytes()).unwrap();
            let options = Options { passphrase: Some(&passphrase), path: None };
            drop(read(text.as_bytes(), &options).unwrap());
        });
    }

    // A mnemonic: entropy, words, passphrase, seed, and each key and chain code on the path. Test
    // vectors of BIP-39 (the passphrase is TREZOR) and what BIP-32 makes of this one's seed.
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let entropy = [0x7f; 16];
    let seed = hex("2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f\
         a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607");
    let typed = "TREZOR";
    let salt = "mnemonicTREZOR";
    let root = Secret::from_seed(&seed, &"m".parse().unwrap()).unwrap();
    let step = Secret::from_seed(&seed, &"m/44'".parse().unwrap()).unwrap();
    let path = DerivationPath::default();
    let last = Secret::from_seed(&seed, &path).unwrap();
    let [root, step, last] = [root, step, last].map(|secret| *secret.as_bytes());
    let chain_code = chain_code(&seed);
    let secrets: [&[u8]; 8] =
        [&entropy, words.as_bytes(), salt.as_bytes(), &seed, &root, &step, &last, &chain_code];
    wiped("a mnemonic read", &secrets, &mut || {
        let passphrase = Passphrase::new(typed);
        let options = Options { passphrase: Some(&passphrase), path: Some(&path) };
        let read = read(words.as_bytes(), &options).unwrap();
        assert_eq!(read.as_bytes(), &last);
    });
    wiped("in capital letters", &[words.as_bytes()], &mut || {
        drop(Mnemonic::parse(&words.to_uppercase()).unwrap());
    });
    wiped("a mnemonic made", &secrets, &mut || {
        let give = |room: &mut [u8]| {
            room.copy_from_slice(&entropy);
            Ok(())
        };
        let made = Mnemonic::generate(WordCount::Twelve, Language::English, give).unwrap();
        assert_eq!(made.as_str(), words);
    });
    assert_eq!(checked, 17);
}

/// The root's chain code: the second half of the HMAC (BIP-32, "Master key generation").
fn chain_code(seed: &[u8]) -> [u8; 32] {
    use hmac::digest::KeyInit;
    use hmac::{Hmac, Mac};
    let mut mac = Hmac::<sha2::Sha512>::new_from_slice(b"Bitcoin seed").unwrap();
    mac.update(seed);
    let output: [u8; 64] = mac.finalize().into_bytes().into();
    output[32..].try_into().unwrap()
}
