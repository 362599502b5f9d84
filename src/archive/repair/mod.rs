//! Mending what `verify` finds: a plan first, for a person to look at, then the work.
//!
//! Nothing is lost by it. What is committed stays in the history, what stands in the work tree in place
//! of a restored file is kept aside, and a person's own edits are left alone unless they ask otherwise.

mod aside;
mod folder;
mod form;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use chrono::{DateTime, Utc};
use git2::{ObjectType, Oid};

use super::index::read_index;
use super::objects::store_loose;
use super::trees::{Edits, entry_at};
use super::verify::Cause;
use super::{Archive, ArchiveError, BlobId, CommitId, DATA, Finding, Lock, provider_folder};
use crate::model::{Action, FORMAT, ProviderName};
use aside::Aside;
use folder::FolderRepair;

/// What a repair would do, and what it leaves to the person.
#[derive(Debug)]
pub struct RepairPlan {
    /// What the commits say they are.
    action: Action,
    /// Files of the work tree that are whole, and git's damaged objects of them.
    objects: Vec<(String, Oid)>,
    /// Paths of the work tree that become again as HEAD has them.
    restored: Vec<(String, &'static str)>,
    /// Folders of HEAD that get another content.
    folders: Vec<FolderRepair>,
    /// What no repair mends by itself.
    left: Vec<Finding>,
}

/// One step of a plan, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairStep {
    /// The file below the archive's root.
    pub path: String,
    /// What becomes of it.
    pub what: String,
}

/// What a repair did.
#[derive(Debug, Default)]
pub struct Repaired {
    /// The commits made, one for each provider whose files were mended.
    pub commits: Vec<CommitId>,
    /// Where what stood in place of restored files is kept, below the archive's root.
    pub kept: Option<String>,
}

impl Archive {
    /// Looks for what can be mended in the folders of these providers, or of all where none is named. With
    /// `set_aside` the person's own edits and strange files in the work tree are moved out of the way.
    /// Without the archive's lock nothing is written, and the plan is only to be looked at.
    ///
    /// # Errors
    /// `Guard` where the person is in the middle of something of their own; when the repository cannot be
    /// read at all.
    pub fn plan_repair(
        &self,
        lock: Option<&Lock>,
        providers: &[ProviderName],
        set_aside: bool,
    ) -> Result<RepairPlan, ArchiveError> {
        self.guard_state()?;
        if lock.is_some() {
            self.heal()?;
        }
        let mut plan = RepairPlan::of(Action::Repair);
        let mut folders = BTreeSet::new();
        for finding in self.verify(providers, false, &|_, _| {})?.findings {
            match (finding.cause, finding.commit) {
                (Cause::ForeignCommit, Some(_)) => {
                    folders.insert(folder_of(&finding.path).to_owned());
                }
                (Cause::DamagedObject, _) => match finding.object {
                    Some(id) if self.can_remake(&finding.path, id) => plan.objects.push((finding.path, id)),
                    _ => plan.left.push(finding),
                },
                (Cause::Missing | Cause::BitRot | Cause::OwnEdit | Cause::Extra, None)
                    if !self.has_whole(&finding.path)? =>
                {
                    plan.left.push(finding);
                }
                (Cause::Missing, None) => plan.restored.push((finding.path, "restored from git")),
                (Cause::BitRot, None) => plan.restored.push((finding.path, "restored from git, the damaged file kept")),
                (Cause::OwnEdit | Cause::Extra, None) if set_aside => {
                    plan.restored.push((finding.path, "moved out of the way; what git has stands there again"));
                }
                _ => plan.left.push(finding),
            }
        }
        for folder in folders {
            plan.folders.extend(self.plan_folder(&folder)?);
        }
        plan.guard_edits()?;
        Ok(plan)
    }

    /// Does what a plan says. All of it is on the disk when this returns.
    ///
    /// # Errors
    /// When something cannot be read or written; each file is then either as it was or mended.
    pub fn repair(&self, lock: &Lock, plan: RepairPlan, time: DateTime<Utc>) -> Result<Repaired, ArchiveError> {
        self.remake_objects(&plan.objects)?;
        let kept = self.restore(&plan.restored, time)?;
        let mut providers: BTreeMap<ProviderName, Vec<FolderRepair>> = BTreeMap::new();
        for folder in plan.folders {
            providers.entry(folder.provider.clone()).or_default().push(folder);
        }
        let mut commits = Vec::new();
        for (provider, folders) in providers {
            let mut writer = self.writer(lock, &provider_folder(&provider))?;
            for folder in &folders {
                folder.write(&mut writer)?;
            }
            commits.extend(writer.commit(&message(&provider, plan.action, &folders), time)?);
        }
        Ok(Repaired { commits, kept })
    }

    fn remake_objects(&self, objects: &[(String, Oid)]) -> Result<(), ArchiveError> {
        let mut made = Vec::new();
        for (path, id) in objects {
            let file = self.root.join(path);
            made.push((*id, ObjectType::Blob, fs::read(&file).map_err(ArchiveError::io("read", &file))?));
        }
        store_loose(&made, &self.scratch(), &self.git.commondir().join("objects"))?;
        // What was read of a damaged object must not be remembered.
        let odb = self.git.odb().map_err(ArchiveError::git("open the objects"))?;
        odb.refresh().map_err(ArchiveError::git("look for the new objects"))
    }

