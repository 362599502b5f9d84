//! A person's machine for one test: an empty home, an empty git configuration, a clock of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A home, a work folder and a clock; everything is gone when it is dropped.
pub struct ArchiveEnv {
    home: tempfile::TempDir,
    now: std::cell::RefCell<String>,
    extra: std::cell::RefCell<Vec<(String, String)>>,
}

/// What a command printed and how it ended.
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub status: i32,
    what: String,
}

impl ArchiveEnv {
    /// A machine with a git identity, at 2015-07-11 06:00 UTC.
    pub fn new() -> ArchiveEnv {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        std::fs::write(
            home.path().join(".gitconfig"),
            "[user]\n\tname = Ada Archivist\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n",
        )
        .unwrap();
        let now = "2015-07-11T06:00:00Z".to_owned().into();
        ArchiveEnv { home, now, extra: Vec::new().into() }
    }

    /// Sets the clock at which the next commands start.
    pub fn set_now(&self, now: &str) {
        self.now.replace(now.to_owned());
    }

    /// Sets a variable for the next commands.
    pub fn set(&self, name: &str, value: &str) {
        self.extra.borrow_mut().push((name.to_owned(), value.to_owned()));
    }

    /// A path in the work folder, where commands run.
    pub fn path(&self, below: &str) -> PathBuf {
        self.home.path().join("work").join(below)
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A command of this machine, in its work folder.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path("")).env_clear();
        // The hooks call the fitsnap on the PATH: the one under test.
        let bin = Path::new(env!("CARGO_BIN_EXE_fitsnap")).parent().unwrap();
        let path = std::env::join_paths(
            std::iter::once(bin.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        command
            .env("PATH", path.unwrap())
            .env("HOME", self.home.path())
            .env("TMPDIR", self.home.path())
            .env("FITSNAP_CONFIG_DIR", self.home.path().join("config"))
            .env("FITSNAP_STATE_DIR", self.home.path().join("state"))
            .env("FITSNAP_NOW", &*self.now.borrow())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        command.envs(self.extra.borrow().iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs fitsnap.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with_input(args, "")
    }

    /// Runs fitsnap with a text on its standard input.
    pub fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_fitsnap"));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that ends without reading closes the pipe: that is its right.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(format!("fitsnap {}", args.join(" ")), child.wait_with_output().unwrap())
    }

    /// Runs any program.
    pub fn run_program(&self, program: &str, args: &[&str]) -> Ran {
        let output = self.command(program).args(args).output().unwrap();
        Ran::of(format!("{program} {}", args.join(" ")), output)
    }

    /// Runs git in a folder below the work folder and tells its output; it must succeed.
    pub fn git(&self, folder: &str, args: &[&str]) -> String {
        let ran = self.try_git(folder, args);
        ran.code(0).stdout
    }

    /// Runs git in a folder below the work folder.
    pub fn try_git(&self, folder: &str, args: &[&str]) -> Ran {
        let output = self.command("git").current_dir(self.path(folder)).args(args).output().unwrap();
        Ran::of(format!("git {}", args.join(" ")), output)
    }
}

impl Ran {
    fn of(what: String, output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            status: output.status.code().unwrap_or(-1),
            what,
        }
    }

    /// Demands an exit code; everything printed is shown where it differs.
    #[track_caller]
    pub fn code(self, code: i32) -> Ran {
        assert_eq!(
            self.status, code,
            "{}\n------- stdout -------\n{}\n------- stderr -------\n{}",
            self.what, self.stdout, self.stderr
        );
        self
    }

    /// Demands what is on standard output, to the byte.
    #[track_caller]
    pub fn stdout(self, text: &str) -> Ran {
        assert_eq!(self.stdout, text, "{}\n------- stderr -------\n{}", self.what, self.stderr);
        self
    }
}
