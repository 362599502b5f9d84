//! `SHA256SUMS`: a line for each file of a folder, in the format of sha256sum(1).

use std::collections::BTreeMap;

use crate::model::ContentHash;

/// The hashes of a folder's files by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HashList(BTreeMap<String, ContentHash>);

impl HashList {
    /// Reads a list as fitsnap writes it.
    ///
    /// # Errors
    /// A sentence that names the line which is not of the format.
    pub fn parse(bytes: &[u8]) -> Result<HashList, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let mut list = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let entry = line.split_once("  ").and_then(|(hash, name)| Some((hash.parse().ok()?, name)));
            let (hash, name) = entry
                .filter(|(_, name)| !name.is_empty() && !name.contains('/'))
                .ok_or_else(|| format!("line {} is not \"<64 hexadecimal digits>  <name>\"", at + 1))?;
            if list.insert(name.to_owned(), hash).is_some() {
                return Err(format!("line {} names {name} for the second time", at + 1));
            }
        }
        Ok(HashList(list))
    }

    /// The list as it stands on disk: sorted by name.
    pub fn render(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(name, hash)| format!("{hash}  {name}\n").into_bytes()).collect()
    }

    /// Sets a file's hash.
    pub fn set(&mut self, name: &str, hash: ContentHash) {
        self.0.insert(name.to_owned(), hash);
    }

    /// Takes a file out.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// A file's hash, if it is listed.
    pub fn get(&self, name: &str) -> Option<ContentHash> {
        self.0.get(name).copied()
    }

    /// The names listed, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
