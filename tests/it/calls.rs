//! The system calls of a run, as strace writes them down, told to a model of the disk.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::disk::{Disk, Node, TOP};

/// The calls that the model must hear of.
const CALLS: &str = "open,openat,creat,close,read,pread64,readv,write,writev,pwrite64,lseek,rename,renameat,renameat2,\
    link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,truncate,ftruncate,fallocate,fsync,fdatasync,\
    syncfs,sync,copy_file_range,sendfile,splice,chmod,fchmod,fchmodat,dup,dup2,dup3,fcntl,chdir,fork,vfork,clone,clone3";

/// The options with which strace writes down what `Calls` reads.
pub fn options(log: &Path) -> Vec<String> {
    // All threads, strings whole and with every byte by its number.
    ["-f", "-qq", "-xx", "-s", "100000000", "-e", "signal=none", "-o", log.to_str().unwrap(), "-e"]
        .iter()
        .map(|option| (*option).to_owned())
        .chain([format!("trace={CALLS}")])
        .collect()
}

/// What a call has done.
pub enum Done {
    /// Nothing that a disk knows of.
    Nothing,
    /// The disk changed, or something is on it now that was not.
    Disk,
    /// A text was told on standard output.
    Said(Vec<u8>),
}

/// A process and what it has open.
pub struct Calls {
    top: PathBuf,
    folder: PathBuf,
    open: HashMap<i64, Rc<RefCell<Open>>>,
    /// Calls that have begun, by thread.
    begun: HashMap<String, String>,
}

struct Open {
    node: Node,
    at: usize,
    appends: bool,
}

/// A file or folder that a call speaks of: the folder that it is in, and its name there.
type Named = (Node, String);

impl Calls {
    /// A process that was started in a folder. Of files only those below `top` count.
    pub fn of(top: &Path, folder: &Path) -> Calls {
        Calls { top: top.to_owned(), folder: folder.to_owned(), open: HashMap::new(), begun: HashMap::new() }
    }

    /// Takes the next line of the log.
    pub fn take(&mut self, line: &str, disk: &mut Disk) -> Done {
        let (thread, text) = line.split_once(' ').unwrap();
        let text = text.trim_start();
        if let Some(start) = text.strip_suffix(" <unfinished ...>") {
            // The number is free as soon as the call has begun.
            if let Some(number) = start.strip_prefix("close(") {
                self.open.remove(&number.trim().parse().unwrap());
            }
            self.begun.insert(thread.to_owned(), start.to_owned());
            return Done::Nothing;
        }
        let whole = match text.strip_prefix("<... ") {
            None => text.to_owned(),
            Some(rest) => self.begun.remove(thread).unwrap() + rest.split_once(" resumed>").unwrap().1,
        };
        if whole.starts_with("close(") && text.starts_with("<...") {
            return Done::Nothing;
        }
        let Some((call, result)) = whole.rsplit_once(" = ") else { return Done::Nothing };
        let (name, args) = call.trim_end().trim_end_matches(')').split_once('(').unwrap();
        let result = result.split(' ').next().unwrap();
        let Ok(result) = result.parse::<i64>().or_else(|_| i64::from_str_radix(result.trim_start_matches("0x"), 16))
        else {
            return Done::Nothing;
        };
        if result < 0 {
            return Done::Nothing;
        }
        assert!(!args.contains("\"..."), "a string that is not whole: {line}");
        self.apply(name, args, result, disk)
    }

