//! Configuration documents, as JSON and as the serialized `Struct` that Envoy hands over.

use tenantgate::config::{self, Compiled};

use super::world::{SECRET, environment};

/// Compiles a document. No error and no warning shows a secret, and a document means the same in
/// either form.
pub fn run(data: &[u8]) {
    let shown = match config::compile(data, &environment) {
        Err(errors) => format!("{errors} {errors:?}"),
        Ok(compiled) => {
            check_other_form(data, &compiled);
            compiled.warnings.iter().map(|warning| format!("{warning} {warning:?}")).collect()
        }
    };
    assert!(!shown.contains(SECRET), "a secret is shown");
}

fn check_other_form(data: &[u8], compiled: &Compiled) {
    let Ok(serde_json::Value::Object(document)) = serde_json::from_slice(data) else { return };
    let other = config::compile(&structure(&document), &environment);
    let other = other.expect("the same document");
    assert_eq!(other.warnings.len(), compiled.warnings.len());
    assert_eq!(other.config.key_sources().len(), compiled.config.key_sources().len());
}

/// `Struct { map<string, Value> fields = 1; }`.
fn structure(members: &serde_json::Map<String, serde_json::Value>) -> Vec<u8> {
    let entry = |(name, value): (&String, &_)| {
        delimited(1, &[delimited(1, name.as_bytes()), delimited(2, &any(value))].concat())
    };
    members.iter().flat_map(entry).collect()
}

/// `Value`: null 1, number 2, string 3, bool 4, struct 5, list 6.
fn any(value: &serde_json::Value) -> Vec<u8> {
    use serde_json::Value;
    match value {
        Value::Null => vec![1 << 3, 0],
        Value::Number(number) => {
            let number = number.as_f64().expect("without arbitrary precision all numbers are");
            [&[2 << 3 | 1][..], &number.to_le_bytes()].concat()
        }
        Value::String(text) => delimited(3, text.as_bytes()),
        Value::Bool(truth) => vec![4 << 3, u8::from(*truth)],
        Value::Object(members) => delimited(5, &structure(members)),
        Value::Array(items) => {
            let items: Vec<u8> = items.iter().flat_map(|item| delimited(1, &any(item))).collect();
            delimited(6, &items)
        }
    }
}

/// A length-delimited field.
fn delimited(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        field.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(content);
    field
}
