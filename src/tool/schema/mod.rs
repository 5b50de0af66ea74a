//! The language as a JSON Schema (draft 2020-12), by which editors complete and check what is typed.
//!
//! The shape comes from the tables that the filter itself reads by, the words and defaults from
//! `docs/configuration.md`, which is tested against the same tables. So nothing is said twice. A
//! schema cannot say everything: what parts of a document say about each other is left to `check`.

mod page;

use serde_json::{Map, Value, json};

pub(super) use self::page::without_links;

use self::page::Page;
use crate::config::{DOCUMENT, Key, Shape};

/// The schema, as JSON.
pub fn schema() -> String {
    let page = Page::read(include_str!("../../../docs/configuration.md"));
    let mut schema = object(DOCUMENT, "", &page);
    let members = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("title", "tenantgate"),
        ("description", "The configuration of tenantgate, a proxy-wasm filter."),
    ];
    for (name, text) in members {
        schema.insert(name.into(), text.into());
    }
    format!("{:#}\n", Value::Object(schema))
}

/// An object with these keys, which stands at `path`.
fn object(keys: &[Key], path: &str, page: &Page<'_>) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in keys {
        let path =
            if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        properties.insert(key.name.into(), member(key, &path, page));
    }
    let required = keys.iter().filter(|key| key.is_required).map(|key| key.name);
    let required: Vec<_> = required.collect();
    let mut object = members(json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    }));
    if !required.is_empty() {
        object.insert("required".into(), required.into());
    }
    object
}

fn member(key: &Key, path: &str, page: &Page<'_>) -> Value {
    let mut schema = value(&key.shape, path, page);
    if let Some(row) = page.row(path) {
        schema.insert("description".into(), row.description().into());
        let default = row.default_text().and_then(|text| default(&key.shape, text));
        if let Some(default) = default {
            schema.insert("default".into(), default);
        }
    }
    Value::Object(schema)
}

/// A value of this shape, which stands at `path`.
fn value(shape: &Shape, path: &str, page: &Page<'_>) -> Map<String, Value> {
    match shape {
        Shape::AnyObject => members(json!({ "type": "object" })),
        Shape::Boolean => members(json!({ "type": "boolean" })),
        // A schema has no means to compare durations; the range stands in the description.
        Shape::Duration(..) => members(json!({
            "type": "string",
            "minLength": 1,
            "pattern": DURATION,
        })),
        Shape::Either(shapes) => {
            let shapes = shapes.iter().map(|shape| Value::Object(value(shape, path, page)));
            members(json!({ "anyOf": shapes.collect::<Vec<_>>() }))
        }
        Shape::List(item) => {
            let item = value(item, &format!("{path}[]"), page);
            members(json!({ "type": "array", "minItems": 1, "items": item }))
        }
        Shape::Map(inner) => {
            let inner = value(inner, path, page);
            members(json!({ "type": "object", "minProperties": 1, "additionalProperties": inner }))
        }
        Shape::Object(keys) => object(keys, path, page),
        Shape::OneOf(words) => members(json!({ "enum": words })),
        Shape::Text => text(1),
        Shape::TextOrNothing => text(0),
        Shape::Whole(from, to) => {
            members(json!({ "type": "integer", "minimum": from, "maximum": to }))
        }
    }
}

/// The limit of the language is in bytes; a schema counts characters.
fn text(least: usize) -> Map<String, Value> {
    members(json!({
        "type": "string",
        "minLength": least,
        "maxLength": 4096,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
    }))
}

/// The default of a key as its value; `None` where the page explains one instead of naming it.
fn default(shape: &Shape, text: &str) -> Option<Value> {
    match shape {
        Shape::Boolean => text.parse::<bool>().ok().map(Value::from),
        Shape::Duration(..) | Shape::Text | Shape::TextOrNothing => Some(text.into()),
        Shape::OneOf(words) => words.contains(&text).then(|| text.into()),
        Shape::Whole(..) => text.parse::<u64>().ok().map(Value::from),
        Shape::AnyObject | Shape::Either(_) | Shape::List(_) | Shape::Map(_) | Shape::Object(_) => {
            None
        }
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
            Map::new()
        }
    }
}

/// Hours, minutes, seconds and milliseconds in this order; with `minLength`, at least one of them. Of
/// the digits after a point those past the third are zeros.
const DURATION: &str =
    "^([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}(\\.([0-9]{1,3}|[0-9]{3}0{1,6}))?s)?([0-9]{1,9}ms)?$";
