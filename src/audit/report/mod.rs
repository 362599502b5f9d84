//! One page that shows what a person holds and what the services did to it. It needs no script and
//! nothing from elsewhere; every text in it is escaped.

mod calendar;
mod curve;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::survey::{ProviderSurvey, Rewrite};
use crate::archive::CommitId;
use crate::model::{ProviderName, timestamp};

/// The mark by which a page of ours is known, so that no other file is written over.
pub const MARK: &str = "<meta name=\"generator\" content=\"fitsnap\">";

/// How many gaps are named.
const GAPS: usize = 60;

/// What the page is about.
pub struct Report<'r> {
    /// The providers.
    pub surveys: &'r BTreeMap<ProviderName, ProviderSurvey>,
    /// When it is made.
    pub now: DateTime<Utc>,
    /// The commit that it shows, if the archive has one.
    pub head: Option<CommitId>,
    /// Where commits can be looked at: the address before the commit's id.
    pub commits_at: Option<String>,
    /// Whether the clone lacks older commits.
    pub shallow: bool,
}

impl Report<'_> {
    /// The page as HTML.
    pub fn page(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    (PreEscaped(MARK))
                    title { "What the services did to the past" }
                    style { (PreEscaped(include_str!("style.css"))) }
                }
                body {
                    header {
                        h1 { "What the services did to the past" }
                        p.quiet {
                            "Made by fitsnap on " time datetime=(timestamp(self.now)) { (self.now.format("%Y-%m-%d %H:%M UTC")) }
                            @if let Some(head) = self.head { ", from commit " (self.commit(head)) }
                            "."
                        }
                        @if self.shallow {
                            p.warning { "This clone lacks older commits: what came before them is not counted." }
                        }
                    }
                    main {
                        @if self.surveys.is_empty() { p { "No day is held yet." } }
                        @if self.surveys.len() > 1 { (self.overview()) }
                        @for (name, survey) in self.surveys { (self.provider(name, survey)) }
                    }
                }
            }
        };
        page.into_string()
    }

    fn commit(&self, commit: CommitId) -> Markup {
        html! {
            @match &self.commits_at {
                Some(address) => a href={ (address) (commit) } { code { (commit.short()) } },
                None => code title=(commit) { (commit.short()) },
            }
        }
    }

    fn overview(&self) -> Markup {
        html! {
            div.wide { table {
                thead { tr {
                    th { "Provider" } th.number { "Days held" } th { "First" } th { "Last" }
                    th.number { "Days missing" } th.number { "Changes" } th.number { "Days rewritten" }
                } }
                tbody { @for (name, survey) in self.surveys { tr {
                    th scope="row" { a href={ "#" (name) } { (name) } }
                    td.number { (grouped(survey.held.len())) }
                    td { @if let Some((day, _)) = survey.held.first_key_value() { (day) } }
                    td { @if let Some((day, _)) = survey.held.last_key_value() { (day) } }
                    td.number { (grouped(missing(survey))) }
                    td.number { (grouped(survey.whole.changes())) }
                    td.number { (grouped(survey.whole.rewritten.len())) }
                } } }
            } }
        }
    }

    fn provider(&self, name: &ProviderName, survey: &ProviderSurvey) -> Markup {
        let whole = &survey.whole;
        html! {
            section id=(name) {
                h2 { (name) }
                dl.facts {
                    (fact("days held", &grouped(survey.held.len())))
                    (fact("days missing between", &grouped(missing(survey))))
                    (fact("changes after the first download", &grouped(whole.changes())))
                    (fact("days rewritten", &share(whole.rewritten.len(), whole.days.len())))
                    @if let Some(last) = whole.days_after(100) { (fact("latest change after a day", &days(last))) }
                }
                p { (verdict(survey)) }
                @if survey.unreadable > 0 {
                    p.warning { (survey.unreadable) " revisions are not readable as JSON; see them with " code { "fitsnap log --provider " (name) } "." }
                }
                div.pair {
                    figure {
                        figcaption { "Days held, by size" }
                        (calendar::held(survey))
                    }
                    figure {
                        figcaption { "Days changed later, by how often" }
                        (calendar::changed(survey))
                    }
                }
                @if whole.changes() > 0 {
                    h3 { "How days settle" }
                    (curve::settling(whole, survey.window))
                    (paces(survey))
                    h3 { "Fields that change most" }
                    (fields(survey))
                }
                @if !survey.largest.is_empty() {
                    h3 { "Largest rewrites" }
                    (self.rewrites(name, &survey.largest))
                }
                (gaps(survey))
            }
        }
    }

    fn rewrites(&self, name: &ProviderName, rewrites: &[Rewrite]) -> Markup {
        html! {
            div.wide { table {
                thead { tr {
                    th { "Day" } th { "Kind" } th.number { "Records" } th { "Noticed" } th.number { "Days after" } th { "Commit" } th { "Look at it" }
                } }
                tbody { @for rewrite in rewrites { tr {
                    td { (rewrite.day) }
                    td { span class={ "kind " (rewrite.kind.word()) } { (rewrite.kind.word()) } }
                    td.number { (grouped(rewrite.records)) }
                    td { (rewrite.time.format("%Y-%m-%d")) }
                    td.number { (grouped(rewrite.days_after.unsigned_abs() as usize)) }
                    td { (self.commit(rewrite.commit)) }
                    td { code { "fitsnap diff " (name) " " (rewrite.day) " " (rewrite.commit.short()) "~1 " (rewrite.commit.short()) } }
                } } }
            } }
        }
    }
}

