//! The list: who is to be rung first; filters as addresses that one can keep.

use askama::Template;
use axum::extract::{Query as QueryOf, State};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use url::form_urlencoded;

use super::Desk;
use super::problem::Problem;
use super::view::{Light, Row, Top, verdict_word};
use super::visitor::Visitor;
use crate::call_log::{CaseQuery, CountedCase, LogError, Query, Reader, Standing};
use crate::call_record::{MailboxName, Verdict};
use crate::config::Config;
use crate::number::Needle;
use crate::text::{is_hostile, shown};

/// Cases on one page.
const PAGE: u32 = 50;

/// What an address of the list asks for; everything may be missing, nothing is an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    pub(super) show: String,
    #[serde(rename = "box")]
    pub(super) mailbox: String,
    pub(super) verdict: String,
    pub(super) since: String,
    pub(super) q: String,
    /// `wrong` for calls that somebody says were judged wrongly.
    pub(super) judged: String,
    pub(super) page: u32,
}

/// The tabs, by the word in the address.
pub(super) const TABS: [&str; 6] = ["ring", "mine", "later", "done", "junk", "all"];

impl Filter {
    /// Whether it leaves out some of what its tab has.
    fn narrows(&self) -> bool {
        let of = [&self.mailbox, &self.verdict, &self.since, &self.q];
        of.iter().any(|text| !text.trim().is_empty())
    }

    fn show(&self) -> &'static str {
        let known = TABS.iter().find(|tab| **tab == self.show);
        // Who searches wants to find, whatever has become of it.
        let seeks = !self.q.trim().is_empty() || self.is_judged_wrong();
        known.copied().unwrap_or(if seeks { "all" } else { "ring" })
    }

    fn is_judged_wrong(&self) -> bool {
        self.judged == "wrong"
    }

    fn address(&self, show: &str, page: u32) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let page = if page == 0 {
            String::new()
        } else {
            page.to_string()
        };
        for (key, value) in [
            ("show", show),
            ("box", &self.mailbox),
            ("verdict", &self.verdict),
            ("since", &self.since),
            ("q", &self.q),
            ("judged", if self.is_judged_wrong() { "wrong" } else { "" }),
            ("page", &page),
        ] {
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        format!("/?{}", query.finish())
    }

    /// The cases it means, with one more than a page has.
    ///
    /// # Errors
    /// There is no such day.
    pub(super) fn query(
        &self,
        desk: &Desk,
        visitor: &Visitor,
        on_page: u32,
    ) -> Result<CaseQuery, Problem> {
        let now = desk.0.clock.date();
        let config = desk.0.settings.now();
        let since = match self.since.trim() {
            "" => None,
            day => Some(first_moment(day, &desk.0.zone).ok_or(Problem::NoDay)?),
        };
        let mailbox = MailboxName::from(self.mailbox.trim());
        let home = config.policy(&mailbox).home_country;
        let text = self.q.trim();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let number = Needle::read(text, Some(home)).filter(|_| digits >= 3);
        Ok(CaseQuery {
            standing: match self.show() {
                "mine" => Standing::ClaimedBy(visitor.name.clone(), now),
                "later" => Standing::Later(now),
                "done" => Standing::Closed,
                "junk" => Standing::Junk,
                "all" => Standing::Any,
                _ => Standing::ToRing(now),
            },
            words: match number {
                Some(_) => Vec::new(),
                None => text
                    .split_whitespace()
                    .take(MOST_WORDS)
                    .map(Into::into)
                    .collect(),
            },
            calls: Query {
                number,
                verdict: self.verdict.parse::<Verdict>().ok(),
                judged_wrong: self.is_judged_wrong(),
                since,
                mailbox: (!self.mailbox.trim().is_empty()).then_some(mailbox),
                ..Query::default()
            },
            mailboxes: visitor.mailboxes(),
            limit: Some(on_page + 1),
            offset: self.page.saturating_mul(on_page),
            ..CaseQuery::default()
        })
    }

    /// The cases that this query of it finds; where there are none, the one that is searched by an identifier.
    pub(super) fn found(
        &self,
        reader: &Reader,
        query: &CaseQuery,
    ) -> Result<Vec<CountedCase>, LogError> {
        let found = reader.cases(query)?;
        let id = self.q.trim();
        let may_be_id = id.len() >= SHORTEST_ID && !id.contains(char::is_whitespace);
        if found.is_empty()
            && may_be_id
            && let Some(case) = reader.find_case(id)?
        {
            return reader.cases(&CaseQuery {
                id: Some(case.id),
                mailboxes: query.mailboxes.clone(),
                ..CaseQuery::default()
            });
        }
        Ok(found)
    }
}

