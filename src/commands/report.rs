//! `fitsnap report`

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::{Context, past};
use crate::audit::{Audit, MARK, Report};
use crate::cli::{CommandError, ExitCode, Ui};

/// Make one HTML page of what is held and what the services did to it.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The file to write; "-" writes to standard output.
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
    /// Write over a file that fitsnap did not make.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &ReportArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let to_standard_output = args.output.as_os_str() == "-";
    let path = context.environment.folder().join(&args.output);
    if !to_standard_output && !args.force && is_foreign(&path) {
        let message = format!("{} is there already, and fitsnap did not make it", path.display());
        return Err(CommandError::new(ExitCode::Usage, message).hint("name another file with -o, or add --force"));
    }
    let facts = past::facts(&archive, ui)?;
    let (surveys, boundary) = Audit::new(&archive, facts).survey(None)?;
    let report = Report {
        surveys: &surveys,
        now: context.clock.now(),
        head: archive.head()?,
        commits_at: archive.web_address().map(|address| format!("{address}/commit/")),
        shallow: !boundary.is_empty(),
    };
    let page = report.page();
    if to_standard_output {
        ui.bytes(page.as_bytes());
    } else {
        write(&path, &page).map_err(|error| {
            CommandError::new(ExitCode::SomeFailed, format!("cannot write {}: {error}", path.display()))
        })?;
        ui.note(format!("wrote {}", path.display()));
    }
    past::tell_boundary(&boundary, ui);
    Ok(ExitCode::Done)
}

/// Whether something stands there that is no page of ours.
fn is_foreign(path: &Path) -> bool {
    let mut head = Vec::new();
    match File::open(path) {
        Err(error) => error.kind() != ErrorKind::NotFound,
        Ok(file) => {
            let read = file.take(1024).read_to_end(&mut head);
            read.is_err() || !String::from_utf8_lossy(&head).contains(MARK)
        }
    }
}

/// Writes beside and renames, so that a page is whole or not there.
fn write(path: &Path, page: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".report-").tempfile_in(folder)?;
    file.write_all(page.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
