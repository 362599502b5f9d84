//! `fitsnap import`

use std::path::PathBuf;

use super::Context;
use super::report_run::{RunReport, tell};
use crate::archive::{DayContent, RecordError, Recorder};
use crate::cli::{CommandError, ExitCode, Meter, Ui};
use crate::config::ProviderSettings;
use crate::import::{self, ImportError, Imported, ImportedDay, Reader};
use crate::model::{Action, ProviderName};
use crate::providers;

/// After so many days a checkpoint is committed.
const CHECKPOINT: usize = 5_000;

/// Read a provider's own export into day documents, and commit what changed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fitsnap import moves moves_export.zip\n  fitsnap import moves ~/Downloads/moves_export/"
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
    let (mut files, mut notes) = (Vec::new(), Vec::new());
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
                match record(imported, &*reader, &mut recorder) {
                    Ok(()) => (Some(day), None),
                    Err(RecordError::Archive(error)) => return Err(error.into()),
                    Err(error) => (Some(day), Some(format!("{source}: {error}"))),
                }
            }
            Ok(Imported::Account(resources)) => match recorder.account(resources) {
                Ok(()) => (None, None),
                Err(RecordError::Archive(error)) => return Err(error.into()),
                Err(error) => (None, Some(format!("the account: {error}"))),
            },
            Ok(Imported::Note(note)) => {
                notes.push(note);
                (None, None)
            }
            Ok(Imported::Nothing) => (None, None),
            Err(problem) => (problem.day, Some(format!("{}: {}", problem.file, problem.reason))),
        };
        if day.is_some() {
            recorder.tally().asked += 1;
        }
        match (day, problem) {
            (Some(day), Some(problem)) => recorder.fail(day, problem),
            (None, Some(problem)) => files.push(problem),
            (_, None) => {}
        }
        if recorder.pending() >= CHECKPOINT {
            recorder.commit(context.clock.now())?;
        }
    }
    meter.clear();
    recorder.commit(context.clock.now())?;
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
    Ok(if tally.failed.is_empty() && files.is_empty() { ExitCode::Done } else { ExitCode::SomeFailed })
}

/// Takes a day. What the export may lack a part of joins what is held of it.
fn record(imported: ImportedDay, reader: &dyn Reader, recorder: &mut Recorder<'_>) -> Result<(), RecordError> {
    let ImportedDay { day, mut resources, partial, files, .. } = imported;
    let held = if partial.is_empty() { None } else { recorder.document(day)? };
    for (name, held) in held.into_iter().flat_map(|held| held.resources) {
        if partial.contains(&name)
            && let Some(new) = resources.remove(&name)
        {
            resources.insert(name.clone(), reader.join(&name, &held, new));
        }
    }
    recorder.day(day, DayContent { resources, files, ..DayContent::default() })
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
