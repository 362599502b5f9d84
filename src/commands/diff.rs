//! `fitsnap diff`

use super::{Context, log, past, show};
use crate::archive::{Archive, BlobId, CommitId, Scope, day_path};
use crate::audit::{self, Audit, Detail, Finding, Query, Wanted};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::json::{Json, RecordRules, quote};
use crate::model::{Day, DayRange, ProviderName, RevisionKind};
use crate::providers;

/// Show what changed in a day between two states, by record.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap diff moves 2014-06-04                         its newest change\n  \
    fitsnap diff moves 2014-06-04 2015-01-01              since that date\n  \
    fitsnap diff moves 2014-06-04 HEAD~9 HEAD~3 -p\n  \
    fitsnap diff strava 2021-06-08 --between activities,export/activities")]
pub struct DiffArgs {
    /// The provider.
    provider: String,
    /// The day, like 2015-07-10.
    day: Day,
    /// From this commit, tag, branch or date; without one, the newest change.
    from: Option<String>,
    /// To this one; without one, to what is held now.
    to: Option<String>,
    /// Between two resources of the day, like activities,export/activities: held now, or as of the first
    /// state named.
    #[arg(long, value_name = "ONE,OTHER", conflicts_with = "to", value_parser = pair)]
    between: Option<(String, String)>,
    /// Volatile members as well.
    #[arg(long)]
    all: bool,
    /// Show the difference of the lines.
    #[arg(short = 'p', long = "patch")]
    patch: bool,
    /// Write one JSON object.
    #[arg(long, conflicts_with = "patch")]
    json: bool,
}

/// One state of the day: the commit that was asked for, and the content there.
#[derive(Clone, Copy)]
struct State {
    commit: Option<CommitId>,
    blob: Option<BlobId>,
}

pub fn run(args: &DiffArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let facts = past::facts(&archive, ui)?;
    let provider = past::known_provider(&archive, &facts, &args.provider)?;
    let rules = facts.of(&provider).rules;
    let mut audit = Audit::new(&archive, facts);
    let wanted = match (args.json, args.patch) {
        (true, _) => Wanted::Edits { volatile: args.all },
        (_, true) => Wanted::Lines,
        _ => Wanted::Words { detail: Detail::FULL, volatile: args.all },
    };
    if let Some((one, other)) = &args.between {
        let pair = (one.as_str(), other.as_str());
        return between_resources(args, (&archive, &provider), pair, (&rules, wanted), (context, ui));
    }
    let path = day_path(&provider, args.day);
    let state = |text: Option<&str>| -> Result<State, CommandError> {
        let commit = text.map(|text| archive.resolve(text)).transpose()?.or(archive.head()?);
        let blob = commit.map(|commit| archive.at(commit)?.blob_at(&path)).transpose()?.flatten();
        Ok(State { commit, blob })
    };
    let (from, to, kind, mut head) = match &args.from {
        Some(from) => {
            let (from, to) = (state(Some(from))?, state(args.to.as_deref())?);
            (from, to, None, between(from, to))
        }
        None => newest(&mut audit, &archive, &provider, args.day)?,
    };
    if from.blob.is_none() && to.blob.is_none() {
        return Err(show::missing(&archive, &provider, args.day, args.from.as_deref())?);
    }
    let finding = audit.compare((from.blob, to.blob), &rules, Some(args.day), wanted)?;
    let kind = kind.or_else(|| kind_between(from, to, &finding));
    if args.json {
        ui.exact(&as_json(args, &provider, (from, to), kind, &finding));
        return Ok(ExitCode::Done);
    }
    let Some(kind) = kind else {
        ui.note(format!("{provider} {} is the same in both", args.day));
        return Ok(ExitCode::Done);
    };
    ui.page(context.environment);
    let counts = past::counts(&finding);
    if !counts.is_empty() {
        head = format!("{head}  {counts}");
    }
    let line = Text::new().with(Style::Bold, format!("{provider} {}", args.day)).plain("  ");
    ui.data(line.with(past::style(kind), kind.word()).plain(head).hanging(6));
    if let Some(problem) = &finding.problem {
        ui.data(Text::new().plain("  ").with(Style::Red, problem.as_str()).hanging(6));
    }
    print_changes(&finding, ui);
    Ok(ExitCode::Done)
}

/// Reads `ONE,OTHER`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once(',') {
        Some((one, other)) if !one.is_empty() && !other.is_empty() && one != other => {
            Ok((one.to_owned(), other.to_owned()))
        }
        _ => Err("write two resources of the day with a comma between, like activities,export/activities".to_owned()),
    }
}

