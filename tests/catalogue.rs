//! The catalogue of subtenancy-aware services: each rule and method of each role, in requests.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};
use support::{Mint, START};
use tenantgate::config;
use tenantgate::crypto::{NoRandom, SoftwareSigner, SoftwareVerifier};
use tenantgate::gateway::{Gateway, Outcome, StreamId};
use tenantgate::message::{HeaderEdit, RequestHead};
use tenantgate::policy::RuleReach;
use tenantgate::presets::{MINDSPHERE_CATALOGUE, Origin, Variant};

/// What became of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Fate {
    /// It went on, with the caller's own token or without.
    Forwarded { with_token: bool },
    /// It was answered: status and exact reason.
    Refused(u16, &'static str),
    /// It waits for a technical token.
    Technical,
}

const OWN: Fate = Fate::Forwarded { with_token: true };
const UNCOVERED: Fate = Fate::Refused(403, "not_in_subtenancy_catalogue");
const SCOPES_MISSING: Fate = Fate::Refused(403, "catalogue_scope_insufficient");

/// A gateway, and callers for it.
struct Place {
    gateway: Gateway,
    mint: Mint,
}

impl Place {
    fn new(catalogue: &Value, deployment: &str, route: &Value) -> Self {
        let mint = Mint::new();
        let keys: Value = serde_json::from_str(&mint.jwks(1)).unwrap();
        let mut whole = json!({
            "name": "platform", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "subtenancy": "catalogue", "upstream": {"caller_token": "forward"},
        });
        whole.as_object_mut().unwrap().extend(route.as_object().unwrap().clone());
        let document = json!({
            "deployment": deployment,
            "issuers": [{
                "name": "id", "issuer": "https://id.example", "tenants": ["acme"], "audiences": ["our-api"],
                "algorithms": ["ES256"], "jwks": {"inline": keys},
                "claims": {"tenant": "ten", "subtenant": "subtenant"},
            }],
            "credentials": [{"name": "svc", "mindsphere_tenant": {
                "region": "eu1", "tenant": "acme", "cluster": "piam",
                "client_id_env": "ID", "client_secret_env": "SECRET",
            }}],
            "subtenancy": {"catalogue": catalogue},
            "routes": [whole],
        });
        let environment = |name: &str| Some(format!("value-of-{name}"));
        let compiled = config::compile(document.to_string().as_bytes(), &environment);
        let compiled = compiled.unwrap_or_else(|errors| panic!("{errors}"));
        Self {
            gateway: Gateway::new(
                Arc::new(compiled.config),
                1,
                Rc::new(NoRandom),
                Rc::new(SoftwareSigner),
            ),
            mint,
        }
    }

    /// A token of a caller with these scopes.
    fn token(&self, subtenant: Option<&str>, scopes: &[&str]) -> String {
        let exp = START.as_seconds() + 3600;
        let mut claims = json!({
            "iss": "https://id.example", "aud": "our-api", "exp": exp, "ten": "acme", "scope": scopes,
        });
        if let Some(subtenant) = subtenant {
            claims["subtenant"] = json!(subtenant);
        }
        self.mint.token_of(&claims.to_string())
    }

    fn ask(&mut self, method: &str, path: &str, token: Option<&str>) -> Fate {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut fields =
            vec![(":method", method), (":authority", "gateway.example"), (":path", path)];
        fields.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let fields = fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        let head = RequestHead::new(fields);
        match self.gateway.request(StreamId(1), &head, START, &SoftwareVerifier) {
            Outcome::Forward(forwarded) => {
                let is_removed = forwarded.edits.iter().any(
                    |edit| matches!(edit, HeaderEdit::Remove(name) if **name == *b"authorization"),
                );
                Fate::Forwarded { with_token: token.is_some() && !is_removed }
            }
            Outcome::Refuse(refused) => Fate::Refused(refused.reply.status, refused.reason),
            Outcome::Wait { .. } => {
                self.gateway.forget(StreamId(1));
                Fate::Technical
            }
        }
    }
}

