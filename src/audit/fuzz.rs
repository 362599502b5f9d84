//! What a comparison found, as bytes of any kind.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use super::Finding;
use super::cache::{Cache, HEAD, KEY, Key, MAGIC, checksum, key};
use super::packed::{pack, unpack};
use crate::fuzzing::fuzz_target;

fuzz_target!(packed_finding, |bytes| {
    if let Some(finding) = unpack(bytes) {
        let packed = pack(&finding);
        assert!(packed.len() <= bytes.len());
        assert_eq!(unpack(&packed), Some(finding));
    }
});

/// The finding that is put under a key of its own.
fn put(at: u64) -> (Key, Finding) {
    let finding = Finding {
        resources: [("heart".to_owned(), [at as usize, 0, 1])].into(),
        edits: "{}".to_owned(),
        ..Finding::default()
    };
    (key(None, None, "2015-07-05".parse().unwrap(), at), finding)
}

/// Puts a finding beside all that a cache has, and sees that each is got again.
fn keep(folder: &Path, keys: &[Key]) {
    let mut cache = Cache::open(folder.to_owned());
    let known: Vec<_> = keys.iter().map(|key| cache.get(key)).collect();
    let (new, finding) = put(7);
    cache.put(&new, &finding);
    drop(cache);
    let mut cache = Cache::open(folder.to_owned());
    assert_eq!(cache.get(&new), Some(finding));
    for (key, known) in keys.iter().zip(known).filter(|(key, _)| **key != new) {
        assert_eq!(cache.get(key), known);
    }
}

/// The keys of a file's entries, which get the checksum that they should have.
fn seal(file: &mut [u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = file.get_mut(MAGIC.len()..).unwrap_or_default();
    while let Some((head, after)) = rest.split_at_mut_checked(HEAD) {
        let key: Key = head[..KEY].try_into().unwrap();
        let size = u32::from_le_bytes(head[KEY..KEY + 4].try_into().unwrap()) as usize;
        keys.push(key);
        let Some((body, after)) = after.split_at_mut_checked(size) else { break };
        head[KEY + 4..].copy_from_slice(&checksum(&key, body));
        rest = after;
    }
    keys
}

fuzz_target!(compared, |bytes| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("compared");
    // Any bytes as the file, and again with checksums that hold.
    let mut sealed = bytes.to_vec();
    let keys = seal(&mut sealed);
    for file in [bytes, &sealed] {
        fs::write(&path, file).unwrap();
        keep(folder.path(), &keys);
    }
    // A file of ours with one byte that is another: what it still gives is what was put.
    fs::remove_file(&path).unwrap();
    let entries: Vec<_> = (0..3).map(put).collect();
    let mut cache = Cache::open(folder.path().to_owned());
    entries.iter().for_each(|(key, finding)| cache.put(key, finding));
    drop(cache);
    let whole = fs::read(&path).unwrap();
    for damage in bytes.chunks_exact(3).take(4) {
        let mut bent = whole.clone();
        let at = usize::from(u16::from_le_bytes([damage[0], damage[1]])) % whole.len();
        bent[at] ^= damage[2];
        fs::write(&path, &bent).unwrap();
        let mut cache = Cache::open(folder.path().to_owned());
        for (key, finding) in &entries {
            assert!(cache.get(key).is_none_or(|found| found == *finding), "byte {at}");
        }
    }
});
