//! Configurations inside the files of those who run them: Envoy's own file, Istio's `WasmPlugin` and
//! `EnvoyFilter`, Envoy Gateway's `EnvoyExtensionPolicy`.

use std::collections::BTreeSet;

use super::json;
use super::source::SourceError;
use super::tree::{Position, Tree, Value, json_name};

/// The configurations of the filter in a file: those of its plugins inside, or else the document itself
/// if it is of no other kind.
///
/// A plugin counts as ours if anything around its configuration names tenantgate, or if the
/// configuration has a `deployment`.
///
/// # Errors
/// [`SourceError`] for a configuration that stands in the file as a text and is no JSON.
pub(super) fn configurations(documents: &[Tree]) -> Result<Vec<Tree>, SourceError> {
    places(documents).into_iter().map(unwrapped).collect()
}

/// The keys around the configurations in a file that stand for the same as one before them in the same
/// object; some readers take the first, others the last. Each with its position.
pub(super) fn repeated(documents: &[Tree]) -> Vec<(&str, Position)> {
    let own: Vec<_> = places(documents).into_iter().map(inner).collect();
    let mut found = Vec::new();
    documents.iter().for_each(|document| search_repeated(document, &own, &mut found));
    found
}

fn search_repeated<'t>(tree: &'t Tree, own: &[&Tree], found: &mut Vec<(&'t str, Position)>) {
    // The filter's own reader says what is stated twice there.
    if own.iter().any(|own| std::ptr::eq(*own, tree)) {
        return;
    }
    let mut known = BTreeSet::new();
    for (name, value) in tree.members() {
        if !known.insert(json_name(name)) {
            found.push((name, value.at));
        }
        search_repeated(value, own, found);
    }
    tree.items().iter().for_each(|item| search_repeated(item, own, found));
}

/// The numbers in configurations that Envoy reads from its own YAML and hands to the filter as texts,
/// each with its path in the configuration.
pub(super) fn texts_for_envoy(documents: &[Tree]) -> Vec<(String, Position)> {
    // Kubernetes hands numbers over as they are, and so do we if the document is the configuration.
    if documents.iter().any(|document| document.get("apiVersion").is_some()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for place in places(documents) {
        if !documents.iter().any(|document| std::ptr::eq(document, place)) {
            search_texts(inner(place), String::new(), &mut found);
        }
    }
    found
}

fn search_texts(tree: &Tree, path: String, found: &mut Vec<(String, Position)>) {
    for (name, value) in tree.members() {
        let dot = if path.is_empty() { "" } else { "." };
        search_texts(value, format!("{path}{dot}{name}"), found);
    }
    for (index, item) in tree.items().iter().enumerate() {
        search_texts(item, format!("{path}[{index}]"), found);
    }
    if tree.is_text_for_envoy {
        found.push((path, tree.at));
    }
}

/// Where the configurations stand.
fn places(documents: &[Tree]) -> Vec<&Tree> {
    let mut found = Vec::new();
    documents.iter().for_each(|document| search(document, &mut found));
    if let [document] = documents
        && (document.get("deployment").is_some() || found.is_empty() && !is_container(document))
    {
        found = vec![document];
    }
    found
}

/// Whether the file is of those who run the filter, and holds the configuration somewhere inside.
fn is_container(document: &Tree) -> bool {
    const KEYS: [&str; 6] =
        ["@type", "apiVersion", "kind", "dynamic_resources", "resources", "static_resources"];
    KEYS.iter().any(|key| document.get(key).is_some())
}

fn search<'t>(tree: &'t Tree, found: &mut Vec<&'t Tree>) {
    // Envoy's PluginConfig; Istio's WasmPlugin; an item of Envoy Gateway's list.
    let is_item = tree.get("code").is_some();
    let places = [("pluginConfig", true), ("config", is_item)].into_iter();
    let mut places = places.filter(|(_, is_plugin)| *is_plugin);
    let place = places.find_map(|(key, _)| {
        let configuration = tree.get(key)?;
        is_ours(tree, key, configuration).then_some(configuration)
    });
    if let Some(configuration) = plugin(tree).or(place) {
        found.push(configuration);
        return;
    }
    tree.members().iter().for_each(|(_, value)| search(value, found));
    tree.items().iter().for_each(|item| search(item, found));
}

