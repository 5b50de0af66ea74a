//! Documents, good and bad. Each bad one has the exact text that an operator gets to see.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

#[path = "support/mutations.rs"]
mod mutations;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tenantgate::application_key::{Candidates, GuidCase, PepperId};
use tenantgate::config::{
    self, BadSignatures, Compiled, ConfigErrors, DOCUMENT, Key, KeyAddress, KeyLocation, KeyStore,
    Limits, Shape, Upkeep,
};
use tenantgate::crypto::{Algorithm, SoftwareSigner};
use tenantgate::message::LetterCase;
use tenantgate::policy::{BasicWithKey, Deployment, KeyCombination, WhenBoth};
use tenantgate::technical_token::{Moment, Source};
use tenantgate::tenancy::TenantId;
use tenantgate::time::Timestamp;

#[test]
fn every_good_document_compiles_with_exactly_the_expected_warnings() {
    for file in documents("good") {
        let compiled =
            compile(&file).unwrap_or_else(|errors| panic!("{}:\n{errors}", file.display()));
        let warnings = compiled.warnings.iter().map(ToString::to_string);
        golden(&file.with_extension("txt"), &warnings.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn every_bad_document_gives_exactly_the_expected_errors() {
    for file in documents("bad") {
        match compile(&file) {
            Ok(_) => panic!("{} compiles", file.display()),
            Err(errors) => golden(&file.with_extension("txt"), &errors.to_string()),
        }
    }
}

#[test]
fn no_error_and_no_warning_shows_a_secret() {
    for file in documents("good").into_iter().chain(documents("bad")) {
        let shown = fs::read_to_string(file.with_extension("txt")).unwrap();
        for secret in ["hunter2", "s3cr3t", "from the environment"] {
            assert!(!shown.contains(secret), "{}", file.display());
        }
    }
}

#[test]
fn debug_output_of_a_configuration_shows_no_secret() {
    for file in documents("good") {
        let shown = format!("{:?}", compile(&file).unwrap());
        for secret in ["hunter2", "s3cr3t", "from the environment"] {
            assert!(!shown.contains(secret), "{}", file.display());
        }
    }
}

#[test]
fn templates_are_written_out_and_keys_are_shared_within_an_entry() {
    let Compiled { config, .. } = compile_named("good/ingress.json");
    assert_eq!(config.deployment(), Deployment::Ingress);
    let issuer = |tenant: &str| {
        let issuer = format!("https://{tenant}.piam.eu1.mindsphere.io/oauth/token");
        config.issuers().find(&issuer).cloned()
    };
    assert_eq!(config.issuers().iter().count(), 3);
    assert!(issuer("beta").is_none() && issuer("{tenant}").is_none());
    assert_eq!(issuer("acme").unwrap().keys(), issuer("core").unwrap().keys());
    assert_eq!(config.key_sources().len(), 2);
    for (index, source) in config.key_sources().iter().enumerate() {
        assert_eq!(usize::try_from(source.id().0).unwrap(), index);
    }
    let keys = &config.key_sources()[0];
    assert_eq!(keys.upkeep().unwrap().refresh, Duration::from_secs(600));
    let call = keys.call().unwrap();
    assert_eq!((&*call.endpoint.cluster, &*call.endpoint.path), ("piam", "/token_keys"));
    assert_eq!(call.timeout, Duration::from_secs(2));
}

#[test]
fn a_secret_takes_the_place_of_keys() {
    let Compiled { config, .. } = compile_named("good/algorithms.json");
    let sources: Vec<_> = config.key_sources().iter().collect();
    let fits = |source: usize, algorithm| match sources[source].location() {
        KeyLocation::Inline(_) | KeyLocation::Remote { .. } => None,
        KeyLocation::Secret(secret) => Some(secret.fits(algorithm)),
    };
    assert_eq!(sources.len(), 3);
    assert_eq!(fits(0, Algorithm::Hs256), None);
    assert_eq!((fits(1, Algorithm::Hs256), fits(1, Algorithm::Hs384)), (Some(true), Some(false)));
    assert_eq!((fits(2, Algorithm::Hs384), fits(2, Algorithm::Hs512)), (Some(true), Some(false)));
    for source in &sources[1..] {
        assert!(source.call().is_none() && source.meaning().is_none(), "nothing is fetched");
    }
}

#[test]
fn the_names_of_the_language_are_those_of_all_algorithms() {
    let mut listed = Vec::new();
    walk(DOCUMENT, "", &mut |path, key| {
        if let ("issuers[].algorithms", Shape::List(Shape::OneOf(names))) = (path, key.shape) {
            listed.extend_from_slice(names);
        }
    });
    assert_eq!(listed, Algorithm::ALL.map(Algorithm::name));
}

#[test]
fn addresses_of_keys_follow_from_the_issuer_by_the_preset() {
    let document = br#"{
        "deployment": "ingress",
        "issuers": [{
            "name": "m", "preset": "mindsphere", "issuer": "https://{tenant}.piam.eu1.mindsphere.io/oauth/token",
            "tenants": ["a", "b"], "clients": ["c"], "jwks": {"cluster": "piam"}
        }],
        "routes": [{
            "name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"}, "upstream": {"caller_token": "forward"}
        }]
    }"#;
    let config = config::compile(document, &environment).unwrap().config;
    let authorities = config.key_sources().iter().map(|source| match source.location() {
        KeyLocation::Remote { address: KeyAddress::Stated(endpoint), .. } => {
            format!("{}{}", endpoint.authority, endpoint.path)
        }
        KeyLocation::Remote { .. } | KeyLocation::Inline(_) | KeyLocation::Secret(_) => {
            String::new()
        }
    });
    assert_eq!(
        authorities.collect::<Vec<_>>(),
        ["a.piam.eu1.mindsphere.io/token_keys", "b.piam.eu1.mindsphere.io/token_keys"]
    );
    let meanings: BTreeSet<_> = config.key_sources().iter().map(|one| one.meaning()).collect();
    assert_eq!(meanings.len(), 2);
}

#[test]
fn metadata_is_asked_where_the_issuer_says() {
    let Compiled { config, .. } = compile_named("good/discovery.json");
    let calls = config.key_sources().iter().map(|source| {
        let endpoint = source.call().unwrap().endpoint;
        format!("{}://{}{}", endpoint.scheme, endpoint.authority, endpoint.path)
    });
    assert_eq!(
        calls.collect::<Vec<_>>(),
        [
            "https://id.partner.example/realms/one/.well-known/openid-configuration",
            "https://acme.piam.eu1.mindsphere.io/.well-known/oauth-authorization-server/oauth/token",
            "https://beta.piam.eu1.mindsphere.io/.well-known/oauth-authorization-server/oauth/token",
            "http://localhost:8080/.well-known/openid-configuration",
        ]
    );
    let meanings: BTreeSet<_> = config.key_sources().iter().map(|one| one.meaning()).collect();
    assert_eq!(meanings.len(), 4);
    let document =
        br#"{"issuer":"https://id.partner.example/realms/one/","jwks_uri":"https://[::1]:8443/k"}"#;
    let call = config.key_sources()[0].call_after(document).unwrap().unwrap();
    assert_eq!((&*call.endpoint.cluster, &*call.endpoint.path), ("local", "/k"));
}

#[test]
fn keys_are_kept_up_as_stated_and_never_dropped_before_two_refreshes() {
    let Compiled { config, .. } = compile_named("good/discovery.json");
    let seconds = Duration::from_secs;
    let upkeep = |source: usize| *config.key_sources()[source].upkeep().unwrap();
    let stated = Upkeep {
        max_stale: seconds(600),
        min_refresh: seconds(60),
        refresh: seconds(300),
        timeout: seconds(2),
    };
    assert_eq!(upkeep(0), stated);
    assert_eq!(upkeep(1).max_stale, seconds(48 * 3600));
    let usual = Upkeep {
        max_stale: seconds(24 * 3600),
        min_refresh: seconds(10),
        refresh: seconds(600),
        timeout: seconds(5),
    };
    assert_eq!(upkeep(3), usual);
}

#[test]
fn a_platform_that_forbids_caching_of_everything_is_asked_for_keys_no_more_often_than_its_preset_says()
 {
    let rows = [
        (json!({"cluster": "piam"}), 600),
        (json!({"cluster": "piam", "refresh": "24h"}), 600),
        (json!({"cluster": "piam", "refresh": "5m"}), 300),
        (json!({"cluster": "piam", "min_refresh": "10s"}), 10),
    ];
    for (jwks, expected) in rows {
        let document = json!({
            "deployment": "ingress",
            "issuers": [{
                "name": "m", "preset": "mindsphere", "issuer": "https://a.piam.eu1.mindsphere.io/oauth/token",
                "tenants": ["a"], "clients": ["c"], "jwks": jwks,
            }],
            "routes": [{
                "name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"}, "upstream": {"caller_token": "forward"},
            }],
        });
        let config = config::compile(document.to_string().as_bytes(), &environment).unwrap().config;
        let upkeep = *config.key_sources()[0].upkeep().unwrap();
        assert_eq!(upkeep.min_refresh, Duration::from_secs(expected), "{jwks}");
    }
}

