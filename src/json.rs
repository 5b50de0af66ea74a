//! Strict JSON (RFC 8259) for what strangers send: one parser for headers, claims and key sets.
//!
//! Two readers that disagree about a document are an attack on one of them, so whatever could be
//! read in two ways is refused: repeated members, bytes after the end, text that is not UTF-8,
//! numbers beyond the range of a double.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The deepest nesting: a document may hold arrays and objects this far inside each other.
pub const DEPTH_LIMIT: usize = 16;

/// The most members that one object may have.
pub const MEMBERS_LIMIT: usize = 256;

/// A JSON value. Texts without escapes borrow from the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `[…]`.
    Array(Vec<Value<'a>>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A number.
    Number(Number),
    /// `{…}`: members in the order of the document; no name occurs twice.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
    /// `"…"`.
    String(Cow<'a, str>),
}

/// A number: whole if it is written without fraction and exponent and fits 64 bits, else a double.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A finite double.
    Float(f64),
    /// A negative whole number.
    Negative(i64),
    /// A whole number from zero.
    Whole(u64),
}

/// Why a document is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JsonError {
    /// A member occurs twice in one object.
    MemberRepeated,
    /// It is not one JSON value in UTF-8, with nothing after it.
    Syntax,
    /// It is nested more than [`DEPTH_LIMIT`] deep.
    TooDeep,
    /// An object has more than [`MEMBERS_LIMIT`] members.
    TooManyMembers,
}

/// A JSON pointer leads through a value that is not what it takes it for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotContainer;

/// Reads one document. Its size is the caller's to bound.
///
/// # Errors
/// [`JsonError`] says what the first thing wrong is.
pub fn parse(document: &[u8]) -> Result<Value<'_>, JsonError> {
    // Looked at as a whole: text by text it costs a multiple.
    let document = std::str::from_utf8(document).map_err(|_| JsonError::Syntax)?;
    let fault = Cell::new(JsonError::Syntax);
    let seed = Level { left: DEPTH_LIMIT, fault: &fault };
    let mut deserializer = serde_json::Deserializer::from_str(document);
    seed.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|_| fault.get())
}

/// Reads a value that has been parsed before, by the same rules as a document.
///
/// # Errors
/// [`JsonError`] says what the first thing wrong is.
pub fn read<'de>(source: impl Deserializer<'de>) -> Result<Value<'de>, JsonError> {
    let fault = Cell::new(JsonError::Syntax);
    let seed = Level { left: DEPTH_LIMIT, fault: &fault };
    seed.deserialize(source).map_err(|_| fault.get())
}

impl<'a> Value<'a> {
    /// The member of this name, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(member, _)| is_same(member, name)).map(|(_, value)| value)
            }
            Self::Array(_) | Self::Bool(_) | Self::Null | Self::Number(_) | Self::String(_) => None,
        }
    }

    /// What the reference tokens of a JSON pointer (RFC 6901 §4), unescaped, lead to; `None` if an
    /// object or array on the way has no such member or item.
    ///
    /// # Errors
    /// [`NotContainer`] if something on the way has neither members nor items of that kind. A caller
    /// that takes this for "absent" lets the document decide which of its claims are seen.
    pub fn descend<'t>(
        &self,
        tokens: impl IntoIterator<Item = &'t str>,
    ) -> Result<Option<&Value<'a>>, NotContainer> {
        let mut value = self;
        for token in tokens {
            let inner = match value {
                Self::Array(items) => items.get(array_index(token).ok_or(NotContainer)?),
                Self::Object(_) => value.get(token),
                Self::Bool(_) | Self::Null | Self::Number(_) | Self::String(_) => {
                    return Err(NotContainer);
                }
            };
            match inner {
                Some(inner) => value = inner,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Array(_) | Self::Bool(_) | Self::Null | Self::Number(_) | Self::Object(_) => None,
        }
    }

    /// The items, if this is an array.
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Self::Array(items) => Some(items),
            Self::Bool(_) | Self::Null | Self::Number(_) | Self::Object(_) | Self::String(_) => {
                None
            }
        }
    }

    /// The number, if this is one.
    pub const fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Array(_) | Self::Bool(_) | Self::Null | Self::Object(_) | Self::String(_) => None,
        }
    }

    /// Whether this is an object.
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }
}

