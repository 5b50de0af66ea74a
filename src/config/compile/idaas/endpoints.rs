//! Endpoints of the vendor's document: always `https`, whatever it says.

use super::super::super::report::Report;
use super::super::super::uri::Uri;
use super::super::problem::AddressProblem;
use super::problem::IdaasProblem;
use super::vendor::{Found, Vendor};

/// The endpoint as the vendor's client rewrites it: `http` becomes `https`, and so does nothing.
pub(super) fn https(endpoint: &str) -> String {
    let rest = endpoint.strip_prefix("https://");
    let rest = rest.or_else(|| endpoint.strip_prefix("http://")).unwrap_or(endpoint);
    ["https://", rest].concat()
}

/// An endpoint that is a host. `None` when it is not stated, or no host, which has been reported.
pub(super) fn of_host(vendor: &Vendor<'_>, key: &'static str, report: &mut Report) -> Option<Uri> {
    let text = match vendor.text(key, report) {
        Found::Text(text) => text,
        Found::Absent | Found::Wrong => return None,
    };
    let place = vendor.place(key);
    let uri = report.ok(&place, Uri::parse(&https(text)).map_err(AddressProblem::Uri))?;
    if &**uri.path() != "/" {
        report.error(&place, IdaasProblem::EndpointPath);
        return None;
    }
    Some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_https() {
        for (endpoint, expected) in [
            ("https://a.example/t", "https://a.example/t"),
            ("http://a.example/t", "https://a.example/t"),
            ("a.example/t", "https://a.example/t"),
            ("http://http://a.example", "https://http://a.example"),
            ("HTTP://a.example", "https://HTTP://a.example"),
            ("", "https://"),
        ] {
            assert_eq!(https(endpoint), expected);
        }
    }
}
