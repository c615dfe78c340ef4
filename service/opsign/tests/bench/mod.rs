//! A private folder in which the program runs, and what it said.
#![allow(dead_code, reason = "each test program uses its own part of the bench")]

#[path = "../../../../hsm/tests/harness/mod.rs"]
mod harness;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub use harness::PIN;
use harness::{fake_module, make_token, softhsm_module, write_softhsm_conf};
use serde_json::Value;
use tempfile::TempDir;

/// A private folder to run the program in.
pub struct Bench {
    folder: TempDir,
}

pub struct Ran {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A bench with a SoftHSM token and a configuration `hsm.yaml` for it.
    pub fn with_token() -> Self {
        let bench = Self::new();
        make_token(&write_softhsm_conf(bench.path()), "tok");
        bench.write("pin", PIN);
        let module = softhsm_module();
        bench.write("hsm.yaml", config(&module, "tok", "sequencer"));
        bench
    }

    /// A bench with the fake module.
    pub fn with_fake(behaviour: &str) -> Self {
        let bench = Self::new();
        bench.write("pin", PIN);
        bench.write("hsm.yaml", config(&fake_module(), "fake", "sequencer"));
        bench.write("control", behaviour);
        bench
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), contents).unwrap();
    }

    /// A key file that the program takes without a warning.
    pub fn write_key(&self, name: &str, contents: &str) {
        self.write(name, contents);
        std::fs::set_permissions(self.file(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// Runs `opsign` with these words, split at spaces, and nothing on standard input.
    pub fn run(&self, words: &str) -> Ran {
        self.run_with(words, b"")
    }

    pub fn run_with(&self, words: &str, input: &[u8]) -> Ran {
        self.run_words(words.split_whitespace(), input)
    }

    pub fn run_words<'a>(&self, words: impl IntoIterator<Item = &'a str>, input: &[u8]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opsign"))
            .args(words)
            .current_dir(self.path())
            .env("SOFTHSM2_CONF", self.file("softhsm2.conf"))
            .env("OPSIGN_FAKE_PKCS11_CONTROL", self.file("control"))
            .env("OPSIGN_TEST_PIN", PIN)
            .env("OPSIGN_TEST_PASSWORD", "an open secret")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // Beside the reading, since the program answers before it has read everything. It may
            // also refuse without reading, which closes the pipe.
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output().unwrap()
        });
        let Output { status, stdout, stderr } = output;
        Ran {
            code: status.code(),
            signal: status.signal(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

fn config(module: &Path, token: &str, key: &str) -> String {
    let module = module.display();
    format!(
        "module: {module}\ntoken:\n  label: {token}\npin:\n  file: pin\nkey:\n  label: {key}\n\
         deadline_ms: 5000\n"
    )
}

impl Ran {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "should say \"{text}\", said: {}", self.err);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let lines = self.out.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

pub fn vector(file: &str, name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(file);
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == name);
    case.unwrap_or_else(|| panic!("{file} has no case {name}")).clone()
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}
