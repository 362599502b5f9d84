//! `fitsnap login`

use std::io::{BufRead, Write};

use super::Context;
use crate::auth::{
    Begun, Login, LoginError, Loopback, Session, SessionOptions, Tokens, read_pasted, read_tokens, redirect,
};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::config::{Environment, ProviderSettings};
use crate::http::{FetchError, Stop};
use crate::model::{ProviderName, timestamp};
use crate::providers::{self, Provider};

/// Sign in to a provider.
///
/// fitsnap prints an address, opens it in the browser and listens on this machine for the answer. The
/// tokens are kept in the state folder, for this archive only, readable by you alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap login strava\n  \
    fitsnap login strava --no-browser   over SSH: paste the address\n  \
    fitsnap login fitbit --port 8912    where the app is so registered\n  \
    fitsnap login fitbit --token -      a token that you have")]
pub struct LoginArgs {
    /// The provider: its name in fitsnap.toml, or the word for a service.
    provider: ProviderName,
    /// Open no browser; take the address that the browser ends up at, or the code, from standard input.
    #[arg(long, conflicts_with = "token")]
    no_browser: bool,
    /// Take an access token from standard input, and a refresh token from its second line, if any; or the
    /// whole address that an implicit grant (Fitbit) ended up at.
    #[arg(long, value_name = "-", value_parser = ["-"], allow_hyphen_values = true)]
    token: Option<String>,
    /// The port of this machine that the browser comes back to. An app registered for
    /// http://127.0.0.1:8912/ needs `--port 8912`; else any free port is taken.
    #[arg(long, value_name = "PORT", conflicts_with = "token", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

pub fn run(args: &LoginArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let settings = archive.settings(&providers::kinds())?;
    let name = &args.provider;
    let listed = settings.providers.get(name);
    let settings = match listed {
        Some(settings) => settings.clone(),
        None if providers::provider(name.as_str()).is_some() => ProviderSettings::of_kind(name.as_str()),
        None => return Err(unknown_provider(name)),
    };
    let provider = providers::provider(&settings.kind).ok_or_else(|| unknown_provider(name))?;
    super::warn_of_open_secrets(context, ui);
    let stop = Stop::new();
    let login = Login::new(SessionOptions {
        provider: name,
        description: provider.description(),
        settings: &settings,
        archive_root: archive.root(),
        environment: context.environment,
        clock: context.clock,
        stop: stop.clone(),
    })
    .map_err(command_error)?;
    let runtime = super::runtime()?;
    let person = if args.token.is_some() {
        let tokens = read_tokens(&(read_line()? + &read_line()?), context.clock.now())?;
        follow_signals(&stop)?;
        runtime.block_on(with_tokens(provider, &login, tokens))
    } else if args.no_browser {
        runtime.block_on(by_pasting(args, provider, &login, &stop, ui))
    } else {
        follow_signals(&stop)?;
        runtime.block_on(by_browser(args, provider, &login, &stop, context.environment, ui))
    }
    .map_err(|error| match error {
        Ended::Login(error) => command_error(error),
        Ended::Command(error) => error,
    })?;
    welcome(provider, person, ui);
    if let Some(lasts) = provider.description().sign_in.lasts {
        let until = login.kept()?.and_then(|tokens| tokens.ends_at).map(|end| format!(", until {}", timestamp(end)));
        ui.note(format!("how long that lasts{}: {lasts}", until.unwrap_or_default()));
    }
    let not_allowed = login.not_allowed()?;
    if !not_allowed.is_empty() {
        let less = provider.description().sign_in.less_than_asked;
        let were = if not_allowed.len() == 1 { "was" } else { "were" };
        ui.warn(format!("{} {were} not allowed: {less}", not_allowed.join(", ")));
        ui.hint(format!("to allow it: fitsnap login {name}"));
    }
    if login.is_overruled() {
        let variable = format!("FITSNAP_{}_...", name.in_environment());
        ui.warn(format!(
            "tokens given by {variable} or credentials.toml go before these; take them out to use this sign-in"
        ));
    }
    if listed.is_none() {
        let lines = format!("add to fitsnap.toml, so that a bare sync includes it: [providers.{name}]");
        ui.next(lines);
    }
    ui.next(format!("next: fitsnap sync {name}"));
    Ok(ExitCode::Done)
}

/// How a way of signing in ended short of its end.
enum Ended {
    Login(LoginError),
    Command(CommandError),
}

impl From<LoginError> for Ended {
    fn from(error: LoginError) -> Ended {
        Ended::Login(error)
    }
}

impl From<CommandError> for Ended {
    fn from(error: CommandError) -> Ended {
        Ended::Command(error)
    }
}

async fn by_browser(
    args: &LoginArgs,
    provider: &dyn Provider,
    login: &Login<'_>,
    stop: &Stop,
    environment: &Environment,
    ui: &mut Ui,
) -> Result<Option<String>, Ended> {
    let loopback = Loopback::bind(args.port.unwrap_or(0)).await?;
    let begun = login.begin(loopback.redirect().clone())?;
    show_address(&begun, provider, ui);
    let opener = std::env::current_exe().map(|fitsnap| {
        let mut opener = environment.command(fitsnap);
        opener.args(["browse", begun.address.as_str()]);
        opener
    });
    // A browser in this very terminal would keep the listener from answering it.
    let opening =
        std::thread::spawn(move || opener.and_then(|mut opener| opener.status()).is_ok_and(|status| status.success()));
    ui.note("waiting for the browser; press Ctrl-C to give up");
    let code = loopback.answer(begun.state(), stop).await;
    if opening.is_finished() && !opening.join().unwrap_or(false) && code.is_err() {
        ui.say("no browser could be opened here; --no-browser works without one");
    }
    let session = login.finish(&begun, code?).await?;
    verify(provider, &session).await
}

async fn by_pasting(
    args: &LoginArgs,
    provider: &dyn Provider,
    login: &Login<'_>,
    stop: &Stop,
    ui: &mut Ui,
) -> Result<Option<String>, Ended> {
    // Nobody listens: the port only makes the address that the app was registered with.
    let redirect = match args.port {
        Some(port) => redirect(port).map_err(|source| LoginError::Listen { port, source })?,
        None => Loopback::bind(0).await?.redirect().clone(),
    };
    let begun = login.begin(redirect)?;
    show_address(&begun, provider, ui);
    ui.say("allow fitsnap there; the browser then fails to open a page on 127.0.0.1, and that is right");
    ui.say("paste that page's whole address here, or the code alone, and press Enter:");
    let line = read_line()?;
    // Until here Ctrl-C ends fitsnap at once.
    follow_signals(stop)?;
    let code = read_pasted(&line, begun.state())?;
    let session = login.finish(&begun, code).await?;
    verify(provider, &session).await
}

async fn with_tokens(provider: &dyn Provider, login: &Login<'_>, tokens: Tokens) -> Result<Option<String>, Ended> {
    let kept = login.kept()?;
    let session = login.with_tokens(tokens).await?;
    let verified = verify(provider, &session).await;
    if let Err(Ended::Login(LoginError::Fetch(FetchError::SignIn { .. }))) = &verified {
        login.put_back(kept.as_ref())?;
    }
    verified
}

/// Asks the provider whose account it is.
async fn verify(provider: &dyn Provider, session: &Session) -> Result<Option<String>, Ended> {
    let opening = provider.open(session).await.map_err(LoginError::from)?;
    Ok(provider.called(&opening.account).or(opening.person))
}

/// Says that a sign-in came about, and whose it is.
pub(super) fn welcome(provider: &dyn Provider, person: Option<String>, ui: &mut Ui) {
    let title = provider.description().title;
    let who = person.map(|person| format!(" as {person}")).unwrap_or_default();
    ui.note(Text::new().with(Style::Green, "signed in").plain(format!(" to {title}{who}")));
}

fn show_address(begun: &Begun, provider: &dyn Provider, ui: &mut Ui) {
    ui.say(format!("to let fitsnap read your {} data, open this address:", provider.description().title));
    ui.say(Text::new().plain("  ").with(Style::Bold, begun.address.as_str()));
}

fn follow_signals(stop: &Stop) -> Result<(), CommandError> {
    stop.follow_signals()
        .map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot listen for signals: {error}")))
}

fn read_line() -> Result<String, CommandError> {
    let mut line = String::new();
    // What was asked must be seen before the answer is waited for.
    let _ = std::io::stdout().flush();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| CommandError::new(ExitCode::SomeFailed, format!("cannot read standard input: {error}")))?;
    Ok(line)
}

