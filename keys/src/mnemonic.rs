//! BIP-39 mnemonics: words to a seed to a key, and new words from entropy.

use sha2::{Digest, Sha256, Sha512};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::path::DerivationPath;
use crate::secret::{Passphrase, Secret, SecretText};

/// The most words in a mnemonic.
const MAX_WORDS: usize = 24;
/// The most bytes of a word in NFKD; it is a Korean one.
const MAX_WORD: usize = 33;
/// The rounds of PBKDF2 from mnemonic to seed.
const SEED_ROUNDS: u32 = 2048;

/// A language that BIP-39 has a word list for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English, the only list that every wallet reads.
    English,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// Italian.
    Italian,
    /// Portuguese.
    Portuguese,
    /// Czech.
    Czech,
    /// Japanese.
    Japanese,
    /// Korean.
    Korean,
    /// Chinese, simplified.
    ChineseSimplified,
    /// Chinese, traditional.
    ChineseTraditional,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Self] = &[
        Self::English,
        Self::Spanish,
        Self::French,
        Self::Italian,
        Self::Portuguese,
        Self::Czech,
        Self::Japanese,
        Self::Korean,
        Self::ChineseSimplified,
        Self::ChineseTraditional,
    ];

    /// 2048 lines, each a word in Unicode's NFKD.
    const fn list(self) -> &'static str {
        match self {
            Self::English => include_str!("words/english.txt"),
            Self::Spanish => include_str!("words/spanish.txt"),
            Self::French => include_str!("words/french.txt"),
            Self::Italian => include_str!("words/italian.txt"),
            Self::Portuguese => include_str!("words/portuguese.txt"),
            Self::Czech => include_str!("words/czech.txt"),
            Self::Japanese => include_str!("words/japanese.txt"),
            Self::Korean => include_str!("words/korean.txt"),
            Self::ChineseSimplified => include_str!("words/chinese_simplified.txt"),
            Self::ChineseTraditional => include_str!("words/chinese_traditional.txt"),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Spanish",
            Self::French => "French",
            Self::Italian => "Italian",
            Self::Portuguese => "Portuguese",
            Self::Czech => "Czech",
            Self::Japanese => "Japanese",
            Self::Korean => "Korean",
            Self::ChineseSimplified => "simplified Chinese",
            Self::ChineseTraditional => "traditional Chinese",
        }
    }

    /// The word's number in the list. Not constant time.
    fn index_vartime(self, word: &str) -> Option<u16> {
        if word.len() > MAX_WORD || word.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let index = self.list().lines().position(|candidate| candidate == word)?;
        u16::try_from(index).ok()
    }
}

/// How many words a new mnemonic has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordCount {
    /// 12 words, 128 bits of entropy: as hard to guess as the key itself.
    Twelve,
    /// 15 words, 160 bits.
    Fifteen,
    /// 18 words, 192 bits.
    Eighteen,
    /// 21 words, 224 bits.
    TwentyOne,
    /// 24 words, 256 bits.
    TwentyFour,
}

impl WordCount {
    const fn entropy_length(self) -> usize {
        match self {
            Self::Twelve => 16,
            Self::Fifteen => 20,
            Self::Eighteen => 24,
            Self::TwentyOne => 28,
            Self::TwentyFour => 32,
        }
    }
}

/// A BIP-39 mnemonic whose words and checksum are right. Wiped when dropped; cannot be printed,
/// cloned or compared.
///
/// ```
/// use opsign_keys::{DerivationPath, Language, Mnemonic, WordCount, system_random};
///
/// # fn main() -> Result<(), opsign_keys::Error> {
/// let mnemonic = Mnemonic::generate(WordCount::TwentyFour, Language::English, system_random)?;
/// let written_down = mnemonic.as_str();
///
/// let first_key = Mnemonic::parse(written_down)?.derive(None, &DerivationPath::default())?;
/// println!("{}", first_key.address());
/// # Ok(())
/// # }
/// ```
/// ```compile_fail
/// fn shows<T: core::fmt::Debug>() {}
/// shows::<opsign_keys::Mnemonic>();
/// ```
pub struct Mnemonic(SecretText);

