//! The fields of a request that are kept out of its head while it waits: proxies log the head of a request whose
//! client goes away, and keys and tokens may stand there.

use super::edits::{HeaderEdit, concerns};
use super::head::RequestHead;
use crate::secret::Secret;

/// All fields of some names, as they were received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withheld {
    fields: Vec<Field>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Field {
    name: Box<[u8]>,
    value: Secret<Vec<u8>>,
}

impl Withheld {
    /// Every field that `edits` change. They must only remove and reduce.
    pub fn of(head: &RequestHead<'_>, edits: &[HeaderEdit]) -> Self {
        let is_changed = |name: &[u8]| edits.iter().any(|edit| concerns(edit, name));
        let fields = head.fields().filter(|(name, _)| is_changed(name));
        let kept = |(name, value): (&[u8], &[u8])| Field {
            name: name.into(),
            value: Secret::new(value.to_vec()),
        };
        Self { fields: fields.map(kept).collect() }
    }

    /// How many bytes of values are kept.
    pub fn size(&self) -> usize {
        self.fields.iter().map(|field| field.value.expose().len()).sum()
    }

    /// The head as it was: what is left of it in the proxy, and these fields in place of those of their names.
    #[must_use]
    pub fn restore<'h>(&'h self, head: &RequestHead<'h>) -> RequestHead<'h> {
        let is_ours = |name: &[u8]| self.fields.iter().any(|field| *field.name == *name);
        let mut fields: Vec<_> = head.fields().filter(|(name, _)| !is_ours(name)).collect();
        let kept = |field: &'h Field| (&*field.name, field.value.expose().as_slice());
        fields.extend(self.fields.iter().map(kept));
        head.with_fields(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{HeaderEdits, ParameterName, Reduced};

    fn head<'a>(fields: &[(&'a str, &'a str)]) -> RequestHead<'a> {
        RequestHead::new(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
    }

    fn edits(head: &RequestHead<'_>) -> HeaderEdits {
        let names = [ParameterName::parse("appKey").unwrap()];
        let path = Reduced::without_parameters(head.path().unwrap(), &names).unwrap();
        vec![HeaderEdit::Remove(Box::from(b"appkey".as_slice())), HeaderEdit::Reduce(path)]
    }

    #[test]
    fn what_was_taken_out_is_there_again_and_nothing_else_changes() {
        let before = head(&[
            (":method", "GET"),
            (":path", "/a?appKey=1&b=2"),
            ("appkey", "one"),
            ("accept", "*/*"),
            ("appkey", "two"),
        ])
        .ending(true);
        let withheld = Withheld::of(&before, &edits(&before));
        assert_eq!(withheld.size(), "/a?appKey=1&b=2onetwo".len());
        let left = head(&[(":method", "GET"), (":path", "/a?b=2"), ("accept", "*/*")]).ending(true);
        let after = withheld.restore(&left);
        assert_eq!(after.path(), Some(b"/a?appKey=1&b=2".as_slice()));
        assert_eq!(after.method(), Some(b"GET".as_slice()));
        assert!(after.is_whole());
        let keys: Vec<_> = after.values(b"appkey").collect();
        assert_eq!(keys, [b"one".as_slice(), b"two".as_slice()]);
        assert_eq!(after.fields().count(), before.fields().count());
    }

    #[test]
    fn a_head_of_which_nothing_was_taken_is_kept_nowhere() {
        let before = head(&[(":path", "/a?b=2"), ("accept", "*/*")]);
        assert_eq!(Withheld::of(&before, &[]).size(), 0);
        assert_eq!(Withheld::of(&before, &[]).restore(&before).fields().count(), 2);
    }
}
