//! Ended at any instant, fitsnap leaves an archive that is whole, and the next run makes good the rest.
#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use git2::Oid;

use crate::archive::{self, ARCHIVE, commits, copy, demand_clean, demand_whole, export, many_days, tree};
use crate::env::ArchiveEnv;
use crate::pack::moves_files;

/// An archive before an import, the import, and the tree that it makes where nothing disturbs it.
struct Scene {
    env: ArchiveEnv,
    start: PathBuf,
    export: String,
    tree: Oid,
    commits: usize,
}

impl Scene {
    fn of(env: ArchiveEnv, export: String) -> Scene {
        let root = env.path(ARCHIVE);
        let start = env.path("start");
        copy(&root, &start);
        archive::import(&env, &export).code(0);
        demand_whole(&env, ARCHIVE);
        demand_clean(&env, ARCHIVE);
        let (tree, commits) = (tree(&root), commits(&root));
        Scene { env, start, export, tree, commits }
    }

    /// Five days into an empty archive: loose objects.
    fn small() -> Scene {
        let env = ArchiveEnv::new();
        archive::make(&env);
        let export = export(&env, "export.zip", &moves_files());
        Scene::of(env, export)
    }

    /// One day rewritten and one new, in an archive that holds five.
    fn daily() -> Scene {
        let env = ArchiveEnv::new();
        archive::filled(&env);
        let export = export(&env, "export.zip", &archive::later_files());
        Scene::of(env, export)
    }

    /// So many days that their objects become a pack and their files are synced together.
    fn large() -> Scene {
        let env = ArchiveEnv::new();
        archive::make(&env);
        let export = export(&env, "export.zip", &many_days(400));
        Scene::of(env, export)
    }

    /// The archive as it was before the import.
    fn reset(&self) {
        let _ = fs::remove_dir_all(self.env.path(ARCHIVE));
        copy(&self.start, &self.env.path(ARCHIVE));
    }

