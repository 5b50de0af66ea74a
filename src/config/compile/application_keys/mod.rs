//! `application_keys`: whose keys are let in, where they stand, and what they may do.

mod inline;
mod places;
mod problem;
mod secrets;
mod session;
mod store;
mod usage;

pub use problem::ApplicationKeyProblem;

use super::super::application_keys::{ApplicationKeys, KeyStore};
use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::client::Secrets;
use super::routes::word;
use super::values::tenants;
use crate::application_key::{Document, GuidCase, KeyPrefix, KeyRules, Peppers, ReadRules};
use crate::credential::{KeyPlacesParts, TokenPlaces};
use crate::message::PathSpelling;
use crate::policy::{BasicWithKey, Deployment, KeyCombination, WhenBoth};
use crate::tenancy::TenantId;
use crate::time::Leeway;

/// What the document says about application keys.
#[derive(Default)]
pub(super) struct CompiledKeys {
    /// `None` if nothing is said, or something is wrong, which has been reported.
    pub(super) settings: Option<ApplicationKeys>,
    /// Likewise.
    pub(super) places: Option<KeyPlacesParts>,
    /// The tenants that keys may act for.
    pub(super) tenants: Vec<TenantId>,
}

/// Whether the operator states that the address of a request is the client's.
pub(super) fn trusts_client_address(root: &Section<'_>) -> bool {
    root.text("client_address") == Some("use_remote_address")
}

/// Reads `application_keys`.
pub(super) fn application_keys(
    root: &Section<'_>,
    (deployment, spelling): (Option<Deployment>, PathSpelling),
    tokens: &TokenPlaces,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> CompiledKeys {
    let Some(section) = root.section("application_keys") else { return CompiledKeys::default() };
    if deployment == Some(Deployment::Egress) {
        report.error(section.place(), ApplicationKeyProblem::OnEgress);
    }
    let tenants = listed(&section, report);
    let combination = combination(&section, report);
    let prefix = prefix(&section, report);
    let decisive = combination.when_both.decisive();
    let places = places::places(&section, (prefix.as_ref(), decisive), tokens, report);
    let peppers = secrets::peppers(&section, secrets, report);
    let rules = ReadRules {
        tenants: Some(tenants.clone()),
        spelling,
        largest: Document::SHARD_LIMIT,
        most: Document::RECORDS_LIMIT,
    };
    let trusts_address = trusts_client_address(root);
    let store = source(&section, (rules, peppers.as_ref(), trusts_address), secrets, report);
    let session = section
        .section("session")
        .map(|session| session::session(&session, (spelling, trusts_address), secrets, report));
    let usage = section.section("usage").map(|usage| usage::usage(&usage, secrets, report));
    let settings = || {
        Some(ApplicationKeys {
            rules: rules_of(&section, prefix?, peppers?),
            leeway: Leeway::new(section.duration("clock_skew").unwrap_or_default())?,
            combination,
            conceals_expiry: section.text("error_detail") == Some("uniform"),
            store: store?,
            session: match session {
                None => None,
                Some(session) => Some(session?),
            },
            logs_first_use: section.boolean("log_first_use") == Some(true),
            usage: match usage {
                None => None,
                Some(usage) => Some(usage?),
            },
        })
    };
    CompiledKeys { settings: settings(), places, tenants }
}

/// The tenants that keys may act for. What cannot name one is reported.
fn listed(section: &Section<'_>, report: &mut Report) -> Vec<TenantId> {
    let items = section.list("tenants");
    let (any, items): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| item.text() == Some("any"));
    for item in any {
        report.error(item.place(), ApplicationKeyProblem::AnyTenant);
    }
    tenants(&items, report)
}

/// How keys go together with other credentials. Another word has been reported.
fn combination(section: &Section<'_>, report: &mut Report) -> KeyCombination {
    let when_both = word(
        section,
        "when_both",
        &[
            ("jwt", WhenBoth::Token),
            ("key", WhenBoth::Key),
            ("must_agree", WhenBoth::MustAgree),
            ("reject", WhenBoth::Reject),
        ],
    );
    if let Some(WhenBoth::Key | WhenBoth::Token) = when_both {
        report.warn(&section.place_of("when_both"), Notice::OneOfBothUnverified);
    }
    let basic = word(
        section,
        "basic_with_key",
        &[
            ("drop", BasicWithKey::Drop),
            ("forward", BasicWithKey::Forward),
            ("reject", BasicWithKey::Reject),
        ],
    );
    KeyCombination { when_both: when_both.unwrap_or_default(), basic: basic.unwrap_or_default() }
}

fn prefix(section: &Section<'_>, report: &mut Report) -> Option<KeyPrefix> {
    if !section.states("prefix") {
        return Some(KeyPrefix::default());
    }
    let prefix = KeyPrefix::parse(section.text("prefix")?);
    report.ok(&section.place_of("prefix"), prefix.map_err(|_| ApplicationKeyProblem::Prefix))
}

fn rules_of(section: &Section<'_>, prefix: KeyPrefix, peppers: Peppers) -> KeyRules {
    let guids = match section.boolean("fold_guids") {
        Some(true) => GuidCase::Folded,
        Some(false) | None => GuidCase::Kept,
    };
    KeyRules { prefix, peppers, guids }
}

/// Where the keys come from. `None` when something is wrong, which has been reported.
fn source(
    section: &Section<'_>,
    (rules, peppers, trusts_address): (ReadRules, Option<&Peppers>, bool),
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<KeyStore> {
    let expected = inline::Expected { rules: rules.clone(), peppers, trusts_address };
    let set = section.entry("inline").map(|entry| inline::inline(&entry, expected, report));
    if section.states("store") {
        let initial = set.as_ref().and_then(Clone::clone);
        let store = store::store(&section.section("store")?, (rules, initial), secrets, report)?;
        // A set that is stated and wrong has been reported.
        return (set.is_none() || store.initial.is_some()).then_some(KeyStore::Remote(store));
    }
    if set.is_none() {
        report.error(section.place(), ApplicationKeyProblem::SourceUnstated);
    }
    set.flatten().map(KeyStore::Inline)
}