/// A line of the table that restates the roles by hand.
#[derive(Clone, Debug)]
struct Line {
    role: String,
    is_on: bool,
    variant: String,
    is_prefix: bool,
    path: String,
    methods: Vec<String>,
    scope: Option<String>,
}

impl Line {
    /// All lines of the table, in its order.
    fn all() -> Vec<Self> {
        let table = include_str!("fixtures/catalogue/mindsphere.txt");
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| {
                let cells: Vec<_> = line.split('|').map(str::trim).collect();
                let &[role, state, variant, reach, path, methods, scope] = cells.as_slice() else {
                    panic!("{line}");
                };
                Self {
                    role: role.to_owned(),
                    is_on: state == "on",
                    variant: variant.to_owned(),
                    is_prefix: reach == "prefix",
                    path: path.to_owned(),
                    methods: methods.split(' ').map(str::to_owned).collect(),
                    scope: (scope != "?").then(|| scope.to_owned()),
                }
            })
            .collect()
    }

    /// A path of the rule.
    fn example(&self) -> String {
        self.path.replace('*', "a1")
    }

    /// A path that begins like it and is another: over the border of a segment, or above a `*`.
    fn over_the_border(&self) -> String {
        let example = self.example();
        match self.path.strip_suffix("/*") {
            Some(_) => example.strip_suffix("/a1").unwrap().to_owned(),
            None => format!("{example}X"),
        }
    }

    /// The methods of the rule, with those that `GET` brings.
    fn requested(&self) -> Vec<&str> {
        let mut methods: Vec<&str> = self.methods.iter().map(String::as_str).collect();
        if methods.contains(&"GET") {
            methods.extend(["HEAD", "OPTIONS"]);
        }
        methods
    }

    /// Whether it covers what lies at the end of `path`, compared in the plainest way.
    fn covers(&self, method: &str, path: &str) -> bool {
        let ours: Vec<_> = self.path.split('/').collect();
        let theirs: Vec<_> = path.split('/').collect();
        let is_long =
            if self.is_prefix { theirs.len() >= ours.len() } else { theirs.len() == ours.len() };
        let is_same = ours.iter().zip(&theirs).all(|(o, t)| o == t || (*o == "*" && !t.is_empty()));
        is_long && is_same && self.requested().contains(&method)
    }
}

/// The lines of one role in one variant.
fn lines_of(lines: &[Line], role: &str, variant: &str) -> Vec<Line> {
    let is_meant =
        |line: &&Line| line.role == role && (line.variant != "lenient" || variant == "lenient");
    lines.iter().filter(is_meant).cloned().collect()
}

fn roles(lines: &[Line]) -> Vec<&str> {
    let mut roles: Vec<_> = lines.iter().map(|line| line.role.as_str()).collect();
    roles.dedup();
    roles
}

/// The preset with one role alone.
fn only(lines: &[Line], role: &str, variant: &str) -> Value {
    let on: BTreeSet<_> = lines.iter().filter(|line| line.is_on).map(|line| &*line.role).collect();
    let others: Vec<_> = on.iter().filter(|other| **other != role).collect();
    let mut catalogue = json!({"preset": "mindsphere", "variant": variant, "disable": others});
    if let Some(line) = lines.iter().find(|line| line.role == role && line.variant == "stated") {
        catalogue["roles"] = json!([{"role": role, "rules": [{
            "path": line.path, "match": "prefix", "methods": line.methods, "scopes": "unknown",
        }]}]);
    } else if !on.contains(role) {
        catalogue["enable"] = json!([role]);
    }
    catalogue
}

