//! `fitsnap schedule`

mod lines;
mod systemd;
mod task;
mod unit_file;
mod when;

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::Context;
use super::output::Output;
use crate::archive::Archive;
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::config::Secrets;
use crate::model::timestamp;
use crate::providers;
use systemd::{Known, Manager};
use task::{Task, name_of};
use unit_file::Standing;
use when::When;

/// Have the archive synced and pushed every day, by a timer of systemd's, by cron or by launchd
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap schedule install\n  fitsnap schedule install --at 06:30\n  \
    fitsnap schedule install --print cron\n  fitsnap schedule status\n  fitsnap schedule remove")]
pub struct ScheduleArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Write a systemd user timer that runs `fitsnap sync && git push` every day, and start it
    ///
    /// Where no systemd is to be reached, the line of a crontab is printed instead, on macOS a launchd agent.
    /// A unit that you wrote or altered is never overwritten.
    #[command(after_help = "Examples:\n  fitsnap schedule install\n  fitsnap schedule install --at 06:30\n  \
        fitsnap schedule install --print cron")]
    Install {
        /// The time of day, by this machine's clock; else one between six and seven in the morning
        #[arg(long, value_name = "HH:MM")]
        at: Option<When>,
        /// Write nothing; print what would be, or what another kind of machine takes
        #[arg(long, value_name = "KIND", num_args = 0..=1)]
        print: Option<Option<Kind>>,
        /// Write the units anew though you altered them; yours are kept beside them
        #[arg(long)]
        force: bool,
    },
    /// Show whether the timer is installed and enabled, when it runs next, and how the last run ended
    #[command(after_help = "Examples:\n  fitsnap schedule status")]
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Stop the timer and remove its units; what you wrote or altered stays
    #[command(after_help = "Examples:\n  fitsnap schedule remove")]
    Remove {
        /// Remove the units though you altered them; yours are kept beside them
        #[arg(long)]
        force: bool,
    },
}

/// What can run a task every day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A user timer and its service
    Systemd,
    /// A line of a crontab
    Cron,
    /// An agent of macOS
    Launchd,
}

pub fn run(args: &ScheduleArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    match &args.verb {
        Verb::Install { at, print, force } => install(&archive, *at, *print, *force, context, ui)?,
        Verb::Status { json } => status(&archive, *json, context, ui)?,
        Verb::Remove { force } => remove(&archive, *force, context, ui)?,
    }
    Ok(ExitCode::Done)
}

fn install(
    archive: &Archive,
    at: Option<When>,
    print: Option<Option<Kind>>,
    force: bool,
    context: &Context<'_>,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let settings = archive.settings(&providers::kinds())?;
    let task = Task::of(archive, context)?;
    let when = at.unwrap_or_else(|| task.usual_time());
    let manager = Manager::find(context);
    let kind = match (print.flatten(), &manager) {
        (Some(kind), _) => kind,
        (None, Ok(_)) => Kind::Systemd,
        (None, Err(_)) if cfg!(target_os = "macos") => Kind::Launchd,
        (None, Err(why)) => {
            ui.note(format!("nothing was installed: {why}; put this line into your crontab (crontab -e)"));
            Kind::Cron
        }
    };
    match (manager, print) {
        (Ok(manager), None) => put_in_place(&task, when, force, &manager, context, ui)?,
        _ => show(&task, when, kind, context, ui)?,
    }
    if !task.pushes {
        ui.warn("nothing is pushed: the archive has no remote, or git is not on the PATH");
        ui.hint("git remote add origin URL (of a private repository), then run this again");
    }
    let given: Vec<String> = settings.providers.keys().flat_map(Secrets::variables).collect();
    for variable in given.into_iter().filter(|variable| context.environment.get(variable).is_some()) {
        ui.warn(format!("{variable} is set in this shell, and what runs by itself does not see it"));
        ui.hint(format!("write it to {}, readable by you alone (chmod 600)", task.credentials));
    }
    Ok(())
}

