//! What a shell offers at the tab key: commands and options by themselves; providers, resources, days and
//! settings from the archive at hand. Whatever goes wrong offers nothing and says nothing.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use clap::{Command, CommandFactory};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use super::Arguments;
use crate::archive::Archive;
use crate::cli::{ExitCode, Ui};
use crate::config::{ArchiveSettings, Environment, edit};
use crate::export::SERVICES;
use crate::model::{ProviderName, RevisionKind};
use crate::providers;

/// The variable in which the shell's script names itself when it asks.
pub(super) const VARIABLE: &str = "FITSNAP_COMPLETE";

/// The words to complete, where a shell asks: what follows `--`.
pub(super) fn asked(arguments: &[OsString], environment: &Environment) -> Option<(String, Vec<OsString>)> {
    let shell = environment.get(VARIABLE)?;
    let words = arguments.get(1).is_some_and(|word| word == "--").then(|| arguments[2..].to_vec())?;
    (!words.is_empty()).then(|| (shell.to_owned(), words))
}

/// Tells the shell what the last of the words may be.
pub(super) fn answer(shell: &str, words: Vec<OsString>, environment: &Environment, ui: &mut Ui) -> ExitCode {
    let hand = Arc::new(Hand { environment: environment.clone(), words: words.clone() });
    let mut command = offering(Arguments::command(), &hand);
    command.build();
    let mut text = Vec::new();
    let shells = Shells::builtins();
    let told = shells
        .completer(shell)
        .map(|shell| shell.write_complete(&mut command, words, Some(environment.folder()), &mut text));
    match told {
        Some(Ok(())) => {
            ui.bytes(&text);
            ExitCode::Done
        }
        _ => ExitCode::SomeFailed,
    }
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    /// The words for the services.
    Services,
    /// The providers of the archive.
    Providers,
    /// Both.
    Any,
    /// What the provider offers.
    Resources,
    /// The tables of the provider.
    Tables,
    /// The days held.
    Days,
    /// The kinds of revisions.
    Kinds,
    /// The settings.
    Settings,
}

/// What an argument of a command takes, where it is not for clap to know.
fn offer(command: &str, argument: &str) -> Option<Offer> {
    Some(match (command, argument) {
        ("providers", "name") | ("init", "services") => Offer::Services,
        ("login" | "import", "provider") => Offer::Any,
        (_, "provider" | "providers") => Offer::Providers,
        ("csv", "resource") => Offer::Tables,
        (_, "resource" | "only") => Offer::Resources,
        // Of the log these are dates of commits.
        ("log", "since" | "until") => return None,
        (_, "day" | "since" | "until") => Offer::Days,
        ("log", "kind") => Offer::Kinds,
        ("get" | "set" | "unset", "key") => Offer::Settings,
        _ => return None,
    })
}

fn offering(command: Command, hand: &Arc<Hand>) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|argument| match offer(&name, argument.get_id().as_str()) {
        None => argument,
        Some(offer) => {
            let hand = hand.clone();
            argument.add(ArgValueCompleter::new(move |begun: &OsStr| hand.candidates(offer, begun)))
        }
    });
    command.mut_subcommands(|one| offering(one, hand))
}

/// Where the person is, and what they have typed.
struct Hand {
    environment: Environment,
    words: Vec<OsString>,
}

impl Hand {
    fn candidates(&self, offer: Offer, begun: &OsStr) -> Vec<CompletionCandidate> {
        let Some(begun) = begun.to_str() else { return Vec::new() };
        // Of `D..E` the second day is being typed.
        let (kept, begun) = match begun.rsplit_once("..").filter(|_| offer == Offer::Days) {
            Some((first, rest)) => (format!("{first}.."), rest),
            None => (String::new(), begun),
        };
        let known = self.known(offer).into_iter().filter(|(word, _)| word.starts_with(begun));
        known
            .map(|(word, about)| {
                let about = (!about.is_empty()).then(|| about.into());
                CompletionCandidate::new(format!("{kept}{word}")).help(about)
            })
            .collect()
    }

    /// Words, and what each is, for shells that show it.
    fn known(&self, offer: Offer) -> Vec<(String, String)> {
        let plain = |word: String| (word, String::new());
        match offer {
            Offer::Services => services(),
            Offer::Providers => self.providers(),
            Offer::Any => {
                let mut all = self.providers();
                join(&mut all, services());
                all
            }
            Offer::Resources => self.resources(),
            Offer::Tables => {
                let named = self.services_named();
                let services = SERVICES.iter().filter(|service| named.contains(service.kind));
                let tables = services.flat_map(|service| service.tables);
                let mut all: Vec<_> = tables.map(|table| (table.name.to_owned(), table.about.to_owned())).collect();
                join(&mut all, self.resources());
                all
            }
            Offer::Days => self.days().into_iter().map(plain).collect(),
            Offer::Kinds => RevisionKind::ALL.iter().map(|kind| plain(kind.word().to_owned())).collect(),
            Offer::Settings => {
                let names = self.providers().into_iter();
                names.flat_map(|(name, _)| edit::settings_of(&name).collect::<Vec<_>>()).collect()
            }
        }
    }

