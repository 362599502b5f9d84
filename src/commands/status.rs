//! `fitsnap status`

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Context;
use super::attention::{self, Attention};
use super::merge_driver::NO_MERGE_DRIVER;
use crate::archive::Archive;
use crate::auth::signed_in;
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::model::{Day, DayRange, ProviderName, timestamp};
use crate::providers::{self, Way};
use crate::sync;

/// Show what the archive holds of each provider and what is still to do
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap status\n  \
    fitsnap status --json")]
pub struct StatusArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Status {
    providers: BTreeMap<String, ProviderStatus>,
    unpushed: Option<usize>,
    /// What went wrong while nobody looked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attention: Vec<Attention>,
}

#[derive(Serialize)]
struct ProviderStatus {
    days: usize,
    first: Option<String>,
    last: Option<String>,
    gaps: Vec<String>,
    /// How many of the days held lack a resource that is wanted, by resource.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    lacking: BTreeMap<String, usize>,
    last_sync: Option<String>,
    signed_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in_ends: Option<String>,
}

pub fn run(args: &StatusArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let settings = archive.settings(&providers::kinds())?;
    let mut names: BTreeSet<ProviderName> = settings.providers.keys().cloned().collect();
    names.extend(archive.snapshot()?.providers()?);
    let last_syncs = archive.last_syncs(&names)?;
    let attention = attention::look(&archive, &settings, context.clock.now()).unwrap_or_else(|error| {
        ui.warn(format!("how the last runs went could not be seen: {error}"));
        Default::default()
    });
    let mut status = Status { providers: BTreeMap::new(), unpushed: archive.unpushed()?, attention };
    for name in names {
        let days: Vec<Day> = archive.snapshot()?.days(&name)?.into_keys().collect();
        let kind = settings.providers.get(&name).map_or(name.as_str(), |settings| settings.kind.as_str());
        // A day without activities has no document: only who is asked day by day can leave a gap.
        let known = providers::provider(kind);
        let by_days = known.is_none_or(|known| matches!(known.way(), Way::Days(_)));
        let lacking = match (known, settings.providers.get(&name)) {
            (Some(known), Some(table)) if by_days => {
                // Names that the service does not offer are for the sync to refuse.
                let chosen = providers::chosen_resources(known, table).unwrap_or_default();
                sync::lacking(&archive, known, &name, &chosen)?
            }
            _ => BTreeMap::new(),
        };
        let gaps = if by_days { gaps(&days) } else { Vec::new() };
        let sign_in = signed_in(context.environment, archive.root(), &name);
        let one = ProviderStatus {
            days: days.len(),
            first: days.first().map(Day::to_string),
            last: days.last().map(Day::to_string),
            gaps: gaps.iter().flat_map(|gap| gap.days()).map(|day| day.to_string()).collect(),
            lacking,
            // A sync that found nothing new makes no commit; in a fresh clone only commits tell.
            last_sync: archive.checked(&name).last_sync().max(last_syncs.get(&name).copied()).map(timestamp),
            signed_in: sign_in.as_ref().is_some_and(|sign_in| !sign_in.is_over(context.clock.now())),
            sign_in_ends: sign_in.and_then(|sign_in| sign_in.ends_at).map(timestamp),
        };
        if !args.json && !ui.is_quiet() {
            let lasts = providers::provider(kind).and_then(|known| known.description().sign_in.lasts);
            tell(&name, &one, &gaps, lasts, ui);
        }
        status.providers.insert(name.to_string(), one);
    }
    if args.json {
        let text = serde_json::to_string(&status);
        ui.data(
            text.map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot write the status: {error}")))?,
        );
    } else {
        if !ui.is_quiet() {
            tell_archive(&archive, &status, ui);
        }
        attention::tell(&status.attention, ui);
    }
    if archive.has_remote()? && !archive.has_merge_driver()? {
        ui.warn(NO_MERGE_DRIVER);
    }
    Ok(ExitCode::Done)
}

/// More ranges of missing days than this fill a screen and say no more.
const MOST_GAPS: usize = 8;

fn tell(name: &ProviderName, one: &ProviderStatus, gaps: &[DayRange], lasts: Option<&str>, ui: &mut Ui) {
    let head = Text::new().with(Style::Cyan, name.as_str()).plain(": ");
    ui.data(match (&one.first, &one.last) {
        (Some(first), Some(last)) => {
            let days = if one.days == 1 { "day" } else { "days" };
            head.plain(format!("{} {days}, {first} to {last}", one.days))
        }
        _ => head.plain("no days yet"),
    });
    if !gaps.is_empty() {
        let mut ranges: Vec<String> = gaps.iter().take(MOST_GAPS).map(ToString::to_string).collect();
        if gaps.len() > MOST_GAPS {
            ranges.push(format!("and {} more ranges (--json lists them)", gaps.len() - MOST_GAPS));
        }
        let missing = one.gaps.len();
        ui.data(
            Text::new()
                .with(Style::Yellow, format!("  {missing} missing between: "))
                .plain(ranges.join(", "))
                .hanging(4),
        );
    }
    for (resource, lacking) in &one.lacking {
        ui.data(format!("  {resource}: {} of {} days", one.days - lacking, one.days));
    }
    ui.data(format!("  last sync: {}", one.last_sync.as_deref().unwrap_or("never")));
    let lasts = lasts.map(|lasts| format!(" ({lasts})")).unwrap_or_default();
    let sign_in = match (one.signed_in, &one.sign_in_ends) {
        (true, None) => format!("  signed in{lasts}"),
        (true, Some(end)) => format!("  signed in until {end}{lasts}"),
        (false, None) => format!("  not signed in (fitsnap login {name})"),
        (false, Some(end)) => format!("  the sign-in ended at {end} (fitsnap login {name}){lasts}"),
    };
    ui.data(Text::new().plain(sign_in).hanging(4));
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
