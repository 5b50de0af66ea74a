//! A key file as text: indented, members in their order, lists of plain values in one line.

use crate::json::{Number, Value};

/// The document as text, with a line break at its end.
pub(super) fn written(value: &Value<'_>) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text.push('\n');
    text
}

/// A value in one line.
pub(super) fn in_line(value: &Value<'_>) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(in_line).collect::<Vec<_>>().join(", "))
        }
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Number(Number::Float(number)) => {
            // No reader makes one that is not finite, the only ones that JSON lacks.
            let number = serde_json::Number::from_f64(*number);
            number.map_or_else(|| "null".to_owned(), |number| number.to_string())
        }
        Value::Number(Number::Negative(number)) => number.to_string(),
        Value::Number(Number::Whole(number)) => number.to_string(),
        Value::Object(members) => {
            let members = members.iter();
            let members =
                members.map(|(name, value)| format!("{}: {}", quoted(name), in_line(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => quoted(text),
    }
}

fn write(text: &mut String, value: &Value<'_>, depth: usize) {
    let line = |text: &mut String, is_first: bool, depth: usize| {
        text.push_str(if is_first { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth));
    };
    match value {
        Value::Array(items) if items.iter().any(is_nested) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                line(text, at == 0, depth + 1);
                write(text, item, depth + 1);
            }
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
            text.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            text.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                line(text, at == 0, depth + 1);
                text.push_str(&quoted(name));
                text.push_str(": ");
                write(text, value, depth + 1);
            }
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
            text.push('}');
        }
        Value::Array(_)
        | Value::Bool(_)
        | Value::Null
        | Value::Number(_)
        | Value::Object(_)
        | Value::String(_) => text.push_str(&in_line(value)),
    }
}

const fn is_nested(value: &Value<'_>) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) => true,
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_document_is_written_in_its_order_and_read_back_the_same() {
        let text =
            r#"{"z":1,"a":{"b":[1,-2,0.5,"\u0001\"ä"],"c":[]},"keys":[{"n":null},{}],"e":{}}"#;
        let value = json::parse(text.as_bytes()).unwrap();
        let again = written(&value);
        assert_eq!(json::parse(again.as_bytes()), Ok(value));
        let expected = "{\n  \"z\": 1,\n  \"a\": {\n    \"b\": [1, -2, 0.5, \"\\u0001\\\"ä\"],\n    \"c\": []\n  },\n  \"keys\": [\n    {\n      \"n\": null\n    },\n    {}\n  ],\n  \"e\": {}\n}\n";
        assert_eq!(again, expected);
    }
}
