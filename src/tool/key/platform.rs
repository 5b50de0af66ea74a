//! Values as the platform's interfaces write them.

use crate::json::{Number, Value};
use crate::time::{Timestamp, utc};

/// Tags as one text with `;` or `,` between them, as texts, or as objects of a vocabulary and a term.
pub(super) fn tags(value: &Value<'_>) -> Option<Vec<String>> {
    if let Some(joined) = value.as_str() {
        let parts = joined.split([';', ',']).map(str::trim);
        return Some(parts.filter(|part| !part.is_empty()).map(str::to_owned).collect());
    }
    let tag = |item: &Value<'_>| {
        if let Some(text) = item.as_str() {
            return Some(text.to_owned());
        }
        let part = |name| item.get(name).and_then(Value::as_str);
        Some(format!("{}:{}", part("vocabulary")?, part("vocabularyTerm")?))
    };
    value.as_array()?.iter().map(tag).collect()
}

/// A time in milliseconds since 1970, or as a text of RFC 3339.
pub(super) fn moment(value: &Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Number(number) => millis(Number::as_u64(*number)?),
        Value::String(text) => utc::rfc3339(text),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Object(_) => None,
    }
}

/// A time in milliseconds since 1970.
pub(super) fn millis(millis: u64) -> Option<Timestamp> {
    (millis < LATEST).then(|| Timestamp::from_millis(millis))
}

/// The end of the year 9999, the last that can be written.
const LATEST: u64 = 253_402_300_800_000;
