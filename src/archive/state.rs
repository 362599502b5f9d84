//! Where an archive stands: when each provider was last synced, what is not pushed yet.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use git2::{Commit, ErrorCode, Oid, Sort};

use super::versions::Versions;
use super::{Archive, ArchiveError};
use crate::config::{SETTINGS_FILE, edit};
use crate::model::{Action, Origin, ProviderName};

impl Archive {
    /// The time of the last sync commit of each of these providers, going back from HEAD.
    ///
    /// # Errors
    /// When the history cannot be walked.
    pub fn last_syncs(
        &self,
        providers: &BTreeSet<ProviderName>,
    ) -> Result<BTreeMap<ProviderName, DateTime<Utc>>, ArchiveError> {
        let failed = || ArchiveError::git("walk the history");
        let mut found = BTreeMap::new();
        let Some(head) = self.head()?.filter(|_| !providers.is_empty()) else { return Ok(found) };
        // Without an order of its own the walk goes newest first all the same, and only as far as it is asked.
        let mut walk = self.git.revwalk().map_err(failed())?;
        walk.push(head.0).map_err(failed())?;
        for commit in walk {
            let commit = commit.and_then(|id| self.git.find_commit(id)).map_err(failed())?;
            let time = DateTime::from_timestamp(commit.time().seconds(), 0);
            if let (Some(provider), Some(time)) = (synced(&commit), time) {
                found.entry(provider).or_insert(time);
            }
            if providers.iter().all(|name| found.contains_key(name)) {
                break;
            }
        }
        Ok(found)
    }

    /// Since when the settings, as committed, have named a provider; none where they do not.
    ///
    /// # Errors
    /// When the history cannot be walked.
    pub fn named_since(&self, provider: &ProviderName) -> Result<Option<DateTime<Utc>>, ArchiveError> {
        let Some(head) = self.head()? else { return Ok(None) };
        let versions = Versions::new(self, vec![head.0]);
        let mut since = None;
        for brought in versions.of(SETTINGS_FILE)? {
            let brought = brought?;
            let text = versions.bytes(brought.blob)?.and_then(|bytes| String::from_utf8(bytes).ok());
            let table = text.and_then(|text| edit::read(&text).ok());
            let named =
                |table: toml::Table| table.get("providers").is_some_and(|all| all.get(provider.as_str()).is_some());
            if !table.is_some_and(named) {
                break;
            }
            since = DateTime::from_timestamp(brought.time, 0);
        }
        Ok(since)
    }

    /// How many commits of HEAD no remote has, as far as this clone knows: its upstream, or any remote
    /// where it has none. Nothing where there is no remote at all.
    ///
    /// # Errors
    /// When the history cannot be walked.
    pub fn unpushed(&self) -> Result<Option<usize>, ArchiveError> {
        Ok(self.unpushed_commits()?.map(|commits| commits.len()))
    }

    /// Those commits, newest first.
    pub(super) fn unpushed_commits(&self) -> Result<Option<Vec<Oid>>, ArchiveError> {
        let failed = || ArchiveError::git("walk the commits that are not pushed");
        if self.git.remotes().map_err(failed())?.is_empty() {
            return Ok(None);
        }
        let Some(head) = self.head()? else { return Ok(Some(Vec::new())) };
        let mut walk = self.git.revwalk().map_err(failed())?;
        walk.set_sorting(Sort::TIME).and_then(|()| walk.push(head.0)).map_err(failed())?;
        match self.upstream() {
            Some(upstream) => walk.hide(upstream).map_err(failed())?,
            None => match walk.hide_glob("refs/remotes/*") {
                Err(error) if error.code() != ErrorCode::NotFound => return Err(failed()(error)),
                _ => {}
            },
        }
        walk.collect::<Result<Vec<_>, _>>().map(Some).map_err(failed())
    }

    /// What this clone knows of the branch that HEAD's is pushed to.
    pub(super) fn upstream(&self) -> Option<Oid> {
        let branch = self.git.head().ok()?;
        let upstream = self.git.branch_upstream_name(branch.name().ok()?).ok()?;
        self.git.refname_to_id(upstream.as_str().ok()?).ok()
    }
}

/// The provider that a commit of a sync is about.
fn synced(commit: &Commit<'_>) -> Option<ProviderName> {
    let origin = Origin::of(&String::from_utf8_lossy(commit.message_bytes()));
    origin.provider.filter(|_| origin.action == Some(Action::Sync))
}
