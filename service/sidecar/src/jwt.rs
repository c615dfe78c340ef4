//! The Engine API's authentication: HS256 tokens that say when they were made, and the file with the
//! secret (execution-apis, `src/engine/authentication.md`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use hyper::header::HeaderValue;
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

/// How far a token's clock may be from ours, in seconds: go-ethereum's `jwtExpiryTimeout`.
const DRIFT: f64 = 60.0;

/// The largest secret file that is read.
const MAX_FILE: u64 = 4096;

/// A secret in a file, and the token made of it for this second.
pub(crate) struct Secret {
    path: PathBuf,
    key: RwLock<Zeroizing<[u8; 32]>>,
    token: Mutex<Option<(u64, HeaderValue)>>,
}

impl Secret {
    /// Reads 32 bytes of hex, with or without 0x.
    ///
    /// # Errors
    /// One sentence that names the file and never what is in it.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let key = RwLock::new(read(path)?);
        Ok(Self { path: path.to_owned(), key, token: Mutex::default() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again. True if the secret is another one now; on an error it stays.
    ///
    /// # Errors
    /// As [`Secret::read`].
    pub(crate) fn refresh(&self) -> Result<bool, String> {
        let new = read(&self.path)?;
        let mut key = self.key.write().unwrap_or_else(PoisonError::into_inner);
        // Both are ours: nobody learns anything from how long this takes.
        let changed = *key != new;
        if changed {
            *key = new;
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(changed)
    }

    /// The `Authorization` header for a request made now.
    pub(crate) fn authorization(&self) -> HeaderValue {
        let now = seconds();
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, header)) = &*token
            && *made == now
        {
            return header.clone();
        }
        let claims = Base64UrlUnpadded::encode_string(format!("{{\"iat\":{now}}}").as_bytes());
        // {"typ":"JWT","alg":"HS256"}
        let signed = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.{claims}");
        let tag = self.mac(signed.as_bytes()).finalize().into_bytes();
        let text = format!("Bearer {signed}.{}", Base64UrlUnpadded::encode_string(&tag));
        // Letters, digits and dots.
        let mut header =
            HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
        header.set_sensitive(true);
        *token = Some((now, header.clone()));
        header
    }

    /// Judges an `Authorization` header as op-geth does, in its words.
    pub(crate) fn check(&self, header: Option<&HeaderValue>) -> Result<(), String> {
        let token = header
            .and_then(|header| header.to_str().ok())
            .and_then(|text| text.strip_prefix("Bearer "))
            .filter(|token| !token.is_empty())
            .ok_or("missing token")?;
        self.check_token(token, seconds() as f64)
    }

    fn check_token(&self, token: &str, now: f64) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Header<'a> {
            alg: Option<&'a str>,
        }
        #[derive(Deserialize)]
        struct Claims {
            iat: Option<f64>,
            exp: Option<f64>,
        }
        let malformed = || "token contains an invalid number of segments".to_owned();
        let (signed, tag) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        if claims.contains('.') {
            return Err(malformed());
        }
        let decode = |part: &str| {
            Base64UrlUnpadded::decode_vec(part).map_err(|_| "illegal base64 data".to_owned())
        };
        let (header, claims) = (decode(header)?, decode(claims)?);
        let no_json = |error: serde_json::Error| error.to_string();
        let header: Header<'_> = serde_json::from_slice(&header).map_err(no_json)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(no_json)?;
        match header.alg {
            Some("HS256") => {}
            Some(alg) => return Err(format!("signing method {alg} is invalid")),
            None => return Err("signing method (alg) is unspecified.".into()),
        }
        // Compared in constant time.
        let genuine = self.mac(signed.as_bytes()).verify_slice(&decode(tag)?);
        genuine.map_err(|_| "signature is invalid")?;
        if claims.exp.is_some_and(|exp| now >= exp) {
            return Err("token is expired".into());
        }
        match claims.iat {
            None => Err("missing issued-at".into()),
            Some(iat) if now - iat > DRIFT => Err("stale token".into()),
            Some(iat) if iat - now > DRIFT => Err("future token".into()),
            Some(_) => Ok(()),
        }
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
        // RFC 2104: a key shorter than a block is filled up with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&**key);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(text);
        mac
    }
}

