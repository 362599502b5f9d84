//! `fitsnap sync`

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::Context;
use super::attention;
use super::merge_driver::NO_MERGE_DRIVER;
use super::report_run::{RunReport, tell};
use crate::archive::Archive;
use crate::auth::{Session, SessionOptions, signed_in};
use crate::cli::{CommandError, ExitCode, Meter, Ui, parse_duration, span_in_words};
use crate::config::{ArchiveSettings, ProviderSettings, Secrets};
use crate::http::{FetchError, Left};
use crate::model::{Clock, Day, ProviderName, Tally, timestamp};
use crate::providers::{self, Provider};
use crate::sync::{self, Ended, Job, Pace, Preview, Progress, Wish};

/// Download what is missing and the most recent days, and commit what changed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap sync && git push          everything, as cron does it\n  \
    fitsnap sync moves --dry-run      how many requests, and how long\n  \
    fitsnap sync moves --since 2015-07-01 --until 2015-07-07")]
pub struct SyncArgs {
    /// The providers to sync; all of fitsnap.toml where none is named
    providers: Vec<ProviderName>,
    /// Just the days from this one on, held or not
    #[arg(long, value_name = "DAY")]
    since: Option<Day>,
    /// Just the days up to this one, held or not
    #[arg(long, value_name = "DAY")]
    until: Option<Day>,
    /// Only these resources, for this run
    #[arg(long, value_name = "RESOURCE", value_delimiter = ',')]
    only: Option<Vec<String>>,
    /// How many days, today included, to download again
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    window: Option<u32>,
    /// Download the N settled days checked longest ago again too
    #[arg(long, value_name = "N")]
    recheck: Option<usize>,
    /// Say how many requests it takes and how long, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// The longest wait for a provider's limit: a whole number and s, m, h or d
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = parse_duration)]
    max_wait: Duration,
    /// Let a provider take many records away at once
    #[arg(long)]
    accept_loss: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &SyncArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let settings = archive.settings(&providers::kinds())?;
    if let (Some(since), Some(until)) = (args.since, args.until)
        && until < since
    {
        return Err(CommandError::new(ExitCode::Usage, format!("--until {until} is before --since {since}")));
    }
    let targets = targets(args, context, &archive, &settings)?;
    let stop = super::signals()?;
    let runtime = super::runtime()?;
    super::warn_of_open_secrets(context, ui);
    if archive.has_remote()? && !archive.has_merge_driver()? {
        ui.warn(NO_MERGE_DRIVER);
    }
    match attention::look(&archive, &settings, context.clock.now()) {
        Ok(found) => attention::tell(&found, ui),
        // What keeps fitsnap from looking back need not keep it from the days to come.
        Err(error) => ui.warn(format!("how the last runs went could not be seen: {error}")),
    }
    let lock = if args.dry_run { None } else { Some(archive.lock("sync", context.clock)?) };
    let mut report = RunReport::default();
    let mut previews = Map::new();
    let mut codes = Vec::new();
    for target in &targets {
        let wish = Wish {
            since: args.since,
            until: args.until,
            window: args.window.unwrap_or(target.settings.window),
            recheck: args.recheck.unwrap_or_default(),
        };
        let job = Job {
            archive: &archive,
            provider: target.provider,
            name: &target.name,
            since: target.settings.since,
            resources: &target.resources,
            only: args.only.is_some(),
            types: target.settings.types.as_deref(),
            wish: &wish,
            max_wait: args.max_wait,
            accept_loss: args.accept_loss,
            clock: context.clock,
            stop: stop.clone(),
        };
        // A file of credentials that cannot be used is a matter of settings, not of this provider.
        if let Err(error) = Secrets::find(context.environment, &target.name) {
            let error = CommandError::from(error);
            error.print(ui);
            report.add(&target.name, &Tally::default(), &[]);
            codes.push(error.code);
            continue;
        }
        let session = Session::open(SessionOptions {
            provider: &target.name,
            description: target.provider.description(),
            settings: &target.settings,
            archive_root: archive.root(),
            environment: context.environment,
            clock: context.clock,
            stop: stop.clone(),
        });
        let session = match session {
            Ok(session) => session,
            Err(error) => {
                report.add(&target.name, &Tally::default(), &[]);
                codes.push(explain(ui, context, &target.name, not_opened(error)));
                continue;
            }
        };
        let mut progress = Terminal::new(ui, context.clock);
        let Some(lock) = &lock else {
            match runtime.block_on(sync::preview(&job, &session, &mut progress)) {
                Ok(preview) => {
                    ui.say(format!("{}: {}", target.name, foretell(&preview, context)));
                    let Preview { requests, days, forecast } = preview;
                    let until = timestamp(forecast.until);
                    let entry =
                        json!({"requests": requests, "days": days, "until": until, "windows": forecast.windows});
                    previews.insert(target.name.to_string(), entry);
                }
                Err(ended) => codes.push(explain(ui, context, &target.name, ended)),
            }
            continue;
        };
        let outcome = runtime.block_on(sync::run(&job, &session, lock, &mut progress));
        report.add(&target.name, &outcome.tally, &outcome.troubles);
        let failed = !outcome.tally.failed.is_empty() || !outcome.troubles.is_empty();
        // "Nothing new" is for a run that went through: of one that ended early, the error tells.
        if failed || !outcome.tally.commits.is_empty() || matches!(outcome.ended, Ended::Whole) {
            tell(ui, &target.name, &outcome.tally, &outcome.troubles);
        }
        let interrupted = matches!(outcome.ended, Ended::Interrupted);
        match explain(ui, context, &target.name, outcome.ended) {
            ExitCode::Done if failed => codes.push(ExitCode::SomeFailed),
            code => codes.push(code),
        }
        if interrupted {
            break;
        }
    }
    match (args.json, args.dry_run) {
        (true, true) => {
            ui.exact(&Value::Object(Map::from_iter([("providers".to_owned(), previews.into())])).to_string())
        }
        (true, false) => report.print(ui),
        (false, _) => {}
    }
    Ok(codes.into_iter().filter(|code| *code != ExitCode::Done).min().unwrap_or(ExitCode::Done))
}

