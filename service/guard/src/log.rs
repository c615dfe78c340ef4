//! The record's file: a header cell, then one cell per event, each chained to all before it.
//!
//! Its end is the first cell that was not written whole. Only cells that were never synced may be
//! torn, and no cell after them may know better; anything else is damage and is not opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::cell::{self, BODY, CELL, Link, Read};
use crate::codec;
use crate::error::StoreError;
use crate::io::{Io, IoFile};
use crate::record::Record;

/// The header's body: `magic[12] ‖ store[16] ‖ base[8] ‖ base link[32]`, then zeros.
const MAGIC: [u8; 12] = *b"opsign-guard";

/// Cells that a read takes at once.
const CHUNK: usize = 4096;

/// Zero cells that are written behind a batch when the file has to grow, so that the file's length,
/// and with it the file system's journal, changes once in so many cells.
const GROW: u64 = 256;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The record's random name.
    pub(crate) store: [u8; 16],
    /// The sequence number of the header itself. 0, or after a compaction the last one before it.
    pub(crate) base: u64,
    /// The link at `base`. The file's own chain starts from it.
    pub(crate) base_link: Link,
}

impl Header {
    fn cell(&self) -> [u8; CELL] {
        let mut body = [0; BODY];
        body[..12].copy_from_slice(&MAGIC);
        body[12..28].copy_from_slice(&self.store);
        body[28..36].copy_from_slice(&self.base.to_be_bytes());
        body[36..68].copy_from_slice(&self.base_link);
        cell::write(self.base, self.base, &body, &self.base_link)
    }

    fn read(cell: &[u8; CELL]) -> Option<Self> {
        let body = &cell[17..];
        let header = Self {
            store: *body[12..].first_chunk()?,
            base: u64::from_be_bytes(*body[28..].first_chunk()?),
            base_link: *body[36..].first_chunk()?,
        };
        (header.cell() == *cell).then_some(header)
    }

    /// The link of the header's cell, which the first event continues.
    pub(crate) fn link(&self) -> Link {
        cell::link(&self.cell())
    }

    /// The end of a record without events.
    pub(crate) fn tail(&self) -> Tail {
        Tail { header: *self, sequence: self.base, link: self.link(), torn: false }
    }
}

/// Where a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) header: Header,
    /// The last event's sequence number.
    pub(crate) sequence: u64,
    /// The last event's link.
    pub(crate) link: Link,
    /// Bytes behind the last event that are not zero: a batch that a crash cut short.
    pub(crate) torn: bool,
}

impl Tail {
    /// The byte in the file behind the last event.
    pub(crate) const fn end(&self) -> u64 {
        (self.sequence - self.header.base + 1) * CELL as u64
    }

    /// The cells of records behind the last, all of which are durable. Moves the end behind them.
    pub(crate) fn extend(&mut self, records: &[Record]) -> Result<Vec<u8>, StoreError> {
        let synced = self.sequence;
        let mut cells = Vec::with_capacity(records.len() * CELL);
        for record in records {
            let body = codec::encode(record).ok_or(StoreError::ReasonTooLong)?;
            self.sequence += 1;
            let cell = cell::write(self.sequence, synced, &body, &self.link);
            self.link = cell::link(&cell);
            cells.extend_from_slice(&cell);
        }
        Ok(cells)
    }
}

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// A log that is being written.
pub(crate) struct Log {
    file: Box<dyn IoFile>,
    offset: u64,
    len: u64,
}

impl Log {
    /// Continues a log whose end is known. Cuts off what a crash left behind it.
    pub(crate) fn resume(mut file: Box<dyn IoFile>, tail: &Tail) -> Result<Self, StoreError> {
        let offset = tail.end();
        let failed = StoreError::io("cutting off what a crash left behind the record");
        let mut len = file.size().map_err(&failed)?;
        if tail.torn {
            file.truncate(offset).map_err(&failed)?;
            file.sync().map_err(&failed)?;
            len = offset;
        }
        Ok(Self { file, offset, len })
    }

    /// Writes cells behind the last.
    pub(crate) fn append(&mut self, cells: &[u8]) -> std::io::Result<()> {
        let end = self.offset + cells.len() as u64;
        if end > self.len {
            let mut grown = cells.to_vec();
            grown.resize(cells.len() + GROW as usize * CELL, 0);
            self.file.write(self.offset, &grown)?;
            self.len = end + GROW * CELL as u64;
        } else {
            self.file.write(self.offset, cells)?;
        }
        self.offset = end;
        Ok(())
    }

    /// Makes durable what was appended.
    pub(crate) fn sync(&mut self) -> std::io::Result<()> {
        self.file.sync()
    }
}

/// Makes a new log of `records` under the name `log.new`, durable, and puts it in place.
pub(crate) fn create(
    io: &Arc<dyn Io>,
    folder: &Path,
    header: &Header,
    records: &[Record],
) -> Result<Tail, StoreError> {
    let failed = StoreError::io("writing a new record");
    let new = folder.join("log.new");
    let mut tail = header.tail();
    let bytes = [&header.cell()[..], &tail.extend(records)?].concat();
    io.remove(&new).map_err(&failed)?;
    let mut file = io.create(&new).map_err(&failed)?;
    file.write(0, &bytes).map_err(&failed)?;
    file.sync().map_err(&failed)?;
    io.rename(&new, &path(folder)).map_err(&failed)?;
    io.sync_dir(folder).map_err(&failed)?;
    Ok(tail)
}

