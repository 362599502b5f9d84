//! `fitsnap repair`

use super::{Context, verify};
use crate::archive::{Archive, ArchiveError, CommitId, Lock, RepairPlan, Repaired};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::model::{Clock, ProviderName};

/// Mend what verify finds: hash lists, spelling, damaged and missing files
///
/// Shows what it would do and asks. Hash lists are made again from the files, damaged and missing files
/// restored from the last commit that had them whole; what is mended in the archive itself is committed.
/// Your own edits stay as they are, and what stood in place of a restored file is kept.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fitsnap repair --dry-run      only show it\n  fitsnap repair --yes          do not ask"
)]
pub struct RepairArgs {
    /// The providers whose folders are mended; all where none is named
    providers: Vec<ProviderName>,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short = 'y', conflicts_with = "dry_run")]
    yes: bool,
    /// Move your own edits and strange files under data/ out of the way too, into .git/fitsnap-kept
    #[arg(long)]
    set_aside: bool,
}

pub fn run(args: &RepairArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    verify::check_names(&args.providers, &archive)?;
    let lock = lock(&archive, "repair", args.dry_run, context.clock)?;
    let plan = archive.plan_repair(lock.as_ref(), &args.providers, args.set_aside)?;
    let count = show(&plan, ui);
    if count == 0 {
        return Ok(match plan.left() {
            [] => {
                ui.note("nothing to mend");
                ExitCode::Done
            }
            _ => ExitCode::Damage,
        });
    }
    let Some(lock) = lock.filter(|_| !args.dry_run) else { return Ok(ExitCode::Done) };
    if !args.yes {
        match ui.confirm("go on?") {
            Some(true) => {}
            Some(false) => {
                ui.note("nothing was changed");
                return Ok(ExitCode::Done);
            }
            None => {
                return Err(CommandError::new(ExitCode::Usage, "there is no terminal to ask on; nothing was changed")
                    .hint("to go on without being asked: fitsnap repair --yes"));
            }
        }
    }
    let Repaired { commits, kept } = archive.repair(&lock, plan, context.clock.now())?;
    tell_commits("mended", &commits, ui);
    if let Some(kept) = kept {
        ui.note(format!("what stood there before is kept in {kept}"));
    }
    let verified = archive.verify(&args.providers, false, &|_, _| {})?;
    verify::conclude(&verified, ui);
    Ok(if verified.findings.is_empty() { ExitCode::Done } else { ExitCode::Damage })
}

/// The lock of a command that mends; none where it is only to show what it would do, and nothing may be written.
pub(super) fn lock(archive: &Archive, command: &str, is_dry: bool, clock: Clock) -> Result<Option<Lock>, ArchiveError> {
    if is_dry { archive.settle(command, clock) } else { archive.lock(command, clock).map(Some) }
}

/// Tells what was done, with the commits made.
pub(super) fn tell_commits(done: &str, commits: &[CommitId], ui: &mut Ui) {
    let ids = commits.iter().map(|commit| format!(" ({})", commit.short()));
    ui.note(ids.fold(Text::new().with(Style::Green, done), |line, id| line.with(Style::Dim, id)));
}

/// Shows what would be done and what not; how many steps there are.
pub(super) fn show(plan: &RepairPlan, ui: &mut Ui) -> usize {
    let steps = plan.steps();
    for step in &steps {
        ui.data(Text::new().with(Style::Cyan, &*step.path).plain(format!(": {}", step.what)).hanging(4));
    }
    for finding in plan.left() {
        ui.data(Text::new().with(Style::Yellow, "left to you: ").and(verify::line(finding)).hanging(4));
        ui.data(Text::new().with(Style::Dim, "    mend it: ").plain(&*finding.remedy).hanging(13));
    }
    steps.len()
}
