//! The file of tokens of one provider in one archive.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{Environment, FolderError};
use crate::http::Stop;
use crate::model::{ContentHash, ProviderName};

use super::Tokens;

/// Tokens cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no folder to keep them in.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file or its folder does not do as it should.
    #[error("cannot {verb} {path}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not one that fitsnap wrote. Its text is never quoted.
    #[error("{path} is damaged; remove it and sign in again")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The person wishes to stop while another fitsnap holds the tokens.
    #[error("interrupted")]
    Interrupted,
}

/// Where the tokens of one provider in one archive are kept.
#[derive(Clone, Debug)]
pub(super) struct TokenStore {
    file: PathBuf,
}

/// Holds the tokens against other processes until it is dropped.
pub(super) struct Held(#[allow(dead_code, reason = "the open file is the lock")] File);

impl TokenStore {
    /// The store of a provider in the archive with this root.
    ///
    /// # Errors
    /// When the account has no folder for state.
    pub fn new(
        environment: &Environment,
        archive_root: &Path,
        provider: &ProviderName,
    ) -> Result<TokenStore, StoreError> {
        // One archive, one name, whatever way led to it.
        let root = archive_root.canonicalize().unwrap_or_else(|_| archive_root.to_owned());
        let hash = ContentHash::of(root.as_os_str().as_encoded_bytes()).to_string();
        let folder = environment.state_dir()?.join("tokens");
        Ok(TokenStore { file: folder.join(format!("{provider}-{}.json", &hash[..16])) })
    }

    /// Reads the tokens, if there are any.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(&self) -> Result<Option<Tokens>, StoreError> {
        match fs::read(&self.file) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(tokens) => Ok(Some(tokens)),
                Err(_) => Err(StoreError::Damaged { path: self.file.clone() }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Io { verb: "read", path: self.file.clone(), source }),
        }
    }

    /// Writes the tokens; when this returns they are on disk, whole, for this account's eyes only.
    ///
    /// # Errors
    /// When that fails; the file is then as it was.
    pub fn write(&self, tokens: &Tokens) -> Result<(), StoreError> {
        let folder = self.folder()?;
        let io = |source| StoreError::Io { verb: "write", path: self.file.clone(), source };
        let text = serde_json::to_vec_pretty(tokens).map_err(|error| io(error.into()))?;
        // Such a file is readable by its owner alone from the start.
        let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
        temporary.write_all(&text).map_err(io)?;
        temporary.as_file().sync_all().map_err(io)?;
        temporary.persist(&self.file).map_err(|error| io(error.error))?;
        sync_folder(folder).map_err(io)
    }

    /// Forgets the tokens. Tells whether there were any.
    ///
    /// # Errors
    /// When the file is there and cannot be removed.
    pub fn remove(&self) -> Result<bool, StoreError> {
        match fs::remove_file(&self.file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(StoreError::Io { verb: "remove", path: self.file.clone(), source }),
        }
    }

    /// Waits until no other process holds the tokens, and holds them.
    ///
    /// # Errors
    /// When the lock's file cannot be made, or the person wishes to stop meanwhile.
    pub async fn hold(&self, stop: &Stop) -> Result<Held, StoreError> {
        self.folder()?;
        let path = self.file.with_extension("lock");
        let io = |source| StoreError::Io { verb: "lock", path: path.clone(), source };
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        // Another account that may open it could hold it for ever.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(io)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Held(file)),
                Err(fs::TryLockError::Error(source)) => return Err(io(source)),
                Err(fs::TryLockError::WouldBlock) if stop.is_set() => return Err(StoreError::Interrupted),
                Err(fs::TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// The folder of token files, made where it is not there; its name is on the disk then, as are those of the
    /// folders above it that are new, too.
    fn folder(&self) -> Result<&Path, StoreError> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        let made = builder.create(folder).and_then(|()| {
            let mut above = missing.iter().filter_map(|folder| folder.parent());
            above.try_for_each(|above| sync_folder(if above.as_os_str().is_empty() { Path::new(".") } else { above }))
        });
        made.map_err(|source| StoreError::Io { verb: "make", path: folder.to_owned(), source })?;
        Ok(folder)
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
