//! `fitsnap init`

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Context;
use super::providers::{import, needs};
use crate::archive::{Archive, Before, Created, HookState};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui, padded};
use crate::config::edit;
use crate::model::{Day, Description, ProviderName, nearest};
use crate::providers::{self, ALL};

/// Make an archive: git repository, settings and attributes in one commit, hooks, merge driver
///
/// A folder that lies in a git repository makes that repository an archive; what is there already
/// stays as it is. In an archive, such as a fresh clone of one, it adds what is missing: attributes,
/// hooks, and the lines in git's configuration by which git merges day documents with fitsnap.
///
/// On a terminal it asks which services hold your days, and says what each of them needs today.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap init ~/fitness\n  \
    fitsnap init                      in the current folder\n  \
    fitsnap init --services strava,fitbit ~/fitness")]
pub struct InitArgs {
    /// The folder; the one that -C names, else the current one
    dir: Option<PathBuf>,
    /// Name these services in fitsnap.toml, and do not ask
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    services: Vec<String>,
    /// Ask nothing
    #[arg(long, conflicts_with = "services")]
    no_questions: bool,
}

pub fn run(args: &InitArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let named = args.services.iter().map(|kind| Ok(super::service(kind)?.description()));
    let named = named.collect::<Result<Vec<_>, CommandError>>()?;
    let base = context.global.archive.as_deref().unwrap_or(Path::new("."));
    let folder = args.dir.as_ref().map_or_else(|| base.to_owned(), |dir| base.join(dir));
    let created = Archive::create(context.environment, &folder, &providers::kinds(), context.clock)?;
    let hooks = created.archive.install_hooks()?;
    let driver = created.archive.install_merge_driver(context.clock)?;
    tell(&created, &hooks, driver || !named.is_empty(), ui);
    if driver {
        ui.note("installed the merge driver");
    }
    let settings = created.archive.settings(&providers::kinds())?;
    let may_ask = settings.providers.is_empty() && !args.no_questions && ui.has_person();
    let chosen = if named.is_empty() && may_ask { ask(ui) } else { named };
    if chosen.is_empty() {
        if created.was != Before::Archive {
            ui.note("next: name a provider in fitsnap.toml; fitsnap providers tells what there is");
            ui.note("then: fitsnap login PROVIDER");
        }
        return Ok(ExitCode::Done);
    }
    let able: Vec<_> = chosen.iter().copied().filter(|about| can_begin(about, context.clock.now())).collect();
    name(&created.archive, &able, context, ui)?;
    for about in &chosen {
        needs(about).into_iter().for_each(|line| ui.note(line));
    }
    ui.note("");
    tell_next(&created.archive, &chosen, context, ui)?;
    Ok(ExitCode::Done)
}

/// Asks which services are wanted, until the answer can be understood.
fn ask(ui: &mut Ui) -> Vec<&'static Description> {
    let known: Vec<_> = ALL.iter().map(|provider| provider.description()).collect();
    ui.note("");
    ui.note(Text::new().with(Style::Bold, "Which services hold your days?"));
    let wide = known.iter().map(|about| about.kind.len()).max().unwrap_or_default();
    for (at, about) in known.iter().enumerate() {
        let kind = padded(about.kind, wide);
        ui.note(
            Text::new().plain(format!("  {}  ", at + 1)).with(Style::Cyan, kind).plain(format!("  {}", about.title)),
        );
    }
    while let Some(answer) = ui.ask("Their numbers or names, like: 1 3. Enter for none.") {
        match understood(&answer, &known) {
            Ok(chosen) => return chosen,
            Err(problem) => ui.warn(problem),
        }
    }
    Vec::new()
}

