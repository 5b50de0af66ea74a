//! `application_keys.store`: a server of keys.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::application_keys::RemoteStore;
use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::super::warning::Notice;
use super::super::client::{Secrets, variable};
use super::super::values::endpoint;
use super::ApplicationKeyProblem;
use crate::application_key::{KeySet, ReadRules};
use crate::message::HeaderValue;
use crate::secret::Secret;

/// The store, and what is held until it has answered. `None` when something is wrong, which has been
/// reported.
pub(super) fn store(
    section: &Section<'_>,
    (rules, initial): (ReadRules, Option<Arc<KeySet>>),
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<RemoteStore> {
    let place = section.place_of("uri");
    let endpoint = section.text("uri").and_then(|uri| endpoint(section, &place, uri, report));
    let authorization = authorization(section, secrets, report);
    let refresh = section.duration("refresh").unwrap_or(REFRESH);
    let twice = refresh.saturating_mul(2);
    let max_stale = section.duration("max_stale").unwrap_or(MAX_STALE.max(twice));
    if max_stale < twice {
        report.error(&section.place_of("max_stale"), ApplicationKeyProblem::MaxStaleTooShort);
    }
    let keeps_stale = section.text("on_stale") == Some("keep");
    if keeps_stale {
        report.warn(&section.place_of("on_stale"), Notice::StaleKeysKept);
    }
    let allows_rollback = section.boolean("allow_rollback") == Some(true);
    if allows_rollback {
        report.warn(&section.place_of("allow_rollback"), Notice::RollbackAllowed);
    }
    Some(RemoteStore {
        endpoint: endpoint?,
        authorization: authorization?,
        timeout: section.duration("timeout").unwrap_or(TIMEOUT),
        refresh,
        max_stale,
        keeps_stale,
        allows_rollback,
        rules,
        initial,
    })
}

/// What `authorization` says, if anything. `None` when something is wrong, which has been reported.
pub(super) fn authorization(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<Option<Secret<String>>> {
    let Some(entry) = section.entry("authorization_env") else { return Some(None) };
    let value = variable(&entry, secrets, report)?;
    if HeaderValue::from_visible_ascii(value.clone().into_bytes()).is_none() {
        report.error(entry.place(), ApplicationKeyProblem::Authorization);
        return None;
    }
    Some(Some(Secret::new(value)))
}

/// The time between two looks.
const REFRESH: Duration = Duration::from_secs(10);

/// How long keys are used after the last good look, or twice `refresh` if that is more.
const MAX_STALE: Duration = Duration::from_secs(3600);

/// How long a call may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
