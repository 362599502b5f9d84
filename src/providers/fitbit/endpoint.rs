//! How a resource of Fitbit is asked for.

use crate::json::Identity;
use crate::model::{DayRange, Resource};

/// A resource, and how it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Endpoint {
    /// The resource.
    pub name: &'static str,
    /// Where it is, below the person.
    pub path: &'static str,
    /// The version of the API that tells it best.
    pub version: &'static str,
    /// What the person must have allowed.
    pub scopes: &'static [&'static str],
    /// The most days that one request may span.
    pub reach: u32,
    /// How an answer is cut into days.
    pub cut: Cut,
    /// Whether it is asked for when the settings say nothing.
    pub by_default: bool,
    /// What it holds, for people.
    pub about: &'static str,
    /// What tells its records apart, besides what holds for all of them.
    pub identities: &'static [Identity],
    /// Its members that change without the data changing.
    pub volatile: &'static [&'static str],
}

/// How an answer is cut into days.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// One answer for the days asked for.
    Answer(Shape),
    /// A list by pages, oldest first.
    Pages(Pages),
    /// The log of activities by pages, and of each its track.
    Tracks(Pages),
}

/// What an answer looks like, and what "nothing recorded" looks like in it.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// One day with a block of samples, as fine as `detail`, kept whole. A day without any has an empty
    /// block; where the app may not have it there is none.
    Samples {
        /// `1min`; where there is none the settings say it.
        detail: Option<&'static str>,
    },
    /// One day, kept whole; a day without anything has an empty list.
    Whole {
        /// A list in it whose records say their day.
        list: &'static str,
        /// The member in which they do.
        day: &'static str,
    },
    /// A list with one record for every day, also where nothing was recorded.
    Daily,
    /// A list with the records that there are.
    Records {
        /// Its name; empty where the answer is the list itself.
        list: &'static str,
        /// The member of a record that says its day.
        day: &'static str,
        /// Whether a day may have several.
        many: bool,
        /// What the address has behind the days.
        end: &'static str,
    },
}

/// A list by pages.
#[derive(Clone, Copy)]
pub(super) struct Pages {
    /// Its name.
    pub list: &'static str,
    /// The member of a record that says when it was, its day first.
    pub day: &'static str,
    /// The member that tells a record apart.
    pub key: &'static str,
    /// How many records a page may have.
    pub limit: usize,
}

impl Endpoint {
    /// The path of a request for these days.
    pub fn address(&self, range: DayRange, detail: &str) -> String {
        let (first, last) = (range.first, range.last);
        let days = match self.cut {
            Cut::Answer(Shape::Samples { detail: own }) => format!("/date/{first}/1d/{}", own.unwrap_or(detail)),
            Cut::Answer(Shape::Whole { .. }) => format!("/date/{first}"),
            Cut::Answer(Shape::Daily) => format!("/date/{first}/{last}"),
            Cut::Answer(Shape::Records { end, .. }) => format!("/date/{first}/{last}{end}"),
            Cut::Pages(_) | Cut::Tracks(_) => "/list".to_owned(),
        };
        format!("/{}/user/-/{}{days}.json", self.version, self.path)
    }

    /// What Fitbit calls the days of a series: its path with dashes.
    pub fn series(&self) -> String {
        self.path.replace('/', "-")
    }

    /// The resource for people.
    pub const fn resource(&self) -> Resource {
        Resource { name: self.name, by_default: self.by_default, about: self.about }
    }

    /// Only asked for where the settings name it.
    pub const fn if_named(mut self) -> Endpoint {
        self.by_default = false;
        self
    }

    /// With its samples, not only the value of the day.
    pub const fn in_full(mut self) -> Endpoint {
        if let Cut::Answer(Shape::Records { list, day, many, .. }) = self.cut {
            self.cut = Cut::Answer(Shape::Records { list, day, many, end: "/all" });
        }
        self
    }

    /// Told best by this version of the API.
    pub const fn of_version(mut self, version: &'static str) -> Endpoint {
        self.version = version;
        self
    }

    /// With members that change without the data changing.
    pub const fn volatile(mut self, paths: &'static [&'static str]) -> Endpoint {
        self.volatile = paths;
        self
    }

    /// With records that are told apart so.
    pub const fn told_apart(mut self, identities: &'static [Identity]) -> Endpoint {
        self.identities = identities;
        self
    }
}

const fn endpoint(
    name: &'static str,
    path: &'static str,
    scopes: &'static [&'static str],
    reach: u32,
    cut: Cut,
    about: &'static str,
) -> Endpoint {
    Endpoint { name, path, version: "1", scopes, reach, cut, by_default: true, about, identities: &[], volatile: &[] }
}

type Scopes = &'static [&'static str];

/// A day's samples, as fine as `detail` or as the settings say.
pub(super) const fn samples(
    name: &'static str,
    path: &'static str,
    scopes: Scopes,
    detail: Option<&'static str>,
    about: &'static str,
) -> Endpoint {
    endpoint(name, path, scopes, 1, Cut::Answer(Shape::Samples { detail }), about)
}

/// A day's answer with a list whose records say the day.
pub(super) const fn whole(
    name: &'static str,
    path: &'static str,
    scopes: Scopes,
    (list, day): (&'static str, &'static str),
    about: &'static str,
) -> Endpoint {
    endpoint(name, path, scopes, 1, Cut::Answer(Shape::Whole { list, day }), about)
}

/// A value for every day.
pub(super) const fn daily(
    name: &'static str,
    path: &'static str,
    scopes: Scopes,
    reach: u32,
    about: &'static str,
) -> Endpoint {
    endpoint(name, path, scopes, reach, Cut::Answer(Shape::Daily), about)
}

/// A value for the days that have one.
pub(super) const fn some_days(
    name: &'static str,
    path: &'static str,
    scopes: Scopes,
    reach: u32,
    list: &'static str,
    about: &'static str,
) -> Endpoint {
    endpoint(
        name,
        path,
        scopes,
        reach,
        Cut::Answer(Shape::Records { list, day: "dateTime", many: false, end: "" }),
        about,
    )
}

/// Any number of records a day.
pub(super) const fn logs(
    name: &'static str,
    path: &'static str,
    scopes: Scopes,
    reach: u32,
    (list, day): (&'static str, &'static str),
    about: &'static str,
) -> Endpoint {
    endpoint(name, path, scopes, reach, Cut::Answer(Shape::Records { list, day, many: true, end: "" }), about)
}

/// A list by pages.
pub(super) const fn pages(
    name: &'static str,
    path: &'static str,
    scopes: Scopes,
    pages: Pages,
    about: &'static str,
) -> Endpoint {
    endpoint(name, path, scopes, 1_095, Cut::Pages(pages), about)
}

/// The tracks of a list by pages.
pub(super) const fn tracks(
    name: &'static str,
    path: &'static str,
    scopes: Scopes,
    pages: Pages,
    about: &'static str,
) -> Endpoint {
    endpoint(name, path, scopes, 30, Cut::Tracks(pages), about)
}
