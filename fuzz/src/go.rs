//! Beside op-geth and op-node, which run in a process of their own: a line is asked, a line is
//! answered. `scripts/fuzz.sh` builds the program from `vectors/generate/cmd/lines`.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use opsign_core::tx::{SignedTransaction, Transaction};
use opsign_core::{Error, Rules, SecretKey, Signature, Signer, U256, hazmat};

use crate::gossip;

struct Go {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Go {
    fn start() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/fuzz/lines");
        let mut process = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{path}: {error}; scripts/fuzz.sh builds it"));
        let questions = process.stdin.take().expect("it is piped");
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        Self { process, questions, answers }
    }

    fn ask(&mut self, question: &str) -> String {
        self.questions.write_all(question.as_bytes()).expect("the process reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the process answers");
        assert!(answer.ends_with('\n'), "the process ended at {question}");
        answer.truncate(answer.len() - 1);
        answer
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks in one line and gives the one that comes back.
fn ask(words: &[&str]) -> String {
    thread_local! {
        static GO: RefCell<Option<Go>> = const { RefCell::new(None) };
    }
    let question = words.join(" ") + "\n";
    GO.with_borrow_mut(|go| go.get_or_insert_with(Go::start).ask(&question))
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}

/// op-geth's reading of a transaction: its hash and sender.
pub fn geth_tx(data: &[u8]) {
    let ours = SignedTransaction::decode(data);
    let theirs = ask(&["tx", &hex(data)]);
    let mut words = theirs.split(' ');
    match (words.next(), ours) {
        (Some("refused"), Err(_)) => {}
        (Some("read"), Ok(ours)) => {
            assert_eq!(words.next(), Some(&ours.hash().to_string()[..]));
            let sender = ours.sender().map(|sender| sender.to_string());
            let sender = sender.as_deref().unwrap_or("-");
            // Its signer panics on chain 0.
            if !has_chain_0(ours.transaction()) {
                assert_eq!(words.next(), Some(sender), "{theirs}");
            }
        }
        // The differences that docs/design.md names.
        (Some("read"), Err(Error::RlpTooLarge { .. } | Error::TransactionType { kind: 0x7d })) => {
            assert_eq!(words.nth(2).is_some_and(|odd| odd == "odd"), true, "{theirs}");
        }
        (_, ours) => panic!("op-geth says {theirs}, we say {ours:?}"),
    }
}

fn has_chain_0(transaction: &Transaction<'_>) -> bool {
    let id = match transaction {
        Transaction::Legacy(tx) => tx.chain_id,
        Transaction::AccessList(tx) => Some(tx.chain_id),
        Transaction::DynamicFee(tx) => Some(tx.chain_id),
        Transaction::Blob(tx) => Some(tx.chain_id),
        Transaction::SetCode(tx) => Some(tx.chain_id),
        _ => None,
    };
    id.is_some_and(|id| *id.as_u256() == U256::ZERO)
}

/// `hash[32] ‖ signature of any length`: who signed, by op-geth's `SigToPub`.
pub fn geth_recover(data: &[u8]) {
    let Some((hash, signature)) = data.split_first_chunk::<32>() else { return };
    let ours = hazmat::signing_hash(hash)
        .and_then(|hash| Signature::from_bytes(signature, Rules::Consensus)?.recover(&hash))
        .map_or("refused".to_owned(), |key| key.address().to_string());
    assert_eq!(ask(&["recover", &hex(hash), &hex(signature)]), ours);
}

/// `secret key[32] ‖ hash[32]`: the same 65 bytes.
pub fn geth_sign(data: &[u8]) {
    let Some((key, hash)) = data.split_first_chunk::<32>() else { return };
    let Some(hash) = hash.first_chunk::<32>() else { return };
    let ours = SecretKey::from_bytes(key)
        .and_then(|key| key.sign(&hazmat::signing_hash(hash)?))
        .map_or("refused".to_owned(), |signature| signature.to_string());
    assert_eq!(ask(&["sign", &hex(key), &hex(hash)]), ours);
}

/// op-node's verdict on a message made as `gossip` makes it.
pub fn op_node_gossip(data: &[u8]) {
    let Some(question) = gossip::question(data) else { return };
    let ours = gossip::answer(&question).verdict().name();
    let signer = gossip::signer();
    let (topic, now) = (question.topic.to_string(), question.now.to_string());
    let (chain, signer) =
        (gossip::CHAIN.to_string(), opsign_core::Signer::address(&signer).to_string());
    let theirs = ask(&["gossip", &topic, &chain, &signer, &now, &hex(&question.message)]);
    let verdict = theirs.split(' ').next();
    assert_eq!(verdict, Some(ours), "{theirs}");
}
