//! Times as machines read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time in RFC 3339 form with the offset of `zone`, never `Z`.
pub fn rfc3339(at: Timestamp, zone: &TimeZone) -> String {
    at.display_with_offset(zone.to_offset(at)).to_string()
}
