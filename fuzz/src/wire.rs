//! The server's outer layers: HTTP's bytes and JSON-RPC's bodies.

use std::sync::Arc;
use std::time::Duration;

use opsign_wire::{Call, Handler, Limits, RpcError, fuzzing};
use serde_json::Value;
use serde_json::de::IoRead;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};

/// Few calls, so that short bodies have too many.
const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(20),
    batch_time: Duration::from_secs(20),
    body: 1 << 12,
    batch: 4,
    connections: 1,
    head_time: Duration::from_secs(20),
    body_time: Duration::from_secs(20),
    write_time: Duration::from_secs(20),
    idle_time: Duration::from_secs(20),
    drain_time: Duration::from_secs(20),
};

/// Answers in each of the ways in which a method can.
struct Methods;

impl Handler for Methods {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        match call.method {
            "echo" => Ok(call.params.map_or("null", RawValue::get).to_owned()),
            "count" => Ok(call.positional(2)?.len().to_string()),
            "fail" => Err(RpcError::new(-1, "<no>").with_data("{\"why\":[]}")),
            method => Err(RpcError::method_not_found(method)),
        }
    }

    fn ready(&self) -> bool {
        true
    }
}

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Runtime =
            Builder::new_current_thread().enable_time().build().expect("a thread of its own");
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// A body: each call with an id has one answer with this id, and nothing else has.
pub fn json_rpc(body: &[u8]) {
    let answer = run(fuzzing::body(&Methods, body, LIMITS));
    if answer.is_empty() {
        // Nothing to read, or nothing that wants an answer.
        assert!(first_value(body).is_some() || body.iter().all(u8::is_ascii_whitespace));
        return;
    }
    let Ok(answer) = serde_json::from_str::<Value>(&answer) else {
        // Numbers that no double holds come back as they went in.
        assert!(serde_json::from_str::<&RawValue>(&answer).is_ok(), "{answer}");
        return;
    };
    let Some(asked) = first_value(body) else {
        // Not UTF-8, too deep or too large for this reader, or no JSON at all.
        let one = answer.as_array().map_or(1, Vec::len);
        assert!(one <= LIMITS.batch);
        return;
    };
    match &asked {
        Value::Array(calls) if (1..=LIMITS.batch).contains(&calls.len()) => {
            let answers = answer.as_array().expect("a batch is answered by a list");
            let ids: Vec<_> = calls.iter().map(id).collect();
            let mut rest = ids.iter();
            for answer in answers {
                // In order; of some calls nothing is said.
                assert!(rest.any(|id| is_answer(answer, id.as_ref())), "{asked}: {answer}");
            }
        }
        Value::Array(_) => {
            assert!(is_answer(&answer, Some(&Value::Null)));
            assert_eq!(answer["error"]["code"], -32600);
        }
        call => assert!(is_answer(&answer, id(call).as_ref()), "{asked}: {answer}"),
    }
}

fn first_value(body: &[u8]) -> Option<Value> {
    serde_json::StreamDeserializer::<_, Value>::new(IoRead::new(body)).next()?.ok()
}

/// The id that a call must be answered with; none if that depends on which of several counts.
fn id(call: &Value) -> Option<Value> {
    let Some(call) = call.as_object() else { return Some(Value::Null) };
    let mut ids = call.iter().filter(|(name, _)| name.eq_ignore_ascii_case("id"));
    let Some((_, id)) = ids.next() else { return Some(Value::Null) };
    if ids.next().is_some() {
        return None;
    }
    Some(if id.is_object() || id.is_array() { Value::Null } else { id.clone() })
}

fn is_answer(answer: &Value, id: Option<&Value>) -> bool {
    let Some(answer) = answer.as_object() else { return false };
    let error = answer.get("error");
    let sound = error.is_none_or(|error| error["code"].is_i64() && error["message"].is_string());
    sound
        && answer.len() == 3
        && answer["jsonrpc"] == "2.0"
        && error.is_some() != answer.contains_key("result")
        && id.is_none_or(|id| answer.get("id") == Some(id))
}

/// A connection: every answer is whole, JSON where it says so, and the connection ends.
pub fn http(sent: &[u8]) {
    let got = run(fuzzing::connection(Arc::new(Methods), sent, LIMITS));
    let mut rest = &got[..];
    // Without their bodies, answers cannot be told apart by their lengths.
    let has = |word: &[u8]| sent.windows(word.len()).any(|part| part == word);
    let bodiless = has(b"HEAD") || has(b"CONNECT");
    while !rest.is_empty() {
        let end = rest.windows(4).position(|part| part == b"\r\n\r\n").expect("a whole head") + 4;
        let head = std::str::from_utf8(&rest[..end]).expect("heads are ASCII").to_ascii_lowercase();
        let status: u16 = head
            .strip_prefix("http/1.")
            .and_then(|head| head.get(2..5)?.parse().ok())
            .unwrap_or_else(|| panic!("no answer: {head}"));
        assert!((100..600).contains(&status), "{head}");
        if bodiless {
            return;
        }
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let length = header("content-length: ").map_or(0, |text| text.parse().expect("a number"));
        let body = rest.get(end..end + length).expect("a whole body");
        if header("content-type: application/json").is_some()
            && header("content-encoding").is_none()
            && !body.is_empty()
        {
            assert!(serde_json::from_slice::<&RawValue>(body).is_ok(), "{head}");
        }
        rest = &rest[end + length..];
    }
}
