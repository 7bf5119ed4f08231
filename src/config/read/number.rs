//! Numbers in a file that are larger than any that a setting takes: for them the parser has words of its own.

use toml::de::DeValue;

/// What stands for them; no setting takes these either.
const LARGEST: [&str; 3] = ["9223372036854775807", "-9223372036854775808", "1.7e308"];

/// Puts one that a reader can refuse in the place of each that is too large to be read.
pub(super) fn bounded(value: &mut DeValue<'_>) {
    let instead = match value {
        DeValue::Integer(number) => {
            let text = number.as_str();
            let fits = i64::from_str_radix(text, number.radix()).is_ok();
            (!fits).then(|| LARGEST[usize::from(text.starts_with('-'))])
        }
        DeValue::Float(number) => {
            let text = number.as_str();
            let is_too_large = text.parse().is_ok_and(f64::is_infinite) && !text.contains("inf");
            is_too_large.then_some(LARGEST[2])
        }
        DeValue::Array(values) => {
            for value in values.iter_mut() {
                bounded(value.get_mut());
            }
            None
        }
        DeValue::Table(table) => {
            for (_, value) in table {
                bounded(value.get_mut());
            }
            None
        }
        _ => None,
    };
    if let Some(number) = instead.and_then(|text| DeValue::parse(text).ok()) {
        *value = number.into_inner();
    }
}

/// What is said of such a number, with how it is `written` in the file.
pub(super) fn as_written(message: &str, written: &str) -> String {
    let [largest, least, broken] = LARGEST;
    message
        .replace(least, written)
        .replace(largest, written)
        .replace(broken, written)
}