#[test]
fn credentials_call_where_the_platform_says() {
    let Compiled { config, .. } = compile_named("good/egress.json");
    let names: Vec<_> = config.sources().iter().map(Source::name).collect();
    assert_eq!(names, ["tenant1-service"]);
    let moment =
        Moment { now: Timestamp::default(), random: Some([0; 16]), signer: &SoftwareSigner };
    let call = config.sources()[0].call(None, &[], &moment).unwrap();
    assert_eq!(&*call.endpoint.authority, "tenant1.piam.abc.basedomain.xyz");
    assert_eq!((call.endpoint.scheme, &*call.endpoint.path), ("https", "/oauth/token"));
    assert_eq!(call.timeout, Duration::from_millis(500));
}

#[test]
fn application_keys_are_taken_as_stated() {
    let Compiled { config, .. } = compile_named("good/application_keys.json");
    let keys = config.application_keys().unwrap();
    assert!(config.trusts_client_address());
    assert_eq!(keys.rules.prefix.as_str(), "acme");
    assert_eq!(keys.rules.guids, GuidCase::Folded);
    assert!(keys.rules.peppers.get(&PepperId::parse("p2").unwrap()).is_some());
    assert_eq!(keys.leeway.span(), Duration::from_secs(60));
    let combination = KeyCombination { when_both: WhenBoth::Token, basic: BasicWithKey::Drop };
    assert_eq!(keys.combination, combination);
    assert!(keys.conceals_expiry);
    let KeyStore::Remote(store) = &keys.store else { panic!("the store is remote") };
    assert_eq!((&*store.endpoint.cluster, &*store.endpoint.path), ("key-store", "/keys?a=b"));
    assert_eq!(store.authorization.as_ref().unwrap().expose(), "secret from the environment");
    assert_eq!(
        [store.refresh, store.timeout, store.max_stale].map(|span| span.as_secs()),
        [2, 1, 10]
    );
    assert!(store.keeps_stale && store.allows_rollback);
    assert_eq!(store.rules.tenants.as_deref(), Some(&[TenantId::parse("acme").unwrap()][..]));
    assert_eq!(store.rules.spelling.letter_case, LetterCase::Folded);
    let set = store.initial.as_ref().unwrap();
    assert_eq!((set.valid(), set.invalid()), (2, 0));
    assert_eq!(set.blocks()[0].serial(), 7);
    let guid = Candidates::of(
        b"00000000-1111-4222-8333-444455556666",
        &keys.rules.peppers,
        keys.rules.guids,
    );
    assert_eq!(set.find_presented(&guid).unwrap().name(), "one");
    let session = keys.session.as_ref().unwrap();
    assert_eq!(
        (session.limits.idle.as_secs(), session.limits.absolute.as_secs()),
        (60, 30 * 86_400)
    );
    assert!(session.is_insecure && session.binds_address);
    assert_eq!(&*session.logout_path, "/log/out");
    let places = config.owned_headers().keys().unwrap();
    assert_eq!(places.session_cookie().unwrap().as_str(), "gwsession");
    for header in ["x-app-key", "X_APP_KEY", "appkey"] {
        assert!(config.owned_headers().cover(header.as_bytes()), "{header}");
    }
    assert!(!config.owned_headers().cover(b"x-session"), "the upstream sees it");
}

