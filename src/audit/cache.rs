//! What comparing found, kept in `.git/fitsnap/compared` so that a list is quick the second time.
//!
//! Each entry stands under the two contents, the day, the rules and what was wanted, so it cannot go
//! stale; a file that is damaged, or gone, costs the time to compare again.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::Datelike;
use flate2::Crc;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::Finding;
use super::packed::{pack, unpack};
use crate::archive::{BlobId, scratch};
use crate::model::Day;

pub(super) const MAGIC: &[u8] = b"fitsnap compared 4\n";
pub(super) const KEY: usize = 20 + 20 + 4 + 8;
/// What stands before a body: its key, its length, and the checksum of the key and the body.
pub(super) const HEAD: usize = KEY + 8;

/// The largest entry that is kept: what is larger takes less time to find again than to write down.
const LARGEST: usize = 8 << 10;

/// The size from which on the file is begun anew.
const FULL: u64 = 256 << 20;

/// The key of an entry: the two contents, the day, and all else that a finding depends on.
pub(super) type Key = [u8; KEY];

/// The key of two contents, of which one may be missing, of a day.
pub(super) fn key(old: Option<BlobId>, new: Option<BlobId>, day: Day, ground: u64) -> Key {
    let mut key = [0; KEY];
    for (place, blob) in [(0..20, old), (20..40, new)] {
        if let Some(blob) = blob {
            key[place].copy_from_slice(&blob.bytes());
        }
    }
    key[40..44].copy_from_slice(&day.date().num_days_from_ce().to_le_bytes());
    key[44..].copy_from_slice(&ground.to_le_bytes());
    key
}

/// A number that stands for a text.
pub(super) fn ground(text: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(text).into();
    hash[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Tells a damaged entry from a sound one.
pub(super) fn checksum(key: &Key, body: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(key);
    crc.update(body);
    crc.sum().to_le_bytes()
}

/// Findings by key.
pub(super) struct Cache {
    path: Option<PathBuf>,
    /// Whether the file was looked for: only who asks for an entry needs that.
    opened: bool,
    file: Option<BufReader<File>>,
    /// Where the body of each entry stands, and how long it is.
    entries: HashMap<Key, (u64, u32)>,
    end: u64,
    /// The next file: all that there was, and what is new.
    fresh: Option<BufWriter<NamedTempFile>>,
}

impl Cache {
    /// Opens the cache in a folder; an empty one where there is none that can be read.
    pub(super) fn open(folder: PathBuf) -> Cache {
        let mut cache = Cache::none();
        cache.path = Some(folder.join("compared"));
        cache
    }

    /// A cache that keeps nothing.
    pub(super) fn none() -> Cache {
        Cache { path: None, opened: false, file: None, entries: HashMap::new(), end: MAGIC.len() as u64, fresh: None }
    }

    fn index(&mut self) -> Option<()> {
        let mut file = BufReader::with_capacity(1 << 16, File::open(self.path.as_ref()?).ok()?);
        let length = file.get_ref().metadata().ok().filter(|data| data.len() < FULL)?.len();
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).ok().filter(|()| magic == MAGIC)?;
        let mut head = [0; HEAD];
        while self.end + head.len() as u64 <= length && file.read_exact(&mut head).is_ok() {
            let mut size = [0; 4];
            size.copy_from_slice(&head[KEY..KEY + 4]);
            let size = u32::from_le_bytes(size);
            let body = self.end + head.len() as u64;
            if size as usize > LARGEST || body + u64::from(size) > length {
                break;
            }
            let mut key = [0; KEY];
            key.copy_from_slice(&head[..KEY]);
            self.entries.insert(key, (self.end, size));
            self.end = body + u64::from(size);
            file.seek_relative(i64::from(size)).ok()?;
        }
        self.file = Some(file);
        Some(())
    }

    /// The finding of a key.
    pub(super) fn get(&mut self, key: &Key) -> Option<Finding> {
        if !std::mem::replace(&mut self.opened, true) {
            self.index();
        }
        let (at, size) = *self.entries.get(key)?;
        let file = self.file.as_mut()?;
        // Entries are asked for in the order in which they were written: most often the next is in the buffer.
        let here = file.stream_position().ok()?;
        file.seek_relative(at as i64 - here as i64).ok()?;
        let mut entry = vec![0; HEAD + size as usize];
        file.read_exact(&mut entry).ok()?;
        let body = &entry[HEAD..];
        let sound = entry[..KEY] == *key && entry[KEY + 4..HEAD] == checksum(key, body);
        sound.then(|| unpack(body)).flatten()
    }

    /// Keeps a finding for the next time. Where that fails the next time is slower, nothing else.
    pub(super) fn put(&mut self, key: &Key, finding: &Finding) {
        let body = pack(finding);
        let plain = finding.problem.is_none() && finding.lines.is_empty();
        if plain && body.len() <= LARGEST && self.path.is_some() && self.write(key, &body).is_err() {
            self.path = None;
            self.fresh = None;
        }
    }

    fn write(&mut self, key: &Key, body: &[u8]) -> io::Result<()> {
        if self.fresh.is_none() {
            self.fresh = Some(self.begin()?);
        }
        let Some(file) = &mut self.fresh else { return Ok(()) };
        file.write_all(key)?;
        file.write_all(&(body.len() as u32).to_le_bytes())?;
        file.write_all(&checksum(key, body))?;
        file.write_all(body)
    }

    /// The next file, with all that is sound of the old one.
    fn begin(&mut self) -> io::Result<BufWriter<NamedTempFile>> {
        let folder = self.path.as_deref().and_then(Path::parent).and_then(scratch);
        let file = folder.ok_or(io::ErrorKind::PermissionDenied)?;
        let mut file = BufWriter::with_capacity(1 << 16, file);
        file.write_all(MAGIC)?;
        if let Some(old) = &mut self.file {
            old.seek(SeekFrom::Start(MAGIC.len() as u64))?;
            io::copy(&mut old.by_ref().take(self.end - MAGIC.len() as u64), &mut file)?;
        }
        Ok(file)
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        if let (Some(path), Some(file)) = (&self.path, self.fresh.take())
            && let Ok(file) = file.into_inner()
        {
            let _ = file.persist(path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn finding(count: usize) -> Finding {
        Finding { resources: [("heart".to_owned(), [count, 0, 0])].into(), ..Finding::default() }
    }

    #[test]
    fn a_damaged_or_cut_off_file_gives_what_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<Key> = (0..3).map(|at| key(None, None, "2015-07-05".parse().unwrap(), at)).collect();
        for (at, key) in keys.iter().enumerate() {
            let mut cache = Cache::open(folder.path().to_owned());
            assert_eq!(cache.get(key), None);
            cache.put(key, &finding(at));
        }
        let mut cache = Cache::open(folder.path().to_owned());
        for at in [2, 0, 1] {
            assert_eq!(cache.get(&keys[at]), Some(finding(at)));
        }
        let path = folder.path().join("compared");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let mut cache = Cache::open(folder.path().to_owned());
        assert_eq!((cache.get(&keys[1]), cache.get(&keys[2])), (Some(finding(1)), None));
        let mut bent = whole.clone();
        let at = whole.len() - 3;
        bent[at] ^= 1;
        std::fs::write(&path, &bent).unwrap();
        assert_eq!(Cache::open(folder.path().to_owned()).get(&keys[2]), None);
        std::fs::write(&path, "something else").unwrap();
        assert_eq!(Cache::open(folder.path().to_owned()).get(&keys[0]), None);
    }
}
