//! `fitsnap demo`

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Context;
use crate::archive::{Archive, DATA};
use crate::auth::{Login, Loopback, SessionOptions};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::config::{Environment, SETTINGS_FILE};
use crate::http::Stop;
use crate::model::{Clock, FORMAT, timestamp};
use crate::pretend::{Pretend, PretendError, PretendOptions, browser};
use crate::providers;

/// When the demo begins: three months of days before, the service's real time.
const BEGIN: &str = "2015-07-11T06:00:00Z";

/// How many days before that the pretend person began to use the service.
const DAYS: i64 = 92;

/// The git identity that the demo lends to a person who has none.
const NAME: &str = "Demo Person";
const EMAIL: &str = "demo@example.com";

/// Show the whole tool on this machine, against a pretend provider
#[derive(Debug, clap::Args)]
#[command(after_help = "Nothing leaves this machine, and no account is needed. The archive stays for you to look at.")]
pub struct DemoArgs {
    /// The folder for the archive, new or empty; one in the system's temporary folder where none is named
    dir: Option<PathBuf>,
    /// Leave the pretend provider running, for trials of your own
    #[arg(long)]
    serve: bool,
}

pub fn run(args: &DemoArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let root = folder(args, context.environment)?;
    let now: DateTime<Utc> = BEGIN.parse().map_err(|_| failed("the demo's own clock is wrong"))?;
    let first = now.date_naive() - TimeDelta::days(DAYS);
    let options = PretendOptions::new(first, now);
    let app = (options.client_id.clone(), options.client_secret.clone());
    let moves = Pretend::start(options)?;
    let environment = context
        .environment
        .clone()
        .with("FITSNAP_STATE_DIR", root.join(".git").join("fitsnap-demo"))
        .with("FITSNAP_MOVES_CLIENT_ID", app.0.clone())
        .with("FITSNAP_MOVES_CLIENT_SECRET", app.1.clone());
    let environment = with_identity(environment);
    let mut demo = Demo { root: &root, environment, clock: Clock::starting_at(now), ui };

    demo.say(&format!("a pretend Moves listens on {}; its person has used it since {first}", moves.base_url()));
    demo.say("an archive is a git repository");
    demo.fitsnap(&["init"])?;
    demo.configure(&moves)?;
    demo.say("signing in: the real OAuth code grant, with a pretend browser in place of yours");
    demo.sign_in()?;
    demo.say("the first sync brings every day there is");
    demo.fitsnap(&["sync"])?;

    rewrite(&moves, now.date_naive())?;
    let later = now + TimeDelta::days(1);
    moves.set_now(later);
    demo.clock = Clock::starting_at(later);
    demo.say("a day later; meanwhile the provider has rewritten four days of the past week: a late upload,");
    demo.say("an altered segment, a lost one, a day emptied. The daily sync asks for the week again");
    demo.fitsnap(&["sync"])?;
    demo.say("what did the provider change?");
    demo.fitsnap(&["log", "--provider", "moves", "--kind", "grown,revised,shrunk,withdrawn"])?;
    demo.say("is every file whole, at every commit?");
    demo.fitsnap(&["verify", "--history"])?;
    demo.farewell();
    if args.serve {
        demo.serve(&moves, &app)?;
    }
    Ok(ExitCode::Done)
}

/// The provider's change of mind about its person's past week.
fn rewrite(moves: &Pretend, today: NaiveDate) -> Result<(), PretendError> {
    // A day without records cannot be rewritten; the days are taken as they come.
    let mut days = (1..6).map(|ago| today - TimeDelta::days(ago)).filter(|day| moves.has_records(*day));
    let mut next = || days.next().unwrap_or(today);
    moves.upload_late(next())?;
    moves.alter_segment(next())?;
    moves.lose_segment(next())?;
    moves.empty_day(next())
}

struct Demo<'a> {
    root: &'a Path,
    environment: Environment,
    clock: Clock,
    ui: &'a mut Ui,
}

