//! The figures: how many called, what they were, what was spared, how long callers waited.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query as QueryOf, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use url::form_urlencoded;

use super::Desk;
use super::columns::{Picture, picture};
use super::list::{Choice, is_somebodys};
use super::problem::Problem;
use super::view::{Top, shape, verdict_word};
use super::visitor::Visitor;
use crate::call_log::LogError;
use crate::call_log::export::Csv;
use crate::call_log::export_figures::Export;
use crate::call_record::{MailboxName, Verdict};
use crate::figures::{Figures, Group, Period, Span, Sum, Week};
use crate::text::shown;
use crate::wording::{Language, figures as words};

/// What an address of the figures asks for; everything may be missing, nothing is an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    span: String,
    #[serde(rename = "box")]
    mailbox: String,
}

impl Asked {
    fn span(&self) -> Span {
        let known = Span::ALL
            .into_iter()
            .find(|span| span.as_str() == self.span);
        known.unwrap_or_default()
    }

    fn mailbox(&self) -> Option<String> {
        let name = self.mailbox.trim();
        (!name.is_empty()).then(|| MailboxName::from(name).to_string())
    }

    fn address(&self, path: &str, span: Span) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("span", span.as_str());
        if let Some(mailbox) = self.mailbox() {
            query.append_pair("box", &mailbox);
        }
        format!("{path}?{}", query.finish())
    }
}

/// The figures that are asked for, of the mailboxes that the visitor sees; and those mailboxes.
async fn counted(
    desk: &Desk,
    visitor: &Visitor,
    asked: &Asked,
) -> Result<(Figures, Vec<String>), Problem> {
    let today = desk.0.clock.date().to_zoned_datetime(desk.0.zone.clone());
    let period = asked.span().until(today.date());
    let mailboxes = match asked.mailbox() {
        None => visitor.mailboxes(),
        Some(mailbox) => Some(vec![mailbox]),
    };
    let (figures, called) = tallied(desk, period, mailboxes).await?;
    if let Some(name) = asked.mailbox()
        && !is_somebodys(&name, visitor, &desk.0.settings.now(), &called)
    {
        return Err(Problem::NotFound);
    }
    let seen = called.into_iter().filter(|name| visitor.sees(name));
    Ok((figures, seen.collect()))
}

/// The figures of these mailboxes, or of all; and all mailboxes that were called.
pub(super) async fn tallied(
    desk: &Desk,
    period: Period,
    mailboxes: Option<Vec<String>>,
) -> Result<(Figures, Vec<String>), LogError> {
    let counting = desk.0.readers.ask(move |reader| {
        let tally = reader.tally(period, mailboxes.as_deref())?;
        Ok((Figures::of(period, &tally), reader.mailboxes()?))
    });
    counting.await
}

/// Hands what machines read to `send`.
async fn exported(
    desk: &Desk,
    visitor: &Visitor,
    asked: &Asked,
    send: impl FnOnce(&Export<'_>) -> Response,
) -> Result<Response, Problem> {
    let (figures, _) = counted(desk, visitor, asked).await?;
    let config = desk.0.settings.now();
    Ok(send(&Export {
        figures: &figures,
        mailbox: asked.mailbox().as_deref(),
        longest: &|mailbox| config.policy(&mailbox.into()).longest_message,
    }))
}

pub(super) async fn json(
    State(desk): State<Desk>,
    visitor: Visitor,
    QueryOf(asked): QueryOf<Asked>,
) -> Result<Response, Problem> {
    exported(&desk, &visitor, &asked, |export| {
        let kind = [(CONTENT_TYPE, "application/json")];
        (kind, export.json() + "\n").into_response()
    })
    .await
}

pub(super) async fn csv(
    State(desk): State<Desk>,
    visitor: Visitor,
    QueryOf(asked): QueryOf<Asked>,
) -> Result<Response, Problem> {
    // Who reads German has a spreadsheet with decimal commas.
    let form = match visitor.language {
        Language::En => Csv::Plain,
        Language::De => Csv::Excel,
    };
    exported(&desk, &visitor, &asked, |export| {
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8"),
            (CONTENT_DISPOSITION, "attachment; filename=\"figures.csv\""),
        ];
        (headers, export.csv(form)).into_response()
    })
    .await
}

struct Link {
    name: &'static str,
    address: String,
    is_here: bool,
}

/// One number that stands out.
struct Tile {
    name: &'static str,
    value: String,
    more: String,
}

