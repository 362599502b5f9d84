//! `fitsnap show`

use super::{Context, past};
use crate::archive::{Archive, DATA, Scope, day_path};
use crate::cli::{CommandError, ExitCode, Ui};
use crate::model::{Day, DayRange, ProviderName};

/// Write a day document as it is, or as it was.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap show moves 2014-06-04\n  \
    fitsnap show moves 2014-06-04 --at 2015-01-01\n  \
    fitsnap show moves 2014-06-04 --at HEAD~3")]
pub struct ShowArgs {
    /// The provider.
    provider: String,
    /// The day, like 2015-07-10.
    day: Day,
    /// As it stood at a commit, tag or branch, or at the end of a date (UTC).
    #[arg(long, value_name = "REV or DATE")]
    at: Option<String>,
}

pub fn run(args: &ShowArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let facts = past::facts(&archive, ui)?;
    let provider = past::known_provider(&archive, &facts, &args.provider)?;
    let snapshot = match &args.at {
        Some(text) => archive.at(archive.resolve(text)?)?,
        None => archive.snapshot()?,
    };
    match snapshot.day(&provider, args.day)? {
        Some(document) => {
            ui.bytes(&document);
            Ok(ExitCode::Done)
        }
        None => Err(missing(&archive, &provider, args.day, args.at.as_deref())?),
    }
}

/// The error of a day that is not held, with where it is to be found.
pub(super) fn missing(
    archive: &Archive,
    provider: &ProviderName,
    day: Day,
    at: Option<&str>,
) -> Result<CommandError, CommandError> {
    let place = at.map(|at| format!(" at {at}")).unwrap_or_default();
    let error = CommandError::new(ExitCode::SomeFailed, format!("{provider} {day} is not held{place}"));
    let range = DayRange { first: day, last: day };
    let mut history = archive.history(Scope::Days(Some(provider.clone()), range))?;
    let (mut first, mut gone) = (None, None);
    while let Some(step) = history.step()? {
        for change in &step.changes {
            if change.new.is_some() {
                first = Some((step.commit, step.time));
            } else {
                gone.get_or_insert((step.commit, step.time));
            }
        }
    }
    let minute = past::minute;
    Ok(match (first, gone) {
        (Some((commit, time)), _) if archive.snapshot()?.blob_at(&day_path(provider, day))?.is_some() => {
            error.hint(format!("it is held since commit {}, {}", commit.short(), minute(time)))
        }
        (Some(_), Some((commit, time))) => error.hint(format!(
            "it was withdrawn in commit {}, {}; see it with: fitsnap show {provider} {day} --at {}~1",
            commit.short(),
            minute(time),
            commit.short()
        )),
        _ => match past::nearest(archive, provider, day)? {
            Some(near) => error.hint(format!("the nearest day held is {near}")),
            None => error.hint(format!("no day of {provider} is held; {DATA}/{provider} is empty")),
        },
    })
}
