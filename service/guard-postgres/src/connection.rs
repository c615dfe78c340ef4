//! One connection and the statements on it.

use std::time::Duration;

use opsign_guard::{Cluster, Head, StoreError};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Socket, Statement};

use crate::tls::Rustls;

/// The oldest major version of PostgreSQL that its makers still mend.
const LEAST: u32 = 14;

/// The version of `schema.sql`.
pub(crate) const SCHEMA: i32 = 1;

/// Everything that makes a turn's answer trustworthy is read with the head itself, so that a
/// setting that is changed while the server runs is noticed before the next grant.
const HEAD: &str = "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
    current_setting('synchronous_commit'), current_setting('synchronous_standby_names'), \
    version, store, base, base_link, sequence, link FROM opsign_guard.head";

/// The same settings before there is a head.
const SETTINGS: &str = "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
    current_setting('synchronous_commit'), current_setting('synchronous_standby_names')";

/// The cells behind one, as one value: a row for each would take four times as long.
const READ: &str = "SELECT string_agg(cell, ''::bytea ORDER BY sequence) FROM \
    (SELECT sequence, cell FROM opsign_guard.cells WHERE sequence > $1 ORDER BY sequence LIMIT $2) \
    AS cells";

const INSERT: &str = "INSERT INTO opsign_guard.cells (sequence, cell) \
    SELECT $1::bigint + i, substr($2::bytea, (i - 1) * 256 + 1, 256) \
    FROM generate_series(1, $3::int) AS i";

const MOVE: &str = "UPDATE opsign_guard.head SET base = $1, base_link = $2, sequence = $3, \
    link = $4 WHERE sequence = $5 AND link = $6";

/// A statement takes at most so many cells.
const PIECE: usize = 8192;

pub(crate) struct Connection {
    client: Client,
    head: Option<[Statement; 4]>,
    system: u64,
    timeline: u32,
    /// The head at the beginning of the turn.
    turn: Option<Head>,
}

impl Connection {
    /// Connects, and makes sure that the server is one to trust.
    pub(crate) async fn open(
        config: &Config,
        tls: Option<&Rustls>,
        timeout: Duration,
    ) -> Result<Self, StoreError> {
        let client = match tls {
            Some(tls) => connect(config, tls.clone()).await?,
            None => connect(config, NoTls).await?,
        };
        let limit = timeout.as_millis();
        // A signer that stops in its turn must not keep the others from theirs.
        let settings = format!(
            "SET lock_timeout = {limit}; SET statement_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}; SET search_path = pg_catalog",
            2 * limit,
            2 * limit
        );
        let asked = failed("asking the server what it is");
        client.batch_execute(&settings).await.map_err(&asked)?;
        let sql = "SELECT current_setting('server_version_num')::int, pg_is_in_recovery()";
        let row = client.query_one(sql, &[]).await.map_err(&asked)?;
        let version: i32 = get(&row, 0)?;
        let version = u32::try_from(version).unwrap_or_default();
        if version < LEAST * 10_000 {
            return Err(StoreError::ServerVersion { found: version, least: LEAST });
        }
        if get(&row, 1)? {
            return Err(StoreError::Standby);
        }
        // The control file's timeline is the last checkpoint's, which a promotion does not wait
        // for; the name of the file that is being written has the one that counts.
        let sql = "SELECT system_identifier, \
            ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int \
            FROM pg_control_system()";
        let row = client.query_one(sql, &[]).await.map_err(&asked)?;
        let (system, timeline): (i64, i32) = (get(&row, 0)?, get(&row, 1)?);
        let (system, timeline) = (system.cast_unsigned(), timeline.cast_unsigned());
        Ok(Self { client, head: None, system, timeline, turn: None })
    }

