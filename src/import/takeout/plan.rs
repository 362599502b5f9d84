//! Which files are read, and in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::catalogue::{self, Cut, Known, STREAMS, Stream};
use crate::import::ImportProblem;
use crate::import::source::Export;
use crate::model::{ContentHash, Day};

/// What the parts of a Takeout and older exports hold besides days: the lives of others, messages, pictures,
/// shop and account. None of it is read, and none is worth a word.
const OTHER_MATTERS: [&str; 18] = [
    "Account Changes",
    "Blocked Users",
    "Commerce_GoogleData",
    "Discover",
    "Email Notifications Settings_GoogleData",
    "Fitbit Care or Programs",
    "Fitbit Friends",
    "Fitbit Premium",
    "Guided Programs",
    "InAppNotifications_GoogleData",
    "Media",
    "Messages",
    "Social",
    "Social_GoogleData",
    "Surveys",
    "Transactions",
    "User Security Data",
    "user-security-history",
];

/// Files that tell people something, not programs.
const FOR_PEOPLE: [&str; 10] = ["txt", "html", "htm", "md", "pdf", "png", "jpg", "jpeg", "gif", "mp4"];

/// The Takeout products that hold the days; others are known by a folder inside.
const PRODUCTS: [&str; 2] = ["Fitbit", "Google Health"];

/// A file to be read.
#[derive(Debug)]
pub struct Job {
    /// Its number in the export.
    pub entry: usize,
    /// The number of its stream.
    pub stream: usize,
    /// The number of the first stream with the same resource.
    pub shelf: usize,
    /// Its place in the order of reading.
    pub number: u32,
    /// The day in its name.
    pub named: Option<Day>,
    /// The day before which it has nothing, by its name.
    pub from: Option<Day>,
    /// The first and last day that it was found to have something for.
    pub span: Option<(Day, Day)>,
}

impl Job {
    /// Its stream.
    pub fn stream(&self) -> &'static Stream {
        STREAMS.get(self.stream).unwrap_or(&STREAMS[0])
    }
}

/// What is to be done with an export.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files to be read, in this order.
    pub jobs: Vec<Job>,
    /// Files that are not read, because they exclude each other.
    pub excluded: Vec<Job>,
    /// What is wrong with these.
    pub problems: Vec<ImportProblem>,
    /// Files of the account that nobody here knows, for people.
    pub left: Vec<String>,
}

impl Plan {
    /// Looks at the names of an export's files.
    pub fn of(export: &Export) -> Plan {
        let products: BTreeSet<&str> = export.entries().iter().filter_map(|entry| days_in(&entry.path)).collect();
        let mut plan = Plan::default();
        let mut unknown: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for (at, entry) in export.entries().iter().enumerate() {
            if product(&entry.path).is_some_and(|product| {
                let name = product.rsplit('/').next().unwrap_or_default();
                !PRODUCTS.contains(&name) && !products.contains(product)
            }) {
                continue;
            }
            match catalogue::known(&entry.path) {
                Some(Known { stream, named }) => {
                    let is_bounded = STREAMS.get(stream).is_some_and(|stream| stream.cut != Cut::Untold);
                    let from = named.filter(|_| is_bounded).map(|day| day.plus(-1));
                    let resource = |at: usize| STREAMS.get(at).map(|stream| stream.resource);
                    let shelf = (0..stream).find(|other| resource(*other) == resource(stream)).unwrap_or(stream);
                    plan.jobs.push(Job { entry: at, stream, shelf, number: 0, named, from, span: None });
                }
                None if is_other_matter(&entry.path) => {}
                None => {
                    let alike = unknown.entry(without_digits(&entry.path)).or_insert((entry.name.clone(), 0));
                    alike.1 += 1;
                }
            }
        }
        let name = |job: &Job| export.entries().get(job.entry).map(|entry| entry.name.as_str());
        plan.jobs.sort_by(|one, other| (one.from, one.stream, name(one)).cmp(&(other.from, other.stream, name(other))));
        for (number, job) in (0..).zip(&mut plan.jobs) {
            job.number = number;
        }
        plan.left = unknown
            .into_values()
            .map(|(name, count)| match count {
                1 => name,
                _ => format!("{name} and {} more of its kind", count - 1),
            })
            .collect();
        plan
    }

