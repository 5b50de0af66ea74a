//! Every key of the language: the mirror of `docs/configuration.md`, which is tested against it.

use std::time::Duration;

use super::application_keys::APPLICATION_KEYS;
use super::idaas_keys::{CLUSTERS, HELD_API_KEY, SERVICE_ACCOUNT_TOKEN, SIGNING_ALGORITHMS, STS};
use super::shape::Shape::{AnyObject, Boolean, Either, List, Map, Object, OneOf, Text, Whole};
use super::shape::{Key, Shape};
use super::subtenancy_keys::SUBTENANCY;

/// The whole document: every key that there is, level by level.
pub const DOCUMENT: &[Key] = &[
    Key::required("deployment", OneOf(&["ingress", "egress"])),
    Key::optional("mode", MODE),
    Key::optional("client_address", OneOf(&["use_remote_address"])),
    Key::optional("issuers", List(&Object(ISSUER))),
    Key::optional("application_keys", Object(APPLICATION_KEYS)),
    Key::optional("credentials", List(&Object(CREDENTIAL))),
    Key::optional("subtenancy", Object(SUBTENANCY)),
    Key::required("routes", List(&Object(ROUTE))),
    Key::optional("token_places", List(&Object(TOKEN_PLACE))),
    Key::optional("identity_headers", Object(IDENTITY_HEADERS)),
    Key::optional("filter_state", OneOf(&["refusals", "always", "never"])),
    Key::optional("no_match", OneOf(&["forbidden", "not_found"])),
    Key::optional("case_insensitive_paths", Boolean),
    Key::optional("ignore_trailing_slash", Boolean),
    Key::optional("limits", Object(LIMITS)),
    Key::optional("allow_inline_secrets", Boolean),
];

/// `issuers[]`.
const ISSUER: &[Key] = &[
    Key::required("name", Text),
    Key::optional("preset", OneOf(&["mindsphere"])),
    Key::required("issuer", Text),
    Key::required("tenants", Either(&[ANY, TEXTS, Map(&TEXTS)])),
    Key::optional("audiences", ANY_OR_TEXTS),
    Key::optional("clients", ANY_OR_TEXTS),
    Key::optional("algorithms", List(&OneOf(ALGORITHMS))),
    Key::optional("jwks", Object(JWKS)),
    Key::optional("secret_env", Text),
    Key::optional("secret_encoding", OneOf(&["text", "base64url"])),
    Key::optional("claims", Object(CLAIMS)),
    Key::optional("clock_skew", span(0, 300_000)),
    Key::optional("max_lifetime", span(1_000, 31_536_000_000)),
    Key::optional("profile", OneOf(&["at+jwt"])),
    Key::optional("token_types", TEXTS),
    Key::optional("accept_own_tokens", Boolean),
];

/// The names of all algorithms; a test compares.
const ALGORITHMS: &[&str] = &[
    "EdDSA", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "PS256", "PS384", "PS512",
    "RS256", "RS384", "RS512",
];

/// `issuers[].jwks`.
const JWKS: &[Key] = &[
    Key::optional("inline", AnyObject),
    Key::optional("cluster", Text),
    Key::optional("uri", Text),
    Key::optional("discovery", OneOf(&["oauth", "openid"])),
    Key::optional("hosts", Map(&Text)),
    Key::optional("refresh", span(10_000, 86_400_000)),
    Key::optional("min_refresh", span(10_000, 86_400_000)),
    Key::optional("max_stale", span(600_000, 30 * 86_400_000)),
    Key::optional("timeout", TIMEOUT),
    Key::optional("allow_plaintext", Boolean),
];

/// `issuers[].claims`.
const CLAIMS: &[Key] = &[
    Key::optional("tenant", Text),
    Key::optional("subtenant", Text),
    Key::optional("scopes", Text),
    Key::optional("user", Text),
    Key::optional("client", Text),
];

