//! Values that several parts of the document have.

use std::sync::Arc;

use super::super::error::{Place, Quoted};
use super::super::raw::{Entry, Section};
use super::super::report::Report;
use super::super::uri::{Scheme, Uri};
use super::super::warning::Notice;
use super::problem::{AddressProblem, ListProblem};
use crate::message::Endpoint;
use crate::sorted::Sorted;
use crate::table::Table;
use crate::tenancy::TenantId;

/// A list, or `any` written out.
pub(super) enum AnyOr<T> {
    Any,
    Only(T),
}

/// The `any` or the list of a key. `None` when the key is absent or has a wrong shape.
pub(super) fn any_or<'d>(section: &Section<'d>, key: &str) -> Option<AnyOr<Vec<Entry<'d>>>> {
    let entry = section.entry(key)?;
    match entry.list() {
        Some(items) => Some(AnyOr::Only(items)),
        None => (entry.text()? == "any").then_some(AnyOr::Any),
    }
}

/// The texts of a list. A text that is there twice is reported.
pub(super) fn texts<'d>(items: &[Entry<'d>], report: &mut Report) -> Vec<(Place, &'d str)> {
    let mut seen = Table::new();
    let mut texts = Vec::new();
    for item in items {
        let Some(text) = item.text() else { continue };
        if seen.insert(text, ()).is_none() {
            texts.push((item.place().clone(), text));
        } else {
            report.error(item.place(), ListProblem::Repeated(Quoted::from(text)));
        }
    }
    texts
}

/// The tenants of a list. What cannot name one is reported.
pub(super) fn tenants(items: &[Entry<'_>], report: &mut Report) -> Vec<TenantId> {
    let mut tenants = Vec::new();
    for (place, text) in texts(items, report) {
        // Where a list stands, `any` is a word of its own; here it would be a tenant named so.
        if text == "any" {
            report.error(&place, ListProblem::AnyInList);
            continue;
        }
        let tenant = TenantId::parse(text).map_err(ListProblem::Tenant);
        tenants.extend(report.ok(&place, tenant));
    }
    tenants
}

/// The texts of a list as a set of shared texts.
pub(super) fn shared_texts(items: &[Entry<'_>], report: &mut Report) -> Sorted<Arc<str>> {
    let mut set = Vec::new();
    for (place, text) in texts(items, report) {
        if text == "any" {
            report.error(&place, ListProblem::AnyInList);
            continue;
        }
        set.push(Arc::from(text));
    }
    set.into_iter().collect()
}

/// Where a call goes, by a cluster and an `https` URI of our own making.
pub(super) fn endpoint_of(cluster: &str, uri: &str) -> Option<Endpoint> {
    let uri = Uri::parse(uri).ok()?;
    Some(Endpoint {
        cluster: Arc::from(cluster),
        scheme: uri.scheme().as_str(),
        authority: Arc::clone(uri.authority()),
        path: Arc::clone(uri.path()),
    })
}

/// Where a call goes: `text` and the `cluster` of the object. Plain `http` is refused unless the
/// object says `allow_plaintext: true`.
pub(super) fn endpoint(
    section: &Section<'_>,
    place: &Place,
    text: &str,
    report: &mut Report,
) -> Option<Endpoint> {
    let uri = report.ok(place, Uri::parse(text).map_err(AddressProblem::Uri))?;
    match uri.scheme() {
        Scheme::Https => {}
        Scheme::Http if section.boolean("allow_plaintext") == Some(true) => {
            report.warn(place, Notice::Plaintext);
        }
        Scheme::Http => report.error(place, AddressProblem::Plaintext),
    }
    Some(Endpoint {
        cluster: Arc::from(section.text("cluster")?),
        scheme: uri.scheme().as_str(),
        authority: Arc::clone(uri.authority()),
        path: Arc::clone(uri.path()),
    })
}
