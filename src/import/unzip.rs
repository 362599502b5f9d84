//! One zip: its list of entries, checked, and their bytes.

use std::io::{self, Read, SeekFrom};

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;

use super::error::ImportError;
use super::source::{Exact, MAX_ENTRIES, ReadSeek, refused};

/// The longest path of an entry, as on the systems that unpack it.
const MAX_PATH: usize = 4096;

/// What a zip begins with: a local file header, or the end of an empty list.
const SIGNATURES: [&[u8; 4]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// An open zip.
pub struct Zip(ZipArchive<Box<dyn ReadSeek>>);

/// An entry as the zip's list has it.
pub struct Listed {
    /// Its number in the list.
    pub index: usize,
    /// Its size unpacked, as it says.
    pub size: u64,
    /// Its size as it lies there.
    pub packed: u64,
    /// Why it cannot be read, where the list and what it points to do not agree.
    pub problem: Option<String>,
}

/// Opens a zip and lists its files by path. Entries are found through the central directory: Moves
/// writes its zips as a stream, and the sizes in front of the entries are not known there.
///
/// # Errors
/// When it is no zip, damaged, encrypted, or holds what no honest export does.
pub fn open(mut from: Box<dyn ReadSeek>, name: &str) -> Result<(Zip, Vec<(String, Listed)>), ImportError> {
    let damaged = |problem: String| ImportError::Damaged { name: name.to_owned(), problem };
    let unreadable = |source| ImportError::Io { name: name.to_owned(), source };
    let mut start = Vec::new();
    from.by_ref().take(4).read_to_end(&mut start).map_err(unreadable)?;
    from.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if !SIGNATURES.iter().any(|signature| start == signature.as_slice()) {
        return Err(ImportError::NotZip { name: name.to_owned() });
    }
    // A zip that was cut off may end with a whole one that lay inside it. Counting from the first byte
    // keeps that one from being taken for the zip itself.
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut zip = match ZipArchive::with_config(config, from) {
        Ok(zip) => zip,
        Err(ZipError::Io(source)) if source.kind() != io::ErrorKind::UnexpectedEof => return Err(unreadable(source)),
        Err(_) => {
            return Err(damaged("the list at its end is missing or broken, as when a download was cut off".into()));
        }
    };
    if zip.len() > MAX_ENTRIES {
        return Err(refused(name, format!("it lists more than {MAX_ENTRIES} entries")));
    }
    if zip.has_duplicate_names() {
        return Err(refused(name, "two of its entries have the same path"));
    }
    let mut listed = Vec::new();
    let mut ranges = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).map_err(|error| damaged(reason(&error)))?;
        let path = entry.name().map_err(|_| refused(name, "the path of an entry is no text"))?.into_owned();
        if let Some(problem) = path_problem(&path) {
            return Err(refused(name, format!("its entry \"{path}\" {problem}")));
        }
        if entry.is_symlink() {
            return Err(refused(name, format!("its entry \"{path}\" is a symbolic link")));
        }
        let (size, packed, folder) = (entry.size(), entry.compressed_size(), entry.is_dir());
        if entry.encrypted() && !folder {
            return Err(ImportError::Encrypted { name: name.to_owned(), entry: path });
        }
        let problem = match zip.by_index_raw(index) {
            Ok(raw) => {
                let from = raw.header_start();
                let content = raw.data_start().unwrap_or(from);
                ranges.push((from, content.saturating_add(packed)));
                None
            }
            Err(error) => Some(reason(&error)),
        };
        if !folder {
            listed.push((path, Listed { index, size, packed, problem }));
        }
    }
    ranges.sort_unstable();
    let crossed = ranges.windows(2).any(|pair| pair[0].1 > pair[1].0);
    if crossed || ranges.last().is_some_and(|last| last.1 > zip.central_directory_start()) {
        return Err(refused(name, "two of its entries lie over each other"));
    }
    Ok((Zip(zip), listed))
}

impl Zip {
    /// Reads an entry, which says it has `size` bytes.
    ///
    /// # Errors
    /// When it cannot be unpacked.
    pub fn stream(&mut self, index: usize, size: u64) -> io::Result<Box<dyn Read + '_>> {
        let entry = self.0.by_index(index).map_err(|error| io::Error::other(reason(&error)))?;
        Ok(Box::new(Exact::new(entry, size)))
    }
}

/// Why a path leads out of the folder it would be unpacked into, or might on some system.
fn path_problem(path: &str) -> Option<&'static str> {
    let drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if path.is_empty() || path.len() > MAX_PATH {
        Some("has a path of no sensible length")
    } else if path.starts_with('/') || drive {
        Some("has an absolute path")
    } else if path.contains('\\') {
        Some("has a path with backslashes")
    } else if path.contains('\0') {
        Some("has a path with a zero byte")
    } else if path.split('/').any(|part| part == ".." || part == ".") {
        Some("has a path that leads elsewhere")
    } else {
        None
    }
}

/// The words of the zip library for what a person can understand.
fn reason(error: &ZipError) -> String {
    match error {
        ZipError::CompressionMethodNotSupported(method) => {
            format!("it is packed with a method that fitsnap cannot unpack (number {method})")
        }
        ZipError::InvalidArchive(what) => what.to_string(),
        ZipError::UnsupportedArchive(what) => (*what).to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_stay_below_are_taken() {
        for good in ["json/daily/storyline/storyline_20140603.json", "a", "a/", "..a/b..", "Ärger/日.json"] {
            assert_eq!(path_problem(good), None, "{good}");
        }
        for bad in
            ["", "../x", "a/../../x", "a/..", "./a", "/etc/passwd", "C:/x", "c:x", "a\\..\\b", "\\\\host\\x", "a\0b"]
        {
            assert!(path_problem(bad).is_some(), "{bad:?}");
        }
    }
}
