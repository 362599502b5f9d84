//! `fitsnap log`

use super::{Context, past};
use crate::archive::{Archive, Pattern, Scope};
use crate::audit::{Audit, DayOf, Detail, Finding, Query, Revision, Subject, Wanted};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui, columns};
use crate::json::quote;
use crate::model::{DayRange, RevisionKind, timestamp};

/// List what happened to the days, newest first: when, which day, what kind, what changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap log\n  \
    fitsnap log --provider moves --kind revised,shrunk\n  \
    fitsnap log --day 2014-06-04 -p           the life of one day\n  \
    fitsnap log --since '2 weeks ago' --json\n  \
    fitsnap log --path 'data/*.json' --key id     any JSON files in git")]
pub struct LogArgs {
    /// Only this provider.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only this day, or the days from one to another: the documents' days.
    #[arg(long, value_name = "D or D..E", value_parser = past::days)]
    day: Option<DayRange>,
    /// Only commits from this date or time on, or from "2 weeks ago".
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only commits up to this date (its end) or time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only these kinds: new, grown, revised, shrunk, withdrawn, restored, reformatted.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<RevisionKind>,
    /// Any JSON files of any git repository instead of days, by a pattern like 'data/*.json'.
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["provider", "day"])]
    path: Option<String>,
    /// The member that tells the records of these files apart; guessed where it is not named.
    #[arg(long, value_name = "MEMBER", requires = "path")]
    key: Option<String>,
    /// Reformatted days and volatile members as well.
    #[arg(long)]
    all: bool,
    /// Show the difference of the lines too.
    #[arg(short = 'p', long = "patch")]
    patch: bool,
    /// Write one JSON object a line for each revision.
    #[arg(long, conflicts_with = "patch")]
    json: bool,
    /// At most so many revisions.
    #[arg(short = 'n', long = "max-count", value_name = "N")]
    count: Option<usize>,
}

pub fn run(args: &LogArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    if let Some(pattern) = &args.path {
        let repository = Archive::repository(context.environment, context.global.archive.as_deref())?;
        let query = query(args, context, Scope::Files(Pattern::new(pattern)))?;
        return list(args, query, Audit::of_files(&repository, args.key.clone()), context, ui);
    }
    let archive = context.archive()?;
    let facts = past::facts(&archive, ui)?;
    let provider = args.provider.as_ref().map(|name| past::known_provider(&archive, &facts, name)).transpose()?;
    let scope = match (args.day, provider) {
        (Some(days), provider) => Scope::Days(provider, days),
        (None, Some(provider)) => Scope::Provider(provider),
        (None, None) => Scope::Data,
    };
    list(args, query(args, context, scope)?, Audit::new(&archive, facts), context, ui)
}

fn query(args: &LogArgs, context: &Context<'_>, scope: Scope) -> Result<Query, CommandError> {
    let now = context.clock.now();
    let edge = |text: &Option<String>, edge| text.as_ref().map(|text| past::moment(text, edge, now)).transpose();
    Ok(Query {
        scope,
        since: edge(&args.since, past::Edge::Since)?,
        until: edge(&args.until, past::Edge::Until)?,
        most: args.count.unwrap_or(usize::MAX),
        kinds: match (&args.kind[..], args.all) {
            ([], true) => RevisionKind::ALL.to_vec(),
            (kinds, _) => kinds.to_vec(),
        },
        wanted: match (args.json, args.patch) {
            (true, _) => Wanted::Edits { volatile: args.all },
            (_, true) => Wanted::Lines,
            _ => Wanted::Words { detail: Detail::BRIEF, volatile: args.all },
        },
    })
}

fn list(
    args: &LogArgs,
    query: Query,
    mut audit: Audit<'_>,
    context: &Context<'_>,
    ui: &mut Ui,
) -> Result<ExitCode, CommandError> {
    if !args.json {
        ui.page(context.environment);
    }
    let mut revisions = audit.revisions(query)?;
    let mut last = None;
    for _ in 0..args.count.unwrap_or(usize::MAX) {
        let Some((revision, kind, finding)) = revisions.next()? else { break };
        if args.json {
            ui.exact(&as_json(&revision, kind, &finding));
        } else {
            if last.replace(revision.commit) != Some(revision.commit) {
                ui.data(commit_line(&revision));
            }
            print(&revision, kind, &finding, ui);
        }
        if ui.is_cut_off() {
            return Ok(ExitCode::Done);
        }
    }
    let boundary = revisions.boundary().to_vec();
    ui.end_page();
    past::tell_boundary(&boundary, ui);
    Ok(ExitCode::Done)
}

