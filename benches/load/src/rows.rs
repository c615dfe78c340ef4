//! The rows: one question each.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Connection, Tls};
use crate::process::Process;
use crate::request::Request;
use crate::server::{Running, Server};

const RSA_CLIENT: &str = "localhost";
const ECDSA_CLIENT: &str = "localhost-ecdsa";

/// What is measured of one server.
pub struct Rows<'a> {
    /// Which one.
    pub server: Server,
    /// How long each row takes.
    pub duration: Duration,
    /// Only rows whose name contains this.
    pub only: &'a str,
}

/// What the connections of one row saw.
struct Seen {
    taken: Vec<Duration>,
    elapsed: Duration,
    cpu: Cpu,
}

/// Processor time of the server, and of this program: who is the bottleneck?
struct Cpu {
    server: Duration,
    mine: Duration,
}

impl Cpu {
    fn now(running: &Running) -> io::Result<Self> {
        let mine = Process(std::process::id()).cpu()?;
        Ok(Self { server: running.process().cpu()?, mine })
    }

    fn since(self, running: &Running) -> io::Result<Self> {
        let now = Self::now(running)?;
        Ok(Self { server: now.server - self.server, mine: now.mine - self.mine })
    }
}

impl Rows<'_> {
    /// Prints them all.
    pub fn print(&self) -> io::Result<()> {
        println!("{} ({})", self.server.name(), self.server.program.display());
        let size = self.server.program.metadata()?.len() as f64 / 1e6;
        self.figure("program", &format!("{size:.1} MB"));

        let tls = Tls::load(&self.server.folder, RSA_CLIENT, false)?;
        let running = self.server.start("rsa", &tls)?;
        let started = running.started_in.as_secs_f64() * 1e3;
        self.figure("start to first answer", &format!("{started:.0} ms"));
        thread::sleep(Duration::from_secs(1));
        let idle = running.process().resident_mb()?;
        self.figure("memory idle", &format!("{idle:.1} MB"));

        // Five a second is more than a sequencer sends.
        self.paced(&running, &tls, 5, 40)?;
        self.paced(&running, &tls, 100, 300)?;
        for (request, name) in [
            (Request::PayloadV2, "payload V2"),
            (Request::PayloadV1, "payload V1"),
            (Request::DynamicFee, "transaction type 2"),
        ] {
            for connections in [1, 32] {
                self.kept(&running, &tls, request, name, connections)?;
            }
        }
        self.kept(&running, &tls, Request::Status, "health_status", 1)?;
        self.new_connections(&running, "RSA, full handshake", RSA_CLIENT, false)?;
        self.new_connections(&running, "RSA, resumed", RSA_CLIENT, true)?;
        self.kept(&running, &tls, Request::PayloadV2, "payload V2", 256)?;
        drop(running);

        let tls = Tls::load(&self.server.folder, ECDSA_CLIENT, false)?;
        let running = self.server.start("ecdsa", &tls)?;
        self.new_connections(&running, "ECDSA, full handshake", ECDSA_CLIENT, false)?;
        self.new_connections(&running, "ECDSA, resumed", ECDSA_CLIENT, true)
    }

    /// Connections that stay, each asking again as soon as it has its answer.
    fn kept(
        &self,
        running: &Running,
        tls: &Tls,
        request: Request,
        name: &str,
        connections: usize,
    ) -> io::Result<()> {
        let name = format!("{name}, {connections} conn");
        if !name.contains(self.only) {
            return Ok(());
        }
        let number = AtomicU64::new(1);
        let next = || number.fetch_add(1, Ordering::Relaxed);
        let open = (0..connections)
            .map(|_| {
                let mut connection = Connection::open(running.address, tls)?;
                connection.ask(&request, next())?;
                Ok(connection)
            })
            .collect::<io::Result<Vec<_>>>()?;
        let (cpu, begin) = (Cpu::now(running)?, Instant::now());
        let end = begin + self.duration;
        let (mut taken, mut resident) = (Vec::new(), 0.0);
        thread::scope(|scope| -> io::Result<()> {
            let workers: Vec<_> = open
                .into_iter()
                .map(|mut connection| {
                    scope.spawn(move || -> io::Result<(Vec<Duration>, Connection)> {
                        let mut taken = Vec::new();
                        while Instant::now() < end {
                            let begin = Instant::now();
                            connection.ask(&request, next())?;
                            taken.push(begin.elapsed());
                        }
                        Ok((taken, connection))
                    })
                })
                .collect();
            let mut open = Vec::new();
            for worker in workers {
                let (mine, connection) =
                    worker.join().map_err(|_| io::Error::other("a worker panicked"))??;
                taken.extend(mine);
                open.push(connection);
            }
            resident = running.process().resident_mb()?;
            let seen =
                Seen { taken: taken.clone(), elapsed: begin.elapsed(), cpu: cpu.since(running)? };
            self.row(&name, seen);
            // Only now, so that the row holds nothing else.
            open.iter_mut().try_for_each(|connection| connection.check(&request, next()))
        })?;
        self.figure(&format!("{name}: memory"), &format!("{resident:.1} MB"));
        Ok(())
    }

    /// So many requests a second on one connection, until there were `most`.
    fn paced(&self, running: &Running, tls: &Tls, rate: u64, most: u64) -> io::Result<()> {
        let name = format!("payload V2, {rate} a second");
        if !name.contains(self.only) {
            return Ok(());
        }
        let mut connection = Connection::open(running.address, tls)?;
        connection.ask(&Request::PayloadV2, 0)?;
        let (cpu, begin) = (Cpu::now(running)?, Instant::now());
        let mut taken = Vec::new();
        for number in 1..=most {
            thread::sleep(Duration::from_millis(1000 / rate));
            let begin = Instant::now();
            connection.ask(&Request::PayloadV2, number)?;
            taken.push(begin.elapsed());
        }
        let cpu = cpu.since(running)?;
        self.row(&name, Seen { taken, elapsed: begin.elapsed(), cpu });
        connection.check(&Request::PayloadV2, 0)
    }

    /// A connection for every request, one after another.
    fn new_connections(
        &self,
        running: &Running,
        kind: &str,
        client: &str,
        resume: bool,
    ) -> io::Result<()> {
        let name = format!("new connection, {kind}");
        if !name.contains(self.only) {
            return Ok(());
        }
        let tls = Tls::load(&self.server.folder, client, resume)?;
        Connection::open(running.address, &tls)?.check(&Request::PayloadV2, 0)?;
        let (cpu, begin) = (Cpu::now(running)?, Instant::now());
        let mut taken = Vec::new();
        while begin.elapsed() < self.duration {
            let begin = Instant::now();
            let number = taken.len() as u64;
            Connection::open(running.address, &tls)?.ask(&Request::PayloadV2, number)?;
            taken.push(begin.elapsed());
        }
        let cpu = cpu.since(running)?;
        self.row(&name, Seen { taken, elapsed: begin.elapsed(), cpu });
        Ok(())
    }

    fn row(&self, name: &str, mut seen: Seen) {
        seen.taken.sort_unstable();
        let count = seen.taken.len();
        let at = |share: usize| micros(seen.taken[(count - 1) * share / 1000]);
        println!(
            "  {name:<38} {:>8.0}/s  p50 {:>7.0}  p99 {:>7.0}  max {:>8.0}  cpu {:>5.0} µs (generator {:>4.0})",
            count as f64 / seen.elapsed.as_secs_f64(),
            at(500),
            at(990),
            at(1000),
            micros(seen.cpu.server) / count as f64,
            micros(seen.cpu.mine) / count as f64,
        );
    }

    fn figure(&self, name: &str, value: &str) {
        if name.contains(self.only) {
            println!("  {name:<38} {value:>10}");
        }
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