/// `credentials[]`.
const CREDENTIAL: &[Key] = &[
    Key::required("name", Text),
    Key::optional("callers", ANY_OR_TEXTS),
    Key::optional("api_key", Object(API_KEY)),
    Key::optional("idaas", AnyObject),
    Key::optional("mindsphere_app", Object(MINDSPHERE_APP)),
    Key::optional("mindsphere_auto", Object(MINDSPHERE_AUTO)),
    Key::optional("mindsphere_tenant", Object(MINDSPHERE_TENANT)),
    Key::optional("mindsphere_user", Object(MINDSPHERE_USER)),
    Key::optional("oauth2", Object(OAUTH2)),
    Key::optional("clusters", Object(CLUSTERS)),
    Key::optional("service_account_token", Object(SERVICE_ACCOUNT_TOKEN)),
    Key::optional("exchange", Object(EXCHANGE)),
    Key::optional("held_api_key", Object(HELD_API_KEY)),
    Key::optional("sts", Object(STS)),
    Key::optional("algorithm", OneOf(SIGNING_ALGORITHMS)),
    Key::optional("allow_plaintext", Boolean),
];

/// `credentials[].api_key`.
const API_KEY: &[Key] = &[
    Key::optional("key", Text),
    Key::optional("key_env", Text),
    Key::optional("secret", Object(SECRET)),
];

/// `credentials[].mindsphere_app`.
const MINDSPHERE_APP: &[Key] = &[
    Key::required("region", Text),
    Key::optional("domain", Text),
    Key::required("app_name", Text),
    Key::required("app_version", Text),
    Key::required("host_tenant", Text),
    Key::required("user_tenant", Text),
    Key::optional("client_id", Text),
    Key::optional("client_id_env", Text),
    Key::optional("client_secret", Text),
    Key::optional("client_secret_env", Text),
    Key::optional("secret", Object(SECRET)),
    Key::required("cluster", Text),
    Key::optional("timeout", TIMEOUT),
    Key::optional("token_url", Text),
    Key::optional("issuers", TEXTS),
    Key::optional("allow_plaintext", Boolean),
    Key::optional("signature", SIGNATURE),
    Key::optional("jwks", Object(TOKEN_KEYS)),
];

/// `credentials[].mindsphere_auto`.
const MINDSPHERE_AUTO: &[Key] = &[
    Key::required("cluster", Text),
    Key::optional("piam_cluster", Text),
    Key::optional("subtenant", OneOf(&["optional", "required"])),
    Key::optional("timeout", TIMEOUT),
    Key::optional("signature", SIGNATURE),
];

/// `credentials[].mindsphere_tenant`.
const MINDSPHERE_TENANT: &[Key] = &[
    Key::required("region", Text),
    Key::optional("domain", Text),
    Key::required("tenant", Text),
    Key::optional("client_id", Text),
    Key::optional("client_id_env", Text),
    Key::optional("client_secret", Text),
    Key::optional("client_secret_env", Text),
    Key::optional("secret", Object(SECRET)),
    Key::required("cluster", Text),
    Key::optional("timeout", TIMEOUT),
    Key::optional("token_url", Text),
    Key::optional("issuer", Text),
    Key::optional("allow_plaintext", Boolean),
    Key::optional("signature", SIGNATURE),
    Key::optional("jwks", Object(TOKEN_KEYS)),
];

/// `credentials[].mindsphere_user`.
const MINDSPHERE_USER: &[Key] = &[Key::required("token_env", Text)];

/// `jwks` of a credential.
const TOKEN_KEYS: &[Key] = &[
    Key::optional("cluster", Text),
    Key::optional("uri", Text),
    Key::optional("refresh", span(10_000, 86_400_000)),
    Key::optional("min_refresh", span(10_000, 86_400_000)),
    Key::optional("max_stale", span(600_000, 30 * 86_400_000)),
    Key::optional("timeout", TIMEOUT),
    Key::optional("allow_plaintext", Boolean),
];