/// `86 requests for 40 days, in 3 quarter hours' limits, done in about 45 min, at …`
fn foretell(preview: &Preview, context: &Context<'_>) -> String {
    let Preview { requests, days, forecast } = preview;
    let until = forecast.until;
    let wait = (until - context.clock.now()).to_std().unwrap_or_default();
    let windows: Vec<String> = forecast.windows.iter().map(|(name, count)| format!("{count} {name}s")).collect();
    let windows = match windows.is_empty() {
        true => String::new(),
        false => format!(" over the limits of {}", windows.join(" and ")),
    };
    let done = match wait < Duration::from_secs(60) {
        true => "within a minute".to_owned(),
        false => format!("in about {}, at {}", span_in_words(wait), timestamp(until)),
    };
    format!("{requests} requests for {days} days{windows}, done {done}")
}

struct Target {
    name: ProviderName,
    settings: ProviderSettings,
    provider: &'static dyn Provider,
    resources: Vec<String>,
}

/// The providers to sync: those named, or those of the settings.
fn targets(
    args: &SyncArgs,
    context: &Context<'_>,
    archive: &Archive,
    settings: &ArchiveSettings,
) -> Result<Vec<Target>, CommandError> {
    let names: Vec<_> =
        if args.providers.is_empty() { settings.providers.keys().cloned().collect() } else { args.providers.clone() };
    if names.is_empty() {
        return Err(CommandError::new(ExitCode::Usage, "fitsnap.toml names no provider, so there is nothing to sync")
            .hint("add two lines to fitsnap.toml: [providers.moves] and, below it, since = \"2014-01-01\"")
            .hint("see what there is: fitsnap providers"));
    }
    let mut targets = Vec::new();
    for name in names {
        let settings = match settings.providers.get(&name) {
            Some(settings) => settings.clone(),
            // Who signed in without a table in the settings wants the defaults.
            None if signed_in(context.environment, archive.root(), &name).is_some()
                && providers::provider(name.as_str()).is_some() =>
            {
                ProviderSettings::of_kind(name.as_str())
            }
            None => {
                let known = settings.providers.keys().map(ProviderName::as_str);
                return Err(CommandError::new(ExitCode::Usage, format!("fitsnap.toml has no provider \"{name}\""))
                    .meant(name.as_str(), known)
                    .hint(format!("add a table to fitsnap.toml: [providers.{name}]")));
            }
        };
        let provider = super::service(&settings.kind)?;
        let resources = providers::chosen_resources(provider, &settings).and_then(|chosen| match &args.only {
            None => Ok(chosen),
            Some(only) => {
                let settings = ProviderSettings { resources: Some(only.clone()), ..settings.clone() };
                providers::chosen_resources(provider, &settings)
            }
        });
        let resources = resources.map_err(|unknown| not_offered(provider, &name, &unknown))?;
        targets.push(Target { name, settings, provider, resources });
    }
    Ok(targets)
}

