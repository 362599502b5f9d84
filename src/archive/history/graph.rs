//! Git's commit-graph: trees, parents and times of commits, without opening the commits.
//!
//! `git gc` and `git maintenance` write it, as gitformat-commit-graph(5) describes; git itself reads
//! it the same way. What is not in it, or not of the plain kind, is read from the commits.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use git2::Oid;

/// The parts of the file that are read.
pub(super) struct Graph {
    bytes: Vec<u8>,
    fanout: usize,
    ids: usize,
    data: usize,
    count: usize,
}

/// What the graph knows of a commit.
pub(super) struct Known {
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    pub(super) time: DateTime<Utc>,
}

const ID: usize = 20;
const ROW: usize = ID + 16;
const NO_PARENT: u32 = 0x7000_0000;

/// Larger files are left alone: they would have to be held in memory.
const LARGEST: u64 = 64 << 20;

impl Graph {
    /// Opens the graph of a repository; none where there is none that is whole.
    pub(super) fn open(objects: &Path) -> Option<Graph> {
        let path = objects.join("info").join("commit-graph");
        path.metadata().ok().filter(|data| data.len() <= LARGEST)?;
        Graph::read(std::fs::read(path).ok()?)
    }

    fn read(bytes: Vec<u8>) -> Option<Graph> {
        // Version 1, SHA-1, no base graphs.
        let [b'C', b'G', b'P', b'H', 1, 1, chunks, 0] = bytes.get(..8)? else { return None };
        let mut places = HashMap::new();
        for chunk in 0..usize::from(*chunks) {
            let row = bytes.get(8 + chunk * 12..20 + chunk * 12)?;
            let place = usize::try_from(u64::from_be_bytes(row[4..].try_into().ok()?)).ok()?;
            places.insert(<[u8; 4]>::try_from(&row[..4]).ok()?, place);
        }
        let place = |name: &[u8; 4]| places.get(name).copied();
        let mut graph = Graph { fanout: place(b"OIDF")?, ids: place(b"OIDL")?, data: place(b"CDAT")?, bytes, count: 0 };
        graph.count = graph.number(graph.fanout.checked_add(255 * 4)?)? as usize;
        let holds = |from: usize, row: usize| {
            let end = graph.count.checked_mul(row).and_then(|length| length.checked_add(from));
            end.is_some_and(|end| end <= graph.bytes.len())
        };
        (holds(graph.ids, ID) && holds(graph.data, ROW)).then_some(graph)
    }

    fn number(&self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
    }

    fn id(&self, position: usize) -> Option<&[u8]> {
        let at = self.ids + (position < self.count).then_some(position)? * ID;
        self.bytes.get(at..at + ID)
    }

    /// What it knows of a commit; nothing of one with more than two parents.
    pub(super) fn commit(&self, id: Oid) -> Option<Known> {
        let wanted = id.as_bytes();
        let first = usize::from(*wanted.first()?);
        let mut low = if first == 0 { 0 } else { self.number(self.fanout + (first - 1) * 4)? as usize };
        let mut high = (self.number(self.fanout + first * 4)? as usize).min(self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.id(middle)?.cmp(wanted) {
                std::cmp::Ordering::Equal => return self.known(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn known(&self, position: usize) -> Option<Known> {
        let at = self.data + position * ROW;
        let tree = Oid::from_bytes(self.bytes.get(at..at + ID)?).ok()?;
        let mut parents = Vec::new();
        for place in [at + ID, at + ID + 4] {
            match self.number(place)? {
                NO_PARENT => {}
                // The high bit leads to a list of more parents.
                parent => parents.push(Oid::from_bytes(self.id(parent as usize)?).ok()?),
            }
        }
        // Two bits beside the generation, then 32 more.
        let high = u64::from(self.number(at + ID + 8)? & 3);
        let seconds = high << 32 | u64::from(self.number(at + ID + 12)?);
        let time = DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
        Some(Known { tree, parents, time })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A graph of two commits, the second the child of the first.
    fn graph() -> Vec<u8> {
        let (tables, fanout) = (8 + 4 * 12, 256 * 4);
        let places = [("OIDF", tables), ("OIDL", tables + fanout), ("CDAT", tables + fanout + 40), ("\0\0\0\0", 0)];
        let mut bytes = b"CGPH\x01\x01\x03\x00".to_vec();
        for (name, place) in places {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&(place as u64).to_be_bytes());
        }
        for first in 0..256_u32 {
            bytes.extend_from_slice(&(u32::from(first >= 0x11) + u32::from(first >= 0x22)).to_be_bytes());
        }
        bytes.extend_from_slice(&[0x11; 20]);
        bytes.extend_from_slice(&[0x22; 20]);
        for (tree, parent) in [(0xaa, NO_PARENT), (0xbb, 0)] {
            bytes.extend_from_slice(&[tree; 20]);
            bytes.extend_from_slice(&parent.to_be_bytes());
            bytes.extend_from_slice(&NO_PARENT.to_be_bytes());
            bytes.extend_from_slice(&[0, 0, 0, 5, 0x55, 0x9f, 0x31, 0x80]);
        }
        bytes
    }

    #[test]
    fn commits_are_found_with_tree_parents_and_time() {
        let graph = Graph::read(graph()).unwrap();
        let id = |byte: u8| Oid::from_bytes(&[byte; 20]).unwrap();
        let child = graph.commit(id(0x22)).unwrap();
        assert_eq!((child.tree, child.parents, child.time.timestamp()), (id(0xbb), vec![id(0x11)], 0x1_559f_3180));
        assert_eq!(graph.commit(id(0x11)).unwrap().parents, []);
        for unknown in [0, 0x10, 0x12, 0xff] {
            assert!(graph.commit(id(unknown)).is_none());
        }
    }

    #[test]
    fn a_file_that_is_cut_off_or_of_another_kind_is_left_alone() {
        let whole = graph();
        for length in [0, 7, 30, 500, whole.len() - 1] {
            assert!(Graph::read(whole[..length].to_vec()).is_none(), "{length}");
        }
        let mut other = whole;
        other[4] = 2;
        assert!(Graph::read(other).is_none());
    }
}