/// What is done about the signatures of fetched tokens.
const SIGNATURE: Shape = OneOf(&["required", "not_checked"]);

/// The ways of client authentication.
const CLIENT_AUTH: &[&str] = &[
    "client_secret_basic",
    "client_secret_basic_raw",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "federated_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
];

/// The algorithms of client assertions.
const ASSERTION_ALGORITHMS: &[&str] =
    &["ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512"];

/// `secret` of every kind, and its like: where what proves the client, or the key, is read.
const SECRET: &[Key] = &[
    Key::required("cluster", Text),
    Key::required("uri", Text),
    Key::optional("refresh", span(1_000, 86_400_000)),
    Key::optional("timeout", TIMEOUT),
    Key::optional("allow_plaintext", Boolean),
];

/// `credentials[].oauth2`.
const OAUTH2: &[Key] = &[
    Key::required("token_endpoint", Text),
    Key::optional("client_id", Text),
    Key::optional("client_id_env", Text),
    Key::optional("client_secret", Text),
    Key::optional("client_secret_env", Text),
    Key::optional("secret", Object(SECRET)),
    Key::optional("client_auth", OneOf(CLIENT_AUTH)),
    Key::optional("private_key_env", Text),
    Key::optional("private_key", Object(SECRET)),
    Key::optional("algorithm", OneOf(ASSERTION_ALGORITHMS)),
    Key::optional("kid", Text),
    Key::optional("certificate_env", Text),
    Key::optional("assertion_audience", Text),
    Key::optional("assertion_life", span(10_000, 600_000)),
    Key::optional("assertion", Object(SECRET)),
    Key::optional("scopes", TEXTS),
    Key::optional("audience", Text),
    Key::optional("resource", Either(&[Text, TEXTS])),
    Key::optional("parameters", Map(&Text)),
    Key::optional("exchange", Object(EXCHANGE)),
    Key::required("cluster", Text),
    Key::optional("timeout", TIMEOUT),
    Key::optional("allow_plaintext", Boolean),
];

/// `credentials[].oauth2.exchange`, and `credentials[].exchange` beside `idaas`.
pub(super) const EXCHANGE: &[Key] =
    &[Key::required("issuer", Text), Key::required("claims", Object(EXCHANGE_CLAIMS))];

/// `credentials[].oauth2.exchange.claims`.
const EXCHANGE_CLAIMS: &[Key] = &[Key::required("tenant", Text), Key::required("subtenant", Text)];

/// `routes[]`.
const ROUTE: &[Key] = &[
    Key::required("name", Text),
    Key::required("match", Object(MATCH)),
    Key::optional("authentication", OneOf(&["required", "optional", "none"])),
    Key::optional("subtenancy", OneOf(&["refused", "aware", "catalogue", "only"])),
    Key::optional("subtenant", Either(&[OneOf(SUBTENANT_MODES), Object(SUBTENANT)])),
    Key::optional("tenants", TEXTS),
    Key::optional("scopes", Either(&[OneOf(&["not_needed"]), Object(SCOPES)])),
    Key::optional("claims", List(&Object(CONDITION))),
    Key::required("upstream", Object(UPSTREAM)),
    Key::optional("mode", MODE),
    Key::optional("preflight", OneOf(&["ordinary", "pass"])),
    Key::optional("pass_unverified", Boolean),
];

const SUBTENANT_MODES: &[&str] = &["impersonate", "refuse", "tenant_wide"];

/// `routes[].subtenant` as an object.
const SUBTENANT: &[Key] = &[
    Key::optional("id", Text),
    Key::optional("header", Text),
    Key::optional("values", ANY_OR_TEXTS),
];

/// `routes[].match`.
const MATCH: &[Key] = &[
    Key::required("hosts", TEXTS),
    Key::required("path", Text),
    Key::required("methods", ANY_OR_TEXTS),
    Key::optional("headers", Map(&OneOf(&["present"]))),
    Key::optional("encoded_slash", OPAQUE),
    Key::optional("path_parameters", OPAQUE),
];

