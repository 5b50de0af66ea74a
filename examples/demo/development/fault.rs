//! The ways in which an endpoint of the identity provider can be made to misbehave.

use std::time::Duration;

use super::http_server::{Answer, Response};

/// What an endpoint does instead of its job.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Fault {
    #[default]
    None,
    /// A good token of a tenant nobody asked about.
    OtherTenant,
    /// A good token of a subtenant nobody asked about.
    OtherSubtenant,
    /// A good token without the subtenant that was asked for.
    NoSubtenant,
    /// The connection is closed without an answer.
    Closed,
    /// A page for people, with status 200.
    Html,
    /// Status 200 and nothing else.
    Empty,
    /// Status 200 and this JSON.
    Json(String),
    /// Status 200 and 40 MB of blanks.
    Huge,
    /// A body that ends half way.
    Half,
    /// No answer at all.
    Silence,
    /// A refusal.
    Status { status: u16, retry_after: Option<Duration> },
}

impl Fault {
    /// The answer that replaces the endpoint's own; `None` if the endpoint still makes it.
    pub fn answer(&self) -> Option<Answer> {
        match self {
            Self::None | Self::OtherTenant | Self::OtherSubtenant | Self::NoSubtenant => None,
            Self::Closed => Some(Answer::Closed),
            Self::Html => Some(Answer::Whole(Response {
                status: 200,
                fields: vec![("content-type", "text/html".to_owned())],
                body: format!("<html><body>Please log in. {BODY_MARK}</body></html>").into_bytes(),
            })),
            Self::Empty => Some(Answer::Whole(json_response(200, Vec::new()))),
            Self::Json(body) => Some(Answer::Whole(json_response(200, body.clone().into_bytes()))),
            Self::Huge => Some(Answer::Whole(json_response(200, vec![b' '; HUGE]))),
            Self::Half => Some(Answer::Half(json_response(
                200,
                format!("{{\"access_token\":\"{BODY_MARK}").into_bytes(),
            ))),
            Self::Silence => Some(Answer::Silence),
            Self::Status { status, retry_after } => {
                let mut response =
                    json_response(*status, format!("{{\"error\":\"{BODY_MARK}\"}}").into_bytes());
                response
                    .fields
                    .extend(retry_after.map(|after| ("retry-after", after.as_secs().to_string())));
                Some(Answer::Whole(response))
            }
        }
    }
}

/// A JSON response.
pub fn json_response(status: u16, body: Vec<u8>) -> Response {
    Response { status, fields: vec![("content-type", "application/json".to_owned())], body }
}

/// Stands in every faulty body; a test that finds it in a log has found a leak.
pub const BODY_MARK: &str = "body that must not be logged";

const HUGE: usize = 40 * 1000 * 1000;
