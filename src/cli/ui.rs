//! The only writer to standard output and standard error.

use std::io::{self, IsTerminal, Write};

use clap::ColorChoice;
use terminal_size::{Height, Width, terminal_size_of};

use super::fold::folded;
use super::pager::Pager;
use super::sanitize;
use crate::config::Environment;

/// How a piece of text looks on a terminal with colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// Stands out.
    Bold,
    /// Stands back.
    Dim,
    /// Lost, wrong.
    Red,
    /// Added, well.
    Green,
    /// Altered, mind this.
    Yellow,
    /// Names of things.
    Cyan,
}

impl Style {
    fn code(self) -> Option<&'static str> {
        match self {
            Style::Plain => None,
            Style::Bold => Some("1"),
            Style::Dim => Some("2"),
            Style::Red => Some("31"),
            Style::Green => Some("32"),
            Style::Yellow => Some("33"),
            Style::Cyan => Some("36"),
        }
    }
}

/// A line of text in pieces, each with its style.
#[derive(Clone, Debug, Default)]
pub struct Text {
    pieces: Vec<(Style, String)>,
    /// How far in a line goes on that a terminal is too narrow for; none where it is not to be broken.
    hang: Option<usize>,
}

impl Text {
    /// A text with nothing in it.
    pub fn new() -> Text {
        Text::default()
    }

    /// The text with a piece more.
    #[must_use]
    pub fn with(mut self, style: Style, piece: impl Into<String>) -> Text {
        self.pieces.push((style, piece.into()));
        self
    }

    /// The text with another behind it.
    #[must_use]
    pub fn and(mut self, other: Text) -> Text {
        self.pieces.extend(other.pieces);
        self
    }

    /// The text as words for people: on a terminal that is too narrow for them they go on below, so far in.
    #[must_use]
    pub fn hanging(mut self, columns: usize) -> Text {
        self.hang = Some(columns);
        self
    }

    /// The text with a plain piece more.
    #[must_use]
    pub fn plain(self, piece: impl Into<String>) -> Text {
        self.with(Style::Plain, piece)
    }
}

impl<S: Into<String>> From<S> for Text {
    fn from(text: S) -> Text {
        Text::new().plain(text)
    }
}

/// What a terminal has that does not say.
const USUAL_COLUMNS: usize = 80;

struct Channel {
    writer: Box<dyn Write>,
    terminal: bool,
    color: bool,
    /// How many columns the terminal has now.
    columns: fn() -> Option<usize>,
    broken: bool,
    /// Why something could not be written, other than that the reader went away.
    failure: Option<String>,
}

impl Channel {
    fn line(&mut self, text: &Text) {
        let mut line = String::new();
        for (style, piece) in &text.pieces {
            // On a pipe too: what is at its other end may be a terminal, by way of `head` or a mail.
            let piece = sanitize(piece);
            match style.code().filter(|_| self.color) {
                Some(code) => line.push_str(&format!("\x1b[{code}m{piece}\x1b[0m")),
                None => line.push_str(&piece),
            }
        }
        if let Some(hang) = text.hang.filter(|_| self.terminal) {
            line = folded(&line, self.columns(), hang);
        }
        line.push('\n');
        self.bytes(line.as_bytes());
    }

    fn columns(&self) -> usize {
        (self.columns)().unwrap_or(USUAL_COLUMNS)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let written = self.writer.write_all(bytes);
        self.mind(written);
    }

    fn flush(&mut self) {
        let flushed = self.writer.flush();
        self.mind(flushed);
    }

    fn mind(&mut self, written: io::Result<()>) {
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.broken = true,
            Err(error) => self.failure = Some(error.to_string()),
        }
    }
}

fn width(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(Width(columns), _)| columns.into()).filter(|columns| *columns > 0)
}

/// Standard output for data, standard error for everything else.
pub struct Ui {
    out: Channel,
    err: Channel,
    quiet: bool,
}

impl Ui {
    /// The process's own standard output and error.
    pub fn of_process(environment: &Environment) -> Ui {
        let color = environment.get("NO_COLOR").is_none() && environment.get("TERM") != Some("dumb");
        let channel = |writer: Box<dyn Write>, terminal: bool, columns: fn() -> Option<usize>| Channel {
            writer,
            terminal,
            color: terminal && color,
            columns,
            broken: false,
            failure: None,
        };
        Ui {
            out: channel(Box::new(io::BufWriter::new(io::stdout())), io::stdout().is_terminal(), || {
                width(terminal_size_of(io::stdout()))
            }),
            err: channel(Box::new(io::stderr()), io::stderr().is_terminal(), || width(terminal_size_of(io::stderr()))),
            quiet: false,
        }
    }

