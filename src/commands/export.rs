//! `fitsnap export`

use std::path::PathBuf;

use super::output::Output;
use super::{Context, past};
use crate::archive::Archive;
use crate::cli::{CommandError, ExitCode, Meter, Ui, folded};
use crate::export::{Export, ExportError, Format, SERVICES, Source, Wish};
use crate::model::{Day, ProviderName};
use crate::providers;

/// Write days for other tools: tables, tracks, lines of JSON
///
/// What the last commit holds is written, oldest day first; the same days give the same bytes. A day that
/// cannot be read is named and left out, and the exit code is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap export csv fitbit heart --since 2019-02-01 --until 2019-02-01\n  \
    fitsnap export csv moves summary -o walks.csv\n  \
    fitsnap export gpx strava --since 2018-01-01 -o runs.gpx\n  \
    fitsnap export ndjson | gzip > everything.ndjson.gz")]
pub struct ExportArgs {
    #[command(subcommand)]
    format: FormatArgs,
}

#[derive(Debug, clap::Subcommand)]
enum FormatArgs {
    Csv(CsvArgs),
    Gpx(GpxArgs),
    Ndjson(NdjsonArgs),
}

const CSV_EXAMPLES: &str = "Examples:\n  fitsnap export csv moves summary -o walks.csv\n  \
    fitsnap export csv fitbit heart --since 2019-02-01 --until 2019-02-01";

/// Write a table: a row a sample, an activity, a night, a daily total
///
/// UTF-8 with a line of column names. Numbers and texts are the provider's own, unconverted; empty is what
/// it did not tell. A `time`, `start` or `end` is what the person's wall clock showed, `utc_offset` how far
/// that was from UTC where the provider tells. `date` is the day of the document.
#[derive(Debug, clap::Args)]
#[command(after_help = CSV_EXAMPLES, after_long_help = tables_help())]
struct CsvArgs {
    /// The provider
    provider: String,
    /// The table, or any resource: one without a table gives a row a record, with its values by name
    /// (lists in a record are left out). Where none is named, the provider's first table
    #[arg(value_name = "TABLE")]
    resource: Option<String>,
    #[command(flatten)]
    days: DaysArgs,
}

/// Write tracks and places of Moves, Strava and Runkeeper as GPX 1.1
///
/// Places become waypoints, ways become tracks with a segment for each stretch without a pause. GPX knows
/// only UTC: where neither the provider nor `time_zone` in fitsnap.toml tells the zone, times are left out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap export gpx -o everything.gpx\n  \
    fitsnap export gpx strava --since 2018-01-01 -o runs.gpx")]
struct GpxArgs {
    /// The provider; all that have tracks where none is named
    provider: Option<String>,
    /// Only tracks of this resource
    resource: Option<String>,
    #[command(flatten)]
    days: DaysArgs,
}

/// Write a line of JSON a resource a day, for everything
///
/// Each line has the members `date`, `provider`, `resource` and `value`, the provider's own answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap export ndjson -o everything.ndjson\n  \
    fitsnap export ndjson moves storyline | gzip > moves.ndjson.gz")]
struct NdjsonArgs {
    /// The provider; all where none is named
    provider: Option<String>,
    /// Only this resource
    resource: Option<String>,
    #[command(flatten)]
    days: DaysArgs,
}

