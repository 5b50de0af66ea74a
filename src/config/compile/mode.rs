//! `mode`: whether decisions are enforced, for the whole filter or one route.

use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use crate::policy::Mode;

/// The mode of the document: for requests that no route is for, and for routes without their own.
pub(super) fn document_mode(root: &Section<'_>, report: &mut Report) -> Mode {
    let mode = stated(root).unwrap_or_default();
    if mode == Mode::ReportOnly {
        report.warn(&root.place_of("mode"), Notice::ReportOnly);
    }
    mode
}

/// The mode of a route.
pub(super) fn route_mode(route: &Section<'_>, document: Mode, report: &mut Report) -> Mode {
    let stated = stated(route);
    if stated == Some(Mode::ReportOnly) {
        report.warn(&route.place_of("mode"), Notice::ReportOnly);
    }
    stated.unwrap_or(document)
}

fn stated(section: &Section<'_>) -> Option<Mode> {
    match section.text("mode")? {
        "enforce" => Some(Mode::Enforce),
        "report_only" => Some(Mode::ReportOnly),
        _ => None,
    }
}