#[test]
fn the_preset_is_the_table_that_was_written_by_hand() {
    let lines = Line::all();
    assert_eq!(roles(&lines).len(), 15);
    let rows = MINDSPHERE_CATALOGUE.rows;
    let found: Vec<_> = rows.iter().map(|row| MINDSPHERE_CATALOGUE.short(row)).collect();
    assert_eq!(found, roles(&lines));
    for row in rows {
        assert!(row.role.starts_with("mdsp:core:"), "{}", row.role);
        assert_eq!(row.role_origin, Origin::SubtenancyGuide, "the guide names all roles");
        let short = MINDSPHERE_CATALOGUE.short(row);
        for (variant, name) in [(Variant::Strict, "strict"), (Variant::Lenient, "lenient")] {
            let mut expected = lines_of(&lines, short, name);
            assert!(expected.iter().all(|line| line.is_on == row.is_on), "{short}");
            expected.retain(|line| line.variant != "stated");
            let found: Vec<_> = row.entries(variant).collect();
            assert_eq!(found.len(), expected.len(), "{short} {name}");
            for (entry, line) in found.iter().zip(&expected) {
                assert_eq!(entry.path, line.path, "{short} {name}");
                assert_eq!(entry.reach == RuleReach::Prefix, line.is_prefix, "{}", line.path);
                assert_eq!(entry.methods, line.methods, "{}", line.path);
                assert_eq!(entry.scope, line.scope.as_deref(), "{}", line.path);
                assert!(!entry.origins.is_empty(), "{}", line.path);
            }
        }
    }
}

#[test]
fn the_documentation_lists_every_role_as_it_is() {
    let page = include_str!("../docs/configuration.md");
    for (index, row) in MINDSPHERE_CATALOGUE.rows.iter().enumerate() {
        let (number, role) = (index + 1, MINDSPHERE_CATALOGUE.short(row));
        let state = if row.is_on { "on" } else { "off" };
        let start = format!("| {number} | `{role}` | {state} |");
        let line = page.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("{start} is not in docs/configuration.md"));
        for entry in row.entries(Variant::Lenient) {
            for word in entry.methods.iter().chain(&entry.scope) {
                assert!(line.contains(word), "{role}: {word}");
            }
        }
    }
}

/// `TENANTGATE_WRITE_GOLDEN=1` writes the golden file, for review.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_tool_prints_the_preset_as_a_table_and_as_json() {
    let show = |format: &str| {
        let arguments = ["catalogue", "show", "mindsphere", "--format", format];
        let output = Command::new(env!("CARGO_BIN_EXE_tenantgate")).args(arguments).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = show("text");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/catalogue/show.txt");
    if std::env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        fs::write(&golden, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(golden).unwrap_or_default());
    let whole: Value = serde_json::from_str(&show("json")).unwrap();
    let roles = whole["roles"].as_array().unwrap();
    assert_eq!(roles.len(), 15);
    let files = &roles[9];
    assert_eq!(files["role"], "mdsp:core:iot.filAdmin");
    assert_eq!(files["strict"][2]["scope"], "iot.fil.d");
    assert_eq!(files["lenient_adds"][0]["methods"], json!(["POST"]));
    assert_eq!(roles[14]["strict"], json!([]));
}

