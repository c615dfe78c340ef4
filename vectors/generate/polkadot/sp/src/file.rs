//! A file of vectors as all of `vectors/` have it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

/// What all files have in common, at the versions of `Cargo.lock`.
pub const SP: &str = "sp-core 43.0.0, sp-runtime 49.0.0";

/// A file below `vectors/polkadot`.
pub struct File {
    /// Its name, without a folder.
    pub name: &'static str,
    /// What a case holds.
    pub description: &'static str,
    /// Which implementations made it, with versions.
    pub source: String,
    /// The cases, each with `name` and `comment`.
    pub cases: Vec<Value>,
}

impl File {
    /// The file's text.
    ///
    /// # Panics
    /// If two cases have one name, or one has no comment, or the source names another version than
    /// `Cargo.lock`.
    pub fn text(&self) -> String {
        self.assert_versions();
        let mut names = BTreeSet::new();
        for case in &self.cases {
            let name = case["name"].as_str().expect("a name");
            assert!(names.insert(name), "{}: two cases are {name}", self.name);
            assert!(case["comment"].is_string(), "{}: {name} has no comment", self.name);
        }
        let file = json!({
            "description": self.description,
            "source": self.source,
            "generator": "scripts/keystore-judges.sh --write",
            "count": self.cases.len(),
            "cases": self.cases,
        });
        serde_json::to_string_pretty(&file).expect("JSON") + "\n"
    }

    fn assert_versions(&self) {
        let words = self.source.split([' ', ',']).filter(|word| !word.is_empty());
        let words = words.map(|word| word.trim_end_matches('.')).collect::<Vec<_>>();
        let mut named = 0;
        for pair in words.windows(2) {
            if pair[1].split('.').count() == 3 {
                let locked = format!("name = \"{}\"\nversion = \"{}\"\n", pair[0], pair[1]);
                assert!(include_str!("../Cargo.lock").contains(&locked), "{pair:?}");
                named += 1;
            }
        }
        assert!(named >= 2, "{}: no versions in its source", self.name);
    }

    /// Compares the file in `folder` with what it should be.
    pub fn is_written(&self, folder: &Path) -> bool {
        std::fs::read_to_string(folder.join(self.name)).is_ok_and(|text| text == self.text())
    }
}

/// Bytes as `0x` and lower-case hex.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", array_bytes::bytes2hex("", bytes))
}

/// The bytes of a text of hex with `0x`.
pub fn bytes(text: &str) -> Vec<u8> {
    array_bytes::hex2bytes(text).expect("hex")
}

/// 32 bytes that are the same each time and look random.
pub fn pseudorandom(seed: &str) -> [u8; 32] {
    sp_crypto_hashing::blake2_256(format!("opsign vectors, {seed}").as_bytes())
}
