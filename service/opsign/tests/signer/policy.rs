//! What a config lets a client have signed: each rule with what it allows and what it refuses.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Bench, ONE, PLAIN, payload};
use crate::wire::{Connection, wait_until};

const TO: &str = "0xff00000000000000000000000000000000000010";
const OTHER: &str = "0x00000000000000000000000000000000000000ff";

fn blob() -> Value {
    let hashes = [format!("0x01{:062x}", 1), format!("0x01{:062x}", 2)];
    json!({"maxFeePerBlobGas": "0x64", "blobVersionedHashes": hashes})
}

fn set_code() -> Value {
    json!({"authorizationList": [{
        "chainId": "0xa", "address": TO, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"
    }]})
}

#[test]
fn each_rule_of_transactions_allows_and_refuses() {
    let creation = json!({"to": null, "input": "0x600160025b"});
    let call = json!({"input": "0xa9059cbb00"});
    let code = -32011;
    // The rule, a change of the transaction that it allows, one that it refuses, and how.
    let cases: Vec<(String, Value, Value, &str, &str)> = vec![
        (
            "".into(),
            json!({}),
            creation.clone(),
            "contract creation not authorized",
            "contract_creation",
        ),
        (
            "contractCreation: true".into(),
            creation.clone(),
            json!({"chainId": "0xb"}),
            "unexpected chainId",
            "chain_id",
        ),
        (
            "methods: [transaction]".into(),
            json!({}),
            json!({"chainId": "0x1"}),
            "unexpected chainId",
            "chain_id",
        ),
        (
            format!("toAddresses: [\"{TO}\"]"),
            json!({}),
            json!({"to": OTHER}),
            "to address not authorized",
            "to_address",
        ),
        (
            format!("toAddresses: [\"{TO}\"]\n  contractCreation: true"),
            json!({}),
            creation,
            "to address not authorized",
            "to_address",
        ),
        (
            "maxValue: \"0x10\"".into(),
            json!({}),
            json!({"value": "0x11"}),
            "value exceeds maximum",
            "value",
        ),
        (
            "maxValue: 16".into(),
            json!({"value": null}),
            json!({"value": "0x11"}),
            "value exceeds maximum",
            "value",
        ),
        (
            "maxFeePerGas: 100".into(),
            json!({}),
            json!({"maxFeePerGas": "0x65"}),
            "maxFeePerGas exceeds maximum",
            "fee",
        ),
        ("maxGas: 21000".into(), json!({}), json!({"gas": "0x5209"}), "gas exceeds maximum", "gas"),
        (
            "maxFeePerBlobGas: 100".into(),
            blob(),
            {
                let mut more = blob();
                more["maxFeePerBlobGas"] = "0x65".into();
                more
            },
            "maxFeePerBlobGas exceeds maximum",
            "blob_fee",
        ),
        ("maxBlobs: 1".into(), json!({}), blob(), "too many blobs", "blobs"),
        (
            "maxBlobs: 2".into(),
            blob(),
            {
                let mut more = blob();
                more["blobVersionedHashes"]
                    .as_array_mut()
                    .unwrap()
                    .push(format!("0x01{:062x}", 3).into());
                more
            },
            "too many blobs",
            "blobs",
        ),
        (
            "transactionTypes: [3]".into(),
            blob(),
            json!({}),
            "transaction type not authorized",
            "transaction_type",
        ),
        (
            "transactionTypes: [2]".into(),
            json!({}),
            set_code(),
            "transaction type not authorized",
            "transaction_type",
        ),
        (
            "selectors: [\"0xa9059cbb\"]".into(),
            call.clone(),
            json!({}),
            "function selector not authorized",
            "selector",
        ),
        (
            "selectors: [\"0xa9059cbb\"]".into(),
            call.clone(),
            json!({"input": "0xa9059cbc"}),
            "function selector not authorized",
            "selector",
        ),
        (
            "selectors: [\"0xa9059cbb\"]".into(),
            call.clone(),
            json!({"input": "0xa9059c"}),
            "function selector not authorized",
            "selector",
        ),
        (
            "selectors: [\"0x\"]".into(),
            json!({}),
            call.clone(),
            "function selector not authorized",
            "selector",
        ),
        (
            "selectors: [\"0x\"]".into(),
            json!({"input": "0x"}),
            json!({"input": "0x00"}),
            "function selector not authorized",
            "selector",
        ),
        (
            format!("delegates: [\"{TO}\"]"),
            set_code(),
            {
                let mut more = set_code();
                more["authorizationList"][0]["address"] = OTHER.into();
                more
            },
            "delegation not authorized",
            "delegate",
        ),
        ("delegates: []".into(), json!({}), set_code(), "delegation not authorized", "delegate"),
        (
            "validFrom: 2020-01-01T00:00:00Z".into(),
            json!({}),
            json!({"chainId": "0xb"}),
            "unexpected chainId",
            "chain_id",
        ),
    ];
    // Each case is a client of its own in one config.
    let mut config = "provider: LOCAL\nauth:\n".to_owned();
    for (index, (rule, ..)) in cases.iter().enumerate() {
        config += &format!("- name: c{index}.local\n  key: key.hex\n  chainID: 10\n  {rule}\n");
    }
    let bench = Bench::new();
    let signer = bench.start(&config);
    let mut refusals = std::collections::BTreeMap::new();
    for (index, (rule, allowed, refused, message, reason)) in cases.iter().enumerate() {
        let client = bench.client(&[&format!("c{index}.local")]);
        let mut connection = Connection::open(signer.address, &client).unwrap();
        connection
            .sign_transaction(allowed.clone())
            .unwrap_or_else(|error| panic!("{rule}: {error:?}"));
        let answer = connection.sign_transaction(refused.clone());
        assert_eq!(answer, Err((code, (*message).to_owned())), "{rule}");
        *refusals.entry(*reason).or_insert(0) += 1;
    }
    for (reason, count) in refusals {
        let name = format!("opsign_refusals_total{{reason=\"{reason}\"}}");
        assert_eq!(signer.metric(&name), f64::from(count), "{name}");
    }
    assert_eq!(cases.len(), 22);
}

