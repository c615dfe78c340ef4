//! The lines of a file, as they come.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::position::Position;

/// Bytes that are read at a time, at least.
const BATCH: usize = 256 << 10;

/// The longest line. A longer one is no log's.
const LONGEST: usize = 8 << 20;

/// A file that is followed, past its replacement by a new one (logrotate's `create`).
pub(crate) struct Follow {
    path: PathBuf,
    open: Option<Open>,
}

struct Open {
    file: File,
    inode: u64,
}

/// Lines that stand behind a position.
pub(crate) struct Lines {
    /// Each with its offset, without its end.
    pub(crate) lines: Vec<(u64, Vec<u8>)>,
    /// Behind them.
    pub(crate) offset: u64,
}

impl Follow {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), open: None }
    }

    /// Whole lines behind the position, some at a time; none if there are none yet. Moves the position
    /// to the file that took the place of one that was read to its end.
    ///
    /// # Errors
    /// What the system says, and a line without an end.
    pub(crate) fn next(&mut self, position: &mut Position) -> io::Result<Option<Lines>> {
        if self.open.is_none() {
            self.open = find(&self.path, position)?;
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        if let Some(lines) = read(&mut open.file, position.offset)? {
            return Ok(Some(lines));
        }
        let now = inode(&self.path)?;
        if now.is_none_or(|now| now == open.inode) {
            return Ok(None);
        }
        // Replaced. What was written to the old one between the two looks is read first.
        if let Some(lines) = read(&mut open.file, position.offset)? {
            return Ok(Some(lines));
        }
        (position.inode, position.offset) = (0, 0);
        self.open = find(&self.path, position)?;
        match &mut self.open {
            Some(open) => read(&mut open.file, 0),
            None => Ok(None),
        }
    }

    /// Bytes of the file that stand behind the position.
    pub(crate) fn waiting(&self, position: &Position) -> u64 {
        let open = self.open.as_ref();
        let length = match open {
            Some(open) => open.file.metadata().map(|it| it.len()),
            None => fs::metadata(&self.path).map(|it| it.len()),
        };
        length.unwrap_or(0).saturating_sub(position.offset)
    }
}

/// The file of the position: under its name, under the one that logrotate gives it, or, if it is gone
/// or the first, the one that is there now.
fn find(path: &Path, position: &mut Position) -> io::Result<Option<Open>> {
    let mut rotated = PathBuf::from(path);
    rotated.as_mut_os_string().push(".1");
    for place in [path, &rotated] {
        if position.inode != 0 && inode(place)? == Some(position.inode) {
            let file = File::open(place)?;
            if file.metadata()?.len() >= position.offset {
                return Ok(Some(Open { file, inode: position.inode }));
            }
            tracing::error!(file = %place.display(), "ALARM: lines that were published are gone from it");
        }
    }
    let Some(now) = inode(path)? else { return Ok(None) };
    if position.inode != 0 {
        tracing::error!(
            file = %path.display(),
            "ALARM: it was replaced, and the old one is not found: its last lines may be unpublished"
        );
    }
    (position.inode, position.offset) = (now, 0);
    Ok(Some(Open { file: File::open(path)?, inode: now }))
}

fn inode(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(there) => Ok(Some(there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(file: &mut File, offset: u64) -> io::Result<Option<Lines>> {
    let mut room = BATCH;
    loop {
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(room);
        file.by_ref().take(room as u64).read_to_end(&mut bytes)?;
        let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            if bytes.len() < room {
                return Ok(None);
            }
            if room >= LONGEST {
                let what = format!("the line at byte {offset} is longer than {LONGEST} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            room *= 2;
            continue;
        };
        let mut lines = Vec::new();
        let mut at = offset;
        for line in bytes[..last].split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                lines.push((at, line.to_vec()));
            }
            at += line.len() as u64 + 1;
        }
        return Ok(Some(Lines { lines, offset: at }));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn all(follow: &mut Follow, position: &mut Position) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(lines) = follow.next(position).unwrap() {
            position.offset = lines.offset;
            found.extend(lines.lines.into_iter().map(|(_, line)| String::from_utf8(line).unwrap()));
        }
        found
    }

    #[test]
    fn every_line_is_found_once_whatever_happens_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let add = |text: &str| {
            let mut file = File::options().append(true).create(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        let mut position = Position { publisher: String::new(), inode: 0, offset: 0 };
        let mut follow = Follow::new(&path);
        assert!(all(&mut follow, &mut position).is_empty(), "it is not there yet");
        add("one\ntwo\nthr");
        assert_eq!(all(&mut follow, &mut position), ["one", "two"]);
        add("ee\n");
        // A new run.
        let mut follow = Follow::new(&path);
        assert_eq!(all(&mut follow, &mut position), ["three"]);
        // Rotated while it is followed, and written to after that.
        let mut writer = File::options().append(true).open(&path).unwrap();
        fs::rename(&path, folder.path().join("audit.jsonl.1")).unwrap();
        writer.write_all(b"four\n").unwrap();
        add("five\n");
        assert_eq!(all(&mut follow, &mut position), ["four", "five"]);
        // Rotated while nobody follows.
        add("six\n");
        fs::rename(&path, folder.path().join("audit.jsonl.1")).unwrap();
        add("seven\n");
        let mut follow = Follow::new(&path);
        assert_eq!(all(&mut follow, &mut position), ["six", "seven"]);
        // Emptied: what is there now is new.
        let mut follow = Follow::new(&path);
        File::create(&path).unwrap();
        add("a\n");
        assert_eq!(all(&mut follow, &mut position), ["a"]);
    }

    #[test]
    fn long_lines_pass_and_endless_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let long = "x".repeat(3 * BATCH);
        fs::write(&path, format!("{long}\ny\n")).unwrap();
        let mut position = Position { publisher: String::new(), inode: 0, offset: 0 };
        let mut follow = Follow::new(&path);
        assert_eq!(all(&mut follow, &mut position), [long.as_str(), "y"]);
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(&vec![b'z'; LONGEST + 1]).unwrap();
        assert_eq!(follow.next(&mut position).err().unwrap().kind(), io::ErrorKind::InvalidData);
    }
}
