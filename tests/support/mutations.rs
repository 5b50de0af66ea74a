//! Documents that differ from a good one in one place.

use serde_json::{Value, json};

/// `good` without each of its values, and with each replaced by values of every type.
pub fn of(good: &Value) -> Vec<Value> {
    let others = [
        json!(null),
        json!(true),
        json!(7),
        json!("x"),
        json!(""),
        json!("any"),
        json!("{tenant}"),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({"x": ["x"]}),
    ];
    let mut documents = Vec::new();
    for pointer in pointers(good) {
        documents.push(without(good, &pointer));
        for other in &others {
            let mut document = good.clone();
            *document.pointer_mut(&pointer).unwrap() = other.clone();
            documents.push(document);
        }
    }
    documents
}

/// The JSON pointers of every value in `document`.
fn pointers(document: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match document {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        Value::Object(members) => {
            let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
            members.iter().map(|(name, value)| (escaped(name), value)).collect()
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let inner = inner.into_iter().flat_map(|(name, value)| {
        pointers(value).into_iter().map(move |rest| format!("/{name}{rest}"))
    });
    std::iter::once(String::new()).chain(inner).collect()
}

/// `document` without the value at `pointer`.
fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    match document.pointer_mut(parent) {
        Some(Value::Array(items)) => drop(items.remove(name.parse().unwrap())),
        Some(Value::Object(members)) => drop(members.remove(name)),
        Some(_) | None => {}
    }
    document
}