    /// Takes out files that are there twice, in two zips or in a zip and a folder. Where they differ neither
    /// is read: nothing tells which one is the newer.
    pub fn settle(&mut self, export: &mut Export) {
        let mut groups: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
        for job in &self.jobs {
            let path = export.entries().get(job.entry).map_or("", |entry| entry.path.as_str());
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            groups.entry((job.stream, name)).or_default().push(job.entry);
        }
        let (mut out, mut excluded) = (BTreeSet::new(), BTreeSet::new());
        for entries in groups.into_values().filter(|entries| entries.len() > 1) {
            let [first, rest @ ..] = &entries[..] else { continue };
            let mut hash =
                |entry: &usize| -> io::Result<ContentHash> { ContentHash::of_reader(export.stream(*entry)?) };
            // One that cannot be read is told of when it is read.
            let kept = hash(first).ok();
            let other = rest.iter().find(|entry| match (kept, hash(entry)) {
                (Some(kept), Ok(hash)) => hash != kept,
                _ => true,
            });
            if let Some(other) = other {
                let name = |entry: usize| export.entries().get(entry).map_or("", |entry| entry.name.as_str());
                self.problems.push(ImportProblem {
                    file: name(*first).to_owned(),
                    day: None,
                    reason: format!(
                        "{} is another version of it; import two exports one by one, the older first",
                        name(*other)
                    ),
                });
                excluded.insert(*first);
            }
            out.extend(rest.iter().copied());
        }
        self.excluded = self.jobs.extract_if(.., |job| excluded.contains(&job.entry)).collect();
        self.jobs.retain(|job| !out.contains(&job.entry));
    }
}

/// A Takeout product's folder, with all above it.
fn product(path: &str) -> Option<&str> {
    let at = if path.starts_with("Takeout/") { 0 } else { path.find("/Takeout/")? + 1 };
    let inside = at + "Takeout/".len();
    path.get(inside..)?.find('/').and_then(|end| path.get(..inside + end))
}

/// The product's folder, where the path shows that it holds days.
fn days_in(path: &str) -> Option<&str> {
    let product = product(path)?;
    let folder = path.get(product.len() + 1..)?.split('/').next()?;
    (folder == "Global Export Data" || folder.ends_with("_GoogleData")).then_some(product)
}

fn is_other_matter(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    FOR_PEOPLE.contains(&ending.as_str())
        || folders.split('/').any(|folder| OTHER_MATTERS.iter().any(|other| folder.eq_ignore_ascii_case(other)))
}

/// What files of one kind have in common: their paths without numbers.
fn without_digits(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_takeout_is_told_by_its_folder() {
        assert_eq!(product("Takeout/Fitbit/Sleep/a.json"), Some("Takeout/Fitbit"));
        assert_eq!(product("old/Takeout/Google Health/a.csv"), Some("old/Takeout/Google Health"));
        assert_eq!(product("Takeout/archive_browser.html"), None);
        assert_eq!(product("MyTakeout/Fitbit/a.json"), None);
        assert_eq!(
            days_in("Takeout/Google Santé/Global Export Data/steps-2020-01-01.json"),
            Some("Takeout/Google Santé")
        );
        assert_eq!(days_in("Takeout/Drive/Fitbit/Global Export Data/steps-2020-01-01.json"), None);
    }

    #[test]
    fn pictures_readmes_and_other_people_are_no_days() {
        for path in [
            "Takeout/Fitbit/Physical Activity_GoogleData/steps_readme.txt",
            "Takeout/Fitbit/Your Profile/Media/Avatar Photo.JPG",
            "Ada/Social/friends.csv",
            "Ada/messages/inbox.json",
        ] {
            assert!(is_other_matter(path), "{path}");
        }
        assert!(!is_other_matter("Takeout/Fitbit/Global Export Data/moon_phase-2020-01-01.json"));
    }
}
