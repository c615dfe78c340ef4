//! The file of decision lines. Nobody waits for a disk.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Lines that wait for the disk at the most.
const MOST: usize = 1024;

/// Writes lines, or nothing if there is no file.
#[derive(Default)]
pub(crate) struct Journal {
    lines: Option<SyncSender<String>>,
    lost: Arc<AtomicU64>,
}

impl Journal {
    /// Opens a file to append to.
    ///
    /// # Errors
    /// One sentence that names the file.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
        let (sender, receiver) = sync_channel(MOST);
        let lost = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&lost);
        std::thread::Builder::new()
            .name("decisions".into())
            .spawn(move || write(file, &receiver, &count))
            .map_err(|error| format!("no thread for decisions: {error}"))?;
        Ok(Self { lines: Some(sender), lost })
    }

    /// Whether lines are wanted at all.
    pub(crate) const fn is_open(&self) -> bool {
        self.lines.is_some()
    }

    pub(crate) fn write(&self, line: String) {
        if let Some(lines) = &self.lines
            && lines.try_send(line).is_err()
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

fn write(mut file: File, lines: &Receiver<String>, lost: &AtomicU64) {
    let mut failing = false;
    for mut line in lines {
        line.push('\n');
        match file.write_all(line.as_bytes()) {
            Ok(()) => failing = false,
            Err(error) => {
                lost.fetch_add(1, Ordering::Relaxed);
                if !failing {
                    tracing::error!(%error, "decisions cannot be written");
                }
                failing = true;
            }
        }
    }
}
