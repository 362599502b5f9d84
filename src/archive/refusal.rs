//! The person's own hooks that may refuse a commit: they are asked as git asks them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use git2::{Index, Oid};

use super::hooks::is_executable;
use super::{Archive, ArchiveError};

/// Hooks of a person's own that look at each commit, with what fitsnap installs by the same name.
pub(super) struct OwnHooks {
    pre_commit: Option<PathBuf>,
    commit_msg: Option<PathBuf>,
}

impl OwnHooks {
    /// Whether there is none to ask.
    pub(super) fn is_empty(&self) -> bool {
        self.pre_commit.is_none() && self.commit_msg.is_none()
    }
}

impl Archive {
    /// The hooks of the person's own. What fitsnap installed is none of them: it keeps its own rules.
    pub(super) fn own_hooks(&self) -> Result<OwnHooks, ArchiveError> {
        let (folder, _) = self.hooks_folder()?;
        let own = |name: &str| {
            let path = folder.join(name);
            let text = fs::read(&path).ok().filter(|_| is_executable(&path))?;
            (!super::hooks::is_ours(name, &text)).then_some(path)
        };
        Ok(OwnHooks { pre_commit: own("pre-commit"), commit_msg: own("commit-msg") })
    }

    /// Asks the hooks about a commit of this tree, whose objects are in the repository, and gives its
    /// message, which `commit-msg` may have altered.
    ///
    /// # Errors
    /// `Guard` where a hook refuses.
    pub(super) fn ask_hooks(&self, hooks: &OwnHooks, tree: Oid, message: &str) -> Result<String, ArchiveError> {
        let work = tempfile::Builder::new().prefix("hook-").tempdir_in(self.scratch());
        let work = work.map_err(ArchiveError::io("make a folder in", &self.scratch()))?;
        let index = work.path().join("index");
        let staged = || {
            let mut staged = Index::open(&index)?;
            staged.read_tree(&self.git.find_tree(tree)?)?;
            staged.write()
        };
        staged().map_err(ArchiveError::git("write an index for the hooks"))?;
        if let Some(hook) = &hooks.pre_commit {
            self.ask(hook, &[], &index)?;
        }
        let Some(hook) = &hooks.commit_msg else { return Ok(message.to_owned()) };
        let file = work.path().join("COMMIT_EDITMSG");
        fs::write(&file, format!("{message}\n")).map_err(ArchiveError::io("write", &file))?;
        self.ask(hook, &[&file], &index)?;
        let message = fs::read_to_string(&file).map_err(ArchiveError::io("read", &file))?;
        if message.trim().is_empty() {
            return Err(refused(hook, "it left no message"));
        }
        Ok(message)
    }

    fn ask(&self, hook: &Path, args: &[&Path], index: &Path) -> Result<(), ArchiveError> {
        let mut command = self.environment.command(hook);
        // Run from another repository's hook these would name that one.
        for name in ["GIT_DIR", "GIT_WORK_TREE"] {
            command.env_remove(name);
        }
        command.env("GIT_INDEX_FILE", index).env("GIT_EDITOR", ":").current_dir(&self.root);
        let output = command.args(args).stdin(Stdio::null()).output();
        let output = output.map_err(ArchiveError::io("run the hook", hook))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said: Vec<_> = String::from_utf8_lossy(&said).lines().map(str::trim).map(str::to_owned).collect();
        let said = said.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        Err(refused(hook, if said.is_empty() { "it gave no reason" } else { &said }))
    }
}

fn refused(hook: &Path, said: &str) -> ArchiveError {
    ArchiveError::Guard {
        problem: format!("your hook {} refused the commit, and nothing was committed: {said}", hook.display()),
        hint: "let the hook pass what fitsnap commits: the message has a line that begins with Fitsnap-Action"
            .to_owned(),
    }
}
