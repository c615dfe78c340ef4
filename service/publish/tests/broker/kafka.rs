//! A real broker, on loopback.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use opsign_publish::Broker;
use rskafka::BackoffConfig;
use rskafka::client::ClientBuilder;
use tempfile::TempDir;

/// For whatever a busy machine has to do.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A broker that was formatted, and runs or not. Killed when dropped.
pub struct Kafka {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Kafka {
    /// Formats a broker, without starting it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, controller) = (free_port(), free_port());
        let properties = format!(
            "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\ncontroller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\nauto.create.topics.enable=false\n\
             offsets.topic.replication.factor=1\nlog.dirs={}\n",
            folder.path().join("data").display()
        );
        std::fs::write(folder.path().join("server.properties"), properties).unwrap();
        let kafka = Self { folder, port, child: None };
        let format = ["kafka.tools.StorageTool", "format", "-t", "b3BzaWduLXRlc3RzLTAwMQ", "-c"];
        assert!(kafka.java(&format).status().unwrap().success(), "{}", kafka.log());
        kafka
    }

    /// Starts it, and waits until it answers.
    pub fn start(&mut self) {
        self.child = Some(self.java(&["kafka.Kafka"]).spawn().unwrap());
        let end = Instant::now() + PATIENCE;
        while !self.answers() {
            assert!(Instant::now() < end, "no broker: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// As the system kills it.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn topic(&self, topic: &str) -> Broker {
        Broker {
            addresses: vec![format!("127.0.0.1:{}", self.port)],
            topic: topic.to_owned(),
            tls: None,
        }
    }

    pub fn create(&self, topic: &str, partitions: i32) {
        let made = wait(async {
            let client = self.client().build().await?;
            let timeout = i32::try_from(PATIENCE.as_millis()).unwrap();
            client.controller_client()?.create_topic(topic, partitions, 1, timeout).await
        });
        made.unwrap();
    }

    fn answers(&self) -> bool {
        wait(async { self.client().build().await.is_ok() })
    }

    fn client(&self) -> ClientBuilder {
        let deadline = Some(Duration::from_millis(500));
        ClientBuilder::new(vec![format!("127.0.0.1:{}", self.port)])
            .backoff_config(BackoffConfig { deadline, ..BackoffConfig::default() })
    }

    fn java(&self, words: &[&str]) -> Command {
        let jars = std::env::var("OPSIGN_KAFKA").expect("OPSIGN_KAFKA: run scripts/kafka.sh");
        assert!(Path::new(&jars).is_dir(), "{jars} is no folder of jars: run scripts/kafka.sh");
        let log = File::options().append(true).create(true).open(self.log_file()).unwrap();
        let mut java = Command::new("java");
        java.args(["-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp"])
            .arg(format!("{jars}/*"))
            .args(words)
            .arg(self.folder.path().join("server.properties"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        java
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs a future to its end.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
