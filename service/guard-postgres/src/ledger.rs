//! The guard's ledger on PostgreSQL.

use std::time::Duration;

use opsign_guard::{Head, Ledger, StoreError};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::Config;
use zeroize::Zeroizing;

use crate::address::{Address, BadAddress};
use crate::connection::Connection;
use crate::tls::Rustls;

/// A record in a PostgreSQL database.
pub struct Postgres {
    config: Config,
    address: Address,
    tls: Option<Rustls>,
    name: String,
    timeout: Duration,
    runtime: Runtime,
    connection: Option<Connection>,
}

impl Postgres {
    /// How long a call may take, and a request may wait while the database does not answer.
    pub const PATIENCE: Duration = Duration::from_secs(2);

    /// A database that is connected to with the first call.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn new(address: &Address) -> Result<Self, BadAddress> {
        let (config, tls) = address.config()?;
        let tls = match &address.ca {
            Some(ca) if tls => Some(Rustls::new(ca).map_err(BadAddress)?),
            _ => None,
        };
        // One thread at a time, the caller's: there is nothing to do between calls.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| BadAddress(format!("the database's client: {error}")))?;
        let name = Address::name(&config);
        let address = address.clone();
        let timeout = Self::PATIENCE;
        Ok(Self { config, address, tls, name, timeout, runtime, connection: None })
    }

    /// Another limit for calls than [`Postgres::PATIENCE`].
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes a call on the connection, which is made if there is none, and given up if it fails.
    fn call<T: Send>(
        &mut self,
        doing: &'static str,
        time: Duration,
        call: impl AsyncFnOnce(&mut Connection, &str) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let Self { config, address, tls, name, timeout, runtime, connection } = self;
        let run = || {
            runtime.block_on(async {
                let mut open = match connection.take() {
                    Some(open) => open,
                    None => {
                        let config = with_password(config, address)?;
                        let opening = Connection::open(&config, tls.as_ref(), *timeout);
                        limited(*timeout, "connecting", opening).await?
                    }
                };
                let value = limited(time, doing, call(&mut open, name)).await?;
                *connection = Some(open);
                Ok(value)
            })
        };
        if Handle::try_current().is_err() {
            return run();
        }
        // A start from within an async program, whose threads cannot run another runtime.
        std::thread::scope(|threads| threads.spawn(run).join())
            .unwrap_or_else(|_| Err(failed(doing, "a bug in the database's client")))
    }
}

impl Ledger for Postgres {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn create(&mut self, head: &Head, cells: &[u8]) -> Result<(), StoreError> {
        let time = self.time_for(cells);
        self.call("making the record", time, async |open, name| {
            open.create(head, cells, name).await
        })
    }

    fn head(&mut self) -> Result<Head, StoreError> {
        self.call("reading the head", self.timeout, async |open, name| open.head(name).await)
    }

    fn begin(&mut self) -> Result<Head, StoreError> {
        self.call("beginning a turn", self.timeout, async |open, name| open.begin(name).await)
    }

    fn commit(&mut self, cells: &[u8], head: &Head) -> Result<(), StoreError> {
        let time = self.time_for(cells);
        self.call("writing events", time, async |open, _| open.commit(cells, head).await)
    }

    fn abandon(&mut self) -> Result<(), StoreError> {
        self.call("ending a turn", self.timeout, async |open, _| open.abandon().await)
    }

    fn read(&mut self, after: u64, most: usize) -> Result<Vec<u8>, StoreError> {
        let read = async |open: &mut Connection, name: &str| open.read(after, most, name).await;
        self.call("reading events", self.timeout, read)
    }
}

impl Postgres {
    /// An import or a compaction writes many cells at once.
    fn time_for(&self, cells: &[u8]) -> Duration {
        self.timeout * (1 + cells.len() as u32 / (1 << 20))
    }
}

async fn limited<T>(
    time: Duration,
    doing: &'static str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(time, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(failed(doing, "no answer in time")),
    }
}

fn with_password(config: &Config, address: &Address) -> Result<Config, StoreError> {
    let mut config = config.clone();
    if let Some(path) = &address.password_file {
        let doing = "reading the password's file";
        let text = std::fs::read(path)
            .map_err(|error| StoreError::Database { doing, error: Box::new(error) })?;
        let text = Zeroizing::new(text);
        config.password(text.trim_ascii_end());
    }
    Ok(config)
}

fn failed(doing: &'static str, error: &'static str) -> StoreError {
    StoreError::Database { doing, error: error.into() }
}