#[test]
fn methods_and_times_refuse_the_whole_call() {
    let far = "2999-01-01T00:00:00Z";
    let rules = [
        ("blocks.local", "methods: [block_payload]".to_owned()),
        ("batcher.local", "methods: [transaction]".to_owned()),
        ("early.local", format!("validFrom: {far}")),
        ("late.local", "validUntil: 2020-01-01T00:00:00Z".to_owned()),
        ("now.local", format!("validFrom: 2020-01-01T00:00:00Z\n  validUntil: {far}")),
    ];
    let mut config = "provider: LOCAL\nauth:\n".to_owned();
    for (name, rule) in &rules {
        config += &format!("- name: {name}\n  key: key.hex\n  chainID: 10\n  {rule}\n");
    }
    let bench = Bench::new();
    let signer = bench.start(&config);
    let ask = |name: &str| {
        let mut connection = Connection::open(signer.address, &bench.client(&[name])).unwrap();
        (connection.sign_payload(10).err(), connection.sign_transaction(json!({})).err())
    };
    let error = |code: i64, message: &str| Some((code, message.to_owned()));
    let (method, time) = ("method not authorized", "not authorized at this time");
    assert_eq!(ask("blocks.local"), (None, error(-32011, method)));
    assert_eq!(ask("batcher.local"), (error(-32013, method), None));
    assert_eq!(ask("early.local"), (error(-32013, time), error(-32011, time)));
    assert_eq!(ask("late.local"), (error(-32013, time), error(-32011, time)));
    assert_eq!(ask("now.local"), (None, None));
    let forbidden = "Forbidden: client 'nobody.local' is not authorized to use any keys";
    assert_eq!(ask("nobody.local"), (error(-32000, forbidden), error(-32000, forbidden)));
}