    /// From now on only what needs a person is told.
    pub fn be_quiet(&mut self) {
        self.quiet = true;
    }

    /// Whether only what needs a person is told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Colours as the person wants them from now on, whatever the environment says.
    pub fn color(&mut self, choice: ColorChoice) {
        for channel in [&mut self.out, &mut self.err] {
            match choice {
                ColorChoice::Auto => {}
                ColorChoice::Always => channel.color = true,
                ColorChoice::Never => channel.color = false,
            }
        }
    }

    /// How many columns a line on standard output may take: as many as its terminal has, and no more than
    /// `most`, which holds where there is none.
    pub fn columns(&self, most: usize) -> usize {
        if self.out.terminal { self.out.columns().min(most) } else { most }
    }

    /// Shows the data that follows through the person's pager, where standard output is a terminal.
    pub fn page(&mut self, environment: &Environment) {
        if self.out.terminal
            && let Some(pager) = Pager::start(environment)
        {
            self.flush();
            self.out.writer = Box::new(io::BufWriter::new(pager));
        }
    }

    /// Waits until the person has left the pager, if there is one.
    pub fn end_page(&mut self) {
        self.flush();
        // Dropping the writer ends the pager's input and waits for it.
        self.out.writer = Box::new(io::BufWriter::new(io::stdout()));
    }

    /// Writes a line of data for a person to read.
    pub fn data(&mut self, text: impl Into<Text>) {
        self.out.line(&text.into());
    }

    /// Writes data for programs, such as JSON: a pipe gets it as it is.
    pub fn exact(&mut self, text: &str) {
        if self.out.terminal {
            return text.split('\n').for_each(|line| self.data(line));
        }
        self.out.bytes(text.as_bytes());
        self.out.bytes(b"\n");
    }

    /// Writes bytes of data as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.bytes(bytes);
    }

    /// Writes a line for the person: what is going on, what came of it. Nothing where they asked for quiet.
    pub fn note(&mut self, text: impl Into<Text>) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Writes a line that the person has to see.
    pub fn say(&mut self, text: impl Into<Text>) {
        // What was said before must not come out after.
        self.out.flush();
        let text = text.into();
        let hang = text.hang.unwrap_or(2);
        self.err.line(&text.hanging(hang));
    }

    /// Writes a line that asks for attention.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.say(Text::new().with(Style::Yellow, "warning: ").plain(text));
    }

    /// Writes a line that says what to do about an error or a warning.
    pub fn hint(&mut self, text: impl Into<String>) {
        self.say(hint(text));
    }

    /// Writes a line that says what to do next, now that all went well.
    pub fn next(&mut self, text: impl Into<String>) {
        self.note(hint(text));
    }

    /// Asks a question that yes or no answers; none where there is no terminal to ask on.
    pub fn confirm(&mut self, question: &str) -> Option<bool> {
        let answer = self.ask(Text::new().with(Style::Bold, question).plain(" [y/N]"))?;
        Some(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks a question that a line answers, without the spaces around it; empty where the person ends the input
    /// instead. None where there is no terminal to ask on.
    pub fn ask(&mut self, question: impl Into<Text>) -> Option<String> {
        if !self.err.terminal || !io::stdin().is_terminal() {
            return None;
        }
        self.say(question);
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    /// Whether a person sits at a terminal, wishes to be told, and nothing of what they see goes elsewhere.
    pub fn has_person(&self) -> bool {
        !self.quiet && self.out.terminal && self.err.terminal && io::stdin().is_terminal()
    }

    /// Whether a person watches standard error, so that progress may move there.
    pub fn shows_progress(&self) -> bool {
        self.err.terminal && !self.quiet
    }

    /// How many columns there are where progress moves.
    pub fn progress_columns(&self) -> usize {
        self.err.columns()
    }

    /// Whether the reader of standard output went away: then there is no use in going on.
    pub fn is_cut_off(&self) -> bool {
        self.out.broken
    }

    /// Writes lines of data, each made safe.
    pub fn lines(&mut self, text: &str, style: impl Fn(&str) -> Style) {
        for line in text.lines() {
            self.data(Text::new().with(style(line), line));
        }
    }

    /// Sends on what is still held back.
    pub fn flush(&mut self) {
        self.out.flush();
    }

    /// Why data was lost on its way to standard output, as on a full disk.
    pub fn lost(&self) -> Option<String> {
        self.out.failure.clone()
    }
}

fn hint(text: impl Into<String>) -> Text {
    Text::new().with(Style::Cyan, "hint: ").plain(text)
}