/// `9f2c1a0b3d  2015-07-11 06:00 UTC  sync`
fn commit_line(revision: &Revision) -> Text {
    let text = Text::new().with(Style::Yellow, revision.commit.short()).plain("  ").plain(past::minute(revision.time));
    match revision.action {
        Some(action) => text.plain("  ").with(Style::Dim, action.word()),
        None => text,
    }
}

/// `  moves 2015-07-05  revised, 5 days after  storyline: 3 altered, 1 added`, and the changes below.
fn print(revision: &Revision, kind: RevisionKind, finding: &Finding, ui: &mut Ui) {
    let subject = match &revision.subject {
        Subject::Day(DayOf { provider, day, .. }) => format!("{provider} {day}"),
        Subject::File(path) => path.clone(),
    };
    let after = revision.day().and_then(when).map(|after| format!(", {after}")).unwrap_or_default();
    let counts = past::counts(finding);
    let width = [&subject, kind.word(), &after, &counts].iter().map(|part| columns(part)).sum::<usize>();
    let mut head = Text::new().plain("  ").with(Style::Bold, subject);
    head = head.plain("  ").with(past::style(kind), kind.word()).plain(after);
    // Six letters stand between the parts.
    let fits = width + 6 <= ui.columns(past::WIDTH);
    if fits && !counts.is_empty() {
        head = head.plain("  ").plain(counts.as_str());
    }
    ui.data(head.hanging(6));
    if !fits {
        ui.data(Text::new().plain("      ").plain(counts).hanging(10));
    }
    if let Some(problem) = &finding.problem {
        ui.data(Text::new().plain("      ").with(Style::Red, problem.as_str()).hanging(10));
    }
    for words in finding.words.iter() {
        past::print_words("      ", words, ui);
    }
    past::print_lines(&finding.lines, ui);
}

/// `5 days after`, `31 days after, settled`; nothing for the day itself and the one after.
pub(super) fn when(day: &DayOf) -> Option<String> {
    let days = match day.days_after {
        0 => return None,
        1 => "1 day after".to_owned(),
        days => format!("{days} days after"),
    };
    Some(if day.settled { format!("{days}, settled") } else { days })
}

fn as_json(revision: &Revision, kind: RevisionKind, finding: &Finding) -> String {
    let or_null = |text: Option<String>| text.map_or("null".to_owned(), |text| quote(&text));
    let (subject, state) = match &revision.subject {
        Subject::Day(DayOf { provider, day, days_after, settled }) => (
            format!("\"provider\": \"{provider}\", \"date\": \"{day}\""),
            format!("\"days_after\": {days_after}, \"settled\": {settled}, "),
        ),
        Subject::File(path) => (format!("\"file\": {}", quote(path)), String::new()),
    };
    format!(
        "{{\"commit\": \"{}\", \"time\": \"{}\", {subject}, \"kind\": \"{kind}\", {state}\"action\": {}, \
         \"blob\": {}, {}}}",
        revision.commit,
        timestamp(revision.time),
        or_null(revision.action.map(|action| action.word().to_owned())),
        or_null(revision.new.map(|blob| blob.to_string())),
        changes_as_json(finding),
    )
}

/// The members `resources`, `edits` and, where a content is no JSON, `problem`.
pub(super) fn changes_as_json(finding: &Finding) -> String {
    let resources = finding.resources.iter().map(|(name, [altered, added, removed])| {
        let name = quote(name);
        format!("{name}: {{\"altered\": {altered}, \"added\": {added}, \"removed\": {removed}}}")
    });
    let resources: Vec<String> = resources.collect();
    let mut text = format!("\"resources\": {{{}}}, \"edits\": [{}]", resources.join(", "), finding.edits);
    if let Some(problem) = &finding.problem {
        text.push_str(&format!(", \"problem\": {}", quote(problem)));
    }
    text
}
