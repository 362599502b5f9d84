//! `fitsnap canon`

use std::io::Read;
use std::path::PathBuf;

use super::Context;
use crate::cli::{CommandError, ExitCode, Ui};
use crate::json;

/// Write the canonical form of a JSON file or of standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap canon day.json\n  \
    fitsnap canon < day.json")]
pub struct CanonArgs {
    /// The file; standard input where none is named.
    file: Option<PathBuf>,
}

pub fn run(args: &CanonArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let (name, read) = match args.file.as_ref().filter(|file| file.as_os_str() != "-") {
        Some(file) => (file.display().to_string(), std::fs::read(context.environment.folder().join(file))),
        None => {
            let mut text = Vec::new();
            ("standard input".to_owned(), std::io::stdin().read_to_end(&mut text).map(|_| text))
        }
    };
    let text = read.map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot read {name}: {error}")))?;
    let parsed = json::Json::parse(text)
        .map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("{name} has no canonical form: {error}")))?;
    ui.bytes(&parsed.canonical());
    Ok(ExitCode::Done)
}
