//! A ledger in memory that loses its connections at chosen places, and can be changed behind
//! everybody's back.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use opsign_guard::{Cluster, Head, Ledger, Store, StoreError};

/// Where a connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Before the turn begins.
    Begin,
    /// In the turn.
    Read,
    /// Before the commit: it is not made.
    Before,
    /// After the commit: it is made, and nobody hears of it.
    After,
    /// At the end of a turn without a change.
    Abandon,
}

pub const LOSSES: [Loss; 5] = [Loss::Begin, Loss::Read, Loss::Before, Loss::After, Loss::Abandon];

/// What the server holds.
#[derive(Clone)]
pub struct Data {
    pub head: Head,
    pub cells: Vec<[u8; 256]>,
}

#[derive(Default)]
struct Server {
    data: Option<Data>,
    turn: Option<u64>,
    clients: u64,
    losses: Vec<Loss>,
    down: bool,
    commits: u64,
}

/// The server that all ledgers of a test speak to.
#[derive(Clone, Default)]
pub struct Database(Arc<(Mutex<Server>, Condvar)>);

impl Database {
    fn server(&self) -> MutexGuard<'_, Server> {
        self.0.0.lock().unwrap()
    }

    /// One more signer's connection. It waits shortly, so that tests of outages are quick.
    pub fn store(&self) -> Store {
        Store::shared(Box::new(self.ledger()), Duration::from_millis(300))
    }

    pub fn ledger(&self) -> Client {
        let mut server = self.server();
        server.clients += 1;
        Client { database: self.clone(), id: server.clients }
    }

    /// Loses the next connection that comes to this place.
    pub fn lose(&self, loss: Loss) {
        self.server().losses.push(loss);
    }

    /// Losses that did not happen yet, which from now on do not.
    pub fn forgive(&self) -> usize {
        std::mem::take(&mut self.server().losses).len()
    }

    pub fn set_down(&self, down: bool) {
        let mut server = self.server();
        server.down = down;
        server.turn = None;
        self.0.1.notify_all();
    }

    pub fn commits(&self) -> u64 {
        self.server().commits
    }

    pub fn data(&self) -> Data {
        self.server().data.clone().unwrap()
    }

    /// Replaces what the server holds, as a restored backup does.
    pub fn restore(&self, data: Data) {
        self.server().data = Some(data);
    }
}

pub struct Client {
    database: Database,
    id: u64,
}

fn lost(doing: &'static str) -> StoreError {
    StoreError::Database { doing, error: "the connection is lost".into() }
}

impl Client {
    /// The server, unless the connection is lost here.
    fn at(&self, loss: Loss) -> Result<MutexGuard<'_, Server>, StoreError> {
        let mut server = self.database.server();
        let hit = server.losses.iter().position(|one| *one == loss);
        if server.down || hit.is_some() {
            hit.map(|at| server.losses.remove(at));
            self.leave(&mut server);
            return Err(lost("this"));
        }
        Ok(server)
    }

    fn leave(&self, server: &mut Server) {
        if server.turn == Some(self.id) {
            server.turn = None;
            self.database.0.1.notify_all();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.leave(&mut self.database.server());
    }
}

impl Ledger for Client {
    fn name(&self) -> String {
        "memory".into()
    }

    fn create(&mut self, head: &Head, cells: &[u8]) -> Result<(), StoreError> {
        let mut server = self.database.server();
        if server.data.is_some() {
            return Err(StoreError::Exists { path: "memory".into() });
        }
        let cluster = Cluster { system: 1, timeline: 1, synchronous: false };
        let head = Head { cluster, ..*head };
        server.data = Some(Data { head, cells: cells.as_chunks().0.to_vec() });
        Ok(())
    }

    fn head(&mut self) -> Result<Head, StoreError> {
        let server = self.at(Loss::Begin)?;
        let missing = StoreError::Missing { path: "memory".into() };
        Ok(server.data.as_ref().ok_or(missing)?.head)
    }

    fn begin(&mut self) -> Result<Head, StoreError> {
        let mut server = self.at(Loss::Begin)?;
        while server.turn.is_some() {
            server = self.database.0.1.wait(server).unwrap();
        }
        if server.down {
            return Err(lost("begin"));
        }
        server.turn = Some(self.id);
        Ok(server.data.as_ref().unwrap().head)
    }

    fn commit(&mut self, cells: &[u8], head: &Head) -> Result<(), StoreError> {
        {
            let mut server = self.at(Loss::Before)?;
            assert_eq!(server.turn, Some(self.id), "a commit without a turn");
            let data = server.data.as_mut().unwrap();
            let cells = cells.as_chunks().0;
            assert_eq!(head.sequence - data.head.sequence, cells.len() as u64);
            data.cells.extend_from_slice(cells);
            data.head = Head { cluster: data.head.cluster, ..*head };
            server.commits += 1;
        }
        let mut server = self.at(Loss::After)?;
        self.leave(&mut server);
        Ok(())
    }

    fn abandon(&mut self) -> Result<(), StoreError> {
        let mut server = self.at(Loss::Abandon)?;
        self.leave(&mut server);
        Ok(())
    }

    fn read(&mut self, after: u64, most: usize) -> Result<Vec<u8>, StoreError> {
        let server = self.at(Loss::Read)?;
        let cells = &server.data.as_ref().unwrap().cells;
        Ok(cells.iter().skip(after as usize).take(most).flatten().copied().collect())
    }
}