fn fact(what: &str, much: &str) -> Markup {
    html! { div { dt { (what) } dd { (much) } } }
}

/// What the changes mean for the window.
pub fn verdict(survey: &ProviderSurvey) -> String {
    let window = days(survey.window.into());
    let Some(needed) = survey.whole.window(99) else {
        return format!("Nothing was changed so far; the window is {window}.");
    };
    let missed = match survey.whole.late {
        0 => "no change came after a day had left it".to_owned(),
        1 => "1 change came after the day had left it".to_owned(),
        count => format!("{} changes came after the day had left it", grouped(count)),
    };
    format!("The window is {window}: {missed}. A window of {} would have caught 99 % of what was found.", days(needed))
}

fn paces(survey: &ProviderSurvey) -> Markup {
    html! {
        div.wide { table {
            thead { tr {
                th { "Resource" } th.number { "Days" } th.number { "Changed" } th.number { "Rewritten" } th.number { "Changes" }
                th.number { "Half within" } th.number { "95 %" } th.number { "99 %" } th.number { "Last" } th.number { "After the window" }
            } }
            tbody { @for (name, pace) in &survey.resources { tr {
                th scope="row" { (resource(name)) }
                td.number { (grouped(pace.days.len())) }
                td.number { (share(pace.changed.len(), pace.days.len())) }
                td.number { (share(pace.rewritten.len(), pace.days.len())) }
                td.number { (grouped(pace.changes())) }
                @for percent in [50, 95, 99, 100] { td.number { (pace.days_after(percent).map(days).unwrap_or_default()) } }
                td.number { (grouped(pace.late)) }
            } } }
        } }
    }
}

fn fields(survey: &ProviderSurvey) -> Markup {
    let mut fields: Vec<(&str, &str, usize)> = Vec::new();
    for (name, pace) in &survey.resources {
        fields.extend(pace.most_changed().into_iter().map(|(member, count)| (name.as_str(), member, count)));
    }
    fields.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    fields.truncate(15);
    let most = fields.first().map_or(1, |(_, _, count)| *count).max(1);
    html! {
        div.wide { table.bars {
            tbody { @for (name, member, count) in fields { tr {
                th scope="row" { (resource(name)) " " code { (member) } }
                td.number { (grouped(count)) }
                td.bar { span style={ "width:" (format!("{:.1}", 100.0 * count as f64 / most as f64)) "%" } {} }
            } } }
        } }
    }
}

fn gaps(survey: &ProviderSurvey) -> Markup {
    let gaps = survey.gaps();
    html! {
        h3 { "Gaps" }
        @if gaps.is_empty() {
            p { "None: every day from the first to the last is held." }
        } @else {
            details open[gaps.len() <= 12] {
                summary { (grouped(missing(survey))) " days in " (grouped(gaps.len())) " gaps" }
                ul.gaps {
                    @for (first, last) in gaps.iter().take(GAPS) {
                        li { (first) @if first != last { " to " (last) } }
                    }
                    @if gaps.len() > GAPS { li { "and " (gaps.len() - GAPS) " more" } }
                }
            }
        }
    }
}

fn resource(name: &str) -> &str {
    if name.is_empty() { "document" } else { name }
}

fn missing(survey: &ProviderSurvey) -> usize {
    survey.gaps().iter().map(|(first, last)| last.days_since(*first).unsigned_abs() as usize + 1).sum()
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{} days", grouped(count.unsigned_abs() as usize)) }
}

fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => grouped(part),
        whole => format!("{} ({:.0} %)", grouped(part), 100.0 * part as f64 / whole as f64),
    }
}

/// `14,600`
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::audit::survey::Pace;

    fn survey() -> ProviderSurvey {
        let day = |text: &str| text.parse().unwrap();
        let pace = Pace {
            days: [day("2015-07-01"), day("2015-07-03")].into(),
            changed: [day("2015-07-01")].into(),
            rewritten: [day("2015-07-01")].into(),
            days_after: [(2, 1)].into(),
            windows: [(4, 1)].into(),
            late: 0,
            members: [("<b>&\"name\"</b>".to_owned(), 3)].into(),
        };
        ProviderSurvey {
            held: [(day("2015-07-01"), 100), (day("2015-07-03"), 9000)].into(),
            changes: [(day("2015-07-01"), 1)].into(),
            window: 7,
            whole: pace.clone(),
            resources: [("<script>alert(1)</script>".to_owned(), pace)].into(),
            ..ProviderSurvey::default()
        }
    }

    #[test]
    fn the_page_stands_alone_and_escapes_every_text() {
        let surveys = [("moves".parse().unwrap(), survey())].into();
        let now = "2015-07-11T06:00:00Z".parse().unwrap();
        let report = Report { surveys: &surveys, now, head: None, commits_at: None, shallow: false };
        let page = report.page();
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(MARK));
        assert!(
            page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("&lt;b&gt;&amp;&quot;name&quot;")
        );
        for needless in ["<script", "<b>", "http:", "https:", "url(", "@import", "src="] {
            assert!(!page.contains(needless), "{needless}");
        }
        for said in ["prefers-color-scheme: dark", "2015-07-02", "1 (50 %)", "A window of 4 days"] {
            assert!(page.contains(said), "{said}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 14_600, 1_234_567].map(grouped), ["0", "999", "1,000", "14,600", "1,234,567"]);
    }
}