#[test]
fn domains_and_chains_of_block_payloads() {
    let (zero, own) = (format!("0x{:064x}", 0), format!("0x{:064x}", 7));
    let config = format!(
        "provider: LOCAL\nauth:\n- name: usual.local\n  key: key.hex\n  chainID: 10\n\
         - name: other.local\n  key: key.hex\n  chainID: 10\n  domains: [\"{own}\"]\n\
         - name: both.local\n  key: key.hex\n  chainID: 10\n  domains: [\"{zero}\", \"{own}\"]\n\
         - name: chainless.local\n  key: key.hex\n"
    );
    let bench = Bench::new();
    let signer = bench.start(&config);
    let ask = |name: &str, domain: &str, chain: u64| {
        let mut connection = Connection::open(signer.address, &bench.client(&[name])).unwrap();
        let mut argument = payload(chain);
        argument["domain"] = domain.into();
        let answer = connection.rpc("opsigner_signBlockPayloadV2", json!([argument]));
        answer.map(|_| ()).map_err(|(code, message)| {
            assert_eq!(code, -32013);
            message
        })
    };
    let wrong_domain = Err("domain not authorized".to_owned());
    let wrong_chain = Err("unexpected chainId".to_owned());
    assert_eq!(ask("usual.local", &zero, 10), Ok(()));
    assert_eq!(ask("usual.local", &own, 10), wrong_domain);
    assert_eq!(ask("usual.local", &zero, 11), wrong_chain);
    assert_eq!(ask("other.local", &own, 10), Ok(()));
    assert_eq!(ask("other.local", &zero, 10), wrong_domain);
    assert_eq!(ask("both.local", &own, 10), Ok(()));
    assert_eq!(ask("both.local", &zero, 10), Ok(()));
    assert_eq!(ask("chainless.local", &zero, 10), wrong_chain, "no chain, no blocks");
}

#[test]
fn a_rate_allows_a_burst_and_fills_up_again() {
    let config = format!("{PLAIN}  rate:\n    blockTimeMs: 400\n    burst: 3\n");
    let bench = Bench::new();
    let signer = bench.start(&config);
    let mut connection = bench.connect(&signer);
    let limited = |error: (i64, String)| {
        assert_eq!(error, (-32013, "rate limit exceeded".to_owned()));
    };
    // What is refused otherwise takes nothing from the rate.
    for _ in 0..5 {
        connection.sign_payload(11).unwrap_err();
    }
    let start = std::time::Instant::now();
    let mut signed = 0;
    let refused = loop {
        match connection.sign_payload(10) {
            Ok(_) => signed += 1,
            Err(error) => break error,
        }
    };
    limited(refused);
    let gained = start.elapsed().as_millis() / 400;
    assert!((3..=3 + gained).contains(&signed), "{signed} signed, {gained} gained");
    let error = connection.sign_transaction(json!({})).err();
    if start.elapsed().as_millis() / 400 == gained {
        assert_eq!(error, Some((-32011, "rate limit exceeded".to_owned())), "one rate for both");
    }
    wait_until("the rate to let one more through", || connection.sign_payload(10).is_ok());
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[test]
fn the_first_name_counts_or_any() {
    let bench = Bench::new();
    let forbidden = |client: &str| {
        (-32000, format!("Forbidden: client '{client}' is not authorized to use any keys"))
    };
    let signer = bench.start(PLAIN);
    let open = |names: &[&str], address| Connection::open(address, &bench.client(names)).unwrap();
    open(&["client.local", "other.local"], signer.address).assert_signs(ONE);
    let mut second = open(&["other.local", "client.local"], signer.address);
    assert_eq!(second.sign_payload(10), Err(forbidden("other.local")));
    let mut capitals = open(&["CLIENT.LOCAL"], signer.address);
    assert_eq!(capitals.sign_payload(10), Err(forbidden("CLIENT.LOCAL")));
    let mut wildcard = open(&["*.local"], signer.address);
    assert_eq!(wildcard.sign_payload(10), Err(forbidden("*.local")), "a name like any other");
    drop(signer);

    let signer = bench.start(&format!("{PLAIN}clientNames: any\n"));
    open(&["other.local", "client.local"], signer.address).assert_signs(ONE);
    let mut none = open(&["other.local", "another.local"], signer.address);
    assert_eq!(none.sign_payload(10), Err(forbidden("other.local")));
}
