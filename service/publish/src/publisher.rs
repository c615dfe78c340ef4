//! The thread that publishes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::DateTime;
use rskafka::client::partition::{Compression, PartitionClient};
use rskafka::record::Record;
use serde_json::Value;

use crate::broker::{Broker, BrokerError, partition_of, within};
use crate::follow::{Follow, Lines};
use crate::position::Position;
use crate::read_back::LINE;

/// How often the file is looked at, and Kafka is tried again.
const LOOK: Duration = Duration::from_millis(200);

/// An alarm that goes on is raised again after this.
const AGAIN: Duration = Duration::from_secs(60);

/// What is published.
#[derive(Clone, Debug)]
pub struct Source {
    /// The log: lines of JSON that are only ever added.
    pub file: PathBuf,
    /// Where the position is kept; its folder is there.
    pub position: PathBuf,
    /// The member of a line whose text is the record's key. Lines without it have none.
    pub key: &'static str,
}

/// What a publisher has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Lines that Kafka has taken.
    pub published: u64,
    /// Bytes of the file that it has not.
    pub waiting: u64,
    /// Kafka or the file is in the way just now.
    pub failing: bool,
}

#[derive(Default)]
struct Shared {
    published: AtomicU64,
    waiting: AtomicU64,
    failing: AtomicBool,
}

/// A running publisher. It stops when it is dropped, without waiting for Kafka.
pub struct Publisher {
    shared: Arc<Shared>,
    thread: Mutex<Thread>,
}

struct Thread {
    /// Dropped to stop it.
    stop: Option<SyncSender<()>>,
    done: Receiver<()>,
}

impl Publisher {
    /// Starts the thread. Kafka need not be there.
    ///
    /// # Errors
    /// One sentence: the position cannot be read or written, or there is no thread.
    pub fn start(source: Source, broker: Broker) -> Result<Self, String> {
        let position = Position::read(&source.position)?;
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = sync_channel(1);
        let (ended, done) = sync_channel(1);
        let follow = Follow::new(&source.file);
        let worker = Worker {
            source,
            broker,
            position,
            follow,
            shared: Arc::clone(&shared),
            partitions: Vec::new(),
            alarmed: None,
        };
        std::thread::Builder::new()
            .name("publish".into())
            .spawn(move || {
                worker.run(&stopped);
                // Nobody may wait for it.
                let _ = ended.send(());
            })
            .map_err(|error| format!("no thread to publish: {error}"))?;
        Ok(Self { shared, thread: Mutex::new(Thread { stop: Some(stop), done }) })
    }

    /// What it has done so far.
    pub fn figures(&self) -> Figures {
        Figures {
            published: self.shared.published.load(Ordering::Relaxed),
            waiting: self.shared.waiting.load(Ordering::Relaxed),
            failing: self.shared.failing.load(Ordering::Relaxed),
        }
    }

    /// Lets it publish what is in the file, and ends it; true if that was done within `patience`. The
    /// rest is for the next run.
    pub fn stop(&self, patience: Duration) -> bool {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.stop = None;
        thread.done.recv_timeout(patience).is_ok() && self.figures().waiting == 0
    }
}

struct Worker {
    source: Source,
    broker: Broker,
    position: Position,
    follow: Follow,
    shared: Arc<Shared>,
    /// Empty while there is no connection.
    partitions: Vec<PartitionClient>,
    alarmed: Option<Instant>,
}

impl Worker {
    fn run(mut self, stop: &Receiver<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return self.alarm(&error.to_string()),
        };
        loop {
            let worked = match self.follow.next(&mut self.position) {
                Ok(None) => {
                    self.calm();
                    false
                }
                Ok(Some(lines)) => match runtime.block_on(self.publish(&lines)) {
                    Ok(()) => self.advance(&lines),
                    Err(error) => {
                        self.partitions.clear();
                        self.alarm(&error.to_string());
                        false
                    }
                },
                Err(error) => {
                    self.alarm(&format!("{}: {error}", self.source.file.display()));
                    false
                }
            };
            let waiting = self.follow.waiting(&self.position);
            self.shared.waiting.store(waiting, Ordering::Relaxed);
            if !worked && stop.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Hands lines to Kafka, and returns when all in-sync replicas have them.
    async fn publish(&mut self, lines: &Lines) -> Result<(), BrokerError> {
        if self.partitions.is_empty() {
            self.partitions = self.broker.open().await?;
        }
        let mut records: Vec<Vec<Record>> = self.partitions.iter().map(|_| Vec::new()).collect();
        for (offset, line) in &lines.lines {
            let value: Value = serde_json::from_slice(line).unwrap_or_default();
            let key = value[self.source.key].as_str().map(|key| key.as_bytes().to_vec());
            let place = partition_of(key.as_deref().unwrap_or_default(), records.len());
            let name = format!("{}:{}:{offset}", self.position.publisher, self.position.inode);
            records[place].push(Record {
                key,
                value: Some(line.clone()),
                headers: BTreeMap::from([(LINE.to_owned(), name.into_bytes())]),
                timestamp: DateTime::from(std::time::SystemTime::now()),
            });
        }
        for (partition, records) in self.partitions.iter().zip(records) {
            within(async { Ok(partition.produce(records, Compression::NoCompression).await?) })
                .await?;
        }
        Ok(())
    }

    /// False if the position cannot be kept: then the same lines are published again, and again.
    fn advance(&mut self, lines: &Lines) -> bool {
        let before = std::mem::replace(&mut self.position.offset, lines.offset);
        if let Err(error) = self.position.write(&self.source.position) {
            self.position.offset = before;
            self.alarm(&format!("{}: {error}", self.source.position.display()));
            return false;
        }
        self.shared.published.fetch_add(lines.lines.len() as u64, Ordering::Relaxed);
        self.calm();
        true
    }

    fn calm(&mut self) {
        if self.alarmed.take().is_some() {
            tracing::info!(topic = self.broker.topic, "publishing again");
        }
        self.shared.failing.store(false, Ordering::Relaxed);
    }

    fn alarm(&mut self, what: &str) {
        self.shared.failing.store(true, Ordering::Relaxed);
        if self.alarmed.is_none_or(|then| then.elapsed() >= AGAIN) {
            self.alarmed = Some(Instant::now());
            tracing::error!(
                topic = self.broker.topic,
                waiting = self.follow.waiting(&self.position),
                "ALARM: nothing is published: {what}"
            );
        }
    }
}
