//! Git's hooks: they call the fitsnap on the PATH.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::durable::{make_folder, replace_file};
use super::identity::configuration;
use super::{Archive, ArchiveError};

const HOOKS: [Hook; 2] = [
    Hook { name: "pre-commit", script: include_str!("../../hooks/pre-commit"), call: "fitsnap hook pre-commit" },
    Hook { name: "pre-push", script: include_str!("../../hooks/pre-push"), call: "fitsnap hook pre-push \"$@\"" },
];

struct Hook {
    name: &'static str,
    script: &'static str,
    /// What a hook of the person's own must call.
    call: &'static str,
}

impl Hook {
    /// The call without the arguments that git gives.
    fn plain_call(&self) -> &'static str {
        self.call.trim_end_matches(" \"$@\"")
    }

    /// The line that a hook of the person's own should have.
    fn line(&self) -> String {
        format!("{} || exit 1", self.call)
    }
}

/// What became of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookState {
    /// It was put there.
    Installed(&'static str),
    /// It was there, or the person's own hook calls fitsnap.
    Present(&'static str),
    /// A hook of the person's own is there, or hooks stand elsewhere: nothing was written.
    Yours {
        /// The hook's file.
        path: PathBuf,
        /// The line that it should have.
        line: String,
    },
}

/// How a hook stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookLook {
    /// Git runs it, and it calls fitsnap.
    Works,
    /// It is not there.
    Missing,
    /// It is there, but git passes over it.
    NotExecutable,
    /// One of the person's own that does not call fitsnap; the line that it should have.
    Yours(String),
}

impl Archive {
    /// How the hooks stand, each with its file. Nothing is touched.
    ///
    /// # Errors
    /// When git's configuration cannot be read.
    pub fn look_at_hooks(&self) -> Result<Vec<(PathBuf, HookLook)>, ArchiveError> {
        let (folder, _) = self.hooks_folder()?;
        let look = |hook: &Hook| {
            let path = folder.join(hook.name);
            let look = match fs::read(&path) {
                Err(_) => HookLook::Missing,
                Ok(bytes) if !String::from_utf8_lossy(&bytes).contains(hook.plain_call()) => {
                    HookLook::Yours(hook.line())
                }
                Ok(_) if !is_executable(&path) => HookLook::NotExecutable,
                Ok(_) => HookLook::Works,
            };
            (path, look)
        };
        Ok(HOOKS.iter().map(look).collect())
    }

    /// Where the hooks stand, and whether that is git's usual folder.
    pub(super) fn hooks_folder(&self) -> Result<(PathBuf, bool), ArchiveError> {
        let chosen = configuration(Some(&self.git), &self.environment)?.get_path("core.hooksPath").ok();
        Ok(match chosen {
            Some(folder) => (self.root().join(folder), false),
            None => (self.git.commondir().join("hooks"), true),
        })
    }

    /// Installs the hooks that are missing. A hook of the person's own is never overwritten, and a
    /// folder that `core.hooksPath` names is the person's own.
    ///
    /// # Errors
    /// When the hooks folder cannot be written.
    pub fn install_hooks(&self) -> Result<Vec<HookState>, ArchiveError> {
        let (folder, ours) = self.hooks_folder()?;
        HOOKS.iter().map(|hook| self.install_hook(hook, &folder, ours)).collect()
    }

    fn install_hook(&self, hook: &Hook, folder: &Path, ours: bool) -> Result<HookState, ArchiveError> {
        let path = folder.join(hook.name);
        match fs::read(&path) {
            Ok(bytes) if bytes == hook.script.as_bytes() && is_executable(&path) => Ok(HookState::Present(hook.name)),
            Ok(bytes) if bytes == hook.script.as_bytes() && ours => self.write_hook(hook, &path),
            Ok(bytes) if String::from_utf8_lossy(&bytes).contains(hook.plain_call()) => {
                Ok(HookState::Present(hook.name))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && ours && fs::symlink_metadata(&path).is_err() => {
                self.write_hook(hook, &path)
            }
            Ok(_) => Ok(HookState::Yours { path, line: hook.line() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HookState::Yours { path, line: hook.line() }),
            Err(error) => Err(ArchiveError::io("read", &path)(error)),
        }
    }

    fn write_hook(&self, hook: &Hook, path: &Path) -> Result<HookState, ArchiveError> {
        make_folder(&self.scratch())?;
        replace_file(path, hook.script.as_bytes(), &self.scratch())?;
        make_executable(path).map_err(ArchiveError::io("make executable", path))?;
        Ok(HookState::Installed(hook.name))
    }
}

/// Whether a hook's text is the one that fitsnap installs by this name.
pub(super) fn is_ours(name: &str, text: &[u8]) -> bool {
    HOOKS.iter().any(|hook| hook.name == name && hook.script.as_bytes() == text)
}

#[cfg(unix)]
pub(super) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_executable(_path: &Path) -> bool {
    true
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}