impl Mnemonic {
    /// Makes a new mnemonic from random entropy.
    ///
    /// # Errors
    /// What `random` returns.
    pub fn generate(
        words: WordCount,
        language: Language,
        random: impl FnMut(&mut [u8]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut random = random;
        let mut entropy = Zeroizing::new([0; 32]);
        let entropy = &mut entropy[..words.entropy_length()];
        random(entropy)?;
        Self::from_entropy(entropy, language)
    }

    /// The mnemonic of 16, 20, 24, 28 or 32 bytes of entropy. The caller wipes `entropy`.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for another length.
    pub fn from_entropy(entropy: &[u8], language: Language) -> Result<Self, Error> {
        let length = entropy.len();
        if !matches!(length, 16 | 20 | 24 | 28 | 32) {
            return Err(Error::new(
                ErrorKind::Input,
                format!("a mnemonic comes from 16, 20, 24, 28 or 32 bytes, not {length}"),
            ));
        }
        let mut bits = Zeroizing::new([0; BITS_LENGTH]);
        bits[..length].copy_from_slice(entropy);
        bits[length] = checksum(entropy);
        let mut indices = Indices::default();
        let indices = &mut indices[..length * 3 / 4];
        for (at, index) in indices.iter_mut().enumerate() {
            for bit in 11 * at..11 * (at + 1) {
                *index = *index << 1 | u16::from(bits[bit / 8] >> (7 - bit % 8) & 1);
            }
        }
        Ok(Self::from_indices(indices, language))
    }

    /// Reads a mnemonic in any of the languages, in small or capital letters, with any white space
    /// between the words; Chinese also with none.
    ///
    /// The caller wipes `text`. Not constant time in the words.
    ///
    /// # Errors
    /// [`ErrorKind::MnemonicLength`], [`ErrorKind::MnemonicWord`] with the position of the first
    /// unknown word (counted from 1, in the language that knows most of them),
    /// [`ErrorKind::MnemonicChecksum`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = normalise(text);
        let words = split(&text);
        let count = words.len();
        if !matches!(count, 12 | 15 | 18 | 21 | 24) {
            return Err(Error::new(
                ErrorKind::MnemonicLength,
                format!("a mnemonic has 12, 15, 18, 21 or 24 words, not {count}"),
            ));
        }
        // French and English share words, with other numbers, so a checksum may be right in the
        // second list only. The seed depends on the words, not on the list.
        let mut indices = Indices::default();
        let mut all_words_known = false;
        let mut best = (0, 1, Language::English);
        for &language in Language::ALL {
            let mut known = 0;
            let mut first_unknown = None;
            for (at, word) in words.iter().enumerate() {
                match language.index_vartime(word) {
                    Some(index) => {
                        indices[at] = index;
                        known += 1;
                    }
                    None => first_unknown = first_unknown.or(Some(at + 1)),
                }
            }
            if let Some(position) = first_unknown {
                if known > best.0 {
                    best = (known, position, language);
                }
            } else if checksum_is_right(&indices[..count]) {
                return Ok(Self::from_indices(&indices[..count], language));
            } else {
                all_words_known = true;
            }
        }
        if all_words_known {
            return Err(Error::new(
                ErrorKind::MnemonicChecksum,
                "the mnemonic's checksum is wrong: a word is another one, or in another place",
            ));
        }
        let (_, position, language) = best;
        Err(Error::new(
            ErrorKind::MnemonicWord,
            format!("word {position} of the mnemonic is not in the {} list", language.name()),
        ))
    }

    /// The words in small letters with a space between them, in Unicode's NFKD. Whoever copies them
    /// wipes the copy.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The key at `path`. Without a passphrase it is the empty one; every passphrase gives a key,
    /// so a wrong one shows in the address only.
    ///
    /// # Errors
    /// Those of [`Secret::from_seed`], with odds of 2^-127.
    pub fn derive(
        &self,
        passphrase: Option<&Passphrase>,
        path: &DerivationPath,
    ) -> Result<Secret, Error> {
        const PREFIX: &str = "mnemonic";
        let passphrase = passphrase.map(Passphrase::as_str).unwrap_or_default();
        let mut salt = Zeroizing::new(String::with_capacity(PREFIX.len() + 12 * passphrase.len()));
        salt.push_str(PREFIX);
        salt.extend(passphrase.nfkd());
        let mut seed = Zeroizing::new([0; 64]);
        pbkdf2::pbkdf2_hmac::<Sha512>(
            self.as_str().as_bytes(),
            salt.as_bytes(),
            SEED_ROUNDS,
            seed.as_mut_slice(),
        );
        Secret::from_seed(seed.as_slice(), path)
    }

