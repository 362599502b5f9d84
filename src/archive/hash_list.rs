//! `SHA256SUMS`: the hashes of a folder's files, in the format of sha256sum(1), sorted by name.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::ContentHash;

/// The hashes of a folder's files by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HashList(BTreeMap<String, ContentHash>);

/// A text that is no hash list as fitsnap writes one.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} {problem}")]
pub struct HashListError {
    /// The line, counted from 1.
    line: usize,
    /// What is wrong with it.
    problem: &'static str,
}

impl HashList {
    /// Reads a list; only what `render` writes is one.
    ///
    /// # Errors
    /// The first line that is no hash and name, is not closed by a line feed, or stands out of order.
    pub fn parse(text: &[u8]) -> Result<HashList, HashListError> {
        let mut list = BTreeMap::new();
        let mut lines = text.split(|byte| *byte == b'\n').enumerate().peekable();
        while let Some((at, line)) = lines.next() {
            let bad = |problem| HashListError { line: at + 1, problem };
            if lines.peek().is_none() {
                if line.is_empty() {
                    break;
                }
                return Err(bad("does not end with a line feed"));
            }
            let (name, hash) = entry(line).ok_or(bad("is not a hash, two spaces and a name"))?;
            match list.last_key_value() {
                Some((last, _)) if *last == name => return Err(bad("names a file for the second time")),
                Some((last, _)) if *last > name => return Err(bad("is not in the order of names")),
                _ => list.insert(name, hash),
            };
        }
        Ok(HashList(list))
    }

    /// Reads a list as sha256sum(1) and tools like it write one: in any order, with a star before the name of
    /// a file that was read as binary or `./` before any, hashes in capitals, lines that end with CR LF. None
    /// for a text that is no such list, or says two things of one file.
    pub fn parse_any(text: &[u8]) -> Option<HashList> {
        let mut list = BTreeMap::new();
        for line in std::str::from_utf8(text).ok()?.lines().filter(|line| !line.is_empty()) {
            let (escape, line) = line.strip_prefix('\\').map_or(("", line), |rest| ("\\", rest));
            let (hash, name) = line.split_once(' ')?;
            let name = name.strip_prefix([' ', '*'])?;
            let name = name.strip_prefix("./").unwrap_or(name);
            let (name, hash) = entry(format!("{escape}{}  {name}", hash.to_lowercase()).as_bytes())?;
            if list.insert(name, hash).is_some_and(|other| other != hash) {
                return None;
            }
        }
        Some(HashList(list))
    }

    /// The list's text.
    pub fn render(&self) -> Vec<u8> {
        let mut text = String::with_capacity(self.0.len() * 80);
        for (name, hash) in &self.0 {
            // As sha256sum does: a name that would break the line is escaped, and the line says so.
            let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            let mark = if escaped == *name { "" } else { "\\" };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{mark}{hash}  {escaped}");
        }
        text.into_bytes()
    }

    /// The hash listed for a file.
    pub fn get(&self, name: &str) -> Option<ContentHash> {
        self.0.get(name).copied()
    }

    /// Lists a file, in place of what was listed for it.
    pub fn set(&mut self, name: impl Into<String>, hash: ContentHash) {
        self.0.insert(name.into(), hash);
    }

    /// Takes a file from the list.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The names listed, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether no file is listed. `sha256sum -c` refuses such a list, so it is not written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn entry(line: &[u8]) -> Option<(String, ContentHash)> {
    let line = std::str::from_utf8(line).ok()?;
    let (escaped, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (hash, name) = line.split_once("  ")?;
    let hash = hash.parse().ok()?;
    let name = if escaped { unescape(name)? } else { name.to_owned() };
    let breaks_line = name.contains(['\\', '\r', '\n']);
    (!name.is_empty() && !name.contains('/') && escaped == breaks_line).then_some((name, hash))
}

fn unescape(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            '\r' => return None,
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn list() -> HashList {
        let mut list = HashList::default();
        list.set("05.json", ContentHash::of(b"five"));
        list.set("04.json", ContentHash::of(b"four"));
        list
    }

    #[test]
    fn reads_what_it_writes_in_the_format_of_sha256sum() {
        let text = String::from_utf8(list().render()).unwrap();
        let four = ContentHash::of(b"four");
        assert!(text.starts_with(&format!("{four}  04.json\n")) && text.ends_with("  05.json\n"), "{text}");
        assert_eq!(HashList::parse(text.as_bytes()), Ok(list()));
        assert_eq!(HashList::parse(b""), Ok(HashList::default()));
    }

    #[test]
    fn a_name_that_breaks_the_line_is_escaped_as_sha256sum_does() {
        let mut odd = HashList::default();
        odd.set("a\\b\nc.gpx", ContentHash::of(b""));
        let text = String::from_utf8(odd.render()).unwrap();
        assert!(text.starts_with('\\') && text.ends_with("  a\\\\b\\nc.gpx\n"), "{text}");
        assert_eq!(HashList::parse(text.as_bytes()), Ok(odd));
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let text = String::from_utf8(list().render()).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let said = |text: &str| HashList::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(said(text.trim_end()), "line 2 does not end with a line feed");
        assert_eq!(said(&format!("{}\n{}\n", lines[0], lines[0])), "line 2 names a file for the second time");
        lines.reverse();
        assert_eq!(said(&format!("{}\n", lines.join("\n"))), "line 2 is not in the order of names");
        for bad in [
            "\n",
            "abc  04.json\n",
            &text.replace("  ", " "),
            &text.to_uppercase(),
            &text.replace("04", "x/04"),
            &text.replace('\n', "\r\n"),
            &format!("\\{}  a\\\\b\r\n", ContentHash::of(b"")),
        ] {
            assert_eq!(said(bad), "line 1 is not a hash, two spaces and a name", "{bad:?}");
        }
    }

    #[test]
    fn lists_of_other_tools_are_read_where_they_say_the_same() {
        let text = String::from_utf8(list().render()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let backwards = format!("{}\n\n{}", lines[1], lines[0]);
        for other in [
            &text,
            &backwards,
            &text.replace("  ", " *"),
            &text.replace("  ", "  ./"),
            &text.replace('\n', "\r\n"),
            &text.to_uppercase().replace("JSON", "json"),
            &text.repeat(2),
        ] {
            assert_eq!(HashList::parse_any(other.as_bytes()), Some(list()), "{other}");
        }
        let mut odd = HashList::default();
        odd.set("a\\b.gpx", ContentHash::of(b""));
        assert_eq!(HashList::parse_any(&odd.render()), Some(odd));
        let another = format!("{text}{}  04.json\n", ContentHash::of(b"other"));
        for bad in [&another, "04.json", &text.replace("  ", " "), &text.replace("  ", "  ../")] {
            assert_eq!(HashList::parse_any(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn lists_and_unlists() {
        let mut list = list();
        assert_eq!(list.get("05.json"), Some(ContentHash::of(b"five")));
        list.remove("05.json");
        assert_eq!(list.names().collect::<Vec<_>>(), ["04.json"]);
        assert!(!list.is_empty());
    }
}
