//! What `serve` warns of at its start and at a reload: what would keep messages from those they are
//! for.

use rustix::process::geteuid;

use crate::config::Config;
use crate::config::delivery::Method;
use crate::delivery::spool::rights;
use crate::record::Destination;

/// Each doubt with its remedy.
pub(super) fn doubts(config: &Config) -> impl Iterator<Item = String> {
    let page = config.delivery.page_url.as_ref();
    let page = page
        .filter(|_| config.delivery.page_lacks_id)
        .map(|page| format!("[delivery] page_url has no {{id}}: calls are linked as {page}"));
    spool(config).into_iter().chain(page)
}

/// What comes of a start as root.
pub(super) fn as_root() -> Option<String> {
    geteuid().is_root().then(|| {
        "the guard runs as root: the files it makes (call log, tap folder) will be root's, and later starts as another \
         user fail on them. Run it as Asterisk's user (runuser -u asterisk -- voicemail-guard serve, or User= of the unit), \
         and give that user what root has made: chown -R asterisk: DATA_FOLDER TAP_FOLDER"
            .to_owned()
    })
}

fn spool(config: &Config) -> Option<String> {
    let settings = &config.delivery.voice_box;
    if settings.method != Method::Files || !config.delivers_to(Destination::VoiceBox) {
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
