//! The settling curve: what share of all changes had come so many days after the day's end.

use std::fmt::Write;

use maud::{Markup, html};

use super::days;
use crate::audit::survey::Pace;

const LEFT: f64 = 40.0;
const RIGHT: f64 = 388.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 168.0;
const TICKS: [i64; 14] = [0, 1, 3, 7, 14, 30, 60, 120, 365, 730, 1_825, 3_650, 7_300, 14_600];

pub(super) fn settling(pace: &Pace, window: u32) -> Markup {
    let last = pace.days_after(100).unwrap_or(0).max(window.into()).max(7);
    // Days are drawn closer together the further away they are: the first week matters most.
    let x = |day: i64| LEFT + (RIGHT - LEFT) * (1.0 + day as f64).ln() / (1.0 + last as f64).ln();
    let y = |share: f64| BOTTOM - (BOTTOM - TOP) * share;
    let all = pace.changes().max(1) as f64;
    let mut line = format!("M{LEFT:.1} {BOTTOM:.1}");
    let mut seen = 0;
    for (day, count) in &pace.days_after {
        seen += count;
        // Writing to a string cannot fail.
        let _ = write!(line, "H{:.1}V{:.1}", x(*day), y(seen as f64 / all));
    }
    let _ = write!(line, "H{RIGHT:.1}");
    let mut ticks = Vec::new();
    for tick in TICKS.into_iter().filter(|tick| *tick <= last) {
        if ticks.last().is_none_or(|before| x(tick) - x(*before) > 26.0) {
            ticks.push(tick);
        }
    }
    // A day leaves a window of N days when N - 1 whole days have passed since its end.
    let edge = x(i64::from(window) - 1);
    let (anchor, beside) = if edge > 260.0 { ("end", -4.0) } else { ("start", 4.0) };
    let half = pace.days_after(50).map(days).unwrap_or_default();
    let most = pace.days_after(99).map(days).unwrap_or_default();
    let label = format!("Half of all changes had come after {half}, 99 % after {most}.");
    html! {
        figure.curve {
            svg viewBox="0 0 400 204" role="img" aria-label=(label) {
                @for percent in [0, 25, 50, 75, 100] {
                    @let at = y(f64::from(percent) / 100.0);
                    path.grid d={ "M" (LEFT) " " (format!("{at:.1}")) "H" (RIGHT) } {}
                    text x=(LEFT - 5.0) y=(format!("{:.1}", at + 3.5)) text-anchor="end" { (percent) " %" }
                }
                @for tick in ticks { text x=(format!("{:.1}", x(tick))) y="184" text-anchor="middle" { (tick) } }
                text x=((LEFT + RIGHT) / 2.0) y="200" text-anchor="middle" { "whole days after the day’s end" }
                path.window d={ "M" (format!("{edge:.1}")) " " (TOP - 8.0) "V" (BOTTOM) } {}
                text.window x=(format!("{:.1}", edge + beside)) y="13" text-anchor=(anchor) { "window of " (days(window.into())) }
                path.line d=(line) {}
            }
            figcaption { (label) }
        }
    }
}
