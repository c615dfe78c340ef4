//! Where the topic is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rskafka::BackoffConfig;
use rskafka::client::partition::{PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rustls::ClientConfig;

/// For one step of a conversation with Kafka, with its own retries.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A topic of a Kafka cluster.
#[derive(Clone)]
pub struct Broker {
    /// HOST:PORT of some brokers; the others are learned from them.
    pub addresses: Vec<String>,
    /// The topic. It is not made here.
    pub topic: String,
    /// For brokers that speak TLS.
    pub tls: Option<Arc<ClientConfig>>,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("addresses", &self.addresses)
            .field("topic", &self.topic)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

/// Why Kafka did not do what it was asked; `Display` is one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerError {
    /// No broker answered in time.
    Away,
    /// The cluster does not have the topic.
    NoTopic(String),
    /// What it says, or why it cannot be understood.
    Failed(String),
}

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away => write!(f, "no broker answered within {} s", PATIENCE.as_secs()),
            Self::NoTopic(topic) => write!(f, "there is no topic {topic}: create it"),
            Self::Failed(what) => write!(f, "Kafka: {what}"),
        }
    }
}

impl std::error::Error for BrokerError {}

impl From<rskafka::client::error::Error> for BrokerError {
    fn from(error: rskafka::client::error::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Broker {
    /// Opens the topic's partitions, in their order.
    pub(crate) async fn open(&self) -> Result<Vec<PartitionClient>, BrokerError> {
        within(async {
            let backoff =
                BackoffConfig { deadline: Some(PATIENCE / 2), ..BackoffConfig::default() };
            let mut builder = ClientBuilder::new(self.addresses.clone())
                .client_id("opsign")
                .backoff_config(backoff);
            if let Some(tls) = &self.tls {
                builder = builder.tls_config(Arc::clone(tls));
            }
            let client: Client = builder.build().await?;
            let topics = client.list_topics().await?;
            let topic = topics.into_iter().find(|topic| topic.name == self.topic);
            let topic = topic.ok_or_else(|| BrokerError::NoTopic(self.topic.clone()))?;
            let mut partitions = Vec::new();
            for partition in topic.partitions {
                let unknown = UnknownTopicHandling::Error;
                partitions.push(client.partition_client(&*self.topic, partition, unknown).await?);
            }
            if partitions.is_empty() {
                return Err(BrokerError::NoTopic(self.topic.clone()));
            }
            Ok(partitions)
        })
        .await
    }
}

/// Gives up after [`PATIENCE`].
pub(crate) async fn within<T>(
    step: impl Future<Output = Result<T, BrokerError>>,
) -> Result<T, BrokerError> {
    tokio::time::timeout(PATIENCE, step).await.unwrap_or(Err(BrokerError::Away))
}

/// The partition of a key, as Kafka's own clients choose it (`BuiltInPartitioner`): murmur2 without the
/// sign. Lines of one key so stay in order.
pub(crate) fn partition_of(key: &[u8], partitions: usize) -> usize {
    (murmur2(key) & 0x7fff_ffff) as usize % partitions
}

/// MurmurHash2 with Kafka's seed (`Utils.murmur2`).
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(data.len()).unwrap_or(u32::MAX);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kafka's own cases (`UtilsTest.testMurmur2`).
    #[test]
    fn keys_have_the_partitions_that_kafkas_clients_give_them() {
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
        assert_eq!(partition_of(b"21", 1), 0);
        assert_eq!(partition_of(b"21", 7), ((-973_932_308_i32) & 0x7fff_ffff) as usize % 7);
    }
}