    fn apply(&mut self, name: &str, args: &str, result: i64, disk: &mut Disk) -> Done {
        let parts: Vec<&str> = args.split(", ").collect();
        let number = |at: usize| parts[at].parse::<i64>().unwrap();
        let size = || usize::try_from(result).unwrap();
        let file =
            |calls: &Calls, at: usize| parts[at].parse().ok().and_then(|number: i64| calls.open.get(&number).cloned());
        match name {
            "open" => return self.open(disk, "AT_FDCWD", parts[0], parts[1], parts.get(2), result),
            "openat" => return self.open(disk, parts[0], parts[1], parts[2], parts.get(3), result),
            "close" => drop(self.open.remove(&number(0))),
            "dup" | "dup2" | "dup3" => self.again(number(0), result),
            "fcntl" if parts[1].starts_with("F_DUPFD") => self.again(number(0), result),
            "fcntl" | "pread64" => {}
            "read" | "readv" => {
                if let Some(file) = file(self, 0) {
                    file.borrow_mut().at += size();
                }
            }
            "lseek" => {
                if let Some(file) = file(self, 0) {
                    file.borrow_mut().at = size();
                }
            }
            "write" | "writev" | "pwrite64" => {
                let bytes: Vec<u8> = args.split('"').skip(1).step_by(2).flat_map(unescape).take(size()).collect();
                let Some(file) = file(self, 0) else {
                    return if number(0) == 1 { Done::Said(bytes) } else { Done::Nothing };
                };
                if name == "pwrite64" {
                    disk.write(file.borrow().node, usize::try_from(number(3)).unwrap(), &bytes);
                } else {
                    put(&file, &bytes, disk);
                }
                return Done::Disk;
            }
            "copy_file_range" | "sendfile" => {
                let (from, to) = if name == "sendfile" { (1, 0) } else { (0, 2) };
                assert!(!args.contains('['), "offsets of their own: {args}");
                let Some(to) = file(self, to) else { return Done::Nothing };
                let from = file(self, from).expect("a copy from outside");
                let start = from.borrow().at;
                let bytes = disk.bytes(from.borrow().node)[start..start + size()].to_vec();
                from.borrow_mut().at += size();
                put(&to, &bytes, disk);
                return Done::Disk;
            }
            "ftruncate" => {
                let Some(file) = file(self, 0) else { return Done::Nothing };
                disk.bytes(file.borrow().node).resize(usize::try_from(number(1)).unwrap(), 0);
                return Done::Disk;
            }
            "fsync" | "fdatasync" | "syncfs" => {
                let Some(file) = file(self, 0) else { return Done::Nothing };
                if name == "syncfs" {
                    disk.sync_all()
                } else {
                    disk.sync(file.borrow().node)
                }
                return Done::Disk;
            }
            "fchmod" => {
                let Some(file) = file(self, 0) else { return Done::Nothing };
                disk.set_mode(file.borrow().node, octal(parts[1]));
                return Done::Disk;
            }
            "chmod" | "fchmodat" => {
                let at = usize::from(name == "fchmodat");
                let folder = if at == 1 { parts[0] } else { "AT_FDCWD" };
                let Some((folder, last)) = self.find(disk, folder, parts[at]) else { return Done::Nothing };
                let node = if last.is_empty() { folder } else { disk.get(folder, &last).unwrap() };
                disk.set_mode(node, octal(parts[at + 1]));
                return Done::Disk;
            }
            "rename" => return self.name(disk, ["AT_FDCWD", parts[0]], ["AT_FDCWD", parts[1]], true),
            "renameat" | "renameat2" => return self.name(disk, [parts[0], parts[1]], [parts[2], parts[3]], true),
            "link" => return self.name(disk, ["AT_FDCWD", parts[0]], ["AT_FDCWD", parts[1]], false),
            "linkat" => return self.name(disk, [parts[0], parts[1]], [parts[2], parts[3]], false),
            // Whether a link leads anywhere is of no weight here, so a file may stand for it.
            "symlink" => return self.put(disk, "AT_FDCWD", parts[1], Some((0o666, false))),
            "unlink" | "rmdir" => return self.put(disk, "AT_FDCWD", parts[0], None),
            "unlinkat" => return self.put(disk, parts[0], parts[1], None),
            "mkdir" => return self.put(disk, "AT_FDCWD", parts[0], Some((octal(parts[1]), true))),
            "mkdirat" => return self.put(disk, parts[0], parts[1], Some((octal(parts[2]), true))),
            "clone" | "clone3" if args.contains("CLONE_THREAD") => {}
            other => panic!("the model does not know {other}({args})"),
        }
        Done::Nothing
    }

