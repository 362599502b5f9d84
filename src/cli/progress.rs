//! How far a long run is: a bar on a terminal, a plain line now and then elsewhere.

use std::fmt::Write;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Ui;
use super::fold::folded;

/// Where there is no terminal, a wait is told of at most this often.
const EVERY: Duration = Duration::from_secs(60);

/// And how far a run is, at most this often.
const NOW_AND_THEN: Duration = Duration::from_secs(300);

/// The progress of one thing that is counted: days, bytes, requests.
pub struct Meter {
    bar: ProgressBar,
    plain: bool,
    said: Option<Instant>,
    told: Instant,
    what: String,
}

impl Meter {
    /// A meter for `what` (`moves`), with so many steps of `unit` (`days`) to come.
    pub fn new(ui: &Ui, what: &str, total: u64, unit: &'static str) -> Meter {
        let target = if ui.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = match unit {
            "bytes" => "{prefix} {wide_bar} {bytes}/{total_bytes}, {rate}, {left}{msg}",
            // How long requests take, their limits tell better than their pace.
            "requests" => "{prefix} {wide_bar} {pos}/{len} requests, {rate}{msg}",
            _ => "{prefix} {wide_bar} {pos}/{len} {unit}, {rate}, {left}{msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            let style = style
                .with_key("unit", move |_: &ProgressState, text: &mut dyn Write| {
                    let _ = text.write_str(unit);
                })
                .with_key("rate", move |state: &ProgressState, text: &mut dyn Write| {
                    let _ = text.write_str(&rate(state.per_sec(), unit));
                })
                .with_key("left", |state: &ProgressState, text: &mut dyn Write| {
                    let _ = write!(text, "{} left", words(state.eta()));
                });
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what.to_owned());
        Meter { bar, plain: !ui.shows_progress(), said: None, told: Instant::now(), what: what.to_owned() }
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

    /// What takes, from any thread, how many steps more there are and how many more are done.
    pub fn counter(&self) -> impl Fn(usize, usize) + Sync + use<> {
        let bar = self.bar.clone();
        move |more, done| {
            bar.inc_length(more as u64);
            bar.inc(done as u64);
        }
    }

    /// What else there is to say of how far it is: below the bar on a terminal, now and then elsewhere.
    pub fn tell(&mut self, ui: &mut Ui, words: &str) {
        self.below(ui, words);
        if self.plain && self.told.elapsed() >= NOW_AND_THEN {
            self.told = Instant::now();
            ui.note(format!("{}: {words}", self.what));
        }
    }

    /// A wait goes on for so long still; `after` says what comes then. Tells at once on a terminal, now and
    /// then elsewhere.
    pub fn waiting(&mut self, ui: &mut Ui, reason: &str, left: Duration, after: &str) {
        let text = format!("waiting {}: {reason}{after}", words(left));
        self.below(ui, &text);
        if self.plain && self.said.is_none_or(|said| said.elapsed() >= EVERY) {
            (self.said, self.told) = (Some(Instant::now()), Instant::now());
            ui.note(format!("{}: {text}", self.what));
        }
    }

    fn below(&self, ui: &Ui, words: &str) {
        self.bar.set_message(format!("\n{}", folded(&format!("  {words}"), ui.progress_columns(), 2)));
    }

    /// The wait is over.
    pub fn go_on(&mut self) {
        self.said = None;
    }

    /// Clears the line: what comes next are messages.
    pub fn clear(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `12/s`, `40/min`, `3.1 MB/s`
fn rate(per_second: f64, unit: &str) -> String {
    match unit {
        "bytes" => format!("{}/s", HumanBytes(per_second as u64)),
        _ if per_second >= 1.0 => format!("{per_second:.0}/s"),
        _ if per_second * 60.0 >= 1.0 => format!("{:.0}/min", per_second * 60.0),
        _ => format!("{:.0}/h", per_second * 3_600.0),
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
    fn rates_are_small_numbers() {
        for (per_second, unit, said) in [
            (12.4, "days", "12/s"),
            (0.65, "requests", "39/min"),
            (0.003, "requests", "11/h"),
            (2_097_152.0, "bytes", "2.00 MiB/s"),
        ] {
            assert_eq!(rate(per_second, unit), said);
        }
    }

    #[test]
    fn spans_show_their_two_largest_units() {
        assert_eq!(words(Duration::from_millis(1_200)), "2 s");
        assert_eq!(words(Duration::from_secs(95)), "1 min 35 s");
        assert_eq!(words(Duration::from_secs(3_600 * 3 + 120)), "3 h 2 min");
        assert_eq!(words(Duration::from_secs(86_400 * 2 + 3_600)), "2 d 1 h");
    }
}
