//! What the kernel counts of another process.

use std::fs;
use std::io;
use std::time::Duration;

/// The kernel's tick for user space on every platform that Linux runs on (`USER_HZ`, proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// A process by its id.
pub struct Process(pub u32);

impl Process {
    /// User and system time since its start.
    pub fn cpu(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name in brackets may hold blanks; utime and stime are fields 14 and 15 of all.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks = fields.skip(11).take(2).map(|field| field.parse::<u32>().unwrap_or(0));
        Ok(TICK * ticks.sum::<u32>())
    }

    /// Resident memory in MB (10^6 bytes).
    pub fn resident_mb(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).and_then(|word| word.parse::<f64>().ok());
        Ok(kib.unwrap_or(0.0) * 1024.0 / 1e6)
    }
}
