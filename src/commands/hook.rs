//! `fitsnap hook`, which git's hooks call

use std::collections::BTreeSet;
use std::io::Read;

use super::{Context, verify};
use crate::archive::{Archive, Objection, OutgoingLeak, PushedRef, Scanner};
use crate::auth::known_secrets;
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use crate::config::Environment;
use crate::model::ProviderName;
use crate::providers;

/// Check what git is about to do; the archive's hooks call this
#[derive(Debug, clap::Args)]
pub struct HookArgs {
    #[command(subcommand)]
    hook: Hook,
}

#[derive(Debug, clap::Subcommand)]
enum Hook {
    /// Refuse a commit that would damage the archive or holds a secret
    PreCommit,
    /// Refuse a push of a damaged archive or of a secret; git tells on standard input what is pushed
    PrePush {
        /// The remote's name
        remote: Option<String>,
        /// The remote's address
        address: Option<String>,
    },
}

pub fn run(args: &HookArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = Archive::of_hook(context.environment)?;
    let secrets = secrets_of(context.environment, &archive);
    match &args.hook {
        Hook::PreCommit => pre_commit(&archive, &Scanner::new(&secrets, false), ui),
        Hook::PrePush { remote, .. } => {
            pre_push(&archive, remote.as_deref().unwrap_or_default(), &Scanner::new(&secrets, true), ui)
        }
    }
}

fn pre_commit(archive: &Archive, scanner: &Scanner, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let objections = archive.check_staged(&providers::kinds(), scanner)?;
    for Objection { path, problem, remedy } in &objections {
        ui.say(Text::new().with(Style::Red, &**path).plain(format!(": {problem}")));
        ui.say(Text::new().with(Style::Dim, "    mend it: ").plain(&**remedy));
    }
    if objections.is_empty() {
        return Ok(ExitCode::Done);
    }
    Err(CommandError::new(ExitCode::Damage, "the commit would damage the archive; nothing was committed"))
}

fn pre_push(archive: &Archive, remote: &str, scanner: &Scanner, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let mut input = String::new();
    std::io::stdin()
        .read_to_string(&mut input)
        .map_err(|error| CommandError::new(ExitCode::Usage, format!("cannot read what git pushes: {error}")))?;
    let refs: Option<Vec<PushedRef>> = input.lines().map(PushedRef::read).collect();
    let refs = refs.ok_or_else(|| {
        CommandError::new(ExitCode::Usage, "standard input is not what git tells a pre-push hook")
            .hint("this command is for git: its hook is .git/hooks/pre-push")
    })?;
    let outgoing = archive.scan_outgoing(&refs, remote, scanner)?;
    for OutgoingLeak { place, leak } in &outgoing.leaks {
        let place = format!("{place}, line {}: ", leak.line);
        ui.say(Text::new().with(Style::Red, place).plain(&*leak.what));
    }
    for place in &outgoing.unseen {
        ui.warn(format!("{place}: too large to be looked through for secrets"));
    }
    if !outgoing.leaks.is_empty() {
        return Err(CommandError::new(ExitCode::Guard, "the push would give a secret away; nothing was pushed")
            .hint("take it out of the commits that have it (git rebase -i), and sign in anew if it was ever pushed: fitsnap login"));
    }
    let verified = archive.check_outgoing_tips(&refs)?;
    for finding in &verified.findings {
        ui.say(verify::line(finding));
        ui.say(Text::new().with(Style::Dim, "    mend it: ").plain(&*finding.remedy));
    }
    if verified.findings.is_empty() {
        return Ok(ExitCode::Done);
    }
    Err(CommandError::new(ExitCode::Damage, "the archive is damaged; nothing was pushed")
        .hint("see more with: fitsnap verify"))
}

/// The values that must not leave this machine, each with the words for it. Where the settings cannot
/// be read the folders under `data/` and the services' own words tell whom to ask for.
fn secrets_of(environment: &Environment, archive: &Archive) -> Vec<(String, String)> {
    let kinds = providers::kinds();
    let mut names: BTreeSet<ProviderName> = kinds.iter().filter_map(|kind| kind.parse().ok()).collect();
    names.extend(archive.settings(&kinds).map(|settings| settings.providers.into_keys()).into_iter().flatten());
    names.extend(archive.snapshot().and_then(|snapshot| snapshot.providers()).unwrap_or_default());
    let of = |name: ProviderName| {
        let known = known_secrets(environment, archive.root(), &name);
        known.into_iter().map(move |(word, value)| (format!("the {word} of {name}"), value))
    };
    names.into_iter().flat_map(of).collect()
}
