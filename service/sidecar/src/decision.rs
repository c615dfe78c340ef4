//! What was decided about a block, and why.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::Mode;
use crate::envelope::Envelope;
use crate::hex;
use crate::metrics::millis;
use crate::offer::Reason;

/// One block's decision.
pub(crate) struct Decision {
    pub(crate) payload_id: String,
    pub(crate) parent: [u8; 32],
    pub(crate) timestamp: u64,
    pub(crate) mode: Mode,
    /// `local`, or a builder's name. In a dry run what would have been chosen.
    pub(crate) chosen: String,
    pub(crate) local: Outcome,
    pub(crate) builders: Vec<(String, Outcome)>,
    pub(crate) took: Duration,
}

/// What came of one engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) number: Option<u64>,
    pub(crate) hash: Option<[u8; 32]>,
    pub(crate) value: Option<[u8; 32]>,
    pub(crate) gas_used: Option<u64>,
    pub(crate) transactions: Option<usize>,
    /// Why its block was not returned; none for one that is good.
    pub(crate) reason: Option<String>,
    pub(crate) took: Option<Duration>,
}

impl Outcome {
    pub(crate) fn block(block: &Envelope) -> Self {
        Self {
            number: Some(block.number),
            hash: Some(block.block_hash),
            value: Some(block.value),
            gas_used: Some(block.gas_used),
            transactions: Some(block.transactions.len()),
            reason: None,
            took: None,
        }
    }

    pub(crate) fn failed(reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::default() }
    }

    pub(crate) fn but(mut self, reason: &Reason) -> Self {
        self.reason = Some(reason.name());
        self
    }

    fn json(&self) -> Value {
        let mut fields = serde_json::Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        put("hash", self.hash.map(|hash| hex::show(&hash).into()));
        put("value", self.value.map(|value| short(&value).into()));
        put("gasUsed", self.gas_used.map(Value::from));
        put("transactions", self.transactions.map(Value::from));
        put("reason", self.reason.clone().map(Value::from));
        put("ms", self.took.map(|took| millis(took).into()));
        Value::Object(fields)
    }
}

impl Decision {
    /// The block's number, if a block came.
    pub(crate) fn number(&self) -> Option<u64> {
        let builders = self.builders.iter().find_map(|(_, outcome)| outcome.number);
        self.local.number.or(builders)
    }

    /// Why it was so, in a word: of a builder's block that it was good, of the local one what was
    /// wrong with the builders'.
    pub(crate) fn reason(&self) -> String {
        if self.chosen != "local" {
            return match &self.local.reason {
                Some(reason) => format!("local:{reason}"),
                None => "good".into(),
            };
        }
        let reasons: Vec<_> =
            self.builders.iter().filter_map(|(_, outcome)| outcome.reason.as_deref()).collect();
        reasons.join(",")
    }

    /// One line of JSON.
    pub(crate) fn line(&self) -> String {
        let builders: Vec<_> = self
            .builders
            .iter()
            .map(|(name, outcome)| {
                let mut outcome = outcome.json();
                outcome["name"] = name.as_str().into();
                outcome
            })
            .collect();
        json!({
            "number": self.number(),
            "payloadId": self.payload_id,
            "parent": hex::show(&self.parent),
            "timestamp": self.timestamp,
            "mode": self.mode,
            "chosen": self.chosen,
            "reason": self.reason(),
            "local": self.local.json(),
            "builders": builders,
            "ms": millis(self.took),
        })
        .to_string()
    }

    /// The one line of the log that a block has.
    pub(crate) fn log(&self) {
        tracing::info!(
            number = self.number(),
            payload_id = self.payload_id,
            chosen = self.chosen,
            reason = self.reason(),
            ms = millis(self.took),
            "block"
        );
    }
}

/// A number without leading zeros.
fn short(big: &[u8; 32]) -> String {
    let digits = hex::show(big);
    let digits = digits.trim_start_matches("0x").trim_start_matches('0');
    format!("0x{}", if digits.is_empty() { "0" } else { digits })
}
