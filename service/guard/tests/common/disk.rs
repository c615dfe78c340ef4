//! A file system in memory. It keeps a list of all that was done to it, from which it can make
//! every state that a power loss may leave.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use opsign_guard::{Io, IoFile};

use super::Dice;

const SECTOR: usize = 512;

#[derive(Clone, Debug)]
pub enum Op {
    Create(PathBuf, usize),
    Write(usize, usize, Vec<u8>),
    Truncate(usize, usize),
    Sync(usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncDir,
}

/// What a disk holds: names, and the bytes behind them.
#[derive(Clone, Default)]
pub struct Image {
    pub names: BTreeMap<PathBuf, usize>,
    pub files: Vec<Vec<u8>>,
}

impl Image {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(path, file) => {
                while self.files.len() <= *file {
                    self.files.push(Vec::new());
                }
                self.names.insert(path.clone(), *file);
            }
            Op::Write(file, offset, bytes) => self.write(*file, *offset, bytes),
            Op::Truncate(file, len) => self.files[*file].resize(*len, 0),
            Op::Rename(from, to) => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Op::Remove(path) => {
                self.names.remove(path);
            }
            Op::Sync(_) | Op::SyncDir => {}
        }
    }

    fn write(&mut self, file: usize, offset: usize, bytes: &[u8]) {
        while self.files.len() <= file {
            self.files.push(Vec::new());
        }
        let data = &mut self.files[file];
        if data.len() < offset + bytes.len() {
            data.resize(offset + bytes.len(), 0);
        }
        data[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// A file's bytes, to be damaged.
    pub fn file(&mut self, path: &str) -> &mut Vec<u8> {
        let file = self.names[Path::new(path)];
        &mut self.files[file]
    }
}

/// Which operation fails next, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full: half of what was to be written is.
    Write,
    Sync,
}

#[derive(Default)]
struct Inside {
    image: Image,
    start: Image,
    ops: Vec<Op>,
    locked: HashSet<PathBuf>,
    fault: Option<Fault>,
}

/// The file system. Clones are the same one.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Inside>>);

