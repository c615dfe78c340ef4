//! What the sidecar reads without decoding it: serde_json must find the same in the same bytes.

use opsign_sidecar::fuzzing;
use serde_json::Value;

/// A builder's answer: what is taken for a block says the same to whoever reads it with a whole
/// parser, keys in any case and the last one counting, as Go has it; and nothing in it gets out of
/// its place in the call that judges it.
pub fn builders_answer(bytes: &[u8]) {
    let Some(block) = fuzzing::builders_answer(bytes) else { return };
    // A payload that is no JSON is op-geth's to refuse: then the call is none, either.
    let Ok(judge) = serde_json::from_slice::<Value>(&block.judge) else { return };
    assert_eq!(judge["method"], "engine_newPayloadV4");
    let params = judge["params"].as_array().expect("a list");
    assert_eq!(params.len(), 4, "something got out of its place");
    assert_eq!(params[1], Value::Array(Vec::new()));
    // Half a surrogate pair beside the payload, which Go reads and serde_json does not.
    let Ok(answer) = serde_json::from_slice::<Value>(&block.answer) else { return };
    assert_eq!(answer["id"], 77);
    let payload = field(field(&answer, "result"), "executionPayload");
    assert_eq!(*payload, params[0], "two readings of one payload");
    let hex = |name: &str| {
        let text = field(payload, name).as_str().expect("a string").to_ascii_lowercase();
        text.strip_prefix("0x").expect("0x").to_owned()
    };
    assert_eq!(hex("parentHash"), base16ct::lower::encode_string(&block.parent_hash));
    assert_eq!(hex("feeRecipient"), base16ct::lower::encode_string(&block.fee_recipient));
    let timestamp = u64::from_str_radix(hex("timestamp").trim_start_matches('0'), 16);
    assert_eq!(timestamp.unwrap_or(0), block.timestamp);
    let transactions = field(payload, "transactions").as_array().expect("a list");
    assert_eq!(transactions.len(), block.transactions);
}

/// The last member whose name is this in any case.
fn field<'a>(object: &'a Value, name: &str) -> &'a Value {
    let members = object.as_object().expect("an object");
    let mut found = members.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let (_, value) = found.next().expect("it was read");
    assert!(found.next().is_none(), "{name} is there in two cases");
    value
}

/// op-node's bodies: of JSON the scan finds what a whole parser finds.
pub fn engine_call(bytes: &[u8]) {
    let whole: Result<Value, _> = serde_json::from_slice(bytes);
    let (call, batch) = (fuzzing::call(bytes), fuzzing::batch(bytes));
    let Ok(whole) = whole else { return };
    match &whole {
        Value::Array(calls) => {
            let batch = batch.expect("a batch");
            assert_eq!(batch.len(), calls.len());
            for (found, call) in batch.iter().zip(calls) {
                assert_eq!(serde_json::from_slice::<Value>(found).expect("a value"), *call);
            }
            assert!(call.is_none());
        }
        Value::Object(members) => {
            assert!(batch.is_none());
            // Keys with escapes are other keys to the scan: op-node writes none.
            if bytes.contains(&b'\\') {
                return;
            }
            let method = members.get("method").and_then(Value::as_str);
            let Some((found, id, params)) = call else {
                assert_eq!(method, None, "a call was overlooked");
                return;
            };
            assert_eq!(Some(&*found), method);
            let read = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("a value");
            assert_eq!(read(&id), members.get("id").cloned().unwrap_or_default());
            assert_eq!(params.map(|text| read(&text)).as_ref(), members.get("params"));
        }
        _ => assert!(call.is_none() && batch.is_none()),
    }
}