    /// The statements, which can be prepared once the tables are there.
    async fn statements(&mut self, name: &str) -> Result<[Statement; 4], StoreError> {
        if let Some(statements) = &self.head {
            return Ok(statements.clone());
        }
        let prepare = async |sql: &str| {
            self.client.prepare(sql).await.map_err(|error| match error.code() {
                Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME) => {
                    StoreError::Missing { path: name.into() }
                }
                _ => database("preparing a statement", error),
            })
        };
        let statements = [
            prepare(&format!("{HEAD} FOR UPDATE")).await?,
            prepare(READ).await?,
            prepare(INSERT).await?,
            prepare(MOVE).await?,
        ];
        self.head = Some(statements.clone());
        Ok(statements)
    }

    pub(crate) async fn head(&mut self, name: &str) -> Result<Head, StoreError> {
        self.statements(name).await?;
        let row = self.client.query_opt(HEAD, &[]).await.map_err(failed("reading the head"))?;
        self.read_head(row, name)
    }

    pub(crate) async fn begin(&mut self, name: &str) -> Result<Head, StoreError> {
        let [head, ..] = self.statements(name).await?;
        // Both are under way at once, and are taken in this order.
        let begin = self.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        let (begun, row) = tokio::join!(begin, self.client.query_opt(&head, &[]));
        begun.map_err(failed("beginning a transaction"))?;
        let row = row.map_err(failed("locking the head"))?;
        let head = self.read_head(row, name)?;
        self.turn = Some(head);
        Ok(head)
    }

    pub(crate) async fn abandon(&mut self) -> Result<(), StoreError> {
        self.turn.take().ok_or_else(no_turn)?;
        // A commit would be a sync for the row's lock.
        self.client.batch_execute("ROLLBACK").await.map_err(failed("ending a transaction"))
    }

    pub(crate) async fn commit(&mut self, cells: &[u8], new: &Head) -> Result<(), StoreError> {
        let old = self.turn.take().ok_or_else(no_turn)?;
        let [_, _, insert, step] = self.statements("").await?;
        let inserting = failed("writing cells");
        let mut after = int(new.sequence)? - int((cells.len() / 256) as u64)?;
        let mut pieces: Vec<&[u8]> = cells.chunks(PIECE * 256).collect();
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            let count = count(piece);
            let done = self.client.execute(&insert, &[&after, &piece, &count]).await;
            expect(done.map_err(&inserting)?, count as u64)?;
            after += i64::from(count);
        }
        // The last piece, the head and the commit are under way at once, and are taken in this
        // order. If one fails, so do those behind it, and PostgreSQL makes a rollback of the commit
        // without calling it an error: so all three have to succeed.
        let number = count(last);
        let (base, sequence) = (int(new.base)?, int(new.sequence)?);
        let (base_link, link) = (&new.base_link[..], &new.link[..]);
        let (was, was_link) = (int(old.sequence)?, &old.link[..]);
        let insert_values: [&(dyn ToSql + Sync); 3] = [&after, &last, &number];
        let step_values: [&(dyn ToSql + Sync); 6] =
            [&base, &base_link, &sequence, &link, &was, &was_link];
        let (inserted, moved, committed) = tokio::join!(
            self.client.execute(&insert, &insert_values),
            self.client.execute(&step, &step_values),
            self.client.batch_execute("COMMIT"),
        );
        expect(inserted.map_err(&inserting)?, number as u64)?;
        expect(moved.map_err(failed("moving the head"))?, 1)?;
        committed.map_err(failed("committing"))
    }

    pub(crate) async fn read(
        &mut self,
        after: u64,
        most: usize,
        name: &str,
    ) -> Result<Vec<u8>, StoreError> {
        let [_, read, ..] = self.statements(name).await?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let row = self.client.query_one(&read, &[&int(after)?, &most]).await;
        let row = row.map_err(failed("reading cells"))?;
        Ok(get::<Option<Vec<u8>>>(&row, 0)?.unwrap_or_default())
    }

    /// Makes the tables, with a head and cells in them.
    pub(crate) async fn create(
        &mut self,
        head: &Head,
        cells: &[u8],
        name: &str,
    ) -> Result<(), StoreError> {
        let row = self.client.query_one(SETTINGS, &[]).await;
        check_settings(&row.map_err(failed("reading the server's settings"))?)?;
        let making = failed("making the tables");
        self.client
            .batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            .await
            .map_err(&making)?;
        self.client.batch_execute(include_str!("schema.sql")).await.map_err(|error| match error
            .code()
        {
            Some(&SqlState::DUPLICATE_TABLE) => StoreError::Exists { path: name.into() },
            _ => database("making the tables", error),
        })?;
        let header = Head { sequence: head.base, link: head.base_link, ..*head };
        let sql = "INSERT INTO opsign_guard.head \
            (version, store, base, base_link, sequence, link) VALUES ($1, $2, $3, $4, $5, $6)";
        let (store, link) = (&head.store[..], &header.link[..]);
        let (base, sequence) = (int(header.base)?, int(header.sequence)?);
        self.client
            .execute(sql, &[&SCHEMA, &store, &base, &link, &sequence, &link])
            .await
            .map_err(&making)?;
        self.turn = Some(header);
        self.commit(cells, head).await
    }

    fn read_head(&self, row: Option<Row>, name: &str) -> Result<Head, StoreError> {
        let row = row.ok_or_else(|| StoreError::Missing { path: name.into() })?;
        let synchronous = check_settings(&row)?;
        let version = get(&row, 4)?;
        if version != SCHEMA {
            return Err(StoreError::SchemaVersion { found: version, known: SCHEMA });
        }
        let number = |at| get::<i64>(&row, at).map(i64::cast_unsigned);
        let Self { system, timeline, .. } = *self;
        Ok(Head {
            store: bytes(&row, 5)?,
            base: number(6)?,
            base_link: bytes(&row, 7)?,
            sequence: number(8)?,
            link: bytes(&row, 9)?,
            cluster: Cluster { system, timeline, synchronous },
        })
    }
}

