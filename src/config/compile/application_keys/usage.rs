//! `application_keys.usage`: a server that is told which keys are used.

use std::time::Duration;

use super::super::super::application_keys::UsageReports;
use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::client::Secrets;
use super::super::values::endpoint;
use super::store::{TIMEOUT, authorization};

/// To whom use is reported. `None` when something is wrong, which has been reported.
pub(super) fn usage(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<UsageReports> {
    let place = section.place_of("uri");
    let endpoint = section.text("uri").and_then(|uri| endpoint(section, &place, uri, report));
    let authorization = authorization(section, secrets, report);
    Some(UsageReports {
        endpoint: endpoint?,
        authorization: authorization?,
        timeout: section.duration("timeout").unwrap_or(TIMEOUT),
        interval: section.duration("interval").unwrap_or(INTERVAL),
    })
}

/// The time between two reports.
const INTERVAL: Duration = Duration::from_secs(60);
