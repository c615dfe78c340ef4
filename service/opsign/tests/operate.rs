//! What an operator is told is true: the table of settings, the sample config, the dashboard and
//! the alerts, held against the config's own types and a running signer.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../../../hsm/tests/harness/mod.rs"]
mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use harness::{PIN, make_token, softhsm_module, write_softhsm_conf};
use opsign_keys::{Passphrase, ScryptCost, Secret, system_random};
use serde_json::Value;
use tempfile::TempDir;

const OPSIGN: &str = env!("CARGO_BIN_EXE_opsign");

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(project(path)).unwrap()
}

/// A struct's fields as the config file spells them, with their types.
type Fields = Vec<(String, String)>;

/// The structs of `config.rs` that are read from the file.
fn config_structs() -> BTreeMap<String, Fields> {
    let source = read("service/signer/src/config.rs");
    let mut structs = BTreeMap::new();
    for block in source.split("\nstruct File").skip(1) {
        let (name, rest) = block.split_once(' ').unwrap();
        let body = rest.split("\n}").next().unwrap();
        let mut fields = Vec::new();
        let mut renamed = None;
        for line in body.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("#[serde(rename = \"") {
                renamed = Some(name.trim_end_matches("\")]").to_owned());
            } else if !line.starts_with(['#', '/', '{'])
                && let Some((name, kind)) = line.split_once(": ")
            {
                fields.push((renamed.take().unwrap_or_else(|| camel(name)), kind.to_owned()));
            }
        }
        assert!(!fields.is_empty(), "File{name} has no fields");
        structs.insert(format!("File{name}"), fields);
    }
    structs
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |all, word| all + &word[..1].to_uppercase() + &word[1..])
}

/// Every setting with its path, as `auth.keys.module`.
fn settings() -> BTreeSet<String> {
    fn walk(
        structs: &BTreeMap<String, Fields>,
        name: &str,
        prefix: &str,
        out: &mut BTreeSet<String>,
    ) {
        for (field, kind) in &structs[name] {
            let path = format!("{prefix}{field}");
            let inner = kind.split(['<', '>', ',']).find(|word| word.starts_with("File"));
            if let Some(inner) = inner {
                walk(structs, inner, &format!("{path}."), out);
            }
            out.insert(path);
        }
    }
    let mut out = BTreeSet::new();
    walk(&config_structs(), "File", "", &mut out);
    assert!(out.len() >= 50, "config.rs is read wrongly: {out:?}");
    out
}

#[test]
fn the_table_of_settings_has_every_one_and_no_other() {
    let text = read("docs/operate.md");
    let section = text.split("\n## Settings\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let named: BTreeSet<String> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(named, settings());
}

#[test]
fn the_sample_has_every_setting() {
    fn walk(value: &Value, prefix: &str, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let path = format!("{prefix}{name}");
                    walk(value, &format!("{path}."), out);
                    out.insert(path);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, prefix, out)),
            _ => {}
        }
    }
    let sample: Value = serde_saphyr::from_str(&read("service/signer/config.sample.yaml")).unwrap();
    let mut named = BTreeSet::new();
    walk(&sample, "", &mut named);
    assert_eq!(named, settings());
}

