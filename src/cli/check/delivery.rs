//! What `check` says of delivery: the spool, the manager interface, what could not be delivered.

use std::fmt::Write;
use std::path::Path;

use super::Item;
use crate::ami;
use crate::call_log::{Delivery, Reader, SetAside, Stage, Takeover};
use crate::call_record::Destination;
use crate::config::Config;
use crate::config::delivery::{Ami, Method};
use crate::delivery::spool::rights::{self, Obstacle};
use crate::delivery::{DeliveryError, mail, spool, webhook};

/// Boxes named in one line.
const MOST_NAMED: usize = 5;

/// Recipients a mail server is asked about; more at once look like a search for addresses.
const MOST_ASKED: usize = 20;

pub(super) fn items(config: &Config, data: &Path) -> Vec<Item> {
    let mut items = Vec::from_iter(page(config));
    if config.delivers_to(Destination::Mailbox) {
        match config.delivery.voicemail.method {
            Method::Files => {
                items.push(spool(&config.delivery.voicemail.spool));
                items.push(manager(&config.delivery.ami));
            }
            Method::Replay => items.push(replay(&config.delivery.ami)),
        }
    } else if config.has_cases() && config.delivery.ami.is_set() {
        items.push(manager(&config.delivery.ami));
    }
    if config.sends_mail() {
        let settings = &config.delivery.mail;
        let mend = "see [delivery.mail]: server, port, tls, ca_file, user, password, from and hello, mail_to and digest_to of the boxes, and the mail server's own settings; nothing was sent";
        let mut recipients = config.mail_recipients();
        recipients.truncate(MOST_ASKED);
        items.push(reached("mail", mail::probe(settings, &recipients), mend));
    }
    if config.delivers_to(Destination::Webhook) {
        let settings = &config.delivery.webhook;
        let mend = "see [delivery.webhook]: url, allow_private, ca_file; nothing was sent";
        items.push(reached("webhook", webhook::probe(settings), mend));
        if let Err(failed) = webhook::secret(settings) {
            items.push(Item::fail(
                "webhook",
                failed.to_string(),
                "see [delivery.webhook] secret_file: openssl rand -hex 32",
            ));
        }
    }
    // A log that cannot be read has a line of its own.
    let log = Reader::open(data).and_then(|log| Ok((log.undelivered()?, log.set_aside()?)));
    if let Ok((deliveries, aside)) = log {
        let mut left = undelivered(&deliveries);
        left.extend(aside.iter().map(set_aside));
        if left.is_empty() {
            left.push(Item::ok("delivery", "nothing was left undelivered"));
        }
        items.extend(left);
    }
    items
}

/// Whether the page's address says where the call's part of it belongs.
fn page(config: &Config) -> Option<Item> {
    let delivery = &config.delivery;
    let page = delivery
        .page_url
        .as_ref()
        .filter(|_| delivery.page_lacks_id)?;
    let what = format!("[delivery] page_url has no {{id}}: calls are linked as {page}");
    let mend = "write {id} where the call's own part of the address belongs";
    Some(Item::warn("page", what, mend))
}

/// Whether a receiver can be reached and trusted.
fn reached(
    subject: &'static str,
    probe: impl Future<Output = Result<String, DeliveryError>>,
    mend: &str,
) -> Item {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.map(|runtime| runtime.block_on(probe)) {
        Ok(Ok(place)) => Item::ok(subject, format!("{place} can be reached and trusted")),
        Ok(Err(failed)) => Item::fail(subject, failed.to_string(), mend),
        Err(error) => Item::fail(subject, error.to_string(), mend),
    }
}

/// Whether messages can be put into every mailbox there is.
fn spool(spool: &Path) -> Item {
    let shown = spool.display();
    let survey = match rights::survey(spool) {
        Ok(survey) => survey,
        Err(obstacle) => {
            return Item::fail(
                "voicemail",
                obstacle.to_string(),
                "name Asterisk's spool in [delivery.voicemail] spool and let the guard's user read it, or take \"voicemail\" out of deliver_to; until then calls go on to VoiceMail()",
            );
        }
    };
    let mend = match survey.obstacles.first() {
        None => {
            let what = format!(
                "messages can be put into {} boxes in {shown}",
                survey.mailboxes
            );
            return Item::ok("voicemail", what);
        }
        Some(Obstacle::NoFolder(path)) => format!(
            "look at what lies there, then move it away: mv {0} {0}.aside",
            path.display()
        ),
        Some(_) => "run the guard as Asterisk's user, or give a group that both share the right to write: chmod -R g+rwXs, and umask 002 for Asterisk".to_owned(),
    };
    let what = format!(
        "no message can be put into {} of the folders in {shown}, such as {}",
        survey.obstacles.len(),
        survey.obstacles[0]
    );
    Item::fail("voicemail", what, mend)
}

