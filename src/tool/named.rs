//! What a configuration names of the proxy around it: clusters and environment variables.

use std::collections::{BTreeMap, BTreeSet};

use super::idaas::{Named, named};
use super::tree::{Tree, Value};
use crate::config::{CHAIN_VARIABLES, is_variable, platform_variables};

/// The texts of a key, wherever in a configuration it stands.
pub(super) fn texts<'t>(configuration: &'t Tree, key: &str) -> BTreeSet<&'t str> {
    let mut texts = BTreeSet::new();
    collect(configuration, &mut |name, value| {
        if name == key {
            texts.extend(value.text());
        }
    });
    texts
}

/// The environment variables that it names. One with lower-case letters could be a secret in the wrong
/// place.
pub(super) fn variables(configuration: &Tree) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    collect(configuration, &mut |name, value| {
        if name.ends_with("_env") {
            names.extend(value.text());
        }
        if name == "idaas"
            && let Named::Key(variable) | Named::Secret(variable) = named(value)
        {
            names.insert(variable);
        }
    });
    names.retain(|name| is_variable(name));
    names
}

/// What one of them holds that not every text can stand for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Held<'t> {
    /// The certificate of the private key in a variable, for an algorithm.
    Certificate(&'t str, Option<&'t str>),
    /// A private key, for an algorithm.
    PrivateKey(Option<&'t str>),
}

/// Those of them that hold a private key, or the certificate of one.
pub(super) fn keys(configuration: &Tree) -> BTreeMap<&str, Held<'_>> {
    let mut found = BTreeMap::new();
    collect_objects(configuration, &mut |object| {
        let text = |key| object.get(key).and_then(Tree::text);
        let of_idaas = match object.get("idaas").map(named) {
            Some(Named::Key(variable)) => Some(variable),
            Some(_) | None => None,
        };
        let algorithm = text("algorithm");
        for variable in [of_idaas, text("private_key_env")].into_iter().flatten() {
            found.insert(variable, Held::PrivateKey(algorithm));
            if let Some(certificate) = text("certificate_env") {
                found.insert(certificate, Held::Certificate(variable, algorithm));
            }
        }
    });
    found
}

/// The variables of the vendor's credential chain, if one of its documents uses that.
pub(super) fn chain_variables(configuration: &Tree) -> &'static [&'static str] {
    let mut is_used = false;
    collect(configuration, &mut |name, value| {
        is_used |= name == "idaas" && named(value) == Named::Chain;
    });
    if is_used { &CHAIN_VARIABLES } else { &[] }
}

/// Whether one of its credentials uses that chain, and cannot do without a variable of it: it names no
/// cluster for the role of an instance.
pub(super) fn requires_access_key(configuration: &Tree) -> bool {
    let mut is_required = false;
    collect_objects(configuration, &mut |object| {
        let is_chain = object.get("idaas").is_some_and(|idaas| named(idaas) == Named::Chain);
        let role = object.get("clusters").and_then(|clusters| clusters.get("metadata"));
        is_required |= is_chain && role.is_none();
    });
    is_required
}

/// The variables that it reads if they are set, without naming them.
pub(super) fn variables_looked_for(configuration: &Tree) -> Vec<&'static str> {
    let mut found = Vec::new();
    collect(configuration, &mut |name, _| {
        if name == "mindsphere_auto" && found.is_empty() {
            found.extend(platform_variables());
        }
    });
    found
}

/// Whether one of its credentials requires the variable of a subtenant.
pub(super) fn requires_subtenant(configuration: &Tree) -> bool {
    let mut is_required = false;
    collect(configuration, &mut |name, value| {
        let states =
            |(key, value): &(String, Tree)| key == "subtenant" && value.text() == Some("required");
        is_required |= name == "mindsphere_auto" && value.members().iter().any(states);
    });
    is_required
}

/// The clusters that it names.
pub(super) fn clusters(configuration: &Tree) -> BTreeSet<&str> {
    let mut names = texts(configuration, "cluster");
    names.extend(texts(configuration, "piam_cluster"));
    collect(configuration, &mut |name, value| {
        // `match.hosts` is a list.
        if matches!(name, "hosts" | "clusters") {
            names.extend(value.members().iter().filter_map(|(_, value)| value.text()));
        }
    });
    names
}

/// The keys whose URL is called by the cluster beside it.
const CALLED: [&str; 3] = ["token_endpoint", "token_url", "uri"];

