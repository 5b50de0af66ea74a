//! How long an answer says that it is fresh (RFC 9111 §4.2).

use std::time::Duration;

/// The time for which an answer with these header fields stays fresh, counted from its arrival;
/// `None` where it does not say.
///
/// Read are `max-age`, `no-store` and `no-cache` of `cache-control`, and `age`. What forbids keeping
/// the answer, and a `max-age` that is no number, mean zero (RFC 9111 §4.2.1); of several the
/// shortest counts. An `age` that is no number counts as absent (§5.1). `expires` is not read.
pub fn fresh_for<'f>(fields: impl IntoIterator<Item = (&'f [u8], &'f [u8])>) -> Option<Duration> {
    let mut lifetime: Option<u64> = None;
    let mut age = 0;
    for (name, value) in fields {
        let Ok(value) = std::str::from_utf8(value) else { continue };
        if name.eq_ignore_ascii_case(b"cache-control") {
            let stated = value.split(',').filter_map(|directive| seconds_of(directive.trim()));
            lifetime = lifetime.into_iter().chain(stated).min();
        } else if name.eq_ignore_ascii_case(b"age") {
            age = delta_seconds(value.trim()).unwrap_or(0);
        }
    }
    lifetime.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

/// What one directive says about the lifetime.
fn seconds_of(directive: &str) -> Option<u64> {
    let is = |name: &str| directive.eq_ignore_ascii_case(name);
    if is("no-store") || is("no-cache") {
        return Some(0);
    }
    let (name, value) = directive.split_once('=')?;
    let value = value.trim_matches('"');
    name.eq_ignore_ascii_case("max-age").then(|| delta_seconds(value).unwrap_or(0))
}

/// Whole seconds (RFC 9111 §1.2.2); more than fit count as 2^31.
fn delta_seconds(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(1 << 31).min(1 << 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(fields: &[(&str, &str)]) -> Option<u64> {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        fresh_for(fields).map(|span| span.as_secs())
    }

    #[test]
    fn a_lifetime_is_read_as_caches_read_it() {
        let rows = [
            ("max-age=300", Some(300)),
            ("public, max-age=300, must-revalidate", Some(300)),
            ("Max-Age=\"300\"", Some(300)),
            ("max-age=300,max-age=20", Some(20)),
            ("max-age=0", Some(0)),
            ("no-store", Some(0)),
            ("no-cache, no-store, max-age=300", Some(0)),
            ("max-age=99999999999999999999999", Some(1 << 31)),
            ("max-age=-1", Some(0)),
            ("max-age=1.5", Some(0)),
            ("max-age=", Some(0)),
            ("max-age", None),
            ("no-cache=\"set-cookie\"", None),
            ("s-maxage=10", None),
            ("public", None),
            ("", None),
        ];
        for (value, expected) in rows {
            assert_eq!(seconds(&[("Cache-Control", value)]), expected, "{value}");
        }
        assert_eq!(seconds(&[("expires", "0"), ("age", "3")]), None);
    }

    #[test]
    fn age_is_taken_off_and_fields_are_read_together() {
        let rows: [(&[(&str, &str)], u64); 5] = [
            (&[("cache-control", "max-age=300"), ("age", "100")], 200),
            (&[("age", " 100 "), ("cache-control", "max-age=300")], 200),
            (&[("cache-control", "max-age=300"), ("age", "301")], 0),
            (&[("cache-control", "max-age=300"), ("age", "soon")], 300),
            (&[("cache-control", "max-age=300"), ("cache-control", "no-store")], 0),
        ];
        for (fields, expected) in rows {
            assert_eq!(seconds(fields), Some(expected), "{fields:?}");
        }
        let fields = [(b"cache-control".as_slice(), b"\xff, max-age=1".as_slice())];
        assert_eq!(fresh_for(fields), None);
    }
}
