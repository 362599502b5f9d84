//! `fitsnap completions`

use clap_complete::Shell;
use clap_complete::env::Shells;

use super::complete::VARIABLE;
use crate::cli::{CommandError, ExitCode, Ui};

/// Write what a shell needs to complete commands, options, providers, resources and days
///
/// The shell asks fitsnap itself at the tab key, so what it offers is that of the archive you are in (or of
/// the one that -C or FITSNAP_ARCHIVE names) and of the fitsnap on the PATH.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fitsnap completions fish | source        in ~/.config/fish/config.fish\n  \
    eval \"$(fitsnap completions bash)\"      in ~/.bashrc\n  \
    eval \"$(fitsnap completions zsh)\"       in ~/.zshrc, after compinit")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub fn run(args: &CompletionsArgs, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let mut text = Vec::new();
    let failed = |problem: String| CommandError::new(ExitCode::SomeFailed, problem);
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells.completer(&name).ok_or_else(|| failed(format!("nothing is known of the shell {name}")))?;
    let written = shell.write_registration(VARIABLE, "fitsnap", "fitsnap", "fitsnap", &mut text);
    written.map_err(|error| failed(format!("cannot write the completions: {error}")))?;
    ui.bytes(&text);
    Ok(ExitCode::Done)
}
