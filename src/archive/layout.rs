//! Where things stand in an archive: paths below its root, with `/` between on every system.

use crate::model::{Day, ProviderName};

/// The folder of all providers' data.
pub const DATA: &str = "data";

/// The list of hashes in each folder, in the format of sha256sum(1).
pub const HASH_LIST: &str = "SHA256SUMS";

/// The document of what has no day.
pub const ACCOUNT: &str = "account.json";

/// What a path below the archive's root stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `data/<provider>/YYYY/MM/DD.json`
    Day(ProviderName, Day),
    /// `data/<provider>/account.json`
    Account(ProviderName),
    /// `data/<provider>/YYYY/MM/DD/<name>`, a file of an export
    File(ProviderName, Day, String),
    /// A `SHA256SUMS`, with the folder it speaks of
    HashList(String),
    /// Below `data/`, but nothing that fitsnap puts there
    Foreign,
    /// Not below `data/`
    Outside,
}

impl Place {
    /// Reads a path below the archive's root.
    pub fn of(path: &str) -> Place {
        let Some(rest) = path.strip_prefix("data/") else { return Place::Outside };
        let parts: Vec<&str> = rest.split('/').collect();
        let Some(provider) = parts.first().and_then(|name| name.parse::<ProviderName>().ok()) else {
            return Place::Foreign;
        };
        let day = |day: &str| match parts[1..] {
            [year, month, ..] => format!("{year}-{month}-{day}").parse::<Day>().ok(),
            _ => None,
        };
        let folder = || path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
        match parts[1..] {
            [ACCOUNT] => Place::Account(provider),
            [HASH_LIST] => Place::HashList(folder()),
            [_, _, HASH_LIST] if day("01").is_some() => Place::HashList(folder()),
            [_, _, name] => match name.strip_suffix(".json").and_then(day) {
                Some(day) => Place::Day(provider, day),
                None => Place::Foreign,
            },
            [_, _, number, name] => match day(number) {
                Some(_) if name == HASH_LIST => Place::HashList(folder()),
                Some(day) if is_plain(name) => Place::File(provider, day, name.to_owned()),
                _ => Place::Foreign,
            },
            _ => Place::Foreign,
        }
    }
}

/// Whether a name is that of a file or folder, and neither leads elsewhere nor into git's own folder on any
/// system. Git refuses the others too, but a repository can be made without git.
fn is_plain(name: &str) -> bool {
    let stem = name.trim_end_matches([' ', '.']).to_ascii_lowercase();
    !name.is_empty() && !stem.is_empty() && stem != ".git" && stem != "git~1" && !name.contains(['\0', '\\', ':'])
}

/// Whether a path below the archive's root stays below it, whatever the tree says that it comes from.
pub(super) fn stays_inside(path: &str) -> bool {
    path.split('/').all(is_plain)
}

/// `data/<provider>`
pub fn provider_folder(provider: &ProviderName) -> String {
    format!("{DATA}/{provider}")
}

/// `data/<provider>/account.json`
pub fn account_path(provider: &ProviderName) -> String {
    format!("{DATA}/{provider}/{ACCOUNT}")
}

/// `data/<provider>/YYYY/MM/DD`, where files of exports stand that belong to the day
pub fn day_folder(provider: &ProviderName, day: Day) -> String {
    format!("{DATA}/{provider}/{}", day.date().format("%Y/%m/%d"))
}

/// `data/<provider>/YYYY/MM/DD.json`
pub fn day_path(provider: &ProviderName, day: Day) -> String {
    format!("{}.json", day_folder(provider, day))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_places_are_inverse() {
        let moves: ProviderName = "moves".parse().unwrap();
        let day: Day = "2015-07-05".parse().unwrap();
        assert_eq!(day_path(&moves, day), "data/moves/2015/07/05.json");
        assert_eq!(Place::of(&day_path(&moves, day)), Place::Day(moves.clone(), day));
        assert_eq!(Place::of(&account_path(&moves)), Place::Account(moves.clone()));
        let file = "data/moves/2015/07/05/run.gpx".to_owned();
        assert_eq!(Place::of(&file), Place::File(moves, day, "run.gpx".into()));
    }

    #[test]
    fn a_path_that_leads_out_of_the_archive_is_known() {
        for path in ["data/moves/2015/07/05.json", ".gitattributes", "data/moves/2015/07/05/a run... (1).gpx"] {
            assert!(stays_inside(path), "{path}");
        }
        for path in
            ["", "/etc/passwd", "data/../x", "data/./x", "data//x", ".git/config", "data/.Git /x", "data/a\\..\\b"]
        {
            assert!(!stays_inside(path), "{path}");
        }
    }

    #[test]
    fn what_fitsnap_never_puts_there_is_foreign() {
        for path in [
            "data/moves/2015/07/32.json",
            "data/moves/2015/7/05.json",
            "data/Moves/account.json",
            "data/moves/2015/07/05.txt",
            "data/moves/x",
            "data/moves/2015/07/05/a/b",
            "data/moves/2015/07/05/..",
            "data/moves/2015/07/05/.GIT",
            "data/../2015/07/05.json",
            "data/notes.txt",
        ] {
            assert_eq!(Place::of(path), Place::Foreign, "{path}");
        }
        assert_eq!(Place::of("README"), Place::Outside);
        assert_eq!(Place::of("data/moves/2015/07/SHA256SUMS"), Place::HashList("data/moves/2015/07".into()));
    }
}
