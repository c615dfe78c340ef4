//! Runs each case in a process of its own, with a private token, and never longer than a minute.
//!
//! PKCS#11 has one state per process and SoftHSM reads `SOFTHSM2_CONF` once, so cases that shared
//! a process would share failures. Also used by the tests of the command line.
#![allow(dead_code, reason = "each test program uses its own part of the harness")]

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};

/// A named test case.
pub type Case = (&'static str, fn());

const CASE: &str = "OPSIGN_TEST_CASE";
pub const PIN: &str = "1234";

/// Runs the cases like libtest would; with `OPSIGN_TEST_CASE` set, runs that one and exits.
pub fn run(cases: &'static [Case]) -> ExitCode {
    if let Ok(name) = std::env::var(CASE) {
        let case = cases.iter().find(|(case, _)| *case == name);
        case.unwrap_or_else(|| panic!("no case is called {name}")).1();
        return ExitCode::SUCCESS;
    }
    let trials = cases.iter().map(|(name, _)| Trial::test(*name, || run_child(name))).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn run_child(name: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let conf = write_softhsm_conf(folder.path());
    let mut output = tempfile::tempfile()?;
    let mut child = Command::new(std::env::current_exe()?)
        .env(CASE, name)
        .env("OPSIGN_TEST_FOLDER", folder.path())
        .env("SOFTHSM2_CONF", conf)
        .env("OPSIGN_FAKE_PKCS11_CONTROL", folder.path().join("control"))
        .env("OPSIGN_FAKE_PKCS11_LOG", folder.path().join("calls"))
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > Duration::from_secs(60) {
            child.kill()?;
            child.wait()?;
            return Err(format!("{name} took more than a minute").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    output.rewind()?;
    output.read_to_string(&mut text)?;
    Err(format!("{status}\n{text}").into())
}

/// The private folder of the running case.
pub fn folder() -> PathBuf {
    std::env::var_os("OPSIGN_TEST_FOLDER").expect("run by the harness").into()
}

/// Writes the configuration of a SoftHSM with no tokens into `folder`.
pub fn write_softhsm_conf(folder: &Path) -> PathBuf {
    let tokens = folder.join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let conf = folder.join("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n\
         library.reset_on_fork = true\n",
        tokens.display()
    );
    std::fs::write(&conf, text).unwrap();
    conf
}

/// Makes a SoftHSM token in the store that `conf` names. PIN 1234.
pub fn make_token(conf: &Path, label: &str) {
    let output = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", label, "--so-pin", "5678", "--pin", PIN])
        .env("SOFTHSM2_CONF", conf)
        .output()
        .expect("softhsm2-util is needed: apt-get install softhsm2");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The SoftHSM module: `OPSIGN_TEST_PKCS11_MODULE`, or where Debian puts it.
pub fn softhsm_module() -> PathBuf {
    let places = [
        std::env::var_os("OPSIGN_TEST_PKCS11_MODULE").map(PathBuf::from),
        Some("/usr/lib/softhsm/libsofthsm2.so".into()),
        Some("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so".into()),
    ];
    let found = places.into_iter().flatten().find(|path| path.exists());
    found.expect("SoftHSM is needed: apt-get install softhsm2")
}

/// The fake module, built if need be, next to the running test.
pub fn fake_module() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/test");
    let target = profile.parent().expect("target/PROFILE");
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    build.args(["build", "--quiet", "--package", "opsign-fake-pkcs11", "--target-dir"]).arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(status.success(), "the fake PKCS#11 module does not build");
    profile.join("libopsign_fake_pkcs11.so")
}
