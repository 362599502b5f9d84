//! A folder that an export was unpacked into.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::ImportError;
use super::source::{MAX_ENTRIES, io_error, refused};

/// How deep folders may lie in one another. Exports go four deep.
const MAX_DEPTH: usize = 16;

/// A file below the folder.
pub struct Found {
    /// Its path below the folder, with `/` between.
    pub path: String,
    /// Where it is read and how many bytes it has; or why it is not read.
    pub target: Result<(PathBuf, u64), String>,
}

/// The files below a folder, sorted by path. A symbolic link counts where it leads to a file below the
/// same folder; one that leads elsewhere is listed, but not followed.
///
/// # Errors
/// When a folder cannot be read, or there is more than any export holds.
pub fn files(root: &Path, name: &str) -> Result<Vec<Found>, ImportError> {
    let home = root.canonicalize().map_err(io_error(name))?;
    let mut found = Vec::new();
    let mut open = vec![(home.clone(), String::new(), 0)];
    while let Some((folder, path, depth)) = open.pop() {
        let shown = if path.is_empty() { name.to_owned() } else { format!("{name}/{path}") };
        if depth > MAX_DEPTH {
            return Err(refused(&shown, format!("its folders lie more than {MAX_DEPTH} deep")));
        }
        for entry in fs::read_dir(&folder).map_err(io_error(&shown))? {
            let entry = entry.map_err(io_error(&shown))?;
            let own = spelled(&entry.file_name());
            let path = if path.is_empty() { own } else { format!("{path}/{own}") };
            let kind = entry.file_type().map_err(io_error(&shown))?;
            if kind.is_dir() {
                open.push((entry.path(), path, depth + 1));
                continue;
            }
            if found.len() == MAX_ENTRIES {
                return Err(refused(name, format!("it holds more than {MAX_ENTRIES} files")));
            }
            let target = if kind.is_symlink() { through_link(&entry.path(), &home) } else { Ok(entry.path()) };
            let target = target.and_then(|target| match fs::metadata(&target) {
                Ok(file) if file.is_file() => Ok((target, file.len())),
                Ok(_) => Err("it is no plain file".to_owned()),
                Err(error) => Err(format!("it cannot be read: {error}")),
            });
            found.push(Found { path, target });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// A name as text: bytes that are no UTF-8 as `\xNN`, so that two such names stay two.
fn spelled(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

fn through_link(link: &Path, home: &Path) -> Result<PathBuf, String> {
    match link.canonicalize() {
        Ok(target) if target.starts_with(home) && target.is_file() => Ok(target),
        Ok(_) => Err("it is a symbolic link that leads out of the export, which is not followed".to_owned()),
        Err(_) => Err("it is a symbolic link that leads nowhere".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_only() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("export");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(temp.path().join("secret"), "s").unwrap();
        fs::write(root.join("sub/file"), "12").unwrap();
        let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        link("sub/file", "inside");
        link("../secret", "outside");
        link("nowhere", "dangling");
        link("..", "up");
        let found = files(&root, "export").unwrap();
        let told: Vec<_> =
            found.iter().map(|one| (one.path.as_str(), one.target.as_ref().map(|target| target.1).ok())).collect();
        assert_eq!(
            told,
            [("dangling", None), ("inside", Some(2)), ("outside", None), ("sub/file", Some(2)), ("up", None)]
        );
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let spelled = |bytes: &[u8]| spelled(OsStr::from_bytes(bytes));
        assert_eq!(spelled(b"Fr\xc3\xbchlauf.gpx"), "Fr\u{fc}hlauf.gpx");
        assert_eq!(spelled(b"Fr\xfchlauf.gpx"), "Fr\\xfchlauf.gpx");
        assert_ne!(spelled(b"\xfc"), spelled(b"\xe4"));
    }
}
