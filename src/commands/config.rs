//! `fitsnap config`

use std::path::Path;

use super::Context;
use super::output::Output;
use crate::cli::{CommandError, ExitCode, Ui};
use crate::config::edit::{self, EditError, Place};
use crate::config::{ArchiveSettings, SETTINGS_FILE, schema};
use crate::providers;

/// Look at the archive's settings and change them, keeping the comments in fitsnap.toml
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap config list\n  fitsnap config get providers.moves.window\n  \
    fitsnap config set providers.moves.window 9\n  fitsnap config set providers.strava.types Run Ride\n  \
    fitsnap config unset providers.moves.window\n  \
    fitsnap config schema > .git/fitsnap/schema.json")]
pub struct ConfigArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print what a setting is, or what holds where it is not set; a line a value
    #[command(after_help = "Examples:\n  fitsnap config get providers.moves.window")]
    Get {
        /// The setting, like providers.moves.window
        key: String,
    },
    /// Set a setting in fitsnap.toml; nothing is written that the settings reader would refuse
    #[command(after_help = "Examples:\n  fitsnap config set providers.moves.window 9\n  \
        fitsnap config set providers.strava.types Run Ride\n  \
        fitsnap config set providers.strava-work.kind strava   another account")]
    Set {
        /// The setting, like providers.moves.window
        key: String,
        /// Its value, or its values where it is a list
        #[arg(required = true, allow_hyphen_values = true)]
        values: Vec<String>,
    },
    /// Take a setting out of fitsnap.toml, so that what holds by default does
    #[command(after_help = "Examples:\n  fitsnap config unset providers.moves.window")]
    Unset {
        /// The setting, like providers.moves.window
        key: String,
    },
    /// Print every setting of fitsnap.toml
    #[command(after_help = "Examples:\n  fitsnap config list\n  fitsnap config list --json")]
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print a JSON schema of fitsnap.toml, by which editors complete and check it
    #[command(after_help = "Examples:\n  fitsnap config schema > .git/fitsnap/schema.json")]
    Schema,
}

pub fn run(args: &ConfigArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let kinds = providers::kinds();
    if let Verb::Schema = args.verb {
        ui.exact(&format!("{:#}", schema(&kinds)));
        return Ok(ExitCode::Done);
    }
    let archive = context.archive()?;
    let path = archive.root().join(SETTINGS_FILE);
    let text = archive.settings_text()?;
    match &args.verb {
        Verb::Schema => {}
        Verb::List { json: false } => {
            edit::list(&text)?.into_iter().for_each(|(place, value)| ui.data(format!("{place} = {value}")));
        }
        Verb::List { json: true } => {
            let told = serde_json::to_string(&edit::read(&text)?);
            let wrong = |error| CommandError::new(ExitCode::SomeFailed, format!("cannot write the settings: {error}"));
            ui.exact(&told.map_err(wrong)?);
        }
        Verb::Get { key } => {
            let place = Place::read(key)?;
            let values = edit::get(&text, &place)?;
            let unset = || CommandError::new(ExitCode::SomeFailed, format!("{place} is not set"));
            values.ok_or_else(unset)?.into_iter().for_each(|value| ui.exact(&value));
        }
        Verb::Set { key, values } => {
            let place = Place::read(key)?;
            let fresh = edit::set(&text, &place, values, &kinds)?;
            check_resources(&fresh, &place)?;
            if fresh == text {
                ui.note(format!("{place} is that already"));
            } else {
                write(&fresh, &path, &format!("Set {place}"), context, ui)?;
            }
        }
        Verb::Unset { key } => {
            let place = Place::read(key)?;
            let fresh = edit::unset(&text, &place, &kinds)?;
            if fresh == text {
                ui.note(format!("{place} is not set"));
            } else {
                write(&fresh, &path, &format!("Unset {place}"), context, ui)?;
            }
        }
    }
    Ok(ExitCode::Done)
}

/// Writes the settings, and says how they get into the history.
fn write(text: &str, path: &Path, what: &str, context: &Context<'_>, ui: &mut Ui) -> Result<(), CommandError> {
    let mut output = Output::to(Some(path), context, |_| true)?;
    output.write(text.as_bytes(), ui)?;
    output.finish(ui)?;
    ui.next(format!("keep it in the history: git commit -m \"{what}\" -- {SETTINGS_FILE}"));
    Ok(())
}

/// Refuses a resource that the provider does not offer, as a sync would.
fn check_resources(text: &str, place: &Place) -> Result<(), CommandError> {
    let settings = ArchiveSettings::read(text, &providers::kinds())?;
    let Some(settings) = settings.providers.get(place.provider()) else { return Ok(()) };
    let Some(provider) = providers::provider(&settings.kind) else { return Ok(()) };
    let chosen = providers::chosen_resources(provider, settings);
    chosen.map(drop).map_err(|unknown| super::sync::not_offered(provider, place.provider(), &unknown))
}

impl From<EditError> for CommandError {
    fn from(error: EditError) -> CommandError {
        match error {
            EditError::Settings(error) => error.into(),
            EditError::NoSetting { nearest: Some(ref meant), .. } => {
                CommandError::of(ExitCode::Usage, &error).hint(format!("did you mean \"{meant}\"?"))
            }
            EditError::NoSetting { .. } => {
                CommandError::of(ExitCode::Usage, &error).hint("all there are: fitsnap config schema")
            }
            EditError::Format => CommandError::of(ExitCode::Usage, &error)
                .hint("fitsnap config list shows it; fitsnap migrate brings an archive into the form of this fitsnap"),
            other => CommandError::of(ExitCode::Usage, &other),
        }
    }
}
