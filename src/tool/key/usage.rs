//! Which keys were used, and when: what filters report, and what `key serve` keeps of it in a file of the same format.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::KeyError;
use crate::application_key::Record;
use crate::application_key::lint::{LintRules, Usage, UsageReport};
use crate::json::{self, Number, Value};
use crate::time::Timestamp;

/// What reports, or the file of them, say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyUse {
    /// What was seen of each key, by name.
    pub keys: UsageReport,
    /// How many uses were of keys that no report names: a worker had no room for them.
    pub dropped: u64,
}

impl KeyUse {
    /// What must be known of this report before a key is taken for unused.
    pub fn caution(&self) -> Option<String> {
        (self.dropped > 0).then(|| {
            format!("{} uses of unnamed keys: a key that seems unused may be used", self.dropped)
        })
    }
}

/// The file beside a key file that says which of its keys were used: `FILE.usage`.
pub fn usage_file(keys: &Path) -> PathBuf {
    let mut name = OsString::from(keys);
    name.push(".usage");
    PathBuf::from(name)
}

/// Reads a report, or such a file.
///
/// # Errors
/// [`KeyError::Input`]: it is none of version 1, or has something that nobody knows.
pub fn read_usage(text: &[u8]) -> Result<KeyUse, KeyError> {
    report(text).ok_or(KeyError::Input("the report of use"))
}

/// A report as text, one key a line.
pub fn usage_text(report: &KeyUse) -> String {
    let keys = report.keys.iter().map(|(name, usage)| {
        let line = json!({
            "name": name,
            "last_used_at": usage.last_used.unwrap_or_default().as_seconds(),
            "uses": usage.uses,
            "addresses_an_hour": usage.addresses_an_hour,
            "addresses_at": usage.addresses_at.unwrap_or_default().as_seconds(),
        });
        line.to_string()
    });
    let keys: Vec<_> = keys.collect();
    let dropped = report.dropped;
    format!("{{\"version\":1,\"dropped\":{dropped},\"keys\":[\n{}\n]}}\n", keys.join(",\n"))
}

/// Adds what a report says to what is known. A time that lies ahead is taken for now: a clock that is wrong must not
/// make a key look used for ever. Nor must one report make it look shared for ever: the most addresses count as of now,
/// and are forgotten when they have not been reported for 7 days.
pub fn add_usage(known: &mut Usage, more: &Usage, now: Timestamp) {
    known.last_used = known.last_used.max(more.last_used.map(|used| used.min(now)));
    known.uses = known.uses.saturating_add(more.uses);
    let kept = known.addresses_within(LintRules::default().addresses_for, now);
    if more.addresses_an_hour >= kept {
        known.addresses_an_hour = more.addresses_an_hour;
        known.addresses_at = Some(now);
    }
}

fn report(text: &[u8]) -> Option<KeyUse> {
    let report = json::parse(text).ok()?;
    let members = members(&report, &["version", "dropped", "keys"])?;
    if number(members.get("version")?)? != 1 {
        return None;
    }
    let dropped = match members.get("dropped") {
        Some(dropped) => number(dropped)?,
        None => 0,
    };
    let Value::Array(keys) = members.get("keys")? else { return None };
    let mut report = KeyUse { dropped, ..KeyUse::default() };
    for key in keys {
        let (name, usage) = key_of(key)?;
        // A name that stands there twice could be read in two ways.
        if report.keys.insert(name, usage).is_some() {
            return None;
        }
    }
    Some(report)
}

fn key_of(key: &Value<'_>) -> Option<(Box<str>, Usage)> {
    let key = members(key, &["name", "last_used_at", "uses", "addresses_an_hour", "addresses_at"])?;
    let Value::String(name) = key.get("name")? else { return None };
    let addresses = match key.get("addresses_an_hour") {
        Some(addresses) => u32::try_from(number(addresses)?).ok()?,
        None => 0,
    };
    let time = |text| Some(Timestamp::from_seconds(number(text)?));
    let last_used = time(key.get("last_used_at")?)?;
    let usage = Usage {
        last_used: Some(last_used),
        uses: number(key.get("uses")?)?,
        addresses_an_hour: addresses,
        // A report of a gateway says no more than when the key was used.
        addresses_at: Some(key.get("addresses_at").map_or(Some(last_used), time)?),
    };
    Record::is_name(name).then(|| (Box::from(&**name), usage))
}

/// An object that has no other members than these.
fn members<'v, 't>(value: &'v Value<'t>, known: &[&str]) -> Option<&'v Value<'t>> {
    let Value::Object(members) = value else { return None };
    members.iter().all(|(name, _)| known.contains(&&**name)).then_some(value)
}

fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Number(Number::Whole(number)) => Some(*number),
        Value::Array(_)
        | Value::Bool(_)
        | Value::Null
        | Value::Number(Number::Float(_) | Number::Negative(_))
        | Value::Object(_)
        | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"version":1,"dropped":3,"keys":[{"name":"pump-17","last_used_at":1800000001,"uses":2,"addresses_an_hour":1}]}"#;

    fn usage(seconds: u64, uses: u64, addresses: u32) -> Usage {
        let last_used = Some(Timestamp::from_seconds(seconds));
        Usage { last_used, uses, addresses_an_hour: addresses, addresses_at: last_used }
    }

    #[test]
    fn a_report_is_read_as_filters_write_it_and_what_is_written_is_read_again() {
        let report = read_usage(REPORT.as_bytes()).unwrap();
        assert_eq!(
            report.keys.iter().collect::<Vec<_>>(),
            [(&"pump-17".into(), &usage(1_800_000_001, 2, 1))]
        );
        assert_eq!(report.dropped, 3);
        assert_eq!(read_usage(usage_text(&report).as_bytes()).unwrap(), report);
        let empty = usage_text(&KeyUse::default());
        assert_eq!(read_usage(empty.as_bytes()).unwrap(), KeyUse::default());
        let short = r#"{"version":1,"keys":[{"name":"a","last_used_at":1,"uses":1}]}"#;
        let short = read_usage(short.as_bytes()).unwrap();
        assert_eq!((short.keys["a"], short.dropped), (usage(1, 1, 0), 0));
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for (part, other) in [
            ("\"version\":1", "\"version\":2"),
            ("\"version\":1,", ""),
            ("\"dropped\":3", "\"dropped\":-1"),
            ("\"dropped\":3", "\"drooped\":0"),
            ("pump-17", "pump 17"),
            ("pump-17", ""),
            ("\"pump-17\"", "17"),
            ("1800000001", "1800000001.5"),
            ("1800000001", "\"2026-06-15T00:00:00Z\""),
            ("\"uses\":2", "\"uses\":null"),
            ("\"uses\":2,", ""),
            ("\"addresses_an_hour\":1", "\"addresses_an_hour\":4294967296"),
            ("\"addresses_an_hour\":1", "\"key\":\"x\""),
            ("\"addresses_an_hour\":1", "\"addresses_at\":-1"),
            ("]}", "],\"keys\":[]}"),
            ("[{", "[3,{"),
            ("[{", "[{\"name\":\"pump-17\",\"last_used_at\":1,\"uses\":1},{"),
        ] {
            let text = REPORT.replacen(part, other, 1);
            assert_ne!(text, REPORT, "{part}");
            assert!(matches!(read_usage(text.as_bytes()), Err(KeyError::Input(_))), "{text}");
        }
    }

    #[test]
    fn use_is_added_up_the_last_time_and_the_most_addresses_count_and_no_time_lies_ahead() {
        let now = Timestamp::from_seconds(1000);
        let mut known = Usage::default();
        let at_now = |usage: Usage| Usage { addresses_at: Some(now), ..usage };
        for (more, expected) in [
            (usage(900, 3, 2), usage(900, 3, 2)),
            (usage(800, 4, 1), usage(900, 7, 2)),
            (usage(1001, 1, 5), usage(1000, 8, 5)),
            (usage(1000, u64::MAX, 0), usage(1000, u64::MAX, 5)),
        ] {
            add_usage(&mut known, &more, now);
            assert_eq!(known, at_now(expected));
        }
    }

    #[test]
    fn the_most_addresses_are_forgotten_when_they_were_not_reported_for_seven_days() {
        const WEEK: u64 = 7 * 86_400;
        let mut known = Usage::default();
        // When the report came, what it said, what is kept, and as of when.
        for (at, reported, kept, since) in [
            (1_000, 8, 8, 1_000),
            (2_000, 8, 8, 2_000),
            (3_000, 3, 8, 2_000),
            (1_999 + WEEK, 3, 8, 2_000),
            (2_000 + WEEK, 3, 3, 2_000 + WEEK),
            (2_001 + WEEK, u32::MAX, u32::MAX, 2_001 + WEEK),
            (2_001 + 2 * WEEK, 1, 1, 2_001 + 2 * WEEK),
        ] {
            add_usage(&mut known, &usage(1, 1, reported), Timestamp::from_seconds(at));
            assert_eq!(known.addresses_an_hour, kept, "{at}");
            assert_eq!(known.addresses_at, Some(Timestamp::from_seconds(since)), "{at}");
        }
    }
}