/// What two resources of the day say of the same thing.
fn between_resources(
    args: &DiffArgs,
    (archive, provider): (&Archive, &ProviderName),
    (one, other): (&str, &str),
    (rules, wanted): (&RecordRules, Wanted),
    (context, ui): (&Context<'_>, &mut Ui),
) -> Result<ExitCode, CommandError> {
    let commit = match &args.from {
        Some(text) => Some(archive.resolve(text)?),
        None => archive.head()?,
    };
    let document = commit.map(|commit| archive.at(commit)?.day(provider, args.day)).transpose()?.flatten();
    let Some(document) = document else {
        return Err(show::missing(archive, provider, args.day, args.from.as_deref())?);
    };
    let unreadable = |problem| {
        CommandError::new(ExitCode::Damage, format!("{provider} {}: {problem}", args.day)).hint("see: fitsnap verify")
    };
    let document = Json::parse(document).map_err(|error| unreadable(error.to_string()))?;
    let settings = archive.settings(&providers::kinds()).ok();
    let said = settings.as_ref().and_then(|settings| settings.providers.get(provider));
    let service = providers::provider(said.map_or(provider.as_str(), |said| said.kind.as_str()));
    let twins = service.map_or([].as_slice(), |service| service.twins());
    let twins = twins.iter().find(|twins| [(twins.one, twins.other), (twins.other, twins.one)].contains(&(one, other)));
    let finding = audit::between(document.root(), (one, other), twins, rules, args.day, wanted).map_err(|name| {
        let has = document.root().get("resources").into_iter().flat_map(|all| all.members());
        let has: Vec<String> = has.map(|(name, _)| name.as_str().into_owned()).collect();
        CommandError::new(ExitCode::Usage, format!("{provider} {} has no resource \"{name}\"", args.day))
            .hint(format!("it has {}", has.join(", ")))
    })?;
    if args.json {
        ui.data(format!(
            "{{\"provider\": \"{provider}\", \"date\": \"{}\", \"between\": [{}, {}], {}}}",
            args.day,
            quote(one),
            quote(other),
            log::changes_as_json(&finding)
        ));
        return Ok(ExitCode::Done);
    }
    if finding.resources.is_empty() {
        ui.note(format!("{provider} {}: {one} and {other} say the same", args.day));
        return Ok(ExitCode::Done);
    }
    ui.page(context.environment);
    let line = Text::new().with(Style::Bold, format!("{provider} {}", args.day));
    ui.data(line.plain(format!("  {one} -> {other}  {}", past::counts(&finding))).hanging(6));
    print_changes(&finding, ui);
    Ok(ExitCode::Done)
}

fn print_changes(finding: &Finding, ui: &mut Ui) {
    for words in finding.words.iter() {
        past::print_words("  ", words, ui);
    }
    past::print_lines(&finding.lines, ui);
}

type Change = (State, State, Option<RevisionKind>, String);

/// The newest change of the day that is the provider's, not our own spelling.
fn newest(audit: &mut Audit<'_>, archive: &Archive, provider: &ProviderName, day: Day) -> Result<Change, CommandError> {
    let query = Query {
        scope: Scope::Days(Some(provider.clone()), DayRange { first: day, last: day }),
        since: None,
        until: None,
        most: 1,
        kinds: Vec::new(),
        wanted: Wanted::Counts,
    };
    let Some((revision, kind, _)) = audit.revisions(query)?.next()? else {
        return Err(show::missing(archive, provider, day, None)?);
    };
    let after = revision.day().and_then(log::when).map(|after| format!(", {after}")).unwrap_or_default();
    let head = format!("{after}  in {}, {}", revision.commit.short(), past::minute(revision.time));
    let from = State { commit: None, blob: revision.old };
    Ok((from, State { commit: Some(revision.commit), blob: revision.new }, Some(kind), head))
}

fn between(from: State, to: State) -> String {
    match (from.commit, to.commit) {
        (Some(from), Some(to)) => format!(" from {} to {}", from.short(), to.short()),
        _ => String::new(),
    }
}

/// What the step from one state to another comes to; none where nothing differs.
fn kind_between(from: State, to: State, finding: &Finding) -> Option<RevisionKind> {
    match (from.blob, to.blob) {
        (from, to) if from == to => None,
        (None, _) => Some(RevisionKind::New),
        (_, None) => Some(RevisionKind::Withdrawn),
        _ => Some(finding.kind.unwrap_or(RevisionKind::Revised)),
    }
}

fn as_json(
    args: &DiffArgs,
    provider: &ProviderName,
    (from, to): (State, State),
    kind: Option<RevisionKind>,
    finding: &Finding,
) -> String {
    let or_null = |text: Option<String>| text.map_or("null".to_owned(), |text| quote(&text));
    let side = |state: State| {
        let commit = or_null(state.commit.map(|commit| commit.to_string()));
        format!("{{\"commit\": {commit}, \"blob\": {}}}", or_null(state.blob.map(|blob| blob.to_string())))
    };
    format!(
        "{{\"provider\": \"{provider}\", \"date\": \"{}\", \"from\": {}, \"to\": {}, \"kind\": {}, {}}}",
        args.day,
        side(from),
        side(to),
        or_null(kind.map(|kind| kind.word().to_owned())),
        log::changes_as_json(finding)
    )
}
