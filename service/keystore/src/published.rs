//! The audit log in Kafka: where it goes, and what was in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use opsign_publish::{Broker, BrokerError, Publisher, ReadBack, Source, read_back};
use opsign_wire::client_tls;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A topic, as configs and commands name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// HOST:PORT of some brokers.
    pub brokers: Vec<String>,
    /// Its name.
    pub topic: String,
    /// For brokers that speak TLS.
    pub tls: Option<TopicTls>,
}

/// Files for TLS to brokers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TopicTls {
    /// Who vouches for the brokers.
    pub ca: PathBuf,
    /// What is shown to them, with its key.
    pub cert: Option<PathBuf>,
    /// The certificate's key.
    pub key: Option<PathBuf>,
}

impl Topic {
    /// What can be seen to be wrong without asking anyone.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.brokers.is_empty() || self.topic.is_empty() {
            return Err("write at least one broker, and the topic".into());
        }
        for broker in &self.brokers {
            let port = broker.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
                return Err(format!("{broker} is no HOST:PORT"));
            }
        }
        Ok(())
    }

    /// Reads certificates; nothing is opened yet.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) fn broker(&self) -> Result<Broker, String> {
        self.check()?;
        let tls = match &self.tls {
            None => None,
            Some(TopicTls { ca, cert, key }) => {
                let own = match (cert, key) {
                    (Some(cert), Some(key)) => Some((&**cert, &**key)),
                    (None, None) => None,
                    _ => return Err("tls: cert and key go together".into()),
                };
                Some(Arc::new(client_tls(ca, own).map_err(|error| error.to_string())?))
            }
        };
        Ok(Broker { addresses: self.brokers.clone(), topic: self.topic.clone(), tls })
    }
}

/// What the config says of publishing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublishPlan {
    /// The audit log.
    pub(crate) file: PathBuf,
    pub(crate) position: PathBuf,
    pub(crate) topic: Topic,
}

impl PublishPlan {
    /// # Errors
    /// One sentence. A broker that is away is none.
    pub(crate) fn start(&self) -> Result<Publisher, String> {
        let source =
            Source { file: self.file.clone(), position: self.position.clone(), key: "public_key" };
        Publisher::start(source, self.topic.broker()?)
    }
}

/// What a topic says of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeyReport {
    /// The time of its first line.
    pub first: String,
    /// The time of its last line.
    pub last: String,
    /// How often each came out: `done`, `observed`, or why not.
    pub outcomes: BTreeMap<String, u64>,
}

impl KeyReport {
    fn add(&mut self, time: String, outcome: String) {
        // As text 12:00:00Z comes behind 12:00:00.5Z.
        let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        if self.first.is_empty() || at(&time) < at(&self.first) {
            self.first.clone_from(&time);
        }
        if at(&time) > at(&self.last) {
            self.last = time;
        }
        *self.outcomes.entry(outcome).or_default() += 1;
    }
}

/// What a topic says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// By public key, `none` for lines without one.
    pub keys: BTreeMap<String, KeyReport>,
    /// How many lines that was.
    pub read: ReadBack,
}

/// Reads a topic from its beginning. `each` gets every line once, until it fails.
///
/// # Errors
/// One sentence: files that cannot be used, what Kafka says, or what `each` says.
pub fn replay(
    topic: &Topic,
    mut each: impl FnMut(&str) -> Result<(), String>,
) -> Result<Replayed, String> {
    #[derive(Deserialize)]
    struct Line {
        time: String,
        public_key: Option<String>,
        outcome: String,
    }
    let broker = topic.broker()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let mut keys: BTreeMap<String, KeyReport> = BTreeMap::new();
    let mut taken = Ok(());
    let read = runtime.block_on(read_back(&broker, |bytes| {
        if taken.is_ok() {
            taken = each(&String::from_utf8_lossy(bytes));
        }
        let Ok(line) = serde_json::from_slice::<Line>(bytes) else { return };
        let key = keys.entry(line.public_key.unwrap_or_else(|| "none".into())).or_default();
        key.add(line.time, line.outcome);
    }));
    let read = read.map_err(|error: BrokerError| error.to_string())?;
    taken?;
    Ok(Replayed { keys, read })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_goes_by_time_in_whatever_order_lines_come() {
        let mut report = KeyReport::default();
        for (second, outcome) in [(".5", "done"), ("", "slot_taken"), (".25", "done")] {
            report.add(format!("2026-11-21T12:00:00{second}Z"), outcome.into());
        }
        assert_eq!(report.first, "2026-11-21T12:00:00Z");
        assert_eq!(report.last, "2026-11-21T12:00:00.5Z");
        assert_eq!(report.outcomes, [("done".into(), 2), ("slot_taken".into(), 1)].into());
    }
}
