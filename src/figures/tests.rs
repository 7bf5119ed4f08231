use super::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn counted(on: &str, mailbox: &str, verdict: Option<Verdict>, calls: u64) -> Counted {
    Counted {
        day: day(on),
        mailbox: mailbox.into(),
        verdict,
        counts: Counts {
            calls,
            ..Counts::default()
        },
    }
}

fn november(calls: Vec<Counted>) -> Figures {
    let tally = Tally {
        calls,
        ..Tally::default()
    };
    Figures::of(Period::new(day("2026-11-01"), day("2026-11-30")), &tally)
}

#[test]
fn each_call_is_counted_once_in_every_table() {
    let figures = november(vec![
        counted("2026-11-01", "1", Some(Verdict::Message), 3),
        counted("2026-11-02", "1", Some(Verdict::Unsure), 1),
        counted("2026-11-02", "2", Some(Verdict::HoldMusic), 5),
        counted("2026-11-30", "2", None, 7),
        counted("2026-12-01", "2", Some(Verdict::Message), 100),
        counted("2026-10-31", "2", Some(Verdict::Message), 100),
    ]);
    let total = &figures.total;
    assert_eq!(
        (total.counts.calls, total.judged(), total.passed_by),
        (16, 9, 7)
    );
    let groups = Group::ALL.map(|group| total.group(group));
    assert_eq!(groups, [3, 0, 1, 5, 7]);
    assert_eq!(total.unsure_share(), Some(1.0 / 9.0));
    assert_eq!(figures.days.len(), 30);
    let in_days: u64 = figures.days.iter().map(|(_, of)| of.counts.calls).sum();
    let in_weeks: u64 = figures.by_week.values().map(|of| of.counts.calls).sum();
    let in_columns: u64 = figures
        .columns()
        .iter()
        .map(|(_, of)| of.counts.calls)
        .sum();
    assert_eq!([in_days, in_weeks, in_columns], [16; 3]);
    let weeks: Vec<_> = figures
        .by_week
        .keys()
        .map(|(week, of)| (week.name(), &**of))
        .collect();
    let expected = [
        ("2026-W44", "1"),
        ("2026-W45", "1"),
        ("2026-W45", "2"),
        ("2026-W49", "2"),
    ];
    assert_eq!(weeks, expected.map(|(week, of)| (week.to_owned(), of)));
}

#[test]
fn a_long_period_has_a_column_a_week_also_where_nobody_called() {
    let tally = Tally {
        calls: vec![counted("2026-11-25", "1", Some(Verdict::Message), 2)],
        called_back: vec![CalledBack {
            day: day("2026-11-26"),
            mailbox: "1".into(),
            waited: Duration::from_mins(5),
        }],
        ..Tally::default()
    };
    let figures = Figures::of(Span::Quarter.until(day("2026-11-29")), &tally);
    let columns = figures.columns();
    assert_eq!(columns.len(), 13);
    let (last, sum) = columns.last().unwrap();
    assert_eq!(
        (*last, sum.counts.calls, sum.waits.count()),
        (day("2026-11-23"), 2, 1)
    );
    assert!(columns[..12].iter().all(|(_, of)| of.counts.calls == 0));
}

#[test]
fn what_was_spared_lies_between_what_was_recorded_and_the_longest_message() {
    let ended = |mailbox: &str, ended, after| Counted {
        counts: Counts {
            calls: ended + 1,
            unheard: ended + 1,
            unheard_for: Duration::from_secs(after + 5),
            ended,
            ended_after: Duration::from_secs(after),
            ..Counts::default()
        },
        ..counted("2026-11-02", mailbox, Some(Verdict::HoldMusic), 0)
    };
    let figures = november(vec![ended("short", 1, 50), ended("long", 2, 60)]);
    let longest = |mailbox: &str| Duration::from_secs(if mailbox == "long" { 120 } else { 30 });
    assert_eq!(figures.total.spared_at_least(), Duration::from_mins(2));
    // The short mailbox's limit was set lower since: nothing is taken away for that.
    let most = figures.total.spared_at_most(longest);
    assert_eq!(most, Duration::from_mins(2 + 2 * 2 - 1));
    assert_eq!(Sum::default().spared_at_most(longest), Duration::ZERO);
    assert_eq!(Sum::default().unsure_share(), None);
}

#[test]
fn waits_are_counted_by_day_week_and_queue_and_what_agents_lose_with_them() {
    let counted = |on: &str, queue: &str, waits: u64| CountedWaits {
        day: day(on),
        queue: queue.into(),
        counts: QueueCounts {
            waits,
            nobody: 3,
            in_vain: 2,
            taken_out: 1,
            ..QueueCounts::default()
        },
    };
    let tally = Tally {
        waits: vec![
            counted("2026-11-02", "support@queue", 5),
            counted("2026-11-03", "support@queue", 4),
            counted("2026-11-03", "sales@queue", 3),
            counted("2026-12-01", "sales@queue", 100),
        ],
        ..Tally::default()
    };
    let period = Period::new(day("2026-11-01"), day("2026-11-30"));
    let figures = Figures::of(period, &tally);
    let queues = &figures.queues;
    assert_eq!(queues.total.waits, 12);
    assert_eq!(queues.total.saved_at_most(), Duration::from_secs(90));
    assert_eq!(queues.total.lost(), Duration::from_mins(3));
    let of_week = |queue: &str| {
        let key = (Week::of(day("2026-11-02")), queue.to_owned());
        queues.by_week[&key].waits
    };
    assert_eq!([of_week("support@queue"), of_week("sales@queue")], [9, 3]);
    assert_eq!(queues.by_day.len(), 3);
    // They are no calls to a mailbox.
    assert_eq!(figures.total, Sum::default());
}