    /// Brings paths of the work tree and the index back to HEAD, and keeps what stands there.
    fn restore(&self, paths: &[(String, &str)], time: DateTime<Utc>) -> Result<Option<String>, ArchiveError> {
        if paths.is_empty() {
            return Ok(None);
        }
        let mut aside = Aside::new(self, time);
        for (path, _) in paths {
            aside.take(path)?;
        }
        let branch = self.branch()?;
        let tree = self.tree_of(branch.tip)?;
        let index = read_index(&self.git.path().join("index"))?;
        let (mut edits, mut staged) = (Edits::new(), Edits::new());
        for (path, _) in paths {
            // In place of a folder's link the whole folder comes back.
            let entry = entry_at(tree.as_ref(), path)?;
            let mut files = Vec::new();
            match entry.as_ref().map(|entry| (entry.kind(), entry.id())) {
                Some((Some(ObjectType::Tree), id)) => self.list_files(id, path, &mut files)?,
                Some((_, id)) => files.push((path.clone(), id)),
                None => drop(edits.insert(path.clone(), None)),
            }
            edits.extend(files.into_iter().map(|(path, id)| (path, Some(id))));
        }
        for path in edits.keys() {
            staged.insert(path.clone(), index.get_path(path.as_ref(), 0).map(|entry| entry.id));
        }
        let lock = self.lock_index(&self.scratch())?;
        self.put_back(&edits, &staged, &self.scratch(), &lock)?;
        Ok(aside.place())
    }

    /// Whether git can give back what HEAD has at a path, if it has anything there.
    fn has_whole(&self, path: &str) -> Result<bool, ArchiveError> {
        let branch = self.branch()?;
        let tree = self.tree_of(branch.tip)?;
        let blob = entry_at(tree.as_ref(), path)?.filter(|entry| entry.kind() == Some(ObjectType::Blob));
        Ok(blob.is_none_or(|entry| self.blob(BlobId(entry.id())).is_ok()))
    }

    /// Whether git's damaged object of a file can be made from the file itself.
    pub(super) fn can_remake(&self, path: &str, id: Oid) -> bool {
        let whole = Oid::hash_file(ObjectType::Blob, self.root.join(path)).is_ok_and(|found| found == id);
        let text = id.to_string();
        let objects = self.git.commondir().join("objects");
        // A damaged object in a pack goes before one beside it.
        let packed = || fs::read_dir(objects.join("pack")).is_ok_and(|mut packs| packs.next().is_some());
        whole && (objects.join(&text[..2]).join(&text[2..]).exists() || !packed())
    }
}

impl RepairPlan {
    fn of(action: Action) -> RepairPlan {
        RepairPlan { action, objects: Vec::new(), restored: Vec::new(), folders: Vec::new(), left: Vec::new() }
    }

    /// What would be done, by path.
    pub fn steps(&self) -> Vec<RepairStep> {
        let step = |path: &str, what: &str| RepairStep { path: path.to_owned(), what: what.to_owned() };
        let objects = self.objects.iter().map(|(path, _)| step(path, "git's damaged object of it made again"));
        let restored = self.restored.iter().map(|(path, what)| step(path, what));
        let remade = self.folders.iter().flat_map(FolderRepair::steps);
        let mut steps: Vec<_> = objects.chain(restored).chain(remade).collect();
        steps.sort_by(|one, other| one.path.cmp(&other.path));
        steps
    }

    /// What is left to the person.
    pub fn left(&self) -> &[Finding] {
        &self.left
    }

    /// Stops where a commit would have to go round the person's own edits.
    fn guard_edits(&self) -> Result<(), ArchiveError> {
        let own = |finding: &&Finding| {
            finding.cause == Cause::OwnEdit
                && self
                    .folders
                    .iter()
                    .any(|folder| finding.path.starts_with(&format!("{}/", provider_folder(&folder.provider))))
        };
        match self.left.iter().find(own) {
            None => Ok(()),
            Some(finding) => Err(ArchiveError::Guard {
                problem: format!("{} has edits of your own, and beside them something is to be mended", finding.path),
                hint: "keep them (git commit), put them away (git stash), or let them be moved out of the way: \
                       fitsnap repair --set-aside"
                    .to_owned(),
            }),
        }
    }
}

fn message(provider: &ProviderName, action: Action, folders: &[FolderRepair]) -> String {
    let steps: Vec<RepairStep> = folders.iter().flat_map(FolderRepair::steps).collect();
    let lines: String = steps.iter().map(|step| format!("{}  {}\n", step.path, step.what)).collect();
    let files = if steps.len() == 1 { "file" } else { "files" };
    let done = if action == Action::Migrate { "reformatted" } else { "repaired" };
    format!(
        "{provider}: {} {files} {done}\n\n{lines}\nFitsnap-Provider: {provider}\nFitsnap-Action: {}\nFitsnap-Format: {FORMAT}\n",
        steps.len(),
        action.word()
    )
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(DATA, |(folder, _)| folder)
}