/// A resource that a provider does not offer.
pub(super) fn not_offered(provider: &dyn Provider, name: &ProviderName, unknown: &str) -> CommandError {
    let offered: Vec<_> = provider.description().resources.iter().map(|one| one.name).collect();
    CommandError::new(ExitCode::Usage, format!("{name} offers no resource \"{unknown}\""))
        .hint(format!("it offers {}", offered.join(", ")))
        .meant(unknown, offered)
}

/// Tells how a run ended, and what to do next where it did not go through.
fn explain(ui: &mut Ui, context: &Context<'_>, name: &ProviderName, ended: Ended) -> ExitCode {
    let error = match ended {
        Ended::Whole => return ExitCode::Done,
        Ended::SignIn(reason) => {
            let error = CommandError::new(ExitCode::SignIn, format!("{name}: {reason}"))
                .hint(format!("sign in: fitsnap login {name}"));
            let given = Secrets::find(context.environment, name);
            if given.is_ok_and(|given| given.access_token.is_some() || given.refresh_token.is_some()) {
                let variable = format!("FITSNAP_{}_ACCESS_TOKEN", name.in_environment());
                error.hint(format!(
                    "and take out the token given by {variable} and its kin or by credentials.toml: it goes before a login's"
                ))
            } else {
                error
            }
        }
        Ended::Gone(reason) => CommandError::new(ExitCode::SignIn, format!("{name}: {reason}")),
        Ended::Later { reason, until: Some(until) } => CommandError::new(ExitCode::Later, format!("{name}: {reason}"))
            .hint(format!("run the command again after {}; it goes on from where it was", timestamp(until)))
            .hint("or let it wait longer: --max-wait 2h"),
        Ended::Later { reason, until: None } => CommandError::new(ExitCode::Later, format!("{name}: {reason}"))
            .hint("run the command again later; it goes on from where it was"),
        Ended::MassLoss { losses, asked_again } => {
            let mut error = CommandError::new(
                ExitCode::Guard,
                format!(
                    "{name}: {} of {asked_again} days asked again would lose records; none of that was committed",
                    losses.len()
                ),
            );
            error.causes = losses.iter().map(|(day, words)| format!("{day} would lose: {words}")).collect();
            error.hint(format!(
                "look at {name} itself; if the records are really gone there: fitsnap sync {name} --accept-loss"
            ))
        }
        Ended::OtherPerson { archived, signed_in } => CommandError::new(
            ExitCode::Guard,
            format!(
                "{name}: this archive holds the days of person {archived}, but the sign-in is person {signed_in}'s"
            ),
        )
        .hint(format!("sign in as the first: fitsnap login {name}"))
        .hint("or keep the second apart: a table of its own in fitsnap.toml, with kind set"),
        Ended::NoAccount(reason) => CommandError::new(ExitCode::Later, format!("{name}: {reason}"))
            .hint("no day was asked for; run the command again later, and if it stays so, look at base_url"),
        Ended::Interrupted => CommandError::new(ExitCode::Interrupted, format!("{name}: interrupted"))
            .hint("what came is committed; the next sync goes on from there"),
        Ended::Archive(error) => CommandError::from(error),
        Ended::Local(reason) => CommandError::new(ExitCode::SomeFailed, format!("{name}: {reason}")),
    };
    error.print(ui);
    error.code
}

