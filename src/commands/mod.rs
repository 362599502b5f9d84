//! One file a verb: arguments, run, report. No rules of the trade.

mod attention;
mod browse;
mod canon;
mod complete;
mod completions;
mod config;
mod demo;
mod diff;
mod doctor;
#[cfg(test)]
mod examples;
mod export;
mod hook;
mod import;
mod init;
mod log;
mod login;
mod logout;
mod man;
mod merge_driver;
mod migrate;
mod output;
mod past;
mod providers;
mod repair;
mod report;
mod report_run;
mod schedule;
mod show;
mod stats;
mod status;
mod sync;
mod verify;
mod whereabouts;

use std::ffi::OsString;
use std::io;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use tokio::runtime::{Builder, Runtime};

use crate::archive::Archive;
use crate::cli::{CommandError, ExitCode, Global, Ui};
use crate::config::{Environment, Secrets};
use crate::http::Stop;
use crate::model::Clock;
use crate::providers::{Provider, kinds, provider};

/// The version, and what it was built from and for.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("FITSNAP_BUILD"), ")");

/// Keep your fitness history safe from the services that hold it.
#[derive(Debug, Parser)]
#[command(
    name = "fitsnap",
    version,
    long_version = VERSION,
    about,
    max_term_width = 100,
    after_help = first_steps()
)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What stands below the list of commands.
fn first_steps() -> String {
    let codes = ExitCode::ALL.map(|(code, about)| format!("  {:>3}  {about}", code as u8)).join("\n");
    format!(
        "Examples:\n  fitsnap demo                  see it work, without any account\n  \
         fitsnap init ~/fitness        make an archive\n  \
         fitsnap providers strava      what a service needs today\n  \
         fitsnap login strava\n  fitsnap sync && git push\n\nExit codes:\n{codes}"
    )
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Init(init::InitArgs),
    Login(login::LoginArgs),
    Logout(logout::LogoutArgs),
    Sync(sync::SyncArgs),
    Import(import::ImportArgs),
    Status(status::StatusArgs),
    Schedule(schedule::ScheduleArgs),
    Doctor(doctor::DoctorArgs),
    Log(log::LogArgs),
    Report(report::ReportArgs),
    Export(export::ExportArgs),
    Where(whereabouts::WhereArgs),
    Show(show::ShowArgs),
    Stats(stats::StatsArgs),
    Diff(diff::DiffArgs),
    Verify(verify::VerifyArgs),
    Repair(repair::RepairArgs),
    Migrate(migrate::MigrateArgs),
    Providers(providers::ProvidersArgs),
    Config(config::ConfigArgs),
    Canon(canon::CanonArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    #[command(hide = true)]
    Hook(hook::HookArgs),
    #[command(hide = true)]
    Browse(browse::BrowseArgs),
    #[command(hide = true)]
    MergeDriver(merge_driver::MergeDriverArgs),
}

/// What every command works with.
pub struct Context<'a> {
    /// The variables and the current folder.
    pub environment: &'a Environment,
    /// The clock.
    pub clock: Clock,
    /// The options of every command.
    pub global: &'a Global,
}

impl Context<'_> {
    /// The archive that `-C` names, else the one around the current folder, else `FITSNAP_ARCHIVE`.
    pub fn archive(&self) -> Result<Archive, CommandError> {
        Ok(Archive::find(self.environment, self.global.archive.as_deref())?)
    }
}

/// The service of a kind that the settings name.
///
/// # Errors
/// Usage, with the kinds that there are.
pub fn service(kind: &str) -> Result<&'static dyn Provider, CommandError> {
    provider(kind).ok_or_else(|| {
        CommandError::new(ExitCode::Usage, format!("fitsnap knows no service \"{kind}\""))
            .hint(format!("it knows {}", kinds().join(", ")))
            .meant(kind, kinds())
    })
}

/// Runs one command and tells its exit code. Nothing of it outlives the call.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let mut ui = Ui::of_process(environment);
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let code = match complete::asked(&arguments, environment) {
        Some((shell, words)) => complete::answer(&shell, words, environment, &mut ui),
        None => execute(arguments, environment, None, &mut ui),
    };
    ui.flush();
    code
}

