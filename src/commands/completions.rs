//! `fitsnap completions`

use clap::CommandFactory;
use clap_complete::Shell;

use super::Arguments;
use crate::cli::{CommandError, ExitCode, Ui};

/// Write the completions for a shell
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub fn run(args: &CompletionsArgs, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "fitsnap", &mut text);
    ui.bytes(&text);
    Ok(ExitCode::Done)
}