fn not_opened(error: FetchError) -> Ended {
    match error {
        FetchError::SignIn { reason } => Ended::SignIn(reason),
        FetchError::Gone { reason } => Ended::Gone(reason),
        other => Ended::Local(other.to_string()),
    }
}

/// Progress for a person at a terminal, or in a log.
struct Terminal<'u> {
    ui: &'u mut Ui,
    clock: Clock,
    meter: Option<Meter>,
    days: usize,
    done: usize,
    /// The requests made before the first day, and when that was.
    before: Option<(u64, Instant)>,
    /// When all is asked for, as far as can be told.
    ready: Option<Instant>,
}

impl<'u> Terminal<'u> {
    fn new(ui: &'u mut Ui, clock: Clock) -> Terminal<'u> {
        Terminal { ui, clock, meter: None, days: 0, done: 0, before: None, ready: None }
    }

    fn meter(&mut self, name: &ProviderName) -> (&mut Meter, &mut Ui) {
        let meter = self.meter.get_or_insert_with(|| Meter::new(self.ui, name.as_str(), 0, "requests"));
        (meter, self.ui)
    }

    /// `about 20 min to go`; nothing where that is no time or not known.
    fn to_go(&self) -> Option<String> {
        let left = self.ready?.checked_duration_since(Instant::now())?;
        (left >= Duration::from_secs(1)).then(|| format!("about {} to go", span_in_words(left)))
    }
}

impl Progress for Terminal<'_> {
    fn begin(&mut self, name: &ProviderName, days: usize) {
        (self.days, self.done, self.before) = (days, 0, None);
        self.meter = Some(Meter::new(self.ui, name.as_str(), 0, "requests"));
    }

    fn asked(&mut self, days: usize) {
        self.done += days;
    }

    fn heard(&mut self, pace: &Pace) {
        let (before, since) = *self.before.get_or_insert((pace.requests, Instant::now()));
        let made = pace.requests.saturating_sub(before);
        // Whichever takes longer: what the limits allow, or what the pace so far makes of it.
        let by_limits = (pace.forecast.until - self.clock.now()).to_std().unwrap_or_default();
        let by_pace = since.elapsed().as_secs_f64() / made.max(1) as f64 * pace.to_come as f64;
        let left = by_limits.max(Duration::try_from_secs_f64(by_pace).unwrap_or_default());
        self.ready = (made > 0).then(|| Instant::now() + left);
        let quota = pace.forecast.left.map(|quota| {
            let Left { window, left, limit } = quota;
            format!("{left} of {limit} requests left this {window}")
        });
        let days = Some(format!("{} of {} days", self.done, self.days));
        let words = [days, quota, self.to_go()].into_iter().flatten().collect::<Vec<_>>().join("; ");
        if let Some(meter) = &mut self.meter {
            meter.go_on();
            meter.set_total(made + pace.to_come);
            meter.set(made);
            meter.tell(self.ui, &words);
        }
    }

    fn waiting(&mut self, name: &ProviderName, reason: &str, left: Duration) {
        let after = self.to_go().map(|to_go| format!("; {to_go}")).unwrap_or_default();
        let (meter, ui) = self.meter(name);
        meter.waiting(ui, reason, left, &after);
    }

    fn settle(&mut self) {
        if let Some(meter) = &mut self.meter {
            meter.clear();
        }
    }
}
