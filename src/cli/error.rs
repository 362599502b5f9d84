//! How a command ends: its exit code, and the one message that says what, where, and what to do next.

use std::error::Error;

use super::{Style, Text, Ui};
use crate::archive::ArchiveError;
use crate::config::{FolderError, SecretError, SettingsError};
use crate::model::{ClockError, DayError, NameError, nearest};

/// The exit codes, stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// Done.
    Done = 0,
    /// Some days or files failed; the rest is committed.
    SomeFailed = 1,
    /// Wrong usage or settings.
    Usage = 2,
    /// Sign-in needed.
    SignIn = 3,
    /// Come back later; progress kept.
    Later = 4,
    /// `verify` found damage.
    Damage = 5,
    /// Stopped by a guard.
    Guard = 6,
    /// Another fitsnap is at work.
    Busy = 7,
    /// Interrupted; progress kept.
    Interrupted = 130,
}

impl ExitCode {
    /// Every code, and what it means to a person or a script.
    pub const ALL: [(ExitCode, &str); 9] = [
        (ExitCode::Done, "done"),
        (ExitCode::SomeFailed, "some days or files failed, the rest is committed"),
        (ExitCode::Usage, "wrong usage or settings"),
        (ExitCode::SignIn, "sign-in needed, or the service is gone"),
        (ExitCode::Later, "come back later: a limit, or nobody answers; progress is kept"),
        (ExitCode::Damage, "verify found damage"),
        (ExitCode::Guard, "stopped by a guard: mass loss, your own edits, another account"),
        (ExitCode::Busy, "another fitsnap is at work"),
        (ExitCode::Interrupted, "interrupted, progress is kept"),
    ];
}

/// A command that could not do its work.
#[derive(Debug)]
pub struct CommandError {
    /// The exit code.
    pub code: ExitCode,
    /// What went wrong, and where.
    pub message: String,
    /// What lies behind it, outermost first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
}

impl CommandError {
    /// An error with a message of its own.
    pub fn new(code: ExitCode, message: impl Into<String>) -> CommandError {
        CommandError { code, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// The error of a lower room, with the sentences of what lies behind it.
    pub fn of(code: ExitCode, error: &dyn Error) -> CommandError {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        CommandError { code, message: error.to_string(), causes, hints: Vec::new() }
    }

    /// The error with advice more.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> CommandError {
        self.hints.push(hint.into());
        self
    }

    /// The error with the known word that was perhaps meant, if one is near.
    #[must_use]
    pub fn meant<'k>(self, word: &str, known: impl IntoIterator<Item = &'k str>) -> CommandError {
        match nearest(word, known) {
            Some(meant) => self.hint(format!("did you mean \"{meant}\"?")),
            None => self,
        }
    }

    /// Tells the person.
    pub fn print(&self, ui: &mut Ui) {
        ui.say(Text::new().with(Style::Red, "error: ").plain(&*self.message));
        for cause in &self.causes {
            ui.say(Text::new().plain("  because: ").plain(&**cause));
        }
        for hint in &self.hints {
            ui.hint(&**hint);
        }
    }
}

impl From<ArchiveError> for CommandError {
    fn from(error: ArchiveError) -> CommandError {
        if let ArchiveError::Settings(error) = error {
            return error.into();
        }
        let code = match &error {
            ArchiveError::NotFound { .. } | ArchiveError::NoIdentity | ArchiveError::Unusable { .. } => ExitCode::Usage,
            ArchiveError::Guard { .. } | ArchiveError::Signing { .. } => ExitCode::Guard,
            ArchiveError::Busy { .. } => ExitCode::Busy,
            _ => ExitCode::SomeFailed,
        };
        let hints = error.hints();
        let mut command = CommandError::of(code, &error);
        command.hints = hints;
        command
    }
}

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> CommandError {
        let command = CommandError::of(ExitCode::Usage, &error);
        match error {
            SettingsError::UnknownKey { nearest: Some(nearest), .. } => {
                command.hint(format!("did you mean \"{nearest}\"?"))
            }
            SettingsError::NewerFormat { .. } => command.hint("install the newest fitsnap; nothing was changed"),
            _ => command,
        }
    }
}

impl From<SecretError> for CommandError {
    fn from(error: SecretError) -> CommandError {
        let command = CommandError::of(ExitCode::Usage, &error);
        match error {
            SecretError::Content { .. } => {
                command.hint("mend it or move it away; it has tables like [strava] with client_id and client_secret")
            }
            SecretError::Read { .. } => command.hint("make it readable for this account, or move it away"),
            SecretError::Folder(_) => command,
        }
    }
}

impl From<FolderError> for CommandError {
    fn from(error: FolderError) -> CommandError {
        CommandError::of(ExitCode::Usage, &error)
    }
}

impl From<ClockError> for CommandError {
    fn from(error: ClockError) -> CommandError {
        CommandError::of(ExitCode::Usage, &error)
    }
}

impl From<DayError> for CommandError {
    fn from(error: DayError) -> CommandError {
        CommandError::of(ExitCode::Usage, &error)
    }
}

impl From<NameError> for CommandError {
    fn from(error: NameError) -> CommandError {
        CommandError::of(ExitCode::Usage, &error)
    }
}
