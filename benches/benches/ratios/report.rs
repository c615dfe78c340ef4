//! Rounds of every job in turn, and what is written of them.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// Does its work that many times and says how long it took.
pub(crate) type Measured<'a> = Box<dyn FnMut(u32) -> Duration + 'a>;

/// A job of this process.
pub(crate) fn here<'a, T>(mut job: impl FnMut() -> T + 'a) -> Measured<'a> {
    Box::new(move |calls| {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(job());
        }
        start.elapsed()
    })
}

/// How often: many short rounds, of which some meet nobody else on the machine.
#[derive(Clone, Copy)]
pub(crate) struct Often {
    pub(crate) rounds: usize,
    pub(crate) calls: u32,
    /// Things done in a call.
    pub(crate) each: u32,
}

/// What was measured, and ours divided by the peer's.
pub(crate) struct Report {
    /// The processor, as /proc/cpuinfo names it.
    model: String,
    /// Its rate there, of which cycles are made: in a guest, which has no other counter of them, that of
    /// the time-stamp counter.
    megahertz: Option<f64>,
    rows: Map<String, Value>,
    ratios: Map<String, Value>,
}

impl Report {
    pub(crate) fn new() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let of = |name: &str| {
            let line = processors.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_start_matches(['\t', ' ', ':']).to_owned())
        };
        Self {
            model: of("model name").unwrap_or_else(|| "unknown".to_owned()),
            megahertz: of("cpu MHz").and_then(|megahertz| megahertz.parse().ok()),
            rows: Map::new(),
            ratios: Map::new(),
        }
    }

    /// The first job is ours; the last one, if there is another, is what a goal is set against.
    pub(crate) fn row(&mut self, name: &str, often: Often, jobs: Vec<(&str, Measured<'_>)>) {
        self.measure(name, often, jobs, |peers| peers.last().copied());
    }

    /// The first job is ours; the quickest of the others is what a goal is set against.
    pub(crate) fn row_of_all(&mut self, name: &str, often: Often, jobs: Vec<(&str, Measured<'_>)>) {
        self.measure(name, often, jobs, |peers| peers.iter().copied().reduce(f64::min));
    }

    fn measure(
        &mut self,
        name: &str,
        often: Often,
        jobs: Vec<(&str, Measured<'_>)>,
        goal: impl Fn(&[f64]) -> Option<f64>,
    ) {
        let Often { rounds, calls, each } = often;
        let (names, mut jobs): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        let mut times = vec![Vec::with_capacity(rounds); jobs.len()];
        for _ in 0..rounds {
            for (job, times) in jobs.iter_mut().zip(&mut times) {
                times.push(job(calls).as_secs_f64() * 1e9 / f64::from(calls * each));
            }
        }
        print!("{name:<21}");
        let mut row = Map::new();
        for (peer, times) in names.iter().zip(&mut times) {
            times.sort_by(f64::total_cmp);
            print!(" {peer} {:.2} us", times[0] / 1000.0);
            // Where the median of all rounds lies in 19 of 20 runs: 0.98 is half of 1.96.
            let (middle, off) = (rounds / 2, (0.98 * (rounds as f64).sqrt()).ceil() as usize);
            let interval = [middle.saturating_sub(off), (middle + off).min(rounds - 1)];
            let tenths = |nanos: f64| (nanos * 10.0).round() / 10.0;
            let figures = json!({
                "least_ns": tenths(times[0]),
                "least_cycles": self.megahertz.map(|rate| (times[0] * rate / 1000.0).round()),
                "median_ns": tenths(times[middle]),
                "median_95_ns": interval.map(|at| tenths(times[at])),
            });
            row.insert((*peer).to_owned(), figures);
        }
        let leasts: Vec<f64> = times.iter().map(|times| times[0]).collect();
        if let Some(peer) = goal(&leasts[1..]) {
            let ratio = (leasts[0] / peer * 100.0).round() / 100.0;
            print!("  ratio {ratio:.2}");
            self.ratios.insert(name.to_owned(), ratio.into());
        }
        println!();
        self.rows
            .insert(name.to_owned(), json!({ "rounds": rounds, "peers": row, "order": names }));
    }

    /// Writes `target/bench/report.json`.
    pub(crate) fn write(self) {
        let version = |program: &str, argument: &str| {
            let said = Command::new(program).arg(argument).output().unwrap().stdout;
            String::from_utf8_lossy(&said).trim().to_owned()
        };
        let report = json!({
            "machine": self.model,
            "mhz": self.megahertz,
            "compiler": version("rustc", "--version"),
            "go": version("go", "version"),
            "node": version("node", "--version"),
            "flags": "release profile: opt-level 3, fat LTO, no target-cpu",
            "rows": self.rows,
            "ratios": self.ratios,
        });
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench/report.json");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{report:#}\n")).unwrap();
    }
}