#[test]
fn application_keys_have_their_defaults() {
    let Compiled { config, .. } = compile_named("good/application_keys_minimal.json");
    let keys = config.application_keys().unwrap();
    assert!(!config.trusts_client_address());
    assert_eq!(keys.rules.prefix.as_str(), "gwk");
    assert_eq!(keys.rules.guids, GuidCase::Kept);
    assert_eq!(keys.leeway.span(), Duration::ZERO);
    let combination =
        KeyCombination { when_both: WhenBoth::MustAgree, basic: BasicWithKey::Reject };
    assert_eq!(keys.combination, combination);
    assert!(!keys.conceals_expiry && keys.session.is_none());
    let KeyStore::Remote(store) = &keys.store else { panic!("the store is remote") };
    assert_eq!(
        [store.refresh, store.timeout, store.max_stale].map(|span| span.as_secs()),
        [10, 5, 3600]
    );
    assert!(store.initial.is_none() && store.authorization.is_none());
    assert!(!store.keeps_stale && !store.allows_rollback);
    assert_eq!(store.rules.tenants.as_deref(), Some(&[][..]));
    assert_eq!(config.owned_headers().keys().unwrap().session_cookie(), None);

    let Compiled { config, .. } = compile_named("good/application_keys_unused.json");
    let keys = config.application_keys().unwrap();
    assert!(matches!(&keys.store, KeyStore::Inline(set) if set.valid() == 0));
    let session = keys.session.as_ref().unwrap();
    assert_eq!((session.limits.idle.as_secs(), session.limits.absolute.as_secs()), (1800, 28_800));
    assert!(!session.is_insecure && !session.binds_address);
    assert_eq!(&*session.logout_path, "/.gateway/logout");
    let cookie = config.owned_headers().keys().unwrap().session_cookie();
    assert_eq!(cookie.unwrap().as_str(), "__Host-gwsession");
}

