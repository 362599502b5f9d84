//! An archive before a run, the run, and what it ends in where nothing disturbs it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use fitsnap::pretend::Pretend;
use git2::Oid;

use crate::archive::{self, ARCHIVE, commits, demand_clean, demand_whole, export, many_days, tree};
use crate::disk::{Cut, Disk, Picture};
use crate::env::{ArchiveEnv, Ran};
use crate::machine::{Machine, NOW};
use crate::pack::moves_files;

pub const FITSNAP: &str = env!("CARGO_BIN_EXE_fitsnap");

/// A day after the usual time.
const NEXT_DAY: &str = "2015-07-12T06:00:00Z";

/// A run that is disturbed in one way after the other.
pub struct Scene {
    pub env: ArchiveEnv,
    pub moves: Option<Pretend>,
    /// The time of the run.
    now: &'static str,
    /// The archive's folder below the work folder.
    pub folder: &'static str,
    /// The machine's disk before the run.
    pub start: Disk,
    before: Picture,
    args: Vec<String>,
    /// What the run ends in.
    pub tree: Oid,
    commits: usize,
}

impl Scene {
    fn of(env: ArchiveEnv, moves: Option<Pretend>, folder: &'static str, args: &[&str]) -> Scene {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let start = Disk::of(env.home());
        let before = start.after(Cut::Kill);
        let mut scene = Scene { env, moves, now: NOW, folder, start, before, args, tree: Oid::ZERO_SHA1, commits: 0 };
        scene.run("an undisturbed run");
        (scene.tree, scene.commits) = (tree(&scene.root()), commits(&scene.root()));
        scene.demand_good("an undisturbed run");
        scene
    }

    /// An import of an export that is at `export.zip`.
    fn import(env: ArchiveEnv) -> Scene {
        Scene::of(env, None, ARCHIVE, &["-C", ARCHIVE, "import", "moves", "export.zip", "--json"])
    }

    fn sync(machine: Machine) -> Scene {
        Scene::of(machine.env, Some(machine.moves), "", &["sync", "--json"])
    }

    /// An archive is made.
    pub fn init() -> Scene {
        Scene::of(ArchiveEnv::new(), None, ARCHIVE, &["init", ARCHIVE])
    }

    /// A repository with a remote is made an archive.
    pub fn adoption() -> Scene {
        let env = ArchiveEnv::new();
        env.git("", &["init", "-q", "--template=", ARCHIVE]);
        env.git(ARCHIVE, &["remote", "add", "origin", "https://example.com/mine.git"]);
        Scene::of(env, None, ARCHIVE, &["init", ARCHIVE])
    }

    /// Five days into an empty archive: loose objects.
    pub fn small_import() -> Scene {
        let env = ArchiveEnv::new();
        archive::make(&env);
        export(&env, "export.zip", &moves_files());
        Scene::import(env)
    }

    /// One day rewritten and one new, in an archive that holds five.
    pub fn daily_import() -> Scene {
        let env = ArchiveEnv::new();
        archive::filled(&env);
        export(&env, "export.zip", &archive::later_files());
        Scene::import(env)
    }

    /// So many days that their objects become a pack and their files are synced together.
    pub fn large_import(days: u32) -> Scene {
        let env = ArchiveEnv::new();
        archive::make(&env);
        export(&env, "export.zip", &many_days(days));
        Scene::import(env)
    }

    /// Three weeks come from the service, and the account.
    pub fn first_sync() -> Scene {
        Scene::sync(Machine::new())
    }

    /// A day later: one day is new, and one was rewritten.
    pub fn daily_sync() -> Scene {
        let machine = Machine::synced();
        let held = (5..10).map(|day| chrono::NaiveDate::from_ymd_opt(2015, 7, day).unwrap());
        let rewritten = held.into_iter().find(|day| machine.moves.has_records(*day)).unwrap();
        machine.moves.alter_segment(rewritten).unwrap();
        machine.at(NEXT_DAY);
        Scene { now: NEXT_DAY, ..Scene::sync(machine) }
    }

    /// The archive's folder.
    pub fn root(&self) -> PathBuf {
        self.env.path(self.folder)
    }

    /// The machine as it was before the run.
    pub fn reset(&self) {
        self.before.lay_out(self.env.home());
        self.refresh();
    }

    /// The service has as many answers left as before the run, and its clock shows the same time: a day
    /// that is not over grows.
    pub fn refresh(&self) {
        if let Some(moves) = &self.moves {
            moves.leave(60, 2_000);
            moves.set_now(self.now.parse().unwrap());
        }
    }

    /// The run, silent but for its messages, by itself or under another program.
    pub fn command(&self, program: &str, before: &[String]) -> Command {
        let mut command = self.env.command(program);
        command.args(before).args(&self.args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// What anybody may demand whose run was ended at any instant: nothing is lost, and the next run ends
    /// as an undisturbed one.
    #[track_caller]
    pub fn demand_healing(&self, point: &str) {
        if self.commits > 1 {
            demand_whole(&self.env, self.folder);
        }
        self.refresh();
        self.run(point);
        self.demand_good(point);
    }

    /// Runs, however it ends.
    pub fn run_once(&self) -> Ran {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        self.env.run(&args)
    }

    #[track_caller]
    fn run(&self, point: &str) {
        let ran = self.run_once();
        assert_eq!(ran.status, 0, "{point}: {}{}", ran.stdout, ran.stderr);
    }

    #[track_caller]
    fn demand_good(&self, point: &str) {
        assert_eq!((tree(&self.root()), commits(&self.root())), (self.tree, self.commits), "{point}");
        demand_whole(&self.env, self.folder);
        demand_clean(&self.env, self.folder);
    }
}

/// One in so many of the points is tried; FITSNAP_TEST_STRIDE=1 tries each.
pub fn stride(usual: usize) -> usize {
    std::env::var("FITSNAP_TEST_STRIDE").ok().and_then(|stride| stride.parse().ok()).unwrap_or(usual)
}