    /// The import, silent.
    fn command(&self, program: &str, before: &[&str]) -> Command {
        let mut command = self.env.command(program);
        command.args(before).args(["-C", ARCHIVE, "import", "moves", &self.export]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// What must hold after an end at any instant.
    #[track_caller]
    fn demand_healing(&self, point: &str) {
        let root = self.env.path(ARCHIVE);
        demand_whole(&self.env, ARCHIVE);
        let ran = archive::import(&self.env, &self.export);
        assert_eq!(ran.status, 0, "{point}: {}{}", ran.stdout, ran.stderr);
        assert_eq!((tree(&root), commits(&root)), (self.tree, self.commits), "{point}");
        demand_whole(&self.env, ARCHIVE);
        demand_clean(&self.env, ARCHIVE);
    }

    /// Ends the import after so many delays, spread over the time that it takes.
    fn kill_at_times(&self, count: u32) {
        self.reset();
        let start = Instant::now();
        self.command(FITSNAP, &[]).status().unwrap();
        let whole = start.elapsed();
        for at in 0..count {
            self.reset();
            let delay = whole * at / count;
            let mut child = self.command(FITSNAP, &[]).spawn().unwrap();
            std::thread::sleep(delay);
            child.kill().unwrap();
            child.wait().unwrap();
            self.demand_healing(&format!("killed after {delay:?}"));
        }
    }

    /// Disturbs the import at counted system calls: the first of each kind, the second, ... Only every
    /// `stride`th is tried. `after` may disturb what is left, too.
    fn disturb_calls(&self, fault: Fault, stride: usize, after: impl Fn(&Scene)) {
        if !can_count_calls(&self.env) {
            return;
        }
        let calls = fault.calls();
        let trace = self.env.path("trace");
        self.reset();
        let options = ["-qq", "-o", trace.to_str().unwrap(), "-e", &format!("trace={}", calls.join(",")), FITSNAP];
        assert!(self.command("strace", &options).status().unwrap().success());
        let text = fs::read_to_string(&trace).unwrap();
        let (mut seen, mut tried) = (0, 0);
        for call in calls {
            let count = text.lines().filter(|line| line.starts_with(&format!("{call}("))).count();
            for at in 1..=count {
                seen += 1;
                if seen % stride != 0 {
                    continue;
                }
                let point = format!("{} {call} {at} of {count}", fault.word());
                self.reset();
                let inject = format!("inject={call}:{}:when={at}", fault.word());
                let options = ["-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject, FITSNAP];
                let output = self.command("strace", &options).stderr(Stdio::piped()).output().unwrap();
                fault.demand_end(output.status.code(), &String::from_utf8_lossy(&output.stderr), &point);
                after(self);
                self.demand_healing(&point);
                tried += 1;
            }
        }
        eprintln!("{}: {tried} of {seen} points tried", fault.word());
        assert!(tried > 0);
    }
}

/// What befalls a system call.
#[derive(Clone, Copy)]
enum Fault {
    Kill,
    Full,
    Broken,
}

impl Fault {
    /// In the words of strace.
    fn word(self) -> &'static str {
        match self {
            Fault::Kill => "signal=KILL",
            Fault::Full => "error=ENOSPC",
            Fault::Broken => "error=EIO",
        }
    }

    /// The calls that change what is on the disk, or settle it, and can suffer this.
    fn calls(self) -> &'static [&'static str] {
        match self {
            Fault::Kill => &[
                "rename",
                "renameat",
                "renameat2",
                "link",
                "linkat",
                "unlink",
                "unlinkat",
                "mkdir",
                "rmdir",
                "fsync",
                "fdatasync",
                "syncfs",
                "ftruncate",
                "fchmod",
                "openat",
                "write",
            ],
            Fault::Full => &["rename", "renameat", "link", "linkat", "mkdir", "openat", "write"],
            Fault::Broken => &[
                "rename",
                "renameat",
                "link",
                "linkat",
                "unlink",
                "unlinkat",
                "mkdir",
                "fsync",
                "fdatasync",
                "syncfs",
                "fchmod",
                "read",
                "write",
            ],
        }
    }

    /// A kill ends the run. An error ends it with a message, unless what failed was of no weight; 127 is
    /// the system's loader, which could not even begin.
    #[track_caller]
    fn demand_end(self, code: Option<i32>, said: &str, point: &str) {
        match self {
            Fault::Kill => assert_ne!(code, Some(0), "{point} never came"),
            // Waking the listener for signals is a write, too, but to nothing that could be full.
            Fault::Full | Fault::Broken if said.contains("failed to wake I/O driver") => {}
            Fault::Full | Fault::Broken => {
                assert!(matches!(code, Some(0 | 1 | 127)), "{point}: {code:?} {said}");
                assert!(code != Some(1) || said.contains("error: ") || said.contains("failed"), "{point}: {said}");
                assert!(!said.contains("panicked"), "{point}: {said}");
            }
        }
    }
}

const FITSNAP: &str = env!("CARGO_BIN_EXE_fitsnap");

/// How many ends to try: a few in every test run, many hundred when asked for.
fn kills(usual: u32) -> u32 {
    std::env::var("FITSNAP_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// Whether calls can be counted here. The stride between two points follows from how many are wanted.
fn can_count_calls(env: &ArchiveEnv) -> bool {
    let works = env.command("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    let works = works.is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: strace is missing or not permitted here");
    }
    works
}

/// Every so many calls one is tried; FITSNAP_TEST_STRIDE=1 tries each.
fn stride(usual: usize) -> usize {
    std::env::var("FITSNAP_TEST_STRIDE").ok().and_then(|stride| stride.parse().ok()).unwrap_or(usual)
}

#[test]
fn a_small_import_ended_at_any_time_is_made_good() {
    Scene::small().kill_at_times(kills(5));
}

#[test]
fn a_daily_import_ended_at_any_time_is_made_good() {
    Scene::daily().kill_at_times(kills(5));
}

#[test]
fn a_large_import_ended_at_any_time_is_made_good() {
    Scene::large().kill_at_times(kills(5));
}

#[test]
fn an_import_ended_before_a_system_call_is_made_good() {
    Scene::small().disturb_calls(Fault::Kill, stride(61), |_| {});
    Scene::daily().disturb_calls(Fault::Kill, stride(47), |_| {});
}

#[test]
fn a_large_import_ended_before_a_system_call_is_made_good() {
    Scene::large().disturb_calls(Fault::Kill, stride(1201), |_| {});
}

#[test]
fn an_import_ended_before_a_system_call_is_made_good_without_its_own_folder() {
    let wipe = |scene: &Scene| {
        let _ = fs::remove_dir_all(scene.env.path(ARCHIVE).join(".git/fitsnap"));
    };
    Scene::small().disturb_calls(Fault::Kill, stride(59), wipe);
    Scene::daily().disturb_calls(Fault::Kill, stride(43), wipe);
}

#[test]
fn a_large_import_ended_before_a_system_call_is_made_good_without_its_own_folder() {
    let wipe = |scene: &Scene| {
        let _ = fs::remove_dir_all(scene.env.path(ARCHIVE).join(".git/fitsnap"));
    };
    Scene::large().disturb_calls(Fault::Kill, stride(1301), wipe);
}

#[test]
fn a_disk_that_is_full_at_any_call_loses_nothing() {
    Scene::daily().disturb_calls(Fault::Full, stride(37), |_| {});
}

#[test]
fn a_disk_that_fails_at_any_call_loses_nothing() {
    Scene::daily().disturb_calls(Fault::Broken, stride(37), |_| {});
}
