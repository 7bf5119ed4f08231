//! What may not be meant as it is set: said at the start, after a reload, and by `check`.

use jiff::tz::TimeZone;
use rustix::process::geteuid;
use tracing::warn;

use crate::call_record::Destination;
use crate::condition::prompt_files::{Installed, installed, own_sound};
use crate::config::Config;
use crate::config::delivery::Method;
use crate::delivery::spool::rights;

/// Logs what of the settings may not be meant, and which prompts callers will miss.
pub(super) fn log_doubts(config: &Config) {
    for doubt in config.remarks().into_iter().chain(doubts(config)) {
        warn!(event = "setting_doubtful", "{doubt}");
    }
    for language in &config.prompts.languages {
        if let Installed::Wanting { missing, useless } = installed(&config.prompts, language) {
            warn!(
                event = "prompts_missing",
                language,
                ?missing,
                ?useless,
                "prompts are missing, empty or not readable; see voicemail-guard check"
            );
        }
    }
    for greeting in config.own_greetings() {
        let seen = own_sound(&config.prompts, greeting);
        if let Some(missing) = seen.map(|seen| seen.missing).filter(|m| !m.is_empty()) {
            warn!(
                event = "greeting_missing",
                greeting,
                ?missing,
                "a greeting of your own is missing: callers of these languages hear it in English, or go on to VoiceMail()"
            );
        }
    }
}

/// Each doubt with its remedy.
fn doubts(config: &Config) -> impl Iterator<Item = String> {
    let page = config.delivery.page_url.as_ref();
    let page = page
        .filter(|_| config.delivery.page_lacks_id)
        .map(|page| format!("[delivery] page_url has no {{id}}: calls are linked as {page}"));
    spool(config).into_iter().chain(page)
}

/// What comes of a start as root.
pub(crate) fn as_root() -> Option<String> {
    geteuid().is_root().then(|| {
        "the guard runs as root: the files it makes (call log, tap folder) will be root's, and later starts as another \
         user fail on them. Run it as Asterisk's user (runuser -u asterisk -- voicemail-guard serve, or User= of the unit), \
         and give that user what root has made: chown -R asterisk: DATA_FOLDER TAP_FOLDER"
            .to_owned()
    })
}

fn spool(config: &Config) -> Option<String> {
    let settings = &config.delivery.voicemail;
    if settings.method != Method::Files || !config.delivers_to(Destination::Mailbox) {
        return None;
    }
    let obstacle = match rights::survey(&settings.spool) {
        Ok(survey) => survey.obstacles.into_iter().next()?,
        Err(obstacle) => obstacle,
    };
    Some(format!(
        "messages cannot be put into every mailbox: {obstacle}. Calls for such a mailbox go on to VoiceMail() where it \
         alone is in deliver_to, until that is mended: run the guard as Asterisk's user, and see voicemail-guard check"
    ))
}

/// What is wrong where TZ names a zone that is not known here: all times are UTC then.
pub(crate) fn zone_in_doubt() -> Option<String> {
    let named = std::env::var("TZ").ok().filter(|name| !name.is_empty())?;
    doubt_in(&named, TimeZone::try_system().map(drop))
}

fn doubt_in(named: &str, found: Result<(), jiff::Error>) -> Option<String> {
    let error = found.err()?;
    let named = crate::text::quoted(named);
    Some(format!(
        "TZ is {named}, which is no time zone here, so all times are UTC: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_is_not_known_is_reported() {
        for name in ["Europe/Berlin", "UTC", "CET-1CEST,M3.5.0,M10.5.0/3"] {
            assert_eq!(doubt_in(name, Ok(())), None);
        }
        let error = TimeZone::get("Europe/Belin").map(drop);
        let reported = doubt_in("Europe/Belin", error).unwrap();
        assert!(
            reported.contains("Europe/Belin") && reported.contains("UTC"),
            "{reported}"
        );
    }
}
