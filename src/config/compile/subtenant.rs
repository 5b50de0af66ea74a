//! `routes[].subtenant`: what an injected token does about a subtenant.

use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::headers::header;
use super::problem::ListProblem;
use super::route_problem::RouteProblem;
use super::routes::word;
use super::values::{AnyOr, any_or, texts};
use crate::policy::{ActingHeader, ActingValues, SubtenantMode};
use crate::tenancy::SubtenantId;

/// Reads it. `None` when it cannot be made, which has been reported.
pub(super) fn subtenant(section: &Section<'_>, report: &mut Report) -> Option<SubtenantMode> {
    let Some(entry) = section.entry("subtenant") else { return Some(SubtenantMode::Refuse) };
    let Some(object) = entry.section() else {
        if entry.text() == Some("tenant_wide") {
            report.warn(entry.place(), Notice::TenantWide);
        }
        return word(
            section,
            "subtenant",
            &[
                ("impersonate", SubtenantMode::Impersonate),
                ("refuse", SubtenantMode::Refuse),
                ("tenant_wide", SubtenantMode::TenantWide),
            ],
        );
    };
    match (object.states("id"), object.states("header"), object.states("values")) {
        (true, false, false) => {
            let id = SubtenantId::parse(object.text("id")?).map_err(RouteProblem::SubtenantId);
            report.ok(&object.place_of("id"), id).map(SubtenantMode::One)
        }
        (false, true, true) => {
            let name = header(&object.place_of("header"), object.text("header")?, report);
            let values = values(&object, report)?;
            Some(SubtenantMode::Header(ActingHeader { name: name?, values }))
        }
        (true, true, _) | (true, false, true) | (false, true, false) | (false, false, _) => {
            report.error(entry.place(), RouteProblem::SubtenantUnclear);
            None
        }
    }
}

fn values(object: &Section<'_>, report: &mut Report) -> Option<ActingValues> {
    let items = match any_or(object, "values")? {
        AnyOr::Any => {
            report.warn(&object.place_of("values"), Notice::AnySubtenant);
            return Some(ActingValues::Any);
        }
        AnyOr::Only(items) => items,
    };
    let mut ids = Vec::new();
    for (place, text) in texts(&items, report) {
        if text == "any" {
            report.error(&place, ListProblem::AnyInList);
            continue;
        }
        let id = SubtenantId::parse(text).map_err(RouteProblem::SubtenantId);
        ids.extend(report.ok(&place, id));
    }
    (!ids.is_empty()).then_some(ActingValues::Only(ids))
}
