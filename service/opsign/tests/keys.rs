//! Keys in every format, as a user has them: vectors, OpenSSL's own commands, a terminal.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod bench;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use bench::{Bench, text, vector};
use serde_json::Value;

/// Every case but those of seeds, which are no files: the address, or the name of the error.
#[test]
fn every_format_is_recognised_and_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/keys.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(Some(cases.len() as u64), vectors["count"].as_u64());
    let bench = Bench::new();
    let (mut keys, mut errors, mut seeds) = (0, 0, 0);
    for case in cases {
        let name = text(case, "name");
        if case["format"] == "seed" {
            seeds += 1;
            continue;
        }
        match case["input"].as_str() {
            Some(input) => bench.write("key", input),
            None => bench
                .write("key", base16ct::mixed::decode_vec(&text(case, "input_hex")[2..]).unwrap()),
        }
        private(&bench, "key");
        let mut words = vec!["--json", "key", "address", "--key", "key"];
        if let Some(passphrase) = case["passphrase"].as_str() {
            // One line end is the file's; one more would be the passphrase's.
            bench.write("password", format!("{passphrase}\n"));
            private(&bench, "password");
            words.extend(["--password-file", "password"]);
        }
        if let Some(path) = case["path"].as_str() {
            words.extend(["--hd-path", path]);
        }
        let ran = bench.run_words(words, b"");
        match case["error"].as_str() {
            None => {
                assert_eq!(ran.err, "", "{name}");
                assert_eq!(ran.expect(0).json()["address"], case["address"], "{name}");
                keys += 1;
            }
            Some("key_path_malformed") => {
                ran.expect(64).says("derivation path");
                errors += 1;
            }
            Some(error) => {
                let answer = ran.expect(65).json();
                assert_eq!(text(&answer["error"], "name"), error, "{name}");
                errors += 1;
            }
        }
    }
    assert_eq!(keys + errors + seeds, cases.len());
    assert!(keys > 170 && errors > 190 && seeds == 17, "{keys} keys, {errors} errors");
    println!("keys.json: {keys} keys, {errors} errors");
}

fn private(bench: &Bench, file: &str) {
    std::fs::set_permissions(bench.file(file), PermissionsExt::from_mode(0o600)).unwrap();
}

