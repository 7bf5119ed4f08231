use proptest::prelude::*;

use super::*;
use crate::call_record::{Pseudonym, Verdict};

const KEEP: Keep = Keep {
    audio: Days::Of(7),
    timeline: Days::Of(30),
    number: Days::Of(90),
    record: Days::Of(365),
};

fn at(days: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days)
}

fn held(gone: &[Kind]) -> Held {
    Held {
        ended: at(0),
        gone: gone.iter().copied().fold(Kinds::NONE, Kinds::with),
        waits: None,
    }
}

fn kinds(of: Kinds) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| of.has(*kind)).collect()
}

#[test]
fn what_is_due_when() {
    use Kind::{Audio, Number, Record, Timeline};
    let nothing = Keep {
        audio: Days::Of(0),
        ..Keep::all(Days::Forever)
    };
    let short = Keep {
        record: Days::Of(10),
        ..KEEP
    };
    let before = |days| at(days) - SignedDuration::from_nanos(1);
    for (keep, gone, now, is_due, next) in [
        (KEEP, &[][..], at(0), &[][..], Some(at(7))),
        (KEEP, &[], before(7), &[], Some(at(7))),
        (KEEP, &[], at(7), &[Audio], Some(at(30))),
        (KEEP, &[Audio], at(8), &[], Some(at(30))),
        (KEEP, &[], at(30), &[Audio, Timeline], Some(at(90))),
        (KEEP, &[Audio, Timeline], at(100), &[Number], Some(at(365))),
        (
            KEEP,
            &[Audio, Timeline, Number],
            before(365),
            &[],
            Some(at(365)),
        ),
        // The record takes all with it, also what nobody had looked at for long.
        (KEEP, &[], at(365), &[Record], None),
        (short, &[], at(8), &[Audio], Some(at(10))),
        (short, &[Audio], at(10), &[Record], None),
        (nothing, &[], at(0), &[Audio], None),
        (nothing, &[Audio], at(40_000), &[], None),
        (Keep::all(Days::Forever), &[], at(40_000), &[], None),
        (Keep::all(Days::Of(0)), &[], at(0), &[Record], None),
    ] {
        let found = due(held(gone), &keep, Days::Of(0), now);
        assert_eq!(
            (kinds(found.now), found.next),
            (is_due.to_vec(), next),
            "{keep:?} {gone:?} {now}"
        );
    }
}

#[test]
fn what_waits_is_not_deleted() {
    let later = |from, days: i64| Some(at(from) + SignedDuration::from_hours(24 * days));
    for (waits, open_cases, now, is_due, next) in [
        // As long as nothing is due there is nothing to wait for.
        (Wait::Undelivered, Days::Of(0), 3, &[][..], Some(at(7))),
        (Wait::Undelivered, Days::Of(0), 7, &[], later(7, 1)),
        (Wait::Undelivered, Days::Of(0), 4_000, &[], later(4_000, 1)),
        (Wait::OpenCase, Days::Of(400), 3, &[], Some(at(7))),
        (Wait::OpenCase, Days::Of(400), 7, &[], later(7, 1)),
        (Wait::OpenCase, Days::Of(400), 399, &[], Some(at(400))),
        (Wait::OpenCase, Days::Of(400), 400, &[Kind::Record], None),
        (Wait::OpenCase, Days::Of(8), 8, &[Kind::Audio], Some(at(30))),
        (Wait::OpenCase, Days::Of(0), 7, &[Kind::Audio], Some(at(30))),
        (Wait::OpenCase, Days::Forever, 9_999, &[], later(9_999, 1)),
    ] {
        let held = Held {
            waits: Some(waits),
            ..held(&[])
        };
        let found = due(held, &KEEP, open_cases, at(now));
        let expected = (is_due.to_vec(), next);
        assert_eq!((kinds(found.now), found.next), expected, "{waits:?} {now}");
    }
}

#[test]
fn a_corrected_call_is_kept_for_the_longer_time() {
    let one = Keep {
        audio: Days::Of(90),
        record: Days::Of(10),
        ..KEEP
    };
    let other = Keep {
        number: Days::Forever,
        record: Days::Of(365),
        ..KEEP
    };
    let both = one.longer(&other);
    let days = Kind::ALL.map(|kind| both.of(kind));
    // What the first says of recordings does not outlive its record.
    assert_eq!(days, [10, 30, 365, 365].map(Days::Of));
    assert_eq!(both, other.longer(&one));
}

#[test]
fn the_defaults_are_those_that_the_documents_state() {
    let rules = KeepRules::default();
    for verdict in Verdict::ALL {
        let keep = rules.of(&"100@default".into()).of(verdict);
        let expected = if verdict.is_delivered() {
            [90, 90, 180, 365]
        } else {
            [7, 30, 30, 365]
        };
        assert_eq!(Kind::ALL.map(|kind| keep.of(kind)), expected.map(Days::Of));
    }
    assert_eq!(rules.longest(Kind::Audio), Days::Of(90));
}

#[test]
fn one_number_has_one_pseudonym() {
    let by = |key: u8| Pseudonyms::new(&[key; Pseudonyms::KEY_BYTES]);
    let one = by(1).of("+4991112345678");
    assert_eq!(one, by(1).of("+4991112345678"));
    assert_ne!(one, by(1).of("+4991112345679"));
    assert_ne!(one, by(2).of("+4991112345678"));
    assert!(Pseudonym::is_one(one.as_str()));
    assert!(!one.as_str().chars().any(|c| c.is_ascii_digit()));
    for other in ["#", "#bcd", "+4991112345678", "#bcdfghjkmnpa", ""] {
        assert!(!Pseudonym::is_one(other), "{other}");
    }
    // What a search for it finds, it alone.
    let key = crate::number::search_key(one.as_str(), None);
    assert_eq!(key, format!("={}", one.as_str()));
    assert_eq!(crate::number::identity(one.as_str(), None), None);
}

fn any_days() -> impl Strategy<Value = Days> {
    prop_oneof![4 => (0..200_u32).prop_map(Days::Of), 1 => Just(Days::Forever)]
}

proptest! {
    /// A year in which somebody looks whenever there is something to do, and at other times:
    /// nothing goes early, nothing stays late, nothing is done twice.
    #[test]
    fn a_year_of_sweeps(
        (audio, timeline, number, record) in (any_days(), any_days(), any_days(), any_days()),
        mut looks in prop::collection::vec(0..365_i64, 0..20),
    ) {
        let keep = Keep { audio, timeline, number, record };
        looks.sort_unstable();
        looks.push(365);
        let (mut gone, mut next) = (Kinds::NONE, Some(at(0)));
        let mut went = Vec::new();
        for look in looks {
            while let Some(now) = next.filter(|next| *next <= at(look)) {
                let found = due(Held { ended: at(0), gone, waits: None }, &keep, Days::Of(0), now);
                for kind in kinds(found.now) {
                    prop_assert!(!gone.has(kind));
                    prop_assert_eq!(keep.of(kind).end(at(0)), Some(now));
                    went.push(kind);
                }
                gone = gone.and(found.now);
                prop_assert!(found.next.is_none_or(|next| next > now));
                next = found.next;
                if gone.has(Kind::Record) {
                    prop_assert_eq!(next, None);
                }
            }
        }
        let is_gone = gone.has(Kind::Record);
        for kind in Kind::ALL {
            let is_over = keep.of(kind).end(at(0)).is_some_and(|end| end <= at(365));
            prop_assert_eq!(is_gone || went.contains(&kind), is_over, "{:?}", kind);
        }
    }
}