/// The two units of a task, by the name that each has in the folder of units.
fn units(name: &str, context: &Context<'_>) -> Result<[PathBuf; 2], CommandError> {
    let folder = context.environment.user_units()?;
    Ok(["service", "timer"].map(|kind| folder.join(format!("{name}.{kind}"))))
}

fn put_in_place(
    task: &Task,
    when: When,
    force: bool,
    manager: &Manager<'_>,
    context: &Context<'_>,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let paths = units(&task.name, context)?;
    keep(&altered(&paths, force, "write it anew")?, ui)?;
    unit_file::make_folder(&context.environment.user_units()?)?;
    for (path, text) in paths.iter().zip([systemd::service(task), systemd::timer(task, when)]) {
        let mut output = Output::to(Some(path), context, |_| true)?;
        output.write(text.as_bytes(), ui)?;
        output.finish(ui)?;
    }
    let later = |error: CommandError| {
        error.hint(format!("the units are written; start them: systemctl --user enable --now {}.timer", task.name))
    };
    manager.reload().and_then(|()| manager.enable(&task.name)).map_err(later)?;
    ui.note(
        Text::new()
            .with(Style::Green, "scheduled")
            .plain(format!(": {} syncs every day, soon after {when}", task.archive)),
    );
    ui.next("a timer of yours runs while you are signed in; to have it run always: loginctl enable-linger");
    ui.next("see how it goes: fitsnap schedule status, and fitsnap status");
    Ok(())
}

fn show(task: &Task, when: When, kind: Kind, context: &Context<'_>, ui: &mut Ui) -> Result<(), CommandError> {
    match kind {
        Kind::Cron => {
            let line = lines::crontab(task, when);
            if line.len() > lines::LONGEST {
                ui.warn(format!("cron may cut the line short, at {} bytes", lines::LONGEST));
                ui.hint("take folders out of the PATH in it that neither git nor fitsnap needs");
            }
            ui.data(line);
            ui.next("put the line into your crontab: crontab -e");
        }
        Kind::Launchd => {
            ui.bytes(lines::launchd(task, when).as_bytes());
            let file = format!("~/Library/LaunchAgents/{}.plist", task.name);
            ui.next(format!("save it as {file}, then: launchctl bootstrap gui/$(id -u) {file}"));
        }
        Kind::Systemd => {
            let [service, timer] = units(&task.name, context)?;
            for (path, text) in [(service, systemd::service(task)), (timer, systemd::timer(task, when))] {
                ui.data(format!("# {}", path.display()));
                ui.bytes(text.as_bytes());
            }
        }
    }
    Ok(())
}

/// Stops where a person's own units stand in place of fitsnap's; gives those that they altered, where they
/// wish these out of the way.
fn altered(paths: &[PathBuf], force: bool, done: &str) -> Result<Vec<PathBuf>, CommandError> {
    let mut altered = Vec::new();
    for path in paths {
        let refused = |why: &str| CommandError::new(ExitCode::Guard, format!("{} {why}", path.display()));
        match unit_file::look(path)? {
            Standing::Missing | Standing::Ours => {}
            Standing::Foreign => {
                return Err(refused("is yours, not fitsnap's; nothing was changed").hint("give it another name"));
            }
            Standing::Altered if force => altered.push(path.clone()),
            Standing::Altered => {
                return Err(refused("was altered since fitsnap wrote it; nothing was changed")
                    .hint("keep your changes apart from it: systemctl --user edit UNIT")
                    .hint(format!("then {done}, with yours kept beside it: --force")));
            }
        }
    }
    Ok(altered)
}

fn keep(altered: &[PathBuf], ui: &mut Ui) -> Result<(), CommandError> {
    for path in altered {
        ui.note(format!("yours is kept as {}", unit_file::set_aside(path)?.display()));
    }
    Ok(())
}

