//! What the day documents say in short, so that those that did not change are not read again: local
//! knowledge, whose loss costs time, never data.
//!
//! A file a provider in `.git/fitsnap/gists`: a head with the ground and the SHA-256 of the rest, then a
//! line for each day with the blob that its gist was made of. Where a byte of it is wrong, nothing of it
//! counts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use git2::Oid;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::durable::replace_memory;
use super::{Archive, ArchiveError, BlobId};
use crate::model::{ContentHash, Day, DayDocument, ProviderName};

/// Begins the file; another layout has another number.
const MAGIC: &str = "fitsnap gists 1";

/// The gist of each day document of a provider, each with the blob that it was made of.
pub struct Gists<T> {
    provider: ProviderName,
    ground: ContentHash,
    days: BTreeMap<Day, (BlobId, Rc<Told<T>>)>,
    has_changed: bool,
}

/// A gist and how it is spelled; none where it cannot be, and is made anew the next time.
struct Told<T> {
    gist: T,
    spelled: Option<String>,
}

impl Archive {
    /// The gists kept of a provider's day documents. `ground` names all that a gist depends on beside the
    /// document, such as its own layout and the rules it follows: those made on another ground, or by
    /// another version of fitsnap, do not count, and neither does a file that is damaged.
    pub fn gists<T: Serialize + DeserializeOwned>(&self, provider: &ProviderName, ground: &str) -> Gists<T> {
        let ground = ContentHash::of(format!("{}\n{ground}", env!("CARGO_PKG_VERSION")).as_bytes());
        let mut gists = Gists { provider: provider.clone(), ground, days: BTreeMap::new(), has_changed: false };
        let text = std::fs::read_to_string(self.gists_file(provider)).unwrap_or_default();
        if let Some((head, rest)) = text.split_once('\n')
            && head == gists.head(rest)
        {
            // Most days have the same as the day before.
            let mut last: Option<Rc<Told<T>>> = None;
            for line in rest.lines() {
                let mut parts = line.splitn(3, ' ');
                let day = parts.next().and_then(|day| day.parse().ok());
                let blob = parts.next().and_then(|blob| Oid::from_str(blob).ok());
                let (Some(day), Some(blob), Some(spelled)) = (day, blob, parts.next()) else { continue };
                if last.as_ref().is_none_or(|last| last.spelled.as_deref() != Some(spelled)) {
                    let told = |gist| Rc::new(Told { gist, spelled: Some(spelled.to_owned()) });
                    last = serde_json::from_str(spelled).ok().map(told);
                }
                gists.days.extend(last.clone().map(|told| (day, (BlobId(blob), told))));
            }
        }
        gists
    }

    /// Keeps gists for the next run, if any is new.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep_gists<T: Serialize>(&self, gists: &Gists<T>) -> Result<(), ArchiveError> {
        if !gists.has_changed {
            return Ok(());
        }
        let mut lines = String::new();
        for (day, (blob, told)) in &gists.days {
            if let Some(spelled) = &told.spelled {
                lines.push_str(&format!("{day} {blob} {spelled}\n"));
            }
        }
        let text = format!("{}\n{lines}", gists.head(&lines));
        replace_memory(&self.gists_file(&gists.provider), text.as_bytes(), &self.scratch())
    }

    fn gists_file(&self, provider: &ProviderName) -> PathBuf {
        self.local().join("gists").join(provider.as_str())
    }
}

impl<T: Serialize> Gists<T> {
    /// Brings the gists to what is held: documents without one are read, and what is not held any more is
    /// forgotten. A document that cannot be read has no gist.
    ///
    /// # Errors
    /// When a blob cannot be read.
    pub fn learn(
        &mut self,
        archive: &Archive,
        held: &BTreeMap<Day, BlobId>,
        gist: impl Fn(&DayDocument) -> T,
    ) -> Result<(), ArchiveError> {
        let known = self.days.len();
        self.days.retain(|day, (blob, _)| held.get(day) == Some(blob));
        self.has_changed |= self.days.len() != known;
        for (day, blob) in held {
            if !self.days.contains_key(day)
                && let Ok(document) = DayDocument::read(archive.blob(*blob)?, &self.provider, *day)
            {
                self.note(*day, *blob, gist(&document));
            }
        }
        Ok(())
    }