#[test]
fn what_stays_of_an_old_set_is_never_dropped_before_two_looks() {
    let stale = |refresh: &str| {
        let document = json!({
            "deployment": "ingress",
            "application_keys": { "store": { "cluster": "k", "uri": "https://k.example/", "refresh": refresh } },
            "routes": [{
                "name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"}, "upstream": {"caller_token": "remove"}
            }]
        });
        let config = config::compile(document.to_string().as_bytes(), &environment).unwrap().config;
        match &config.application_keys().unwrap().store {
            KeyStore::Remote(store) => store.max_stale.as_secs(),
            KeyStore::Inline(_) => panic!("the store is remote"),
        }
    };
    assert_eq!((stale("30m"), stale("30m1s"), stale("1h")), (3600, 3602, 7200));
}

#[test]
fn limits_have_their_defaults_and_can_be_set() {
    assert_eq!(*compile_named("good/minimal.json").config.limits(), Limits::default());
    let limits = *compile_named("good/ingress.json").config.limits();
    assert_eq!(limits.waiting_deadline, Duration::from_secs(4));
    assert_eq!((limits.waiters, limits.unknown_key_waiters, limits.token_slots), (500, 8, 64));
    assert_eq!(limits.unknown_key_interval, Duration::from_secs(20));
    assert_eq!((limits.verified_tokens.entries, limits.verified_tokens.bytes), (100, 1 << 20));
    assert_eq!(limits.refresh_ahead, Duration::from_secs(120));
    let budget = BadSignatures { per_source: 50, sources: 256, time: Duration::from_millis(100) };
    assert_eq!(limits.bad_signatures, budget);
}