fn read(path: &Path) -> Result<Zeroizing<[u8; 32]>, String> {
    let fail = |what: &str| format!("{}: {what}", path.display());
    let size = fs::metadata(path).map_err(|error| fail(&format!("cannot be read: {error}")))?;
    if size.len() > MAX_FILE {
        return Err(fail("is too long for a secret of 32 bytes in hex"));
    }
    let text = fs::read(path).map_err(|error| fail(&format!("cannot be read: {error}")))?;
    let text = Zeroizing::new(text);
    let digits = text.trim_ascii();
    let digits = digits.strip_prefix(b"0x").unwrap_or(digits);
    let mut key = Zeroizing::new([0; 32]);
    match base16ct::mixed::decode(digits, &mut *key) {
        Ok(decoded) if decoded.len() == 32 => Ok(key),
        _ => Err(fail("write a secret of 32 bytes in hex")),
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Made with Python's hmac module: key 32 bytes of 0x42, claims {"iat":1700000000}.
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDB9.DvABOLAgR9rZ2jS6KZyERyGLvYGPFPj_gSVIOJatu7I";

    fn secret() -> Secret {
        Secret {
            path: PathBuf::new(),
            key: RwLock::new(Zeroizing::new([0x42; 32])),
            token: Mutex::default(),
        }
    }

    #[test]
    fn tokens_are_judged_as_op_geth_judges_them() {
        let secret = secret();
        let at = |now: f64| secret.check_token(TOKEN, now);
        assert_eq!(at(1.7e9), Ok(()));
        assert_eq!(at(1.7e9 + 60.0), Ok(()));
        assert_eq!(at(1.7e9 - 60.0), Ok(()));
        assert_eq!(at(1.7e9 + 61.0), Err("stale token".into()));
        assert_eq!(at(1.7e9 - 61.0), Err("future token".into()));
        let say = |token: &str| secret.check_token(token, 1.7e9).unwrap_err();
        let part = |json: &str| Base64UrlUnpadded::encode_string(json.as_bytes());
        let (good, claims) = (part(r#"{"alg":"HS256"}"#), part(r#"{"iat":1700000000}"#));
        assert_eq!(say("a.b"), "token contains an invalid number of segments");
        assert_eq!(say("a.b.c.d"), "token contains an invalid number of segments");
        assert_eq!(say(&format!("{good}.{claims}.")), "signature is invalid");
        let none = part(r#"{"alg":"none"}"#);
        assert_eq!(say(&format!("{none}.{claims}.")), "signing method none is invalid");
        let other = part(r#"{"alg":"HS512"}"#);
        assert_eq!(say(&format!("{other}.{claims}.")), "signing method HS512 is invalid");
        let sign = |claims: &str| {
            let signed = format!("{good}.{}", part(claims));
            let tag = secret.mac(signed.as_bytes()).finalize().into_bytes();
            format!("{signed}.{}", Base64UrlUnpadded::encode_string(&tag))
        };
        assert_eq!(say(&sign("{}")), "missing issued-at");
        assert_eq!(say(&sign(r#"{"iat":1700000000,"exp":1700000000}"#)), "token is expired");
        assert_eq!(
            secret.check_token(&sign(r#"{"iat":1700000000.5,"exp":1700000001}"#), 1.7e9),
            Ok(())
        );
        let header = |text: &'static str| secret.check(Some(&HeaderValue::from_static(text)));
        assert_eq!(secret.check(None), Err("missing token".into()));
        assert_eq!(header("Basic abc"), Err("missing token".into()));
        assert_eq!(header("Bearer "), Err("missing token".into()));
    }

    #[test]
    fn our_own_tokens_pass_and_last_a_second() {
        let secret = secret();
        let header = secret.authorization();
        secret.check(Some(&header)).unwrap();
        let other = Secret { key: RwLock::new(Zeroizing::new([0x43; 32])), ..self::secret() };
        assert_eq!(other.check(Some(&header)), Err("signature is invalid".into()));
    }
}
