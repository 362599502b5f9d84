//! `fitsnap import`

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Context;
use super::report_run::{RunReport, tell};
use crate::archive::{Archive, ArchiveError, DayContent, RecordError, Recorder};
use crate::cli::{CommandError, ExitCode, Meter, Ui};
use crate::config::ProviderSettings;
use crate::import::{self, Gone, ImportError, Imported, ImportedDay, Joined, Reader, Without};
use crate::model::{Account, Action, Day, ProviderName, Resources};
use crate::providers::{self, Provider};

/// After so many days a checkpoint is committed.
const CHECKPOINT: usize = 5_000;

/// Or after so many bytes: tracks and files of points make days large.
const CHECKPOINT_BYTES: usize = 256 << 20;

/// Read a provider's own export into day documents, and commit what changed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fitsnap import moves moves_export.zip\n  fitsnap import strava ~/Downloads/export_12345678.zip\n  \
                  fitsnap import runkeeper ~/Downloads/runkeeper-export/\n  fitsnap import fitbit takeout-*.zip"
)]
pub struct ImportArgs {
    /// The provider the days belong to
    provider: ProviderName,
    /// The export: its zip, the parts of one, or the folder it was unpacked into
    #[arg(required = true, value_name = "EXPORT")]
    exports: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &ImportArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let settings = archive.settings(&providers::kinds())?;
    let name = &args.provider;
    let settings = settings.providers.get(name).cloned().unwrap_or(ProviderSettings::of_kind(name.as_str()));
    let service = super::service(&settings.kind)?;
    let stop = super::signals()?;
    let paths: Vec<_> = args.exports.iter().map(|path| context.environment.folder().join(path)).collect();
    let mut reader = import::open(&paths, &settings)?;
    let lock = archive.lock("import", context.clock)?;
    let mut recorder = Recorder::new(&archive, &lock, name, &service.description().rules, Action::Import)?;
    let (mut files, mut notes, mut asked, mut waiting) = (Vec::new(), Vec::new(), BTreeSet::new(), 0);
    let mut meter = Meter::new(ui, name.as_str(), reader.total_bytes(), "bytes");
    while let Some(read) = reader.next() {
        if stop.is_set() {
            break;
        }
        meter.set_total(reader.total_bytes());
        meter.set(reader.bytes_read());
        let (day, problem) = match read {
            Ok(Imported::Day(imported)) => {
                let (day, source) = (imported.day, imported.source.clone());
                waiting += imported.size();
                match record(imported, &mut *reader, &mut recorder) {
                    Ok(()) => (Some(day), None),
                    Err(RecordError::Archive(error)) => return Err(error.into()),
                    Err(error) => (Some(day), Some(format!("{source}: {error}"))),
                }
            }
            Ok(Imported::Account(resources)) => {
                demand_same_person(&archive, name, service, &resources)?;
                match recorder.account(resources) {
                    Ok(()) => (None, None),
                    Err(RecordError::Archive(error)) => return Err(error.into()),
                    Err(error) => (None, Some(format!("the account: {error}"))),
                }
            }
            Ok(Imported::Note(note)) => {
                notes.push(note);
                (None, None)
            }
            Ok(Imported::Recall(days)) => {
                recall(&days, &mut *reader, &mut recorder)?;
                (None, None)
            }
            Ok(Imported::Nothing) => (None, None),
            Err(problem) => (problem.day, Some(format!("{}: {}", problem.file, problem.reason))),
        };
        asked.extend(day);
        match (day, problem) {
            (Some(day), Some(problem)) => recorder.fail(day, problem),
            (None, Some(problem)) => files.push(problem),
            (_, None) => {}
        }
        if recorder.pending() >= CHECKPOINT || waiting >= CHECKPOINT_BYTES {
            recorder.commit(context.clock.now())?;
            waiting = 0;
        }
    }
    meter.clear();
    let lost = if stop.is_set() { None } else { settle(&mut *reader, &mut recorder, &mut files)? };
    recorder.commit(context.clock.now())?;
    recorder.tally().asked = asked.len();
    let mut tally = recorder.finish();
    tally.failed.sort();
    tell(ui, name, &tally, &files);
    notes.into_iter().for_each(|note| ui.note(format!("{name}: {note}")));
    if args.json {
        let mut report = RunReport::default();
        report.add(name, &tally, &files);
        report.print(ui);
    }
    if stop.is_set() {
        return Err(CommandError::new(ExitCode::Interrupted, format!("{name}: interrupted"))
            .hint("what was read is committed; run the same import again for the rest"));
    }
    if let Some(days) = lost {
        return Err(CommandError::new(
            ExitCode::Guard,
            format!("{name}: the export lacks what the archive holds of {days} days; nothing of it was taken out"),
        )
        .hint("is it another account's, or an older one? what it has is imported; import the oldest export first"));
    }
    Ok(if tally.failed.is_empty() && files.is_empty() { ExitCode::Done } else { ExitCode::SomeFailed })
}