fn openssl(bench: &Bench, words: &str) -> Vec<u8> {
    let output = Command::new("openssl")
        .args(words.split_whitespace())
        .current_dir(bench.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn openssl_reads_what_we_write_and_we_read_what_it_writes() {
    let bench = Bench::new();
    openssl(&bench, "ecparam -name secp256k1 -genkey -out generated.pem");
    let address = bench.run("key address --key generated.pem").expect(0).out;
    for words in [
        "ec -in generated.pem -out sec1.pem",
        "ec -in generated.pem -out explicit.pem -param_enc explicit",
        "ec -in generated.pem -out compressed.pem -conv_form compressed",
        "ec -in generated.pem -outform DER -out sec1.der",
        "pkcs8 -topk8 -nocrypt -in generated.pem -out pkcs8.pem",
        "pkcs8 -topk8 -nocrypt -in explicit.pem -outform DER -out explicit.der",
    ] {
        openssl(&bench, words);
        let file = words.split("-out ").nth(1).unwrap().split(' ').next().unwrap();
        let ran = bench.run(&format!("key address --key {file}")).expect(0);
        assert_eq!(ran.out, address, "{words}");
    }
    for words in [
        "ec -aes256 -passout pass:x -in generated.pem -out encrypted.pem",
        "pkcs8 -topk8 -passout pass:x -in generated.pem -out encrypted.pem",
    ] {
        openssl(&bench, words);
        let ran = bench.run("--json key address --key encrypted.pem").expect(65);
        assert_eq!(text(&ran.json()["error"], "name"), "key_encrypted", "{words}");
    }
    openssl(&bench, "ecparam -name prime256v1 -genkey -out p256.pem");
    bench.run("key address --key p256.pem").expect(65).says("P-256, not on secp256k1");

    bench.run("key import --key own.sec1 --format sec1-pem generated.pem").expect(0);
    bench.run("key import --key own.pkcs8 --format pkcs8-pem generated.pem").expect(0);
    // Byte for byte what OpenSSL makes of the same key, and sound in its eyes.
    let own = |file: &str| std::fs::read(bench.file(file)).unwrap();
    assert_eq!(own("own.sec1"), openssl(&bench, "ec -in own.sec1"));
    assert_eq!(own("own.sec1"), own("sec1.pem"));
    assert_eq!(own("own.pkcs8"), openssl(&bench, "pkcs8 -topk8 -nocrypt -in own.pkcs8"));
    assert_eq!(own("own.pkcs8"), own("pkcs8.pem"));
    openssl(&bench, "pkey -in own.pkcs8 -check -noout");
}

#[test]
fn a_key_goes_through_every_format_and_into_a_token() {
    let bench = Bench::with_token();
    bench.write("old.pass", "correct horse\n");
    bench.write("new.pass", "battery staple");
    for file in ["old.pass", "new.pass"] {
        private(&bench, file);
    }
    let address = bench.run("key generate --key a.key").expect(0).out;
    let mut last = "a.key --source-hd-path m".to_owned();
    let import = |source: &str, file: &str, more: &str| {
        bench.run(&format!("key import --key {file} {more} {source}"))
    };
    // A path is for mnemonics: said, not ignored, and nothing is written.
    import(&last, "b.json", "--format keystore --light-kdf --password-file old.pass")
        .expect(65)
        .says("no mnemonic");
    assert!(!bench.file("b.json").exists());
    last = "a.key".into();
    let old = " --source-password-file old.pass";
    for (file, more, unlock) in [
        ("b.json", "--format keystore --light-kdf --password-file old.pass", old),
        ("c.pem", "--format pkcs8-pem", ""),
        ("d.json", "--format keystore --light-kdf --password-env OPSIGN_TEST_PASSWORD", ""),
    ] {
        let ran = import(&last, file, more).expect(0);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), (address.as_str(), ""), "{file}");
        let mode = std::fs::metadata(bench.file(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        last = format!("{file}{unlock}");
    }
    last = "d.json --source-password-env OPSIGN_TEST_PASSWORD".into();
    let ran = import(&last, "e.pem", "--format sec1-pem").expect(0);
    assert_eq!(ran.out, address);
    let ran = import("e.pem", "f.key", "").expect(0);
    assert_eq!(ran.out, address);
    assert_eq!(
        std::fs::read(bench.file("a.key")).unwrap(),
        std::fs::read(bench.file("f.key")).unwrap()
    );
    // Signing with each of them gives the same bytes.
    let sign = |key: &str| {
        let words = format!("payload sign --json --chain-id 10 --key {key} -");
        bench.run_with(&words, b"payload").expect(65);
        bench.run_with(&format!("{words} --format binary"), b"payload").expect(0).out
    };
    let signed = sign("a.key");
    for key in ["c.pem", "e.pem", "b.json --password-file old.pass"] {
        assert_eq!(sign(key), signed, "{key}");
    }
    let words = format!("--json key import --hsm-config hsm.yaml --label moved b.json{old}");
    assert_eq!(text(&bench.run(&words).expect(0).json(), "address"), address.trim());

    let list = std::fs::read_dir(bench.path()).unwrap().count();
    let (taken, code) = ("b.json", 65);
    import("a.key", taken, "--format keystore --password-file new.pass")
        .expect(code)
        .says("never overwritten");
    assert_eq!(std::fs::read_dir(bench.path()).unwrap().count(), list);
    import("a.key", "x", "--password-file new.pass").expect(64).says("--format keystore");
    import("a.key", "x", "--light-kdf").expect(64).says("--format keystore");
    import("a.key", "x", "--format mnemonic").expect(64).says("generate one");
    import("a.key", "x", "--format keystore").expect(64).says("--password-file or --password-env");
    import("a.key", "x", "--hd-path m/0").expect(64).says("mnemonics");
    bench.write("empty.pass", "\n");
    private(&bench, "empty.pass");
    import("a.key", "x", "--format keystore --password-file empty.pass").expect(65).says("empty");
    import("b.json", "x", "").expect(65).says("--source-password-file or --source-password-env");
    bench.run("key generate --hsm-config hsm.yaml --format hex").expect(64);
    bench.run("key address --hsm-config hsm.yaml --password-file old.pass").expect(64);
    assert!(!bench.file("x").exists());
}

#[test]
fn a_keystore_of_ethers_and_one_of_geth() {
    let bench = Bench::new();
    for name in ["scrypt_geth_light", "published_written_by_geth", "pbkdf2"] {
        let case = vector("keys.json", name);
        bench.write("k.json", text(&case, "input"));
        private(&bench, "k.json");
        bench.write("pass", format!("{}\n", text(&case, "passphrase")));
        std::fs::set_permissions(bench.file("pass"), PermissionsExt::from_mode(0o644)).unwrap();
        let ran = bench.run("key address --key k.json --password-file pass").expect(0);
        assert_eq!(ran.out.trim(), text(&case, "address"));
        assert!(ran.err.contains("pass can be read by others"), "{}", ran.err);
        private(&bench, "pass");
        let list = bench.run("key list --json --key-dir .").expect(0).json();
        assert_eq!(list["keys"][0]["address"], Value::Null);
        assert!(text(&list["keys"][0], "error").contains("needs its passphrase"), "{list}");
    }
    let missing = bench.run("--json key address --key k.json").expect(65).json();
    assert_eq!(text(&missing["error"], "name"), "key_passphrase_missing");
    assert!(text(&missing["error"], "message").ends_with("--password-file or --password-env"));
    bench.write("pass", "wrong");
    let wrong = bench.run("--json key address --key k.json --password-file pass").expect(65).json();
    assert_eq!(text(&wrong["error"], "name"), "key_passphrase_wrong");
    bench.run("key address --key k.json --password-env OPSIGN_NOT_SET").expect(65).says("not set");
    bench.run("key address --key k.json --password-file nothing").expect(65).says("nothing");
    bench.run("key address --key k.json --password-file pass --password-env X").expect(64);
    bench.run("key address --key k.json --password secret").expect(64);
}

#[test]
fn mnemonics() {
    let bench = Bench::new();
    bench.write("pass", "trezor");
    private(&bench, "pass");
    for (more, words, first) in [
        ("", 12, None),
        ("--words 24 --language japanese", 24, None),
        ("--words 15 --hd-path m/44h/60h/0h/0/7", 15, Some("m/44'/60'/0'/0/7")),
        ("--words 12 --password-file pass", 12, None),
    ] {
        let address = bench.run(&format!("key generate --key m --format mnemonic {more}"));
        let address = address.expect(0).out;
        let written = std::fs::read_to_string(bench.file("m")).unwrap();
        assert_eq!(written.split_whitespace().count(), words, "{more}");
        let mode = std::fs::metadata(bench.file("m")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut again = vec!["key", "address", "--key", "m"];
        if let Some(path) = first {
            again.extend(["--hd-path", path]);
            assert_ne!(bench.run("key address --key m").expect(0).out, address);
        }
        if more.contains("pass") {
            again.extend(["--password-file", "pass"]);
            assert_ne!(bench.run("key address --key m").expect(0).out, address);
        }
        assert_eq!(bench.run_words(again, b"").expect(0).out, address);
        let before = written;
        bench.run("key generate --key m --format mnemonic").expect(65).says("never overwritten");
        assert_eq!(std::fs::read_to_string(bench.file("m")).unwrap(), before);
        std::fs::remove_file(bench.file("m")).unwrap();
    }
    for wrong in [
        "--format mnemonic --words 13",
        "--format mnemonic --language klingon",
        "--format mnemonic --light-kdf",
        "--words 12",
        "--language english --format hex",
        "--format mnemonic --hd-path 44/60",
    ] {
        bench.run(&format!("key generate --key m {wrong}")).expect(64);
        assert!(!bench.file("m").exists(), "{wrong}");
    }
}

/// Runs the program on a terminal of its own; see [`shell_on_a_terminal`].
fn on_a_terminal(bench: &Bench, words: &str, lines: &[(&str, &str)]) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_opsign");
    shell_on_a_terminal(bench, &format!("'{program}' {words}"), lines)
}

/// Runs a command on a terminal that `script` of util-linux makes; types each line once its
/// question has been asked. Gives the exit code and all that the terminal showed.
fn shell_on_a_terminal(
    bench: &Bench,
    command: &str,
    lines: &[(&str, &str)],
) -> (Option<i32>, String) {
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", command, "/dev/null"])
        .current_dir(bench.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut shown, mut seen) = (Vec::new(), 0);
    for (question, line) in lines {
        loop {
            let new = String::from_utf8_lossy(&shown[seen..]).into_owned();
            if new.contains(question) {
                seen = shown.len();
                break;
            }
            let mut buffer = [0; 256];
            let read = stdout.read(&mut buffer).unwrap();
            assert!(read > 0, "never asked \"{question}\": {new}");
            shown.extend(&buffer[..read]);
        }
        stdin.write_all(line.as_bytes()).unwrap();
    }
    stdout.read_to_end(&mut shown).unwrap();
    (child.wait().unwrap().code(), String::from_utf8(shown).unwrap())
}

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let bench = Bench::new();
    let new = "key generate --key k.json --format keystore --light-kdf";
    let (first, again) = ("New passphrase of k.json: ", "The same again: ");
    let (code, shown) = on_a_terminal(&bench, new, &[(first, "open sesame\r"), (again, "open\r")]);
    assert_eq!(code, Some(65), "{shown}");
    assert!(shown.contains("differ") && !bench.file("k.json").exists());
    // With a slip corrected by the delete key.
    let typed = [(first, "open sesane\x7f\x7fme\r"), (again, "open sesame\r")];
    let (code, shown) = on_a_terminal(&bench, new, &typed);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("sesa"), "{shown}");
    let address = shown.lines().last().unwrap().trim().to_owned();
    assert!(address.starts_with("0x") && address.len() == 42, "{shown}");

    bench.write("pass", "open sesame");
    private(&bench, "pass");
    let from_file = bench.run("key address --key k.json --password-file pass").expect(0).out;
    assert_eq!(from_file.trim(), address);
    let question = "Passphrase of k.json: ";
    let ask = |line: &str| on_a_terminal(&bench, "key address --key k.json", &[(question, line)]);
    let (code, shown) = ask("open sesame\r");
    assert_eq!((code, shown.contains(&address)), (Some(0), true), "{shown}");
    let (code, shown) = ask("open sesam\r");
    assert_eq!((code, shown.contains("not this keystore's")), (Some(65), true), "{shown}");
    let (code, shown) = ask("open\x03");
    assert_eq!((code, shown.contains("no passphrase was typed")), (Some(65), true), "{shown}");
    // Nobody is asked about a key that needs no passphrase, nor about a mnemonic unless told to.
    bench.run("key generate --key m --format mnemonic").expect(0);
    let plain = bench.run("key address --key m").expect(0).out;
    let (code, shown) = on_a_terminal(&bench, "key address --key m", &[]);
    assert_eq!((code, shown.trim()), (Some(0), plain.trim()));
    let words = "key address --key m --password-prompt";
    let (code, shown) = on_a_terminal(&bench, words, &[("Passphrase of m: ", "x\r")]);
    assert_eq!((code, shown.contains(plain.trim())), (Some(0), false), "{shown}");
}

/// The terminal shows again what is typed, however the question ended.
#[test]
fn the_terminal_is_left_as_it_was() {
    let bench = Bench::new();
    let case = vector("keys.json", "scrypt_geth_light");
    bench.write("k.json", text(&case, "input"));
    private(&bench, "k.json");
    let program = env!("CARGO_BIN_EXE_opsign");
    let command =
        format!("stty -a > before; '{program}' key address --key k.json; stty -a > after");
    for line in ["x\r", "\x03"] {
        shell_on_a_terminal(&bench, &command, &[("Passphrase of k.json: ", line)]);
        let state = |file: &str| std::fs::read_to_string(bench.file(file)).unwrap();
        assert!(state("before").contains(" echo "));
        assert_eq!(state("before"), state("after"));
    }
}
