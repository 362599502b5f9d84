//! Where a command's data goes: standard output, or a file that is whole or not there.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Context;
use crate::cli::{CommandError, ExitCode, Ui};

/// Where data goes.
pub enum Output {
    /// Standard output.
    Standard,
    /// A file that gets its name when all is written.
    File {
        /// What is written so far.
        unfinished: BufWriter<NamedTempFile>,
        /// Its name.
        path: PathBuf,
    },
}

impl Output {
    /// Standard output where no file or `-` is named, else the file. What is there already is only
    /// written over where `may_replace` says so.
    ///
    /// # Errors
    /// Usage, where something is in the way; nothing was touched then.
    pub fn to(
        file: Option<&Path>,
        context: &Context<'_>,
        may_replace: impl FnOnce(&Path) -> bool,
    ) -> Result<Output, CommandError> {
        let Some(file) = file.filter(|file| file.as_os_str() != "-") else { return Ok(Output::Standard) };
        let path = context.environment.folder().join(file);
        let refused = |what: &str| CommandError::new(ExitCode::Usage, format!("{} {what}", path.display()));
        // A link stays; what it leads to is replaced.
        let path = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => path,
            Err(error) => return Err(cannot_write(&path, &error)),
            Ok(_) => {
                let real = path.canonicalize().map_err(|error| cannot_write(&path, &error))?;
                if !real.is_file() {
                    return Err(refused("is not an ordinary file").hint("name another file with -o"));
                }
                if !may_replace(&real) {
                    return Err(refused("is there already").hint("name another file with -o, or add --force"));
                }
                real
            }
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".fitsnap-");
        // Its owner's umask takes away from this what it does from any file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let unfinished = builder.tempfile_in(folder).map_err(|error| cannot_write(&path, &error))?;
        Ok(Output::File { unfinished: BufWriter::new(unfinished), path })
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        matches!(self, Output::File { .. })
    }

    /// Writes data.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, bytes: &[u8], ui: &mut Ui) -> Result<(), CommandError> {
        match self {
            Output::Standard => ui.bytes(bytes),
            Output::File { unfinished, path } => {
                unfinished.write_all(bytes).map_err(|error| cannot_write(path, &error))?
            }
        }
        Ok(())
    }

    /// Gives the file its name. Until then nothing stands there, or what stood there before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self, ui: &mut Ui) -> Result<(), CommandError> {
        let Output::File { unfinished, path } = self else { return Ok(()) };
        let put = || -> io::Result<()> {
            let file = unfinished.into_inner().map_err(|error| error.into_error())?;
            file.as_file().sync_data()?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        put().map_err(|error| cannot_write(&path, &error))?;
        ui.note(format!("wrote {}", path.display()));
        Ok(())
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> CommandError {
    // An error of an unfinished file quotes that file's name, which nobody knows.
    let error =
        error.get_ref().and_then(std::error::Error::source).map_or_else(|| error.to_string(), ToString::to_string);
    CommandError::new(ExitCode::SomeFailed, format!("cannot write {}: {error}", path.display()))
}
