//! Publishes the lines of a log file to a Kafka topic, at least once, and reads them back.
//!
//! Whoever writes the file never waits for Kafka, or knows of it: a thread of its own follows the file
//! and keeps on disk how far it came. A broker that is away or full costs time and an alarm; lines wait
//! in the file.
//!
//! | module | what |
//! |---|---|
//! | `broker.rs` | where the topic is, and which partition a key has |
//! | `follow.rs` | the file, from where the last run ended |
//! | `position.rs` | how far that was |
//! | `publisher.rs` | the thread |
//! | `read_back.rs` | a topic's lines, each once |
#![forbid(unsafe_code)]

mod broker;
mod follow;
mod position;
mod publisher;
mod read_back;

pub use broker::{Broker, BrokerError};
pub use publisher::{Figures, Publisher, Source};
pub use read_back::{ReadBack, read_back};