    /// Notes the gist of a day's document, which is this blob.
    pub fn note(&mut self, day: Day, blob: BlobId, gist: T) {
        let spelled = serde_json::to_string(&gist).ok();
        self.days.insert(day, (blob, Rc::new(Told { gist, spelled })));
        self.has_changed = true;
    }

    /// The gist of a day's document, if it is of this blob.
    pub fn get(&self, day: Day, blob: BlobId) -> Option<&T> {
        self.days.get(&day).filter(|(of, _)| *of == blob).map(|(_, told)| &told.gist)
    }

    /// All gists, oldest day first.
    pub fn iter(&self) -> impl Iterator<Item = (Day, &T)> {
        self.days.iter().map(|(day, (_, told))| (*day, &told.gist))
    }

    fn head(&self, rest: &str) -> String {
        format!("{MAGIC} {} {}", self.ground, ContentHash::of(rest.as_bytes()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::RefCell;

    use git2::Repository;

    use super::*;
    use crate::config::Environment;

    /// An archive with documents of two days, and of one that is none.
    fn archive() -> (tempfile::TempDir, Archive, BTreeMap<Day, BlobId>) {
        let folder = tempfile::tempdir().unwrap();
        let git = Repository::init(folder.path()).unwrap();
        let mut held = BTreeMap::new();
        for number in 4..6 {
            let day = day(number);
            let document = DayDocument::new(moves(), day).json().unwrap().canonical();
            held.insert(day, BlobId(git.blob(&document).unwrap()));
        }
        held.insert(day(6), BlobId(git.blob(b"[]").unwrap()));
        let archive = Archive::of(folder.path().to_owned(), git, &Environment::of_process());
        std::fs::create_dir_all(archive.scratch()).unwrap();
        (folder, archive, held)
    }

    fn day(number: u32) -> Day {
        Day::new(2015, 7, number).unwrap()
    }

    fn moves() -> ProviderName {
        "moves".parse().unwrap()
    }

    /// The days whose documents are read, with what is known then.
    fn read(archive: &Archive, held: &BTreeMap<Day, BlobId>, ground: &str) -> (Vec<Day>, Gists<String>) {
        let mut gists = archive.gists(&moves(), ground);
        let days = RefCell::new(Vec::new());
        let gist = |document: &DayDocument| {
            days.borrow_mut().push(document.day);
            format!("of\n{}", document.day)
        };
        gists.learn(archive, held, gist).unwrap();
        (days.into_inner(), gists)
    }

    #[test]
    fn a_document_is_read_once_and_again_when_it_changed() {
        let (_folder, archive, mut held) = archive();
        let (days, gists) = read(&archive, &held, "1");
        assert_eq!(days, [day(4), day(5)]);
        archive.keep_gists(&gists).unwrap();
        let (days, mut gists) = read(&archive, &held, "1");
        assert_eq!((days, gists.get(day(4), held[&day(4)]).unwrap().as_str()), (vec![], "of\n2015-07-04"));
        assert_eq!((gists.get(day(4), held[&day(5)]), gists.get(day(6), held[&day(6)])), (None, None));
        // Another document, that of another day, which is no document here, and one noted by who wrote it.
        let text = b"{\"absent\":{},\"date\":\"2015-07-05\",\"provider\":\"moves\",\"resources\":{}}";
        let (four, five) = (held[&day(4)], BlobId(archive.git.blob(text).unwrap()));
        gists.note(day(7), four, "noted".to_owned());
        archive.keep_gists(&gists).unwrap();
        held.extend([(day(4), five), (day(5), five), (day(7), four)]);
        let (days, gists) = read(&archive, &held, "1");
        assert_eq!((days, gists.iter().map(|(day, _)| day).collect()), (vec![day(5)], vec![day(5), day(7)]));
    }

    #[test]
    fn another_ground_a_damaged_file_or_none_costs_reading_again() {
        let (_folder, archive, held) = archive();
        archive.keep_gists(&read(&archive, &held, "1").1).unwrap();
        assert_eq!(read(&archive, &held, "2").0.len(), 2);
        let path = archive.gists_file(&moves());
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bent = whole.clone();
            bent[at] ^= 1;
            std::fs::write(&path, &bent).unwrap();
            assert_eq!(read(&archive, &held, "1").0.len(), 2, "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(read(&archive, &held, "1").0.len(), 2, "{at} bytes");
        }
        std::fs::write(&path, &whole).unwrap();
        assert!(read(&archive, &held, "1").0.is_empty());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read(&archive, &held, "1").0.len(), 2);
    }
}
