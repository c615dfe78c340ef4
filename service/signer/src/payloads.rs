//! The last payloads that the gate let through, as op-node gave them, so that an op-node whose engine
//! lost them can be given them back. They are a help and no record: nothing is decided by them, and
//! they are not synced.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use opsign_core::PayloadHash;
use opsign_guard::{Hex, Scope};

/// A folder with at most so many payloads of each scope, a file each: `SCOPE/NUMBER-HASH.json`.
pub(crate) struct Payloads {
    folder: PathBuf,
    most: usize,
    /// The payload kept for each height.
    kept: Mutex<BTreeMap<(String, u64), PathBuf>>,
}

/// A kept payload: its hash, and the envelope in JSON.
pub(crate) struct Kept {
    pub(crate) hash: PayloadHash,
    pub(crate) envelope: String,
}

impl Payloads {
    /// Finds what an earlier run has kept. A folder that is not there is made with the first payload.
    pub(crate) fn open(folder: &Path, most: usize) -> io::Result<Self> {
        let mut kept = BTreeMap::new();
        for scope in entries(folder)? {
            let Some(name) = scope.file_name().and_then(|name| name.to_str()) else { continue };
            for file in entries(&scope)? {
                if let Some((number, _)) = parse(&file) {
                    kept.insert((name.to_owned(), number), file);
                }
            }
        }
        Ok(Self { folder: folder.to_owned(), most, kept: Mutex::new(kept) })
    }

    /// Keeps a payload, and lets go of those above it, which are of another branch, and the oldest.
    pub(crate) fn keep(
        &self,
        scope: &Scope,
        number: u64,
        hash: &PayloadHash,
        envelope: &str,
    ) -> io::Result<()> {
        if self.most == 0 {
            return Ok(());
        }
        let name = name_of(scope);
        let folder = self.folder.join(&name);
        let file = folder.join(format!("{number}-{hash}.json"));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.get(&(name.clone(), number)) == Some(&file) {
            return Ok(());
        }
        fs::create_dir_all(&folder)?;
        // Whole or not there, should the process die.
        let new = folder.join("new");
        fs::write(&new, envelope)?;
        fs::rename(&new, &file)?;
        let (below, above): (Vec<u64>, Vec<u64>) =
            heights(&kept, &name).partition(|at| *at < number);
        let too_many = (below.len() + 1).saturating_sub(self.most);
        for at in above.into_iter().chain(below.into_iter().take(too_many)) {
            if let Some(old) = kept.remove(&(name.clone(), at)) {
                fs::remove_file(old)?;
            }
        }
        kept.insert((name, number), file);
        Ok(())
    }

    /// The payloads from a height on, as far as they follow each other without a gap.
    pub(crate) fn from(&self, scope: &Scope, number: u64) -> io::Result<Vec<Kept>> {
        let name = name_of(scope);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for at in number.. {
            let Some(file) = kept.get(&(name.clone(), at)) else { break };
            let Some((_, hash)) = parse(file) else { break };
            found.push(Kept { hash, envelope: fs::read_to_string(file)? });
        }
        Ok(found)
    }
}

impl Kept {
    /// The hash as the guard has it on record.
    pub(crate) const fn digest(&self) -> Hex<32> {
        Hex(*self.hash.as_bytes())
    }
}

fn heights<'a>(
    kept: &'a BTreeMap<(String, u64), PathBuf>,
    name: &'a str,
) -> impl Iterator<Item = u64> + 'a {
    kept.keys().filter(move |(of, _)| of == name).map(|(_, number)| *number)
}

fn name_of(scope: &Scope) -> String {
    scope.to_string().replace('/', "-")
}

fn parse(file: &Path) -> Option<(u64, PayloadHash)> {
    let (number, hash) = file.file_name()?.to_str()?.strip_suffix(".json")?.split_once('-')?;
    Some((number.parse().ok()?, PayloadHash::from_hex(hash).ok()?))
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(found) => found.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use opsign_core::{Address, ChainId, Domain};

    use super::*;

    #[test]
    fn the_last_few_are_kept_and_a_new_branch_takes_the_old_ones_place() {
        let folder = tempfile::tempdir().unwrap();
        let scope =
            |chain| Scope::blocks(&Address::from_bytes([1; 20]), &chain, &Domain::BLOCKS_V1);
        let (one, other) = (scope(ChainId::from(10)), scope(ChainId::from(8453)));
        let hash = |number: u64, fork: u8| PayloadHash::of(&[number as u8, fork]);
        let payloads = Payloads::open(&folder.path().join("payloads"), 3).unwrap();
        let heights = |payloads: &Payloads, scope, from| -> Vec<String> {
            let found = payloads.from(scope, from).unwrap();
            found.into_iter().map(|kept| kept.envelope).collect()
        };
        for number in 1..=5 {
            payloads.keep(&one, number, &hash(number, 0), &format!("{number}")).unwrap();
        }
        payloads.keep(&other, 4, &hash(4, 0), "other").unwrap();
        assert_eq!(heights(&payloads, &one, 3), ["3", "4", "5"]);
        assert!(heights(&payloads, &one, 2).is_empty());
        assert_eq!(heights(&payloads, &other, 4), ["other"]);
        payloads.keep(&one, 4, &hash(4, 1), "4 again").unwrap();
        assert_eq!(heights(&payloads, &one, 3), ["3", "4 again"]);
        // Found again by the next run.
        drop(payloads);
        let payloads = Payloads::open(&folder.path().join("payloads"), 3).unwrap();
        assert_eq!(heights(&payloads, &one, 3), ["3", "4 again"]);
        assert_eq!(payloads.from(&one, 4).unwrap()[0].hash, hash(4, 1));
        let none = Payloads::open(&folder.path().join("none"), 0).unwrap();
        none.keep(&one, 1, &hash(1, 0), "1").unwrap();
        assert!(!folder.path().join("none").exists());
    }
}