/// `routes[].scopes` as an object.
pub(super) const SCOPES: &[Key] = &[Key::optional("any", TEXTS), Key::optional("all", TEXTS)];

/// `routes[].claims[]`.
const CONDITION: &[Key] = &[
    Key::optional("claim", Text),
    Key::optional("fact", OneOf(&["tenant", "subtenant", "user", "client"])),
    Key::optional("is", OneOf(&["present", "absent"])),
    Key::optional("equals", SCALAR),
    Key::optional("one_of", List(&SCALAR)),
    Key::optional("equals_path", Text),
];

/// A text, a whole number or a boolean; whole numbers below 2^53 are doubles exactly.
const SCALAR: Shape = Either(&[Text, Whole(0, 9_007_199_254_740_991), Boolean]);

/// `routes[].upstream`.
const UPSTREAM: &[Key] = &[
    Key::required("caller_token", OneOf(&["forward", "remove"])),
    Key::optional("inject", List(&Object(INJECT))),
    Key::optional("on_upstream_401", OneOf(&["purge", "replace"])),
];

/// `routes[].upstream.inject[]`.
const INJECT: &[Key] = &[
    Key::required("credential", Text),
    Key::optional("header", Text),
    Key::optional("prefix", Shape::TextOrNothing),
    Key::optional("when", OneOf(&["always", "no_caller_token"])),
    Key::optional("part", OneOf(&["access_key_id", "access_key_secret", "security_token"])),
    Key::optional("sign", OneOf(&["acs3"])),
];

/// `token_places[]`.
const TOKEN_PLACE: &[Key] = &[
    Key::optional("header", Text),
    Key::optional("prefix", Shape::TextOrNothing),
    Key::optional("cookie", Text),
    Key::optional("query", Text),
];

/// `identity_headers`.
const IDENTITY_HEADERS: &[Key] = &[
    Key::optional("tenant", Text),
    Key::optional("subtenant", Text),
    Key::optional("user", Text),
    Key::optional("client", Text),
    Key::optional("scopes", Text),
    Key::optional("credential_kind", Text),
    Key::optional("key_name", Text),
    Key::optional("key_roles", Text),
    Key::optional("key_tags", Text),
    Key::optional("key_expires_at", Text),
    Key::optional("claims", Map(&Text)),
];

/// `limits`.
const LIMITS: &[Key] = &[
    Key::optional("waiting_deadline", span(100, 60_000)),
    Key::optional("waiters", Whole(1, 100_000)),
    Key::optional("unknown_key_waiters", Whole(1, 10_000)),
    Key::optional("unknown_key_interval", span(1_000, 600_000)),
    Key::optional("verified_tokens", Whole(1, 1_000_000)),
    Key::optional("verified_tokens_bytes", Whole(65_536, 268_435_456)),
    Key::optional("refresh_ahead", span(0, 3_600_000)),
    Key::optional("token_slots", Whole(16, 100_000)),
    Key::optional("exchanged_tokens", Whole(16, 10_000)),
    Key::optional("bad_signatures", Whole(1, 10_000)),
    Key::optional("bad_signature_sources", Whole(64, 65_536)),
    Key::optional("bad_signature_time", span(10, 500)),
];

const OPAQUE: Shape = OneOf(&["refused", "opaque"]);
const MODE: Shape = OneOf(&["enforce", "report_only"]);
const ANY: Shape = OneOf(&["any"]);
pub(super) const TEXTS: Shape = List(&Text);
const ANY_OR_TEXTS: Shape = Either(&[ANY, TEXTS]);
pub(super) const TIMEOUT: Shape = span(100, 60_000);

pub(super) const fn span(from_millis: u64, to_millis: u64) -> Shape {
    Shape::Duration(Duration::from_millis(from_millis), Duration::from_millis(to_millis))
}
