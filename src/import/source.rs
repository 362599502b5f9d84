//! What the person named on the command line, zips and folders, as one set of entries to read.
//!
//! An export comes from outside and is never trusted: entries are only listed and read, none is
//! unpacked to a path, and what no honest export holds is refused before anything is read.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use super::error::ImportError;
use super::folder;
use super::unzip::{self, Zip};

/// The most files of one export. Twelve streams with a file a day make 53,000 in twelve years.
pub const MAX_ENTRIES: usize = 1_000_000;

/// The largest zip inside a zip, unpacked. The JSON of five weeks of Moves is 1 MiB, packed.
pub const MAX_INNER_ZIP: u64 = 2 << 30;

/// How often one may be inside another: the outer zip and those inside it.
pub const MAX_NESTING: u32 = 2;

/// The size from which on the ratio counts: below it a bomb does no harm.
pub const RATIO_FREE: u64 = 16 << 20;

/// Unpacked bytes a packed byte. The JSON of Moves packs to a twelfth, and nothing but one letter to a
/// thousandth.
pub const MAX_RATIO: u64 = 200;

/// What is held in memory of an unpacked file; more goes to a nameless temporary file.
const SPOOL: usize = 8 << 20;

/// What a reader takes out of an export.
pub struct Wants {
    /// Whether the zip at this path inside the export is to be opened.
    pub inner_zip: fn(&str) -> bool,
    /// The largest file, unpacked, in bytes.
    pub max_file: u64,
    /// The most that all files together may hold, unpacked, in bytes.
    pub max_total: u64,
}

/// Bytes that can be read from any place.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// The files of an export.
pub struct Export {
    name: String,
    zips: Vec<Zip>,
    entries: Vec<Entry>,
    damaged: Vec<(String, String)>,
}

/// A file of an export.
#[derive(Debug)]
pub struct Entry {
    /// Its path from the zip or folder it lies in, with `/` between.
    pub path: String,
    /// Where it lies, for people: that path with the zips and folders around it.
    pub name: String,
    /// How many bytes it says it has, unpacked.
    pub size: u64,
    place: EntryPlace,
}

#[derive(Debug)]
enum EntryPlace {
    File(PathBuf),
    Packed { zip: usize, index: usize, packed: u64 },
    Blocked(String),
}

impl Export {
    /// Lists what lies in these zips and folders, and in the zips inside them that are wanted.
    ///
    /// A zip that is damaged is set aside where it is one of several: see [`Export::damaged`].
    ///
    /// # Errors
    /// When it cannot be read, or holds what no honest export does.
    pub fn open(paths: &[PathBuf], wants: &Wants) -> Result<Export, ImportError> {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        let mut export = Export { name: names.join(", "), zips: Vec::new(), entries: Vec::new(), damaged: Vec::new() };
        for (path, name) in paths.iter().zip(&names) {
            match export.add(path, name, wants) {
                Err(error) if paths.len() > 1 => export.set_aside(error)?,
                other => other?,
            }
        }
        Ok(export)
    }

