//! The frames of a link, in both directions: what a signer reads of a proxy, and a proxy of a signer.

use std::sync::Arc;
use std::time::Duration;

use opsign_proxy::{Offering, Registration, Trust, fuzzing};
use opsign_wire::{Call, Client, Handler, RpcError, SignedCalls, Tls, TlsFiles};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::wire::run;

const DEADLINE: Duration = Duration::from_secs(20);

/// A signer that knows `a.local`, `b.local` and nobody else.
struct Signer {
    signed: SignedCalls,
}

impl Signer {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("opsign-fuzz-{}", std::process::id()));
        let request = opsign_signer::CertsRequest {
            folder: &folder,
            server_names: &["localhost".to_owned()],
            clients: &[],
            days: 1,
        };
        opsign_signer::make_certs(&request).expect("new certificates");
        let files = TlsFiles {
            ca: folder.join("ca.crt"),
            cert: folder.join("tls.crt"),
            key: folder.join("tls.key"),
            crls: Vec::new(),
            tls13_only: true,
        };
        let tls = Tls::load(files).expect("certificates");
        std::fs::remove_dir_all(folder).expect("a folder of our own");
        Self { signed: SignedCalls::new(Arc::new(tls)) }
    }
}

impl Handler for Signer {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        let names = call.client.names();
        assert!(names.iter().all(|name| name == "a.local" || name == "b.local"), "{names:?}");
        assert!(!names.is_empty(), "nobody asks");
        assert!(call.deadline <= Instant::now() + DEADLINE, "later than the signer lets it");
        match call.method {
            "fail" => Err(RpcError::new(-1, "\"<no>\"").with_data("{\"why\":[]}")),
            _ => Ok(call.params.map_or("null", RawValue::get).to_owned()),
        }
    }

    fn ready(&self) -> bool {
        true
    }
}

impl Offering for Signer {
    fn registration(&self, _: &[String]) -> Registration {
        unreachable!("no link is opened")
    }

    async fn prove(&self, _: &str, _: &str, _: &[u8; 32], _: Instant) -> Result<String, String> {
        unreachable!("no frame asks for a proof once a link is open")
    }

    fn client(
        &self,
        method: &str,
        params: Option<&RawValue>,
        signed: Option<&RawValue>,
    ) -> Result<Client, RpcError> {
        self.signed.client(method, params, signed)
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }
}

/// A frame of a proxy: it has one answer with its id or ends the link, names only clients that the
/// proxy may speak for, and where calls are to be signed is never taken.
pub fn link_call(data: &[u8]) {
    thread_local! {
        static SIGNER: Arc<Signer> = Arc::new(Signer::new());
    }
    let Ok(frame) = std::str::from_utf8(data) else { return };
    let signer = SIGNER.with(Arc::clone);
    let clients = vec!["a.local".to_owned(), "b.local".to_owned()];
    let answer = |signed| {
        let trust = Trust { clients: clients.clone(), signed };
        run(fuzzing::call(Arc::clone(&signer), trust, frame))
    };
    let (believed, signed) = (answer(false), answer(true));
    let Ok(believed) = believed else {
        assert!(signed.is_err(), "{frame}");
        return;
    };
    let signed = signed.expect("an answer");
    for answer in [&believed, &signed] {
        // Numbers that no double holds come back as they went in.
        assert!(serde_json::from_str::<&RawValue>(answer).is_ok(), "{answer}");
        if let (Ok(answer), Ok(asked)) =
            (serde_json::from_str::<Value>(answer), serde_json::from_str::<Value>(frame))
        {
            assert_eq!(answer["id"], asked["id"], "{frame}");
            assert_ne!(answer.get("result").is_some(), answer.get("error").is_some());
        }
    }
    assert!(signed.contains("\"error\""), "nobody has signed {frame}");
}

/// Frames of a signer, a line each: every call has at most one outcome, the other frames are counted,
/// and what a frame says is the same when it is written anew.
pub fn link_answers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let taken = run(fuzzing::answers(text.lines()));
    let outcomes: Vec<_> = taken.outcomes.into_iter().flatten().collect();
    assert_eq!(outcomes.len() as u64 + taken.strays, taken.frames, "{text}");
    for outcome in &outcomes {
        let again = run(fuzzing::answers(std::iter::once(&*fuzzing::answered(outcome))));
        assert_eq!(again.outcomes[0].as_ref(), Some(outcome));
    }
    for frame in text.lines() {
        let Some(written) = fuzzing::registered(frame) else { continue };
        assert_eq!(fuzzing::registered(&written).as_deref(), Some(&*written), "{frame}");
    }
}
