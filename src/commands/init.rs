//! `fitsnap init`

use std::path::{Path, PathBuf};

use super::Context;
use crate::archive::{Archive, Created, HookState};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::providers;

/// Make an archive: git repository, settings and attributes in one commit, hooks
///
/// A folder that lies in a git repository makes that repository an archive; what is there already
/// stays as it is. On an archive it only puts back hooks that are missing.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The folder; the one that -C names, else the current one
    dir: Option<PathBuf>,
}

pub fn run(args: &InitArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let base = context.global.archive.as_deref().unwrap_or(Path::new("."));
    let folder = args.dir.as_ref().map_or_else(|| base.to_owned(), |dir| base.join(dir));
    let created = Archive::create(context.environment, &folder, &providers::kinds(), context.clock)?;
    let hooks = created.archive.install_hooks()?;
    tell(&created, &hooks, ui);
    Ok(ExitCode::Done)
}

fn tell(created: &Created, hooks: &[HookState], ui: &mut Ui) {
    let root = created.archive.root().display().to_string();
    let place = |words: &str| Text::new().plain(words).with(Style::Cyan, &*root);
    ui.note(match (created.new_repository, created.commit) {
        (true, _) => place("made an archive in "),
        (false, Some(_)) => place("made an archive of the repository "),
        (false, None) => place("nothing to do, this is an archive already: "),
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
    if created.commit.is_some() {
        ui.note("next: name a provider in fitsnap.toml; fitsnap providers tells what there is");
        ui.note("then: fitsnap login PROVIDER");
    }
}
