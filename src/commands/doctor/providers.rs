//! The providers: settings, services that are gone, sign-ins and their ends, the last sync.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Context;
use super::check::{Check, State};
use crate::archive::Archive;
use crate::auth::{SignInState, signed_in};
use crate::cli::{CommandError, ExitCode, span_in_words};
use crate::commands::attention;
use crate::commands::providers::import;
use crate::commands::sync::not_offered;
use crate::config::{ProviderSettings, Secrets};
use crate::model::{Day, Description, ProviderName};
use crate::providers::{self, Provider};

/// What ends before tomorrow's sync stops it.
const TOMORROW: TimeDelta = TimeDelta::hours(36);

/// What ends within this time is worth knowing.
const SOON: TimeDelta = TimeDelta::days(14);

/// A service's announced end is worth knowing so long before.
const KNOWN_BEFORE: TimeDelta = TimeDelta::days(180);

pub(super) fn look(archive: &Archive, context: &Context<'_>, checks: &mut Vec<Check>) -> Result<(), CommandError> {
    let settings = match archive.settings(&providers::kinds()) {
        Ok(settings) => settings,
        Err(error) => {
            checks.push(Check::of_error("settings", error.into()));
            return Ok(());
        }
    };
    if settings.providers.is_empty() {
        let todo = "fitsnap config set providers.NAME.kind KIND; fitsnap providers tells what there is";
        checks.push(Check::warning("settings", "fitsnap.toml names no provider, so a sync asks nobody", todo));
    }
    let names: BTreeSet<ProviderName> = settings.providers.keys().cloned().collect();
    let last_syncs = archive.last_syncs(&names)?;
    for (name, settings) in &settings.providers {
        let Some(provider) = providers::provider(&settings.kind) else { continue };
        let last = archive.checked(name).last_sync().max(last_syncs.get(name).copied());
        let state = signed_in(context.environment, archive.root(), name);
        let app = match Secrets::find(context.environment, name) {
            Ok(secrets) => secrets.app().is_some(),
            Err(error) => {
                checks.push(Check::of_error("sign-in", error.into()).about(name));
                continue;
            }
        };
        let now = context.clock.now();
        let begin = sign_in(provider.description(), name, settings, app);
        let service = service(provider, name, settings, now);
        // Where nobody answers there is nothing to sync.
        let synced = (!matches!(service.state, State::Problem(_))).then(|| synced(name, last, now));
        let all = [Some(service), Some(token(name, state, app, begin, now)), synced];
        checks.extend(all.into_iter().flatten().map(|check| check.about(name)));
    }
    Ok(())
}

fn service(provider: &dyn Provider, name: &ProviderName, settings: &ProviderSettings, now: DateTime<Utc>) -> Check {
    let about = provider.description();
    if let Err(unknown) = providers::chosen_resources(provider, settings) {
        return Check::of_error("settings", not_offered(provider, name, &unknown));
    }
    if let Some(address) = &settings.base_url {
        return Check::well("service", format!("asked at {address}"));
    }
    if let Some(gone) = about.gone {
        let todo = format!("take [providers.{name}] out of fitsnap.toml; what is archived stays");
        return Check::problem("service", ExitCode::SignIn, gone, todo);
    }
    let closes = about.closes.and_then(|day| day.parse::<Day>().ok());
    match closes.map(|day| day.end_utc() - now) {
        Some(left) if left < KNOWN_BEFORE => {
            let todo = format!(
                "sync what is still missing while it answers, take its export ({}): {}",
                about.export.from,
                import(about)
            );
            Check::warning("service", about.today, todo)
        }
        _ => Check::well("service", about.today),
    }
}

/// What a person without a sign-in does: of a service that is asked at its own address an app comes first,
/// and where it takes no new one, the export.
fn sign_in(about: &Description, name: &ProviderName, settings: &ProviderSettings, app: bool) -> String {
    let login = format!("fitsnap login {name}");
    if app || settings.base_url.is_some() {
        return login;
    }
    let variable = format!("FITSNAP_{}_CLIENT_ID", name.in_environment());
    match about.sign_in.takes_new_apps {
        true => format!("register an app at {}, set {variable} and _SECRET, then {login}", about.sign_in.register),
        false => format!("{}; with an app from before set {variable} and _SECRET, then {login}", import(about)),
    }
}

