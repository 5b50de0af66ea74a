//! Who is configured and can never pass: issuers that no route is for, application keys that none asks for, and
//! tenants that neither an issuer nor a key may speak for.

use super::super::error::Quoted;
use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::routes::PlacedRoute;
use crate::jwt::{Issuers, Tenants};
use crate::policy::{Authentication, Route};
use crate::sorted::Sorted;
use crate::table::Table;
use crate::tenancy::TenantId;

/// The tenants for whom the tokens of one entry speak; `None` for any.
type Spoken<'i> = Option<Table<&'i TenantId, ()>>;

/// Warns of entries that could as well be left out, or that hold a slip of the pen.
pub(super) fn warn_of_unserved(
    root: &Section<'_>,
    (issuers, of_keys): (&Issuers, &[TenantId]),
    routes: &[PlacedRoute<'_>],
    report: &mut Report,
) {
    let entries = entries(issuers);
    for section in root.sections("issuers") {
        let spoken = section.text("name").and_then(|name| entries.get(name));
        let is_served = |spoken| routes.iter().any(|placed| serves(&placed.route, spoken));
        if spoken.is_some_and(|spoken| !is_served(spoken)) {
            report.warn(section.place(), Notice::IssuerUnserved);
        }
    }
    let mut all = Table::new();
    for tenant in of_keys {
        all.insert(tenant, ());
    }
    for spoken in entries.values() {
        let Some(spoken) = spoken else { return };
        for (tenant, ()) in spoken.iter() {
            all.insert(tenant, ());
        }
    }
    for PlacedRoute { route, section } in routes.iter().filter(|placed| looks(&placed.route)) {
        let mut listed = route.tenants.iter().flatten();
        if let Some(tenant) = listed.find(|tenant| !all.contains_key(tenant)) {
            let notice = Notice::TenantUnspoken(Quoted::from(tenant.as_str()));
            report.warn(&section.place_of("tenants"), notice);
        }
    }
}

/// Warns of application keys that nobody looks at.
pub(super) fn warn_of_unasked(root: &Section<'_>, routes: &[PlacedRoute<'_>], report: &mut Report) {
    if root.states("application_keys") && !routes.iter().any(|placed| looks(&placed.route)) {
        report.warn(&root.place_of("application_keys"), Notice::ApplicationKeysUnused);
    }
}

/// An entry with `{tenant}` stands for many issuers; what counts is whether one of them is served.
fn entries(issuers: &Issuers) -> Table<&str, Spoken<'_>> {
    let mut entries = Table::new();
    for rules in issuers.iter() {
        let entry = entries.get_or_insert_with(rules.name(), || Some(Table::new()));
        match (&rules.parts().tenants, entry) {
            (Tenants::Any, Some(entry)) => *entry = None,
            (Tenants::Only(tenants), Some(Some(all))) => {
                for tenant in &**tenants {
                    all.insert(tenant, ());
                }
            }
            (Tenants::Any, None) | (Tenants::Only(_), Some(None) | None) => {}
        }
    }
    entries
}

fn serves(route: &Route, spoken: &Spoken<'_>) -> bool {
    let meets = |listed: &Sorted<TenantId>| match spoken {
        None => true,
        Some(spoken) => listed.iter().any(|tenant| spoken.contains_key(tenant)),
    };
    looks(route) && route.tenants.as_ref().is_none_or(meets)
}

fn looks(route: &Route) -> bool {
    match route.authentication {
        Authentication::NotLookedAt => false,
        Authentication::Optional | Authentication::Required => true,
    }
}