impl Disk {
    /// A disk that starts with an image.
    pub fn of(image: Image) -> Self {
        let inside = Inside { image: image.clone(), start: image, ..Inside::default() };
        Self(Arc::new(Mutex::new(inside)))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub fn io(&self) -> Arc<dyn Io> {
        Arc::new(self.clone())
    }

    pub fn image(&self) -> Image {
        self.inside().image.clone()
    }

    /// Flips a bit.
    pub fn damage(&self, path: &str, byte: usize) {
        self.inside().image.file(path)[byte] ^= 4;
    }

    pub fn ops(&self) -> usize {
        self.inside().ops.len()
    }

    pub fn fail_next(&self, fault: Fault) {
        self.inside().fault = Some(fault);
    }

    pub fn syncs(&self) -> usize {
        self.inside().ops.iter().filter(|op| matches!(op, Op::Sync(_))).count()
    }

    /// Every state that a crash after each of the recorded operations may leave, with how many
    /// operations had been done. `visit` gets each of them once per operation.
    pub fn crashes(&self, dice: &mut Dice, visit: &mut dyn FnMut(usize, Image)) {
        let inside = self.inside();
        let mut durable = inside.start.clone();
        // Operations on files and names that a crash may undo, in order.
        let (mut bytes, mut names): (Vec<Op>, Vec<Op>) = (Vec::new(), Vec::new());
        visit(0, durable.clone());
        for (at, op) in inside.ops.iter().enumerate() {
            match op {
                Op::Sync(file) => bytes.retain(|pending| {
                    let of_file = matches!(pending,
                        Op::Write(other, ..) | Op::Truncate(other, _) if other == file);
                    if of_file {
                        durable.apply(pending);
                    }
                    !of_file
                }),
                Op::SyncDir => names.drain(..).for_each(|pending| durable.apply(&pending)),
                Op::Write(file, offset, data) => bytes.extend(sectors(*file, *offset, data)),
                Op::Truncate(..) => bytes.push(op.clone()),
                Op::Create(..) | Op::Rename(..) | Op::Remove(_) => names.push(op.clone()),
            }
            // A journal keeps the order of names.
            for kept in 0..=names.len() {
                let mut base = durable.clone();
                names[..kept].iter().for_each(|op| base.apply(op));
                for subset in subsets(bytes.len(), dice) {
                    let mut state = base.clone();
                    let chosen = bytes.iter().zip(&subset).filter(|(_, in_it)| **in_it);
                    chosen.for_each(|(op, _)| state.apply(op));
                    visit(at + 1, state);
                }
                // Torn: everything up to some byte of one write.
                for (torn, op) in bytes.iter().enumerate() {
                    let Op::Write(file, offset, data) = op else { continue };
                    let last = data.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
                    let random = dice.roll(data.len() as u64) as usize;
                    let edge = 255 + dice.roll(3) as usize;
                    for cut in [edge, last.saturating_sub(1), random] {
                        if cut == 0 || cut >= data.len() {
                            continue;
                        }
                        let mut state = base.clone();
                        bytes[..torn].iter().for_each(|op| state.apply(op));
                        state.write(*file, *offset, &data[..cut]);
                        visit(at + 1, state);
                    }
                }
            }
        }
    }
}

/// A write, sector by sector. Zeros behind the data are one piece: nothing reads them as a cell.
fn sectors(file: usize, offset: usize, data: &[u8]) -> Vec<Op> {
    let end = data.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < end {
        let next = ((offset + at) / SECTOR + 1) * SECTOR - offset;
        let next = next.min(data.len());
        pieces.push(Op::Write(file, offset + at, data[at..next].to_vec()));
        at = next;
    }
    if at < data.len() {
        pieces.push(Op::Write(file, offset + at, data[at..].to_vec()));
    }
    pieces
}

/// All subsets of a few pieces; of many, all prefixes, all that lack one, and some at random.
fn subsets(pieces: usize, dice: &mut Dice) -> Vec<Vec<bool>> {
    if pieces <= 5 {
        return (0..1_u32 << pieces)
            .map(|bits| (0..pieces).map(|at| bits >> at & 1 == 1).collect())
            .collect();
    }
    let mut subsets: Vec<Vec<bool>> = Vec::new();
    for at in 0..=pieces {
        subsets.push((0..pieces).map(|piece| piece < at).collect());
        subsets.push((0..pieces).map(|piece| piece != at).collect());
    }
    subsets.extend((0..32).map(|_| (0..pieces).map(|_| dice.roll(2) == 1).collect()));
    subsets
}

impl Io for Disk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn IoFile>> {
        let mut inside = self.inside();
        if inside.image.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = inside.image.files.len();
        inside.run(Op::Create(path.into(), file));
        Ok(Box::new(DiskFile(self.clone(), file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn IoFile>> {
        let file = self.inside().image.names.get(path).copied();
        let file = file.ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(DiskFile(self.clone(), file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inside().run(Op::Rename(from.into(), to.into()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inside().run(Op::Remove(path.into()));
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        self.inside().run(Op::SyncDir);
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>> {
        if !self.inside().locked.insert(path.into()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Unlock(self.clone(), path.into())))
    }
}

struct Unlock(Disk, PathBuf);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.inside().locked.remove(&self.1);
    }
}

impl Inside {
    fn run(&mut self, op: Op) {
        self.image.apply(&op);
        self.ops.push(op);
    }
}

struct DiskFile(Disk, usize);

impl IoFile for DiskFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.inside().image.files[self.1].len() as u64)
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let inside = self.0.inside();
        let range = offset as usize..offset as usize + bytes.len();
        let data = inside.image.files[self.1].get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(data);
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut inside = self.0.inside();
        if inside.fault == Some(Fault::Write) {
            inside.run(Op::Write(self.1, offset as usize, bytes[..bytes.len() / 2].to_vec()));
            return Err(io::ErrorKind::StorageFull.into());
        }
        inside.run(Op::Write(self.1, offset as usize, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inside = self.0.inside();
        if inside.fault == Some(Fault::Sync) {
            return Err(io::Error::other("EIO"));
        }
        inside.run(Op::Sync(self.1));
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.inside().run(Op::Truncate(self.1, len as usize));
        Ok(())
    }
}