#[derive(Debug, clap::Args)]
struct DaysArgs {
    /// Only days from this one on
    #[arg(long, value_name = "DAY")]
    since: Option<Day>,
    /// Only days up to this one
    #[arg(long, value_name = "DAY")]
    until: Option<Day>,
    /// The file to write; it is whole or not there. Without it, standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

pub fn run(args: &ExportArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let (format, provider, resource, days) = match &args.format {
        FormatArgs::Csv(args) => (Format::Csv, Some(&args.provider), &args.resource, &args.days),
        FormatArgs::Gpx(args) => (Format::Gpx, args.provider.as_ref(), &args.resource, &args.days),
        FormatArgs::Ndjson(args) => (Format::Ndjson, args.provider.as_ref(), &args.resource, &args.days),
    };
    if let (Some(since), Some(until)) = (days.since, days.until)
        && until < since
    {
        return Err(CommandError::new(ExitCode::Usage, format!("--until {until} is before --since {since}")));
    }
    let archive = context.archive()?;
    let sources = sources(&archive, provider.map(String::as_str), ui)?;
    let named = provider.map_or("all", String::as_str).to_owned();
    let wish = Wish { format, sources, resource: resource.clone(), since: days.since, until: days.until };
    if let (Format::Csv, None) = (format, resource) {
        tell_default(&wish, ui);
    }
    let failed = |error| explain(error, &named);
    let mut output = Output::to(days.output.as_deref(), context, |_| days.force)?;
    let stop = super::signals()?;
    let mut export = Export::begin(&archive, wish.clone()).map_err(failed)?;
    // Where the data goes to the terminal itself, nothing else moves there.
    let mut meter = output.is_file().then(|| Meter::new(ui, &named, export.total(), "days"));
    while let Some(bytes) = export.next().map_err(failed)? {
        output.write(&bytes, ui)?;
        if let Some(meter) = &mut meter {
            meter.add(1);
        }
        if ui.is_cut_off() {
            return Ok(ExitCode::Done);
        }
        if stop.is_set() {
            return Err(CommandError::new(ExitCode::Interrupted, "interrupted"));
        }
    }
    if let Some(meter) = &mut meter {
        meter.clear();
    }
    output.finish(ui)?;
    tell(&export, &wish, ui);
    Ok(if export.problems().is_empty() { ExitCode::Done } else { ExitCode::SomeFailed })
}

/// The providers that are meant, with what the settings say of them.
pub(super) fn sources(archive: &Archive, named: Option<&str>, ui: &mut Ui) -> Result<Vec<Source>, CommandError> {
    let settings = match archive.settings(&providers::kinds()) {
        Ok(settings) => settings,
        Err(error) => {
            ui.warn(format!("{error}; every provider is taken for the service of its name"));
            Default::default()
        }
    };
    let names: Vec<ProviderName> = match named {
        None => archive.snapshot()?.providers()?,
        Some(named) => {
            let facts = past::facts_of(&settings, archive)?;
            vec![past::known_provider(archive, &facts, named)?]
        }
    };
    let source = |name: ProviderName| {
        let said = settings.providers.get(&name);
        let kind = said.map_or(name.as_str(), |said| said.kind.as_str()).to_owned();
        Source { zone: said.and_then(|said| said.time_zone), kind, name }
    };
    Ok(names.into_iter().map(source).collect())
}

/// Which table is meant where none is named.
fn tell_default(wish: &Wish, ui: &mut Ui) {
    for source in &wish.sources {
        let Some(service) = SERVICES.iter().find(|service| service.kind == source.kind) else { continue };
        if let [first, others @ ..] = service.tables {
            let others: Vec<&str> = others.iter().map(|table| table.name).collect();
            ui.note(format!("{} {}: {}; other tables: {}", source.name, first.name, first.about, others.join(", ")));
        }
    }
}

/// What came of it, where it is not what one would expect.
fn tell(export: &Export<'_>, wish: &Wish, ui: &mut Ui) {
    if export.made() == 0 {
        ui.note(match wish.format {
            Format::Gpx => "these days have no tracks and no places",
            _ => "these days have no records of it",
        });
    }
    if export.timeless() > 0 {
        ui.warn(format!("{} times are left out, because their zone is not known", export.timeless()));
        for source in wish.sources.iter().filter(|source| source.zone.is_none()) {
            ui.hint(format!("set time_zone = \"Europe/Helsinki\" or the like under [providers.{}]", source.name));
        }
    }
    for problem in export.problems() {
        ui.warn(format!("left out, because it cannot be read: {problem}"));
    }
}

fn explain(error: ExportError, named: &str) -> CommandError {
    let code = match &error {
        ExportError::NoSuchResource { .. } | ExportError::NoTracks { .. } | ExportError::NoTable => ExitCode::Usage,
        _ => ExitCode::SomeFailed,
    };
    let command = CommandError::of(code, &error);
    match error {
        ExportError::Archive(error) => error.into(),
        ExportError::NoDays { held: Some((first, last)), .. } => command.hint(format!("held is {first} to {last}")),
        ExportError::NoDays { held: None, .. } => {
            command.hint("fill the archive with: fitsnap sync, or fitsnap import")
        }
        ExportError::NothingHeld { seen, .. } if !seen.is_empty() => {
            command.hint(format!("they have {}", seen.join(", ")))
        }
        ExportError::NoSuchResource { nearest, known, .. } => {
            let known = command.hint(format!("there is {}", known.join(", ")));
            nearest.into_iter().fold(known, |command, nearest| command.hint(format!("did you mean \"{nearest}\"?")))
        }
        ExportError::NoTracks { known, resources, .. } => match resources.is_empty() {
            true => command.hint(format!("tracks come from {}", known.join(", "))),
            false => command.hint(format!("tracks come from {}", resources.join(", "))),
        },
        ExportError::NoTable => command.hint(format!("name a resource: fitsnap export csv {named} RESOURCE")),
        _ => command,
    }
}

/// As wide as a page of the manual; a terminal that is narrower breaks it again.
const HELP_COLUMNS: usize = 73;

/// The examples, the tables and their columns, for `--help`.
fn tables_help() -> String {
    let mut text = format!("{CSV_EXAMPLES}\n\nTables, with their columns:\n");
    for service in SERVICES {
        for table in service.tables {
            let lines = [
                format!("  {} {}: {}", service.kind, table.name, table.about),
                format!("    {}", table.columns.join(", ")),
            ];
            lines.iter().for_each(|line| text.push_str(&format!("\n{}", folded(line, HELP_COLUMNS, 4))));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_table_with_its_columns() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        for service in SERVICES {
            for table in service.tables {
                let line =
                    format!("| {} `{}` | {} | `{}` |", service.kind, table.name, table.about, table.columns.join(","));
                assert!(readme.contains(&line), "README.md lacks:\n{line}");
            }
        }
    }
}
