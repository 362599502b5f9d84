//! Whose export it is, told by the files that only one service's exports hold.

/// A service whose export is known by sight, whether or not there is a reader for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Moves.
    Moves,
    /// Strava.
    Strava,
    /// Runkeeper.
    Runkeeper,
    /// Google Takeout with the days of a Fitbit or Google Health account.
    Takeout,
}

impl Service {
    /// The word for it in commands.
    pub fn kind(self) -> &'static str {
        match self {
            Service::Moves => "moves",
            Service::Strava => "strava",
            Service::Runkeeper => "runkeeper",
            Service::Takeout => "fitbit",
        }
    }

    /// Its own name, for messages.
    pub fn title(self) -> &'static str {
        match self {
            Service::Moves => "Moves",
            Service::Strava => "Strava",
            Service::Runkeeper => "Runkeeper",
            Service::Takeout => "Google Takeout (Fitbit, Google Health)",
        }
    }

    /// Whose export has entries of these paths, if that can be told.
    pub fn of<'p>(paths: impl Iterator<Item = &'p str> + Clone) -> Option<Service> {
        let holds =
            |test: &dyn Fn(&[&str]) -> bool| paths.clone().any(|path| test(&path.split('/').collect::<Vec<_>>()));
        let file = |name: &'static str| holds(&move |parts| parts.last() == Some(&name));
        let below = |folder: &'static str| holds(&move |parts| parts[..parts.len() - 1].contains(&folder));
        // Takeout first: a person's Drive inside it may hold the exports of all the others.
        if ["Takeout", "Global Export Data", "user-site-export", "MyFitbitData"].into_iter().any(below) {
            Some(Service::Takeout)
        } else if file("cardioActivities.csv") {
            Some(Service::Runkeeper)
        } else if file("activities.csv") && (below("activities") || file("profile.csv")) {
            Some(Service::Strava)
        } else if file("About Moves Data Export Formats.pdf") || below("moves_export") {
            Some(Service::Moves)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_known_by_its_own_files() {
        let of = |paths: &[&str]| Service::of(paths.iter().copied());
        assert_eq!(of(&["measurements.csv", "cardioActivities.csv"]), Some(Service::Runkeeper));
        assert_eq!(of(&["export_1/activities.csv", "export_1/activities/12.gpx"]), Some(Service::Strava));
        assert_eq!(of(&["Takeout/Fitbit/Global Export Data/steps-2020-01-01.json"]), Some(Service::Takeout));
        assert_eq!(of(&["Ada/user-site-export/steps-2018-01-01.json"]), Some(Service::Takeout));
        assert_eq!(of(&["About Moves Data Export Formats.pdf", "csv.zip"]), Some(Service::Moves));
        // One of Moves' own kinds is called activities, too.
        assert_eq!(of(&["csv/full/activities.csv"]), None);
        assert_eq!(of(&[]), None);
    }
}