#[test]
fn each_rule_and_method_of_each_role_opens_its_own_paths_and_nothing_beside_them() {
    let lines = Line::all();
    let (mut rows, mut allowed, mut refused, mut untouched) = (0, 0, 0, 0);
    let mut refused_of_role: BTreeMap<&str, usize> = BTreeMap::new();
    for role in roles(&lines) {
        for variant in ["strict", "lenient"] {
            let catalogue = only(&lines, role, variant);
            let rules = lines_of(&lines, role, variant);
            let mut place = Place::new(&catalogue, "ingress", &json!({}));
            let mut aware = Place::new(&catalogue, "ingress", &json!({"subtenancy": "aware"}));
            let (main, aware_main) = (place.token(None, &[]), aware.token(None, &[]));
            for line in &rules {
                let scopes: Vec<_> = line.scope.as_deref().into_iter().collect();
                let caller = place.token(Some("north"), &scopes);
                let example = line.example();
                for method in line.requested() {
                    rows += 1;
                    let case = format!("{role} {variant}: {method} {}", line.path);
                    let mut good = vec![example.clone(), spelled_otherwise(&example)];
                    if line.is_prefix {
                        good.extend([format!("{example}/"), format!("{example}/x/y?a=/../b")]);
                    }
                    for path in &good {
                        assert_eq!(place.ask(method, path, Some(&caller)), OWN, "{case}: {path}");
                        allowed += 1;
                    }
                    let other = ["GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"]
                        .into_iter()
                        .find(|other| !rules.iter().any(|rule| rule.covers(other, &example)));
                    let border = line.over_the_border();
                    let (before, last) = example.rsplit_once('/').unwrap();
                    let mut bad = vec![
                        (other.unwrap(), example.clone(), UNCOVERED),
                        (method, border.clone(), UNCOVERED),
                        (method, format!("{before}%2F{last}"), path("path_encoded_slash")),
                        (method, format!("{example}/%2e%2e/x"), path("path_dot_segment")),
                        (method, format!("{before}/%2e/{last}"), path("path_dot_segment")),
                        (method, format!("{before}//{last}"), path("path_empty_segment")),
                        (method, spelled_otherwise(&border), UNCOVERED),
                        (method, example.replacen("/api/", "/Api/", 1), UNCOVERED),
                        (method, format!("/x{example}"), UNCOVERED),
                    ];
                    if !line.is_prefix {
                        bad.push((method, format!("{example}/"), UNCOVERED));
                        bad.push((method, format!("{example}/x"), UNCOVERED));
                    }
                    for (method, path, expected) in &bad {
                        let fate = place.ask(method, path, Some(&caller));
                        assert_eq!(fate, *expected, "{case}: {method} {path}");
                        refused += 1;
                        *refused_of_role.entry(role).or_default() += 1;
                    }
                    let all = good.iter().map(|path| (method, path.as_str()));
                    let all =
                        all.chain(bad.iter().map(|(method, path, _)| (*method, path.as_str())));
                    for (method, path) in all {
                        let fate = place.ask(method, path, Some(&main));
                        assert_eq!(
                            fate,
                            aware.ask(method, path, Some(&aware_main)),
                            "{case}: {path}"
                        );
                        let is_malformed = matches!(fate, Fate::Refused(400, _));
                        assert!(is_malformed || fate == OWN, "{case}: {method} {path} {fate:?}");
                        untouched += 1;
                    }
                }
            }
        }
    }
    assert_eq!(refused_of_role.len(), 15);
    assert_eq!((rows, allowed, refused, untouched), (COUNT, ALLOWED, REFUSED, ALLOWED + REFUSED));
}

/// Rules times methods, in both variants.
const COUNT: usize = 231;
const ALLOWED: usize = 888;
const REFUSED: usize = 2115;

/// The same path with its first letter encoded, which says the same.
fn spelled_otherwise(path: &str) -> String {
    path.replacen("/api", "/%61pi", 1)
}

const fn path(reason: &'static str) -> Fate {
    Fate::Refused(400, reason)
}

#[test]
fn the_scope_of_one_method_never_opens_another() {
    let lines = Line::all();
    let mut pairs = 0;
    for role in roles(&lines) {
        let catalogue = only(&lines, role, "lenient");
        let rules = lines_of(&lines, role, "lenient");
        let scopes: BTreeSet<_> = rules.iter().filter_map(|line| line.scope.as_deref()).collect();
        let mut place = Place::new(&catalogue, "ingress", &json!({}));
        for line in &rules {
            let Some(needed) = line.scope.as_deref() else { continue };
            let mut others: Vec<_> =
                scopes.iter().copied().filter(|scope| *scope != needed).collect();
            let upper = needed.to_uppercase();
            let longer = format!("{needed}x");
            others.extend(["mdsp:core:SubTenantUser", &upper, &longer, "iot.tim.w", "em.c"]);
            let caller = place.token(Some("north"), &others);
            let nobody = place.token(Some("north"), &[]);
            let main = place.token(None, &[]);
            for method in line.requested() {
                for token in [&caller, &nobody] {
                    let fate = place.ask(method, &line.example(), Some(token));
                    assert_eq!(fate, SCOPES_MISSING, "{role}: {method} {}", line.path);
                    pairs += 1;
                }
                assert_eq!(place.ask(method, &line.example(), Some(&main)), OWN);
            }
        }
    }
    assert_eq!(pairs, 70);
}

