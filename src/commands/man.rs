//! `fitsnap man`

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::{Arguments, Context};
use crate::cli::{CommandError, ExitCode, Ui};
use crate::model::Day;

/// Write the manual: a page for each command into a folder, or the first page to standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap man | man -l -\n  \
    fitsnap man --out ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The folder for the pages; it is made if need be
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(args: &ManArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let mut command = Arguments::command();
    command.build();
    let Some(folder) = &args.out else {
        ui.bytes(&page(&command, "fitsnap")?);
        return Ok(ExitCode::Done);
    };
    let folder = context.environment.folder().join(folder);
    std::fs::create_dir_all(&folder).map_err(|error| cannot_write(&folder, &error))?;
    write_pages(&command, "fitsnap", &folder)?;
    Ok(ExitCode::Done)
}

/// Writes the page of a command and those of its subcommands: `fitsnap-init.1`.
fn write_pages(command: &Command, name: &str, folder: &Path) -> Result<(), CommandError> {
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, page(command, name)?).map_err(|error| cannot_write(&path, &error))?;
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help");
    shown.into_iter().try_for_each(|one| write_pages(one, &format!("{name}-{}", one.get_name()), folder))
}

fn page(command: &Command, name: &str) -> Result<Vec<u8>, CommandError> {
    let mut text = Vec::new();
    let man = Man::new(command.clone()).title(name.to_uppercase()).manual("fitsnap manual").date(built_on());
    let rendered = man.source(concat!("fitsnap ", env!("CARGO_PKG_VERSION"))).render(&mut text);
    rendered.map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot write {name}.1: {error}")))?;
    // What stands below a command's help are examples, line by line.
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA\n", ".SH EXAMPLES\n.nf\n");
    Ok(text.replace("\nExamples:\n", "\n").into_bytes())
}

/// The day of the commit that the program was built from; the version where that is not known.
fn built_on() -> &'static str {
    let words = super::VERSION.split([' ', ',', ')']);
    words.into_iter().find(|word| word.parse::<Day>().is_ok()).unwrap_or(env!("CARGO_PKG_VERSION"))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(ExitCode::SomeFailed, format!("cannot write {}: {error}", path.display()))
}