async fn connect<T>(config: &Config, tls: T) -> Result<Client, StoreError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await.map_err(failed("connecting"))?;
    // Its errors come to the client's callers.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}

/// Whether a commit that succeeds is one that lasts; says whether a standby has it, too.
fn check_settings(row: &Row) -> Result<bool, StoreError> {
    for (at, name) in [(0, "fsync"), (1, "full_page_writes")] {
        let value: String = get(row, at)?;
        if value != "on" {
            return Err(StoreError::UnsafeSetting { name, value, wanted: "on" });
        }
    }
    let value: String = get(row, 2)?;
    if !matches!(&*value, "on" | "remote_apply") {
        let name = "synchronous_commit";
        return Err(StoreError::UnsafeSetting { name, value, wanted: "on or remote_apply" });
    }
    Ok(!get::<String>(row, 3)?.trim().is_empty())
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    at: usize,
) -> Result<T, StoreError> {
    row.try_get(at).map_err(failed("reading an answer"))
}

fn bytes<const N: usize>(row: &Row, at: usize) -> Result<[u8; N], StoreError> {
    let bytes: &[u8] = get(row, at)?;
    bytes.try_into().map_err(|_| unexpected("a value of the head has another length"))
}

fn int(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| unexpected("a number is too large for the database"))
}

fn count(cells: &[u8]) -> i32 {
    (cells.len() / 256) as i32
}

fn expect(rows: u64, expected: u64) -> Result<(), StoreError> {
    if rows == expected { Ok(()) } else { Err(unexpected("another number of rows was written")) }
}

fn no_turn() -> StoreError {
    unexpected("the connection that had the turn is lost")
}

fn unexpected(what: &'static str) -> StoreError {
    StoreError::Database { doing: "a transaction", error: what.into() }
}

fn failed(doing: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| database(doing, error)
}

fn database(doing: &'static str, error: Error) -> StoreError {
    match error.code() {
        // What a server says while it is a standby, or has just been made one.
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => StoreError::Standby,
        _ => StoreError::Database { doing, error: Box::new(Told(error)) },
    }
}

/// The client's errors name the kind; what the server said is their source.
#[derive(Debug)]
struct Told(Error);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        match std::error::Error::source(&self.0) {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Told {}
