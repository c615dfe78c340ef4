//! JSON-RPC as far as it must be understood: which method, which id, where the parameters are.

use std::borrow::Cow;

use bytes::Bytes;

use crate::scan::{Items, Span, Stop, plain_string, skip_space};

/// What is done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `engine_forkchoiceUpdatedV` and a number.
    ForkChoice,
    /// `engine_newPayloadV` and a number.
    NewPayload,
    /// `engine_getPayloadV` and a number.
    GetPayload,
    /// What a builder's pool and miner should know of as well.
    Pool,
    /// Anything else.
    Other,
}

impl Kind {
    pub(crate) fn of(method: &str) -> Self {
        let versioned = |prefix: &str| {
            method.strip_prefix(prefix).is_some_and(|version| {
                !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        if versioned("engine_forkchoiceUpdatedV") {
            Self::ForkChoice
        } else if versioned("engine_newPayloadV") {
            Self::NewPayload
        } else if versioned("engine_getPayloadV") {
            Self::GetPayload
        } else if matches!(method, "eth_sendRawTransaction" | "eth_sendRawTransactionConditional")
            || method.starts_with("miner_set")
        {
            Self::Pool
        } else {
            Self::Other
        }
    }
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) bytes: Bytes,
    pub(crate) method: String,
    /// None for a notification.
    pub(crate) id: Option<Span>,
    pub(crate) params: Option<Span>,
}

impl Call {
    /// Reads an object with a method. Keys are found as Go finds them: the last one counts.
    pub(crate) fn read(bytes: Bytes) -> Option<Self> {
        let (mut method, mut id, mut params) = (None, None, None);
        let mut members = Items::open(&bytes, 0, b'{')?;
        let end = loop {
            match members.member() {
                Ok(member) => match member.key {
                    b"method" => method = Some(member.value),
                    b"id" => id = Some(member.value),
                    b"params" => params = Some(member.value),
                    _ => {}
                },
                Err(Stop::Closed(at)) => break at + 1,
                Err(Stop::Broken) => return None,
            }
        };
        if skip_space(&bytes, end) < bytes.len() {
            return None;
        }
        let method = text(&bytes, &method?)?.into_owned();
        Some(Self { bytes, method, id, params })
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::of(&self.method)
    }

    /// The number at the end of the method's name.
    pub(crate) fn version(&self) -> Option<u32> {
        let digits = self.method.rsplit_once('V')?.1;
        digits.parse().ok()
    }

    /// The positional parameters, where there are some.
    pub(crate) fn arguments(&self) -> Option<Vec<Span>> {
        let params = self.params.clone()?;
        let mut items = Items::open(&self.bytes, params.start, b'[')?;
        let mut found = Vec::new();
        loop {
            match items.element() {
                Ok(span) => found.push(span),
                Err(Stop::Closed(_)) => return Some(found),
                Err(Stop::Broken) => return None,
            }
        }
    }

    /// The id as it was written, and null for a notification.
    pub(crate) fn id_bytes(&self) -> Bytes {
        match &self.id {
            Some(id) => self.bytes.slice(id.clone()),
            None => Bytes::from_static(b"null"),
        }
    }
}

/// The kind of a call of which only the beginning is there; none if that does not say it.
pub(crate) fn peek(bytes: &[u8]) -> Option<Kind> {
    let mut members = Items::open(bytes, 0, b'{')?;
    while let Ok(member) = members.member() {
        if member.key == b"method" {
            return Some(Kind::of(&text(bytes, &member.value)?));
        }
    }
    None
}

/// The calls of a batch; none if this is no batch.
pub(crate) fn batch(bytes: &Bytes) -> Option<Vec<Bytes>> {
    let mut items = Items::open(bytes, 0, b'[')?;
    let mut calls = Vec::new();
    loop {
        match items.element() {
            Ok(span) => calls.push(bytes.slice(span)),
            Err(Stop::Closed(at)) => {
                return (skip_space(bytes, at + 1) == bytes.len()).then_some(calls);
            }
            Err(Stop::Broken) => return None,
        }
    }
}

fn text<'a>(bytes: &'a [u8], span: &Span) -> Option<Cow<'a, str>> {
    match plain_string(bytes, span) {
        Some(plain) => Some(Cow::Borrowed(plain)),
        None => serde_json::from_slice(&bytes[span.clone()]).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn versions_are_any_number() {
        for (method, kind) in [
            ("engine_forkchoiceUpdatedV1", Kind::ForkChoice),
            ("engine_forkchoiceUpdatedV47", Kind::ForkChoice),
            ("engine_newPayloadV5", Kind::NewPayload),
            ("engine_getPayloadV6", Kind::GetPayload),
            ("engine_getPayloadBodiesByHashV1", Kind::Other),
            ("engine_getPayloadV", Kind::Other),
            ("engine_getPayloadV3b", Kind::Other),
            ("eth_sendRawTransaction", Kind::Pool),
            ("miner_setMaxDASize", Kind::Pool),
            ("eth_sendTransaction", Kind::Other),
        ] {
            assert_eq!(Kind::of(method), kind, "{method}");
        }
    }

    #[test]
    fn calls_are_read() {
        let text = r#" {"jsonrpc":"2.0","method":"engine\u005fgetPayloadV4","params":["0x1", {}],"id":"a\"b"} "#;
        let call = Call::read(Bytes::from_static(text.as_bytes())).unwrap();
        assert_eq!(call.method, "engine_getPayloadV4");
        assert_eq!(call.version(), Some(4));
        assert_eq!(call.id_bytes(), r#""a\"b""#);
        assert_eq!(call.arguments().unwrap().len(), 2);
        let read = |text: &'static str| Call::read(Bytes::from_static(text.as_bytes()));
        assert_eq!(read(r#"{"method":"a"}"#).unwrap().id_bytes(), "null");
        assert!(read(r#"{"method":"a"}}"#).is_none());
        assert!(read(r#"{"id":1}"#).is_none());
        assert!(read(r#"[{"method":"a"}]"#).is_none());
    }

    #[test]
    fn a_beginning_tells_the_method() {
        let start = br#"{"jsonrpc":"2.0","id":1,"method":"engine_newPayloadV4","params":[{"par"#;
        assert_eq!(peek(start), Some(Kind::NewPayload));
        assert_eq!(peek(br#"{"params":[{"method":"eth_call"}"#), None);
        assert_eq!(peek(br#"{"id":1,"method":"engine_newPayl"#), None);
        assert_eq!(peek(b"["), None);
    }

    #[test]
    fn batches_are_split() {
        let calls = batch(&Bytes::from_static(b" [ {\"a\":1} ,2,[3] ] ")).unwrap();
        assert_eq!(calls, ["{\"a\":1}", "2", "[3]"]);
        assert_eq!(batch(&Bytes::from_static(b"[]")).unwrap().len(), 0);
        assert!(batch(&Bytes::from_static(b"[1] x")).is_none());
        assert!(batch(&Bytes::from_static(b"{}")).is_none());
    }
}
