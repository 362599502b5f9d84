//! A model of a disk: what a run has done to its files, what of it is known to be on the disk, and what may
//! be there after the power was cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;

/// A file's or folder's number in the model.
pub type Node = usize;

/// The number of the topmost folder.
pub const TOP: Node = 0;

type Names = BTreeMap<String, Node>;

/// Everything below one folder, as it is and as it is on the disk.
#[derive(Clone)]
pub struct Disk {
    nodes: Vec<Held>,
    /// Folders whose names changed since anything was last synced.
    changed: BTreeSet<Node>,
}

#[derive(Clone)]
struct Held {
    mode: u32,
    body: Body,
}

#[derive(Clone)]
enum Body {
    File {
        now: Rc<Vec<u8>>,
        synced: Rc<Vec<u8>>,
    },
    Folder {
        now: Names,
        /// When this folder was last synced.
        synced: Names,
        /// When anything was last synced: a journal of names keeps their order.
        ordered: Names,
    },
}

/// What a disk may hold after an end of the machine, or only of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Only the process ended: everything that it did is there.
    Kill,
    /// What POSIX promises and no more: bytes of files that were synced, names in folders that were synced.
    Promised,
    /// As ext4 does with its journal: with anything synced come all names up to then, and bytes only of the
    /// files that were synced.
    Journaled,
    /// All names, and no bytes that were not synced: the empty file after a rename.
    Emptied,
    /// By chance, name by name and file by file: as synced, as last seen, cut off, or full of zeros.
    Mixed(u64),
}

/// The files and folders of a disk at one moment: below the top, the mode, and the bytes of files.
#[derive(PartialEq, Eq, Hash)]
pub struct Picture(Stood);

/// What stands below the top, by path.
type Stood = BTreeMap<String, (u32, Option<Rc<Vec<u8>>>)>;

impl Disk {
    /// A disk on which all is synced that stands below a folder.
    pub fn of(top: &Path) -> Disk {
        let mut disk = Disk { nodes: Vec::new(), changed: BTreeSet::new() };
        disk.load(top);
        disk
    }

    fn load(&mut self, path: &Path) -> Node {
        let meta = fs::symlink_metadata(path).unwrap();
        assert!(!meta.is_symlink(), "the model knows no links: {}", path.display());
        let node = self.nodes.len();
        let mode = meta.permissions().mode() & 0o777;
        if meta.is_file() {
            let bytes = Rc::new(fs::read(path).unwrap());
            self.nodes.push(Held { mode, body: Body::File { now: bytes.clone(), synced: bytes } });
            return node;
        }
        self.nodes.push(Held { mode, body: empty_folder() });
        let mut names = Names::new();
        for entry in fs::read_dir(path).unwrap().map(|entry| entry.unwrap()) {
            names.insert(entry.file_name().into_string().unwrap(), self.load(&entry.path()));
        }
        self.nodes[node].body = Body::Folder { now: names.clone(), synced: names.clone(), ordered: names };
        node
    }

    /// A file with nothing in it, or a folder, that has no name yet.
    pub fn add(&mut self, mode: u32, is_folder: bool) -> Node {
        let file = || Body::File { now: Rc::default(), synced: Rc::default() };
        self.nodes.push(Held { mode, body: if is_folder { empty_folder() } else { file() } });
        self.nodes.len() - 1
    }

    /// What stands by a name in a folder.
    pub fn get(&self, folder: Node, name: &str) -> Option<Node> {
        match &self.nodes[folder].body {
            Body::Folder { now, .. } => now.get(name).copied(),
            Body::File { .. } => None,
        }
    }

    /// Gives a name in a folder to a node, or takes it away.
    pub fn set(&mut self, folder: Node, name: &str, node: Option<Node>) {
        let Body::Folder { now, .. } = &mut self.nodes[folder].body else { panic!("{name} in a file") };
        match node {
            Some(node) => now.insert(name.to_owned(), node),
            None => now.remove(name),
        };
        self.changed.insert(folder);
    }

    /// The bytes of a file as they are now.
    pub fn bytes(&mut self, file: Node) -> &mut Vec<u8> {
        let Body::File { now, .. } = &mut self.nodes[file].body else { panic!("bytes of a folder") };
        Rc::make_mut(now)
    }