/// What a colour stands for.
struct Legend {
    class: &'static str,
    name: &'static str,
    calls: String,
}

struct OfVerdict {
    class: &'static str,
    shape: &'static str,
    name: String,
    calls: String,
    share: String,
    /// Of a hundred, for the bar.
    width: u64,
}

struct OfWeek {
    week: String,
    /// Whether it is another than that of the row above.
    is_new: bool,
    mailbox: String,
    calls: String,
    messages: String,
    unsure: String,
    junk: String,
    spared: String,
    called_back: String,
    median: String,
    most: String,
}

struct OfQueue {
    week: String,
    /// Whether it is another than that of the row above.
    is_new: bool,
    queue: String,
    counts: [String; 6],
    saved: String,
    lost: String,
}

#[derive(Template)]
#[template(path = "figures.html")]
struct Page {
    top: Top,
    days: String,
    spans: Vec<Link>,
    span: &'static str,
    mailboxes: Vec<Choice>,
    json: String,
    csv: String,
    is_empty: bool,
    is_by_week: bool,
    tiles: Vec<Tile>,
    picture: Picture,
    legend: Vec<Legend>,
    verdicts: Vec<OfVerdict>,
    weeks: Vec<OfWeek>,
    queues: Vec<OfQueue>,
    notes: Vec<String>,
    /// The groups, as the table below the picture has them.
    groups: [&'static str; Group::ALL.len()],
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    QueryOf(asked): QueryOf<Asked>,
) -> Result<Response, Problem> {
    let (figures, mailboxes) = counted(&desk, &visitor, &asked).await?;
    let (page, language, span) = (visitor.words(), visitor.language, asked.span());
    let config = desk.0.settings.now();
    let at_most = figures
        .total
        .spared_at_most(|mailbox| config.policy(&mailbox.into()).longest_message);
    let names = [page.seven_days, page.four_weeks, page.quarter, page.year];
    let counts = figures.total.counts;
    let observed = (counts.observed > 0).then(|| {
        words::observed(
            counts.observed,
            counts.would_end,
            counts.would_save,
            language,
        )
    });
    let chosen = asked.mailbox();
    let in_queues = (figures.queues.total.waits > 0).then(|| {
        [
            words::queues(&figures.queues.total, language),
            words::how_queues(language),
        ]
    });
    let page = Page {
        days: words::days(figures.period.first(), figures.period.last(), language),
        spans: Span::ALL
            .into_iter()
            .zip(names)
            .map(|(one, name)| Link {
                name,
                address: asked.address("/figures", one),
                is_here: one == span,
            })
            .collect(),
        span: span.as_str(),
        mailboxes: mailboxes
            .into_iter()
            .filter(|name| MailboxName::from(name.as_str()).mailbox().is_some())
            .map(|name| Choice {
                is_chosen: chosen.as_deref() == Some(&name),
                name: shown(&name).to_string(),
                value: name,
            })
            .collect(),
        json: asked.address("/figures.json", span),
        csv: asked.address("/figures.csv", span),
        is_empty: counts.calls == 0
            && figures.total.waits.count() == 0
            && figures.queues.total.waits == 0,
        is_by_week: figures.period.is_long(),
        tiles: tiles(&figures.total, at_most, &visitor),
        picture: picture(&figures, language),
        legend: legend(&figures.total, language),
        verdicts: verdicts(&figures.total, language),
        weeks: weeks(&figures, language),
        queues: queues(&figures, language),
        notes: observed
            .into_iter()
            .chain([
                words::how_spared(language).into(),
                words::how_rescued(language).into(),
                words::how_waited(language).into(),
            ])
            .chain(in_queues.into_iter().flatten())
            .collect(),
        groups: Group::ALL.map(|group| words::group(group, language)),
        top: Top::new(&visitor, page.figures),
    };
    Ok(Html(page.render().unwrap_or_default()).into_response())
}

fn tiles(total: &Sum, at_most: std::time::Duration, visitor: &Visitor) -> Vec<Tile> {
    let (page, language) = (visitor.words(), visitor.language);
    let count = |of| words::count(of, language);
    let counts = total.counts;
    let messages = total.of(Verdict::Message) + total.of(Verdict::Rambler);
    vec![
        Tile {
            name: page.calls_in_all,
            value: count(counts.calls),
            more: format!("{} {}", count(messages), page.with_message),
        },
        Tile {
            name: page.unsure_calls,
            value: words::share(total.unsure_share(), language),
            more: match total.of(Verdict::Unsure) {
                1 => page.one_call.into(),
                calls => format!("{} {}", count(calls), page.calls),
            },
        },
        Tile {
            name: page.spared,
            value: words::minutes(total.spared_at_least(), language),
            more: format!(
                "{}, {} {}",
                page.at_least,
                page.at_most,
                words::minutes(at_most, language)
            ),
        },
        Tile {
            name: page.ended_early,
            value: count(counts.ended),
            more: format!("{} {}", page.of_junk, count(counts.unheard)),
        },
        Tile {
            name: page.rescued,
            value: count(counts.rescued),
            more: format!("{} {}", page.asked_in, count(counts.asked)),
        },
        Tile {
            name: page.wrong,
            value: count(counts.wrong),
            more: format!("{} {}", page.of_judged, count(total.judged())),
        },
        Tile {
            name: page.called_back,
            value: words::waited(total.waits.median(), language),
            more: format!(
                "{} {} · {} {}",
                page.nine_of_ten,
                words::waited(total.waits.most(), language),
                count(total.waits.count() as u64),
                page.called_back_count
            ),
        },
    ]
}

fn legend(total: &Sum, language: Language) -> Vec<Legend> {
    let there = Group::ALL
        .into_iter()
        .filter(|group| total.group(*group) > 0);
    there
        .map(|group| Legend {
            class: group.as_str(),
            name: words::group(group, language),
            calls: words::count(total.group(group), language),
        })
        .collect()
}

fn verdicts(total: &Sum, language: Language) -> Vec<OfVerdict> {
    let all = total.judged().max(1);
    let most = Verdict::ALL
        .map(|verdict| total.of(verdict))
        .into_iter()
        .max();
    let most = most.unwrap_or(0).max(1);
    let mut there: Vec<_> = Verdict::ALL
        .into_iter()
        .filter(|of| total.of(*of) > 0)
        .collect();
    there.sort_by_key(|verdict| std::cmp::Reverse(total.of(*verdict)));
    there
        .into_iter()
        .map(|verdict| {
            let (group, calls) = (Group::of(Some(verdict)), total.of(verdict));
            OfVerdict {
                class: group.as_str(),
                shape: shape(group),
                name: verdict_word(verdict, language),
                calls: words::count(calls, language),
                share: words::share(Some(calls as f64 / all as f64), language),
                width: (calls * 100).div_ceil(most),
            }
        })
        .collect()
}

/// What there is of each week and mailbox or queue, the newest week first; whether it is another than that before.
fn newest_first<T>(by_week: &BTreeMap<(Week, String), T>) -> Vec<(Week, bool, &str, &T)> {
    let mut last = None;
    let mut rows: Vec<_> = by_week.iter().collect();
    rows.sort_by(|((a, of_a), _), ((b, of_b), _)| (b, of_a).cmp(&(a, of_b)));
    rows.into_iter()
        .map(|((week, name), of)| (*week, last.replace(*week) != Some(*week), &**name, of))
        .collect()
}

fn weeks(figures: &Figures, language: Language) -> Vec<OfWeek> {
    let count = |of| words::count(of, language);
    newest_first(&figures.by_week)
        .into_iter()
        .map(|(week, is_new, mailbox, sum)| OfWeek {
            week: words::week(week, language),
            is_new,
            mailbox: shown(mailbox).to_string(),
            calls: count(sum.counts.calls),
            messages: count(sum.of(Verdict::Message) + sum.of(Verdict::Rambler)),
            unsure: words::share(sum.unsure_share(), language),
            junk: count(sum.group(Group::Junk)),
            spared: words::minutes(sum.spared_at_least(), language),
            called_back: count(sum.waits.count() as u64),
            median: words::waited(sum.waits.median(), language),
            most: words::waited(sum.waits.most(), language),
        })
        .collect()
}

fn queues(figures: &Figures, language: Language) -> Vec<OfQueue> {
    newest_first(&figures.queues.by_week)
        .into_iter()
        .map(|(week, is_new, queue, of)| OfQueue {
            week: words::week(week, language),
            is_new,
            queue: shown(queue).to_string(),
            counts: of.all().map(|of| words::count(of, language)),
            saved: words::minutes(of.saved_at_most(), language),
            lost: words::minutes(of.lost(), language),
        })
        .collect()
}
