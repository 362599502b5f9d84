//! Under which grant each activity was last seen in its list: local knowledge. Where it is lost, an
//! activity that is missing stays in the archive until it has been seen again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::durable::{make_folder, replace_file};
use super::{Archive, ArchiveError};
use crate::model::ProviderName;

/// How the line of a grant begins.
const GRANT: &str = "grant";

/// The grant under which each activity was last seen, by resource and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    grants: Vec<String>,
    activities: BTreeMap<(String, String), usize>,
}

impl Archive {
    /// What is known of a provider's activities. What cannot be read counts as never seen.
    pub fn seen(&self, provider: &ProviderName) -> Seen {
        Seen::read(&std::fs::read_to_string(self.seen_file(provider)).unwrap_or_default())
    }

    /// Keeps what is known of a provider's activities.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_seen(&self, provider: &ProviderName, seen: &Seen) -> Result<(), ArchiveError> {
        let path = self.seen_file(provider);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        replace_file(&path, seen.text().as_bytes(), &self.scratch())
    }

    fn seen_file(&self, provider: &ProviderName) -> PathBuf {
        self.local().join("seen").join(provider.as_str())
    }
}

impl Seen {
    /// Reads what `text` wrote. A line that cannot be read says nothing.
    pub(super) fn read(text: &str) -> Seen {
        let (mut seen, mut grant) = (Seen::default(), None);
        for line in text.lines() {
            match (line.split_once('\t'), grant) {
                (Some((GRANT, told)), _) => grant = Some(told),
                (Some((resource, id)), Some(grant)) => seen.note(resource, id, grant),
                _ => {}
            }
        }
        seen
    }

    /// The text of it: each grant, and behind it the activities last seen under it. A grant under which none
    /// was is forgotten.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (at, grant) in self.grants.iter().enumerate() {
            let mut seen =
                self.activities.iter().filter(|(_, seen)| **seen == at).map(|(activity, _)| activity).peekable();
            if seen.peek().is_some() {
                text.push_str(&format!("{GRANT}\t{grant}\n"));
            }
            seen.for_each(|(resource, id)| text.push_str(&format!("{resource}\t{id}\n")));
        }
        text
    }

    /// Notes that an activity stood in its list under this grant.
    pub fn note(&mut self, resource: &str, id: &str, grant: &str) {
        // Neither holds a line break or a tab but by malice; a line that lies must not be written.
        let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        // A resource that is called as the lines of grants begin would be taken for one: no provider has it.
        let resource = if resource == GRANT { format!("{GRANT} ") } else { plain(resource) };
        let grant = plain(grant);
        let at = self.grants.iter().position(|known| *known == grant).unwrap_or_else(|| {
            self.grants.push(grant);
            self.grants.len() - 1
        });
        self.activities.insert((resource, plain(id)), at);
    }

    /// The grant under which an activity was last seen.
    pub fn grant(&self, resource: &str, id: &str) -> Option<&str> {
        let at = self.activities.get(&(resource.to_owned(), id.to_owned()))?;
        self.grants.get(*at).map(String::as_str)
    }

    /// Forgets an activity that is gone.
    pub fn forget(&mut self, resource: &str, id: &str) {
        self.activities.remove(&(resource.to_owned(), id.to_owned()));
    }
}
