//! What a finished walk found, kept for the next one.
//!
//! A file `history-<scope>` in fitsnap's own folder: a head that says which history it is of, the
//! steps newest first, and the CRC-32 of all that. It is written beside and renamed, read as a
//! stream, and worth nothing where a byte of it is wrong.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use chrono::DateTime;
use flate2::Crc;
use git2::Oid;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{FileChange, Scope, Step};
use crate::archive::{Archive, ArchiveError, BlobId, CommitId, DATA};
use crate::model::Action;

const MAGIC: &[u8] = b"fitsnap history 3\n";
const SUM: u64 = 4;
const ACTIONS: [Option<Action>; 5] =
    [None, Some(Action::Sync), Some(Action::Import), Some(Action::Repair), Some(Action::Migrate)];

/// The names of the files that know a scope, the closest first.
fn names(scope: &Scope) -> Vec<String> {
    match scope {
        Scope::Data | Scope::Days(None, _) => vec![format!("history-{DATA}")],
        // No provider can be called so: names have no capitals.
        Scope::Provider(name) | Scope::Days(Some(name), _) => {
            vec![format!("history-{DATA}-{name}"), format!("history-{DATA}")]
        }
        Scope::Files(_) => Vec::new(),
    }
}

/// What the file depends on beside its tip: where a shallow clone ends.
fn ground(archive: &Archive) -> [u8; 32] {
    let mut commits: Vec<Oid> = archive.shallow_commits().into_iter().collect();
    commits.sort_unstable();
    let mut hash = Sha256::new();
    commits.iter().for_each(|commit| hash.update(commit.as_bytes()));
    hash.finalize().into()
}

/// Reads what was kept.
pub(super) struct KeptReader {
    pub(super) tip: CommitId,
    name: String,
    file: io::Take<BufReader<File>>,
}

impl KeptReader {
    /// What was kept for a scope, if it is whole and of this clone.
    pub(super) fn open(archive: &Archive, scope: &Scope) -> Option<KeptReader> {
        names(scope).into_iter().find_map(|name| KeptReader::open_named(archive, name))
    }

    fn open_named(archive: &Archive, name: String) -> Option<KeptReader> {
        let mut file = BufReader::with_capacity(1 << 16, File::open(archive.local().join(&name)).ok()?);
        let length = file.get_ref().metadata().ok()?.len().checked_sub(SUM)?;
        let mut sum = Crc::new();
        let mut left = length;
        while left > 0 {
            let bytes = file.fill_buf().ok().filter(|bytes| !bytes.is_empty())?;
            let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            sum.update(&bytes[..taken]);
            file.consume(taken);
            left -= taken as u64;
        }
        let mut written = Vec::new();
        file.read_to_end(&mut written).ok()?;
        if written != sum.sum().to_le_bytes() {
            return None;
        }
        file.rewind().ok()?;
        let mut file = file.take(length);
        let mut head = [0; MAGIC.len() + 32];
        file.read_exact(&mut head).ok()?;
        let tip = CommitId(id(&mut file).ok()?);
        let ours = head.starts_with(MAGIC) && head[MAGIC.len()..] == ground(archive);
        ours.then_some(KeptReader { tip, name, file })
    }

    /// Whether it was kept for exactly this scope.
    pub(super) fn is_of(&self, scope: &Scope) -> bool {
        matches!(scope, Scope::Days(..)) || names(scope).first() == Some(&self.name)
    }

    /// The next step, with the changes of the scope only.
    pub(super) fn step(&mut self, scope: &Scope) -> Result<Option<Step>, ArchiveError> {
        if self.file.limit() == 0 {
            return Ok(None);
        }
        let step = self.read(scope).map_err(|error| ArchiveError::Damaged {
            problem: format!("{} changed while it was read ({error})", self.name),
        })?;
        Ok(Some(step))
    }

