//! `fitsnap report`

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::output::Output;
use super::{Context, past};
use crate::audit::{Audit, MARK, Report};
use crate::cli::{CommandError, ExitCode, Ui};

/// Make one HTML page of what is held and what the services did to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap report\n  \
    fitsnap report -o ~/fitness.html")]
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
    let mut output = Output::to(Some(&args.output), context, |path| args.force || is_ours(path))?;
    let facts = past::facts(&archive, ui)?;
    let (surveys, boundary) = Audit::new(&archive, facts).survey(None)?;
    let report = Report {
        surveys: &surveys,
        now: context.clock.now(),
        head: archive.head()?,
        commits_at: archive.web_address().map(|address| format!("{address}/commit/")),
        shallow: !boundary.is_empty(),
    };
    output.write(report.page().as_bytes(), ui)?;
    output.finish(ui)?;
    past::tell_boundary(&boundary, ui);
    Ok(ExitCode::Done)
}

/// Whether a page of ours stands there.
fn is_ours(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(1024).read_to_end(&mut head));
    read.is_ok() && String::from_utf8_lossy(&head).contains(MARK)
}