/// The clusters to which it sends `https`: those beside no URL that says otherwise.
pub(super) fn secure_clusters(configuration: &Tree) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    collect_objects(configuration, &mut |object| {
        let is_plain = |value: &Tree| {
            value
                .text()
                .and_then(|text| text.get(..7))
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
        };
        // The others, such as an audience, are names of which nothing is fetched.
        let mut called = CALLED.iter().filter_map(|key| object.get(key));
        // Where the address comes from the issuer's name, this alone says that it may be plain.
        let is_discovered = object.get("discovery").is_some();
        let may_be_plain = object
            .get("allow_plaintext")
            .is_some_and(|value| matches!(value.value, Value::Boolean(true)));
        let is_secure = !(called.any(is_plain) || is_discovered && may_be_plain);
        if is_secure {
            for key in ["cluster", "piam_cluster"] {
                names.extend(object.get(key).and_then(Tree::text));
            }
        }
        for key in ["hosts", "clusters"] {
            let table = object.get(key).map(Tree::members).unwrap_or_default().iter();
            // The metadata service of ECS is plain `http`, and what the URI is stands elsewhere.
            let table = table.filter(|(name, _)| {
                key == "hosts" || name != "metadata" && (name != "credentials_uri" || !may_be_plain)
            });
            names.extend(table.filter_map(|(_, value)| value.text()));
        }
    });
    names
}

/// The clusters whose certificate proves a client (RFC 8705).
pub(super) fn certified_clusters(configuration: &Tree) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    collect_objects(configuration, &mut |object| {
        let text = |key| object.get(key).and_then(Tree::text);
        if let Some("tls_client_auth" | "self_signed_tls_client_auth") = text("client_auth") {
            names.extend(text("cluster"));
        }
    });
    names
}

/// Gives clusters other names, where [`clusters`] finds them.
pub(super) fn rename_clusters(tree: &mut Tree, rename: &dyn Fn(&str) -> Option<String>) {
    let replace = |value: &mut Tree| {
        if let Some(name) = value.text().and_then(rename) {
            value.value = Value::Text(name);
        }
    };
    match &mut tree.value {
        Value::Object(members) => {
            for (name, value) in members {
                if matches!(name.as_str(), "cluster" | "piam_cluster") {
                    replace(value);
                }
                if matches!(name.as_str(), "hosts" | "clusters")
                    && let Value::Object(members) = &mut value.value
                {
                    members.iter_mut().for_each(|(_, value)| replace(value));
                }
                if !holds_names_of_authors(name) {
                    rename_clusters(value, rename);
                }
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| rename_clusters(item, rename)),
        Value::Boolean(_) | Value::Null | Value::Number(_) | Value::Text(_) => {}
    }
}

/// The hosts that it calls by each cluster of a `hosts` table: host and cluster.
pub(super) fn hosts(configuration: &Tree) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    collect(configuration, &mut |name, value| {
        if name == "hosts" {
            let members = value.members().iter();
            found.extend(
                members.filter_map(|(host, cluster)| Some((host.as_str(), cluster.text()?))),
            );
        }
    });
    found
}

fn collect<'t>(tree: &'t Tree, visit: &mut dyn FnMut(&'t str, &'t Tree)) {
    collect_objects(tree, &mut |object| {
        object.members().iter().for_each(|(name, value)| visit(name, value));
    });
}

fn collect_objects<'t>(tree: &'t Tree, visit: &mut dyn FnMut(&'t Tree)) {
    visit(tree);
    for (name, value) in tree.members() {
        if !holds_names_of_authors(name) {
            collect_objects(value, visit);
        }
    }
    tree.items().iter().for_each(|item| collect_objects(item, visit));
}