/// The services that an answer names, each once.
fn understood(answer: &str, known: &[&'static Description]) -> Result<Vec<&'static Description>, String> {
    let mut chosen: Vec<&'static Description> = Vec::new();
    for word in answer.split([' ', ',', ';', '\t']).filter(|word| !word.is_empty()) {
        let number = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let by_name = || known.iter().find(|about| about.kind == word.to_lowercase());
        let Some(about) = number.map_or_else(by_name, |at| known.get(at)) else {
            let meant = nearest(word, known.iter().map(|about| about.kind));
            let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            return Err(format!("\"{word}\" is none of them{meant}"));
        };
        if !chosen.iter().any(|one| one.kind == about.kind) {
            chosen.push(about);
        }
    }
    Ok(chosen)
}

/// Gives each service its table in `fitsnap.toml`, in a commit of its own. A service that nobody can sign in to any
/// more gets none: every sync would fail for it.
fn name(
    archive: &Archive,
    chosen: &[&'static Description],
    context: &Context<'_>,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    if chosen.is_empty() {
        return Ok(());
    }
    let mut text = archive.settings_text()?;
    for about in chosen {
        text = edit::add(&text, &about.kind.parse()?, &providers::kinds())?;
    }
    let kinds: Vec<_> = chosen.iter().map(|about| about.kind).collect();
    archive.commit_settings(&text, &format!("settings for {}", kinds.join(", ")), context.clock)?;
    ui.note(format!("named in fitsnap.toml: {}", kinds.join(", ")));
    Ok(())
}

/// Says which command comes next for each service.
fn tell_next(
    archive: &Archive,
    chosen: &[&'static Description],
    context: &Context<'_>,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    if archive.root() != context.environment.folder() {
        ui.note(format!("next: cd {}", archive.root().display()));
    }
    for about in chosen {
        if can_begin(about, context.clock.now()) {
            let name: ProviderName = about.kind.parse()?;
            let app = format!("FITSNAP_{}_CLIENT", name.in_environment());
            ui.note(format!("next: export {app}_ID=... {app}_SECRET=..."));
            ui.note(format!("next: fitsnap login {name} && fitsnap sync {name}"));
        } else {
            ui.note(format!("next: {}", import(about)));
        }
    }
    Ok(())
}

/// Whether a person without an app can begin with the API, rather than with the export.
fn can_begin(about: &Description, now: DateTime<Utc>) -> bool {
    let closes = about.closes.and_then(|day| day.parse::<Day>().ok());
    about.sign_in.takes_new_apps && closes.is_none_or(|day| now < day.end_utc())
}

fn tell(created: &Created, hooks: &[HookState], does_more: bool, ui: &mut Ui) {
    let root = created.archive.root().display().to_string();
    let place = |words: &str| Text::new().plain(words).with(Style::Cyan, &*root);
    let is_done = hooks.iter().all(|hook| !matches!(hook, HookState::Installed(_))) && !does_more;
    ui.note(match (created.was, created.commit) {
        (Before::Folder, _) => place("made an archive in "),
        (Before::Repository, _) => place("made an archive of the repository "),
        (Before::Archive, Some(_)) => place("brought the attributes up to date of the archive "),
        (Before::Archive, None) if is_done => place("nothing to do, this is an archive already: "),
        (Before::Archive, None) => place("this is an archive already: "),
    });
    for hook in hooks {
        match hook {
            HookState::Installed(name) => ui.note(format!("installed the hook {name}")),
            HookState::Present(_) => {}
            HookState::Yours { path, line } => {
                ui.warn(format!("{} is yours and stays as it is; add this line to it: {line}", path.display()));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_services_by_number_or_name() {
        let known: Vec<_> = ALL.iter().map(|provider| provider.description()).collect();
        let kinds = |answer: &str| {
            understood(answer, &known).map(|chosen| chosen.iter().map(|about| about.kind).collect::<Vec<_>>())
        };
        assert_eq!(kinds(""), Ok(vec![]));
        assert_eq!(kinds("2, Fitbit 2"), Ok(vec!["strava", "fitbit"]));
        for bad in ["0", "9", "-1", "garmin", "1 9"] {
            assert!(kinds(bad).is_err(), "{bad}");
        }
        assert!(kinds("starva").unwrap_err().contains("did you mean strava?"));
    }
}