/// A name that is neither in the settings nor a service.
pub(super) fn unknown_provider(name: &ProviderName) -> CommandError {
    let known = providers::kinds().join(", ");
    CommandError::new(
        ExitCode::Usage,
        format!("\"{name}\" is neither in fitsnap.toml nor a service; fitsnap knows {known}"),
    )
    .meant(name.as_str(), providers::kinds())
    .hint(format!("add it to fitsnap.toml: [providers.{name}] and below it kind = \"...\""))
}

impl From<LoginError> for CommandError {
    fn from(error: LoginError) -> CommandError {
        command_error(error)
    }
}

fn command_error(error: LoginError) -> CommandError {
    let code = match &error {
        LoginError::NoApp { .. }
        | LoginError::Secrets(_)
        | LoginError::NoCode
        | LoginError::NoToken { .. }
        | LoginError::Listen { .. } => ExitCode::Usage,
        LoginError::Store(_) => ExitCode::SomeFailed,
        LoginError::Denied { .. } | LoginError::WrongState | LoginError::TimedOut => ExitCode::SignIn,
        LoginError::Fetch(error) => match error {
            FetchError::SignIn { .. } | FetchError::Gone { .. } | FetchError::Refused { .. } => ExitCode::SignIn,
            FetchError::Wait { .. } | FetchError::Unreachable { .. } | FetchError::Malformed { .. } => ExitCode::Later,
            FetchError::Interrupted => ExitCode::Interrupted,
            FetchError::Local { .. } => ExitCode::SomeFailed,
        },
    };
    let command = CommandError::of(code, &error);
    match error {
        LoginError::NoApp { provider, variable, credentials, register, gone, .. } => {
            let secret = variable.replace("_ID", "_SECRET");
            let command = command
                .hint(format!("set {variable} and {secret}"))
                .hint(format!("or write client_id and client_secret under [{provider}] in {}", credentials.display()))
                .hint(format!("an app is registered at {register}"));
            gone.into_iter().fold(command, |command, gone| command.hint(gone))
        }
        LoginError::WrongState | LoginError::TimedOut | LoginError::Fetch(FetchError::SignIn { .. }) => {
            command.hint("run the command again for a fresh address, or give another token")
        }
        LoginError::NoToken { .. } => {
            command.hint("give it on the first line: fitsnap login PROVIDER --token - < FILE")
        }
        LoginError::Listen { port: 1.., .. } => command.hint("choose another with --port, or leave it out"),
        _ => command,
    }
}
