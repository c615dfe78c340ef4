//! Many secrets of 32 bytes under one passphrase: scrypt runs once, not once for each.
//!
//! Each secret is encrypted with AES-256 in counter mode and a random start of its own, then
//! authenticated with HMAC-SHA-256 over what it belongs to, the start and the ciphertext.

use aes::Aes256;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::keystore::ScryptCost;
use crate::secret::Passphrase;

/// What a passphrase and a file of [`SealerFile`] come to. Cannot be printed, cloned or compared;
/// wiped when dropped.
pub struct Sealer {
    cipher: Zeroizing<[u8; 32]>,
    mac: Zeroizing<[u8; 32]>,
}

/// What is kept beside the secrets: no secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealerFile {
    /// The cost of a guess.
    pub cost: ScryptCost,
    /// Random.
    pub salt: [u8; 32],
    /// Tells a wrong passphrase.
    pub check: [u8; 32],
}

/// A secret that is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Where the cipher started.
    pub iv: [u8; 16],
    /// The secret, encrypted.
    pub ciphertext: [u8; 32],
    /// Over what it belongs to, `iv` and `ciphertext`.
    pub mac: [u8; 32],
}

impl Sealer {
    /// Makes a new one, and what has to be kept to open it again.
    ///
    /// # Errors
    /// [`ErrorKind::PassphraseMissing`] for an empty passphrase; what `random` returns.
    pub fn make(
        passphrase: &Passphrase,
        cost: ScryptCost,
        random: impl FnOnce(&mut [u8]) -> Result<(), Error>,
    ) -> Result<(Self, SealerFile), Error> {
        if passphrase.as_str().is_empty() {
            let what = "an empty passphrase protects nothing";
            return Err(Error::new(ErrorKind::PassphraseMissing, what));
        }
        let mut salt = [0; 32];
        random(&mut salt)?;
        let (sealer, check) = Self::derive(passphrase, cost, &salt)?;
        Ok((sealer, SealerFile { cost, salt, check }))
    }

    /// Opens it again. Takes as long as its cost says.
    ///
    /// # Errors
    /// [`ErrorKind::PassphraseWrong`].
    pub fn open(passphrase: &Passphrase, file: &SealerFile) -> Result<Self, Error> {
        let (sealer, check) = Self::derive(passphrase, file.cost, &file.salt)?;
        if bool::from(check.ct_eq(&file.check)) {
            return Ok(sealer);
        }
        Err(Error::new(ErrorKind::PassphraseWrong, "the passphrase is not the one of these keys"))
    }

    fn derive(
        passphrase: &Passphrase,
        cost: ScryptCost,
        salt: &[u8; 32],
    ) -> Result<(Self, [u8; 32]), Error> {
        let master = cost.derive(passphrase.as_str().as_bytes(), salt)?;
        let part = |label: &[u8]| Zeroizing::new(hmac(&master, &[label]));
        let check = hmac(&master, &[b"check"]);
        Ok((Self { cipher: part(b"encrypt"), mac: part(b"authenticate") }, check))
    }

    /// Seals a secret. `context` is what it belongs to, and has to be given again.
    ///
    /// # Errors
    /// What `random` returns.
    pub fn seal(
        &self,
        context: &[u8],
        secret: &[u8; 32],
        random: impl FnOnce(&mut [u8]) -> Result<(), Error>,
    ) -> Result<Sealed, Error> {
        let mut iv = [0; 16];
        random(&mut iv)?;
        let mut ciphertext = *secret;
        self.apply(&iv, &mut ciphertext);
        let mac = self.authenticate(context, &iv, &ciphertext);
        Ok(Sealed { iv, ciphertext, mac })
    }

    /// Opens a secret.
    ///
    /// # Errors
    /// [`ErrorKind::KeystoreMalformed`] if it is not what was sealed for this context.
    pub fn unseal(&self, context: &[u8], sealed: &Sealed) -> Result<Zeroizing<[u8; 32]>, Error> {
        let mac = self.authenticate(context, &sealed.iv, &sealed.ciphertext);
        if !bool::from(mac.ct_eq(&sealed.mac)) {
            let what = "the key file was altered, or is of another key or another folder";
            return Err(Error::new(ErrorKind::KeystoreMalformed, what));
        }
        let mut secret = Zeroizing::new(sealed.ciphertext);
        self.apply(&sealed.iv, &mut secret);
        Ok(secret)
    }

    fn apply(&self, iv: &[u8; 16], bytes: &mut [u8; 32]) {
        Ctr128BE::<Aes256>::new((&*self.cipher).into(), iv.into()).apply_keystream(bytes);
    }

    fn authenticate(&self, context: &[u8], iv: &[u8; 16], ciphertext: &[u8; 32]) -> [u8; 32] {
        let length = (context.len() as u64).to_be_bytes();
        hmac(&self.mac, &[&length, context, iv, ciphertext])
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key shorter than a block is filled up with zeros (RFC 2104, section 2).
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::system_random;

    const CHEAP: (u64, u64, u64) = (2, 1, 1);

    fn cost() -> ScryptCost {
        ScryptCost::new(CHEAP.0, CHEAP.1, CHEAP.2).unwrap()
    }

    #[test]
    fn opens_what_was_sealed_and_nothing_else() {
        let passphrase = Passphrase::new("one");
        let (sealer, file) = Sealer::make(&passphrase, cost(), system_random).unwrap();
        let sealed = sealer.seal(b"babe", &[7; 32], system_random).unwrap();
        assert_ne!(sealed.ciphertext, [7; 32]);
        let again = Sealer::open(&passphrase, &file).unwrap();
        assert_eq!(*again.unseal(b"babe", &sealed).unwrap(), [7; 32]);
        let refused = |context: &[u8], sealed: &Sealed| {
            again.unseal(context, sealed).err().map(|error| error.kind())
        };
        assert_eq!(refused(b"gran", &sealed), Some(ErrorKind::KeystoreMalformed));
        for at in 0..80 {
            let mut altered = sealed;
            match at {
                0..16 => altered.iv[at] ^= 1,
                16..48 => altered.ciphertext[at - 16] ^= 1,
                _ => altered.mac[at - 48] ^= 1,
            }
            assert_eq!(refused(b"babe", &altered), Some(ErrorKind::KeystoreMalformed), "{at}");
        }
        let wrong = Sealer::open(&Passphrase::new("two"), &file).err().unwrap();
        assert_eq!(wrong.kind(), ErrorKind::PassphraseWrong);
        let empty = Sealer::make(&Passphrase::new(""), cost(), system_random).err().unwrap();
        assert_eq!(empty.kind(), ErrorKind::PassphraseMissing);
    }

    #[test]
    fn the_same_secret_twice_looks_different() {
        let (sealer, _) = Sealer::make(&Passphrase::new("one"), cost(), system_random).unwrap();
        let [a, b] = [(); 2].map(|()| sealer.seal(b"", &[1; 32], system_random).unwrap());
        assert_ne!(a.ciphertext, b.ciphertext);
    }
}
