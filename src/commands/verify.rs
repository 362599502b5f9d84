//! `fitsnap verify`

use serde::Serialize;

use super::Context;
use crate::archive::{Archive, Finding, Verified, provider_folder};
use crate::cli::{CommandError, ExitCode, Meter, Style, Text, Ui};
use crate::model::ProviderName;
use crate::providers;

/// Check every file against its hash, its canonical form and its place
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap verify\n  \
    fitsnap verify --history      every commit\n  \
    fitsnap verify moves --json")]
pub struct VerifyArgs {
    /// The providers whose folders are checked; all where none is named
    providers: Vec<ProviderName>,
    /// Check every commit that HEAD reaches, not only the newest
    #[arg(long)]
    history: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    files: usize,
    commits: usize,
    findings: Vec<ReportFinding>,
}

#[derive(Serialize)]
struct ReportFinding {
    path: String,
    commit: Option<String>,
    cause: &'static str,
    problem: String,
    remedy: String,
}

pub fn run(args: &VerifyArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    check_names(&args.providers, &archive)?;
    // A sync under way would look like damage.
    let _lock = archive.settle("verify", context.clock)?;
    let mut meter = Meter::new(ui, "verify", 0, "files");
    let verified = archive.verify(&args.providers, args.history, &meter.counter());
    meter.clear();
    let verified = verified?;
    let code = if verified.findings.is_empty() { ExitCode::Done } else { ExitCode::Damage };
    if args.json {
        ui.exact(&report(verified)?);
        return Ok(code);
    }
    for finding in &verified.findings {
        ui.data(line(finding).hanging(4));
        ui.data(Text::new().with(Style::Dim, "    mend it: ").plain(&*finding.remedy).hanging(13));
    }
    conclude(&verified, ui);
    Ok(code)
}

/// Refuses the names of providers that neither the settings nor the archive know.
pub(super) fn check_names(names: &[ProviderName], archive: &Archive) -> Result<(), CommandError> {
    let settings = archive.settings(&providers::kinds())?;
    let held = archive.snapshot().and_then(|snapshot| snapshot.providers()).unwrap_or_default();
    for name in names {
        let known = settings.providers.contains_key(name) || held.contains(name);
        if !known && !archive.root().join(provider_folder(name)).is_dir() {
            return Err(CommandError::new(ExitCode::Usage, format!("this archive has no provider named {name}"))
                .meant(name.as_str(), settings.providers.keys().chain(&held).map(ProviderName::as_str))
                .hint("fitsnap status lists the providers"));
        }
    }
    Ok(())
}

fn report(verified: Verified) -> Result<String, CommandError> {
    let findings = verified.findings.into_iter().map(|finding| ReportFinding {
        path: finding.path,
        commit: finding.commit.map(|commit| commit.to_string()),
        cause: finding.cause.words(),
        problem: finding.problem,
        remedy: finding.remedy,
    });
    let report = Report { files: verified.files, commits: verified.commits, findings: findings.collect() };
    serde_json::to_string(&report)
        .map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot write the report: {error}")))
}

/// A finding on one line.
pub(super) fn line(finding: &Finding) -> Text {
    let line = Text::new().with(Style::Red, &*finding.path).plain(": ").plain(&*finding.problem);
    let line = line.with(Style::Yellow, format!(" [{}", finding.cause.words()));
    let place = finding.commit.map_or_else(|| "]".to_owned(), |commit| format!(", in commit {}]", commit.short()));
    line.with(Style::Yellow, place)
}

/// Tells what was looked at, and how much is wrong.
pub(super) fn conclude(verified: &Verified, ui: &mut Ui) {
    if !ui.is_quiet() || !verified.findings.is_empty() {
        ui.data(summary(verified));
    }
}

fn summary(verified: &Verified) -> Text {
    let count = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let looked = format!("{} in {}", count(verified.files, "file"), count(verified.commits, "commit"));
    match verified.findings.len() {
        0 => Text::new().with(Style::Green, "well: ").plain(looked),
        found => Text::new().with(Style::Red, format!("{}: ", count(found, "finding"))).plain(looked),
    }
}
