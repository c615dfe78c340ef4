//! Bounds from both sides, Go's habits, and any bytes at all: an answer or an error, never a panic.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::path::Path;

use opsign_typed_data::{MAX_DEPTH, MAX_LEN, MAX_TYPES, TypedData, TypedDataErrorKind};
use serde::de::IgnoredAny;
use serde_json::Value;

/// Typed data with these members of the type `T`, and this message.
fn document(members: &str, message: &str) -> String {
    format!(
        r#"{{"types":{{"EIP712Domain":[{{"name":"name","type":"string"}}],"T":{members}}},
            "primaryType":"T","domain":{{"name":"n"}},"message":{message}}}"#
    )
}

fn kind(json: impl AsRef<[u8]>) -> Option<TypedDataErrorKind> {
    TypedData::from_json(json.as_ref()).err().map(|error| error.kind())
}

fn hash(json: impl AsRef<[u8]>) -> String {
    TypedData::from_json(json.as_ref()).unwrap().signing_hash().to_string()
}

#[test]
fn bounds_hold_from_both_sides() {
    let mut json = document(r#"[{"name":"a","type":"uint8"}]"#, r#"{"a":1}"#);
    let expected = hash(&json);
    json.push_str(&" ".repeat(MAX_LEN - json.len()));
    assert_eq!(hash(&json), expected);
    json.push(' ');
    assert_eq!(kind(&json), Some(TypedDataErrorKind::TooLong));

    // Two levels are those of the document and its message.
    let nested = |lists: usize| {
        let list = format!("{}{}", "[".repeat(lists), "]".repeat(lists));
        document(r#"[{"name":"a","type":"uint8[]"}]"#, &format!(r#"{{"a":{list}}}"#))
    };
    assert_eq!(kind(nested(MAX_DEPTH - 2)), None);
    assert_eq!(kind(nested(MAX_DEPTH - 1)), Some(TypedDataErrorKind::TooDeep));
    assert_eq!(kind("[".repeat(MAX_LEN)), Some(TypedDataErrorKind::TooDeep));
    assert_eq!(kind(r#"{"a":"#.repeat(100_000)), Some(TypedDataErrorKind::TooDeep));

    let types = |count: usize| {
        let more: String = (2..count).map(|at| format!(r#","T{at}":[]"#)).collect();
        document(&format!(r#"[{{"name":"a","type":"uint8"}}]{more}"#), r#"{"a":1}"#)
    };
    assert_eq!(hash(types(MAX_TYPES)), expected);
    assert_eq!(kind(types(MAX_TYPES + 1)), Some(TypedDataErrorKind::TooManyTypes));
}

#[test]
fn the_costliest_types_cost_seconds_at_most() {
    // Each type needs all others, so each type's text is all of the text.
    let names: Vec<String> = (0..MAX_TYPES - 2).map(|at| format!("T{at}")).collect();
    let each = MAX_LEN / names.len() - 100;
    let types: String = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let next = &names[(at + 1) % names.len()];
            let padding = "x".repeat(each - 40);
            format!(r#","{name}":[{{"name":"{padding}","type":"{next}[]"}}]"#)
        })
        .collect();
    let members: Vec<String> =
        names.iter().map(|name| format!(r#"{{"name":"{name}","type":"{name}[]"}}"#)).collect();
    // One struct of each type, so that the text of each is hashed.
    let values: Vec<String> = names.iter().map(|name| format!(r#""{name}":[{{}}]"#)).collect();
    let json =
        document(&format!("[{}]{types}", members.join(",")), &format!("{{{}}}", values.join(",")));
    assert!((MAX_LEN / 2..=MAX_LEN).contains(&json.len()), "{}", json.len());
    let started = std::time::Instant::now();
    // Its members are missing, which is found after the hash of its type was made.
    assert_eq!(kind(&json), Some(TypedDataErrorKind::Missing));
    let full = json.replace("[{}]", "[]");
    assert_eq!(kind(&full), None);
    println!("{} bytes: {:?}", json.len(), started.elapsed());
    assert!(started.elapsed().as_secs() < 30);
}

#[test]
fn json_is_read_as_go_reads_it() {
    let text = r#"[{"name":"a","type":"string"}]"#;
    let same = |one: &str, other: &[u8]| {
        let (before, after) = (document(text, "@"), "@");
        let (start, end) = before.split_once(after).unwrap();
        let other = [start.as_bytes(), other, end.as_bytes()].concat();
        assert_eq!(hash(document(text, one)), hash(&other), "{}", String::from_utf8_lossy(&other));
    };
    same(r#"{"a":"é/\u0001"}"#, br#"{ "\u0061" : "\u00e9\/\u0001" }"#);
    same(r#"{"a":"🌍"}"#, br#"{"a":"\ud83c\udf0d"}"#);
    same("{\"a\":\"\u{10000}\u{10ffff}\"}", br#"{"a":"\ud800\udc00\udbff\udfff"}"#);
    // Halves of pairs and bytes that are no UTF-8 become U+FFFD, one each.
    same(r#"{"a":"�A"}"#, br#"{"a":"\ud83cA"}"#);
    same(r#"{"a":"��"}"#, br#"{"a":"\ud83c\ud83c"}"#);
    same(r#"{"a":"�🌍"}"#, br#"{"a":"\udf0d\ud83c\udf0d"}"#);
    same(r#"{"a":"��x"}"#, b"{\"a\":\"\xe2\x82x\"}");
    same(r#"{"a":"���"}"#, b"{\"a\":\"\xed\xa0\x80\"}");
    // The last of a key counts.
    same(r#"{"a":"2"}"#, br#"{"a":1,"a":"2"}"#);
    same(r#"{"a":"2"}"#, br#"{"a":"1"},"message":{"a":"2"}"#);
    same(r#"{"a":"2"}"#, br#"{"b":"1"},"message":null,"message":{"a":"2"}"#);

    let plain = document(text, r#"{"a":"x"}"#);
    let expected = hash(&plain);
    for (from, to) in [
        ("\"message\"", "\"MESSAGE\""),
        ("\"primaryType\"", "\"primarytype\""),
        ("\"types\"", "\"type\u{17f}\""),
        ("\"domain\"", "\"unknown\":[1e999,{}],\"Domain\""),
        ("\"primaryType\":\"T\"", "\"primaryType\":\"T\",\"primaryType\":null"),
        ("\"domain\":{\"name\":\"n\"}", "\"domain\":{\"name\":\"m\"},\"domain\":{\"name\":\"n\"}"),
        ("\"domain\":{\"name\":\"n\"}", "\"domain\":{\"name\":\"n\"},\"domain\":null"),
    ] {
        assert_eq!(hash(plain.replace(from, to)), expected, "{to}");
    }
    // The middle between the greatest double and what would follow is 1.79769313486231580793…e308.
    for (number, expected) in [
        ("1.797693134862315807e308", TypedDataErrorKind::Extra),
        ("1.797693134862315808e308", TypedDataErrorKind::Integer),
        ("1e999", TypedDataErrorKind::Integer),
    ] {
        let more = plain.replace("\"x\"", &format!("\"x\",\"b\":{number}"));
        assert_eq!(kind(more), Some(expected), "{number}");
    }

    // A chain id's text is taken before its escapes are resolved.
    let chain = |id: &str| {
        let json = document(text, r#"{"a":"x"}"#);
        json.replace(r#""name","type":"string""#, r#""chainId","type":"uint256""#)
            .replacen(r#"{"name":"n"}"#, &format!(r#"{{"chainId":{id}}}"#), 1)
            .replace(r#""T":[{"name":"chainId","type":"uint256"}]"#, &format!(r#""T":{text}"#))
    };
    assert_eq!(hash(chain("10")), hash(chain("\"0xA\"")));
    assert_eq!(hash(chain("\"\"")), hash(chain("0")));
    assert_eq!(kind(chain("\"1\\u0030\"")), Some(TypedDataErrorKind::Integer));
    assert_eq!(kind(chain("1.0")), Some(TypedDataErrorKind::Integer));
    assert_eq!(kind(chain("null")), Some(TypedDataErrorKind::Domain));
}

#[test]
fn doubles_have_go_s_bounds_on_amd64() {
    let number =
        |text: &str| document(r#"[{"name":"a","type":"int256"}]"#, &format!(r#"{{"a":{text}}}"#));
    assert_eq!(kind(number("12e-1e")), Some(TypedDataErrorKind::Json));
    for (one, other) in [
        ("-9223372036854775808", "\"-9223372036854775808\""),
        ("-9223372036854775809", "\"-9223372036854775808\""),
        ("9223372036854774784", "\"9223372036854774784\""),
        ("-0", "0"),
        ("-0.0", "\"-0\""),
        ("1e-400", "0"),
    ] {
        assert_eq!(hash(number(one)), hash(number(other)), "{one}");
    }
    for refused in ["9223372036854775807", "9223372036854775808", "-9223372036854777856", "1e400"] {
        assert_eq!(kind(number(refused)), Some(TypedDataErrorKind::Integer), "{refused}");
    }
}

#[test]
fn null_types_are_there_until_they_are_needed() {
    let with = |type_name: &str, message: &str| {
        let members = format!(r#"[{{"name":"a","type":"{type_name}"}}],"{type_name}":null"#);
        kind(document(&members, message))
    };
    assert_eq!(with("Person", r#"{"a":{}}"#), Some(TypedDataErrorKind::Type));
    // op-geth reads the size from the name, then.
    assert_eq!(with("uint7", r#"{"a":127}"#), None);
    assert_eq!(with("uint7", r#"{"a":128}"#), Some(TypedDataErrorKind::Range));
    assert_eq!(with("uint9999999999999999999", r#"{"a":1}"#), Some(TypedDataErrorKind::Type));
    assert_eq!(with("bytes0", r#"{"a":"0x"}"#), None);
    assert_eq!(with("bytes33", r#"{"a":"0x"}"#), Some(TypedDataErrorKind::Type));
}

#[test]
fn an_error_says_where_and_shows_no_control_characters() {
    let json = document(
        r#"[{"name":"list","type":"P[]"}],"P":[{"name":"w\u001b\u0000","type":"address"}]"#,
        r#"{"list":[{"w\u001b\u0000":"0x\u0007"}]}"#,
    );
    let error = TypedData::from_json(json.as_bytes()).unwrap_err().to_string();
    let expected = concat!(
        r"message.list.0.w\u{1b}\u{0}: a value does not fit its type: ",
        r#""0x\u{7}" is no address"#
    );
    assert_eq!(error, expected);
    let long = document(&format!(r#"[{{"name":"a","type":"{}"}}]"#, "A".repeat(100_000)), "{}");
    assert!(TypedData::from_json(long.as_bytes()).unwrap_err().to_string().len() < 300);
}

/// xorshift64*: the same run each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Pieces that stand in typed data, and some that should not.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "\\udc00",
    "null",
    "true",
    "-",
    "0",
    "1e400",
    "1.5",
    "-1",
    "0x",
    "\"0x-1\"",
    "\"\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "\"uint8\"",
    "\"bytes0\"",
    "\"Mail\"",
    "\"Mail[\"",
    "\"Mail[][3]\"",
    "\"int\"",
    "\"EIP712Domain\"",
    "\u{0}",
    "é",
    "ſ",
    "9007199254740993",
    "\"types\":",
    "\"message\":",
    "\"domain\":",
    "\"primaryType\":",
];

fn replace_bytes(json: &mut Vec<u8>, seeds: &[Value], random: &mut Random) {
    let at = random.below(json.len() + 1);
    let end = (at + random.below(12)).min(json.len());
    let piece: Vec<u8> = match random.below(4) {
        0 => vec![],
        1 => vec![random.below(256) as u8],
        2 => random.of(PIECES).as_bytes().to_vec(),
        _ => {
            let other = random.of(seeds).to_string().into_bytes();
            let start = random.below(other.len());
            other[start..(start + random.below(60)).min(other.len())].to_vec()
        }
    };
    json.splice(at..end, piece);
}

/// All values in a document that hold no others.
fn leaves(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(items) => items.iter_mut().flat_map(leaves).collect(),
        Value::Object(members) => members.values_mut().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

#[test]
fn any_mutation_gives_an_answer_and_json_is_what_serde_json_takes_for_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/messages.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let seeds: Vec<Value> = vectors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["kind"] == "typed_data")
        .map(|case| case["typed_data"].clone())
        .collect();
    assert_eq!(seeds.len(), 175);
    let mut random = Random(712);
    let (mut accepted, mut no_json, mut refused) = (0, 0, 0);
    for _ in 0..40_000 {
        let mut seed = random.of(&seeds).clone();
        let mut json = if random.below(2) == 0 {
            let mut other = random.of(&seeds).clone();
            let (mut to, mut from) = (leaves(&mut seed), leaves(&mut other));
            if !to.is_empty() && !from.is_empty() {
                let (to_at, from_at) = (random.below(to.len()), random.below(from.len()));
                *to[to_at] = from[from_at].take();
            }
            seed.to_string().into_bytes()
        } else {
            seed.to_string().into_bytes()
        };
        for _ in 0..random.below(3) {
            replace_bytes(&mut json, &seeds, &mut random);
        }
        let is_json = serde_json::from_slice::<IgnoredAny>(&json).is_ok();
        match TypedData::from_json(&json) {
            Ok(typed_data) => {
                assert!(is_json);
                assert_eq!(TypedData::from_json(&json).as_ref(), Ok(&typed_data));
                accepted += 1;
            }
            Err(error) => {
                let says = error.kind() != TypedDataErrorKind::Json;
                assert_eq!(says, is_json, "{error}: {}", String::from_utf8_lossy(&json));
                assert!(!error.to_string().contains(char::is_control));
                if is_json { refused += 1 } else { no_json += 1 }
            }
        }
    }
    println!("{accepted} accepted, {refused} refused, {no_json} no JSON");
    assert!(accepted > 3_000 && refused > 8_000 && no_json > 8_000);
}
