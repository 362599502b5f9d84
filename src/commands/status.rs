//! `fitsnap status`

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Context;
use super::merge_driver::NO_MERGE_DRIVER;
use crate::archive::Archive;
use crate::auth::signed_in;
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::model::{Day, DayRange, ProviderName, timestamp};
use crate::providers::{self, Way};

/// Show what the archive holds of each provider and what is still to do
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Status {
    providers: BTreeMap<String, ProviderStatus>,
    unpushed: Option<usize>,
}

#[derive(Serialize)]
struct ProviderStatus {
    days: usize,
    first: Option<String>,
    last: Option<String>,
    gaps: Vec<String>,
    last_sync: Option<String>,
    signed_in: bool,
}

pub fn run(args: &StatusArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let settings = archive.settings(&providers::kinds())?;
    let mut names: BTreeSet<ProviderName> = settings.providers.keys().cloned().collect();
    names.extend(archive.snapshot()?.providers()?);
    let last_syncs = archive.last_syncs(&names)?;
    let mut status = Status { providers: BTreeMap::new(), unpushed: archive.unpushed()? };
    for name in names {
        let days: Vec<Day> = archive.snapshot()?.days(&name)?.into_keys().collect();
        let kind = settings.providers.get(&name).map_or(name.as_str(), |settings| settings.kind.as_str());
        // A day without activities has no document: only who is asked day by day can leave a gap.
        let by_days = providers::provider(kind).is_none_or(|known| matches!(known.way(), Way::Days(_)));
        let gaps = if by_days { gaps(&days) } else { Vec::new() };
        let one = ProviderStatus {
            days: days.len(),
            first: days.first().map(Day::to_string),
            last: days.last().map(Day::to_string),
            gaps: gaps.iter().flat_map(|gap| gap.days()).map(|day| day.to_string()).collect(),
            // A sync that found nothing new makes no commit; in a fresh clone only commits tell.
            last_sync: archive.checked(&name).last_sync().max(last_syncs.get(&name).copied()).map(timestamp),
            signed_in: signed_in(context.environment, archive.root(), &name).is_some(),
        };
        if !args.json {
            tell(&name, &one, &gaps, ui);
        }
        status.providers.insert(name.to_string(), one);
    }
    if args.json {
        let text = serde_json::to_string(&status);
        ui.data(
            text.map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot write the status: {error}")))?,
        );
    } else {
        tell_archive(&archive, &status, ui);
    }
    if archive.has_remote()? && !archive.has_merge_driver()? {
        ui.warn(NO_MERGE_DRIVER);
    }
    Ok(ExitCode::Done)
}

fn tell(name: &ProviderName, one: &ProviderStatus, gaps: &[DayRange], ui: &mut Ui) {
    let head = Text::new().with(Style::Cyan, name.as_str()).plain(": ");
    ui.data(match (&one.first, &one.last) {
        (Some(first), Some(last)) => {
            let days = if one.days == 1 { "day" } else { "days" };
            head.plain(format!("{} {days}, {first} to {last}", one.days))
        }
        _ => head.plain("no days yet"),
    });
    if !gaps.is_empty() {
        let ranges: Vec<String> = gaps.iter().map(ToString::to_string).collect();
        let missing = one.gaps.len();
        ui.data(Text::new().with(Style::Yellow, format!("  {missing} missing between: ")).plain(ranges.join(", ")));
    }
    ui.data(format!("  last sync: {}", one.last_sync.as_deref().unwrap_or("never")));
    ui.data(match one.signed_in {
        true => "  signed in".to_owned(),
        false => format!("  not signed in (fitsnap login {name})"),
    });
}

fn tell_archive(archive: &Archive, status: &Status, ui: &mut Ui) {
    if status.providers.is_empty() {
        ui.data(format!("{} holds no provider yet", archive.root().display()));
    }
    ui.data(match status.unpushed {
        None => "no remote: the archive is on this machine only".to_owned(),
        Some(0) => "all commits are pushed".to_owned(),
        Some(1) => "1 commit is not pushed".to_owned(),
        Some(count) => format!("{count} commits are not pushed"),
    });
}

/// The ranges of days between the first and the last that are not held.
fn gaps(days: &[Day]) -> Vec<DayRange> {
    let pairs = days.windows(2).filter_map(|pair| match pair {
        [one, next] => DayRange::new(one.plus(1), next.plus(-1)),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_between_days_held() {
        let days: Vec<Day> =
            ["2015-02-26", "2015-02-28", "2015-03-01", "2015-03-05"].map(|day| day.parse().unwrap()).into();
        let said: Vec<String> = gaps(&days).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["2015-02-27", "2015-03-02 to 2015-03-04"]);
        assert!(gaps(&days[..1]).is_empty() && gaps(&[]).is_empty());
    }
}
