//! The files of an export that belong to a day, kept byte for byte beside its document.
//!
//! Their names come from outside and must stand on every system's disk, so that a clone of the archive
//! is the same everywhere: what some system does not take is spelled `%xx`, a byte each.

use std::collections::BTreeMap;

use git2::ObjectType;

use super::objects::name_of;
use super::snapshot::{BlobId, Snapshot};
use super::{Archive, ArchiveError, HASH_LIST, Writer, day_folder};
use crate::json::Counts;
use crate::model::{ContentHash, Day, ProviderName};

/// The longest name, in bytes: file systems take 255, and some spend a few on an ending of their own.
const MAX_NAME: usize = 200;

/// What a name that was too long keeps of its beginning, and of its ending.
const KEPT: (usize, usize) = (150, 24);

/// Windows takes these for devices, whatever ending they have.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Names that git takes for its own folder, on this system or another.
const GIT: [&str; 2] = ["git~1", "git~2"];

impl Snapshot<'_> {
    /// The files of exports that are held of a day, by the names they stand under.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn companions(&self, provider: &ProviderName, day: Day) -> Result<BTreeMap<String, BlobId>, ArchiveError> {
        let mut held = BTreeMap::new();
        for entry in self.folder(&day_folder(provider, day))?.iter().flat_map(|folder| folder.iter()) {
            if let (Ok(name), Some(ObjectType::Blob)) = (entry.name(), entry.kind())
                && name != HASH_LIST
            {
                held.insert(name.to_owned(), BlobId(entry.id()));
            }
        }
        Ok(held)
    }
}

/// The files of one day on their way into a commit.
pub(super) struct Companions {
    folder: String,
    held: BTreeMap<String, BlobId>,
}

impl Companions {
    /// Those held of a day, with what was put since the last commit.
    pub(super) fn of(
        archive: &Archive,
        writer: &Writer<'_>,
        provider: &ProviderName,
        day: Day,
    ) -> Result<Companions, ArchiveError> {
        let folder = day_folder(provider, day);
        let mut held = archive.snapshot()?.companions(provider, day)?;
        for (name, blob) in writer.put_in(&folder) {
            match blob {
                Some(blob) => held.insert(name.to_owned(), blob),
                None => held.remove(name),
            };
        }
        Ok(Companions { folder, held })
    }

    /// Takes files by the names that the export has for them, and tells how many are new or other than
    /// those held. The others held stay.
    pub(super) fn put(
        &mut self,
        writer: &mut Writer<'_>,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Counts, ArchiveError> {
        let mut counts = Counts::default();
        for (own, bytes) in files {
            let name = self.place(own);
            let id = name_of(ObjectType::Blob, bytes)?;
            let held = self.held.get(&name).copied();
            if held == Some(BlobId(id)) {
                continue;
            }
            let blob = writer.put(&format!("{}/{name}", self.folder), bytes.as_slice())?;
            self.held.insert(name, blob);
            match held {
                None => counts.added += 1,
                Some(_) => counts.altered += 1,
            }
        }
        Ok(counts)
    }

    /// Takes files out, by the names that the export has for them, and tells how many there were.
    pub(super) fn remove(&mut self, writer: &mut Writer<'_>, gone: &[String]) -> usize {
        let mut count = 0;
        for own in gone {
            let name = self.place(own);
            if self.held.remove(&name).is_some() {
                writer.remove(&format!("{}/{name}", self.folder));
                count += 1;
            }
        }
        count
    }

    /// Takes all of them out.
    pub(super) fn clear(self, writer: &mut Writer<'_>) {
        for name in self.held.into_keys() {
            writer.remove(&format!("{}/{name}", self.folder));
        }
    }

    /// The name that a file stands under: its own made safe, and where that differs from another one by
    /// capitals only, with its capitals and its first letter spelled out.
    fn place(&self, own: &str) -> String {
        let name = safe_name(own, false);
        let taken = |other: &String| *other != name && other.eq_ignore_ascii_case(&name);
        if !self.held.contains_key(&name) && self.held.keys().any(taken) { safe_name(own, true) } else { name }
    }
}

