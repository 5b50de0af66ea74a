//! The index of a store whose keys stand in several documents.

use super::block::{Shard, Sharding};
use super::document::{DocumentError, SERIAL_LIMIT};
use crate::json::{self, Number, Value};

/// What a store says of its documents: `docs/application-keys.md` has the form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreIndex {
    /// Raised at each change of any document.
    pub serial: u64,
    /// How the keys are spread.
    pub sharding: Sharding,
    // INVARIANT: one for each shard of `sharding`.
    shards: Vec<IndexedShard>,
}

/// One document of an index.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IndexedShard {
    /// Its `ETag`: a strong one of at most [`StoreIndex::TAG_LIMIT`] bytes.
    pub tag: Box<str>,
    /// The serial of its last change.
    pub serial: u64,
}

impl StoreIndex {
    /// The most bytes of an index. What is longer is a document.
    pub const LIMIT: usize = 64 * 1024;

    /// The longest `ETag` of a document.
    pub const TAG_LIMIT: usize = 128;

    /// Reads an index; `None` if this is no index, and perhaps a document.
    ///
    /// # Errors
    /// [`DocumentError`] if it is an index that cannot be used.
    pub fn read(text: &[u8]) -> Result<Option<Self>, DocumentError> {
        if text.len() > Self::LIMIT {
            return Ok(None);
        }
        // A document may have a record in it that cannot be read, which is no reason to refuse it: its reader decides.
        let Ok(value) = json::parse(text) else { return Ok(None) };
        let Value::Object(members) = &value else {
            return Err(DocumentError::Invalid("version"));
        };
        if value.get("shards").is_none() {
            return Ok(None);
        }
        let whole = |of: &Value<'_>, member| {
            let number = of.get(member).and_then(Value::as_number).and_then(Number::as_u64);
            number.filter(|number| *number <= SERIAL_LIMIT)
        };
        if whole(&value, "version") != Some(1) {
            return Err(DocumentError::Version);
        }
        let is_known = |name: &str| matches!(name, "version" | "serial" | "shards");
        if !members.iter().all(|(name, _)| is_known(name)) {
            return Err(DocumentError::UnknownMember);
        }
        let serial = whole(&value, "serial").ok_or(DocumentError::Invalid("serial"))?;
        let shards = value.get("shards").and_then(Value::as_array).unwrap_or_default();
        let shards: Option<Vec<_>> = shards
            .iter()
            .map(|shard| {
                let tag = shard.get("etag").and_then(Value::as_str).filter(|tag| is_strong(tag))?;
                Some(IndexedShard { tag: Box::from(tag), serial: whole(shard, "serial")? })
            })
            .collect();
        let shards = shards.ok_or(DocumentError::Invalid("shards"))?;
        let sharding = Sharding::of(shards.len()).ok_or(DocumentError::Invalid("shards"))?;
        Ok(Some(Self { serial, sharding, shards }))
    }

    /// The shards with what the index says of them, in order.
    pub fn shards(&self) -> impl Iterator<Item = (Shard, &IndexedShard)> {
        let place = |(index, stated)| Some((self.sharding.shard(index)?, stated));
        self.shards.iter().enumerate().filter_map(place)
    }
}

/// A strong `ETag` (RFC 9110 §8.8.3).
fn is_strong(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let is_tag_byte = |byte: u8| byte == 0x21 || (0x23..=0x7E).contains(&byte);
    tag.len() <= StoreIndex::TAG_LIMIT && inner.is_some_and(|tag| tag.bytes().all(is_tag_byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<StoreIndex>, DocumentError> {
        StoreIndex::read(text.as_bytes())
    }

    #[test]
    fn an_index_has_a_power_of_two_of_shards_in_order() {
        for count in [1, 2, 4, 256] {
            let shards: Vec<_> =
                (0..count).map(|n| format!(r#"{{"etag":"\"{n}\"","serial":{n}}}"#)).collect();
            let text = format!(r#"{{"version":1,"serial":9,"shards":[{}]}}"#, shards.join(","));
            let index = read(&text).unwrap().unwrap();
            assert_eq!((index.serial, index.sharding.count()), (9, count));
            for (at, (shard, stated)) in index.shards().enumerate() {
                assert_eq!(Some(shard), index.sharding.shard(at));
                assert_eq!((&*stated.tag, stated.serial), (&*format!("\"{at}\""), at as u64));
            }
        }
    }

    #[test]
    fn what_has_no_shards_is_no_index() {
        assert_eq!(read(r#"{"version":1,"serial":9,"keys":[]}"#), Ok(None));
        assert_eq!(read(&" ".repeat(StoreIndex::LIMIT + 1)), Ok(None), "too long for an index");
        // Its reader says whether that spoils a record of it, or all.
        let deep = format!("{}1{}", "[".repeat(20), "]".repeat(20));
        for text in
            [r#"{"keys":[{"name":"a","name":"b"}]}"#, &format!(r#"{{"keys":[{deep}]}}"#), "<html>"]
        {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn an_index_that_could_be_misread_is_refused() {
        let with = |shards: &str| format!(r#"{{"version":1,"serial":9,"shards":{shards}}}"#);
        let one = r#"{"etag":"\"a\"","serial":1}"#;
        let rows = [
            ("[]".to_owned(), DocumentError::Invalid("version")),
            (with("[]"), DocumentError::Invalid("shards")),
            (with("7"), DocumentError::Invalid("shards")),
            (with(&format!("[{one},{one},{one}]")), DocumentError::Invalid("shards")),
            (with(r#"[{"etag":"W/\"a\"","serial":1}]"#), DocumentError::Invalid("shards")),
            (with(r#"[{"etag":"a","serial":1}]"#), DocumentError::Invalid("shards")),
            (with(r#"[{"etag":"\"","serial":1}]"#), DocumentError::Invalid("shards")),
            (with(r#"[{"etag":"\"a b\"","serial":1}]"#), DocumentError::Invalid("shards")),
            (with(r#"[{"etag":"\"a\""}]"#), DocumentError::Invalid("shards")),
            (with(r#"[{"serial":1}]"#), DocumentError::Invalid("shards")),
            (r#"{"version":1,"shards":[]}"#.to_owned(), DocumentError::Invalid("serial")),
            (r#"{"version":2,"serial":1,"shards":[]}"#.to_owned(), DocumentError::Version),
            (
                format!(r#"{{"version":1,"serial":1,"keys":[],"shards":[{one}]}}"#),
                DocumentError::UnknownMember,
            ),
        ];
        for (text, error) in rows {
            assert_eq!(read(&text), Err(error), "{text}");
        }
    }
}
