//! `fitsnap logout`

use super::Context;
use super::login::unknown_provider;
use crate::auth;
use crate::cli::{CommandError, ExitCode, Ui};
use crate::config::Secrets;
use crate::model::ProviderName;
use crate::providers;

/// Forget a provider's tokens.
#[derive(Debug, clap::Args)]
pub struct LogoutArgs {
    /// The provider: its name in fitsnap.toml, or the word for a service.
    provider: ProviderName,
}

pub fn run(args: &LogoutArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let settings = archive.settings(&providers::kinds())?;
    let name = &args.provider;
    let kind = settings.providers.get(name).map_or(name.as_str(), |settings| settings.kind.as_str());
    let description = providers::provider(kind).ok_or_else(|| unknown_provider(name))?.description();
    let forgotten = auth::forget(context.environment, archive.root(), name)
        .map_err(|error| CommandError::of(ExitCode::SomeFailed, &error))?;
    if forgotten {
        ui.note(format!("signed out of {}: its tokens are forgotten", description.title));
        if description.sign_in.revoke.is_none() {
            let title = description.title;
            ui.note(format!(
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