fn first_moment(day: &str, zone: &TimeZone) -> Option<Timestamp> {
    let day = day.parse::<Date>().ok()?;
    Some(day.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

/// The beginning of an identifier that is looked for as one.
const SHORTEST_ID: usize = 4;
/// Words of a search that count.
const MOST_WORDS: usize = 8;

struct Tab {
    name: &'static str,
    address: String,
    count: Option<u32>,
    is_here: bool,
}

pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) is_chosen: bool,
}

#[derive(Template)]
#[template(path = "list.html")]
struct Page {
    top: Top,
    filter: Filter,
    show: &'static str,
    tabs: Vec<Tab>,
    mailboxes: Vec<Choice>,
    verdicts: Vec<Choice>,
    rows: Vec<Row>,
    /// Whether the mailbox that is asked for is nobody's, as far as the visitor sees.
    is_nobodys: bool,
    newer: Option<String>,
    older: Option<String>,
    /// The address of all that were judged wrongly.
    judged_wrong: &'static str,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    QueryOf(mut filter): QueryOf<Filter>,
) -> Result<Response, Problem> {
    filter.q.retain(|c| !is_hostile(c));
    let query = filter.query(&desk, &visitor, PAGE)?;
    let wanted = filter.clone();
    let now = desk.0.clock.date();
    let counted = counted(&query, &visitor, now);
    let (found, counts, owed, mailboxes) = desk
        .0
        .readers
        .ask(move |reader| {
            let found = wanted.found(reader, &query)?;
            let counts = counted
                .iter()
                .map(|query| reader.count_cases(query))
                .collect::<Result<Vec<_>, _>>()?;
            Ok((found, counts, reader.undelivered()?, reader.mailboxes()?))
        })
        .await?;
    let (words, show) = (visitor.words(), filter.show());
    let config = desk.0.settings.now();
    let is_nobodys = !filter.mailbox.trim().is_empty()
        && !is_somebodys(filter.mailbox.trim(), &visitor, &config, &mailboxes);
    let light = Light {
        now,
        zone: &desk.0.zone,
        language: visitor.language,
        answer_within: config.web.answer_within,
        owed: &owed,
    };
    let has_more = found.len() > PAGE as usize;
    let found = found.iter().take(PAGE as usize);
    let names = [
        words.to_ring,
        words.mine,
        words.later,
        words.done,
        words.junk,
        words.all,
    ];
    let tabs = TABS.iter().zip(names).enumerate();
    let mut rows: Vec<_> = found.map(|case| Row::of(case, &light)).collect();
    if show == "ring"
        && filter.page == 0
        && let Some(next) = rows.iter_mut().find(|row| !row.is_claimed)
    {
        next.is_next = true;
    }
    let page = Page {
        tabs: tabs
            .map(|(at, (tab, name))| Tab {
                name,
                address: filter.address(tab, 0),
                count: counts.get(at).copied(),
                is_here: *tab == show,
            })
            .collect(),
        mailboxes: mailboxes
            .into_iter()
            .filter(|name| visitor.sees(name))
            .filter(|name| MailboxName::from(name.as_str()).mailbox().is_some())
            .map(|name| Choice {
                is_chosen: filter.mailbox.trim() == name,
                value: name.clone(),
                name: shown(&name).to_string(),
            })
            .collect(),
        verdicts: Verdict::ALL
            .into_iter()
            .map(|verdict| Choice {
                value: verdict.to_string(),
                name: verdict_word(verdict, visitor.language),
                is_chosen: verdict.as_str() == filter.verdict,
            })
            .collect(),
        newer: (filter.page > 0).then(|| filter.address(show, filter.page - 1)),
        judged_wrong: "/?judged=wrong",
        older: has_more.then(|| filter.address(show, filter.page + 1)),
        top: Top::new(&visitor, words.title),
        rows,
        is_nobodys,
        filter,
        show,
    };
    Ok(Html(page.render().unwrap_or_default()).into_response())
}

/// Whether the visitor sees this mailbox, and [it is somebody's](Config::is_somebodys).
pub(super) fn is_somebodys(
    name: &str,
    visitor: &Visitor,
    config: &Config,
    called: &[String],
) -> bool {
    let name = MailboxName::from(name);
    visitor.sees(name.as_str()) && config.is_somebodys(&name, called)
}

/// What is counted on the tabs: those whose number says how much there is to do.
fn counted(query: &CaseQuery, visitor: &Visitor, now: Timestamp) -> [CaseQuery; 3] {
    [
        Standing::ToRing(now),
        Standing::ClaimedBy(visitor.name.clone(), now),
        Standing::Later(now),
    ]
    .map(|standing| CaseQuery {
        standing,
        calls: Query {
            mailbox: query.calls.mailbox.clone(),
            ..Query::default()
        },
        mailboxes: query.mailboxes.clone(),
        ..CaseQuery::default()
    })
}
