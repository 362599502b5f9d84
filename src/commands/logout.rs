//! `fitsnap logout`

use super::Context;
use super::login::unknown_provider;
use crate::archive::Archive;
use crate::auth;
use crate::auth::{Login, SessionOptions};
use crate::cli::{CommandError, ExitCode, Ui};
use crate::config::{ProviderSettings, Secrets};
use crate::http::Stop;
use crate::model::{Description, ProviderName};
use crate::providers;

/// Forget a provider's tokens.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap logout strava")]
pub struct LogoutArgs {
    /// The provider: its name in fitsnap.toml, or the word for a service.
    provider: ProviderName,
}

pub fn run(args: &LogoutArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let settings = archive.settings(&providers::kinds())?;
    let name = &args.provider;
    let kind = settings.providers.get(name).map_or(name.as_str(), |settings| settings.kind.as_str()).to_owned();
    let kind = kind.as_str();
    let description = providers::provider(kind).ok_or_else(|| unknown_provider(name))?.description();
    let settings = settings.providers.get(name).cloned().unwrap_or_else(|| ProviderSettings::of_kind(kind));
    if description.sign_in.revoke.is_some() {
        revoke(context, &archive, name, description, &settings, ui)?;
    }
    let forgotten = auth::forget(context.environment, archive.root(), name)
        .map_err(|error| CommandError::of(ExitCode::SomeFailed, &error))?;
    if forgotten {
        ui.note(format!("signed out of {}: its tokens are forgotten", description.title));
        if description.sign_in.revoke.is_none() {
            let title = description.title;
            ui.say(format!(
                "{title} has no way to take a token back; the permission itself ends in the app's settings there"
            ));
        }
    } else {
        ui.note(format!("there were no tokens of {} to forget", description.title));
    }
    let secrets = Secrets::find(context.environment, name)?;
    if secrets.access_token.is_some() || secrets.refresh_token.is_some() {
        let variable = format!("FITSNAP_{}_...", name.in_environment());
        ui.warn(format!("tokens given by {variable} or credentials.toml are still there, and still used"));
    }
    Ok(ExitCode::Done)
}

/// Asks the provider to take the tokens back. They are forgotten here even where that fails.
fn revoke(
    context: &Context<'_>,
    archive: &Archive,
    name: &ProviderName,
    description: &'static Description,
    settings: &ProviderSettings,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let stop = Stop::new();
    let login = Login::new(SessionOptions {
        provider: name,
        description,
        settings,
        archive_root: archive.root(),
        environment: context.environment,
        clock: context.clock,
        stop,
    });
    let title = description.title;
    match login.and_then(|login| super::runtime().map_or(Ok(None), |runtime| runtime.block_on(login.revoke()))) {
        Ok(Some(())) => ui.note(format!("{title} has taken the tokens back")),
        Ok(None) => {}
        Err(error) => ui.warn(format!("{error}; end the permission in the app's settings at {title}")),
    }
    Ok(())
}