impl Number {
    /// The nearest double.
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Float(number) => number,
            Self::Negative(number) => number as f64,
            Self::Whole(number) => number as f64,
        }
    }

    /// The whole number from zero that this is, also when it is written `300.0`.
    pub fn as_u64(self) -> Option<u64> {
        // 2^53: below it every whole double is exact.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self {
            Self::Whole(number) => Some(number),
            Self::Float(number) if (0.0..EXACT).contains(&number) && number.fract() == 0.0 => {
                Some(number as u64)
            }
            Self::Float(_) | Self::Negative(_) => None,
        }
    }
}

/// One level of nesting; `left` more are allowed.
#[derive(Clone, Copy)]
struct Level<'f> {
    left: usize,
    fault: &'f Cell<JsonError>,
}

impl Level<'_> {
    fn refuse<E: serde::de::Error>(self, fault: JsonError) -> E {
        self.fault.set(fault);
        E::custom("")
    }

    fn enter<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(self.refuse(JsonError::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Number::Whole(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(u64::try_from(number).map_or(Number::Negative(number), Number::Whole)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Number::Float(number)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let inner = self.enter()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        let inner = self.enter()?;
        // The claims alone: room in every object of a hostile token would be two megabytes.
        let is_outermost = self.left == DEPTH_LIMIT;
        let mut values = Vec::with_capacity(if is_outermost { USUAL_MEMBERS } else { 0 });
        while let Some(name) = members.next_key_seed(Name)? {
            if values.len() == MEMBERS_LIMIT {
                return Err(self.refuse(JsonError::TooManyMembers));
            }
            values.push((name, members.next_value_seed(inner)?));
        }
        if has_repeated_name(&values) {
            return Err(self.refuse(JsonError::MemberRepeated));
        }
        Ok(Value::Object(values))
    }
}

/// The name of a member, borrowed where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Whether both are the same name. Most claims have names of three letters: so it is the last one that tells
/// them apart without a call.
#[inline(always)]
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().last() == other.as_bytes().last() && one == other
}

fn has_repeated_name(members: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    if members.len() <= 2 * USUAL_MEMBERS {
        // A name is compared only with those before it, and only if one of them has left its bit.
        let mut bits = [0_u64; PLACES / 64];
        return members.iter().enumerate().any(|(at, (name, _))| {
            let place = place(name);
            let bit = 1 << (place % 64);
            let Some(word) = bits.get_mut(place / 64) else { return true };
            let is_new = *word & bit == 0;
            *word |= bit;
            !is_new && members.iter().take(at).any(|(before, _)| is_same(before, name))
        });
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair.first() == pair.last())
}

/// One of [`PLACES`], the same for the same names: from the length, the first and the last byte.
fn place(name: &str) -> usize {
    let bytes = name.as_bytes();
    let [first, last] =
        [bytes.first(), bytes.last()].map(|byte| byte.copied().map_or(0, usize::from));
    bytes.len().wrapping_mul(211).wrapping_add(first * 31 + last) % PLACES
}

/// Many beside the members of an object, so that different names seldom meet.
const PLACES: usize = 1024;

/// How many members the outermost object has room for at first: most tokens have no more.
const USUAL_MEMBERS: usize = 12;

/// RFC 6901 §4: digits without a leading zero.
fn array_index(token: &str) -> Option<usize> {
    let is_index = token == "0" || !token.starts_with(['0', '+']);
    if is_index { token.parse().ok() } else { None }
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemberRepeated => formatter.write_str("a member occurs twice in one object"),
            Self::Syntax => formatter.write_str("not one JSON value in UTF-8"),
            Self::TooDeep => write!(formatter, "nested more than {DEPTH_LIMIT} deep"),
            Self::TooManyMembers => {
                write!(formatter, "an object has more than {MEMBERS_LIMIT} members")
            }
        }
    }
}

impl std::error::Error for JsonError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types_and_borrow_where_they_can() {
        let value =
            parse(br#"{"a":[1,-2,3.5,300.0,true,null],"b":{"c\n":"d","e":"f\u00e9"}}"#).unwrap();
        let numbers = value.get("a").and_then(Value::as_array).unwrap();
        let as_u64: Vec<_> =
            numbers.iter().map(|n| n.as_number().and_then(Number::as_u64)).collect();
        assert_eq!(as_u64, [Some(1), None, None, Some(300), None, None]);
        assert_eq!(numbers[1].as_number().map(Number::as_f64), Some(-2.0));
        let inner = value.get("b").unwrap();
        assert!(matches!(inner.get("c\n"), Some(Value::String(Cow::Borrowed("d")))));
        assert_eq!(inner.get("e").and_then(Value::as_str), Some("fé"));
    }

