//! The strict JSON parser beside that of `serde_json`.

use tenantgate::json::{self, Number, Value};

/// Reads a document. Whatever is accepted, the other parser accepts too and understands alike.
pub fn run(data: &[u8]) {
    if let Ok(value) = json::parse(data) {
        let other = serde_json::from_slice::<serde_json::Value>(data);
        let other = other.expect("what the strict parser accepts");
        assert!(is_same(&value, &other), "two readings of one document");
    }
}

/// Whether both parsers read the same.
fn is_same(value: &Value<'_>, other: &serde_json::Value) -> bool {
    use serde_json::Value as Other;
    match (value, other) {
        (Value::Array(items), Other::Array(others)) => {
            items.len() == others.len()
                && items.iter().zip(others).all(|(item, other)| is_same(item, other))
        }
        (Value::Bool(truth), Other::Bool(other)) => truth == other,
        (Value::Null, Other::Null) => true,
        (Value::Number(Number::Float(number)), Other::Number(other)) => {
            other.is_f64() && other.as_f64() == Some(*number)
        }
        (Value::Number(Number::Negative(number)), Other::Number(other)) => {
            other.as_i64() == Some(*number) && *number < 0
        }
        (Value::Number(Number::Whole(number)), Other::Number(other)) => {
            other.as_u64() == Some(*number)
        }
        // Equal lengths: the other parser keeps the last of repeated members, this one none.
        (Value::Object(members), Other::Object(others)) => {
            let is_there = |name: &str, value| others.get(name).is_some_and(|o| is_same(value, o));
            members.len() == others.len()
                && members.iter().all(|(name, value)| is_there(name, value))
        }
        (Value::String(text), Other::String(other)) => text == other,
        (
            Value::Array(_)
            | Value::Bool(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_)
            | Value::String(_),
            _,
        ) => false,
    }
}
