//! `fitsnap providers`

use serde::Serialize;

use super::Context;
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::model::{Description, QuotaWindow};
use crate::providers::{ALL, Provider, Way};

/// Tell what each service offers, needs and limits today
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap providers\n  \
    fitsnap providers strava\n  \
    fitsnap providers --json")]
pub struct ProvidersArgs {
    /// One service; all where none is named
    name: Option<String>,
    /// Print one JSON object a service
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    kind: &'static str,
    title: &'static str,
    today: &'static str,
    costs: &'static str,
    export: ReportExport,
    closes: Option<&'static str>,
    gone: Option<&'static str>,
    origin: &'static str,
    register: &'static str,
    takes_new_apps: bool,
    scopes: &'static [&'static str],
    days_per_request: Option<u32>,
    quota: Vec<ReportQuota>,
    resources: Vec<ReportResource>,
}

#[derive(Serialize)]
struct ReportExport {
    from: &'static str,
    import: String,
}

#[derive(Serialize)]
struct ReportQuota {
    name: &'static str,
    requests: u32,
}

#[derive(Serialize)]
struct ReportResource {
    name: &'static str,
    by_default: bool,
    about: &'static str,
}

pub fn run(args: &ProvidersArgs, _context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let chosen = match &args.name {
        Some(name) => vec![super::service(name)?],
        None => ALL.to_vec(),
    };
    for (at, provider) in chosen.into_iter().enumerate() {
        if args.json {
            let text = serde_json::to_string(&report(provider));
            ui.exact(&text.map_err(|error| {
                CommandError::new(ExitCode::SomeFailed, format!("cannot write the report: {error}"))
            })?);
            continue;
        }
        if at > 0 {
            ui.data("");
        }
        tell(provider, ui);
    }
    Ok(ExitCode::Done)
}

fn report(provider: &dyn Provider) -> Report {
    let about = provider.description();
    let resource =
        |one: &crate::model::Resource| ReportResource { name: one.name, by_default: one.by_default, about: one.about };
    Report {
        kind: about.kind,
        title: about.title,
        today: about.today,
        costs: about.costs,
        export: ReportExport { from: about.export.from, import: import(about) },
        closes: about.closes,
        gone: about.gone,
        origin: about.origin,
        register: about.sign_in.register,
        takes_new_apps: about.sign_in.takes_new_apps,
        scopes: about.sign_in.scopes,
        days_per_request: days_per_request(provider).map(|(_, most)| most),
        quota: about.quota.iter().map(|one| ReportQuota { name: one.name, requests: one.requests }).collect(),
        resources: about.resources.iter().map(resource).collect(),
    }
}

/// The fewest and the most days that a request may span, by resource. None for a service that is asked by
/// activities.
fn days_per_request(provider: &dyn Provider) -> Option<(u32, u32)> {
    let Way::Days(days) = provider.way() else { return None };
    let reaches = || provider.description().resources.iter().map(|one| days.reach(one.name));
    Some((reaches().min()?, reaches().max()?))
}

/// The command that reads a service's export.
pub(super) fn import(about: &Description) -> String {
    format!("fitsnap import {} {}", about.kind, about.export.file)
}

/// What a service is called, and in four lines what it needs today.
pub(super) fn needs(about: &Description) -> [Text; 5] {
    [
        Text::new().with(Style::Cyan, about.kind).plain(format!(": {}", about.title)),
        field("today", about.today),
        field("app", about.sign_in.register),
        field("costs", about.costs),
        field("export", &format!("{}; {}", about.export.from, import(about))),
    ]
}

fn field(name: &str, value: &str) -> Text {
    Text::new().with(Style::Dim, format!("  {name:<10}")).plain(value).hanging(12)
}

fn tell(provider: &dyn Provider, ui: &mut Ui) {
    let about = provider.description();
    needs(about).into_iter().for_each(|line| ui.data(line));
    ui.data(field("api", about.origin));
    if !about.sign_in.scopes.is_empty() {
        ui.data(field("scopes", &about.sign_in.scopes.join(", ")));
    }
    if let Some(lasts) = about.sign_in.lasts {
        ui.data(field("sign-in", lasts));
    }
    let span = match days_per_request(provider) {
        Some((1, 1)) => "1 day a request".to_owned(),
        Some((fewest, most)) if fewest == most => format!("{most} days a request"),
        Some((fewest, most)) => format!("{fewest} to {most} days a request, by resource"),
        None => "the whole list every time, then an activity a request".to_owned(),
    };
    // Of two limits on the same time, the narrower one counts.
    let narrower = |one: &QuotaWindow, other: &QuotaWindow| one.name == other.name && one.requests < other.requests;
    let quota =
        about.quota.iter().filter(|one| !about.quota.iter().any(|other| narrower(other, one))).map(|one| {
            format!("{} requests {} {}", one.requests, if one.name == "hour" { "an" } else { "a" }, one.name)
        });
    ui.data(field("limits", &std::iter::once(span).chain(quota).collect::<Vec<_>>().join(", ")));
    for one in about.resources {
        let mark = if one.by_default { "" } else { " (only if named in fitsnap.toml)" };
        ui.data(field("resource", &format!("{}: {}{mark}", one.name, one.about)));
    }
}