    /// Writes at a place in a file.
    pub fn write(&mut self, file: Node, at: usize, bytes: &[u8]) {
        let now = self.bytes(file);
        now.resize(now.len().max(at + bytes.len()), 0);
        now[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Sets the mode of a file or folder.
    pub fn set_mode(&mut self, node: Node, mode: u32) {
        self.nodes[node].mode = mode & 0o777;
    }

    /// A file or a folder is on the disk as it is now.
    pub fn sync(&mut self, node: Node) {
        match &mut self.nodes[node].body {
            Body::File { now, synced } => *synced = now.clone(),
            Body::Folder { now, synced, .. } => *synced = now.clone(),
        }
        for folder in std::mem::take(&mut self.changed) {
            if let Body::Folder { now, ordered, .. } = &mut self.nodes[folder].body {
                *ordered = now.clone();
            }
        }
    }

    /// Everything is on the disk as it is now.
    pub fn sync_all(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.sync(node));
    }

    /// What is there after an end.
    pub fn after(&self, cut: Cut) -> Picture {
        let mut seen = BTreeMap::new();
        self.look(TOP, "", cut, &mut seen);
        Picture(seen)
    }

    fn look(&self, node: Node, path: &str, cut: Cut, seen: &mut Stood) {
        let held = &self.nodes[node];
        match &held.body {
            Body::File { now, synced } => {
                seen.insert(path.to_owned(), (held.mode, Some(bytes_after(now, synced, node, cut))));
            }
            Body::Folder { now, synced, ordered } => {
                seen.insert(path.to_owned(), (held.mode, None));
                let names = match cut {
                    Cut::Kill | Cut::Emptied => now,
                    Cut::Promised => synced,
                    Cut::Journaled => ordered,
                    Cut::Mixed(seed) if seed % 3 == 0 => now,
                    Cut::Mixed(seed) if seed % 3 == 1 => ordered,
                    Cut::Mixed(seed) => &mixed(now, synced, |name| chance((seed, node, name)) % 2 == 0),
                };
                for (name, node) in names {
                    self.look(*node, &format!("{path}/{name}"), cut, seen);
                }
            }
        }
    }
}

impl Picture {
    /// A number that tells it from others.
    pub fn mark(&self) -> u64 {
        chance(self)
    }

    /// Makes a folder hold this and nothing else.
    pub fn lay_out(&self, top: &Path) {
        let _ = fs::remove_dir_all(top);
        for (path, (mode, bytes)) in &self.0 {
            let path = top.join(path.trim_start_matches('/'));
            match bytes {
                Some(bytes) => fs::write(&path, bytes.as_slice()).unwrap(),
                None => fs::create_dir_all(&path).unwrap(),
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
        }
    }

    /// Demands that it is what a folder holds.
    #[track_caller]
    pub fn demand_same(&self, other: &Picture) {
        let paths: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        let differ: Vec<_> = paths.into_iter().filter(|path| self.0.get(*path) != other.0.get(*path)).collect();
        assert_eq!(differ, Vec::<&String>::new());
    }
}

fn empty_folder() -> Body {
    Body::Folder { now: Names::new(), synced: Names::new(), ordered: Names::new() }
}

/// The names of a folder of which some changes reached the disk.
fn mixed(now: &Names, synced: &Names, is_there: impl Fn(&str) -> bool) -> Names {
    let all: BTreeSet<_> = now.keys().chain(synced.keys()).collect();
    let one = |name: &String| {
        let names = if is_there(name) { now } else { synced };
        names.get(name).map(|node| (name.clone(), *node))
    };
    all.into_iter().filter_map(one).collect()
}

fn bytes_after(now: &Rc<Vec<u8>>, synced: &Rc<Vec<u8>>, node: Node, cut: Cut) -> Rc<Vec<u8>> {
    let Cut::Mixed(seed) = cut else { return if cut == Cut::Kill { now } else { synced }.clone() };
    if now == synced {
        return now.clone();
    }
    match chance((seed, node)) % 4 {
        0 => now.clone(),
        1 => synced.clone(),
        // Growth that did not come whole; what was synced of it stays.
        way => {
            let kept = now.iter().zip(synced.iter()).take_while(|(now, synced)| now == synced).count();
            let length = kept + (chance((node, seed)) as usize) % (now.len() - kept + 1).max(1);
            let mut bytes = now[..length].to_vec();
            if way == 3 {
                bytes.resize(now.len(), 0);
            }
            Rc::new(bytes)
        }
    }
}

/// The same number for the same thing, in every run.
fn chance(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
