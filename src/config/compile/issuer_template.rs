//! `issuer` and `tenants`: which `iss` may speak for whom.
//!
//! An `issuer` with `{tenant}` in it stands for one issuer per key of `tenants`. It is written out
//! when the configuration is read, so that a token's `iss` is only ever compared exactly.

use std::sync::Arc;

use super::super::error::{Place, Quoted};
use super::super::raw::{Entry, Section};
use super::super::report::Report;
use super::super::uri::{Scheme, Uri, is_label};
use super::super::warning::Notice;
use super::issuer_problem::IssuerProblem;
use super::values;
use crate::jwt::Tenants;
use crate::presets::IssuerPreset;
use crate::sorted::Sorted;
use crate::tenancy::TenantId;

/// The variable of a template.
pub(super) const VARIABLE: &str = "{tenant}";

/// A value of it that fits wherever one can.
const SAMPLE: &str = "t";

/// One `iss` and the tenants that it may speak for.
pub(super) struct Speaker {
    pub(super) issuer: String,
    /// What stands for `{tenant}` in `issuer`, and in the address of the keys.
    pub(super) variable: Option<String>,
    pub(super) tenants: Tenants,
}

/// Every `iss` that an entry of `issuers` stands for.
pub(super) fn speakers(
    section: &Section<'_>,
    preset: Option<&IssuerPreset>,
    report: &mut Report,
) -> Vec<Speaker> {
    let Some(issuer) = section.text("issuer") else { return Vec::new() };
    let place = section.place_of("issuer");
    let is_template = match issuer.matches(VARIABLE).count() {
        0 => false,
        1 => true,
        _ => {
            report.error(&place, IssuerProblem::VariableRepeated);
            return Vec::new();
        }
    };
    if issuer.replace(VARIABLE, "").contains(['{', '}']) {
        report.error(&place, IssuerProblem::VariableUnknown);
    }
    if preset.is_some() && !is_platform_issuer(&issuer.replace(VARIABLE, SAMPLE)) {
        report.error(&place, IssuerProblem::NotAnHttpsUrl);
    }
    let Some(entry) = section.entry("tenants") else { return Vec::new() };
    if is_template {
        let values = per_variable(&entry, report);
        // Every value is looked at, since a long one makes a host too long; the first is named.
        let unfit = |(value, _): &(&str, Tenants)| unfit(issuer, value);
        if preset.is_some()
            && let Some(problem) = values.iter().find_map(unfit)
        {
            report.error(&place, problem);
        }
        let expand = |(value, tenants): (&str, Tenants)| Speaker {
            issuer: issuer.replace(VARIABLE, value),
            variable: Some(value.to_owned()),
            tenants,
        };
        values.into_iter().map(expand).collect()
    } else {
        let speaker = |tenants| Speaker { issuer: issuer.to_owned(), variable: None, tenants };
        of_one_issuer(&entry, report).map(speaker).into_iter().collect()
    }
}

/// The tenants of an issuer that is no template.
fn of_one_issuer(entry: &Entry<'_>, report: &mut Report) -> Option<Tenants> {
    if entry.section().is_some() {
        report.error(entry.place(), IssuerProblem::MapWithoutTemplate);
        return None;
    }
    match entry.list() {
        Some(items) => only(values::tenants(&items, report)),
        None => {
            report.warn(entry.place(), Notice::AnyTenant);
            Some(Tenants::Any)
        }
    }
}

/// The values of `{tenant}` with the tenants of each.
fn per_variable<'d>(entry: &Entry<'d>, report: &mut Report) -> Vec<(&'d str, Tenants)> {
    let mut speakers = Vec::new();
    if let Some(map) = entry.section() {
        for (value, tenants) in map.entries() {
            if check_variable(value, tenants.place(), report) {
                let tenants = values::tenants(&tenants.list().unwrap_or_default(), report);
                speakers.extend(only(tenants).map(|tenants| (value, tenants)));
            }
        }
    } else if let Some(items) = entry.list() {
        // `[acme]` is short for `{ acme: [acme] }`.
        for (place, value) in values::texts(&items, report) {
            if check_variable(value, &place, report) {
                let tenants = TenantId::parse(value).into_iter().collect();
                speakers.extend(only(tenants).map(|tenants| (value, tenants)));
            }
        }
    } else {
        report.error(entry.place(), IssuerProblem::AnyWithTemplate);
    }
    speakers
}

fn check_variable(value: &str, place: &Place, report: &mut Report) -> bool {
    let is_valid = is_label(value);
    if !is_valid {
        report.error(place, IssuerProblem::VariableValue(Quoted::from(value)));
    }
    is_valid
}

/// These tenants alone; `None` without any, since what was wrong with them has been reported.
fn only(tenants: Vec<TenantId>) -> Option<Tenants> {
    let tenants: Sorted<_> = tenants.into_iter().collect();
    (!tenants.is_empty()).then(|| Tenants::Only(Arc::new(tenants)))
}

/// What is wrong with a URI in which `value` stands for `{tenant}`, while it would be right with
/// another value.
pub(super) fn unfit(template: &str, value: &str) -> Option<IssuerProblem> {
    Uri::parse(&template.replace(VARIABLE, SAMPLE)).ok()?;
    let error = Uri::parse(&template.replace(VARIABLE, value)).err()?;
    Some(IssuerProblem::VariableUnfit { value: Quoted::from(value), error })
}

/// Whether `issuer` is an `https` URL without user information, query and fragment.
fn is_platform_issuer(issuer: &str) -> bool {
    let uri = Uri::parse(issuer);
    uri.is_ok_and(|uri| uri.scheme() == Scheme::Https && !uri.path().contains('?'))
}