/// The sample with the keys, tokens and certificates that it names.
#[test]
fn the_sample_is_a_config_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let module = softhsm_module().display().to_string();
    let sample = read("service/signer/config.sample.yaml");
    let config = sample.replace("/usr/lib/softhsm/libsofthsm2.so", &module);
    fs::write(at("config.yaml"), config).unwrap();
    let one = format!("{:064x}\n", 1);
    let conf = write_softhsm_conf(folder.path());
    let run = |words: &str| {
        let output = Command::new(OPSIGN)
            .args(words.split(' '))
            .current_dir(&folder)
            .env("SOFTHSM2_CONF", &conf)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}: {error}");
        String::from_utf8(output.stdout).unwrap()
    };
    fs::write(at("one"), &one).unwrap();
    for name in ["a", "b"] {
        make_token(&conf, &format!("hsm-{name}"));
        fs::write(at(&format!("pin-{name}.txt")), PIN).unwrap();
        let yaml = format!(
            "module: {module}\ntoken:\n  label: hsm-{name}\npin:\n  file: pin-{name}.txt\nkey:\n  \
             label: op-mainnet\n"
        );
        fs::write(at("hsm.yaml"), yaml).unwrap();
        run("key import --hsm-config hsm.yaml one");
    }
    fs::create_dir(at("keys")).unwrap();
    fs::write(at("keys/batcher.pem"), &one).unwrap();
    // The fourth account of the mnemonic that everybody's tests use.
    let fourth: [u8; 32] = [
        0x7c, 0x85, 0x21, 0x18, 0x29, 0x4e, 0x51, 0xe6, 0x53, 0x71, 0x2a, 0x81, 0xe0, 0x58, 0x00,
        0xf4, 0x19, 0x14, 0x17, 0x51, 0xbe, 0x58, 0xf6, 0x05, 0xc3, 0x71, 0xe1, 0x51, 0x41, 0xb0,
        0x07, 0xa6,
    ];
    let keystore = Secret::from_bytes(&fourth)
        .unwrap()
        .to_keystore(&Passphrase::new("a password"), ScryptCost::LIGHT, system_random)
        .unwrap();
    fs::write(at("keys/challenger.json"), keystore).unwrap();
    fs::write(at("keys/challenger.password"), "a password\n").unwrap();
    let junk = "test ".repeat(11) + "junk";
    fs::write(at("keys/challenger.mnemonic"), junk).unwrap();
    run("certs --out tls --server localhost");
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let umask = status.lines().find_map(|line| line.strip_prefix("Umask:")).unwrap();
    let umask = u32::from_str_radix(umask.trim(), 8).unwrap();
    for (file, mode) in
        [("ca.crt", 0o644), ("tls.crt", 0o644), ("ca.key", 0o600), ("tls.key", 0o600)]
    {
        let found = fs::metadata(at("tls").join(file)).unwrap();
        let found = std::os::unix::fs::MetadataExt::mode(&found) & 0o777;
        assert_eq!(found, mode & !umask, "{file}");
    }
    run("guard init --record guard --anchor guard-anchor");
    let said = run("check-config");
    for line in [
        "sequencer.example.org: block_payload with 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf \
         (pkcs11:hsm-a/op-mainnet, then pkcs11:hsm-b/op-mainnet), chain 10",
        "batcher.example.org: transaction with 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        "challenger.example.org: transaction, block_payload with \
         0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    ] {
        assert!(said.contains(line), "no line {line} in: {said}");
    }
}

/// A signer of `--dev`, stopped when dropped.
struct Running {
    folder: TempDir,
    child: Child,
    port: u16,
    metrics_port: u16,
}

impl Running {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(OPSIGN)
            .args(["signer", "--dev=dev", "--rpc.port=0", "--metrics.enabled"])
            .args(["--metrics.addr=127.0.0.1", "--metrics.port=0", "--log.format=logfmt"])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ports = BTreeMap::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while ports.len() < 2 {
            let line = lines.next().expect("the signer ends early").unwrap();
            for word in ["metrics", "listening"] {
                if let Some(rest) = line.split_once(&format!("msg={word} ")) {
                    let address = rest.1.split_once("address=127.0.0.1:").unwrap().1;
                    let port: u16 = address.split(' ').next().unwrap().parse().unwrap();
                    ports.insert(word, port);
                }
            }
        }
        // Or the signer would wait for somebody to read on.
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, child, port: ports["listening"], metrics_port: ports["metrics"] }
    }

    fn call(&self, json: &str) -> String {
        let url = format!("https://localhost:{}", self.port);
        curl(
            self.folder.path(),
            &[
                "--cacert",
                "dev/ca.crt",
                "--cert",
                "dev/sequencer.crt",
                "--key",
                "dev/sequencer.key",
                "--header",
                "Content-Type: application/json",
                "--data",
                json,
                &url,
            ],
        )
    }

    fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.metrics_port);
        curl(self.folder.path(), &[&url])
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn curl(folder: &Path, words: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "10"])
        .args(words)
        .current_dir(folder)
        .output()
        .expect("curl is needed: apt-get install curl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A metric's labels; of a histogram `_bucket`, `_sum` and `_count` are metrics too.
type Families = BTreeMap<String, BTreeSet<String>>;

/// Ours and op-signer's, after each of them has been made to count something.
fn families() -> Families {
    let signer = Running::start();
    let zeros = "0".repeat(64);
    let ones = "1".repeat(64);
    let signed = signer.call(&format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"opsigner_signBlockPayloadV2","params":[{{"domain":"0x{zeros}","chainId":"901","payloadHash":"0x{ones}"}}]}}"#
    ));
    assert!(signed.contains("\"result\""), "{signed}");
    let refused = signer.call(
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_signTransaction","params":[{"gas":"0x1"}]}"#,
    );
    assert!(refused.contains("-32010"), "{refused}");
    // A connection that speaks no TLS is cut; a file that changes is loaded anew.
    drop(std::net::TcpStream::connect(("127.0.0.1", signer.port)).unwrap());
    let config = signer.folder.path().join("dev/config.yaml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n")).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    let mut text = signer.metrics();
    while !(text.contains("opsign_reloads_total{")
        && text.contains("opsign_connections_cut_total{"))
    {
        assert!(Instant::now() < end, "no reload or no cut connection is counted:\n{text}");
        std::thread::sleep(Duration::from_millis(100));
        text = signer.metrics();
    }
    let mut families = Families::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let labels = line.split_once('{').map_or("", |(_, rest)| rest);
        let labels = labels.split("=\"").filter_map(|part| part.rsplit(['{', ',', ' ']).next());
        let labels = labels.filter(|label| label.chars().all(|c| c.is_alphabetic() || c == '_'));
        families.entry(name.to_owned()).or_default().extend(labels.map(str::to_owned));
    }
    families
}

