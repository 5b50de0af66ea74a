//! A `google.protobuf.Struct` in its wire form, as a tree.
//!
//! Envoy's documentation says that a `Struct` is handed to a plugin as JSON; Envoy 1.40 hands over
//! its serialized bytes (measured). Operators should be able to write YAML in either case, so the
//! wire form is read too: `Struct { map<string, Value> fields = 1; }`, `Value` with one of null
//! (1), number (2), string (3), bool (4), struct (5), list (6), `ListValue { Value values = 1; }`.

use super::node::{Node, Value};
use crate::order::ascending;

/// How deep values may be nested; the language needs seven levels.
const DEPTH_LIMIT: usize = 32;

/// The tree that a serialized `Struct` holds, its members sorted by name; `None` for bytes that are
/// none.
pub(super) fn read(bytes: &[u8]) -> Option<Node> {
    let mut root = structure(bytes, DEPTH_LIMIT)?;
    root.number(&mut 0);
    Some(root)
}

fn structure(bytes: &[u8], depth: usize) -> Option<Node> {
    let mut members = Vec::new();
    for field in fields(bytes) {
        let (1, Wire::Bytes(entry)) = field? else { return None };
        let (mut name, mut value) = ("", unnumbered(Value::Null));
        for part in fields(entry) {
            match part? {
                (1, Wire::Bytes(text)) => name = std::str::from_utf8(text).ok()?,
                (2, Wire::Bytes(bytes)) => value = any(bytes, depth.checked_sub(1)?)?,
                (_, Wire::Bytes(_) | Wire::Double(_) | Wire::Varint(_)) => return None,
            }
        }
        members.push((name.to_owned(), value));
    }
    // A map has no order of its own; errors are to come in the same one every time.
    let name = |at: usize| members.get(at).map(|(name, _)| name);
    let order = ascending(members.len(), &|one, other| name(one).cmp(&name(other)));
    let mut members: Vec<_> = members.into_iter().map(Some).collect();
    let members = order.into_iter().filter_map(|at| members.get_mut(at)?.take());
    Some(unnumbered(Value::Object(members.collect())))
}

fn any(bytes: &[u8], depth: usize) -> Option<Node> {
    let mut node = unnumbered(Value::Null);
    for field in fields(bytes) {
        node = match field? {
            (1, Wire::Varint(0)) => unnumbered(Value::Null),
            (2, Wire::Double(number)) if number.is_finite() => unnumbered(Value::Number(number)),
            (3, Wire::Bytes(text)) => {
                unnumbered(Value::Text(std::str::from_utf8(text).ok()?.to_owned()))
            }
            (4, Wire::Varint(truth @ (0 | 1))) => unnumbered(Value::Boolean(truth == 1)),
            (5, Wire::Bytes(bytes)) => structure(bytes, depth)?,
            (6, Wire::Bytes(bytes)) => list(bytes, depth)?,
            (_, Wire::Bytes(_) | Wire::Double(_) | Wire::Varint(_)) => return None,
        };
    }
    Some(node)
}

fn list(bytes: &[u8], depth: usize) -> Option<Node> {
    let depth = depth.checked_sub(1)?;
    let items = fields(bytes).map(|field| match field? {
        (1, Wire::Bytes(bytes)) => any(bytes, depth),
        (_, Wire::Bytes(_) | Wire::Double(_) | Wire::Varint(_)) => None,
    });
    items.collect::<Option<_>>().map(|items| unnumbered(Value::List(items)))
}

const fn unnumbered(value: Value) -> Node {
    Node { order: 0, value }
}

/// The wire types that a `Struct` uses.
enum Wire<'a> {
    Bytes(&'a [u8]),
    Double(f64),
    Varint(u64),
}

/// The fields of a message with their numbers; a last `None` where it is malformed.
fn fields(mut bytes: &[u8]) -> impl Iterator<Item = Option<(u64, Wire<'_>)>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let field = next_field(&mut bytes);
        if field.is_none() {
            bytes = &[];
        }
        Some(field)
    })
}

fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Wire<'a>)> {
    let tag = varint(bytes)?;
    let wire = match tag & 7 {
        0 => Wire::Varint(varint(bytes)?),
        1 => {
            let (number, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            Wire::Double(f64::from_le_bytes(*number))
        }
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            let (value, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Wire::Bytes(value)
        }
        _ => return None,
    };
    Some((tag >> 3, wire))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde::Deserialize as _;
    use serde_json::Value;

    use super::{DEPTH_LIMIT, read};

    fn json(bytes: &[u8]) -> Option<Value> {
        Some(Value::deserialize(&read(bytes)?).unwrap())
    }

    fn length_delimited(tag: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![tag << 3 | 2];
        let mut length = bytes.len();
        while length > 0x7F {
            out.push((length & 0x7F) as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend(bytes);
        out
    }

    /// The wire form of a JSON value, as Envoy makes it.
    fn wire(value: &Value) -> Vec<u8> {
        match value {
            Value::Null => vec![0x08, 0],
            Value::Number(number) => {
                [&[0x11], &number.as_f64().unwrap().to_le_bytes()[..]].concat()
            }
            Value::String(text) => length_delimited(3, text.as_bytes()),
            Value::Bool(truth) => vec![0x20, u8::from(*truth)],
            Value::Object(_) => length_delimited(5, &wire_struct(value)),
            Value::Array(items) => {
                let items: Vec<_> =
                    items.iter().flat_map(|item| length_delimited(1, &wire(item))).collect();
                length_delimited(6, &items)
            }
        }
    }

    fn wire_struct(value: &Value) -> Vec<u8> {
        let members = value.as_object().unwrap().iter();
        let entry = |(name, value): (&String, &Value)| {
            let entry = [length_delimited(1, name.as_bytes()), length_delimited(2, &wire(value))];
            length_delimited(1, &entry.concat())
        };
        members.flat_map(entry).collect()
    }

    fn document() -> Value {
        serde_json::json!({
            "deployment": "ingress",
            "numbers": [300.0, -1.5, true, false, null, ""],
            "nested": { "list": [{ "a": "ü" }], "empty": {} },
            "long": "x".repeat(300),
        })
    }

    #[test]
    fn every_kind_of_value_is_read_back() {
        assert_eq!(json(&wire_struct(&document())), Some(document()));
        assert_eq!(json(&[]), Some(serde_json::json!({})));
    }

    #[test]
    fn members_come_by_name_and_values_are_numbered_in_that_order() {
        let entry = |name: &[u8], value: &[u8]| {
            length_delimited(1, &[length_delimited(1, name), length_delimited(2, value)].concat())
        };
        let [null, truth] = [&[0x08, 0], &[0x20, 1]];
        let list = length_delimited(6, &length_delimited(1, truth));
        let bytes = [entry(b"c", null), entry(b"a", &list), entry(b"b", truth)].concat();
        let node = read(&bytes).unwrap();
        let members = node.members().unwrap().iter();
        let orders: Vec<_> = members.map(|(name, node)| (name.as_str(), node.order)).collect();
        assert_eq!(orders, [("a", 1), ("b", 3), ("c", 4)]);
    }

    #[test]
    fn truncated_bytes_never_panic_and_never_hold_more() {
        let whole = wire_struct(&document());
        for length in 0..whole.len() {
            if let Some(members) = json(&whole[..length]) {
                assert!(members.as_object().unwrap().len() < 4, "{length}");
            }
        }
    }

    #[test]
    fn other_messages_and_endless_nesting_are_refused() {
        for bytes in [&b"{\"a\":1}"[..], &[0x12, 0], &[0x0A, 0xFF], &[0xFF; 12], &[0x0B]] {
            assert_eq!(json(bytes), None, "{bytes:?}");
        }
        let mut deep = Value::Null;
        for _ in 0..=DEPTH_LIMIT {
            deep = serde_json::json!({ "a": deep });
        }
        assert_eq!(json(&wire_struct(&deep)), None);
    }
}
