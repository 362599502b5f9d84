//! `fitsnap demo`

mod cast;
mod fitbit;
mod googlehealth;
mod moves;
mod runkeeper;
mod strava;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::oneshot;

use self::cast::{CAST, Player, Role};
use super::Context;
use crate::archive::{Archive, DATA};
use crate::auth::{Login, LoginError, Loopback, SessionOptions};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::config::{CREDENTIALS_FILE, Environment, SETTINGS_FILE, Secrets};
use crate::http::Stop;
use crate::model::{Clock, FORMAT, ProviderName, timestamp};
use crate::pretend::{APP, PretendError, browser};
use crate::providers;

/// When the demo begins: three months into a life with Moves, in its real time.
const BEGIN: &str = "2015-07-11T06:00:00Z";

/// The git identity of the demo's commits.
const NAME: &str = "Demo Person";
const EMAIL: &str = "demo@example.com";

/// A file of git settings that has none.
const NO_SETTINGS: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// Show the whole tool on this machine, against pretend providers
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing leaves this machine, and no account is needed.\nThe archive stays for you to look at.\n\n\
    Examples:\n  fitsnap demo\n  fitsnap demo --serve ~/fitsnap-demo     the pretend services stay"
)]
pub struct DemoArgs {
    /// The folder for the archive, new or empty; one in the system's temporary folder where none is named
    dir: Option<PathBuf>,
    /// Leave the pretend providers running, for trials of your own
    #[arg(long)]
    serve: bool,
}

pub fn run(args: &DemoArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let root = folder(args, context.environment)?;
    let now: DateTime<Utc> = BEGIN.parse().map_err(|_| failed("the demo's own clock is wrong"))?;
    let mut players: Vec<(&Role, Box<dyn Player>)> = Vec::new();
    for role in CAST {
        players.push((role, (role.start)(now)?));
    }
    let own = root.join(".git").join("fitsnap-demo");
    let environment =
        context.environment.clone().with("FITSNAP_STATE_DIR", own.clone()).with("FITSNAP_CONFIG_DIR", own.clone());
    // It runs through by itself: nobody is to leave a pager first.
    let environment = with_identity(without_secrets(environment)).with("GIT_PAGER", "cat");
    let mut demo = Demo { root: &root, own, environment, clock: Clock::starting_at(now), ui };

    demo.say("pretend services listen on this machine; each has a person with a past:");
    for (role, player) in &players {
        demo.say(&format!("  {:<12} {}  {}", role.kind, player.base_url(), role.about));
    }
    demo.say("an archive is a git repository");
    demo.fitsnap_and(&["init"], &["--no-questions"])?;
    demo.configure(&players)?;
    demo.say("signing in: the real OAuth code grant, a pretend browser in place of yours");
    for (role, _) in &players {
        demo.sign_in(role)?;
    }
    demo.gap();
    demo.say("the first sync brings all there is");
    demo.fitsnap(&["sync"])?;

    let later = now + TimeDelta::days(1);
    for (_, player) in &players {
        player.rewrite(now.date_naive())?;
        player.set_now(later);
    }
    demo.clock = Clock::starting_at(later);
    demo.say("a day later; meanwhile the services have rewritten history:");
    for (role, _) in &players {
        let mut name = role.kind;
        for line in role.story {
            demo.say(&format!("  {name:<12} {line}"));
            name = "";
        }
    }
    demo.fitsnap(&["sync"])?;
    demo.say("what did they change?");
    demo.fitsnap(&["log", "--since", &later.format("%Y-%m-%d").to_string()])?;
    demo.say("is every file whole, at every commit?");
    demo.fitsnap(&["verify", "--history"])?;
    demo.farewell();
    if args.serve {
        demo.serve(&players)?;
    }
    Ok(ExitCode::Done)
}

struct Demo<'a> {
    root: &'a Path,
    /// The folder of the demo's own secrets and tokens.
    own: PathBuf,
    environment: Environment,
    clock: Clock,
    ui: &'a mut Ui,
}

