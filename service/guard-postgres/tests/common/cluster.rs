//! A PostgreSQL server of one's own, on a Unix socket in a temporary folder. Not as root, which
//! PostgreSQL refuses. It ends with its value, and with the thread that started it.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The user `nobody`, for a test that is run by root.
const NOBODY: u32 = 65_534;

pub struct Cluster {
    folder: TempDir,
    server: Option<Child>,
    data: PathBuf,
    /// Names the socket's file, too.
    port: u16,
}

/// Where the distribution, or `OPSIGN_POSTGRES`, has the server's programs.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("OPSIGN_POSTGRES") {
        return folder.into();
    }
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, path)| path.join("postgres").exists())
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL is not installed: run scripts/setup.sh").1
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

/// One of the server's programs, to be run as a user who may.
fn program(name: &str) -> Command {
    let mut command = Command::new(programs().join(name));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {err}");
    String::from_utf8(output.stdout).unwrap()
}

impl Cluster {
    /// Makes a cluster and starts its server.
    pub fn new() -> Self {
        let mut cluster = Self::empty();
        let mut initdb = program("initdb");
        initdb.arg("-D").arg(&cluster.data);
        run_quiet(initdb.args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]));
        cluster.start();
        cluster
    }

    fn empty() -> Self {
        let folder = TempDir::with_prefix_in("pg-", "/tmp").unwrap();
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.path().join("data");
        Self { folder, server: None, data, port: 5432 }
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// A client's URL for a database, as its owner.
    pub fn url(&self, database: &str) -> String {
        self.url_as("postgres", database)
    }

    pub fn url_as(&self, user: &str, database: &str) -> String {
        let socket = self.socket().to_str().unwrap().replace('/', "%2F");
        format!("postgres://{user}@{socket}/{database}")
    }

    /// Serves on loopback as well, from the next start on. Says where.
    pub fn listen(&mut self) -> u16 {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        self.port = free.local_addr().unwrap().port();
        self.port
    }

    /// Adds lines to the server's settings. They hold from the next start or reload on.
    pub fn set(&self, lines: &str) {
        use std::io::Write;
        let path = self.data.join("postgresql.conf");
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        writeln!(file, "{lines}").unwrap();
    }

    /// Replaces a file among the server's.
    pub fn keep(&self, name: &str, text: &str) {
        let path = self.data.join(name);
        std::fs::write(&path, text).unwrap();
        let only_owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, only_owner).unwrap();
        if is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts the server and waits until it takes commands, of a standby those that read.
    pub fn start_with(&mut self, options: &[&str]) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let mut command = Command::new("setpriv");
            // The signal comes if this thread ends without a drop.
            command.args(["--pdeathsig", "KILL"]);
            if is_root() {
                command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
            }
            command.arg(programs().join("postgres")).arg("-D").arg(&self.data);
            command.args(["-c", "listen_addresses=", "-c", &format!("port={}", self.port), "-c"]);
            command.arg(format!("unix_socket_directories={}", self.socket().display()));
            command.args(options).env("LC_ALL", "C").current_dir("/");
            let log = self.folder.path().join("log");
            let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            let mut server = command.spawn().unwrap();
            // A server that was killed leaves memory that its last children still hold; then the
            // new one ends at once and has to be tried again.
            loop {
                if server.try_wait().unwrap().is_some() {
                    break;
                }
                if self.try_sql("postgres", "SELECT 1").is_ok() {
                    self.server = Some(server);
                    return;
                }
                assert!(Instant::now() < end, "it does not start: {}", self.log());
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(Instant::now() < end, "it does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `kill -9` of the server. Its children notice and end.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Stops the server in order.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let pid = server.id().to_string();
            run_quiet(Command::new("kill").args(["-INT", &pid]));
            server.wait().unwrap();
        }
    }

    /// Reads the settings again.
    pub fn reload(&self) {
        self.sql("postgres", "SELECT pg_reload_conf()");
    }

    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = program("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database]);
        psql.args(["-p", &self.port.to_string(), "-h"]);
        let output = psql.arg(self.socket()).args(["-c", sql]).output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// A database of its own for one test.
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// The text that makes a database again.
    pub fn dump(&self, database: &str) -> String {
        let mut dump = program("pg_dump");
        dump.args(["-U", "postgres", "-h"]).arg(self.socket()).arg(database);
        run(dump)
    }

    /// Runs the text of a dump.
    pub fn load(&self, database: &str, text: &str) {
        let path = self.folder.path().join("dump.sql");
        std::fs::write(&path, text).unwrap();
        let mut psql = program("psql");
        psql.args(["-Xq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]);
        run_quiet(psql.arg(self.socket()).arg("-f").arg(path));
    }

    /// A copy of the running server's files, as `pg_basebackup` makes it; a standby of it, if asked.
    pub fn backup(&self, standby: bool) -> Self {
        let copy = Self::empty();
        let mut backup = program("pg_basebackup");
        backup.args(["-U", "postgres", "-c", "fast", "-h"]).arg(self.socket()).arg("-D");
        backup.arg(&copy.data).args(if standby { &["-R"][..] } else { &[] });
        run_quiet(&mut backup);
        copy
    }

    /// Takes another cluster's place: its files, in this one's socket. Both must be stopped.
    pub fn become_one(&mut self, other: &mut Self) {
        assert!(self.server.is_none() && other.server.is_none());
        std::fs::rename(&self.data, self.folder.path().join("old")).unwrap();
        std::fs::rename(&other.data, &self.data).unwrap();
    }

    /// Ends a standby's recovery, and waits for it.
    pub fn promote(&self) {
        self.sql("postgres", "SELECT pg_promote(true, 60)");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
        // The children end when they notice; a file that one still makes is no error.
        for _ in 0..200 {
            if std::fs::remove_dir_all(&self.data).is_ok() || !self.data.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn run_quiet(command: &mut Command) {
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {err}");
}