/// What a log's first cell says.
pub(crate) fn header(file: &dyn IoFile, path: &Path) -> Result<Header, StoreError> {
    let failed = StoreError::io("reading the record");
    let not_a_record = || StoreError::NotARecord { path: path.to_path_buf() };
    let mut first = [0; CELL];
    if file.size().map_err(&failed)? < CELL as u64 {
        return Err(not_a_record());
    }
    file.read(0, &mut first).map_err(&failed)?;
    Header::read(&first).ok_or_else(not_a_record)
}

/// Reads a log from behind `start` to its end, or to the event `last` that is known to be durable:
/// every link is checked, and every record given to `take`, with its sequence number and link,
/// before the end is known. Reading and checking run beside `take`.
pub(crate) fn scan(
    file: &dyn IoFile,
    start: &Tail,
    last: Option<u64>,
    mut take: impl FnMut(u64, &Link, Record) -> Option<()>,
) -> Result<Tail, StoreError> {
    let len = match last {
        Some(last) => (last - start.header.base + 1) * CELL as u64,
        None => file.size().map_err(StoreError::io("reading the record"))?,
    };
    let header = start.header;
    let mut tail = *start;
    let mut wrong = None;
    // Whether to go on.
    let mut take_all = |chunk: Chunk| {
        chunk.into_iter().all(|(sequence, link, record)| {
            let taken = take(sequence, &link, record).is_some();
            wrong = (!taken).then(|| damaged(&header, sequence));
            taken
        })
    };
    let begin = start.end();
    // Two chunks ahead are enough to keep both sides busy; a single one needs no second thread.
    let (send, chunks) = sync_channel::<Chunk>(2);
    let mut read = move || read_cells(file, len, &mut tail, &send).map(|()| tail);
    let read = if len <= begin + (CHUNK * CELL) as u64 {
        let tail = read();
        chunks.try_iter().all(&mut take_all);
        tail
    } else {
        std::thread::scope(|threads| {
            let reader = threads.spawn(read);
            // Without a receiver the reader stops.
            chunks.into_iter().all(&mut take_all);
            reader.join().unwrap_or(Err(StoreError::Closed))
        })
    };
    let tail = read?;
    match (wrong, last) {
        (Some(wrong), _) => Err(wrong),
        (None, Some(last)) if tail.sequence < last => Err(damaged(&header, tail.sequence + 1)),
        _ => Ok(tail),
    }
}

type Chunk = Vec<(u64, Link, Record)>;

fn read_cells(
    file: &dyn IoFile,
    len: u64,
    tail: &mut Tail,
    send: &SyncSender<Chunk>,
) -> Result<(), StoreError> {
    let mut bytes = vec![0; CHUNK.min(len as usize / CELL + 1) * CELL];
    let mut offset = tail.end();
    while offset < len {
        let room = usize::try_from(len - offset).map_or(bytes.len(), |left| left.min(bytes.len()));
        let bytes = &mut bytes[..room];
        file.read(offset, bytes).map_err(StoreError::io("reading the record"))?;
        let (cells, rest) = bytes.as_chunks::<CELL>();
        let mut chunk = Vec::with_capacity(cells.len());
        for (at, cell) in cells.iter().enumerate() {
            let sequence = tail.sequence + 1;
            let record = match cell::read(sequence, cell, &tail.link) {
                Read::Whole { body, link } => {
                    tail.link = link;
                    codec::decode(body).ok_or_else(|| damaged(&tail.header, sequence))?
                }
                Read::Damaged => return Err(damaged(&tail.header, sequence)),
                Read::Torn => {
                    // The receiver is gone only if it has failed already.
                    let _ = send.send(chunk);
                    return read_remains(file, offset + (at * CELL) as u64, len, tail);
                }
            };
            tail.sequence = sequence;
            chunk.push((sequence, tail.link, record));
        }
        tail.torn = !rest.is_empty();
        offset += room as u64;
        if send.send(chunk).is_err() {
            break;
        }
    }
    Ok(())
}

/// Looks at what is behind the end: zeros, or a batch that was never synced. A cell that knows the
/// missing one to be durable shows that it was lost afterwards.
fn read_remains(
    file: &dyn IoFile,
    mut offset: u64,
    len: u64,
    tail: &mut Tail,
) -> Result<(), StoreError> {
    let mut bytes = vec![0; CHUNK.min(len as usize / CELL + 1) * CELL];
    while offset < len {
        let room = usize::try_from(len - offset).map_or(bytes.len(), |left| left.min(bytes.len()));
        let bytes = &mut bytes[..room];
        file.read(offset, bytes).map_err(StoreError::io("reading the record"))?;
        tail.torn |= bytes.iter().any(|byte| *byte != 0);
        if bytes.as_chunks::<CELL>().0.iter().any(|cell| cell::synced(cell) > tail.sequence) {
            return Err(damaged(&tail.header, tail.sequence + 1));
        }
        offset += room as u64;
    }
    Ok(())
}

fn damaged(header: &Header, sequence: u64) -> StoreError {
    StoreError::Damaged { sequence, offset: (sequence - header.base) * CELL as u64 }
}
