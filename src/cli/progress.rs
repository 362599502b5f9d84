//! How far a long run is: a bar on a terminal, a plain line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ui;

/// Where there is no terminal, a line at most this often.
const EVERY: Duration = Duration::from_secs(60);

/// The progress of one thing that is counted: days, bytes.
pub struct Meter {
    bar: ProgressBar,
    plain: bool,
    said: Option<Instant>,
    what: String,
}

impl Meter {
    /// A meter for `what` (`moves`), with so many steps of `unit` (`days`) to come.
    pub fn new(ui: &Ui, what: &str, total: u64, unit: &str) -> Meter {
        let target = if ui.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = if unit == "bytes" {
            "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left {msg}".to_owned()
        } else {
            format!("{{prefix}} {{wide_bar}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left {{msg}}")
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what.to_owned());
        Meter { bar, plain: !ui.shows_progress(), said: None, what: what.to_owned() }
    }

    /// So many steps there are, as is known by now.
    pub fn set_total(&mut self, total: u64) {
        self.bar.set_length(total);
    }

    /// So many steps are done in all.
    pub fn set(&mut self, done: u64) {
        self.bar.set_position(done);
    }

    /// So many more steps are done.
    pub fn add(&mut self, steps: u64) {
        self.bar.inc(steps);
    }

    /// A wait goes on for so long still. Tells at once on a terminal, now and then elsewhere.
    pub fn waiting(&mut self, ui: &mut Ui, reason: &str, left: Duration) {
        let left = words(left);
        self.bar.set_message(format!("waiting {left}: {reason}"));
        if self.plain && self.said.is_none_or(|said| said.elapsed() >= EVERY) {
            self.said = Some(Instant::now());
            ui.note(format!("{}: waiting {left}: {reason}", self.what));
        }
    }

    /// The wait is over.
    pub fn go_on(&mut self) {
        self.bar.set_message("");
        self.said = None;
    }

    /// Clears the line: what comes next are messages.
    pub fn clear(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A span of time for people: its two largest units.
pub fn words(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_show_their_two_largest_units() {
        assert_eq!(words(Duration::from_millis(1_200)), "2 s");
        assert_eq!(words(Duration::from_secs(95)), "1 min 35 s");
        assert_eq!(words(Duration::from_secs(3_600 * 3 + 120)), "3 h 2 min");
        assert_eq!(words(Duration::from_secs(86_400 * 2 + 3_600)), "2 d 1 h");
    }
}