    fn again(&mut self, number: i64, other: i64) {
        match self.open.get(&number).cloned() {
            Some(open) => drop(self.open.insert(other, open)),
            None => drop(self.open.remove(&other)),
        }
    }

    fn open(
        &mut self,
        disk: &mut Disk,
        folder: &str,
        path: &str,
        flags: &str,
        mode: Option<&&str>,
        number: i64,
    ) -> Done {
        self.open.remove(&number);
        let Some((folder, name)) = self.find(disk, folder, path) else { return Done::Nothing };
        assert!(!flags.contains("O_TMPFILE"), "a file without a name");
        let known = if name.is_empty() { Some(folder) } else { disk.get(folder, &name) };
        let mut done = Done::Nothing;
        let node = known.unwrap_or_else(|| {
            let node = disk.add(octal(mode.unwrap()) & !0o022, false);
            disk.set(folder, &name, Some(node));
            done = Done::Disk;
            node
        });
        if flags.contains("O_TRUNC") {
            disk.bytes(node).clear();
            done = Done::Disk;
        }
        let appends = flags.contains("O_APPEND");
        self.open.insert(number, Rc::new(RefCell::new(Open { node, at: 0, appends })));
        done
    }

    /// Gives a file a further name, or another.
    fn name(&self, disk: &mut Disk, from: [&str; 2], to: [&str; 2], moves: bool) -> Done {
        let (from, to) = (self.find(disk, from[0], from[1]), self.find(disk, to[0], to[1]));
        let (Some((folder, name)), Some((to, new))) = (from, to) else { return Done::Nothing };
        let node = disk.get(folder, &name);
        assert!(node.is_some(), "{name} is not there");
        if moves {
            disk.set(folder, &name, None);
        }
        disk.set(to, &new, node);
        Done::Disk
    }

    /// Takes a name away, or makes a folder or an empty file by it.
    fn put(&self, disk: &mut Disk, folder: &str, path: &str, new: Option<(u32, bool)>) -> Done {
        let Some((folder, name)) = self.find(disk, folder, path) else { return Done::Nothing };
        let node = new.map(|(mode, is_folder)| disk.add(mode & !0o022, is_folder));
        disk.set(folder, &name, node);
        Done::Disk
    }

    /// Where a path leads; nowhere when it leads outside.
    fn find(&self, disk: &Disk, folder: &str, path: &str) -> Option<Named> {
        let path = String::from_utf8(unescape(path.trim_matches('"')).collect()).unwrap();
        let (mut node, path) = match self.open.get(&folder.parse().unwrap_or(-1)) {
            Some(open) if !path.starts_with('/') => (open.borrow().node, PathBuf::from(path)),
            None if folder != "AT_FDCWD" => return None,
            _ => (TOP, plain(&self.folder.join(path)).strip_prefix(&self.top).ok()?.to_owned()),
        };
        let mut names: Vec<_> = path.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect();
        let last = names.pop().unwrap_or_default();
        for name in names {
            node = disk.get(node, &name).unwrap_or_else(|| panic!("{name} is not there: {}", path.display()));
        }
        Some((node, last))
    }
}

fn put(file: &RefCell<Open>, bytes: &[u8], disk: &mut Disk) {
    let mut file = file.borrow_mut();
    if file.appends {
        file.at = disk.bytes(file.node).len();
    }
    disk.write(file.node, file.at, bytes);
    file.at += bytes.len();
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// The bytes of a string in which each stands as `\x2f`.
fn unescape(text: &str) -> impl Iterator<Item = u8> {
    text.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).unwrap())
}

fn octal(text: &str) -> u32 {
    u32::from_str_radix(text, 8).unwrap()
}
