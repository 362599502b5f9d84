//! Activities as the Health Graph tells them and as the export does. They share no id: the start, to the
//! second, and the type tell which is which.

use crate::json::{Identity, RecordRules};
use crate::model::{Reading, Twin, Twins};

pub(super) static TWINS: &[Twins] = &[Twins {
    one: "activities",
    other: "export/activities",
    rules: RecordRules { identities: &[Identity { array: "activities", keys: &["start", "type"] }], volatile: &[] },
    members: &[
        Twin { name: "start", one: &["list/start_time"], other: &["Date"], reading: Reading::Start },
        Twin { name: "type", one: &["list/type"], other: &["Type"], reading: Reading::Word },
        Twin { name: "distance", one: &["list/total_distance"], other: &["Distance"], reading: Reading::Length },
        Twin { name: "duration", one: &["list/duration"], other: &["Duration"], reading: Reading::Duration },
        Twin {
            name: "calories",
            one: &["detail/total_calories", "list/total_calories"],
            other: &["Calories Burned"],
            reading: Reading::Number,
        },
        Twin { name: "climb", one: &["detail/climb"], other: &["Climb"], reading: Reading::Length },
        Twin {
            name: "average_heart_rate",
            one: &["detail/average_heart_rate"],
            other: &["Average Heart Rate"],
            reading: Reading::Number,
        },
        Twin { name: "notes", one: &["detail/notes"], other: &["Notes"], reading: Reading::Text },
    ],
}];