fn remove(archive: &Archive, force: bool, context: &Context<'_>, ui: &mut Ui) -> Result<(), CommandError> {
    let name = name_of(archive);
    let paths = units(&name, context)?;
    let mut standing = Vec::new();
    for path in &paths {
        standing.push(unit_file::look(path)?);
    }
    if standing.iter().all(|one| *one == Standing::Missing) {
        ui.note("nothing to remove: no timer of this archive is installed");
        ui.next("a crontab's line goes with: crontab -e");
        return Ok(());
    }
    let manager = Manager::find(context).map_err(|why| {
        CommandError::new(ExitCode::SomeFailed, format!("the timer cannot be stopped: {why}"))
            .hint("sign in as the person whose timer it is, not by su or sudo")
    })?;
    let altered = altered(&paths, force, "remove it")?;
    if standing.last() != Some(&Standing::Missing) {
        manager.disable(&name)?;
    }
    keep(&altered, ui)?;
    for path in paths.iter().filter(|path| path.exists()) {
        unit_file::remove(path)?;
        ui.note(format!("removed {}", path.display()));
    }
    manager.reload()
}

fn status(archive: &Archive, as_json: bool, context: &Context<'_>, ui: &mut Ui) -> Result<(), CommandError> {
    let name = name_of(archive);
    let paths = units(&name, context)?;
    let mut standing = Vec::new();
    for path in &paths {
        standing.push((path.display().to_string(), unit_file::look(path)?));
    }
    let is_installed = standing.iter().all(|(_, one)| *one != Standing::Missing);
    let manager = Manager::find(context);
    let known = match &manager {
        Ok(manager) if is_installed => Some(manager.known(&name)?),
        _ => None,
    };
    let yours: Vec<&str> = standing
        .iter()
        .filter(|(_, one)| matches!(one, Standing::Altered | Standing::Foreign))
        .map(|(path, _)| path.as_str())
        .collect();
    if as_json {
        let Known { enabled, active, next, last, ended } = known.unwrap_or_default();
        let ended = ended.map(|ended| json!({"result": ended.result, "code": ended.code}));
        let told = json!({
            "name": name, "installed": is_installed, "altered": yours, "enabled": enabled, "active": active,
            "next_run": next.map(timestamp), "last_run": last.map(timestamp), "ended": ended,
        });
        ui.data(told.to_string());
        return Ok(());
    }
    let head = Text::new().with(Style::Cyan, &*name).plain(": ");
    if !is_installed {
        ui.data(head.plain("no timer of this archive is installed (fitsnap schedule install)"));
        return Ok(());
    }
    ui.data(head.plain(format!("installed in {}", context.environment.user_units()?.display())));
    for path in yours {
        ui.data(Text::new().with(Style::Yellow, "  yours, or altered: ").plain(path));
    }
    match (known, manager) {
        (Some(known), _) => tell(&name, &known, ui),
        (None, why) => ui.warn(format!("whether it runs could not be asked: {}", why.err().unwrap_or_default())),
    }
    Ok(())
}

fn tell(name: &str, known: &Known, ui: &mut Ui) {
    let state = match (known.enabled, known.active) {
        (true, true) => Text::from("  enabled"),
        (true, false) => Text::new().with(Style::Yellow, "  enabled, but not started"),
        (false, true) => Text::new().with(Style::Yellow, "  started, but not enabled: it ends with your session"),
        (false, false) => Text::new().with(Style::Red, "  not enabled"),
    };
    ui.data(state);
    if !(known.enabled && known.active) {
        ui.data(format!("  start it: systemctl --user enable --now {name}.timer"));
    }
    ui.data(format!("  next run: {}", known.next.map_or_else(|| "not known".to_owned(), timestamp)));
    let Some(last) = known.last else {
        return ui.data("  last run: none yet");
    };
    let last = format!("  last run: {}", timestamp(last));
    let log = format!("journalctl --user -u {name}");
    ui.data(match &known.ended {
        None => format!("{last} ({log})"),
        Some(ended) if ended.result == "success" => format!("{last}, went well"),
        Some(ended) => {
            let code = ended.code.map(|code| format!(", code {code}")).unwrap_or_default();
            format!("{last}, failed: {}{code} ({log})", ended.result)
        }
    });
}
