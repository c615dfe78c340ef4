//! The formats in which a new key file can be written.

use clap::{Args, ValueEnum};
use opsign_core::Address;
use opsign_keys::{Language, Mnemonic, ScryptCost, Secret, WordCount, system_random};

use crate::failure::Failure;
use crate::key_file::{KeyFile, create, refuse_existing};

/// What a new file looks like.
#[derive(Args)]
pub(crate) struct NewFormat {
    /// The format of the new file. Without it: hex.
    #[arg(long, value_enum, conflicts_with = "hsm_config")]
    format: Option<FormatName>,
    /// Make a keystore that takes 4 MiB of memory to open instead of 256: faster for everybody,
    /// also for those who guess its passphrase.
    #[arg(long, conflicts_with = "hsm_config")]
    light_kdf: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// 64 hex digits, as geth and op-node read it.
    Hex,
    /// SEC 1 in PEM, as `openssl ec` writes it.
    Sec1Pem,
    /// PKCS#8 in PEM, unencrypted, as `openssl pkey` writes it.
    Pkcs8Pem,
    /// An Ethereum keystore of version 3, encrypted with a passphrase.
    Keystore,
    /// A mnemonic (BIP-39), for new keys only.
    Mnemonic,
}

/// What a new mnemonic looks like.
#[derive(Args)]
pub(crate) struct NewMnemonic {
    /// How many words a new mnemonic has: 12, 15, 18, 21 or 24. Without it: 12.
    #[arg(long, value_name = "NUMBER", conflicts_with = "hsm_config", value_parser = word_count)]
    words: Option<WordCount>,
    /// The language of a new mnemonic. Without it: English, which every wallet reads.
    #[arg(long, value_enum, conflicts_with = "hsm_config")]
    language: Option<LanguageName>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LanguageName {
    English,
    Spanish,
    French,
    Italian,
    Portuguese,
    Czech,
    Japanese,
    Korean,
    ChineseSimplified,
    ChineseTraditional,
}

/// Makes a random key and writes it to a new file.
pub(crate) fn generate(
    file: &KeyFile<'_>,
    format: &NewFormat,
    mnemonic: &NewMnemonic,
) -> Result<Address, Failure> {
    if format.format == Some(FormatName::Mnemonic) {
        if format.light_kdf {
            return Err(only_for_keystores("--light-kdf is"));
        }
        return generate_mnemonic(file, mnemonic);
    }
    if mnemonic.words.is_some() || mnemonic.language.is_some() {
        return Err(Failure::usage("--words and --language are for --format mnemonic"));
    }
    // Before the random numbers are taken, since a passphrase may have to be typed.
    refuse_existing(file.path)?;
    write(file, format, &Secret::generate(system_random)?)
}

/// Writes a key to a new file.
pub(crate) fn write(
    file: &KeyFile<'_>,
    format: &NewFormat,
    secret: &Secret,
) -> Result<Address, Failure> {
    refuse_existing(file.path)?;
    if file.hd_path.is_some() {
        return Err(Failure::usage("--hd-path is for mnemonics"));
    }
    let format_name = format.format.unwrap_or(FormatName::Hex);
    if format_name != FormatName::Keystore {
        if format.light_kdf {
            return Err(only_for_keystores("--light-kdf is"));
        }
        if file.passphrase.is_said() {
            return Err(only_for_keystores("a passphrase for the new file is"));
        }
    }
    match format_name {
        FormatName::Hex => create(file.path, secret.to_hex().as_str())?,
        FormatName::Sec1Pem => create(file.path, secret.to_sec1_pem().as_str())?,
        FormatName::Pkcs8Pem => create(file.path, secret.to_pkcs8_pem().as_str())?,
        FormatName::Keystore => {
            let cost = if format.light_kdf { ScryptCost::LIGHT } else { ScryptCost::STANDARD };
            let shown = file.path.display().to_string();
            let passphrase = file.passphrase.read_new(&shown)?;
            let passphrase = passphrase.ok_or_else(|| {
                let failure = Failure::usage(format!("{shown}: a keystore needs a passphrase"));
                failure.and("give --password-file or --password-env")
            })?;
            let keystore = secret.to_keystore(&passphrase, cost, system_random)?;
            create(file.path, &keystore)?;
        }
        FormatName::Mnemonic => {
            return Err(Failure::usage("a key cannot be turned into a mnemonic: generate one"));
        }
    }
    Ok(secret.address())
}

fn generate_mnemonic(file: &KeyFile<'_>, wanted: &NewMnemonic) -> Result<Address, Failure> {
    refuse_existing(file.path)?;
    let words = wanted.words.unwrap_or(WordCount::Twelve);
    let language = wanted.language.map_or(Language::English, LanguageName::language);
    // Asked for before the mnemonic exists; only if told to, since few have one.
    let passphrase = if file.passphrase.is_said() {
        file.passphrase.read_new(&file.path.display().to_string())?
    } else {
        None
    };
    let mnemonic = Mnemonic::generate(words, language, system_random)?;
    let path = file.hd_path.cloned().unwrap_or_default();
    let address = mnemonic.derive(passphrase.as_ref(), &path)?.address();
    create(file.path, mnemonic.as_str())?;
    Ok(address)
}

fn only_for_keystores(what: &str) -> Failure {
    Failure::usage(format!("{what} for --format keystore"))
}

fn word_count(text: &str) -> Result<WordCount, &'static str> {
    match text {
        "12" => Ok(WordCount::Twelve),
        "15" => Ok(WordCount::Fifteen),
        "18" => Ok(WordCount::Eighteen),
        "21" => Ok(WordCount::TwentyOne),
        "24" => Ok(WordCount::TwentyFour),
        _ => Err("give 12, 15, 18, 21 or 24"),
    }
}

impl LanguageName {
    const fn language(self) -> Language {
        match self {
            Self::English => Language::English,
            Self::Spanish => Language::Spanish,
            Self::French => Language::French,
            Self::Italian => Language::Italian,
            Self::Portuguese => Language::Portuguese,
            Self::Czech => Language::Czech,
            Self::Japanese => Language::Japanese,
            Self::Korean => Language::Korean,
            Self::ChineseSimplified => Language::ChineseSimplified,
            Self::ChineseTraditional => Language::ChineseTraditional,
        }
    }
}
