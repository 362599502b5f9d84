//! Activities as the API tells them and as the bulk export does. The export has most numbers twice; the
//! second is that of the API, in metres and seconds.

use crate::json::{Identity, RecordRules};
use crate::model::{Reading, Twin, Twins};

pub(super) static TWINS: &[Twins] = &[Twins {
    one: "activities",
    other: "export/activities",
    rules: RecordRules { identities: &[Identity { array: "activities", keys: &["id"] }], volatile: &[] },
    members: &[
        twin("id", &["list/id"], &["Activity ID", "id"], Reading::Text),
        twin("name", &["list/name"], &["Activity Name", "name"], Reading::Text),
        twin("type", &["list/type"], &["Activity Type", "type"], Reading::Word),
        twin("description", &["detail/description"], &["Activity Description", "description"], Reading::Text),
        twin("commute", &["list/commute"], &["Commute", "commute"], Reading::Truth),
        twin("distance", &["list/distance"], &["Distance (2)", "distance"], Reading::Number),
        twin("elapsed_time", &["list/elapsed_time"], &["Elapsed Time (2)", "elapsed_time"], Reading::Number),
        twin("moving_time", &["list/moving_time"], &["Moving Time"], Reading::Number),
        twin("max_speed", &["list/max_speed"], &["Max Speed"], Reading::Number),
        twin("average_speed", &["list/average_speed"], &["Average Speed"], Reading::Number),
        twin("total_elevation_gain", &["list/total_elevation_gain"], &["Elevation Gain"], Reading::Number),
        twin("elev_low", &["list/elev_low"], &["Elevation Low"], Reading::Number),
        twin("elev_high", &["list/elev_high"], &["Elevation High"], Reading::Number),
        twin("max_heartrate", &["list/max_heartrate"], &["Max Heart Rate (2)", "Max Heart Rate"], Reading::Number),
        twin("average_heartrate", &["list/average_heartrate"], &["Average Heart Rate"], Reading::Number),
        twin("average_cadence", &["list/average_cadence"], &["Average Cadence"], Reading::Number),
        twin("max_watts", &["list/max_watts"], &["Max Watts"], Reading::Number),
        twin("average_watts", &["list/average_watts"], &["Average Watts"], Reading::Number),
        twin("suffer_score", &["list/suffer_score"], &["Relative Effort (2)", "Relative Effort"], Reading::Number),
        twin("calories", &["detail/calories"], &["Calories"], Reading::Number),
    ],
}];

const fn twin(
    name: &'static str,
    one: &'static [&'static str],
    other: &'static [&'static str],
    reading: Reading,
) -> Twin {
    Twin { name, one, other, reading }
}