    fn read(&mut self, scope: &Scope) -> io::Result<Step> {
        let file = &mut self.file;
        let commit = CommitId(id(file)?);
        let time = DateTime::from_timestamp(i64::from_le_bytes(bytes(file)?), 0).unwrap_or_default();
        let [flags, action] = bytes(file)?;
        let count = u32::from_le_bytes(bytes(file)?);
        let mut changes = Vec::new();
        for _ in 0..count {
            let mut path = vec![0; usize::from(u16::from_le_bytes(bytes(file)?))];
            file.read_exact(&mut path)?;
            let path = String::from_utf8_lossy(&path).into_owned();
            let [sides] = bytes(file)?;
            let old = if sides & 1 > 0 { Some(BlobId(id(file)?)) } else { None };
            let new = if sides & 2 > 0 { Some(BlobId(id(file)?)) } else { None };
            if scope.takes(&path) {
                changes.push(FileChange { path, old, new, again: sides & 4 > 0 });
            }
        }
        let action = ACTIONS.get(usize::from(action)).copied().flatten();
        Ok(Step { commit, time, action, boundary: flags & 1 > 0, merge: flags & 2 > 0, changes, decided: true })
    }
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn id(file: &mut impl Read) -> io::Result<Oid> {
    Oid::from_bytes(&bytes::<20>(file)?).map_err(io::Error::other)
}

/// The beginning of the names of files that are being written.
const SCRATCH: &str = "new-";

/// A file in fitsnap's own folder, to be renamed when it is whole; none where nothing can be written.
/// What a killed process left behind a day ago or earlier is swept away.
pub fn scratch(folder: &Path) -> Option<NamedTempFile> {
    std::fs::create_dir_all(folder).ok()?;
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        let ours = entry.file_name().to_string_lossy().starts_with(SCRATCH);
        if ours && age().is_some_and(|age| age.as_secs() > 86_400) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    NamedTempFile::with_prefix_in(SCRATCH, folder).ok()
}

/// Writes down what a walk finds. Nothing is kept of a walk that did not reach its end.
pub(super) struct KeptWriter {
    file: BufWriter<NamedTempFile>,
    sum: Crc,
    path: std::path::PathBuf,
}

impl KeptWriter {
    /// Begins a file for a scope; none where it cannot be written, or where the scope is too small
    /// to be worth one.
    pub(super) fn begin(archive: &Archive, scope: &Scope, tip: CommitId) -> Option<KeptWriter> {
        let name = names(scope).into_iter().next().filter(|_| matches!(scope, Scope::Data | Scope::Provider(_)))?;
        let folder = archive.local();
        let file = BufWriter::with_capacity(1 << 16, scratch(&folder)?);
        let mut writer = KeptWriter { file, sum: Crc::new(), path: folder.join(name) };
        let head = [MAGIC, &ground(archive), tip.0.as_bytes()].concat();
        writer.put(&head).ok()?;
        Some(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.file.write_all(bytes)
    }

    /// Writes a step down; whether that went well.
    pub(super) fn write(&mut self, step: &Step) -> bool {
        if step.changes.is_empty() && !step.boundary && !step.merge {
            return true;
        }
        let mut text = Vec::with_capacity(64 + 80 * step.changes.len());
        text.extend_from_slice(step.commit.0.as_bytes());
        text.extend_from_slice(&step.time.timestamp().to_le_bytes());
        text.push(u8::from(step.boundary) | u8::from(step.merge) << 1);
        text.push(ACTIONS.iter().position(|action| *action == step.action).unwrap_or(0) as u8);
        text.extend_from_slice(&(step.changes.len() as u32).to_le_bytes());
        for change in &step.changes {
            let Ok(length) = u16::try_from(change.path.len()) else { return false };
            text.extend_from_slice(&length.to_le_bytes());
            text.extend_from_slice(change.path.as_bytes());
            text.push(
                u8::from(change.old.is_some()) | u8::from(change.new.is_some()) << 1 | u8::from(change.again) << 2,
            );
            for blob in change.old.iter().chain(&change.new) {
                text.extend_from_slice(blob.0.as_bytes());
            }
        }
        self.put(&text).is_ok()
    }

    /// Takes over what a reader has not read, and puts the file in its place.
    pub(super) fn finish_with(mut self, mut rest: KeptReader) {
        let mut part = vec![0; 1 << 16];
        loop {
            match rest.file.read(&mut part) {
                Ok(0) => return self.finish(),
                Ok(count) if self.put(&part[..count]).is_ok() => {}
                _ => return,
            }
        }
    }

    /// Puts the file in its place. Where that fails the next walk is longer, nothing else.
    pub(super) fn finish(mut self) {
        let sum = self.sum.sum().to_le_bytes();
        if self.file.write_all(&sum).is_ok()
            && let Ok(file) = self.file.into_inner()
        {
            let _ = file.persist(self.path);
        }
    }
}