/// Runs one command with a clock, or with the one that the environment asks for.
fn execute(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    clock: Option<Clock>,
    ui: &mut Ui,
) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = Arguments::command().color(color_of(&arguments));
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done };
            // Help asked for is data; a mistake is a message. Clap knows which stream each goes to.
            return match error.print() {
                // Who reads no further has read enough.
                Err(failed) if failed.kind() != io::ErrorKind::BrokenPipe => ExitCode::SomeFailed,
                _ => code,
            };
        }
    };
    if let Some(choice) = arguments.global.color {
        ui.color(choice);
    }
    if arguments.global.quiet {
        ui.be_quiet();
    }
    let clock = clock.map_or_else(|| Clock::from_setting(environment.get("FITSNAP_NOW")), Ok);
    let ended = clock.map_err(CommandError::from).and_then(|clock| {
        let context = Context { environment, clock, global: &arguments.global };
        arguments.command.run(&context, ui)
    });
    ui.end_page();
    let code = ended.unwrap_or_else(|error| {
        error.print(ui);
        error.code
    });
    match ui.lost() {
        Some(problem) if code == ExitCode::Done => {
            let error = CommandError::new(ExitCode::SomeFailed, format!("cannot write to standard output: {problem}"));
            error.print(ui);
            error.code
        }
        _ => code,
    }
}

/// The colours asked for, read before all else: help and mistakes come before the arguments are known.
fn color_of(arguments: &[OsString]) -> ColorChoice {
    let value = |at: usize| match arguments[at].to_str()?.strip_prefix("--color")? {
        "" => arguments.get(at + 1)?.to_str(),
        rest => rest.strip_prefix('='),
    };
    let value = (0..arguments.len()).rev().find_map(value);
    value.and_then(|value| ColorChoice::from_str(value, false).ok()).unwrap_or_default()
}

/// Warns of a file of secrets that others can read.
fn warn_of_open_secrets(context: &Context<'_>, ui: &mut Ui) {
    if let Some(path) = Secrets::open_to_others(context.environment) {
        let path = path.display();
        ui.warn(format!("other accounts of this machine can read {path}; run: chmod 600 {path}"));
    }
}

/// What runs the talking to the network.
fn runtime() -> Result<Runtime, CommandError> {
    Builder::new_current_thread().enable_all().build().map_err(|error| {
        CommandError::new(ExitCode::SomeFailed, format!("cannot begin to talk to the network: {error}"))
    })
}

/// The wish to stop that SIGINT and SIGTERM set from now on.
fn signals() -> Result<Stop, CommandError> {
    Stop::of_signals()
        .map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot listen for signals: {error}")))
}

impl Command {
    fn run(self, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
        match self {
            Command::Demo(args) => demo::run(&args, context, ui),
            Command::Init(args) => init::run(&args, context, ui),
            Command::Login(args) => login::run(&args, context, ui),
            Command::Logout(args) => logout::run(&args, context, ui),
            Command::Sync(args) => sync::run(&args, context, ui),
            Command::Import(args) => import::run(&args, context, ui),
            Command::Status(args) => status::run(&args, context, ui),
            Command::Schedule(args) => schedule::run(&args, context, ui),
            Command::Doctor(args) => doctor::run(&args, context, ui),
            Command::Log(args) => log::run(&args, context, ui),
            Command::Report(args) => report::run(&args, context, ui),
            Command::Export(args) => export::run(&args, context, ui),
            Command::Where(args) => whereabouts::run(&args, context, ui),
            Command::Show(args) => show::run(&args, context, ui),
            Command::Stats(args) => stats::run(&args, context, ui),
            Command::Diff(args) => diff::run(&args, context, ui),
            Command::Verify(args) => verify::run(&args, context, ui),
            Command::Repair(args) => repair::run(&args, context, ui),
            Command::Migrate(args) => migrate::run(&args, context, ui),
            Command::Providers(args) => providers::run(&args, context, ui),
            Command::Config(args) => config::run(&args, context, ui),
            Command::Canon(args) => canon::run(&args, context, ui),
            Command::Completions(args) => completions::run(&args, ui),
            Command::Man(args) => man::run(&args, context, ui),
            Command::Hook(args) => hook::run(&args, context, ui),
            Command::Browse(args) => Ok(browse::run(&args)),
            Command::MergeDriver(args) => merge_driver::run(&args, context),
        }
    }
}
