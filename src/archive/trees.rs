//! New trees from old: only the folders on the way to a change are made again.

use std::collections::BTreeMap;

use git2::{ErrorClass, ErrorCode, ObjectType, Odb, Oid, Repository, Tree, TreeEntry};

use super::ArchiveError;
use super::objects::NewObjects;

const FILE: u32 = 0o100_644;
const FOLDER: u32 = 0o040_000;

/// What becomes of a path: the blob that stands there, or nothing.
pub(super) type Edits = BTreeMap<String, Option<Oid>>;

/// What stands at a path of a tree, if anything does. A tree on the way that cannot be read is an error,
/// never "nothing".
pub(super) fn entry_at(tree: Option<&Tree<'_>>, path: &str) -> Result<Option<TreeEntry<'static>>, ArchiveError> {
    let Some(tree) = tree else { return Ok(None) };
    match tree.get_path(path.as_ref()) {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if error.code() == ErrorCode::NotFound && error.class() != ErrorClass::Odb => Ok(None),
        Err(error) => Err(ArchiveError::git(format!("look up {path}"))(error)),
    }
}

/// The tree that `base` becomes with these edits; none when nothing is left in it.
pub(super) fn edit(
    repository: &Repository,
    odb: &Odb<'_>,
    objects: &mut NewObjects,
    base: Option<Oid>,
    edits: &Edits,
) -> Result<Option<Oid>, ArchiveError> {
    let edits: Vec<_> = edits.iter().map(|(path, blob)| (path.as_str(), *blob)).collect();
    edit_folder(repository, odb, objects, base, &edits)
}

/// `edits` are sorted by path, so that those below one folder stand together.
fn edit_folder(
    repository: &Repository,
    odb: &Odb<'_>,
    objects: &mut NewObjects,
    base: Option<Oid>,
    edits: &[(&str, Option<Oid>)],
) -> Result<Option<Oid>, ArchiveError> {
    let mut entries: BTreeMap<Vec<u8>, (u32, Oid)> = BTreeMap::new();
    if let Some(base) = base {
        let tree = repository.find_tree(base).map_err(ArchiveError::git(format!("read tree {base}")))?;
        for entry in tree.iter() {
            // A tree may hold names that are not UTF-8 and modes of old; both stay as they are.
            let mode = entry.filemode_raw().cast_unsigned();
            entries.insert(sort_name(entry.name_bytes(), mode == FOLDER), (mode, entry.id()));
        }
    }
    let mut rest = edits;
    while let Some((path, blob)) = rest.first().copied() {
        let Some((folder, _)) = path.split_once('/') else {
            entries.remove(&sort_name(path.as_bytes(), true));
            match blob {
                Some(blob) => entries.insert(path.into(), (FILE, blob)),
                None => entries.remove(path.as_bytes()),
            };
            rest = &rest[1..];
            continue;
        };
        let inside = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let count = rest.iter().take_while(|(path, _)| inside(path)).count();
        let below: Vec<_> = rest[..count].iter().map(|(path, blob)| (&path[folder.len() + 1..], *blob)).collect();
        let name = sort_name(folder.as_bytes(), true);
        let old = entries.get(&name).map(|(_, id)| *id);
        match edit_folder(repository, odb, objects, old, &below)? {
            Some(tree) => {
                entries.remove(folder.as_bytes());
                entries.insert(name, (FOLDER, tree));
            }
            None => {
                entries.remove(&name);
            }
        }
        rest = &rest[count..];
    }
    if entries.is_empty() {
        return Ok(None);
    }
    let mut data = Vec::with_capacity(entries.len() * 40);
    for (name, (mode, id)) in &entries {
        let name = if *mode == FOLDER { &name[..name.len() - 1] } else { name };
        data.extend_from_slice(format!("{mode:o} ").as_bytes());
        data.extend_from_slice(name);
        data.push(0);
        data.extend_from_slice(id.as_bytes());
    }
    objects.put(odb, ObjectType::Tree, &data).map(Some)
}

/// Git sorts the entries of a tree as if a folder's name ended in a slash.
fn sort_name(name: &[u8], folder: bool) -> Vec<u8> {
    let mut name = name.to_vec();
    if folder {
        name.push(b'/');
    }
    name
}
