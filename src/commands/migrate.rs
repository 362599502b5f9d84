//! `fitsnap migrate`

use super::{Context, repair, verify};
use crate::cli::{CommandError, ExitCode, Ui};
use crate::model::ProviderName;

/// Bring an archive into the form that this fitsnap writes, without changing a value
///
/// Documents that another tool or a hand spelled in another way get canonical form, hash lists in another
/// order or spelling that of sha256sum. Nothing is lost: the values stay, the former spelling stays in the
/// history, and `fitsnap log --kind reformatted` shows the days. A file that is not the one of its hash list
/// is left to `fitsnap repair`. An archive in a newer format than this fitsnap knows is refused.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fitsnap migrate --dry-run      only show it\n  fitsnap migrate moves          one provider"
)]
pub struct MigrateArgs {
    /// The providers whose folders are migrated; all where none is named
    providers: Vec<ProviderName>,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

pub fn run(args: &MigrateArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    verify::check_names(&args.providers, &archive)?;
    let lock = repair::lock(&archive, "migrate", args.dry_run, context.clock)?;
    let plan = archive.plan_migration(lock.as_ref(), &args.providers)?;
    let count = repair::show(&plan, ui);
    let code = if plan.left().is_empty() { ExitCode::Done } else { ExitCode::Damage };
    if count == 0 {
        ui.note("nothing to migrate");
    } else if let Some(lock) = lock.filter(|_| !args.dry_run) {
        let done = archive.repair(&lock, plan, context.clock.now())?;
        repair::tell_commits("migrated", &done.commits, ui);
    }
    Ok(code)
}
