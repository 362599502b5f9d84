use chrono::{NaiveDate, TimeDelta};

use super::life::Life;
use super::story::Stay;
use super::world::{World, add_segment, alter_segment, empty, lose_segment};
use super::{PretendError, PretendOptions};
use crate::json::Json;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn world() -> World {
    World::new(PretendOptions::new(date("2015-04-10"), "2015-07-11T06:00:30Z".parse().unwrap()))
}

fn days(life: &Life) -> impl Iterator<Item = NaiveDate> {
    life.first_day.iter_days().take(400)
}

#[test]
fn the_same_seed_tells_the_same_life_and_another_seed_another() {
    let (one, mut other) = (world(), world());
    assert!(days(&one.life).all(|day| one.day(day, true) == other.day(day, true)));
    other.life.seed = 2;
    assert!(days(&one.life).any(|day| one.day(day, true) != other.day(day, true)));
}

#[test]
fn days_are_plausible() {
    let world = world();
    let (mut nothing, mut bytes) = (0, 0);
    for date in days(&world.life) {
        let (text, _) = world.day(date, true);
        Json::parse(text.as_bytes()).unwrap();
        bytes += text.len();
        let Some(segments) = world.life.day(date).segments else {
            nothing += 1;
            continue;
        };
        assert!(
            segments.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].start < pair[1].start),
            "{date}"
        );
        assert!(segments.first().unwrap().start <= world.life.moment(date, 0), "{date}");
        assert!(segments.last().unwrap().end >= world.life.moment(date, 86_000), "{date}");
        for segment in &segments {
            let within =
                |activity: &super::story::Activity| segment.start <= activity.start && activity.end <= segment.end;
            assert!(segment.activities.iter().all(within), "{date}");
        }
    }
    assert!((4..40).contains(&nothing), "{nothing} days without records");
    assert!((6_000..10_000).contains(&(bytes / 400)), "{} bytes a day", bytes / 400);
}

#[test]
fn a_night_at_home_stands_in_both_days() {
    let life = world().life;
    let (one, next) = (life.day(date("2015-07-01")), life.day(date("2015-07-02")));
    let (evening, morning) = (one.segments.unwrap().pop().unwrap(), next.segments.unwrap().remove(0));
    assert!(matches!((&evening.stay, &morning.stay), (Stay::Place(one), Stay::Place(other)) if one.id == other.id));
    assert_eq!((evening.start, evening.end, evening.last_update), (morning.start, morning.end, morning.last_update));
}

#[test]
fn rewriting_does_what_it_says_and_restoring_undoes_it() {
    let mut world = world();
    let day = date("2015-07-01");
    let before = world.day(day, true);
    let count = |world: &World| world.day(day, true).0.matches("\"type\":\"").count();
    let segments = count(&world);
    world.rewrite(day, add_segment).unwrap();
    assert!(count(&world) > segments);
    world.rewrite(day, lose_segment).unwrap();
    world.rewrite(day, alter_segment).unwrap();
    assert_eq!(world.day(day, true).1.map(|updated| world.now() - updated < TimeDelta::seconds(60)), Some(true));
    world.rewrite(day, empty).unwrap();
    assert!(world.day(day, true).0.contains("\"segments\":null"));
    assert!(matches!(world.rewrite(day, alter_segment), Err(PretendError::NothingThere { .. })));
    world.restore(day);
    assert_eq!(world.day(day, true), before);
}

#[test]
fn quotas_are_counted_by_the_minute_and_the_hour() {
    let mut world = world();
    world.leave(1, 5);
    assert!(world.count());
    assert!(!world.count());
    world.clock = crate::model::Clock::starting_at(world.now() + TimeDelta::seconds(60));
    assert!((0..4).all(|_| world.count()));
    assert!(!world.count());
}

#[test]
fn codes_and_refresh_tokens_count_once() {
    let mut world = world();
    let code = world.new_code("http://127.0.0.1:1/".to_owned());
    assert!(!world.take_code("another", "http://127.0.0.1:1/"));
    assert!(world.take_code(&code, "http://127.0.0.1:1/"));
    assert!(!world.take_code(&code, "http://127.0.0.1:1/"));
    let pair = world.new_tokens();
    assert!(world.opens(&pair.access).is_some());
    assert!(world.take_refresh(&pair.refresh));
    assert!(!world.take_refresh(&pair.refresh));
    assert!(world.opens(&pair.access).is_none(), "the old access token died with it");
}
