//! The keys of `application_keys`.

use super::keys::{TEXTS, TIMEOUT, span};
use super::shape::Key;
use super::shape::Shape::{AnyObject, Boolean, List, Object, OneOf, Text};

/// `application_keys`.
pub(super) const APPLICATION_KEYS: &[Key] = &[
    Key::optional("tenants", TEXTS),
    Key::optional("inline", AnyObject),
    Key::optional("store", Object(STORE)),
    Key::optional("header", Text),
    Key::optional("parameter", Text),
    Key::optional("allow_query", Boolean),
    Key::optional("accept_bearer", Boolean),
    Key::optional("prefix", Text),
    Key::optional("fold_guids", Boolean),
    Key::optional("clock_skew", span(0, 60_000)),
    Key::optional("when_both", OneOf(&["must_agree", "reject", "jwt", "key"])),
    Key::optional("basic_with_key", OneOf(&["reject", "forward", "drop"])),
    Key::optional("error_detail", OneOf(&["standard", "uniform"])),
    Key::optional("peppers", List(&Object(NAMED_SECRET))),
    Key::optional("session", Object(SESSION)),
    Key::optional("usage", Object(USAGE)),
    Key::optional("log_first_use", Boolean),
];

/// `application_keys.store`.
const STORE: &[Key] = &[
    Key::required("cluster", Text),
    Key::required("uri", Text),
    Key::optional("refresh", span(2_000, 3_600_000)),
    Key::optional("timeout", TIMEOUT),
    Key::optional("max_stale", span(10_000, 7 * 86_400_000)),
    Key::optional("on_stale", OneOf(&["refuse", "keep"])),
    Key::optional("authorization_env", Text),
    Key::optional("allow_plaintext", Boolean),
    Key::optional("allow_rollback", Boolean),
];

/// `application_keys.session`.
const SESSION: &[Key] = &[
    Key::required("keys", List(&Object(NAMED_SECRET))),
    Key::optional("idle", span(60_000, 86_400_000)),
    Key::optional("absolute", span(60_000, 30 * 86_400_000)),
    Key::optional("bind_address", Boolean),
    Key::optional("insecure", Boolean),
    Key::optional("flag", Text),
    Key::optional("forward_flag", Boolean),
    Key::optional("logout_path", Text),
];

/// `application_keys.usage`.
const USAGE: &[Key] = &[
    Key::required("cluster", Text),
    Key::required("uri", Text),
    Key::optional("interval", span(10_000, 3_600_000)),
    Key::optional("timeout", TIMEOUT),
    Key::optional("authorization_env", Text),
    Key::optional("allow_plaintext", Boolean),
];

/// A secret that goes by an id.
const NAMED_SECRET: &[Key] = &[
    Key::required("id", Text),
    Key::required("secret_env", Text),
    Key::optional("secret_encoding", OneOf(&["text", "base64url"])),
];
