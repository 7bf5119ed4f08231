//! How a guard knows a call for `doctor`'s: by the channel's account code, which no caller can set, and which only
//! who has the secret of the manager interface can make for this very channel.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::hmac;

/// What every mark begins with; a whole one has 51 of the 79 characters that Asterisk keeps.
const BEGINNING: &str = "doctor-1";

/// The account code of the channel with this uniqueid.
pub(crate) fn of(secret: &str, uniqueid: &str) -> String {
    let tag = hmac::sign(&key(secret), uniqueid.as_bytes());
    format!("{BEGINNING}{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

/// Whether this is the account code of the channel with this uniqueid; never where there is no secret.
pub(crate) fn is_of(secret: &str, uniqueid: &str, account: &str) -> bool {
    let tag = account.strip_prefix(BEGINNING);
    let tag = tag.and_then(|tag| BASE64_URL_SAFE_NO_PAD.decode(tag).ok());
    !secret.is_empty()
        && tag.is_some_and(|tag| hmac::verify(&key(secret), uniqueid.as_bytes(), &tag).is_ok())
}

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_that_of_one_secret_and_one_channel() {
        let mark = of("s3cret", "doctor-12-2");
        assert!(mark.len() < 80, "{mark}");
        for (secret, uniqueid, account, expected) in [
            ("s3cret", "doctor-12-2", &*mark, true),
            ("s3cret", "doctor-12-1", &*mark, false),
            ("other", "doctor-12-2", &*mark, false),
            ("s3cret", "doctor-12-2", &mark[..mark.len() - 2], false),
            ("s3cret", "doctor-12-2", "doctor-1", false),
            ("s3cret", "doctor-12-2", "", false),
            ("", "doctor-12-2", &*of("", "doctor-12-2"), false),
        ] {
            assert_eq!(
                is_of(secret, uniqueid, account),
                expected,
                "{secret} {uniqueid} {account}"
            );
        }
    }
}
