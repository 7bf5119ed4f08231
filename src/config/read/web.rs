//! `[web]` and the tables of its users.

use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use crate::config::web::{UserTable, Web, is_user_name};

impl<'a> Reader<'a> {
    pub(super) fn web(&mut self, mut value: Spanned<DeValue<'a>>) -> Web {
        let users = match value.get_mut() {
            DeValue::Table(settings) => settings.remove("user"),
            _ => None,
        };
        let mut table = self.open("[web]", value);
        table.below = &["user"];
        let at = |key: &str| table.own.get(key).cloned();
        let (address, user_header, proxies) = (at("address"), at("user_header"), at("proxies"));
        let mut web: Web = self.part(&mut table);
        self.close(table);
        let before = self.problems.len();
        if let Some(users) = users {
            self.users(&mut web, users);
        }
        // What is wrong with a user is not said twice.
        if self.problems.len() > before || self.is_reported("[web] user_header") {
            return web;
        }
        if web.user_header.is_some() && web.proxies.is_empty() && !self.is_reported("[web] proxies")
        {
            let what = "anybody could send this header: name the reverse proxy that sets it, such as \
                        proxies = [\"127.0.0.1\"]";
            self.report(user_header.as_ref(), "[web] user_header", what);
        }
        if web.user_header.is_some() && web.users.is_empty() {
            let what = "nobody may see the page: name its users, such as [web.user.\"anna\"]";
            self.report(user_header.as_ref(), "[web] user_header", what);
        } else if let Some(away) = web.address.iter().find(|a| !a.ip().is_loopback())
            && web.users.is_empty()
        {
            let what = format!(
                "{away} can be reached from other machines, and nobody can log in: name the page's users, such as \
                 [web.user.\"anna\"] (voicemail-guard user add anna prints it), or leave it on a loopback address"
            );
            self.report(address.as_ref(), "[web] address", &what);
        }
        if web.proxies.iter().any(|network| network.prefix_len() == 0) {
            let what = "a network of everybody is no reverse proxy: name its address";
            self.report(proxies.as_ref(), "[web] proxies", what);
        }
        web
    }

    fn users(&mut self, web: &mut Web, value: Spanned<DeValue<'a>>) {
        let at = value.span();
        let DeValue::Table(tables) = value.into_inner() else {
            let what = "users are tables such as [web.user.\"anna\"]";
            return self.report(Some(&at), "[web] user", what);
        };
        for (key, value) in tables {
            let name = key.get_ref();
            let title = format!("[web.user.{name:?}]");
            let before = self.problems.len();
            if !is_user_name(name) {
                let what = "a user's name has 1 to 64 characters, without blanks at its ends";
                self.report(Some(&key.span()), &title, what);
            }
            let mut table = self.open(&title, value);
            let has_password = table.own.contains_key("password");
            let user: UserTable = self.part(&mut table);
            self.close(table);
            if !has_password && web.user_header.is_none() && self.problems.len() == before {
                let what = "nobody can log in so: a user has a password, or comes through a reverse proxy that \
                            says who they are (user_header)";
                self.report(Some(&key.span()), &title, what);
            }
            web.users.insert(name.to_string(), user.into());
        }
    }
}
