//! Programs that measure what has to be measured in their language: `benches/go`, `benches/wasm`.

use std::cell::RefCell;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::report::Measured;

/// A program that answers a line with a line. It ends when its input does.
pub(crate) struct Program {
    lines: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
    child: Child,
}

impl Program {
    /// Starts the command line in an environment variable, which `scripts/bench.sh` sets.
    pub(crate) fn start(variable: &str) -> Self {
        let line =
            env::var(variable).unwrap_or_else(|_| panic!("{variable}: run scripts/bench.sh"));
        let mut words = line.split(' ');
        let mut child = Command::new(words.next().unwrap())
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { lines: RefCell::new(lines), child }
    }

    /// The answer to a line.
    pub(crate) fn ask(&self, line: &str) -> String {
        let (input, output) = &mut *self.lines.borrow_mut();
        writeln!(input, "{line}").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.ends_with('\n'), "{line}: the program ended");
        answer.trim_end().to_owned()
    }

    /// One of its jobs.
    pub(crate) fn job(&self, name: &'static str) -> Measured<'_> {
        Box::new(move |calls| {
            Duration::from_nanos(self.ask(&format!("{name} {calls}")).parse().unwrap())
        })
    }

    /// Ends it.
    pub(crate) fn end(self) {
        let Self { lines, mut child } = self;
        drop(lines);
        assert!(child.wait().unwrap().success());
    }
}