fn token(name: &ProviderName, sign_in: Option<SignInState>, app: bool, begin: String, now: DateTime<Utc>) -> Check {
    let login = format!("fitsnap login {name}");
    let Some(sign_in) = sign_in else {
        return Check::problem("sign-in", ExitCode::SignIn, "not signed in", begin);
    };
    if sign_in.renewable && !app {
        let variable = format!("FITSNAP_{}_CLIENT_ID", name.in_environment());
        let says = "it must be renewed, and the app's client id is not known";
        return Check::problem(
            "sign-in",
            ExitCode::SignIn,
            says,
            format!("set {variable}, also where cron runs fitsnap"),
        );
    }
    // What fitsnap renews ends when the renewing does, where the provider says so.
    let end = if sign_in.renewable { sign_in.ends_at } else { sign_in.expires_at };
    let Some(end) = end else {
        let says = if sign_in.renewable { "fitsnap renews it by itself" } else { "holds until it is taken back" };
        return Check::well("sign-in", says);
    };
    let says = match (end - now).to_std() {
        Ok(left) => format!("ends in {}, on {}", span_in_words(left), end.format("%Y-%m-%d %H:%M UTC")),
        Err(_) => format!("ended on {}", end.format("%Y-%m-%d %H:%M UTC")),
    };
    match end - now {
        left if left < TOMORROW => Check::problem("sign-in", ExitCode::SignIn, says, login),
        left if left < SOON => Check::warning("sign-in", says, login),
        _ => Check::well("sign-in", says),
    }
}

fn synced(name: &ProviderName, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Check {
    let todo = format!("fitsnap sync {name}");
    let Some(last) = last else { return Check::warning("sync", "never synced yet", todo) };
    match attention::overdue(last, now) {
        Some(words) => Check::warning("sync", format!("the last good one was {words}"), todo),
        None => Check::well("sync", format!("the last good one was on {}", attention::in_words(last))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_that_ends_before_tomorrows_sync_is_a_problem() {
        let now: DateTime<Utc> = "2015-07-11T06:00:00Z".parse().unwrap();
        let name = "moves".parse().unwrap();
        let state = |days: i64, renewable: bool, app: bool| {
            let expires_at = Some(now + TimeDelta::days(days));
            token(&name, Some(SignInState { expires_at, renewable, ends_at: None }), app, String::new(), now).state
        };
        let problem = State::Problem(ExitCode::SignIn);
        assert_eq!(state(-1, false, true), problem);
        assert_eq!(state(1, false, true), problem);
        assert_eq!(state(2, false, true), State::Warning);
        assert_eq!(state(15, false, true), State::Well);
        // One that fitsnap renews may end at any time, as long as it knows the app.
        assert_eq!(state(-1, true, true), State::Well);
        assert_eq!(state(15, true, false), problem);
        assert_eq!(token(&name, None, true, String::new(), now).state, problem);
        // Google's in testing mode: a new access token every hour, for seven days.
        let lasting = |days: i64| {
            let (expires_at, ends_at) = (Some(now), Some(now + TimeDelta::days(days)));
            token(&name, Some(SignInState { expires_at, renewable: true, ends_at }), true, String::new(), now).state
        };
        assert_eq!([lasting(1), lasting(6), lasting(60)], [problem, State::Warning, State::Well]);
    }

    #[test]
    fn an_announced_end_is_told_half_a_year_before_and_after_it() {
        let fitbit = providers::provider("fitbit").unwrap();
        let closes = fitbit.description().closes.unwrap();
        assert!(fitbit.description().today.contains(closes));
        let name = "fitbit".parse().unwrap();
        let state =
            |now: &str| service(fitbit, &name, &ProviderSettings::of_kind("fitbit"), now.parse().unwrap()).state;
        assert_eq!(state("2026-01-01T00:00:00Z"), State::Well);
        assert_eq!(state("2026-09-01T00:00:00Z"), State::Warning);
        assert_eq!(state("2026-11-21T00:00:00Z"), State::Warning);
        assert!(providers::ALL.iter().all(|one| one.description().closes.is_none_or(|day| day.parse::<Day>().is_ok())));
    }

    #[test]
    fn five_days_without_a_sync_are_worth_a_warning() {
        let now: DateTime<Utc> = "2015-07-11T06:00:00Z".parse().unwrap();
        let name = "moves".parse().unwrap();
        let state = |days: i64| synced(&name, Some(now - TimeDelta::days(days)), now).state;
        assert_eq!([state(0), state(5), state(6)], [State::Well, State::Well, State::Warning]);
        assert_eq!(synced(&name, None, now).state, State::Warning);
    }
}
