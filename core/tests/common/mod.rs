//! Reading the files in `vectors/`.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::Path;

use serde_json::Value;

/// Runs `check` on every case of a file, and makes sure that there were as many as it says.
pub fn walk(file: &str, mut check: impl FnMut(&Value)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(vectors["count"].as_u64().unwrap() as usize, cases.len());
    let mut ran = 0;
    for case in cases {
        println!("{file}: {}", case["name"]);
        check(case);
        ran += 1;
    }
    assert!(ran > 0 && ran == cases.len());
    println!("{file}: {ran} cases");
}

pub fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} of {}", case["name"]))
}

pub fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.strip_prefix("0x").unwrap();
    let mut out = vec![0; digits.len() / 2];
    base16ct::mixed::decode(digits, &mut out).unwrap();
    out
}

/// Bytes given as parts, each hex repeated a number of times.
pub fn parts(value: &Value) -> Vec<u8> {
    let parts = value.as_array().unwrap();
    parts
        .iter()
        .flat_map(|part| {
            bytes(part["hex"].as_str().unwrap()).repeat(part["repeat"].as_u64().unwrap() as usize)
        })
        .collect()
}
