//! Calendars of days: a year is a strip of weeks, each week a column from Monday to Sunday.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{Datelike, NaiveDate};
use maud::{Markup, PreEscaped, html};

use super::grouped;
use crate::audit::survey::ProviderSurvey;
use crate::model::Day;

const STEP: u32 = 11;
const TOP: u32 = 18;
const LEVELS: usize = 4;

/// The days held, darker where the document is larger.
pub(super) fn held(survey: &ProviderSurvey) -> Markup {
    let mut sizes: Vec<u64> = survey.held.values().copied().collect();
    sizes.sort_unstable();
    let bound = |quarter: usize| sizes.get(sizes.len() * quarter / LEVELS).copied().unwrap_or(0);
    let bounds: Vec<u64> = (1..LEVELS).map(bound).collect();
    let level = |size: u64| 1 + bounds.iter().filter(|bound| size >= **bound).count();
    let levels = survey.held.iter().map(|(day, size)| (*day, level(*size))).collect();
    let word = |days: usize| format!("{} days held", grouped(days));
    html! {
        (years(&levels, &span(survey), "held", word, |_| None))
        (legend("held", &match bounds[..] {
            [first, _, last] if first < last => [format!("under {}", bytes(first)), format!("{} and more", bytes(last))],
            _ => ["small".to_owned(), "large".to_owned()],
        }))
    }
}

/// The days changed after their first revision, darker the more often.
pub(super) fn changed(survey: &ProviderSurvey) -> Markup {
    let level = |count: usize| match count {
        1 => 1,
        2 => 2,
        3 | 4 => 3,
        _ => LEVELS,
    };
    let levels = survey.changes.iter().map(|(day, count)| (*day, level(*count))).collect();
    let word = |days: usize| format!("{} days changed", grouped(days));
    let title = |day: Day| {
        let count = survey.changes.get(&day)?;
        Some(format!("{day}: {count} {}", if *count == 1 { "change" } else { "changes" }))
    };
    html! {
        (years(&levels, &span(survey), "changed", word, title))
        (legend("changed", &["once".to_owned(), "five times and more".to_owned()]))
    }
}

/// The years to show, the latest first.
fn span(survey: &ProviderSurvey) -> Vec<i32> {
    let days: Vec<Day> = survey.held.keys().chain(survey.changes.keys()).copied().collect();
    let years = days.iter().map(|day| day.date().year());
    match (years.clone().min(), years.max()) {
        (Some(first), Some(last)) => (first..=last).rev().collect(),
        _ => Vec::new(),
    }
}

fn years(
    levels: &BTreeMap<Day, usize>,
    years: &[i32],
    class: &str,
    word: impl Fn(usize) -> String,
    title: impl Fn(Day) -> Option<String>,
) -> Markup {
    html! {
        @for year in years {
            div.year {
                span { (year) }
                (strip(*year, levels, class, &word, &title))
            }
        }
    }
}

/// One year. Days of the same level are one path, which keeps the page small; a day that has
/// something to say is a square of its own.
fn strip(
    year: i32,
    levels: &BTreeMap<Day, usize>,
    class: &str,
    word: impl Fn(usize) -> String,
    title: impl Fn(Day) -> Option<String>,
) -> Markup {
    let mut paths = vec![String::new(); LEVELS + 1];
    let mut squares = String::new();
    let mut count = 0;
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    for date in first.iter_days().take_while(|date| date.year() == year) {
        let (x, y) = (column(date) * STEP, TOP + date.weekday().num_days_from_monday() * STEP);
        let level = Day::from_date(date).and_then(|day| Some((day, *levels.get(&day)?)));
        count += usize::from(level.is_some());
        // Writing to a string cannot fail.
        let _ = match level.and_then(|(day, level)| Some((level, title(day)?))) {
            Some((level, title)) => {
                write!(squares, "<rect x=\"{x}\" y=\"{y}\" class=\"{class}{level}\"><title>{title}</title></rect>")
            }
            None => write!(paths[level.map_or(0, |(_, level)| level)], "M{x} {y}h9v9h-9z"),
        };
    }
    let months = (1..=12).filter_map(|month| NaiveDate::from_ymd_opt(year, month, 1));
    html! {
        svg.calendar viewBox="0 0 582 96" role="img" aria-label={ (year) ": " (word(count)) } {
            @for month in months {
                text x=(column(month) * STEP) y="13" { (month.format("%b").to_string().get(..1).unwrap_or_default()) }
            }
            @for (level, path) in paths.iter().enumerate() {
                @if !path.is_empty() { path class={ (class) (level) } d=(path) {} }
            }
            (PreEscaped(squares))
        }
    }
}

/// The week of the year in which a date stands, from Monday to Sunday.
fn column(date: NaiveDate) -> u32 {
    let first = date.with_ordinal(1).unwrap_or(date).weekday().num_days_from_monday();
    (date.ordinal0() + first) / 7
}

fn legend(class: &str, ends: &[String; 2]) -> Markup {
    html! {
        p.legend {
            (ends[0])
            svg viewBox="0 0 44 9" aria-hidden="true" {
                @for level in 1..=LEVELS { rect x=((level - 1) * 11) y="0" class={ (class) (level) } {} }
            }
            (ends[1])
        }
    }
}

fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.1} kB", size as f64 / 1e3),
        _ => format!("{:.1} MB", size as f64 / 1e6),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        let column = |text: &str| column(text.parse().unwrap());
        // 2015 began on a Thursday: its first Monday opens the second column.
        assert_eq!((column("2015-01-01"), column("2015-01-04"), column("2015-01-05")), (0, 0, 1));
        assert_eq!((column("2018-01-07"), column("2018-01-08")), (0, 1));
        assert_eq!(column("2012-12-31"), 53);
    }

    #[test]
    fn every_day_of_the_year_is_drawn_once() {
        let day: Day = "2016-02-29".parse().unwrap();
        let drawn = strip(2016, &[(day, 3)].into(), "held", |count| count.to_string(), |_| None).into_string();
        assert_eq!(drawn.matches("h9v9h-9z").count(), 366);
        assert!(drawn.contains("aria-label=\"2016: 1\"") && drawn.contains("class=\"held3\""));
        let told = strip(2016, &[(day, 3)].into(), "held", |_| String::new(), |_| Some("here".into())).into_string();
        assert!(told.contains("<title>here</title>"));
    }
}