    /// The archive that the words or the folder name.
    fn archive(&self) -> Option<Archive> {
        let words: Vec<_> = self.words.iter().map(|word| word.to_string_lossy()).collect();
        let mut pairs = words.iter().zip(words.iter().skip(1));
        let apart = pairs.find(|(word, _)| *word == "-C" || *word == "--archive").map(|(_, folder)| folder.to_string());
        let joined = || {
            let joined = words.iter().find_map(|word| word.strip_prefix("--archive=").or(word.strip_prefix("-C")));
            joined.map(str::to_owned)
        };
        // The shell hands the word over before it puts the home folder in its place.
        let at_home = |folder: &str| Some(Path::new(self.environment.get("HOME")?).join(folder.strip_prefix("~/")?));
        let chosen = apart.or_else(joined).map(|folder| at_home(&folder).unwrap_or_else(|| folder.into()));
        Archive::find(&self.environment, chosen.as_deref()).ok()
    }

    fn settings(&self) -> ArchiveSettings {
        let read = self.archive().and_then(|archive| archive.settings(&providers::kinds()).ok());
        read.unwrap_or_default()
    }

    /// The archive's providers, whether the settings name them or only the data does; services where there
    /// is no archive.
    fn providers(&self) -> Vec<(String, String)> {
        let Some(archive) = self.archive() else { return services() };
        let settings = self.settings();
        let held = archive.snapshot().and_then(|snapshot| snapshot.providers()).unwrap_or_default();
        let names: BTreeSet<ProviderName> = settings.providers.keys().cloned().chain(held).collect();
        let title = |name: &ProviderName| {
            let kind = settings.providers.get(name).map_or(name.as_str(), |settings| settings.kind.as_str());
            providers::provider(kind).map(|known| known.description().title.to_owned()).unwrap_or_default()
        };
        names.iter().map(|name| (name.to_string(), title(name))).collect()
    }

    /// The providers among the words typed; all of the archive where there is none.
    fn providers_named(&self) -> Vec<String> {
        let all: Vec<String> = self.providers().into_iter().map(|(name, _)| name).collect();
        let typed: Vec<String> =
            all.iter().filter(|name| self.words.iter().any(|word| word == name.as_str())).cloned().collect();
        if typed.is_empty() { all } else { typed }
    }

    /// The kinds of those providers.
    fn services_named(&self) -> BTreeSet<String> {
        let settings = self.settings().providers;
        let kind = |name: String| match name.parse::<ProviderName>().ok().and_then(|name| settings.get(&name)) {
            Some(settings) => settings.kind.clone(),
            None => name,
        };
        self.providers_named().into_iter().map(kind).collect()
    }

    fn resources(&self) -> Vec<(String, String)> {
        let kinds = self.services_named();
        let known = kinds.iter().filter_map(|kind| providers::provider(kind));
        let resources = known.flat_map(|provider| provider.description().resources);
        let mut all = Vec::new();
        for one in resources {
            join(&mut all, vec![(one.name.to_owned(), one.about.to_owned())]);
        }
        all
    }

    fn days(&self) -> Vec<String> {
        let Some(archive) = self.archive() else { return Vec::new() };
        let Ok(snapshot) = archive.snapshot() else { return Vec::new() };
        let names = self.providers_named().into_iter().filter_map(|name| name.parse::<ProviderName>().ok());
        let days = names.filter_map(|name| snapshot.days(&name).ok()).flat_map(|days| days.into_keys());
        days.collect::<BTreeSet<_>>().into_iter().map(|day| day.to_string()).collect()
    }
}

/// Adds words that are not there yet.
fn join(all: &mut Vec<(String, String)>, more: Vec<(String, String)>) {
    let known: BTreeSet<String> = all.iter().map(|(word, _)| word.clone()).collect();
    all.extend(more.into_iter().filter(|(word, _)| !known.contains(word)));
}

fn services() -> Vec<(String, String)> {
    let known = providers::ALL.iter().map(|provider| provider.description());
    known.map(|about| (about.kind.to_owned(), about.title.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every argument of a command and of those below it: the command's name and the argument's.
    fn arguments(command: &Command, found: &mut Vec<(String, String)>) {
        let name = command.get_name();
        found.extend(command.get_arguments().map(|one| (name.to_owned(), one.get_id().to_string())));
        command.get_subcommands().for_each(|one| arguments(one, found));
    }

    #[test]
    fn every_offer_is_for_an_argument_that_there_is() {
        let mut found = Vec::new();
        arguments(&Arguments::command(), &mut found);
        let offers = [
            Offer::Services,
            Offer::Providers,
            Offer::Any,
            Offer::Resources,
            Offer::Tables,
            Offer::Days,
            Offer::Kinds,
            Offer::Settings,
        ];
        for wanted in offers {
            assert!(found.iter().any(|(command, name)| offer(command, name) == Some(wanted)), "{wanted:?}");
        }
        // What takes a day, a provider or a resource offers it.
        for (command, name) in found {
            let speaks = ["provider", "day", "resource"].iter().any(|word| name.contains(word));
            assert!(!speaks || offer(&command, &name).is_some(), "{command} {name}");
        }
    }
}