/// The expressions under every `"expr"` of a dashboard.
fn expressions(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "expr" => out.push(text.clone()),
                    value => expressions(value, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, out)),
        _ => {}
    }
}

fn metrics_in(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .filter(|word| ["signer_", "opsign_", "process_"].iter().any(|p| word.starts_with(p)))
        .map(str::to_owned)
        .collect()
}

/// The labels that an expression groups by or asks for; Prometheus adds two, histograms one.
fn labels_in(text: &str) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    for rest in text.split("by (").skip(1) {
        let list = rest.split(')').next().unwrap();
        labels.extend(list.split(',').map(|label| label.trim().to_owned()));
    }
    for rest in text.split('{').skip(1) {
        let list = rest.split('}').next().unwrap();
        for part in list.split(',') {
            labels.insert(part.split(['=', '!']).next().unwrap().trim().to_owned());
        }
    }
    for common in ["job", "instance", "le"] {
        labels.remove(common);
    }
    labels
}

#[test]
fn the_dashboard_and_the_alerts_name_what_the_signer_counts() {
    let families = families();
    let dashboard: Value = serde_json::from_str(&read("docs/grafana/opsign.json")).unwrap();
    let mut shown = Vec::new();
    expressions(&dashboard, &mut shown);
    assert!(shown.len() >= 25, "the dashboard lost its panels: {}", shown.len());
    let rules = read("docs/prometheus/opsign.rules.yml");
    let alerts: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .map(str::to_owned)
        .collect();
    assert!(alerts.len() >= 6, "alerts are lost: {}", alerts.len());

    for expression in shown.iter().chain(&alerts) {
        let named = metrics_in(expression);
        assert!(!named.is_empty(), "no metric: {expression}");
        for name in &named {
            let labels = families.get(name);
            let labels = labels.unwrap_or_else(|| panic!("no metric {name}: {expression}"));
            for label in labels_in(expression) {
                assert!(labels.contains(&label), "{name} has no label {label}: {expression}");
            }
        }
    }

    // A histogram is shown by its buckets or its sum; the rest of the process is node_exporter's.
    let family = |name: &str| {
        let bare = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        bare.filter(|bare| families.contains_key(&format!("{bare}_bucket")))
            .unwrap_or(name)
            .to_owned()
    };
    let shown: BTreeSet<String> =
        shown.iter().flat_map(|text| metrics_in(text)).map(|name| family(&name)).collect();
    let ours: BTreeSet<String> = families
        .keys()
        .filter(|name| !name.starts_with("process_"))
        .map(|name| family(name))
        .collect();
    assert!(ours.len() >= 20, "metrics are read wrongly: {ours:?}");
    let unseen: Vec<_> = ours.difference(&shown).collect();
    assert!(unseen.is_empty(), "no panel shows {unseen:?}");
}
