//! What the tests tell the module, and what it tells them.
//!
//! The control file is read again at every call. Replace it by renaming a new file over it: a file
//! rewritten in place is empty for a moment, and an empty file means good behaviour.

use std::collections::BTreeMap;
use std::env::var_os;
use std::fs::{OpenOptions, read_to_string};
use std::io::{ErrorKind, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cryptoki_sys::{CK_RV, CK_ULONG};

const CONTROL: &str = "OPSIGN_FAKE_PKCS11_CONTROL";
const LOG: &str = "OPSIGN_FAKE_PKCS11_LOG";
const LONGEST_HANG: Duration = Duration::from_secs(60);

/// Lines of the form `name`. The crate's documentation says what each one does.
const FLAGS: &str = "hang abort corrupt corrupt_r zero_r zero_s s_is_order all_ones wrong_key \
    wrong_hash replay high_s low_s der raw_point compressed_point bad_point no_public other_curve \
    ed25519 numbered_curve weak_point hedged two_keys empty extractable imported pin_count_low \
    pin_final_try pin_locked session_closed removed";

/// Lines of the form `name=number`, decimal or `0x` hexadecimal.
const NUMBERS: &str = "slow short long claim fail_initialize fail_token_info fail_open_session \
    fail_login fail_find fail_create fail_sign_init fail_sign";

/// The control file as it was when read.
pub(crate) struct Control(BTreeMap<String, CK_ULONG>);

impl Control {
    /// Reads the control file. No variable, no file or an empty one: behave well.
    ///
    /// A line that is not understood stops the process, because a test whose misspelled fault is
    /// ignored would pass for nothing.
    pub(crate) fn read() -> Self {
        let Some(path) = var_os(CONTROL) else {
            return Self(BTreeMap::new());
        };
        let text = match read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
            Err(e) => die(&format!("the control file cannot be read: {e}")),
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Self(lines.map(parse).collect())
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        assert!(lists(FLAGS, flag), "{flag} is not in FLAGS");
        self.0.contains_key(flag)
    }

    pub(crate) fn number(&self, name: &str) -> Option<CK_ULONG> {
        assert!(lists(NUMBERS, name), "{name} is not in NUMBERS");
        self.0.get(name).copied()
    }

    /// The error that this step is to return, if any.
    pub(crate) fn fail(&self, name: &str) -> Result<(), CK_RV> {
        self.number(name).map_or(Ok(()), Err)
    }
}

/// Sleeps, hangs or aborts, as the control file says.
pub(crate) fn obey_delays() {
    let mut control = Control::read();
    if let Some(ms) = control.number("slow") {
        sleep(Duration::from_millis(ms));
    }
    let start = Instant::now();
    while control.has("hang") && start.elapsed() < LONGEST_HANG {
        sleep(Duration::from_millis(5));
        control = Control::read();
    }
    if control.has("abort") {
        std::process::abort();
    }
}

/// Appends the name of the function to the log, in one write so that threads do not mix.
pub(crate) fn record(function: &str) {
    let Some(path) = var_os(LOG) else { return };
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{function}\n").as_bytes()));
    if let Err(e) = written {
        die(&format!("the log cannot be written: {e}"));
    }
}

fn parse(line: &str) -> (String, CK_ULONG) {
    let known = match line.split_once('=') {
        None if lists(FLAGS, line) => Some((line, 0)),
        Some((name, value)) if lists(NUMBERS, name) => number(value).map(|n| (name, n)),
        _ => None,
    };
    match known {
        Some((name, value)) => (name.to_owned(), value),
        None => die(&format!("the control file has an unknown line: {line}")),
    }
}

fn lists(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|listed| listed == name)
}

fn number(text: &str) -> Option<CK_ULONG> {
    match text.strip_prefix("0x") {
        Some(hex) => CK_ULONG::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn die(why: &str) -> ! {
    eprintln!("fake PKCS#11 module: {why}");
    std::process::abort()
}
