//! PKCS#11 URIs (RFC 7512): which key in which token.

use std::path::PathBuf;

use crate::key::KeySelector;
use crate::session::TokenSelector;

/// A key in a token, as a `pkcs11:` URI names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pkcs11Uri {
    /// The token.
    pub token: TokenSelector,
    /// The key.
    pub key: KeySelector,
    /// The module's file.
    pub module_path: Option<PathBuf>,
    /// The file with the PIN.
    pub pin_source: Option<PathBuf>,
}

impl Pkcs11Uri {
    /// Reads a URI.
    ///
    /// # Errors
    /// One sentence: a scheme other than `pkcs11:`, an attribute that is unknown, given twice or
    /// of no use to us, bad percent signs; a PIN in the URI itself; no token or no key named.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("pkcs11:").ok_or("the URI must start with pkcs11:")?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut token, mut serial, mut key) = (None, None, KeySelector::default());
        let (mut module_path, mut pin_source) = (None, None);
        for attribute in path.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = pair(attribute)?;
            match name {
                "token" => set(&mut token, name, string(name, value)?)?,
                "serial" => set(&mut serial, name, string(name, value)?)?,
                "object" => set(&mut key.label, name, string(name, value)?)?,
                "id" => set(&mut key.id, name, decode(name, value)?)?,
                "type" if value == "private" => {}
                "type" => return Err("type: a key that signs is of type private".into()),
                // True of any token that fits; they narrow nothing down that label and serial
                // leave open.
                "manufacturer"
                | "model"
                | "library-manufacturer"
                | "library-description"
                | "library-version"
                | "slot-id"
                | "slot-manufacturer"
                | "slot-description" => {
                    return Err(format!(
                        "{name} is not looked at: name the token by token= or serial="
                    ));
                }
                _ => return Err(format!("unknown attribute {name}")),
            }
        }
        for attribute in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = pair(attribute)?;
            match name {
                "module-path" => {
                    set(&mut module_path, name, string(name, value)?.into())?;
                }
                "pin-source" => {
                    let value = string(name, value)?;
                    let path = value.strip_prefix("file:").unwrap_or(&value);
                    let path = path.strip_prefix("//").unwrap_or(path);
                    set(&mut pin_source, name, path.into())?;
                }
                "pin-value" => {
                    return Err(
                        "a PIN does not belong into the config: use pin-source=file:…".into()
                    );
                }
                _ => return Err(format!("unknown attribute {name}")),
            }
        }
        let token = match (token, serial) {
            (Some(label), None) => TokenSelector::Label(label),
            (None, Some(serial)) => TokenSelector::Serial(serial),
            (None, None) => return Err("name the token: token=LABEL or serial=NUMBER".into()),
            _ => return Err("name the token either by token= or by serial=".into()),
        };
        if key == KeySelector::default() {
            return Err("name the key: object=LABEL or id=%XX".into());
        }
        Ok(Self { token, key, module_path, pin_source })
    }
}

fn pair(attribute: &str) -> Result<(&str, &str), String> {
    attribute.split_once('=').ok_or_else(|| "an attribute has no value".to_owned())
}

fn set<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), String> {
    if place.replace(value).is_some() {
        return Err(format!("attribute {name} is given twice"));
    }
    Ok(())
}

fn string(name: &str, value: &str) -> Result<String, String> {
    String::from_utf8(decode(name, value)?).map_err(|_| format!("{name} is no UTF-8 text"))
}

fn decode(name: &str, value: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)];
        let decoded = base16ct::mixed::decode_vec(digits)
            .map_err(|_| format!("{name}: % is followed by two hex digits"))?;
        out.extend(decoded);
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_whole_uri() {
        let uri = Pkcs11Uri::parse(
            "pkcs11:token=my%20token;object=sequencer;id=%01%fF;type=private\
             ?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/opsign/pin",
        )
        .unwrap();
        assert_eq!(uri.token, TokenSelector::Label("my token".into()));
        assert_eq!(uri.key.label.as_deref(), Some("sequencer"));
        assert_eq!(uri.key.id, Some(vec![1, 255]));
        assert_eq!(uri.pin_source, Some("/etc/opsign/pin".into()));
        assert_eq!(uri.module_path, Some("/usr/lib/softhsm/libsofthsm2.so".into()));
    }

    #[test]
    fn what_is_refused() {
        for (text, word) in [
            ("token=a;object=b", "start with"),
            ("pkcs11:object=b", "name the token"),
            ("pkcs11:token=a", "name the key"),
            ("pkcs11:token=a;serial=1;object=b", "either"),
            ("pkcs11:token=a;token=b;object=c", "twice"),
            ("pkcs11:token=a;object=b?pin-value=1234", "PIN"),
            ("pkcs11:token=a;object=b;slot-id=1", "not looked at"),
            ("pkcs11:token=a;object=%4", "two hex digits"),
            ("pkcs11:token=%ff;object=b", "UTF-8"),
            ("pkcs11:token=a;object=b;type=public", "private"),
            ("pkcs11:token=a;objekt=b", "unknown attribute objekt"),
            ("pkcs11:token", "no value"),
        ] {
            let error = Pkcs11Uri::parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
