//! New objects on their way into git: a few as loose files, many as one pack.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use git2::{ObjectType, Odb, Oid};
use sha1::{Digest, Sha1};

use super::ArchiveError;
use super::durable::{make_unsynced_folder, read_only, sync_files, sync_folders};
use super::pack::Pack;

/// From this many objects on they become one pack: beyond it a file and a sync for each cost more
/// than an index, and below it a pack a day would fill the repository with packs.
const PACK_FROM: usize = 96;

/// From so many bytes on too: a year of tracks must not wait in memory.
const PACK_FROM_BYTES: usize = 8 << 20;

/// The id that git gives an object. Git's own library looks for signs of forged collisions on the way,
/// which takes several times as long; what is read back, sent or checked goes past it all the same.
pub(super) fn name_of(kind: ObjectType, data: &[u8]) -> Result<Oid, ArchiveError> {
    let mut digest = begin_name(kind, data.len() as u64);
    digest.update(data);
    Oid::from_bytes(&digest.finalize()).map_err(ArchiveError::git("name an object"))
}

/// The id of the blob that a file's bytes make, in little memory.
pub(super) fn name_of_file(file: &mut File) -> io::Result<Oid> {
    let length = file.metadata()?.len();
    let mut digest = begin_name(ObjectType::Blob, length);
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Oid::from_bytes(&digest.finalize()).map_err(io::Error::other),
            Ok(read) => digest.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether the repository has an object. Nothing may refer to it but what is about to be committed: written
/// again it counts as young, and a `git gc` meanwhile does not take it for waste.
pub(super) fn renew(odb: &Odb<'_>, id: Oid, kind: ObjectType, data: &[u8]) -> Result<bool, ArchiveError> {
    let is_there = odb.exists(id);
    if is_there {
        odb.write(kind, data).map_err(ArchiveError::git(format!("keep object {id}")))?;
    }
    Ok(is_there)
}

fn begin_name(kind: ObjectType, length: u64) -> Sha1 {
    let mut digest = Sha1::new();
    digest.update(format!("{} {length}\0", kind.str()));
    digest
}

/// Objects not yet in the repository. Contents beyond the first few wait in a file, not in memory.
pub(super) struct NewObjects {
    scratch: PathBuf,
    known: HashSet<Oid>,
    few: Vec<(Oid, ObjectType, Vec<u8>)>,
    many: Option<Pack>,
}

impl NewObjects {
    /// No objects yet; unfinished files stand in `scratch`.
    pub(super) fn new(scratch: &Path) -> NewObjects {
        NewObjects { scratch: scratch.to_owned(), known: HashSet::new(), few: Vec::new(), many: None }
    }

    /// Takes an object, unless the repository has it, and tells its id.
    pub(super) fn put(&mut self, odb: &Odb<'_>, kind: ObjectType, data: &[u8]) -> Result<Oid, ArchiveError> {
        let id = name_of(kind, data)?;
        if !renew(odb, id, kind, data)? {
            self.add(id, kind, data)?;
        }
        Ok(id)
    }

    /// Takes an object that the repository lacks.
    pub(super) fn add(&mut self, id: Oid, kind: ObjectType, data: &[u8]) -> Result<(), ArchiveError> {
        if !self.known.insert(id) {
            return Ok(());
        }
        let waiting: usize = self.few.iter().map(|(_, _, data)| data.len()).sum();
        if self.many.is_none() && (self.few.len() + 1 >= PACK_FROM || waiting + data.len() >= PACK_FROM_BYTES) {
            self.begin_pack().map_err(ArchiveError::io("write a pack in", &self.scratch))?;
        }
        match &mut self.many {
            Some(pack) => pack.add(id, kind, data).map_err(ArchiveError::io("write a pack in", &self.scratch))?,
            None => self.few.push((id, kind, data.to_vec())),
        }
        Ok(())
    }

    /// Whether they are so many that they become a pack.
    pub(super) fn is_many(&self) -> bool {
        self.many.is_some()
    }

    /// Puts everything into the repository at `common` (its `.git`), on the disk when it returns.
    pub(super) fn store(self, odb: &Odb<'_>, common: &Path) -> Result<(), ArchiveError> {
        let objects = common.join("objects");
        match self.many {
            Some(pack) => pack.store(&self.scratch, &objects.join("pack"))?,
            None => store_loose(&self.few, &self.scratch, &objects)?,
        }
        odb.refresh().map_err(ArchiveError::git("look for the new objects"))
    }

    fn begin_pack(&mut self) -> io::Result<()> {
        let mut pack = Pack::begin(&self.scratch)?;
        for (id, kind, data) in std::mem::take(&mut self.few) {
            pack.add(id, kind, &data)?;
        }
        self.many = Some(pack);
        Ok(())
    }
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
    // One for all: to make it takes longer than to pack a small object.
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    for (id, kind, data) in few {
        let name = id.to_string();
        let folder = objects.join(&name[..2]);
        let path = folder.join(&name[2..]);
        make_unsynced_folder(&folder)?;
        let failed = ArchiveError::io("write", &path);
        let mut write = || {
            write!(encoder, "{} {}\0", kind.str(), data.len())?;
            encoder.write_all(data)?;
            let packed = encoder.reset(Vec::new())?;
            let file = tempfile::Builder::new().prefix("object-").tempfile_in(scratch)?;
            file.as_file().write_all(&packed)?;
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
