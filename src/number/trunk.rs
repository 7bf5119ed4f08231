//! How a trunk sends the numbers of callers, and what they are in E.164 form.
//!
//! A number without plus is one only where it can be no other: `12125550123` may be dialled by nobody in
//! Germany, and `43664123456` is one in Austria as well as one without its 0.

use std::str::FromStr;

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;
use serde::{Deserialize, Deserializer};

use super::written::Written;
use super::{
    Country, E164, SURELY_WITH_AREA_CODE, UnknownCountry, abroad, international, international_of,
    is_in_a_plan, split_country_code,
};
use crate::setting::text;

/// What the digits of a caller's number begin with, where no plus stands before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallerNumbers {
    /// Nobody has said: only what can be one number alone is a number.
    #[default]
    Auto,
    /// An area code, with the prefix for trunk calls or without.
    National,
    /// A country code.
    International,
}

/// How a trunk sends the numbers of callers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Trunk {
    /// What numbers without plus begin with.
    #[serde(deserialize_with = "caller_numbers")]
    pub caller_numbers: CallerNumbers,
    /// The digits that the PBX puts before them all, as one dials them for an outside line.
    #[serde(deserialize_with = "outside_line")]
    pub outside_line: String,
}

fn caller_numbers<'de, D: Deserializer<'de>>(from: D) -> Result<CallerNumbers, D::Error> {
    let named = |name: &str| match name {
        "auto" => Some(CallerNumbers::Auto),
        "national" => Some(CallerNumbers::National),
        "international" => Some(CallerNumbers::International),
        _ => None,
    };
    let allowed = "one of \"auto\", \"national\", \"international\"";
    text(from, named, allowed)
}

fn outside_line<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let digits = |text: &str| text.len() <= 4 && text.bytes().all(|c| c.is_ascii_digit());
    let allowed = "at most four digits, such as \"0\" or \"9\"";
    text(from, |text| digits(text).then(|| text.to_owned()), allowed)
}

impl Trunk {
    /// The E.164 form of a caller ID; `None` where the text is no certain number.
    ///
    /// Without a home country only numbers with a country code are numbers.
    pub fn e164(&self, raw: &str, home: Option<Country>) -> Option<E164> {
        let written = Written::behind(&self.outside_line, raw)?;
        let digits = written.digits.as_str();
        if written.international {
            return international(digits).map(E164);
        }
        if let Some(context) = &written.context {
            return in_context(context, digits);
        }
        if self.caller_numbers == CallerNumbers::International && !digits.starts_with('0') {
            return international(digits).map(E164).filter(is_in_a_plan);
        }
        self.national(digits, home?.plan()?).map(E164)
    }

    fn national(&self, digits: &str, plan: &Metadata) -> Option<String> {
        if let Some(rest) = abroad(digits, plan) {
            return international(rest);
        }
        let code = plan.country_code();
        let trunk = plan.national_prefix();
        if let Some(rest) = trunk.and_then(|prefix| digits.strip_prefix(prefix))
            && is_valid(code, rest)
        {
            return international_of(code, rest);
        }
        let bare = is_valid(code, digits);
        if self.caller_numbers == CallerNumbers::National {
            let enough = trunk.is_none() || digits.len() >= SHORTEST_NATIONAL;
            return (bare && enough)
                .then(|| international_of(code, digits))
                .flatten();
        }
        let complete = trunk.is_none() || digits.len() >= SURELY_WITH_AREA_CODE;
        // Many lines send the country code without a plus.
        if let Some(rest) = digits.strip_prefix(&code.to_string())
            && is_valid(code, rest)
        {
            let certain = digits.len() > SURELY_WITH_AREA_CODE || (complete && !bare);
            return certain.then(|| format!("+{digits}"));
        }
        (bare && complete && !is_valid_with_its_code(digits))
            .then(|| international_of(code, digits))
            .flatten()
    }
}

/// A home country and the trunk that numbers come by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The country that numbers without a country code belong to.
    pub country: Country,
    /// How callers' numbers are sent.
    pub trunk: Trunk,
}

impl FromStr for Home {
    type Err = UnknownCountry;
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let country = code.parse()?;
        Ok(Self {
            country,
            trunk: Trunk::default(),
        })
    }
}