impl Demo<'_> {
    fn say(&mut self, words: &str) {
        self.ui.note(Text::new().with(Style::Dim, "# ").with(Style::Dim, words));
    }

    /// Shows a command and runs it, as the person would.
    fn fitsnap(&mut self, arguments: &[&str]) -> Result<(), CommandError> {
        self.ui
            .note(Text::new().with(Style::Green, "$ ").with(Style::Bold, format!("fitsnap {}", arguments.join(" "))));
        let root = self.root.to_string_lossy().into_owned();
        let words = ["fitsnap", "-C", root.as_str()].into_iter().chain(arguments.iter().copied());
        let words = words.map(std::ffi::OsString::from);
        let code = super::execute(words, &self.environment, Some(self.clock), self.ui);
        self.ui.note("");
        if code == ExitCode::Done { Ok(()) } else { Err(failed("a step of the demo failed; see above")) }
    }

    /// Puts the pretend provider into the archive's settings and commits them.
    fn configure(&mut self, moves: &Pretend) -> Result<(), CommandError> {
        let archive = self.archive()?;
        let settings = format!("format = {FORMAT}\n\n[providers.moves]\nbase_url = \"{}\"\n", moves.base_url());
        let lock = archive.lock("demo", self.clock)?;
        let mut writer = archive.writer(&lock, DATA)?;
        writer.put(SETTINGS_FILE, settings.as_bytes())?;
        let message = format!("fitsnap: the demo's settings\n\nFitsnap-Format: {FORMAT}\n");
        writer.commit(&message, self.clock.now())?;
        Ok(())
    }

    /// What `fitsnap login moves` does, with a browser of the demo's own.
    fn sign_in(&mut self) -> Result<(), CommandError> {
        let archive = self.archive()?;
        let settings = archive.settings(&providers::kinds())?;
        let (name, settings) = settings.providers.iter().next().ok_or_else(|| failed("the settings are empty"))?;
        let stop = Stop::new();
        let login = Login::new(SessionOptions {
            provider: name,
            description: super::service(&settings.kind)?.description(),
            settings,
            archive_root: archive.root(),
            environment: &self.environment,
            clock: self.clock,
            stop: stop.clone(),
        })?;
        let runtime = super::runtime()?;
        runtime.block_on(async {
            let loopback = Loopback::bind(0).await?;
            let begun = login.begin(loopback.redirect().clone())?;
            let address = begun.address.to_string();
            std::thread::spawn(move || browser::visit(&address));
            let code = loopback.answer(begun.state(), &stop).await?;
            login.finish(&begun, code).await
        })?;
        Ok(())
    }

    fn archive(&self) -> Result<Archive, CommandError> {
        Ok(Archive::find(&self.environment, Some(self.root))?)
    }

    fn farewell(&mut self) {
        let root = self.root.display().to_string();
        let fitsnap = self.fitsnap_for_hand();
        self.say("all of this was real HTTP and real git. The archive is yours to look at:");
        for command in [
            format!("cd {root}"),
            format!("{fitsnap} status"),
            format!("{fitsnap} log --kind revised -p"),
            "git log --stat".to_owned(),
            "(cd data/moves/2015/07 && sha256sum -c SHA256SUMS)".to_owned(),
        ] {
            self.ui.note(Text::new().plain("  ").with(Style::Bold, command));
        }
    }

    /// How a person calls this fitsnap: by name where it is on the PATH, else by its path.
    fn fitsnap_for_hand(&self) -> String {
        let name = format!("fitsnap{}", std::env::consts::EXE_SUFFIX);
        let path = self.environment.get("PATH").unwrap_or_default();
        match std::env::current_exe() {
            Ok(own) if !std::env::split_paths(path).any(|folder| folder.join(&name).is_file()) => {
                own.display().to_string()
            }
            _ => name,
        }
    }

    /// Keeps the pretend provider up until the person ends it.
    fn serve(&mut self, moves: &Pretend, app: &(String, String)) -> Result<(), CommandError> {
        self.ui.note("");
        self.say(&format!("the pretend Moves stays on {}; open it to see how to make it misbehave", moves.base_url()));
        self.say("in another terminal, in the archive's folder:");
        for (name, value) in [
            ("FITSNAP_NOW", timestamp(self.clock.now())),
            ("FITSNAP_STATE_DIR", self.root.join(".git").join("fitsnap-demo").display().to_string()),
            ("FITSNAP_MOVES_CLIENT_ID", app.0.clone()),
            ("FITSNAP_MOVES_CLIENT_SECRET", app.1.clone()),
        ] {
            self.ui.note(Text::new().plain("  ").with(Style::Bold, format!("export {name}={value}")));
        }
        if self.environment.get("GIT_AUTHOR_NAME") == Some(NAME) {
            self.ui.note(Text::new().plain("  ").with(Style::Bold, format!("git config user.name \"{NAME}\"")));
            self.ui.note(Text::new().plain("  ").with(Style::Bold, format!("git config user.email {EMAIL}")));
        }
        self.ui.note(Text::new().plain("  ").with(Style::Bold, format!("{} sync", self.fitsnap_for_hand())));
        self.say("Ctrl-C ends it");
        let stop = super::signals()?;
        super::runtime()?.block_on(stop.wait());
        Ok(())
    }
}

/// Where the demo's archive is made: nothing that is there already is touched.
fn folder(args: &DemoArgs, environment: &Environment) -> Result<PathBuf, CommandError> {
    let Some(dir) = &args.dir else {
        let made = tempfile::Builder::new().prefix("fitsnap-demo-").tempdir();
        return made.map(tempfile::TempDir::keep).map_err(|error| {
            CommandError::new(ExitCode::SomeFailed, format!("cannot make a temporary folder: {error}"))
        });
    };
    let dir = environment.folder().join(dir);
    let taken = CommandError::new(ExitCode::Usage, format!("{} is not an empty folder", dir.display()))
        .hint("name a new one: fitsnap demo DIR, or none at all");
    match std::fs::read_dir(&dir) {
        Ok(entries) => {
            if entries.count() > 0 {
                return Err(taken);
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::create_dir_all(&dir).map_err(|error| {
                CommandError::new(ExitCode::SomeFailed, format!("cannot make {}: {error}", dir.display()))
            })?;
        }
        Err(_) => return Err(taken),
    }
    Ok(dir)
}

/// The demo must not fail for want of a git identity: it lends one where the person has none.
fn with_identity(environment: Environment) -> Environment {
    if Archive::has_identity(&environment) {
        return environment;
    }
    environment
        .with("GIT_AUTHOR_NAME", NAME)
        .with("GIT_AUTHOR_EMAIL", EMAIL)
        .with("GIT_COMMITTER_NAME", NAME)
        .with("GIT_COMMITTER_EMAIL", EMAIL)
}

fn failed(words: &str) -> CommandError {
    CommandError::new(ExitCode::SomeFailed, words)
}

impl From<PretendError> for CommandError {
    fn from(error: PretendError) -> CommandError {
        CommandError::of(ExitCode::SomeFailed, &error)
    }
}
