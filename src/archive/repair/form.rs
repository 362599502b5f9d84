//! A folder of HEAD that is whole, and only not in the form that fitsnap writes today.

use std::collections::BTreeMap;

use super::folder::{FolderRepair, Remade, respelled};
use super::{RepairPlan, folder_of};
use crate::archive::verify::Cause;
use crate::archive::{Archive, ArchiveError, HashList, Lock};
use crate::model::{Action, ProviderName};

impl Archive {
    /// Looks for what is in another form than today's in the folders of these providers, or of all where
    /// none is named: documents in another spelling, hash lists as other tools write them. A folder counts
    /// only where its files are those of its list: what is damaged is for `plan_repair`. No value is
    /// changed. Without the archive's lock nothing is written, and the plan is only to be looked at.
    ///
    /// # Errors
    /// As `plan_repair`.
    pub fn plan_migration(&self, lock: Option<&Lock>, providers: &[ProviderName]) -> Result<RepairPlan, ArchiveError> {
        self.guard_state()?;
        if lock.is_some() {
            self.heal()?;
        }
        let mut plan = RepairPlan::of(Action::Migrate);
        let mut folders: BTreeMap<String, bool> = BTreeMap::new();
        for finding in self.verify(providers, false, &|_, _| {})?.findings {
            let folder = folder_of(&finding.path).to_owned();
            let is_committed = finding.cause == Cause::ForeignCommit && finding.commit.is_some();
            let in_hand = match folders.get(&folder) {
                Some(known) => *known,
                None if !is_committed => false,
                None => {
                    let migration = self.plan_form(&folder)?;
                    let found = migration.is_some();
                    plan.folders.extend(migration);
                    folders.insert(folder, found);
                    found
                }
            };
            if !(is_committed && in_hand) {
                plan.left.push(finding);
            }
        }
        plan.guard_edits()?;
        Ok(plan)
    }

    /// Plans how a folder of HEAD gets today's form; none where its files are not those of its list, or one
    /// of them is not whole.
    fn plan_form(&self, folder: &str) -> Result<Option<FolderRepair>, ArchiveError> {
        let Some((tree, mut repair)) = self.begin_folder(folder)? else { return Ok(None) };
        let held = self.folder_of_tree(&tree, folder);
        let Some(bytes) = held.list.as_deref() else { return Ok(None) };
        let Some(listed) = HashList::parse_any(bytes) else { return Ok(None) };
        repair.is_relisted = listed.render() != bytes;
        if !listed.names().eq(held.files.keys().map(String::as_str)) {
            return Ok(None);
        }
        for (name, version) in &held.files {
            let Some(hash) = version.hash.filter(|hash| listed.get(name) == Some(*hash)) else { return Ok(None) };
            if version.fault.is_none() {
                repair.list.set(name, hash);
                continue;
            }
            let Some(bytes) = respelled(self, &tree, &format!("{folder}/{name}"), version) else { return Ok(None) };
            repair.files.insert(name.to_owned(), Remade::Respelled(bytes));
        }
        // What is found there is no matter of form.
        Ok((repair.is_relisted || !repair.files.is_empty()).then_some(repair))
    }
}