    #[test]
    fn documents_that_could_be_read_in_two_ways_are_refused() {
        let rows: [(&[u8], JsonError); 16] = [
            (b"", JsonError::Syntax),
            (b"{} x", JsonError::Syntax),
            (b"{}{}", JsonError::Syntax),
            (b"{\"a\":1,}", JsonError::Syntax),
            (b"{'a':1}", JsonError::Syntax),
            (b"\xef\xbb\xbf{}", JsonError::Syntax),
            (b"\"\xff\"", JsonError::Syntax),
            (b"{\"\xff\":1}", JsonError::Syntax),
            (br#""\ud800""#, JsonError::Syntax),
            (b"1e999", JsonError::Syntax),
            (b"NaN", JsonError::Syntax),
            (b"01", JsonError::Syntax),
            (b"// c\n{}", JsonError::Syntax),
            (br#"{"a":1,"b":2,"a":1}"#, JsonError::MemberRepeated),
            (br#"{"a":1,"\u0061":2}"#, JsonError::MemberRepeated),
            (br#"[{"x":{"a":1,"a":1}}]"#, JsonError::MemberRepeated),
        ];
        for (document, expected) in rows {
            assert_eq!(parse(document), Err(expected), "{}", document.escape_ascii());
        }
    }

    #[test]
    fn a_repeated_name_is_refused_among_few_members_and_among_many() {
        for count in [2, 2 * USUAL_MEMBERS, 2 * USUAL_MEMBERS + 1, MEMBERS_LIMIT] {
            let document = |names: Vec<String>| {
                let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":1")).collect();
                format!("{{{}}}", members.join(","))
            };
            let names: Vec<_> = (0..count).map(|number| format!("n{number:03}")).collect();
            assert!(parse(document(names.clone()).as_bytes()).is_ok(), "{count}");
            for (one, other) in [(0, count - 1), (count - 1, 0), (0, 1), (count - 2, count - 1)] {
                let mut names = names.clone();
                names[one] = names[other].clone();
                let refused = Err(JsonError::MemberRepeated);
                assert_eq!(parse(document(names).as_bytes()), refused, "{count} {one} {other}");
            }
        }
    }

    #[test]
    fn names_that_leave_the_same_bit_are_compared_byte_by_byte() {
        assert_eq!(place("abc"), place("axc"));
        assert!(parse(br#"{"abc":1,"axc":2}"#).is_ok());
        assert!(parse(br#"{"abc":{"abc":1}}"#).is_ok());
        for refused in [
            r#"{"abc":1,"axc":2,"abc":3}"#,
            r#"{"abc":1,"axc":2,"\u0061\u0078c":3}"#,
            r#"{"":1,"":2}"#,
            r#"{"a":{"abc":1,"axc":2,"axc":3}}"#,
        ] {
            assert_eq!(parse(refused.as_bytes()), Err(JsonError::MemberRepeated), "{refused}");
        }
    }

    #[test]
    fn depth_and_members_are_bounded_at_exactly_their_limits() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(DEPTH_LIMIT).as_bytes()).is_ok());
        assert_eq!(parse(nested(DEPTH_LIMIT + 1).as_bytes()), Err(JsonError::TooDeep));
        assert_eq!(parse(nested(100_000).as_bytes()), Err(JsonError::TooDeep));
        let wide = |members: usize| {
            let members: Vec<_> = (0..members).map(|i| format!("\"{i}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(parse(wide(MEMBERS_LIMIT).as_bytes()).is_ok());
        assert_eq!(parse(wide(MEMBERS_LIMIT + 1).as_bytes()), Err(JsonError::TooManyMembers));
    }

    #[test]
    fn pointers_lead_through_objects_and_arrays() {
        let value = parse(br#"{"a":{"":[10,{"b/c":7}]},"d":null}"#).unwrap();
        let at = |tokens: &[&str]| value.descend(tokens.iter().copied()).map(Option::<&_>::cloned);
        let whole = |number| Ok(Some(Value::Number(Number::Whole(number))));
        assert_eq!(at(&["a", "", "1", "b/c"]), whole(7));
        assert_eq!(at(&["a", "", "0"]), whole(10));
        for absent in [&["a", "", "2"][..], &["a", "x", "0"], &["b"], &["b", "c"]] {
            assert_eq!(at(absent), Ok(None), "{absent:?}");
        }
        for odd in [&["a", "", "-"][..], &["a", "", "00"], &["a", "", "+1"], &["d", "x"]] {
            assert_eq!(at(odd), Err(NotContainer), "{odd:?}");
        }
    }
}
