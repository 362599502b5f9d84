//! Making an archive: a git repository, settings and attributes in one commit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{Repository, RepositoryInitOptions, Status};

use super::durable::{make_folder, replace_file, sync_below, sync_folder};
use super::identity::{Identity, configuration};
use super::merge::MERGE_ATTRIBUTE;
use super::{Archive, ArchiveError, CommitId, DATA};
use crate::config::{ArchiveSettings, Environment, SETTINGS_FILE};
use crate::model::{Clock, FORMAT};

const ATTRIBUTES_FILE: &str = ".gitattributes";

/// Where a new repository is made before it stands in its place.
const UNFINISHED: &str = ".fitsnap-new";

/// No line-ending conversion below `data/`: the hashes hold on every system. And no merging by lines.
const ATTRIBUTES: [&str; 2] = ["data/** -text", MERGE_ATTRIBUTE];

/// An archive, and what was done to make it one.
pub struct Created {
    /// The archive.
    pub archive: Archive,
    /// What the folder was before.
    pub was: Before,
    /// The commit of the two files; none where both were as they should be.
    pub commit: Option<CommitId>,
}

/// What an archive was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// No repository.
    Folder,
    /// A repository that was no archive.
    Repository,
    /// An archive.
    Archive,
}

impl Archive {
    /// Makes an archive in a folder, or of the repository that the folder lies in. Only the settings
    /// and the attributes are written and committed; what is there already stays.
    ///
    /// # Errors
    /// `NoIdentity` before anything is made; `Guard` where something of the person's own is in the way.
    pub fn create(
        environment: &Environment,
        folder: &Path,
        kinds: &[&'static str],
        clock: Clock,
    ) -> Result<Created, ArchiveError> {
        let folder = environment.folder().join(folder);
        let around = Archive::repository_around(&folder)?;
        let is_new = around.is_none();
        let git = match around {
            Some(git) => {
                // A stop may have left it empty.
                let _ = fs::remove_dir(folder.join(UNFINISHED));
                git
            }
            None => {
                remove_unfinished(&folder)?;
                check_settings(&folder, kinds)?;
                new_repository_in(&folder, environment)?
            }
        };
        let root = git.workdir().map(|root| root.components().collect::<PathBuf>()).ok_or_else(|| bare(git.path()))?;
        let archive = Archive::of(root, git, environment);
        archive.check_folders()?;
        check_settings(archive.root(), kinds)?;
        let was = match archive.snapshot()?.blob_at(SETTINGS_FILE)? {
            _ if is_new => Before::Folder,
            None => Before::Repository,
            Some(_) => Before::Archive,
        };
        if archive.local().exists() {
            match archive.settle("init", clock) {
                // Whoever is at work makes good what a stop left.
                Ok(_) | Err(ArchiveError::Busy { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let commit = if archive.is_complete()? { None } else { archive.commit_first_files(was, clock)? };
        Ok(Created { archive, was, commit })
    }

    /// The repository that a folder lies in, whether the folder is there yet or not.
    fn repository_around(folder: &Path) -> Result<Option<Repository>, ArchiveError> {
        let present = folder.ancestors().find(|above| fs::symlink_metadata(above).is_ok());
        if let Some(present) = present.filter(|present| !present.is_dir()) {
            return Err(ArchiveError::Unusable {
                problem: format!("{} is not a folder", present.display()),
                hint: "name a folder for the archive: fitsnap init DIR".to_owned(),
            });
        }
        let git = match Repository::discover(present.unwrap_or(folder)) {
            Ok(git) => git,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => {
                let failed = ArchiveError::git(format!("open the repository around {}", folder.display()));
                return Err(ArchiveError::of_owner(folder, &error).unwrap_or_else(|| failed(error)));
            }
        };
        if git.is_bare() { Err(bare(git.path())) } else { Ok(Some(git)) }
    }

    /// Whether HEAD has both files as an archive needs them.
    fn is_complete(&self) -> Result<bool, ArchiveError> {
        let head = self.snapshot()?;
        let attributes = head.file(ATTRIBUTES_FILE)?.unwrap_or_default();
        Ok(head.blob_at(SETTINGS_FILE)?.is_some() && has_attributes(&attributes))
    }

    fn commit_first_files(&self, was: Before, clock: Clock) -> Result<Option<CommitId>, ArchiveError> {
        // Whoever is told to set an identity finds nothing changed afterwards.
        Identity::of(&self.git, &self.environment)?;
        let lock = self.lock("init", clock)?;
        let mut writer = self.writer(&lock, DATA)?;
        if self.snapshot()?.blob_at(SETTINGS_FILE)?.is_none() {
            let held = self.own_file(SETTINGS_FILE)?;
            writer.put(SETTINGS_FILE, held.as_deref().unwrap_or(first_settings().as_bytes()))?;
        }
        if !has_attributes(&self.snapshot()?.file(ATTRIBUTES_FILE)?.unwrap_or_default()) {
            let held = self.own_file(ATTRIBUTES_FILE)?;
            let text = with_attributes(held.as_deref().unwrap_or_default());
            if held.is_some_and(|held| held != text) && self.snapshot()?.blob_at(ATTRIBUTES_FILE)?.is_none() {
                // In no commit yet, so git could not tell the person's lines from ours afterwards.
                replace_file(&self.root().join(ATTRIBUTES_FILE), &text, &self.scratch())?;
            }
            writer.put(ATTRIBUTES_FILE, text)?;
        }
        let subject = if was == Before::Archive { "attributes" } else { "new archive" };
        writer.commit(&message(subject), clock.now())
    }

    /// Commits the settings as they are to be; `what` says in the message what came of it.
    ///
    /// # Errors
    /// `Guard` where `fitsnap.toml` holds edits that are in no commit.
    pub fn commit_settings(&self, text: &str, what: &str, clock: Clock) -> Result<Option<CommitId>, ArchiveError> {
        let lock = self.lock("init", clock)?;
        self.own_file(SETTINGS_FILE)?;
        let mut writer = self.writer(&lock, DATA)?;
        writer.put(SETTINGS_FILE, text)?;
        writer.commit(&message(what), clock.now())
    }

    /// A file of the work tree that is about to be committed whole, if it is there; it must hold no
    /// unfinished edit of the person's.
    fn own_file(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let path = self.root().join(name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ArchiveError::io("read", &path)(error)),
            Ok(meta) if !meta.is_file() => {
                return Err(ArchiveError::Unusable {
                    problem: format!("{} is not an ordinary file", path.display()),
                    hint: "move it away, then run the command again".to_owned(),
                });
            }
            Ok(_) => {}
        }
        let status = match self.git.status_file(Path::new(name)) {
            Ok(status) => status,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(ArchiveError::git(format!("look at {name}"))(error)),
        };
        let whole = [Status::CURRENT, Status::WT_NEW, Status::IGNORED].contains(&status);
        let only_staged = name == SETTINGS_FILE && status == Status::INDEX_NEW;
        if !whole && !only_staged {
            return Err(ArchiveError::Guard {
                problem: format!("{name} has edits of your own that are in no commit"),
                hint: format!(
                    "commit them (git commit -- {name}) or put them away (git stash), then run the command again"
                ),
            });
        }
        fs::read(&path).map(Some).map_err(ArchiveError::io("read", &path))
    }
}

fn message(subject: &str) -> String {
    format!("fitsnap: {subject}\n\nFitsnap-Action: init\nFitsnap-Format: {FORMAT}\n")
}

/// Refuses settings that are there and that this fitsnap cannot use.
fn check_settings(root: &Path, kinds: &[&'static str]) -> Result<(), ArchiveError> {
    let path = root.join(SETTINGS_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => ArchiveSettings::read(&text, kinds).map(|_| ()).map_err(ArchiveError::from),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ArchiveError::io("read", &path)(error)),
    }
}

/// Removes what a stop left of making a repository: one that holds nothing yet. A folder of that name that holds
/// anything is a person's.
fn remove_unfinished(folder: &Path) -> Result<(), ArchiveError> {
    let unfinished = folder.join(UNFINISHED);
    if fs::symlink_metadata(&unfinished).is_err() {
        return Ok(());
    }
    let git = unfinished.join(".git");
    let holds = |folder: &Path, allowed: &dyn Fn(&Path) -> bool| match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().any(|entry| !allowed(&entry.path())),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    let is_empty = |folder: &Path| !holds(folder, &|path: &Path| path.is_dir() && !holds(path, &|_| false));
    // libgit2 makes such a file, and a link in its place, to see whether links can be made here.
    let is_probe = |path: &Path| {
        let is_named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("_git2_"));
        is_named
            && fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink() || (meta.is_file() && meta.len() == 0))
    };
    let is_ours = !unfinished.is_symlink()
        && !holds(&unfinished, &|path| path == git || is_probe(path))
        && is_empty(&git.join("objects"))
        && is_empty(&git.join("refs"));
    if !is_ours {
        return Err(ArchiveError::Unusable {
            problem: format!("{} is in the way: fitsnap makes a new repository there", unfinished.display()),
            hint: "give it another name, then run the command again".to_owned(),
        });
    }
    fs::remove_dir_all(&unfinished).map_err(ArchiveError::io("remove", &unfinished))
}

fn new_repository_in(folder: &Path, environment: &Environment) -> Result<Repository, ArchiveError> {
    let config = configuration(None, environment)?;
    Identity::in_configuration(&config, environment)?;
    let branch =
        config.get_str("init.defaultBranch").ok().filter(|name| git2::Branch::name_is_valid(name).unwrap_or(false));
    make_folder(folder)?;
    let mut options = RepositoryInitOptions::new();
    options.initial_head(branch.unwrap_or("main")).no_reinit(true).external_template(false);
    let failed = || ArchiveError::git(format!("make a repository in {}", folder.display()));
    // It comes as a whole: a power cut must not leave a repository of empty files, nor a stop half of one.
    let unfinished = folder.join(UNFINISHED);
    drop(Repository::init_opts(&unfinished, &options).map_err(failed())?);
    let (made, place) = (unfinished.join(".git"), folder.join(".git"));
    sync_below(&made)?;
    fs::rename(&made, &place).map_err(ArchiveError::io("make", &place))?;
    fs::remove_dir(&unfinished).map_err(ArchiveError::io("remove", &unfinished))?;
    sync_folder(folder)?;
    Repository::open(folder).map_err(failed())
}

fn bare(path: &Path) -> ArchiveError {
    ArchiveError::Unusable {
        problem: format!("{} is a bare repository, and an archive needs a work tree", path.display()),
        hint: "name another folder, or clone it: git clone REPOSITORY FOLDER".to_owned(),
    }
}

fn first_settings() -> String {
    format!(
        "format = {FORMAT}\n\
         \n\
         # A table for each provider; its name is the folder under data/.\n\
         # What each one offers and needs: fitsnap providers\n\
         #\n\
         # [providers.moves]\n\
         # since = \"2014-09-29\"            # else from the provider's own first day\n\
         # window = 7                      # days that every sync downloads again\n\
         # time_zone = \"Europe/Helsinki\"   # where the data does not say its own\n"
    )
}

fn has_attributes(text: &[u8]) -> bool {
    ATTRIBUTES.iter().all(|line| has_line(text, line))
}

fn has_line(text: &[u8], wanted: &str) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == wanted.as_bytes())
}

fn with_attributes(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for line in ATTRIBUTES {
        if has_line(&text, line) {
            continue;
        }
        if !text.is_empty() && !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_first_settings_can_be_read_and_so_can_their_example() {
        let text = first_settings();
        assert!(ArchiveSettings::read(&text, &[]).unwrap().providers.is_empty());
        let (head, example) = text.split_once("# [").unwrap();
        let example = format!("{head}[{}", example.replace("\n# ", "\n"));
        let settings = ArchiveSettings::read(&example, &["moves"]).unwrap();
        assert_eq!(settings.providers.len(), 1);
    }

    #[test]
    fn the_attributes_are_added_once_on_a_line_of_their_own() {
        let text = with_attributes(b"*.gpx diff=gpx");
        assert_eq!(text, b"*.gpx diff=gpx\ndata/** -text\ndata/** merge=fitsnap\n");
        assert_eq!(with_attributes(&text), text);
        let older = with_attributes(b"data/** -text\n*.gpx diff=gpx\n");
        assert_eq!(older, b"data/** -text\n*.gpx diff=gpx\ndata/** merge=fitsnap\n");
    }
}
