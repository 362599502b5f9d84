//! Words to and from the terminal: arguments, the only writer to standard output and error, messages.

mod args;
mod error;
mod fold;
mod pager;
mod progress;
mod sanitize;
mod table;
mod ui;

pub use args::{Global, parse_duration};
pub use error::{CommandError, ExitCode};
pub use fold::{columns, folded, padded};
pub use progress::{Meter, words as span_in_words};
pub use sanitize::sanitize;
pub use table::Table;
pub use ui::{Style, Text, Ui};