/// A number of the country or area that its `phone-context` names, which may have the country code once more.
fn in_context(context: &str, digits: &str) -> Option<E164> {
    let joined = format!("{context}{digits}");
    let again = digits.starts_with(context).then(|| digits.to_owned());
    [Some(joined), again]
        .into_iter()
        .flatten()
        .filter_map(|digits| international(&digits))
        .find(|number| is_valid_with_its_code(&number[1..]))
        .map(E164)
}

fn is_valid_with_its_code(digits: &str) -> bool {
    split_country_code(digits).is_some_and(|(code, national)| is_valid(code, national))
}

/// Whether a plan has numbers of some kind, not only of some length, that are like this one.
fn is_valid(code: u16, national: &str) -> bool {
    let plans = DATABASE.by_code(&code).unwrap_or_default();
    plans.iter().any(|plan| {
        let all = plan.descriptors();
        let kinds = [
            all.fixed_line(),
            all.mobile(),
            all.toll_free(),
            all.premium_rate(),
            all.shared_cost(),
            all.personal_number(),
            all.voip(),
            all.pager(),
            all.uan(),
            all.voicemail(),
        ];
        all.general().is_match(national)
            && kinds.into_iter().flatten().any(|kind| {
                let found = kind.national_number().find(national);
                kind.is_match(national) && found.is_some_and(|found| found.end() == national.len())
            })
    })
}

