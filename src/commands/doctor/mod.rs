//! `fitsnap doctor`

mod archive;
mod check;
mod machine;
mod providers;

use serde_json::json;

use super::Context;
use crate::cli::{CommandError, ExitCode, Style, Text, Ui};
use check::{Check, State};

/// Look at everything that could stop tomorrow's sync, and say what to do about each
///
/// Sign-ins near their end, services that are gone, the clock, git and its hooks, the remote (commits not
/// pushed, a repository that anybody can read), the disk. Nothing is changed. The only place that is asked
/// is the remote's host, once and without a sign-in, as anybody could.
///
/// The exit code is the one with which tomorrow's sync would end: 0 although something deserves attention,
/// 2 for settings, 3 for a sign-in, 6 for edits of your own in the way, 1 for the rest; the lowest where
/// there are several.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap doctor\n  fitsnap doctor --json")]
pub struct DoctorArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &DoctorArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let mut checks = Vec::new();
    archive::look(&archive, context, &mut checks)?;
    providers::look(&archive, context, &mut checks)?;
    machine::look(&archive, context, &mut checks)?;
    let codes = checks.iter().filter_map(|check| match check.state {
        State::Problem(code) => Some(code),
        _ => None,
    });
    let code = codes.min().unwrap_or(ExitCode::Done);
    if args.json {
        let told: Vec<_> = checks.iter().map(Check::as_json).collect();
        ui.exact(&json!({"checks": told, "code": code as u8}).to_string());
    } else {
        if ui.is_quiet() {
            checks.retain(|check| check.state != State::Well);
        }
        checks.iter().for_each(|check| tell(check, ui));
        if !ui.is_quiet() || !checks.is_empty() {
            ui.data(conclusion(&checks));
        }
    }
    Ok(code)
}

fn tell(check: &Check, ui: &mut Ui) {
    let style = match check.state {
        State::Well => Style::Green,
        State::Warning => Style::Yellow,
        State::Problem(_) => Style::Red,
    };
    let head = Text::new().with(style, format!("{:<8}", check.state.word()));
    let what = check.provider.as_ref().map_or(check.what.to_owned(), |name| format!("{} {name}", check.what));
    ui.data(head.plain(format!("{what}: ")).plain(check.says.as_str()).hanging(10));
    if let Some(todo) = &check.todo {
        ui.data(Text::new().plain("          ").with(Style::Cyan, "do: ").plain(todo.as_str()).hanging(14));
    }
}

fn conclusion(checks: &[Check]) -> String {
    let count = |wanted: fn(&State) -> bool| checks.iter().filter(|check| wanted(&check.state)).count();
    let problems = count(|state| matches!(state, State::Problem(_)));
    match (problems, count(|state| matches!(state, State::Warning))) {
        (0, 0) => "well: nothing stands in the way of the next sync".to_owned(),
        (0, warnings) => format!("the next sync can work; {warnings} to look at"),
        (1, _) => "1 problem stands in the way of the next sync".to_owned(),
        (problems, _) => format!("{problems} problems stand in the way of the next sync"),
    }
}
