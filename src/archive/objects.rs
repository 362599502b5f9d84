//! New objects on their way into git: a few as loose files, many as one pack.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use git2::{Indexer, ObjectType, Odb, Oid};
use sha1::{Digest, Sha1};

use super::ArchiveError;
use super::durable::{make_folder, sync_files, sync_folder, sync_folders};

/// From this many objects on they become one pack: beyond it a file and a sync for each cost more
/// than an index, and below it a pack a day would fill the repository with packs.
const PACK_FROM: usize = 96;

/// From so many bytes on too: a year of tracks must not wait in memory.
const PACK_FROM_BYTES: usize = 8 << 20;

/// Objects not yet in the repository. Contents beyond the first few wait in a file, not in memory.
pub(super) struct NewObjects {
    scratch: PathBuf,
    known: HashSet<Oid>,
    few: Vec<(Oid, ObjectType, Vec<u8>)>,
    many: Option<PackFile>,
}

struct PackFile {
    file: BufWriter<File>,
    /// Where the packed content of each object begins.
    places: HashMap<Oid, u64>,
}

impl NewObjects {
    /// No objects yet; unfinished files stand in `scratch`.
    pub(super) fn new(scratch: &Path) -> NewObjects {
        NewObjects { scratch: scratch.to_owned(), known: HashSet::new(), few: Vec::new(), many: None }
    }

    /// Takes an object, unless the repository has it, and tells its id.
    pub(super) fn put(&mut self, odb: &Odb<'_>, kind: ObjectType, data: &[u8]) -> Result<Oid, ArchiveError> {
        let id = Oid::hash_object(kind, data).map_err(ArchiveError::git("name an object"))?;
        if !self.known.insert(id) {
            return Ok(id);
        }
        if odb.exists(id) {
            // Nothing may refer to it but what is about to be committed. Written again it counts as
            // young, and a `git gc` meanwhile does not take it for waste.
            return odb.write(kind, data).map_err(ArchiveError::git(format!("keep object {id}")));
        }
        let waiting: usize = self.few.iter().map(|(_, _, data)| data.len()).sum();
        if self.many.is_none() && (self.few.len() + 1 >= PACK_FROM || waiting + data.len() >= PACK_FROM_BYTES) {
            self.many = Some(self.begin_pack()?);
        }
        match &mut self.many {
            Some(pack) => pack.write(id, kind, data).map_err(ArchiveError::io("write a pack in", &self.scratch))?,
            None => self.few.push((id, kind, data.to_vec())),
        }
        Ok(id)
    }

    /// The content of an object that was taken before; none of one that was not, or that the repository had.
    pub(super) fn get(&mut self, id: Oid) -> Result<Option<Vec<u8>>, ArchiveError> {
        if let Some((_, _, data)) = self.few.iter().find(|(known, _, _)| *known == id) {
            return Ok(Some(data.clone()));
        }
        let Some(pack) = &mut self.many else { return Ok(None) };
        let Some(place) = pack.places.get(&id).copied() else { return Ok(None) };
        pack.read(place).map(Some).map_err(ArchiveError::io("read a pack in", &self.scratch))
    }

    /// Whether they are so many that they become a pack.
    pub(super) fn is_many(&self) -> bool {
        self.many.is_some()
    }

    /// Puts everything into the repository at `common` (its `.git`), on the disk when it returns.
    pub(super) fn store(self, odb: &Odb<'_>, common: &Path) -> Result<(), ArchiveError> {
        let objects = common.join("objects");
        match self.many {
            Some(pack) => store_pack(pack, odb, &self.scratch, &objects.join("pack"))?,
            None => store_loose(&self.few, &self.scratch, &objects)?,
        }
        odb.refresh().map_err(ArchiveError::git("look for the new objects"))
    }

    fn begin_pack(&mut self) -> Result<PackFile, ArchiveError> {
        let begin = || {
            let mut file = BufWriter::new(tempfile::tempfile_in(&self.scratch)?);
            // Version 2; the count is put in when it is known.
            file.write_all(b"PACK\0\0\0\x02\0\0\0\0")?;
            let mut pack = PackFile { file, places: HashMap::new() };
            for (id, kind, data) in &self.few {
                pack.write(*id, *kind, data)?;
            }
            Ok(pack)
        };
        let pack = begin().map_err(ArchiveError::io("write a pack in", &self.scratch))?;
        self.few = Vec::new();
        Ok(pack)
    }
}