/// A national number without a prefix has this many digits; fewer are an extension.
const SHORTEST_NATIONAL: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(trunk: &Trunk, country: &str, raw: &str, expected: &str) {
        let got = trunk.e164(raw, country.parse().ok());
        let got = got.as_ref().map_or("", E164::as_str);
        assert_eq!(got, expected, "{raw:?} in {country}, {trunk:?}");
    }

    fn of(caller_numbers: CallerNumbers, outside_line: &str) -> Trunk {
        Trunk {
            caller_numbers,
            outside_line: outside_line.into(),
        }
    }

    #[test]
    fn what_may_be_two_numbers_is_none() {
        for (country, raw, expected) in [
            ("DE", "12125550123", ""),
            ("DE", "41446681800", ""),
            ("DE", "43664123456", ""),
            ("DE", "4366412345678", ""),
            ("DE", "33612345678", ""),
            ("DE", "442079460123", ""),
            ("DE", "390612345678", ""),
            ("DE", "34612345678", ""),
            ("DE", "48501234567", ""),
            ("DE", "31201234567", ""),
            ("DE", "32475123456", ""),
            ("DE", "4532123456", ""),
            ("DE", "420601123456", ""),
            ("DE", "905321234567", ""),
            ("DE", "79161234567", ""),
            ("DE", "8613812345678", ""),
            ("DE", "919812345678", ""),
            ("DE", "012125550123", ""),
            ("DE", "16012345678", ""),
            ("DE", "4930123456", ""),
            ("AT", "4991112345678", ""),
            ("AT", "12125550123", ""),
            ("CH", "4991112345678", ""),
            ("US", "4991112345678", ""),
            ("US", "442079460123", ""),
            ("IT", "4991112345678", ""),
            ("ES", "4915112345678", ""),
            ("FR", "4915112345678", ""),
            ("GB", "12125550123", ""),
            ("DE", "091112345678", "+4991112345678"),
            ("DE", "91112345678", "+4991112345678"),
            ("DE", "4991112345678", "+4991112345678"),
            ("DE", "4915112345678", "+4915112345678"),
            ("DE", "49301234567", "+49301234567"),
            ("DE", "015112345678", "+4915112345678"),
            ("DE", "0012125550123", "+12125550123"),
            ("DE", "+12125550123", "+12125550123"),
            ("AT", "436641234567", "+436641234567"),
            ("CH", "41446681800", "+41446681800"),
            ("US", "2125550123", "+12125550123"),
            ("US", "12125550123", "+12125550123"),
            ("US", "4165550123", "+14165550123"),
            ("IT", "3331234567", "+393331234567"),
            ("IT", "393331234567", "+393331234567"),
            ("ES", "612345678", "+34612345678"),
            ("DK", "4532123456", "+4532123456"),
            ("RU", "78121234567", "+78121234567"),
        ] {
            check(&Trunk::default(), country, raw, expected);
        }
    }

    #[test]
    fn a_trunk_that_sends_country_codes_without_plus() {
        let trunk = of(CallerNumbers::International, "");
        for (country, raw, expected) in [
            ("DE", "12125550123", "+12125550123"),
            ("DE", "41446681800", "+41446681800"),
            ("DE", "43664123456", "+43664123456"),
            ("DE", "4991112345678", "+4991112345678"),
            ("DE", "49301234567", "+49301234567"),
            ("DE", "+12125550123", "+12125550123"),
            ("DE", "091112345678", "+4991112345678"),
            ("DE", "200", ""),
            ("DE", "anonymous", ""),
            ("US", "4991112345678", "+4991112345678"),
            ("US", "12125550123", "+12125550123"),
            ("", "12125550123", "+12125550123"),
        ] {
            check(&trunk, country, raw, expected);
        }
    }

    #[test]
    fn a_trunk_that_sends_no_country_codes() {
        let trunk = of(CallerNumbers::National, "");
        for (country, raw, expected) in [
            ("DE", "43664123456", "+4943664123456"),
            ("DE", "301234567", "+49301234567"),
            ("DE", "0301234567", "+49301234567"),
            ("DE", "16012345678", "+4916012345678"),
            ("DE", "12125550123", ""),
            ("DE", "0012125550123", "+12125550123"),
            ("DE", "200", ""),
            ("DE", "300123", ""),
            ("US", "6565550123", "+16565550123"),
            ("IT", "0612345678", "+390612345678"),
        ] {
            check(&trunk, country, raw, expected);
        }
    }

    #[test]
    fn the_outside_line_is_cut_off() {
        for (how, line, raw, expected) in [
            (CallerNumbers::Auto, "0", "0091112345678", "+4991112345678"),
            (CallerNumbers::Auto, "0", "00012125550123", "+12125550123"),
            (CallerNumbers::Auto, "0", "0+12125550123", "+12125550123"),
            (CallerNumbers::Auto, "0", "+12125550123", "+12125550123"),
            (CallerNumbers::Auto, "0", "012125550123", ""),
            (
                CallerNumbers::International,
                "0",
                "012125550123",
                "+12125550123",
            ),
            (CallerNumbers::National, "9", "9301234567", "+49301234567"),
            (CallerNumbers::Auto, "0", "200", ""),
            (CallerNumbers::Auto, "0", "0", ""),
        ] {
            check(&of(how, line), "DE", raw, expected);
        }
    }

    #[test]
    fn parameters_are_no_part_of_the_number() {
        for (raw, expected) in [
            ("+4991112345678;phone-context=+49", "+4991112345678"),
            ("+4991112345678;npdi;rn=+4912345", "+4991112345678"),
            ("091112345678;cpc=ordinary;oli=0", "+4991112345678"),
            ("091112345678;phone-context=+49", "+4991112345678"),
            ("91112345678;phone-context=+49", "+4991112345678"),
            ("4991112345678;phone-context=+49", "+4991112345678"),
            ("12345678;phone-context=+49911", "+4991112345678"),
            ("2125550123;phone-context=+1", "+12125550123"),
            ("091112345678;phone-context=example.com", "+4991112345678"),
            (
                "sip:+4991112345678;npdi@pbx.example;user=phone",
                "+4991112345678",
            ),
            (
                "<sip:+4991112345678@10.0.0.1:5060;transport=tcp>;tag=1",
                "+4991112345678",
            ),
            ("\"Anna\" <sip:091112345678@10.0.0.1>", "+4991112345678"),
            ("+4991112345678@sip.example", "+4991112345678"),
            (
                "sips:%2B4991112345678%3Bphone-context%3D%2B49@x",
                "+4991112345678",
            ),
            ("%2B49%20911%2012345678", "+4991112345678"),
            ("tel:+49-911-12345678;ext=12", "+4991112345678"),
            ("TEL:091112345678;isub=1", "+4991112345678"),
            ("sip:+4991112345678@x?subject=1", "+4991112345678"),
            ("110;phone-context=+49", ""),
            (";phone-context=+49", ""),
            ("091112345678;rm -rf", ""),
            ("091112345678;$(id)", ""),
            ("091112345678; rm -rf /;user=phone", ""),
            ("091112345678;", "+4991112345678"),
            (
                "\u{660}\u{669}\u{661}\u{661}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}\u{668}",
                "",
            ),
            ("anna;phone-context=+49", ""),
        ] {
            check(&Trunk::default(), "DE", raw, expected);
        }
    }
}
