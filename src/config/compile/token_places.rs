//! `token_places`: where callers' tokens may stand besides `authorization`.

use std::fmt;
use std::sync::Arc;

use super::super::error::Place;
use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::headers::header;
use super::inject::PREFIX_LIMIT;
use super::route_problem::RouteProblem;
use crate::credential::{TokenPlace, TokenPlaces};
use crate::message::{CookieName, CookieNameError, HeaderValue, ParameterName, ParameterNameError};
use crate::policy::{Deployment, is_credential};
use crate::table::Table;

/// What is wrong with a place for tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PlaceProblem {
    /// No name of a cookie.
    Cookie(CookieNameError),
    /// A cookie on egress, where programs call and no browser does.
    CookieOnEgress,
    /// A header that is looked at in any case, or carries another credential.
    Credential,
    /// None or several of `header`, `cookie` and `query`.
    KindUnclear,
    /// More places than are looked at.
    Many,
    /// No name of a query parameter.
    Parameter(ParameterNameError),
    /// A prefix of something else than a header.
    PrefixMisplaced,
    /// The same place as this one.
    Repeated(String),
}

/// Reads `token_places`.
pub(super) fn token_places(
    root: &Section<'_>,
    deployment: Option<Deployment>,
    report: &mut Report,
) -> TokenPlaces {
    let sections = root.sections("token_places");
    if sections.len() > PLACES_LIMIT {
        report.error(&root.place_of("token_places"), PlaceProblem::Many);
    }
    let mut seen: Table<(&str, String), Place> = Table::new();
    let mut places = Vec::new();
    for section in &sections {
        let Some((kind, name, place)) = place(section, deployment, report) else { continue };
        if let Some(first) = seen.get(&(kind, name.clone())) {
            let first = first.path().to_owned();
            report.error(&section.place_of(kind), PlaceProblem::Repeated(first));
            continue;
        }
        seen.insert((kind, name), section.place_of(kind));
        places.push(place);
    }
    places.into_iter().collect()
}

/// The key and the name by which a place is told from others, and the place.
fn place(
    section: &Section<'_>,
    deployment: Option<Deployment>,
    report: &mut Report,
) -> Option<(&'static str, String, TokenPlace)> {
    let stated: Vec<_> =
        ["header", "cookie", "query"].into_iter().filter(|kind| section.states(kind)).collect();
    let [kind] = *stated else {
        report.error(section.place(), PlaceProblem::KindUnclear);
        return None;
    };
    if kind != "header" && section.states("prefix") {
        report.error(&section.place_of("prefix"), PlaceProblem::PrefixMisplaced);
    }
    let at = section.place_of(kind);
    let text = section.text(kind)?;
    let place = match kind {
        "header" => {
            let name = header(&at, text, report)?;
            if is_credential(&name) {
                report.error(&at, PlaceProblem::Credential);
                return None;
            }
            let folded = name.as_str().replace('_', "-");
            return Some((
                kind,
                folded,
                TokenPlace::Header { name, prefix: prefix(section, report)? },
            ));
        }
        "cookie" => {
            if deployment == Some(Deployment::Egress) {
                report.error(&at, PlaceProblem::CookieOnEgress);
            }
            let name = CookieName::parse(text).map_err(PlaceProblem::Cookie);
            TokenPlace::Cookie(report.ok(&at, name)?)
        }
        _query => {
            report.warn(&at, Notice::TokenInQuery);
            let name = ParameterName::parse(text).map_err(PlaceProblem::Parameter);
            TokenPlace::Parameter(report.ok(&at, name)?)
        }
    };
    Some((kind, text.to_owned(), place))
}

fn prefix(section: &Section<'_>, report: &mut Report) -> Option<Arc<str>> {
    let prefix = section.entry("prefix").and_then(|entry| entry.text()).unwrap_or_default();
    if prefix.len() > PREFIX_LIMIT
        || HeaderValue::from_visible_ascii(prefix.as_bytes().to_vec()).is_none()
    {
        report.error(&section.place_of("prefix"), RouteProblem::Prefix);
        return None;
    }
    Some(Arc::from(prefix))
}

/// The most places.
const PLACES_LIMIT: usize = 8;

impl fmt::Display for PlaceProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Cookie(error) => return error.fmt(formatter),
            Self::CookieOnEgress => {
                "is for browsers, and none calls on egress; use a header instead"
            }
            Self::Credential => {
                "has its own place among credentials; name a header besides `authorization`"
            }
            Self::KindUnclear => "must state exactly one of `header`, `cookie` and `query`",
            Self::Many => "lists more than 8 places; every request is searched for each",
            Self::Parameter(error) => return error.fmt(formatter),
            Self::PrefixMisplaced => "has no effect: only a `header` has a prefix; leave it out",
            Self::Repeated(first) => {
                return write!(formatter, "is the same place as `{first}`; keep one");
            }
        })
    }
}
