//! `fitsnap stats`

use std::collections::BTreeMap;

use super::{Context, past};
use crate::audit::{Audit, Pace, ProviderSurvey, verdict};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::json::quote;
use crate::model::ProviderName;

/// Say how long each provider goes on changing a day, and which fields.
#[derive(Debug, clap::Args)]
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
    let wide = survey.resources.keys().map(|name| name.chars().count()).max().unwrap_or(0).max("resource".len());
    ui.data(Text::new().with(
        Style::Dim,
        format!(
            "  {:wide$}  {:>6}  {:>12}  {:>12}  {:>7}  {:>5} {:>5} {:>5} {:>5}",
            "resource", "days", "changed", "rewritten", "changes", "p50", "p95", "p99", "last"
        ),
    ));
    for (resource, pace) in &survey.resources {
        let resource = if resource.is_empty() { "document" } else { resource };
        ui.data(format!(
            "  {resource:wide$}  {:>6}  {:>12}  {:>12}  {:>7}  {} {} {} {}",
            pace.days.len(),
            share(pace.changed.len(), pace.days.len()),
            share(pace.rewritten.len(), pace.days.len()),
            pace.changes(),
            after(pace, 50),
            after(pace, 95),
            after(pace, 99),
            after(pace, 100),
        ));
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
    ui.data(Text::new().plain("  ").with(Style::Cyan, verdict(survey)));
}

fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => format!("{part}"),
        whole => format!("{part} ({:.0} %)", 100.0 * part as f64 / whole as f64),
    }
}

fn after(pace: &Pace, percent: usize) -> String {
    match pace.days_after(percent) {
        Some(days) => format!("{days:>5}"),
        None => format!("{:>5}", "-"),
    }
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