/// A name that any system's disk takes, another one for every other name. Printable ASCII stands for
/// itself, but not what some system reads otherwise; with `apart` neither do capitals and the first letter.
fn safe_name(own: &str, apart: bool) -> String {
    let mut safe = String::with_capacity(own.len() + 8);
    let (first, last) = (0, own.len().saturating_sub(1));
    let stem = own.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let port = |rest: Option<&str>| rest.is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']));
    let device = DEVICES.contains(&stem.trim_end()) || port(stem.strip_prefix("com")) || port(stem.strip_prefix("lpt"));
    let lower = own.to_ascii_lowercase();
    let reserved = device || GIT.contains(&lower.as_str()) || own.eq_ignore_ascii_case(HASH_LIST);
    for (at, byte) in own.bytes().enumerate() {
        let stands = match byte {
            b'A'..=b'Z' => !apart,
            b'.' => at != first && at != last,
            b' ' => at != first && at != last,
            b'"' | b'*' | b'/' | b':' | b'<' | b'>' | b'?' | b'\\' | b'|' | b'%' => false,
            _ => byte.is_ascii_graphic(),
        };
        if stands && !(at == first && (reserved || apart)) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02x}"));
        }
    }
    if safe.len() > MAX_NAME || safe.is_empty() {
        let hash = ContentHash::of(own.as_bytes()).to_string();
        let (begin, end) = (safe.len().min(KEPT.0), safe.len().saturating_sub(KEPT.1));
        safe = format!("{}%~{}{}", &safe[..begin], &hash[..16], &safe[end.max(begin)..]);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_every_system_takes_stays() {
        for name in ["2013-12-03-0545.gpx", "3184653380.fit.gz", "Morning Run (2).tcx", "a_b~c+d,e@f.fit"] {
            assert_eq!(safe_name(name, false), name);
        }
    }

    #[test]
    fn what_some_system_does_not_take_is_spelled_out() {
        for (name, safe) in [
            ("../../etc/passwd", "%2e.%2f..%2fetc%2fpasswd"),
            (".git", "%2egit"),
            (".gitattributes", "%2egitattributes"),
            ("GIT~1", "%47IT~1"),
            ("con", "%63on"),
            ("Aux.gpx", "%41ux.gpx"),
            ("COM1.fit.gz", "%43OM1.fit.gz"),
            ("com10.fit", "com10.fit"),
            ("Sha256Sums", "%53ha256Sums"),
            ("run.", "run%2e"),
            (" run ", "%20run%20"),
            ("a:b|c?.gpx", "a%3ab%7cc%3f.gpx"),
            ("a\nb\u{1b}[2J\u{7f}.gpx", "a%0ab%1b[2J%7f.gpx"),
            ("Frühlauf.gpx", "Fr%c3%bchlauf.gpx"),
            ("50%.gpx", "50%25.gpx"),
        ] {
            assert_eq!(safe_name(name, false), safe, "{name}");
        }
        assert_eq!(safe_name("Run.GPX", true), "%52un.%47%50%58");
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let long = |end: &str| safe_name(&format!("{}{end}.fit.gz", "ü".repeat(300)), false);
        let (one, other) = (long("1"), long("2"));
        assert!(one.len() <= MAX_NAME && one.ends_with("1.fit.gz") && one != other, "{one}");
        assert!(!safe_name("", false).is_empty());
    }

    #[test]
    fn names_that_differ_by_capitals_stand_apart_whichever_comes_first() {
        let blob = BlobId(git2::Oid::ZERO_SHA1);
        let held = BTreeMap::from([("run.gpx".to_owned(), blob)]);
        let companions = Companions { folder: String::new(), held };
        assert_eq!(companions.place("run.gpx"), "run.gpx");
        assert_eq!(companions.place("Run.gpx"), "%52un.gpx");
        let held = BTreeMap::from([("Run.gpx".to_owned(), blob), ("%72un.gpx".to_owned(), blob)]);
        let companions = Companions { folder: String::new(), held };
        assert_eq!(companions.place("Run.gpx"), "Run.gpx");
        assert_eq!(companions.place("run.gpx"), "%72un.gpx");
    }
}