#[test]
fn with_all_roles_reading_files_does_not_open_deleting_them() {
    let mut place = Place::new(&json!({"preset": "mindsphere"}), "ingress", &json!({}));
    let reader = place.token(Some("north"), &["iot.fil.r"]);
    let rows = [
        ("GET", "/api/iotfile/v3/files/a1/report.pdf", OWN),
        ("HEAD", "/api/iotfile/v3/fileslist/a1", OWN),
        ("DELETE", "/api/iotfile/v3/files/a1/report.pdf", SCOPES_MISSING),
        ("PUT", "/api/iotfile/v3/files/a1/report.pdf", SCOPES_MISSING),
        ("POST", "/api/iotfile/v3/files/a1/report.pdf", UNCOVERED),
        ("GET", "/api/iottimeseries/v3/timeseries/a1/x", SCOPES_MISSING),
        ("GET", "/api/iotfile/v3", UNCOVERED),
        ("GET", "/api/iotfile/v4/files", UNCOVERED),
        ("GET", "/api/identitymanagement/v3/Users/me", OWN),
        ("GET", "/api/identitymanagement/v3/Users/meX", UNCOVERED),
        ("GET", "/api/identitymanagement/v3/Users/123", UNCOVERED),
        ("GET", "/api/identitymanagement/v3/users/me", UNCOVERED),
        ("GET", "/api/notification/v4/x", UNCOVERED),
        ("POST", "/api/kpicalculation/v3/calculatekpistates", UNCOVERED),
        ("GET", "/api/anomalydetection/v3/trainModelJobs/1", UNCOVERED),
        ("POST", "/api/assetmanagement/v3/assets", UNCOVERED),
        ("DELETE", "/api/assetmanagement/v3/assets/a1", UNCOVERED),
        ("PUT", "/api/assetmanagement/v3/assets/a1/location", OWN),
        ("DELETE", "/api/assetmanagement/v3/assets/a1/location", UNCOVERED),
        ("PUT", "/api/assetmanagement/v3/files/", UNCOVERED),
    ];
    for (method, path, expected) in rows {
        assert_eq!(place.ask(method, path, Some(&reader)), expected, "{method} {path}");
    }
}

#[test]
fn roles_form_a_union_in_which_the_best_standing_counts() {
    let own = json!({"preset": "mindsphere", "roles": [
        {"role": "our.files", "scopes": {"any": ["our.reader", "our.admin"]}, "rules": [
            {"path": "/api/iotfile/v3/files", "match": "prefix", "methods": ["GET"]},
            {"path": "/api/ours/*/open", "match": "exact", "methods": ["GET"], "scopes": "not_needed"},
            {"path": "/api/ours/*/both", "match": "exact", "methods": ["PUT"], "scopes": {"all": ["a", "b"]}},
        ]},
        {"role": "iot.filUser", "rules": [
            {"path": "/api/iotfile/v3/narrow", "match": "exact", "methods": ["GET"], "scopes": {"all": ["iot.fil.r"]}},
        ]},
        {"role": "amm.user", "scopes": {"all": ["amm"]}},
    ]});
    let mut place = Place::new(&own, "ingress", &json!({}));
    let rows: [(&[&str], &str, &str, Fate); 12] = [
        (&["our.reader"], "GET", "/api/iotfile/v3/files/1", OWN),
        (&["iot.fil.r"], "GET", "/api/iotfile/v3/files/1", OWN),
        (&["our.reader"], "DELETE", "/api/iotfile/v3/files/1", SCOPES_MISSING),
        (&[], "GET", "/api/iotfile/v3/files/1", SCOPES_MISSING),
        (&["iot.fil.r"], "GET", "/api/iotfile/v3/narrow", OWN),
        (&[], "GET", "/api/ours/1/open", OWN),
        (&[], "GET", "/api/ours//open", path("path_empty_segment")),
        (&["a"], "PUT", "/api/ours/1/both", SCOPES_MISSING),
        (&["a", "b"], "PUT", "/api/ours/1/both", OWN),
        (&["amm"], "PATCH", "/api/modelmanagement/v3/models/1", OWN),
        (&["amm.r"], "PATCH", "/api/modelmanagement/v3/models/1", SCOPES_MISSING),
        (&["amm"], "PUT", "/api/modelmanagement/v3/models/1", UNCOVERED),
    ];
    for (scopes, method, path, expected) in rows {
        let caller = place.token(Some("north"), scopes);
        assert_eq!(place.ask(method, path, Some(&caller)), expected, "{scopes:?} {method} {path}");
    }
}

