//! One thing that was looked at.

use serde_json::{Value, json};

use crate::cli::{CommandError, ExitCode};
use crate::model::ProviderName;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As it should be.
    Well,
    /// It does not stop a sync, yet deserves attention.
    Warning,
    /// Tomorrow's sync ends with this code.
    Problem(ExitCode),
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Well => "well",
            State::Warning => "warning",
            State::Problem(_) => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// What it is.
    pub(super) what: &'static str,
    /// Of which provider, where it is of one.
    pub(super) provider: Option<ProviderName>,
    /// How it stands.
    pub(super) state: State,
    /// What was seen.
    pub(super) says: String,
    /// What to do.
    pub(super) todo: Option<String>,
}

impl Check {
    pub(super) fn well(what: &'static str, says: impl Into<String>) -> Check {
        Check { what, provider: None, state: State::Well, says: says.into(), todo: None }
    }

    pub(super) fn warning(what: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Check {
        Check { state: State::Warning, todo: Some(todo.into()), ..Check::well(what, says) }
    }

    pub(super) fn problem(
        what: &'static str,
        code: ExitCode,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Check {
        Check { state: State::Problem(code), todo: Some(todo.into()), ..Check::well(what, says) }
    }

    /// What a command would have ended with.
    pub(super) fn of_error(what: &'static str, error: CommandError) -> Check {
        let todo = (!error.hints.is_empty()).then(|| error.hints.join("; "));
        let says = std::iter::once(error.message).chain(error.causes).collect::<Vec<_>>().join(": ");
        Check { state: State::Problem(error.code), todo, ..Check::well(what, says) }
    }

    pub(super) fn about(self, provider: &ProviderName) -> Check {
        Check { provider: Some(provider.clone()), ..self }
    }

    pub(super) fn as_json(&self) -> Value {
        let provider = self.provider.as_ref().map(ProviderName::as_str);
        json!({
            "check": self.what,
            "provider": provider,
            "state": self.state.word(),
            "says": self.says,
            "do": self.todo,
        })
    }
}
