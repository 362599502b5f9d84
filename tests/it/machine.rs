//! A person's machine with an archive that is signed in to a pretend Moves.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use fitsnap::pretend::{Pretend, PretendOptions};
use serde_json::Value;

use crate::env::{ArchiveEnv, Ran};

/// When the tests play, unless they say otherwise: two hours before Helsinki's noon.
pub const NOW: &str = "2015-07-11T06:00:00Z";

/// The pretend person's first day: 21 days up to `NOW`, three requests.
pub const FIRST: &str = "2015-06-21";

/// How the secrets of the pretend Moves begin, or what they are.
const SECRETS: [&str; 4] = ["pretend-access-", "pretend-refresh-", "pretend-code-", "pretend-app-secret"];

/// An archive, its person's machine and the service that it asks.
pub struct Machine {
    pub env: ArchiveEnv,
    pub moves: Pretend,
}

/// A person with Moves since `first`, in short stories.
pub fn options(first: &str) -> PretendOptions {
    let mut options = PretendOptions::new(first.parse().unwrap(), NOW.parse().unwrap());
    options.points = 3;
    options
}

impl Machine {
    /// Signed in, nothing synced yet, nothing asked.
    pub fn new() -> Machine {
        Machine::with(options(FIRST))
    }

    /// As `new`, with another pretend Moves.
    pub fn with(options: PretendOptions) -> Machine {
        let machine = Machine::signed_out(options);
        machine.sign_in(&machine.moves, "moves");
        machine
    }

    /// As `new`, and synced for the first time.
    pub fn synced() -> Machine {
        let machine = Machine::new();
        machine.sync(&[]).code(0);
        machine.asked();
        machine
    }

    /// With an archive that asks this pretend Moves, and no tokens.
    pub fn signed_out(options: PretendOptions) -> Machine {
        let now = options.now.to_rfc3339();
        let moves = Pretend::start(options).unwrap();
        let env = ArchiveEnv::new();
        env.set_now(&now);
        env.run(&["init"]).code(0);
        let machine = Machine { env, moves };
        machine.configure(&format!("[providers.moves]\nbase_url = \"{}\"\n", machine.moves.base_url()));
        for name in ["MOVES", "MOVES_2"] {
            machine.env.set(&format!("FITSNAP_{name}_CLIENT_ID"), "pretend-app");
            machine.env.set(&format!("FITSNAP_{name}_CLIENT_SECRET"), "pretend-app-secret");
        }
        // Retries follow each other quickly, yet a slow machine is no stall.
        machine.env.set("FITSNAP_PATIENCE", "5000");
        machine
    }

    /// Commits these tables as the settings.
    pub fn configure(&self, tables: &str) {
        std::fs::write(self.env.path("fitsnap.toml"), format!("format = 1\n\n{tables}")).unwrap();
        self.env.git("", &["add", "fitsnap.toml"]);
        self.env.git("", &["commit", "-qm", "settings"]);
    }

    /// Signs in to a pretend Moves by a name.
    pub fn sign_in(&self, moves: &Pretend, name: &str) {
        let (access, refresh) = moves.issue_tokens();
        self.env.run_with_input(&["login", name, "--token", "-"], &format!("{access}\n{refresh}\n")).code(0);
        moves.take_log();
    }

    /// Sets the person's clock and the provider's.
    pub fn at(&self, now: &str) {
        self.env.set_now(now);
        self.moves.set_now(now.parse().unwrap());
    }

    /// Runs a command and looks for secrets in what it says.
    pub fn run(&self, args: &[&str]) -> Ran {
        let ran = self.env.run(args);
        assert_silent(&ran.stdout);
        assert_silent(&ran.stderr);
        ran
    }

    /// Runs a sync.
    pub fn sync(&self, args: &[&str]) -> Ran {
        self.run(&[&["sync"], args].concat())
    }

    /// What a sync tells of `moves` as JSON.
    #[track_caller]
    pub fn tally(&self, args: &[&str], code: i32) -> Value {
        let ran = self.sync(&[&["--json"], args].concat()).code(code);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(told.as_object().unwrap().len(), 1);
        told["providers"]["moves"].clone()
    }

