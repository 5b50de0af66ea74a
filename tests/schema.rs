//! The JSON Schema against the reader of the filter: they accept and refuse the same shapes.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

#[path = "support/mutations.rs"]
mod mutations;

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};
use tenantgate::config::{self, DOCUMENT, Key, Problem, Shape, ShapeProblem};
use tenantgate::tool;

#[test]
fn the_schema_in_the_documents_is_up_to_date() {
    let file = root().join("docs/tenantgate.schema.json");
    if std::env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        fs::write(&file, tool::schema()).unwrap();
    }
    let committed = fs::read_to_string(file).unwrap_or_default();
    assert!(committed == tool::schema(), "run with TENANTGATE_WRITE_GOLDEN=1 and review");
}

#[test]
fn the_schema_is_one_of_its_draft() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

#[test]
fn every_key_has_a_description_and_every_default_fits_its_key() {
    let schema = schema();
    let mut defaults = 0;
    walk(DOCUMENT, &schema, &mut |key, member| {
        let description = member["description"].as_str().unwrap_or_default();
        assert!(description.contains(". Value: "), "{}: {description}", key.name);
        assert!(!description.contains("]("), "{}: {description}", key.name);
        if let Some(default) = member.get("default") {
            assert!(jsonschema::draft202012::is_valid(member, default), "{}", key.name);
            defaults += 1;
        }
    });
    assert!(defaults > 15, "{defaults}");
    let timeout = "/properties/issuers/items/properties/jwks/properties/timeout/default";
    assert_eq!(schema.pointer(timeout), Some(&json!("5s")));
}

#[test]
fn every_good_document_and_every_example_is_accepted() {
    let validator = validator();
    let mut examples = 0;
    for file in files("tests/fixtures/config/good", "json") {
        accepted(&validator, &json_of(&file), &file.display().to_string());
    }
    for directory in ["envoy", "docs", "."] {
        for file in files(directory, if directory == "envoy" { "yaml" } else { "md" }) {
            let text = fs::read_to_string(&file).unwrap();
            let texts = if directory == "envoy" { vec![text.as_str()] } else { snippets(&text) };
            for text in texts {
                for found in tool::configurations("x.yaml", text.as_bytes()).unwrap() {
                    let found: Value = serde_json::from_str(&found).unwrap();
                    accepted(&validator, &found, &file.display().to_string());
                    examples += 1;
                }
            }
        }
    }
    assert!(examples >= 4, "{examples}: two of Envoy, one in README, one in docs/configuration.md");
}

#[test]
fn every_document_with_a_wrong_shape_is_refused() {
    let validator = validator();
    let mut refused = 0;
    for file in files("tests/fixtures/config/bad", "json") {
        let bytes = fs::read(&file).unwrap();
        let Ok(document) = serde_json::from_slice(&bytes) else { continue };
        let expected = has_wrong_shape(&bytes);
        assert_eq!(validator.is_valid(&document), !expected, "{}", file.display());
        refused += usize::from(expected);
    }
    assert!(refused > 4, "{refused}");
}

/// Whatever is changed in a good document, schema and reader agree on its shape. Every fifth change: 12
/// are made in each place, so every kind of change is tried, and it takes seconds, not a minute.
#[test]
fn schema_and_filter_agree_on_thousands_of_changed_documents() {
    let validator = validator();
    let (mut accepted, mut refused) = (0, 0);
    for file in files("tests/fixtures/config/good", "json") {
        for document in mutations::of(&json_of(&file)).into_iter().step_by(5) {
            let expected = has_wrong_shape(document.to_string().as_bytes());
            assert_eq!(validator.is_valid(&document), !expected, "{}: {document}", file.display());
            *(if expected { &mut refused } else { &mut accepted }) += 1;
        }
    }
    assert!(accepted > 100 && refused > 1000, "{accepted} {refused}");
}

#[test]
fn durations_and_texts_are_told_as_the_filter_tells_them() {
    let validator = validator();
    let rows = [
        ("10s", true),
        ("1h30m", true),
        ("1h0m0s0ms", true),
        ("0.5s", true),
        ("0.500000000s", true),
        ("0.0005s", false),
        ("0.5000000000s", false),
        ("", false),
        ("5", false),
        ("1m1h", false),
        ("1s1s", false),
        ("0.5m", false),
        ("1 s", false),
        ("1234567890ms", false),
        ("1s\n", false),
    ];
    for (text, expected) in rows {
        let mut document = json_of(&root().join("tests/fixtures/config/good/minimal.json"));
        document["limits"] = json!({ "refresh_ahead": text });
        assert_eq!(validator.is_valid(&document), expected, "{text}");
        assert_eq!(!has_wrong_shape(document.to_string().as_bytes()), expected, "{text}");
    }
}

/// Whether the reader finds something that a schema can say. It cannot compare durations, count
/// bytes, or see that a key is there twice.
fn has_wrong_shape(document: &[u8]) -> bool {
    let found = config::inspect(document, &|_| Some("x".repeat(64)));
    found.errors.iter().any(|error| match error.problem() {
        Problem::Shape(
            ShapeProblem::KeyRepeated
            | ShapeProblem::OutOfRange { shape: Shape::Duration(..) }
            | ShapeProblem::TextTooLong,
        ) => false,
        Problem::Shape(_) => true,
        _ => false,
    })
}

fn accepted(validator: &Validator, document: &Value, name: &str) {
    let errors: Vec<_> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
}

fn schema() -> Value {
    serde_json::from_str(&tool::schema()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// Every key with its schema.
fn walk(keys: &[Key], schema: &Value, visit: &mut dyn FnMut(&Key, &Value)) {
    for key in keys {
        let member = &schema["properties"][key.name];
        visit(key, member);
        walk_shape(&key.shape, member, visit);
    }
}

fn walk_shape(shape: &Shape, schema: &Value, visit: &mut dyn FnMut(&Key, &Value)) {
    match shape {
        Shape::Object(keys) => walk(keys, schema, visit),
        Shape::List(item) => walk_shape(item, &schema["items"], visit),
        Shape::Map(value) => walk_shape(value, &schema["additionalProperties"], visit),
        Shape::Either(shapes) => {
            for (index, shape) in shapes.iter().enumerate() {
                walk_shape(shape, &schema["anyOf"][index], visit);
            }
        }
        Shape::AnyObject
        | Shape::Boolean
        | Shape::Duration(..)
        | Shape::OneOf(_)
        | Shape::Text
        | Shape::TextOrNothing
        | Shape::Whole(..) => {}
    }
}

/// The blocks of a page that could hold a configuration.
fn snippets(page: &str) -> Vec<&str> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.split_once('\n'));
    let blocks = blocks.filter(|(language, _)| matches!(*language, "json" | "yaml"));
    blocks.map(|(_, text)| text).filter(|text| text.contains("deployment")).collect()
}

fn json_of(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
