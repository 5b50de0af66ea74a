//! The keys of an `idaas` credential: those that stand around the vendor's document.

use std::time::Duration;

use super::keys::EXCHANGE;
use super::shape::Key;
use super::shape::Shape::{
    AnyObject, Boolean, Duration as Span, Either, List, Object, OneOf, Text,
};

/// `credentials[]` with the kind `idaas`.
pub(super) const IDAAS_CREDENTIAL: &[Key] = &[
    Key::required("name", Text),
    Key::optional("callers", Either(&[OneOf(&["any"]), List(&Text)])),
    Key::required("idaas", AnyObject),
    Key::required("clusters", Object(CLUSTERS)),
    Key::optional("service_account_token", Object(SERVICE_ACCOUNT_TOKEN)),
    Key::optional("exchange", Object(EXCHANGE)),
    Key::optional("held_api_key", Object(HELD_API_KEY)),
    Key::optional("sts", Object(STS)),
    Key::optional("algorithm", OneOf(SIGNING_ALGORITHMS)),
    Key::optional("allow_plaintext", Boolean),
];

/// `clusters`: what reaches each server that the vendor's client talks to.
pub(super) const CLUSTERS: &[Key] = &[
    Key::optional("token", Text),
    Key::optional("open_api", Text),
    Key::optional("metadata", Text),
    Key::optional("sts", Text),
    Key::optional("credentials_uri", Text),
    Key::optional("developer_api", Text),
];

/// `service_account_token`: where the file is served that the filter cannot read.
pub(super) const SERVICE_ACCOUNT_TOKEN: &[Key] = &[
    Key::required("cluster", Text),
    Key::required("uri", Text),
    Key::optional("refresh", Span(Duration::from_secs(1), Duration::from_secs(86_400))),
    Key::optional("timeout", Span(Duration::from_millis(100), Duration::from_secs(60))),
    Key::optional("allow_plaintext", Boolean),
];

/// `held_api_key`: a key that IDaaS holds.
pub(super) const HELD_API_KEY: &[Key] = &[
    Key::required("identifier", Text),
    Key::optional("refresh", Span(Duration::from_secs(60), Duration::from_secs(86_400))),
];

/// `sts`: the access key of a RAM role.
pub(super) const STS: &[Key] = &[Key::optional("role_arn", Text)];

/// The algorithms that a private key can be told to sign by.
pub(super) const SIGNING_ALGORITHMS: &[&str] =
    &["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"];