#[test]
fn a_technical_token_is_fetched_only_for_a_caller_that_the_catalogue_lets_pass() {
    let catalogue = json!({"preset": "mindsphere"});
    let route = json!({
        "match": {"hosts": ["*"], "path": "/api/iotfile/v3/**", "methods": "any"},
        "subtenant": "impersonate", "scopes": "not_needed",
        "upstream": {"caller_token": "remove", "inject": [{"credential": "svc"}]},
    });
    let mut place = Place::new(&catalogue, "ingress", &route);
    let caller = place.token(Some("north"), &["iot.fil.r"]);
    let main = place.token(None, &[]);
    let file = "/api/iotfile/v3/files/a1/x";
    assert_eq!(place.ask("DELETE", file, Some(&caller)), SCOPES_MISSING);
    assert_eq!(place.ask("GET", "/api/iotfile/v3/filesX", Some(&caller)), UNCOVERED);
    assert_eq!(place.ask("GET", file, None), Fate::Refused(401, "credential_missing"));
    assert_eq!(place.ask("GET", file, Some(&caller)), Fate::Technical);
    assert_eq!(place.ask("DELETE", file, Some(&main)), Fate::Technical);
}

#[test]
fn on_egress_a_presented_token_meets_the_catalogue_and_the_program_itself_does_not() {
    let catalogue = json!({"preset": "mindsphere"});
    let inject = json!([{"credential": "svc", "when": "no_caller_token"}]);
    let route = json!({"upstream": {"caller_token": "forward", "inject": inject}});
    let mut place = Place::new(&catalogue, "egress", &route);
    let caller = place.token(Some("north"), &["iot.fil.r"]);
    let main = place.token(None, &[]);
    let rows = [
        ("GET", "/api/iotfile/v3/files/a1", OWN),
        ("DELETE", "/api/iotfile/v3/files/a1", SCOPES_MISSING),
        ("GET", "/api/datalake/v3/objects", UNCOVERED),
        ("GET", "/api/modelmanagement/v3/models", OWN),
    ];
    for (method, path, expected) in rows {
        assert_eq!(place.ask(method, path, Some(&caller)), expected, "{method} {path}");
        assert_eq!(place.ask(method, path, Some(&main)), OWN, "{method} {path}");
        assert_eq!(place.ask(method, path, None), Fate::Technical, "{method} {path}");
    }
}

#[test]
fn the_preset_makes_none_of_its_own_scopes_void() {
    let off: Vec<_> =
        MINDSPHERE_CATALOGUE.rows.iter().filter(|row| !row.is_on).map(|row| row.role).collect();
    for variant in ["strict", "lenient"] {
        let warnings = |roles: Value| {
            let document = json!({
                "deployment": "ingress",
                "issuers": [{
                    "name": "id", "preset": "mindsphere", "clients": ["app"], "tenants": ["acme"],
                    "issuer": "https://acme.piam.eu1.mindsphere.io/oauth/token", "jwks": {"cluster": "piam"},
                }],
                "subtenancy": {"catalogue": {
                    "preset": "mindsphere", "variant": variant, "enable": off, "roles": roles,
                }},
                "routes": [{
                    "name": "all", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
                    "subtenancy": "catalogue", "upstream": {"caller_token": "forward"},
                }],
            });
            let compiled = config::compile(document.to_string().as_bytes(), &|_| None).unwrap();
            let kinds = compiled.warnings.iter().map(|warning| warning.notice().kind());
            kinds.filter(|kind| *kind == "catalogue-scopes-void").count()
        };
        let scopes = json!({"any": ["assets"]});
        let one = |name: &str| json!({"role": name, "scopes": scopes});
        let both = json!([one("assetmanagement.reporter"), one("assetmanagement.subtenantuser")]);
        assert_eq!(warnings(both), 0, "{variant}");
        // What only one of two roles for the same paths states is.
        assert_eq!(warnings(json!([one("assetmanagement.reporter")])), 1, "{variant}");
    }
}