impl PackFile {
    /// Appends an object as it is, without a delta (gitformat-pack(5)).
    fn write(&mut self, id: Oid, kind: ObjectType, data: &[u8]) -> io::Result<()> {
        let kind: u8 = match kind {
            ObjectType::Commit => 1,
            ObjectType::Tree => 2,
            _ => 3,
        };
        let mut size = data.len() >> 4;
        let mut byte = (kind << 4) | (data.len() & 0x0f) as u8;
        while size > 0 {
            self.file.write_all(&[byte | 0x80])?;
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        self.file.write_all(&[byte])?;
        self.places.insert(id, self.file.stream_position()?);
        // Level 1: git repacks with deltas later; now the person waits.
        let mut encoder = ZlibEncoder::new(&mut self.file, Compression::fast());
        encoder.write_all(data)?;
        encoder.finish()?;
        Ok(())
    }

    /// Reads the content of an object back.
    fn read(&mut self, place: u64) -> io::Result<Vec<u8>> {
        self.file.flush()?;
        let mut file = self.file.get_ref();
        file.seek(SeekFrom::Start(place))?;
        let mut data = Vec::new();
        ZlibDecoder::new(BufReader::new(file)).read_to_end(&mut data)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(data)
    }

    /// The pack with its count, ready to be read from the start; the trailing checksum comes apart.
    fn finish(self) -> io::Result<File> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(8))?;
        let count = u32::try_from(self.places.len()).map_err(io::Error::other)?;
        file.write_all(&count.to_be_bytes())?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

/// Lets libgit2 index the pack in our folder, then gives both files their names, the index last:
/// git looks at packs by their indexes.
fn store_pack(pack: PackFile, odb: &Odb<'_>, scratch: &Path, folder: &Path) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Io { verb: "write a pack in", path: scratch.to_owned(), source };
    // The indexer is libgit2's, and so are its errors, in the guise of I/O.
    let refused = |error: io::Error| match error.downcast::<git2::Error>() {
        Ok(error) => ArchiveError::git("index a pack")(error),
        Err(error) => failed(error),
    };
    let mut reader = BufReader::with_capacity(1 << 16, pack.finish().map_err(failed)?);
    let work = tempfile::Builder::new().prefix("pack-").tempdir_in(scratch).map_err(failed)?;
    let mut indexer = Indexer::new(Some(odb), work.path(), 0o444, false).map_err(ArchiveError::git("index a pack"))?;
    let mut digest = Sha1::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = reader.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        digest.update(&buffer[..count]);
        indexer.write_all(&buffer[..count]).map_err(refused)?;
    }
    indexer.write_all(&digest.finalize()).map_err(refused)?;
    let name = indexer.commit().map_err(ArchiveError::git("index a pack"))?;
    make_folder(folder)?;
    for ending in ["pack", "idx"] {
        let file = format!("pack-{name}.{ending}");
        let (from, to) = (work.path().join(&file), folder.join(&file));
        File::open(&from).and_then(|file| file.sync_all()).map_err(ArchiveError::io("sync", &from))?;
        fs::rename(&from, &to).map_err(ArchiveError::io("write", &to))?;
    }
    sync_folder(folder)
}

/// Each step is taken for all of them before the next: a file system that keeps a journal then settles
/// many in one go.
pub(super) fn store_loose(
    few: &[(Oid, ObjectType, Vec<u8>)],
    scratch: &Path,
    objects: &Path,
) -> Result<(), ArchiveError> {
    let mut folders = BTreeSet::new();
    let mut files = Vec::with_capacity(few.len());
    for (id, kind, data) in few {
        let name = id.to_string();
        let folder = objects.join(&name[..2]);
        let path = folder.join(&name[2..]);
        make_folder(&folder)?;
        let failed = ArchiveError::io("write", &path);
        let write = || {
            let file = tempfile::Builder::new().prefix("object-").tempfile_in(scratch)?;
            let mut encoder = ZlibEncoder::new(file.as_file(), Compression::fast());
            write!(encoder, "{} {}\0", kind.str(), data.len())?;
            encoder.write_all(data)?;
            encoder.finish()?;
            read_only(file.as_file())?;
            Ok(file)
        };
        files.push((write().map_err(failed)?, path));
        folders.insert(folder);
    }
    sync_files(&files)?;
    for (file, path) in files {
        file.persist(&path).map_err(|error| ArchiveError::io("write", &path)(error.error))?;
    }
    if !few.is_empty() {
        folders.insert(objects.to_owned());
    }
    sync_folders(&folders)
}

/// Objects never change, and git marks them so.
fn read_only(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o444))?;
    }
    Ok(())
}