    /// What Substrate makes keys of: the first 32 bytes of PBKDF2 over the entropy, where BIP-39 has
    /// the words (substrate-bip39, `seed_from_entropy`). The password is taken as it is. None if a
    /// word is not in the English list, the only one that Substrate reads.
    pub fn substrate_seed(&self, password: &Passphrase) -> Option<Zeroizing<[u8; 32]>> {
        let mut bits = Zeroizing::new([0; BITS_LENGTH]);
        let mut count = 0;
        for word in self.as_str().split(' ') {
            let index = Language::English.index_vartime(word)?;
            for bit in 0..11 {
                let at = 11 * count + bit;
                bits[at / 8] |= ((index >> (10 - bit) & 1) as u8) << (7 - at % 8);
            }
            count += 1;
        }
        let entropy = &bits[..count * 4 / 3];
        let mut salt = Zeroizing::new(String::with_capacity(8 + password.as_str().len()));
        salt.push_str("mnemonic");
        salt.push_str(password.as_str());
        let mut seed = Zeroizing::new([0; 32]);
        let (salt, seed_bytes) = (salt.as_bytes(), seed.as_mut_slice());
        pbkdf2::pbkdf2_hmac::<Sha512>(entropy, salt, SEED_ROUNDS, seed_bytes);
        Some(seed)
    }

    fn from_indices(indices: &[u16], language: Language) -> Self {
        let mut text = Zeroizing::new(String::with_capacity((MAX_WORD + 1) * MAX_WORDS));
        for index in indices {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(language.list().lines().nth(usize::from(*index)).unwrap_or_default());
        }
        Self(SecretText::new(text))
    }
}

type Indices = Zeroizing<[u16; MAX_WORDS]>;
/// 24 words of 11 bits: 32 bytes of entropy, one of checksum.
const BITS_LENGTH: usize = 33;

/// The first bits of it follow the entropy: one for every four bytes, from the top.
fn checksum(entropy: &[u8]) -> u8 {
    Sha256::digest(entropy)[0]
}

fn checksum_is_right(indices: &[u16]) -> bool {
    let mut bits = Zeroizing::new([0; BITS_LENGTH]);
    for (bit, set) in
        indices.iter().flat_map(|index| (0..11).rev().map(move |bit| index >> bit & 1)).enumerate()
    {
        bits[bit / 8] |= (set as u8) << (7 - bit % 8);
    }
    let length = indices.len() / 3 * 4;
    let unused = 8 - length / 4;
    bits[length] >> unused == checksum(&bits[..length]) >> unused
}

/// Small letters, NFKD, one space between words and none around them.
fn normalise(text: &str) -> Zeroizing<String> {
    // The longest decomposition makes 33 bytes of 3; small letters never take more than 3 for 2.
    let mut normal = Zeroizing::new(String::with_capacity(17 * text.len()));
    let mut at_gap = false;
    for letter in text.chars().flat_map(char::to_lowercase).nfkd() {
        if letter.is_whitespace() {
            at_gap = true;
        } else {
            if at_gap && !normal.is_empty() {
                normal.push(' ');
            }
            at_gap = false;
            normal.push(letter);
        }
    }
    normal
}

/// The words. Chinese, whose words have one character, may stand without spaces, as ethers has it.
fn split(normal: &str) -> Vec<&str> {
    let words: Vec<_> = normal.split(' ').filter(|word| !word.is_empty()).collect();
    let [only] = words.as_slice() else {
        return words;
    };
    let characters: Vec<_> = only.split("").filter(|character| !character.is_empty()).collect();
    let chinese = |character: &str| {
        Language::ChineseSimplified.index_vartime(character).is_some()
            || Language::ChineseTraditional.index_vartime(character).is_some()
    };
    if characters.first().is_some_and(|first| chinese(first)) { characters } else { words }
}

/// Whether text is to be taken for a mnemonic: it has several words, and some list knows one.
pub(crate) fn looks_like_mnemonic(text: &str) -> bool {
    let text = normalise(text);
    let words = split(&text);
    let knows = |word: &&str| Language::ALL.iter().any(|list| list.index_vartime(word).is_some());
    // Each word costs a look at all lists, so only as many as a mnemonic may have.
    words.len() > 1 && words.iter().take(MAX_WORDS).any(knows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_whole_and_normal() {
        for &language in Language::ALL {
            let words: Vec<_> = language.list().lines().collect();
            assert_eq!(words.len(), 1 << 11, "{language:?}");
            for (at, word) in words.iter().enumerate() {
                assert_eq!(**word, *normalise(word), "{language:?} {at}");
                assert!(word.len() <= MAX_WORD && !word.contains(' '), "{language:?} {at}");
                assert_eq!(language.index_vartime(word), Some(at as u16), "{language:?}");
            }
        }
    }
}
