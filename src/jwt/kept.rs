//! The claims of a token that a configuration asks about, beyond those that every token has.
//!
//! Only these are kept, so that what a token costs is bounded, and a claim that nobody named can
//! decide nothing.

use std::sync::Arc;

use super::names::ClaimName;
use crate::json::{Number, Value};

/// The most claims that a configuration may ask about.
pub const KEPT_CLAIMS_LIMIT: usize = 32;

/// The longest text that is kept, in bytes; for a list, of each item.
pub const KEPT_TEXT_LIMIT: usize = 1024;

/// The most items of a list that is kept.
pub const KEPT_ITEMS_LIMIT: usize = 256;

/// The most bytes of text that are kept of one token: eight of the longest texts.
pub const KEPT_BYTES_LIMIT: usize = 8 * KEPT_TEXT_LIMIT;

/// The names of the claims that a configuration asks about, each once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeptNames(Arc<[ClaimName]>);

/// More than [`KEPT_CLAIMS_LIMIT`] names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyNames;

/// What a token says under one name.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// Nothing.
    Absent,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// Something that no condition can be about: `null`, an object, a list with something else than
    /// texts, an empty text or list, a text with controls, more than the limits, or a way that leads
    /// through something else than objects and arrays. It is neither present nor absent.
    Odd,
    /// A text of 1 to [`KEPT_TEXT_LIMIT`] bytes without controls.
    Text(Box<str>),
    /// A list of 1 to [`KEPT_ITEMS_LIMIT`] such texts.
    Texts(Box<[Box<str>]>),
}

/// The kept claims of one token.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KeptClaims {
    names: KeptNames,
    // INVARIANT: one for each name, in the same order.
    claims: Box<[Claim]>,
}

impl KeptNames {
    /// These names; a name that is there twice counts once.
    ///
    /// # Errors
    /// [`TooManyNames`] for more than [`KEPT_CLAIMS_LIMIT`].
    pub fn new(names: impl IntoIterator<Item = ClaimName>) -> Result<Self, TooManyNames> {
        let mut kept: Vec<ClaimName> = Vec::new();
        for name in names {
            if kept.contains(&name) {
                continue;
            }
            if kept.len() == KEPT_CLAIMS_LIMIT {
                return Err(TooManyNames);
            }
            kept.push(name);
        }
        Ok(Self(kept.into()))
    }
}

impl Claim {
    /// Reads a claim; `left` is how many bytes of text may still be kept.
    fn of(value: &Value<'_>, left: &mut usize) -> Self {
        match value {
            Value::Bool(value) => Self::Boolean(*value),
            Value::Number(number) => Self::Number(*number),
            Value::String(text) => keep(text, left).map_or(Self::Odd, Self::Text),
            Value::Array(items) if (1..=KEPT_ITEMS_LIMIT).contains(&items.len()) => {
                let texts = items.iter().map(|item| keep(item.as_str()?, left));
                texts.collect::<Option<_>>().map_or(Self::Odd, Self::Texts)
            }
            Value::Array(_) | Value::Null | Value::Object(_) => Self::Odd,
        }
    }

    fn footprint(&self) -> usize {
        match self {
            Self::Absent | Self::Boolean(_) | Self::Number(_) | Self::Odd => 0,
            Self::Text(text) => text.len(),
            Self::Texts(texts) => {
                texts.iter().map(|text| text.len() + size_of::<Box<str>>() + ALLOCATION).sum()
            }
        }
    }
}

impl KeptClaims {
    /// What `claims` says under these names.
    pub(super) fn read(claims: &Value<'_>, names: &KeptNames) -> Self {
        let mut left = KEPT_BYTES_LIMIT;
        let read = names.0.iter().map(|name| match name.find(claims) {
            Ok(Some(value)) => Claim::of(value, &mut left),
            Ok(None) => Claim::Absent,
            Err(crate::json::NotContainer) => Claim::Odd,
        });
        Self { claims: read.collect(), names: names.clone() }
    }

    /// What the token says under `name`. [`Claim::Odd`] for a name that was not kept.
    pub(super) fn get(&self, name: &ClaimName) -> &Claim {
        let kept = self.names.0.iter().zip(&self.claims).find(|(kept, _)| *kept == name);
        kept.map_or(&Claim::Odd, |(_, claim)| claim)
    }

    /// The memory it holds, in bytes, without the names, which all tokens share.
    pub(super) fn footprint(&self) -> usize {
        self.claims.iter().map(|claim| size_of::<Claim>() + claim.footprint() + ALLOCATION).sum()
    }
}

fn keep(text: &str, left: &mut usize) -> Option<Box<str>> {
    let is_sound =
        (1..=KEPT_TEXT_LIMIT).contains(&text.len()) && !text.chars().any(char::is_control);
    *left = left.checked_sub(text.len()).filter(|_| is_sound)?;
    Some(text.into())
}