    fn add(&mut self, path: &Path, name: &str, wants: &Wants) -> Result<(), ImportError> {
        let found = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ImportError::Missing { path: path.to_owned() });
            }
            found => found.map_err(io_error(name))?,
        };
        if !found.is_dir() {
            let file = File::open(path).map_err(io_error(name))?;
            return self.add_zip(Box::new(BufReader::new(file)), name, 1, wants);
        }
        for file in folder::files(path, name)? {
            let name = format!("{}/{}", name.trim_end_matches('/'), file.path);
            match file.target {
                Ok((target, _)) if (wants.inner_zip)(&file.path) => {
                    let zip = File::open(&target).map_err(io_error(&name))?;
                    self.add_inner(Box::new(BufReader::new(zip)), &name, 1, wants)?;
                }
                Ok((target, size)) => self.push(file.path, name, size, EntryPlace::File(target))?,
                Err(why) => self.push(file.path, name, 0, EntryPlace::Blocked(why))?,
            }
        }
        Ok(())
    }

    /// Adds a zip that lies beside or inside others; damage to it leaves the others readable.
    fn add_inner(&mut self, zip: Box<dyn ReadSeek>, name: &str, level: u32, wants: &Wants) -> Result<(), ImportError> {
        self.add_zip(zip, name, level, wants).or_else(|error| self.set_aside(error))
    }

    /// Goes on without a zip that is damaged; any other error stays one.
    fn set_aside(&mut self, error: ImportError) -> Result<(), ImportError> {
        let damage = match error {
            ImportError::Damaged { name, problem } => (name, problem),
            ImportError::NotZip { name } => (name, "it is no zip file".to_owned()),
            other => return Err(other),
        };
        self.damaged.push(damage);
        Ok(())
    }

    fn add_zip(&mut self, zip: Box<dyn ReadSeek>, name: &str, level: u32, wants: &Wants) -> Result<(), ImportError> {
        let (mut zip, listed) = unzip::open(zip, name)?;
        let mut inner = Vec::new();
        let number = self.zips.len();
        for (path, found) in listed {
            let full = format!("{name}/{path}");
            let place = match found.problem {
                Some(problem) => EntryPlace::Blocked(problem),
                None => EntryPlace::Packed { zip: number, index: found.index, packed: found.packed },
            };
            let is_inner = (wants.inner_zip)(&path) && matches!(place, EntryPlace::Packed { .. });
            if is_inner && level == MAX_NESTING {
                return Err(refused(&full, format!("zips lie inside zips more than {MAX_NESTING} deep")));
            }
            if is_inner {
                check_size(&full, found.size, Some(found.packed), MAX_INNER_ZIP)?;
                let unpacked = zip
                    .stream(found.index, found.size)
                    .and_then(spool)
                    .map_err(|error| (full.clone(), error.to_string()));
                inner.push((full, unpacked));
            } else {
                self.push(path, full, found.size, place)?;
            }
        }
        self.zips.push(zip);
        for (name, unpacked) in inner {
            match unpacked {
                Ok(unpacked) => self.add_inner(unpacked, &name, level + 1, wants)?,
                Err(damage) => self.damaged.push(damage),
            }
        }
        Ok(())
    }

    fn push(&mut self, path: String, name: String, size: u64, place: EntryPlace) -> Result<(), ImportError> {
        // A Mac puts a second, nameless file beside each one that it packs.
        if path.split('/').any(|part| part == "__MACOSX" || part.starts_with("._")) {
            return Ok(());
        }
        if self.entries.len() == MAX_ENTRIES {
            return Err(refused(&self.name, format!("it holds more than {MAX_ENTRIES} files")));
        }
        self.entries.push(Entry { path, name, size, place });
        Ok(())
    }

    /// What the person named, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its files, in the order in which they were found.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The zips that cannot be read, each with what is wrong with it.
    pub fn damaged(&self) -> &[(String, String)] {
        &self.damaged
    }

    /// Why an entry cannot be read, where that is known before it is tried.
    pub fn blocked(&self, entry: usize) -> Option<&str> {
        match &self.entries.get(entry)?.place {
            EntryPlace::Blocked(why) => Some(why),
            _ => None,
        }
    }

    /// Checks that the entries about to be read are of a size within reason, as far as they say.
    ///
    /// # Errors
    /// When they are not.
    pub fn admit(&self, chosen: &[usize], wants: &Wants) -> Result<(), ImportError> {
        let (mut total, mut packed_total) = (0_u64, 0_u64);
        for entry in chosen.iter().filter_map(|at| self.entries.get(*at)) {
            let packed = match entry.place {
                EntryPlace::Packed { packed, .. } => Some(packed),
                _ => None,
            };
            check_size(&entry.name, entry.size, packed, wants.max_file)?;
            total = total.saturating_add(entry.size);
            packed_total = packed_total.saturating_add(packed.unwrap_or(entry.size));
        }
        // Many small bombs are one.
        check_size(&self.name, total, Some(packed_total), wants.max_total)
    }

    /// Reads an entry from its first byte to its last. A stream that gives more or less than the entry
    /// says, or other bytes than its checksum says, ends in an error.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn stream(&mut self, entry: usize) -> io::Result<Box<dyn Read + '_>> {
        let Some(Entry { place, size, .. }) = self.entries.get(entry) else {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        };
        match place {
            EntryPlace::File(path) => Ok(Box::new(Exact::new(File::open(path)?, *size))),
            EntryPlace::Packed { zip, index, .. } => match self.zips.get_mut(*zip) {
                Some(zip) => zip.stream(*index, *size),
                None => Err(io::Error::from(io::ErrorKind::NotFound)),
            },
            EntryPlace::Blocked(why) => Err(io::Error::other(why.clone())),
        }
    }

    /// An entry of which parts can be read in any order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn unpack(&mut self, entry: usize) -> io::Result<Box<dyn ReadSeek>> {
        if let Some(Entry { place: EntryPlace::File(path), .. }) = self.entries.get(entry) {
            return Ok(Box::new(BufReader::new(File::open(path)?)));
        }
        spool(self.stream(entry)?)
    }
}

/// A file's bytes in memory, or in a temporary file that has no name and goes with its reader.
fn spool(mut from: Box<dyn Read + '_>) -> io::Result<Box<dyn ReadSeek>> {
    let mut spooled = tempfile::SpooledTempFile::new(SPOOL);
    io::copy(&mut from, &mut spooled)?;
    spooled.rewind()?;
    Ok(Box::new(BufReader::new(spooled)))
}

fn check_size(name: &str, size: u64, packed: Option<u64>, most: u64) -> Result<(), ImportError> {
    if size > most {
        return Err(refused(name, format!("it unpacks to {}, more than {}", mebibytes(size), mebibytes(most))));
    }
    if let Some(packed) = packed
        && size > RATIO_FREE
        && size / packed.max(1) > MAX_RATIO
    {
        return Err(refused(name, format!("it unpacks to {} from {packed} bytes, as no export does", mebibytes(size))));
    }
    Ok(())
}

pub(super) fn refused(name: &str, problem: impl Into<String>) -> ImportError {
    ImportError::Refused { name: name.to_owned(), problem: problem.into() }
}

pub(super) fn io_error(name: &str) -> impl FnOnce(io::Error) -> ImportError {
    move |source| ImportError::Io { name: name.to_owned(), source }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// A stream that must give exactly as many bytes as were announced.
pub(super) struct Exact<R> {
    inner: R,
    announced: u64,
    given: u64,
}

impl<R: Read> Exact<R> {
    pub(super) fn new(inner: R, announced: u64) -> Exact<R> {
        Exact { inner, announced, given: 0 }
    }
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(room)?;
        self.given += count as u64;
        if self.given > self.announced {
            return Err(io::Error::other(format!("it holds more than the {} bytes it says", self.announced)));
        }
        if count == 0 && !room.is_empty() && self.given < self.announced {
            return Err(io::Error::other(format!("it ends after {} of {} bytes", self.given, self.announced)));
        }
        Ok(count)
    }
}
