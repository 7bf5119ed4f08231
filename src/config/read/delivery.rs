//! `[delivery]` and the tables below it, each read by itself, then all together.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::{Reader, Table};
use crate::call_record::Destination;
use crate::config::Config;
use crate::config::delivery::{Ami, DeliverySettings, Method};
use crate::config::mail::{self, Password};
use crate::config::webhook::{self, Signature};

/// Where the tables and their settings stand, each by its whole name such as `[delivery.mail] tls`.
pub(super) type Places = BTreeMap<String, Range<usize>>;

/// The tables below `[delivery]`.
const BELOW: [&str; 4] = ["voicemail", "ami", "mail", "webhook"];

impl<'a> Reader<'a> {
    /// The settings, and where they stand.
    pub(super) fn delivery(
        &mut self,
        mut value: Spanned<DeValue<'a>>,
    ) -> (DeliverySettings, Places) {
        let mut places = Places::new();
        let [voicemail, ami, mail, webhook] = BELOW.map(|name| match value.get_mut() {
            DeValue::Table(settings) => {
                let below = settings.remove(name)?;
                places.insert(format!("[delivery.{name}]"), below.span());
                if let DeValue::Table(settings) = below.get_ref() {
                    places.extend(settings.iter().map(|(key, value)| {
                        let key = key.get_ref();
                        (format!("[delivery.{name}] {key}"), value.span())
                    }));
                }
                Some(below)
            }
            _ => None,
        });
        let page = value
            .get_ref()
            .get("page_url")
            .and_then(|page| page.get_ref().as_str());
        let has_id = page.is_some_and(|page| page.contains("{id}") || page.contains("%7Bid%7D"));
        let mut table = self.open("[delivery]", value);
        table.below = &BELOW;
        let mut delivery: DeliverySettings = self.part(&mut table);
        self.close(table);
        delivery.page_lacks_id = delivery.page_url.is_some() && !has_id;
        if let Some(voicemail) = voicemail {
            delivery.voicemail = self.section("delivery.voicemail", voicemail);
        }
        if let Some(ami) = ami {
            delivery.ami = self.section("delivery.ami", ami);
        }
        if let Some(mail) = mail {
            let mut table = self.open("[delivery.mail]", mail);
            let mut mail: mail::Mail = self.part(&mut table);
            if !table.own.contains_key("port") {
                mail.port = mail.tls.port();
            }
            let Password {
                password,
                password_file,
            } = self.part(&mut table);
            if !password.is_unset() && password_file.is_some() {
                self.report_both(&table, "password", "password_file");
            }
            mail.password = password.or_in(password_file);
            self.close(table);
            delivery.mail = mail;
        }
        if let Some(webhook) = webhook {
            let mut table = self.open("[delivery.webhook]", webhook);
            delivery.webhook = self.part(&mut table);
            let Signature {
                secret,
                secret_file,
            } = self.part(&mut table);
            if !secret.is_unset() && secret_file.is_some() {
                self.report_both(&table, "secret", "secret_file");
            }
            delivery.webhook.secret = secret.or_in(secret_file);
            self.close(table);
        }
        (delivery, places)
    }

    /// `[ami]`, which was `[delivery.ami]` before it was of use for more than deliveries.
    pub(super) fn ami(
        &mut self,
        at: &Range<usize>,
        value: Spanned<DeValue<'a>>,
        places: &Places,
    ) -> Ami {
        if let Some(old) = places.get("[delivery.ami]") {
            let line = self.line_of(Some(old));
            let what = format!(
                "[delivery.ami], its name in earlier versions, stands in line {line} as well; keep one of the two"
            );
            self.report(Some(at), "[ami]", &what);
        }
        self.section("ami", value)
    }

    /// Two settings that say the same in two ways.
    fn report_both(&mut self, table: &Table<'a>, one: &str, other: &str) {
        let at = table.own.get(other).cloned();
        let first = table.own.get(one).cloned();
        let line = self.line_of(first.as_ref());
        let what = format!("{one} is set as well, in line {line}; keep one of the two");
        self.report(at.as_ref(), &format!("{} {other}", table.title), &what);
    }

    /// Whether everything is set that the mailboxes need which want e-mail or the webhook. What is reported as
    /// wrong already is not reported as missing, too.
    pub(super) fn wanted_deliveries(&mut self, config: &Config, places: &Places) {
        let mut found = Vec::new();
        let replays = config.delivery.voicemail.method == Method::Replay;
        if config.delivers_to(Destination::Mailbox)
            && replays
            && !config.delivery.ami.is_set()
            && !self.is_reported("[delivery.ami] user")
            && !self.is_reported("[ami] user")
        {
            let what = "\"replay\" needs Asterisk's manager interface: user and secret in [ami]";
            found.push(("voicemail", &["method"][..], what.to_owned()));
        }
        if config.sends_mail() {
            let mistakes = mail::mistakes(&config.delivery.mail).into_iter();
            found.extend(mistakes.map(|(keys, what)| ("mail", keys, what)));
        }
        if config.delivers_to(Destination::Webhook) {
            let mistakes = webhook::mistakes(&config.delivery.webhook).into_iter();
            found.extend(mistakes.map(|(keys, what)| ("webhook", keys, what)));
        }
        for (name, keys, what) in found {
            let table = format!("[delivery.{name}]");
            let whole = |key: &&str| format!("{table} {key}");
            if keys.iter().any(|key| self.is_reported(&whole(key))) {
                continue;
            }
            let at = keys.iter().find_map(|key| places.get(&whole(key)));
            let at = at.or_else(|| places.get(&table)).cloned();
            self.report(at.as_ref(), &whole(&keys[0]), &what);
        }
    }
}