/// Whether messages can be played to `VoiceMail()`.
fn replay(settings: &Ami) -> Item {
    let mend = "see asterisk-conf/README.md, part 3: a user in manager.conf with write = system,originate, and extensions_voicemail_guard.conf included in the dialplan";
    let probe = async {
        spool::replay::probe(settings).await?;
        Ok(format!(
            "[voicemail-guard-replay] behind {}",
            settings.address
        ))
    };
    reached("voicemail", probe, mend)
}

fn manager(settings: &Ami) -> Item {
    if !settings.is_set() {
        return Item::warn(
            "mwi",
            "[ami] has no user: MWI and externnotify do not follow the guard's messages",
            "make a user in manager.conf with write = user and read = call, and name it in [ami]; or set pollmailboxes = yes in voicemail.conf",
        );
    }
    let tried = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(ami::try_login(settings)));
    match tried {
        Ok(Ok(())) => Item::ok(
            "mwi",
            format!(
                "the manager interface at {} takes the login",
                settings.address
            ),
        ),
        Ok(Err(error)) => Item::fail(
            "mwi",
            error.to_string(),
            "compare [ami] with manager.conf, then: asterisk -rx 'manager reload'",
        ),
        Err(error) => Item::fail("mwi", error.to_string(), "try again"),
    }
}

fn undelivered(deliveries: &[Delivery]) -> Vec<Item> {
    let (given_up, waiting): (Vec<_>, Vec<_>) = deliveries
        .iter()
        .partition(|delivery| delivery.stage == Stage::GivenUp);
    let mut items = Vec::new();
    let failing: Vec<_> = waiting
        .iter()
        .filter(|delivery| delivery.why.is_some())
        .collect();
    if let Some(delivery) = failing.first() {
        items.push(Item::warn(
            "delivery",
            format!(
                "{} of {} pending deliveries have failed so far, the oldest ({} of call {}): {}",
                failing.len(),
                waiting.len(),
                delivery.to.as_str(),
                delivery.call,
                delivery.why.as_deref().unwrap_or_default()
            ),
            "mend what it says; the guard tries by itself again and again",
        ));
    }
    if !given_up.is_empty() {
        let mut calls: Vec<_> = given_up
            .iter()
            .take(MOST_NAMED)
            .map(|delivery| format!("{} of call {}", delivery.to.as_str(), delivery.call))
            .collect();
        if given_up.len() > MOST_NAMED {
            calls.push("...".into());
        }
        let why = given_up
            .iter()
            .rev()
            .find_map(|delivery| delivery.why.as_deref());
        items.push(Item::fail(
            "delivery",
            format!(
                "{} deliveries were given up: {}; the last because: {}",
                given_up.len(),
                calls.join(", "),
                why.unwrap_or("unknown")
            ),
            "hear these messages in the call log: voicemail-guard call ID",
        ));
    }
    items
}

/// What became of the deliveries in a database that was broken.
fn set_aside(aside: &SetAside) -> Item {
    let file = &aside.file;
    let Some(takeover) = aside.takeover else {
        return Item::warn(
            "delivery",
            format!(
                "{file} was set aside as broken: its pending deliveries are not taken over yet"
            ),
            "start the guard, which does so at its start",
        );
    };
    let Takeover {
        deliveries,
        unreadable,
        is_complete,
    } = takeover;
    let mut what =
        format!("{file} was set aside as broken: {deliveries} deliveries were taken over");
    if unreadable > 0 {
        write!(what, ", {unreadable} could not be read").ok();
    }
    if !is_complete {
        what += ", and it cannot be seen whether there were more";
    }
    let mend = if is_complete && unreadable == 0 {
        "its other calls are in that file alone: sqlite3 FILE .recover; move it elsewhere when that is done"
    } else {
        "look through the recordings of the time before in the data folder: audio/YEAR/MONTH/DAY; then move that file elsewhere"
    };
    Item::warn("delivery", what, mend)
}
