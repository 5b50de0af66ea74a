//! Certificates in PEM (RFC 7468 §5), which are sent as they stand.

use super::super::super::raw::ShapeProblem;
use super::super::super::report::Report;
use super::super::certificate;
use super::problem::IdaasProblem;
use super::vendor::{Found, Vendor};

/// The longest text of certificates, in bytes.
const LIMIT: usize = 64 * 1024;

/// The certificates of a key. `None` when there are none, which has been reported.
pub(super) fn certificates<'d>(
    vendor: &Vendor<'d>,
    key: &'static str,
    code: &'static str,
    report: &mut Report,
) -> Option<&'d str> {
    let text = match vendor.any_text(key, report) {
        Found::Text(text) if !text.trim().is_empty() => text,
        Found::Absent | Found::Text(_) => {
            report.error(&vendor.place(key), IdaasProblem::NotFound(code));
            return None;
        }
        Found::Wrong => return None,
    };
    if text.len() > LIMIT {
        report.error(&vendor.place(key), ShapeProblem::TextTooLong);
        return None;
    }
    if certificate::first(text).is_none() {
        report.error(&vendor.place(key), IdaasProblem::Certificate);
        return None;
    }
    Some(text)
}