/// Tells a reader what is held of these days.
fn recall(days: &BTreeSet<Day>, reader: &mut dyn Reader, recorder: &mut Recorder<'_>) -> Result<(), ArchiveError> {
    for day in days {
        match recorder.document(*day) {
            Ok(Some(document)) => reader.recall(&document.resources),
            Err(RecordError::Archive(error)) => return Err(error),
            // A document that cannot be read is told of when something is to be written to it.
            Ok(None) | Err(_) => {}
        }
    }
    Ok(())
}

/// Takes a day. What the export may lack a part of joins what is held of it.
fn record(imported: ImportedDay, reader: &mut dyn Reader, recorder: &mut Recorder<'_>) -> Result<(), RecordError> {
    let ImportedDay { day, mut resources, partial, mut files, .. } = imported;
    let held = if partial.is_empty() { None } else { recorder.document(day)? };
    for (name, held) in held.into_iter().flat_map(|held| held.resources) {
        let Some(new) = resources.remove(&name) else {
            reader.merger().into_iter().for_each(|merger| merger.look_at(day, &name, &held));
            continue;
        };
        let list = match reader.merger() {
            _ if !partial.contains(&name) => new,
            None => reader.join(&name, &held, new),
            Some(merger) => {
                let Joined { list, keep } = merger.join(day, &name, &held, new);
                keep.iter().for_each(|file| drop(files.remove(file)));
                list
            }
        };
        resources.insert(name, list);
    }
    recorder.day(day, DayContent { resources, files, ..DayContent::default() })
}

/// Takes out what a list told whole no longer has. Where that is much, nothing is taken out, and the number
/// of days comes back.
fn settle(
    reader: &mut dyn Reader,
    recorder: &mut Recorder<'_>,
    problems: &mut Vec<String>,
) -> Result<Option<usize>, ArchiveError> {
    let Some(merger) = reader.merger() else { return Ok(None) };
    let open: Vec<Day> = recorder.held().keys().copied().filter(|day| merger.is_open(*day)).collect();
    for day in open {
        match recorder.document(day) {
            Ok(Some(document)) => merger.look(day, &document.resources),
            Ok(None) => {}
            Err(RecordError::Archive(error)) => return Err(error),
            Err(error) => problems.push(format!("{day}: {error}")),
        }
    }
    let days = match merger.gone() {
        Gone::TooMuch { days } => return Ok(Some(days)),
        Gone::Days(days) => days,
    };
    for day in days {
        let taken = match recorder.document(day) {
            Ok(Some(document)) => {
                let Without { resources, gone, files } = merger.without(day, &document.resources);
                let content = DayContent { resources, files_gone: files, ..DayContent::default() };
                recorder.replace(day, content, &gone).map(drop)
            }
            other => other.map(drop),
        };
        match taken {
            Ok(()) => {}
            Err(RecordError::Archive(error)) => return Err(error),
            Err(error) => problems.push(format!("{day}: {error}")),
        }
    }
    Ok(None)
}

/// Stops where the export is another person's than the account held.
fn demand_same_person(
    archive: &Archive,
    name: &ProviderName,
    service: &dyn Provider,
    told: &Resources,
) -> Result<(), CommandError> {
    let held = archive.snapshot()?.account(name)?.and_then(|bytes| Account::read(&bytes, name).ok());
    let of_api =
        |held: &Resources| import::has_ids_of_api(service.description().kind).then(|| service.person(held)).flatten();
    let held = held.and_then(|held| import::person(&held.resources).or_else(|| of_api(&held.resources)));
    match (held, import::person(told)) {
        (Some(held), Some(told)) if held != told => Err(CommandError::new(
            ExitCode::Guard,
            format!("{name}: the export is that of account {told}, and the archive holds that of account {held}"),
        )
        .hint(format!(
            "keep it under a name of its own: add [providers.NAME] with kind = \"{}\" to fitsnap.toml, then: \
             fitsnap import NAME EXPORT",
            service.description().kind
        ))),
        _ => Ok(()),
    }
}

impl From<ImportError> for CommandError {
    fn from(error: ImportError) -> CommandError {
        let code = if error.is_usage() { ExitCode::Usage } else { ExitCode::SomeFailed };
        let command = CommandError::of(code, &error);
        match error.hint() {
            Some(hint) => command.hint(hint),
            None => command,
        }
    }
}