/// The configuration that Envoy's `PluginConfig` holds, if `tree` is one and ours.
pub(super) fn plugin(tree: &Tree) -> Option<&Tree> {
    tree.field("vm_config")?;
    let configuration = tree.get("configuration")?;
    is_ours(tree, "configuration", configuration).then_some(configuration)
}

fn is_ours(plugin: &Tree, key: &str, configuration: &Tree) -> bool {
    let mut around = plugin.members().iter().filter(|(name, _)| name != key);
    inner(configuration).get("deployment").is_some() || around.any(|(_, value)| names_us(value))
}

fn names_us(tree: &Tree) -> bool {
    tree.text().is_some_and(|text| text.contains("tenantgate"))
        || tree.items().iter().any(names_us)
        || tree.members().iter().any(|(_, value)| names_us(value))
}

/// Without the wrapper that Envoy needs around a message of any type.
fn inner(configuration: &Tree) -> &Tree {
    match (configuration.get("@type"), configuration.get("value")) {
        (Some(_), Some(value)) => value,
        (Some(_) | None, Some(_) | None) => configuration,
    }
}

/// The configuration as an object, also where it is a text.
pub(super) fn unwrapped(configuration: &Tree) -> Result<Tree, SourceError> {
    let configuration = inner(configuration);
    let Some(text) = configuration.text() else { return Ok(configuration.clone()) };
    // Positions inside the text would be those of its own lines.
    let mut tree =
        json::parse(text).map_err(|error| SourceError { at: configuration.at, ..error })?;
    move_to(&mut tree, configuration.at);
    Ok(tree)
}

fn move_to(tree: &mut Tree, at: Position) {
    tree.at = at;
    match &mut tree.value {
        Value::List(items) => items.iter_mut().for_each(|item| move_to(item, at)),
        Value::Object(members) => members.iter_mut().for_each(|(_, value)| move_to(value, at)),
        Value::Boolean(_) | Value::Null | Value::Number(_) | Value::Text(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    fn found(text: &str) -> Vec<(String, usize)> {
        let documents = yaml::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let found = configurations(&documents).ok().unwrap();
        found.iter().map(|tree| (tree.hand_over().json, tree.at.line)).collect()
    }

    #[test]
    fn a_document_of_no_other_kind_is_the_configuration() {
        assert_eq!(found("deploymet: ingress"), [(r#"{"deploymet":"ingress"}"#.into(), 1)]);
        assert_eq!(found("[]"), [("[]".into(), 1)]);
        let both = "deployment: ingress\nx: {pluginConfig: {deployment: egress}}";
        assert_eq!(found(both).len(), 1);
    }

    #[test]
    fn configurations_are_found_where_proxies_have_them() {
        let ours = r#"{"deployment":"egress"}"#;
        let rows = [
            "static_resources:\n  filters:\n  - config:\n      vm_config: {}\n      configuration:\n        \"@type\": x\n        value: {deployment: egress}\n",
            "kind: WasmPlugin\nspec:\n\n\n\n\n  pluginConfig: {deployment: egress}\n",
            "kind: EnvoyExtensionPolicy\nspec:\n  wasm:\n  - name: x\n    code: {}\n\n    config: {deployment: egress}\n",
            "kind: EnvoyFilter\nvalue:\n  config:\n    vmConfig: {vm_id: tenantgate}\n    configuration:\n      '@type': z\n      value: '{\"deployment\":\"egress\"}'\n",
        ];
        for text in rows {
            assert_eq!(found(text), [(ours.into(), 7)], "{text}");
        }
    }

    #[test]
    fn plugins_of_others_are_left_alone_and_ours_is_known_by_its_name() {
        let plugin = |name: &str| {
            format!(
                "kind: WasmPlugin\nspec:\n  url: oci://r.example/{name}\n  pluginConfig: {{x: 1}}\n"
            )
        };
        assert_eq!(found(&plugin("other")), []);
        assert_eq!(found(&plugin("tenantgate:1")).len(), 1);
        let both = format!("{}---\n{}", plugin("tenantgate"), plugin("tenantgate"));
        assert_eq!(found(&both).len(), 2);
    }

    #[test]
    fn a_text_that_is_no_json_is_refused_where_it_stands() {
        let text = "kind: WasmPlugin\nspec:\n  url: tenantgate\n  pluginConfig: 'x'\n";
        let documents = yaml::parse(text).ok().unwrap();
        let at = configurations(&documents).err().unwrap().at;
        assert_eq!((at.line, at.column), (4, 3));
    }
}
