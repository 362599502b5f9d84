//! Many objects as one pack with its index, in git's own formats (gitformat-pack(5)).

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use git2::{ObjectType, Oid};
use sha1::{Digest, Sha1};
use tempfile::NamedTempFile;

use super::ArchiveError;
use super::durable::{make_folder, read_only, sync_folder};

/// Begins the name of a file that says which pack is about to be finished.
const MARK: &str = "finishing-";

/// Version 2; the count is put in when it is known.
const HEAD: &[u8] = b"PACK\0\0\0\x02\0\0\0\0";
const COUNT_AT: u64 = 8;

/// The head of an index of version 2.
const INDEX_HEAD: &[u8] = b"\xfftOc\0\0\0\x02";

/// From this offset on it stands in a table of its own.
const FAR: u64 = 1 << 31;

/// A pack under way, in a file of its own.
pub(super) struct Pack {
    file: BufWriter<NamedTempFile>,
    /// Where the next object will stand.
    at: u64,
    entries: Vec<Entry>,
    /// An object as it goes into the file; kept only for its allocation.
    packed: Vec<u8>,
}

/// Where an object stands in the pack.
struct Entry {
    id: Oid,
    /// The CRC-32 of it as it is packed.
    crc: u32,
    at: u64,
}

impl Pack {
    /// Begins a pack in a folder of ours.
    pub fn begin(scratch: &Path) -> io::Result<Pack> {
        let file = tempfile::Builder::new().prefix("pack-").tempfile_in(scratch)?;
        let mut file = BufWriter::with_capacity(1 << 16, file);
        file.write_all(HEAD)?;
        Ok(Pack { file, at: HEAD.len() as u64, entries: Vec::new(), packed: Vec::new() })
    }

    /// Appends an object as it is, without a delta. No object may come twice.
    pub fn add(&mut self, id: Oid, kind: ObjectType, data: &[u8]) -> io::Result<()> {
        let kind: u8 = match kind {
            ObjectType::Commit => 1,
            ObjectType::Tree => 2,
            _ => 3,
        };
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        let mut size = data.len() >> 4;
        let mut byte = (kind << 4) | (data.len() & 0x0f) as u8;
        while size > 0 {
            packed.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        packed.push(byte);
        // Level 1: git repacks with deltas later; now the person waits.
        let mut encoder = ZlibEncoder::new(packed, Compression::fast());
        encoder.write_all(data)?;
        self.packed = encoder.finish()?;
        let mut crc = Crc::new();
        crc.update(&self.packed);
        self.file.write_all(&self.packed)?;
        self.entries.push(Entry { id, crc: crc.sum(), at: self.at });
        self.at += self.packed.len() as u64;
        Ok(())
    }

    /// Gives pack and index their names in a folder, the index last: git looks at packs by their indexes.
    /// Both are on the disk when it returns.
    pub fn store(self, scratch: &Path, folder: &Path) -> Result<(), ArchiveError> {
        let failed = |source| ArchiveError::Io { verb: "write a pack in", path: scratch.to_owned(), source };
        let mut entries = self.entries;
        entries.sort_unstable_by_key(|entry| entry.id);
        let mut file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        let sum = close(file.as_file_mut(), entries.len()).map_err(failed)?;
        let index = tempfile::Builder::new().prefix("pack-").tempfile_in(scratch).map_err(failed)?;
        write_index(index.as_file(), &entries, &sum).map_err(failed)?;
        make_folder(folder)?;
        let name = Oid::from_bytes(&sum).map_err(ArchiveError::git("name a pack"))?;
        // Kept until both have their names: who finds it knows a pack without an index for ours.
        let mark = scratch.join(format!("{MARK}{name}"));
        File::create(&mark).map_err(ArchiveError::io("write", &mark))?;
        for (file, ending) in [(file, "pack"), (index, "idx")] {
            let path = folder.join(format!("pack-{name}.{ending}"));
            read_only(file.as_file()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
            file.persist(&path).map_err(|error| ArchiveError::io("write", &path)(error.error))?;
        }
        sync_folder(folder)?;
        fs::remove_file(&mark).map_err(ArchiveError::io("remove", &mark))
    }
}

/// Takes away a pack that a stop left without its index: git never looks at it, and nothing refers to what
/// is in it. Only one that fitsnap was about to finish is taken for waste.
pub(super) fn sweep(scratch: &Path, folder: &Path) {
    for entry in fs::read_dir(scratch).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_prefix(MARK)?.parse::<Oid>().ok()) else { continue };
        let place = |ending: &str| folder.join(format!("pack-{name}.{ending}"));
        if !place("idx").exists() {
            let _ = fs::remove_file(place("pack"));
        }
    }
}