    /// Starts a command and lets it run.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::of(self.env.command(env!("CARGO_BIN_EXE_fitsnap")).args(args))
    }

    /// What the provider was asked since the last call: `profile`, `token`, or the days.
    pub fn asked(&self) -> Vec<String> {
        asked(&self.moves)
    }

    /// The days that these names of days' paths stand for, as the archive holds them at HEAD.
    pub fn days(&self) -> Vec<String> {
        let listed = self.env.git("", &["ls-tree", "-r", "--name-only", "HEAD", "data/moves"]);
        let days = listed.lines().filter(|path| path.ends_with(".json") && !path.ends_with("account.json"));
        days.map(|path| path["data/moves/".len()..path.len() - 5].replace('/', "-")).collect()
    }

    /// The tree of `data` at HEAD.
    pub fn data(&self) -> String {
        self.env.git("", &["rev-parse", "HEAD:data"])
    }

    /// The commit at HEAD.
    pub fn head(&self) -> String {
        self.env.git("", &["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// How many commits there are.
    pub fn commits(&self) -> usize {
        self.env.git("", &["rev-list", "--count", "HEAD"]).trim().parse().unwrap()
    }

    /// A day document at HEAD.
    pub fn document(&self, day: &str) -> String {
        self.env.git("", &["show", &format!("HEAD:{}", path(day))])
    }

    /// The only file of kept tokens, and its text.
    pub fn tokens(&self) -> (PathBuf, String) {
        let entries = std::fs::read_dir(self.env.home().join("state/tokens")).unwrap();
        let mut files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().unwrap() == "json");
        let file = files.next().unwrap();
        assert_eq!(files.next(), None);
        let text = std::fs::read_to_string(&file).unwrap();
        (file, text)
    }

    /// The answers kept for a person to look at: the files' names and texts.
    pub fn quarantine(&self) -> Vec<(String, String)> {
        let folder = self.env.path(".git/fitsnap/quarantine");
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let text = |path: PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let mut kept: Vec<_> = entries
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), text(entry.path())))
            .collect();
        kept.sort();
        kept
    }

    /// Demands that anyone without fitsnap finds the archive whole, at every commit, and nothing left
    /// lying about.
    #[track_caller]
    pub fn assert_sound(&self) {
        self.assert_accepted();
        let fsck = self.env.try_git("", &["fsck", "--strict"]);
        assert_eq!(fsck.stdout, "", "dangling");
    }

    /// As `assert_sound`, but a kill may leave objects behind that nothing needs.
    #[track_caller]
    pub fn assert_accepted(&self) {
        assert_eq!(self.env.git("", &["status", "--porcelain"]), "");
        let fsck = self.env.try_git("", &["fsck", "--strict", "--no-dangling"]).code(0);
        assert_eq!(fsck.stdout + &fsck.stderr, "");
        self.env.run(&["verify", "--history"]).code(0);
        let script = "rm -rf ../check && git clone -q . ../check && cd ../check && for commit in $(git rev-list HEAD)
            do
                git checkout -q $commit || exit 1
                find . -name SHA256SUMS | while read list
                do
                    cd \"$(dirname \"$list\")\" && sha256sum --quiet --strict -c SHA256SUMS || exit 1
                    test $(find . -maxdepth 1 -type f ! -name SHA256SUMS | wc -l) = $(wc -l < SHA256SUMS) || exit 1
                    cd - > /dev/null
                done || exit 1
                test $(find . -name '??.json' | wc -l) = 0 || test $(find . -name SHA256SUMS | wc -l) -gt 1 || exit 1
            done";
        let output = self.env.command("sh").args(["-c", script]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The path of a day document in the archive.
pub fn path(day: &str) -> String {
    format!("data/moves/{}.json", day.replace('-', "/"))
}

/// What a pretend Moves was asked since the last call.
pub fn asked(moves: &Pretend) -> Vec<String> {
    let log = moves.take_log();
    let value = |query: &str, name: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.unwrap_or_default().to_owned()
    };
    log.iter()
        .map(|one| match one.path.rsplit('/').next().unwrap() {
            "daily" => {
                assert_eq!(value(&one.query, "trackPoints"), "true");
                format!("{}-{}", value(&one.query, "from"), value(&one.query, "to"))
            }
            "access_token" => "token".to_owned(),
            other => other.to_owned(),
        })
        .collect()
}

/// Demands that a text shows no secret.
#[track_caller]
pub fn assert_silent(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in: {text}");
    }
}

/// A command that runs; it is killed when the test ends before it.
pub struct Running(Child);

impl Running {
    /// Starts a command.
    pub fn of(command: &mut Command) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(command.spawn().unwrap())
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let killed = Command::new("kill").arg(format!("-{name}")).arg(self.0.id().to_string()).status();
        assert!(killed.unwrap().success());
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Waits for its end: how it ended, and all that it printed.
    pub fn end(mut self) -> (ExitStatus, String) {
        use std::io::Read;
        let mut said = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = self.0.wait().unwrap();
        assert_silent(&said);
        (status, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is so, for as long as a slow machine may need.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("waited in vain: {what}");
}