/// What the allocator adds to one block.
const ALLOCATION: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn names(texts: &[&str]) -> KeptNames {
        KeptNames::new(texts.iter().map(|text| ClaimName::parse(text).unwrap())).unwrap()
    }

    fn claim(document: &str, name: &str) -> Claim {
        let value = json::parse(document.as_bytes()).unwrap();
        KeptClaims::read(&value, &names(&[name])).get(&ClaimName::parse(name).unwrap()).clone()
    }

    #[test]
    fn sound_claims_are_kept_as_they_are_and_all_others_are_odd() {
        let text = |text: &str| Claim::Text(text.into());
        let longest = "x".repeat(KEPT_TEXT_LIMIT);
        let rows = [
            (r#"{"b":"x"}"#.to_owned(), Claim::Absent),
            (r#"{"a":"x"}"#.to_owned(), text("x")),
            (format!(r#"{{"a":"{longest}"}}"#), text(&longest)),
            (format!(r#"{{"a":"{longest}x"}}"#), Claim::Odd),
            (r#"{"a":""}"#.to_owned(), Claim::Odd),
            (r#"{"a":"x\n"}"#.to_owned(), Claim::Odd),
            (r#"{"a":true}"#.to_owned(), Claim::Boolean(true)),
            (r#"{"a":7}"#.to_owned(), Claim::Number(Number::Whole(7))),
            (r#"{"a":null}"#.to_owned(), Claim::Odd),
            (r#"{"a":{}}"#.to_owned(), Claim::Odd),
            (r#"{"a":[]}"#.to_owned(), Claim::Odd),
            (r#"{"a":["x",1]}"#.to_owned(), Claim::Odd),
            (r#"{"a":["x",""]}"#.to_owned(), Claim::Odd),
            (r#"{"a":[["x"]]}"#.to_owned(), Claim::Odd),
            (r#"{"a":["x","y"]}"#.to_owned(), Claim::Texts(["x".into(), "y".into()].into())),
        ];
        for (document, expected) in rows {
            assert_eq!(claim(&document, "a"), expected, "{document:.40}");
            assert_eq!(claim(&document, "/a"), expected, "{document:.40}");
        }
    }

    #[test]
    fn a_way_that_leads_through_something_odd_is_not_absent() {
        assert_eq!(claim(r#"{"org":{}}"#, "/org/department"), Claim::Absent);
        assert_eq!(claim(r#"{}"#, "/org/department"), Claim::Absent);
        assert_eq!(claim(r#"{"org":"x"}"#, "/org/department"), Claim::Odd);
        assert_eq!(claim(r#"{"org":null}"#, "/org/department"), Claim::Odd);
        assert_eq!(claim(r#"{"/org":"x"}"#, "/org"), Claim::Absent);
    }

    #[test]
    fn lists_and_all_texts_together_are_bounded_at_exactly_their_limits() {
        let list = |count: usize| format!(r#"{{"a":[{}]}}"#, vec![r#""x""#; count].join(","));
        assert!(matches!(claim(&list(KEPT_ITEMS_LIMIT), "a"), Claim::Texts(_)));
        assert_eq!(claim(&list(KEPT_ITEMS_LIMIT + 1), "a"), Claim::Odd);

        let long = format!(r#""{}""#, "x".repeat(KEPT_TEXT_LIMIT));
        let document = |more: &str| {
            let list = [long.as_str(); KEPT_BYTES_LIMIT / KEPT_TEXT_LIMIT].join(",");
            format!(r#"{{"a":[{list}],"b":{more}}}"#)
        };
        let kept = |document: &str| {
            let value = json::parse(document.as_bytes()).unwrap();
            let kept = KeptClaims::read(&value, &names(&["a", "b"]));
            ["a", "b"].map(|name| *kept.get(&ClaimName::parse(name).unwrap()) == Claim::Odd)
        };
        assert_eq!(kept(&document("true")), [false, false]);
        assert_eq!(kept(&document(r#""y""#)), [false, true]);
    }

    #[test]
    fn a_name_that_was_not_kept_is_odd_and_names_count_once() {
        let value = json::parse(br#"{"a":"x"}"#).unwrap();
        let kept = KeptClaims::read(&value, &KeptNames::default());
        assert_eq!(*kept.get(&ClaimName::parse("a").unwrap()), Claim::Odd);
        let numbered = |count: usize| (0..count).map(|n| ClaimName::parse(&n.to_string()).unwrap());
        assert!(KeptNames::new(numbered(KEPT_CLAIMS_LIMIT).chain(numbered(9))).is_ok());
        assert_eq!(KeptNames::new(numbered(KEPT_CLAIMS_LIMIT + 1)), Err(TooManyNames));
    }
}