/// Whether the keys below this one are names that authors choose. A set of keys is a document of its own.
fn holds_names_of_authors(key: &str) -> bool {
    matches!(key, "claims" | "headers" | "inline" | "parameters" | "tenants")
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    #[test]
    fn a_variable_is_whatever_the_filter_takes_for_the_name_of_one() {
        let long = "a".repeat(128);
        for (name, is_one) in [
            ("ID", true),
            ("app_secret", true),
            ("_1", true),
            ("1_", false),
            ("a-b", false),
            (&long, true),
            (&format!("{long}a"), false),
        ] {
            let text = format!("credentials: [{{ oauth2: {{ client_id_env: '{name}' }} }}]");
            let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
            assert_eq!(variables(&tree), is_one.then_some(name).into_iter().collect(), "{name}");
        }
    }

    #[test]
    fn names_that_authors_choose_are_no_keys() {
        for key in ["claims", "headers", "inline", "parameters", "tenants"] {
            let text = format!("x: {{ {key}: {{ a_env: ID, cluster: c }}, cluster: d }}");
            let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
            assert!(variables(&tree).is_empty(), "{key}");
            assert_eq!(clusters(&tree), ["d"].into(), "{key}");
        }
    }

    #[test]
    fn an_idaas_document_names_the_variable_of_its_method() {
        let text = "credentials: [{ idaas: { authnConfiguration: { authnMethod: PCA, privateKeyEnvVarName: KEY } } }, { idaas: { authnConfiguration: { authnMethod: CLIENT_SECRET_POST, clientSecretEnvVarName: SECRET } } }]";
        let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
        assert_eq!(variables(&tree), ["KEY", "SECRET"].into());
        assert_eq!(keys(&tree), [("KEY", Held::PrivateKey(None))].into());
        assert!(chain_variables(&tree).is_empty());
        let text = "credentials: [{ idaas: { authnConfiguration: { authnMethod: PLUGIN } } }]";
        let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
        assert_eq!(chain_variables(&tree), CHAIN_VARIABLES);
        assert!(requires_access_key(&tree));
        let with_role = "credentials: [{ idaas: { authnConfiguration: { authnMethod: PLUGIN } }, clusters: { metadata: m } }]";
        let tree = source::read("x.yaml", with_role.as_bytes()).unwrap().remove(0);
        assert!(!requires_access_key(&tree), "{with_role}");
    }

    #[test]
    fn the_clusters_of_idaas_are_secure_but_for_those_of_plain_servers() {
        let clusters = "{ token: t, open_api: o, metadata: m, sts: s, credentials_uri: c }";
        for (also, expected) in [
            ("", &["c", "o", "s", "t"][..]),
            (", allow_plaintext: false", &["c", "o", "s", "t"]),
            (", allow_plaintext: true", &["o", "s", "t"]),
        ] {
            let text = format!("credentials: [{{ clusters: {clusters}{also} }}]");
            let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
            assert_eq!(secure_clusters(&tree), expected.iter().copied().collect(), "{text}");
            assert_eq!(super::clusters(&tree), ["c", "m", "o", "s", "t"].into(), "{text}");
        }
    }

    #[test]
    fn only_a_plain_url_that_is_called_makes_a_cluster_one_without_https() {
        for key in ["token_endpoint", "token_url", "uri"] {
            for (scheme, is_secure) in
                [("https", true), ("http", false), ("HTTP", false), ("https+http", true)]
            {
                let text = format!("x: {{ {key}: '{scheme}://id.example', cluster: c }}");
                let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
                let expected: BTreeSet<_> = is_secure.then_some("c").into_iter().collect();
                assert_eq!(secure_clusters(&tree), expected, "{text}");
            }
        }
        for key in ["audience", "issuer", "resource", "name"] {
            let text = format!("x: {{ {key}: 'http://api.example', cluster: c }}");
            let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
            assert_eq!(secure_clusters(&tree), ["c"].into(), "{text}");
        }
    }

    #[test]
    fn clusters_are_renamed_where_they_are_found() {
        let text = "{cluster: a, x: [{piam_cluster: b, match: {hosts: [a]}, jwks: {hosts: {a: a, z: k}}}], claims: {cluster: a}, name: a}";
        let mut tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
        assert_eq!(clusters(&tree), ["a", "b", "k"].into());
        rename_clusters(&mut tree, &|name| (name != "k").then(|| format!("{name}2")));
        assert_eq!(clusters(&tree), ["a2", "b2", "k"].into());
        assert_eq!(
            tree.hand_over().json,
            r#"{"cluster":"a2","x":[{"piam_cluster":"b2","match":{"hosts":["a"]},"jwks":{"hosts":{"a":"a2","z":"k"}}}],"claims":{"cluster":"a"},"name":"a"}"#
        );
    }

    #[test]
    fn a_credential_that_names_no_variable_looks_for_those_of_the_platform() {
        let tree = |text: &str| source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
        let auto = tree(
            "credentials: [{ name: a, mindsphere_auto: { cluster: one, piam_cluster: two } }]",
        );
        assert_eq!(variables_looked_for(&auto).len(), 12);
        assert!(variables_looked_for(&auto).contains(&"MINDSPHERE_SUB_TENANT"));
        assert!(variables(&auto).is_empty());
        assert_eq!(clusters(&auto), ["one", "two"].into());
        let named = tree("credentials: [{ name: a, oauth2: { client_id_env: ID, cluster: one } }]");
        assert!(variables_looked_for(&named).is_empty());
        assert_eq!(variables(&named), ["ID"].into());
    }
}
