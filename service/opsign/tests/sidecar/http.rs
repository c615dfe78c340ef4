//! HTTP by hand: good manners would be in the way.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A request or an answer.
#[derive(Clone, Debug)]
pub struct Message {
    pub first: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// None if the connection ends.
    pub fn read(stream: &mut impl BufRead, is_answer: bool) -> Option<Self> {
        let mut line = || {
            let mut line = String::new();
            stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
            Some(line.trim_end().to_owned())
        };
        let first = line()?;
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self { first, headers, body: Vec::new() };
        if let Some(length) = message.header("content-length") {
            message.body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut message.body).ok()?;
        } else if message.header("transfer-encoding").is_some() {
            loop {
                let mut size = String::new();
                stream.read_line(&mut size).ok().filter(|read| *read > 0)?;
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk).ok()?;
                if size == 0 {
                    break;
                }
                message.body.extend_from_slice(&chunk[..size]);
            }
        } else if is_answer && message.status() != 101 {
            stream.read_to_end(&mut message.body).ok()?;
        }
        Some(message)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    pub fn status(&self) -> u16 {
        self.first.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.first, self.text()))
    }
}

/// A token made now.
pub fn token(secret: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    token_of(secret, r#"{"alg":"HS256","typ":"JWT"}"#, &json!({"iat": now}).to_string())
}

pub fn token_of(secret: &str, header: &str, claims: &str) -> String {
    let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    format!("{signed}.{}", tag(secret, &signed))
}

fn tag(secret: &str, signed: &str) -> String {
    let key = base16ct::mixed::decode_vec(secret).unwrap();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(signed.as_bytes());
    Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes())
}

/// Whether a request shows a token of this secret, made just now.
pub fn is_signed(request: &Message, secret: &str) -> bool {
    let Some(token) = request.header("authorization").and_then(|text| text.strip_prefix("Bearer "))
    else {
        return false;
    };
    let (signed, tag) = token.rsplit_once('.').unwrap();
    let claims = Base64UrlUnpadded::decode_vec(signed.split_once('.').unwrap().1).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    now.abs_diff(claims["iat"].as_u64().unwrap()) < 30 && tag == self::tag(secret, signed)
}

/// A connection of op-node.
pub struct Client {
    pub stream: BufReader<TcpStream>,
    secret: String,
}

impl Client {
    pub fn open(address: SocketAddr, secret: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(crate::wire::PATIENCE * 2)).unwrap();
        Self { stream: BufReader::new(stream), secret: secret.to_owned() }
    }

    /// Sends any request and reads its answer.
    #[track_caller]
    pub fn send(&mut self, head: &str, body: &[u8]) -> Message {
        self.start(head, body);
        Message::read(&mut self.stream, true).expect("the connection was closed")
    }

    pub fn start(&mut self, head: &str, body: &[u8]) {
        let mut bytes = format!("{head}host: x\r\n").into_bytes();
        if !head.to_ascii_lowercase().contains("authorization:") {
            let token = token(&self.secret);
            bytes.extend_from_slice(format!("authorization: Bearer {token}\r\n").as_bytes());
        }
        if !body.is_empty() {
            bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        self.stream.get_mut().write_all(&bytes).unwrap();
    }

    #[track_caller]
    pub fn post(&mut self, body: &[u8]) -> Message {
        self.send("POST / HTTP/1.1\r\ncontent-type: application/json\r\n", body)
    }

    /// Calls a method: the whole answer.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let call = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let answer = self.post(call.to_string().as_bytes());
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let answer = answer.json();
        assert_eq!(answer["id"], 7, "{answer}");
        answer
    }

    /// The same, for its result.
    #[track_caller]
    pub fn result(&mut self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }
}