/// Puts the count into a pack and its own SHA-1 at its end, and tells that.
fn close(file: &mut File, count: usize) -> io::Result<[u8; 20]> {
    let count = u32::try_from(count).map_err(io::Error::other)?;
    file.seek(SeekFrom::Start(COUNT_AT))?;
    file.write_all(&count.to_be_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    let mut digest = Sha1::new();
    let mut reader = BufReader::with_capacity(1 << 16, &mut *file);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    let sum: [u8; 20] = digest.finalize().into();
    file.write_all(&sum)?;
    Ok(sum)
}

/// Writes the index of a pack; the entries are sorted by id.
fn write_index(file: &File, entries: &[Entry], pack: &[u8; 20]) -> io::Result<()> {
    let mut text = INDEX_HEAD.to_vec();
    for first in 0..=u8::MAX {
        let up_to = entries.partition_point(|entry| entry.id.as_bytes()[0] <= first);
        text.extend_from_slice(&(up_to as u32).to_be_bytes());
    }
    entries.iter().for_each(|entry| text.extend_from_slice(entry.id.as_bytes()));
    entries.iter().for_each(|entry| text.extend_from_slice(&entry.crc.to_be_bytes()));
    let mut far = Vec::new();
    for entry in entries {
        let at = match u32::try_from(entry.at) {
            Ok(at) if entry.at < FAR => at,
            _ => {
                far.push(entry.at);
                FAR as u32 | (far.len() - 1) as u32
            }
        };
        text.extend_from_slice(&at.to_be_bytes());
    }
    far.iter().for_each(|at| text.extend_from_slice(&at.to_be_bytes()));
    text.extend_from_slice(pack);
    let sum: [u8; 20] = Sha1::digest(&text).into();
    text.extend_from_slice(&sum);
    let mut file = file;
    file.write_all(&text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use git2::Repository;

    use super::super::objects::name_of;
    use super::*;

    #[test]
    fn every_object_of_a_pack_is_found_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let git = Repository::init(folder.path()).unwrap();
        let mut pack = Pack::begin(folder.path()).unwrap();
        let blobs: Vec<Vec<u8>> = [0, 1, 15, 16, 2_047, 2_048, 70_000]
            .iter()
            .map(|length| (0..*length).map(|at| at as u8).collect())
            .collect();
        let mut objects: Vec<_> = blobs.into_iter().map(|data| (ObjectType::Blob, data)).collect();
        objects.push((ObjectType::Tree, Vec::new()));
        for (kind, data) in &objects {
            pack.add(name_of(*kind, data).unwrap(), *kind, data).unwrap();
        }
        let packs = git.path().join("objects/pack");
        pack.store(folder.path(), &packs).unwrap();
        assert_eq!(std::fs::read_dir(&packs).unwrap().count(), 2);
        let odb = git.odb().unwrap();
        for (kind, data) in &objects {
            let found = odb.read(name_of(*kind, data).unwrap()).unwrap();
            assert_eq!((found.kind(), found.data()), (*kind, data.as_slice()));
        }
        // Git itself finds each where the index says, with the sum that the index says.
        let run = |args: &[&str]| {
            let git = std::process::Command::new("git").arg("-C").arg(folder.path()).args(args).output().unwrap();
            assert!(git.status.success(), "{args:?}: {}", String::from_utf8_lossy(&git.stderr));
        };
        let mut index = std::fs::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path());
        let index = index.find(|path| path.extension().is_some_and(|ending| ending == "idx")).unwrap();
        run(&["verify-pack", index.to_str().unwrap()]);
        run(&["fsck", "--strict"]);
    }

    #[test]
    fn offsets_beyond_two_gibibytes_stand_in_a_table_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let entry = |byte: u8, at: u64| Entry { id: Oid::from_bytes(&[byte; 20]).unwrap(), crc: u32::from(byte), at };
        let entries = [entry(1, FAR - 1), entry(2, FAR), entry(3, 12), entry(255, 5 << 32)];
        write_index(&File::create(&path).unwrap(), &entries, &[9; 20]).unwrap();
        let bytes = std::fs::read(path).unwrap();
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let fanout = |first: usize| number(8 + 4 * first);
        assert_eq!([fanout(0), fanout(1), fanout(2), fanout(254), fanout(255)], [0, 1, 2, 3, 4]);
        let offsets = 8 + 256 * 4 + 4 * 20 + 4 * 4;
        let told: Vec<u32> = (0..4).map(|at| number(offsets + 4 * at)).collect();
        assert_eq!(told, [0x7fff_ffff, 0x8000_0000, 12, 0x8000_0001]);
        let far = &bytes[offsets + 16..offsets + 32];
        assert_eq!(far, [FAR.to_be_bytes(), (5_u64 << 32).to_be_bytes()].concat());
        assert_eq!(bytes.len(), offsets + 32 + 40);
    }

    #[test]
    fn a_pack_that_a_stop_left_without_its_index_is_swept_away_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: String| {
            std::fs::write(folder.path().join(&name), "").unwrap();
            folder.path().join(name)
        };
        let name = |digit: &str| digit.repeat(40);
        let mark = |digit: &str| drop(file(format!("{MARK}{}", name(digit))));
        let half = file(format!("pack-{}.pack", name("1")));
        mark("1");
        let whole = file(format!("pack-{}.pack", name("2")));
        file(format!("pack-{}.idx", name("2")));
        mark("2");
        let strange = file(format!("pack-{}.pack", name("3")));
        mark("4");
        sweep(folder.path(), folder.path());
        assert_eq!([half.exists(), whole.exists(), strange.exists()], [false, true, true]);
    }
}