impl Demo<'_> {
    fn say(&mut self, words: &str) {
        self.ui.note(Text::new().with(Style::Dim, "# ").with(Style::Dim, words));
    }

    fn gap(&mut self) {
        self.ui.note("");
    }

    fn show(&mut self, command: impl Into<String>) {
        self.ui.note(Text::new().plain("  ").with(Style::Bold, command));
    }

    /// Shows a command and runs it, as the person would.
    fn fitsnap(&mut self, arguments: &[&str]) -> Result<(), CommandError> {
        self.fitsnap_and(arguments, &[])
    }

    /// As `fitsnap`, with more arguments than are shown.
    fn fitsnap_and(&mut self, arguments: &[&str], more: &[&str]) -> Result<(), CommandError> {
        self.ui
            .note(Text::new().with(Style::Green, "$ ").with(Style::Bold, format!("fitsnap {}", arguments.join(" "))));
        let root = self.root.to_string_lossy().into_owned();
        let words = ["fitsnap", "-C", root.as_str()].into_iter().chain(arguments.iter().chain(more).copied());
        let words = words.map(std::ffi::OsString::from);
        let code = super::execute(words, &self.environment, Some(self.clock), self.ui);
        self.gap();
        if code == ExitCode::Done { Ok(()) } else { Err(failed("a step of the demo failed; see above")) }
    }

    /// Puts the pretend providers into the archive's settings and commits them, and gives their apps' ids
    /// and secrets as a person would.
    fn configure(&mut self, players: &[(&Role, Box<dyn Player>)]) -> Result<(), CommandError> {
        let archive = self.archive()?;
        let (mut settings, mut secrets) = (format!("format = {FORMAT}\n"), String::new());
        for (Role { kind, settings: more, .. }, player) in players {
            let _ = write!(settings, "\n[providers.{kind}]\nbase_url = \"{}\"\n{more}", player.base_url());
            let _ = write!(secrets, "[{kind}]\nclient_id = \"{}\"\nclient_secret = \"{}\"\n", APP.0, APP.1);
        }
        let path = self.own.join(CREDENTIALS_FILE);
        let write = || {
            std::fs::create_dir_all(&self.own)?;
            // Such a file is readable by its owner alone from the start.
            let mut file = tempfile::NamedTempFile::new_in(&self.own)?;
            file.write_all(secrets.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)
        };
        write().map_err(|error| {
            CommandError::new(ExitCode::SomeFailed, format!("cannot write {}: {error}", path.display()))
        })?;
        let lock = archive.lock("demo", self.clock)?;
        let mut writer = archive.writer(&lock, DATA)?;
        writer.put(SETTINGS_FILE, settings.as_bytes())?;
        let message = format!("fitsnap: the demo's settings\n\nFitsnap-Format: {FORMAT}\n");
        writer.commit(&message, self.clock.now())?;
        Ok(())
    }

    /// What `fitsnap login` does, with a browser of the demo's own.
    fn sign_in(&mut self, role: &Role) -> Result<(), CommandError> {
        let archive = self.archive()?;
        let settings = archive.settings(&providers::kinds())?;
        let (name, settings) = settings
            .providers
            .iter()
            .find(|(name, _)| name.as_str() == role.kind)
            .ok_or_else(|| failed("the demo's settings lack a provider"))?;
        let stop = Stop::new();
        let provider = super::service(&settings.kind)?;
        let login = Login::new(SessionOptions {
            provider: name,
            description: provider.description(),
            settings,
            archive_root: archive.root(),
            environment: &self.environment,
            clock: self.clock,
            stop: stop.clone(),
        })?;
        let runtime = super::runtime()?;
        let person = runtime.block_on(async {
            let loopback = Loopback::bind(0).await?;
            let begun = login.begin(loopback.redirect().clone())?;
            let address = begun.address.to_string();
            let (refused, refusal) = oneshot::channel();
            std::thread::spawn(move || browser::visit(&address).map_err(|error| refused.send(error)));
            let code = tokio::select! {
                code = loopback.answer(begun.state(), &stop) => code?,
                // Where the browser gets no answer, nobody else would give one.
                Ok(error) = refusal => return Err(LoginError::Denied { reason: error.to_string() }),
            };
            let session = login.finish(&begun, code).await?;
            let opening = provider.open(&session).await?;
            Ok::<_, LoginError>(provider.called(&opening.account).or(opening.person))
        })?;
        super::login::welcome(provider, person, self.ui);
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
            "(cd data/strava/2015/06 && sha256sum -c SHA256SUMS)".to_owned(),
        ] {
            self.show(command);
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

    /// Keeps the pretend providers up until the person ends it.
    fn serve(&mut self, players: &[(&Role, Box<dyn Player>)]) -> Result<(), CommandError> {
        self.gap();
        self.say("the pretend services stay; open one to see how to make it misbehave:");
        for (role, player) in players {
            self.say(&format!("  {:<12} {}", role.kind, player.base_url()));
        }
        self.say("in another terminal, in the archive's folder:");
        let own = self.own.display().to_string();
        for (name, value) in [
            ("FITSNAP_NOW", timestamp(self.clock.now())),
            ("FITSNAP_STATE_DIR", own.clone()),
            ("FITSNAP_CONFIG_DIR", own),
            // The person's own git may sign, which is not for pretend days.
            ("GIT_CONFIG_GLOBAL", NO_SETTINGS.to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ] {
            self.show(format!("export {name}={value}"));
        }
        self.show(format!("git config user.name \"{NAME}\""));
        self.show(format!("git config user.email {EMAIL}"));
        self.show(format!("{} sync", self.fitsnap_for_hand()));
        self.say("Ctrl-C ends it");
        let stop = super::signals()?;
        super::runtime()?.block_on(stop.wait());
        Ok(())
    }
}

/// Without the secrets that a person has for the real services: they are not for the pretend ones.
fn without_secrets(environment: Environment) -> Environment {
    let names = CAST.iter().filter_map(|role| role.kind.parse::<ProviderName>().ok());
    names.flat_map(|name| Secrets::variables(&name)).fold(environment, |kept, variable| kept.with(&variable, ""))
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

/// The demo must not fail for want of a git identity, and neither ask for the passphrase of a person's
/// key nor stop at a hook of theirs: it keeps apart from how git is set up here.
fn with_identity(environment: Environment) -> Environment {
    environment
        .with("GIT_AUTHOR_NAME", NAME)
        .with("GIT_AUTHOR_EMAIL", EMAIL)
        .with("GIT_COMMITTER_NAME", NAME)
        .with("GIT_COMMITTER_EMAIL", EMAIL)
        .with("GIT_CONFIG_NOSYSTEM", "1")
        .with("GIT_CONFIG_GLOBAL", NO_SETTINGS)
}

fn failed(words: &str) -> CommandError {
    CommandError::new(ExitCode::SomeFailed, words)
}

impl From<PretendError> for CommandError {
    fn from(error: PretendError) -> CommandError {
        CommandError::of(ExitCode::SomeFailed, &error)
    }
}