#[test]
fn ten_thousand_routes_compile() {
    let route = |index: usize| {
        format!(
            r#"{{"name": "r{index}", "match": {{"hosts": ["*"], "path": "/r{index}/**", "methods": "any"}}, "authentication": "none", "upstream": {{"caller_token": "remove"}}}}"#
        )
    };
    let routes = (0..10_000).map(route).collect::<Vec<_>>().join(",");
    let document = format!(r#"{{"deployment": "ingress", "routes": [{routes}]}}"#);
    assert!(config::compile(document.as_bytes(), &environment).is_ok());
}

#[test]
fn whatever_is_changed_in_a_good_document_it_compiles_or_says_what_is_wrong() {
    let mut refused = 0;
    for file in documents("good") {
        let good: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for document in mutations::of(&good) {
            if let Err(errors) = config::compile(document.to_string().as_bytes(), &environment) {
                assert!(errors.iter().count() > 0, "{}: {document}", file.display());
                refused += 1;
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn every_key_is_documented_with_its_type_and_range() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = fs::read_to_string(file).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let mut documented = BTreeSet::new();
    walk(DOCUMENT, "", &mut |path, key| {
        let name = format!("| `{path}` |");
        let row = rows.iter().find(|row| row.starts_with(&name));
        let row = row.unwrap_or_else(|| panic!("`{path}` is not in docs/configuration.md"));
        let shape = key.shape.to_string();
        assert!(row.contains(&shape), "`{path}` must say: {shape}");
        assert_eq!(row.contains("| required |"), key.is_required, "`{path}`");
        documented.insert(name);
    });
    for row in rows {
        assert!(documented.iter().any(|name| row.starts_with(name)), "no such key: {row}");
    }
}

/// Every key with its path, as the documentation writes it.
fn walk(keys: &'static [Key], path: &str, visit: &mut dyn FnMut(&str, &'static Key)) {
    for key in keys {
        let path = if path.is_empty() { key.name.into() } else { format!("{path}.{}", key.name) };
        visit(&path, key);
        walk_shape(&key.shape, &path, visit);
    }
}

fn walk_shape(shape: &'static Shape, path: &str, visit: &mut dyn FnMut(&str, &'static Key)) {
    match shape {
        Shape::Object(keys) => walk(keys, path, visit),
        Shape::List(item) => walk_shape(item, &format!("{path}[]"), visit),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| walk_shape(shape, path, visit)),
        Shape::AnyObject
        | Shape::Boolean
        | Shape::Duration(..)
        | Shape::Map(_)
        | Shape::OneOf(_)
        | Shape::Text
        | Shape::TextOrNothing
        | Shape::Whole(..) => {}
    }
}

fn environment(name: &str) -> Option<String> {
    let value = match name {
        "CLIENT_ID" => "id-of-the-client",
        "CLIENT_SECRET" => "secret from the environment",
        // Made with the key below for this test.
        "CERTIFICATE" => {
            "-----BEGIN CERTIFICATE-----MIIBezCCASGgAwIBAgIUeJsRrc6n5sSFWDMIb/gx8vQkWugwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHZ2F0ZXdheTAgFw0yNjExMjIyMTQ0MzVaGA8yMTI2MTAyOTIxNDQzNVowEjEQMA4GA1UEAwwHZ2F0ZXdheTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfWjUzBRMB0GA1UdDgQWBBS0Z6OZnrXvpnHeADLwipyeXv2g4TAfBgNVHSMEGDAWgBS0Z6OZnrXvpnHeADLwipyeXv2g4TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIA9gcn0yE9DMMqToR9bn55gRzIrDBiz1of5ZoK8sz/dhAiEA+R8emoNWhbDZVc+Pgos8oOj9XG/llOY205fB3aaV+MQ=-----END CERTIFICATE-----"
        }
        "EMPTY" => "",
        "NON_ASCII" => "Bearer s3cr3t-ä",
        // The same with one bit of its key changed.
        "OTHER_CERTIFICATE" => {
            "-----BEGIN CERTIFICATE-----MIIBezCCASGgAwIBAgIUeJsRrc6n5sSFWDMIb/gx8vQkWugwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHZ2F0ZXdheTAgFw0yNjExMjIyMTQ0MzVaGA8yMTI2MTAyOTIxNDQzNVowEjEQMA4GA1UEAwwHZ2F0ZXdheTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGoX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfWjUzBRMB0GA1UdDgQWBBS0Z6OZnrXvpnHeADLwipyeXv2g4TAfBgNVHSMEGDAWgBS0Z6OZnrXvpnHeADLwipyeXv2g4TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIA9gcn0yE9DMMqToR9bn55gRzIrDBiz1of5ZoK8sz/dhAiEA+R8emoNWhbDZVc+Pgos8oOj9XG/llOY205fB3aaV+MQ=-----END CERTIFICATE-----"
        }
        // That of P-256 whose number is 1.
        "PRIVATE_KEY" => {
            "-----BEGIN PRIVATE KEY-----MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGhRANCAARrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1-----END PRIVATE KEY-----"
        }
        "SECRET_OF_31_BYTES" => "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3c",
        "SECRET_OF_32_BYTES" => "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr",
        // As base64url; 64 digits are 48 bytes.
        "SECRET_OF_48_BYTES" => "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s",
        "WITH_LINE_BREAK" => "secret from the environment\n",
        _ => return None,
    };
    Some(value.to_owned())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config")
}

/// The JSON files of a directory, in alphabetical order; there is at least one.
fn documents(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(fixtures().join(directory)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn compile(file: &Path) -> Result<Compiled, ConfigErrors> {
    config::compile(&fs::read(file).unwrap(), &environment)
}

fn compile_named(name: &str) -> Compiled {
    compile(&fixtures().join(name)).unwrap_or_else(|errors| panic!("{name}:\n{errors}"))
}

/// Compares with the golden file. `TENANTGATE_WRITE_GOLDEN=1` writes it instead, for review.
fn golden(file: &Path, actual: &str) {
    let actual = if actual.is_empty() { String::new() } else { format!("{actual}\n") };
    if std::env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        fs::write(file, &actual).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(actual, expected, "{}", file.display());
}
