//! `fitsnap stats`

use std::collections::BTreeMap;

use super::{Context, past};
use crate::audit::{Audit, Pace, ProviderSurvey, verdict};
use crate::cli::{CommandError, ExitCode, Style, Table, Text, Ui};
use crate::json::quote;
use crate::model::ProviderName;

/// Say how long each provider goes on changing a day, and which fields.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap stats\n  \
    fitsnap stats --provider moves\n  \
    fitsnap stats --json")]
pub struct StatsArgs {
    /// Only this provider.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Write one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &StatsArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let facts = past::facts(&archive, ui)?;
    let provider = args.provider.as_ref().map(|name| past::known_provider(&archive, &facts, name)).transpose()?;
    let (surveys, boundary) = Audit::new(&archive, facts).survey(provider.as_ref())?;
    if args.json {
        ui.exact(&as_json(&surveys));
    } else {
        for (at, (name, survey)) in surveys.iter().enumerate() {
            if at > 0 {
                ui.data("");
            }
            print(name, survey, ui);
        }
        if surveys.is_empty() {
            ui.note("no day is held yet; fill the archive with: fitsnap sync");
        }
    }
    past::tell_boundary(&boundary, ui);
    Ok(ExitCode::Done)
}

/// The columns beside the resource's name.
const HEADS: [&str; 8] = ["days", "changed", "rewritten", "changes", "p50", "p95", "p99", "last"];

fn print(name: &ProviderName, survey: &ProviderSurvey, ui: &mut Ui) {
    let span = match (survey.held.first_key_value(), survey.held.last_key_value()) {
        (Some((first, _)), Some((last, _))) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    let gaps = match survey.gaps().len() {
        0 => String::new(),
        1 => ", 1 gap".to_owned(),
        count => format!(", {count} gaps"),
    };
    let head = format!("  {} days held{span}{gaps}", survey.held.len());
    ui.data(Text::new().with(Style::Bold, name.as_str()).plain(head));
    let mut table = Table::default();
    table.row("resource", HEADS.map(str::to_owned));
    for (resource, pace) in &survey.resources {
        let resource = if resource.is_empty() { "document" } else { resource };
        let days = pace.days.len();
        table.row(
            resource,
            [
                days.to_string(),
                share(pace.changed.len(), days),
                share(pace.rewritten.len(), days),
                pace.changes().to_string(),
                after(pace, 50),
                after(pace, 95),
                after(pace, 99),
                after(pace, 100),
            ],
        );
    }
    for (at, line) in table.lines("  ", ui.columns(usize::MAX)).into_iter().enumerate() {
        ui.data(Text::new().with(if at == 0 { Style::Dim } else { Style::Plain }, line));
    }
    for (resource, pace) in &survey.resources {
        let members = pace.most_changed();
        if !members.is_empty() {
            ui.data(Text::new().plain("  most changed in ").with(Style::Bold, resource.as_str()).plain(":"));
            for (member, count) in members {
                ui.data(format!("  {count:>8}  {member}"));
            }
        }
    }
    ui.data(Text::new().plain("  ").with(Style::Cyan, verdict(survey)).hanging(4));
}

fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => format!("{part}"),
        whole => format!("{part} ({:.0} %)", 100.0 * part as f64 / whole as f64),
    }
}

fn after(pace: &Pace, percent: usize) -> String {
    pace.days_after(percent).map_or_else(|| "-".to_owned(), |days| days.to_string())
}

fn as_json(surveys: &BTreeMap<ProviderName, ProviderSurvey>) -> String {
    let providers: Vec<String> = surveys
        .iter()
        .map(|(name, survey)| {
            let day = |day: Option<(&crate::model::Day, &u64)>| {
                day.map_or("null".to_owned(), |(day, _)| format!("\"{day}\""))
            };
            let gaps: i64 = survey.gaps().iter().map(|(first, last)| last.days_since(*first) + 1).sum();
            let resources: Vec<String> = survey
                .resources
                .iter()
                .map(|(resource, pace)| format!("{}: {}", quote(resource), pace_as_json(pace)))
                .collect();
            format!(
                "\"{name}\": {{\"days_held\": {}, \"first\": {}, \"last\": {}, \"days_missing\": {gaps}, \"window\": {}, \
                 \"all\": {}, \"resources\": {{{}}}}}",
                survey.held.len(),
                day(survey.held.first_key_value()),
                day(survey.held.last_key_value()),
                survey.window,
                pace_as_json(&survey.whole),
                resources.join(", ")
            )
        })
        .collect();
    format!("{{\"providers\": {{{}}}}}", providers.join(", "))
}

fn pace_as_json(pace: &Pace) -> String {
    let number = |number: Option<i64>| number.map_or("null".to_owned(), |number| number.to_string());
    let members: Vec<String> = pace
        .most_changed()
        .into_iter()
        .map(|(member, count)| format!("{{\"path\": {}, \"changes\": {count}}}", quote(member)))
        .collect();
    format!(
        "{{\"days\": {}, \"days_changed\": {}, \"days_rewritten\": {}, \"changes\": {}, \"days_after\": {{\"p50\": {}, \
         \"p95\": {}, \"p99\": {}, \"last\": {}}}, \"late\": {}, \"window_99\": {}, \"members\": [{}]}}",
        pace.days.len(),
        pace.changed.len(),
        pace.rewritten.len(),
        pace.changes(),
        number(pace.days_after(50)),
        number(pace.days_after(95)),
        number(pace.days_after(99)),
        number(pace.days_after(100)),
        pace.late,
        number(pace.window(99)),
        members.join(", ")
    )
}
