//! What is answered when nothing is served.

use std::sync::Arc;

use serde_json::json;

use super::super::error::KeyError;
use super::message::{Body, Response};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Problem {
    BodyTooLarge,
    /// A key of this name is there.
    Exists,
    HeadTooLarge,
    LengthRequired,
    Malformed,
    /// The methods that there are.
    Method(&'static str),
    NotFound,
    NotJson,
    NotShown,
    Store,
    StoreBusy,
    /// The file was unusable for so long that it is served no more.
    StoreStale,
    TooManyConnections,
    TooSlow,
    Unauthorized,
    /// No key of this name is there.
    UnknownKey,
    /// What is asked for cannot be made.
    Unusable,
}

impl Problem {
    const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Unusable => 400,
            Self::Unauthorized => 401,
            Self::NotFound | Self::UnknownKey => 404,
            Self::Method(_) => 405,
            Self::TooSlow => 408,
            Self::Exists => 409,
            Self::NotShown => 410,
            Self::LengthRequired => 411,
            Self::BodyTooLarge => 413,
            Self::NotJson => 415,
            Self::HeadTooLarge => 431,
            Self::Store => 500,
            Self::StoreBusy | Self::StoreStale | Self::TooManyConnections => 503,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "body_too_large",
            Self::Exists => "key_exists",
            Self::HeadTooLarge => "head_too_large",
            Self::LengthRequired => "length_required",
            Self::Malformed => "malformed",
            Self::Method(_) => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::NotJson => "not_json",
            Self::NotShown => "key_not_shown",
            Self::Store => "store_unusable",
            Self::StoreBusy => "store_busy",
            Self::StoreStale => "store_stale",
            Self::TooManyConnections => "too_many_connections",
            Self::TooSlow => "too_slow",
            Self::Unauthorized => "unauthorized",
            Self::UnknownKey => "key_unknown",
            Self::Unusable => "key_unusable",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "The body is too large.",
            Self::Exists => "A key of this name exists.",
            Self::HeadTooLarge => "The head of the request is too large.",
            Self::LengthRequired => "The length of the body must be stated.",
            Self::Malformed => "The request is malformed.",
            Self::Method(_) => "The method is not allowed here.",
            Self::NotFound => "Nothing is here.",
            Self::NotJson => "The body must be JSON.",
            Self::NotShown => "The key is not shown again.",
            Self::Store => "The key file cannot be changed.",
            Self::StoreBusy => "The key file is being changed.",
            Self::StoreStale => "The key file has been unusable for too long.",
            Self::TooManyConnections => "Too many connections are open.",
            Self::TooSlow => "The request took too long.",
            Self::Unauthorized => "A valid bearer token is required.",
            Self::UnknownKey => "No key of this name exists.",
            Self::Unusable => "The key cannot be made like this.",
        }
    }

    /// Whose fault it is that a key is not made or removed.
    pub(super) const fn of(error: &KeyError) -> Self {
        match error {
            KeyError::Busy => Self::StoreBusy,
            KeyError::Document(_)
            | KeyError::Io(..)
            | KeyError::Json(_)
            | KeyError::Pepper(_)
            | KeyError::SerialExhausted
            | KeyError::TooLarge => Self::Store,
            KeyError::Exists => Self::Exists,
            KeyError::Unknown => Self::UnknownKey,
            KeyError::Duration(_)
            | KeyError::Ended
            | KeyError::EndNotLater
            | KeyError::EndPassed
            | KeyError::Input(_)
            | KeyError::LifetimeTooLong
            | KeyError::Name
            | KeyError::NoKey
            | KeyError::NoSecret
            | KeyError::Record(_)
            | KeyError::Retiring
            | KeyError::Route
            | KeyError::Strict
            | KeyError::Time => Self::Unusable,
        }
    }
}

/// The answer to what is refused (RFC 9457).
pub(super) fn problem(problem: Problem, detail: Option<&str>) -> Response {
    let (status, code, title) = (problem.status(), problem.code(), problem.title());
    let mut body = json!({ "title": title, "status": status, "code": code });
    if let (Some(members), Some(detail)) = (body.as_object_mut(), detail) {
        members.insert("detail".to_owned(), detail.into());
    }
    let body = Body::Shared(Arc::from(format!("{body}\n").into_bytes()));
    let response = Response::empty(status)
        .body("application/problem+json", body)
        .with("cache-control", "no-store");
    match problem {
        Problem::Method(allowed) => response.with("allow", allowed),
        Problem::StoreBusy | Problem::StoreStale | Problem::TooManyConnections => {
            response.with("retry-after", "5")
        }
        Problem::Unauthorized => response.with("www-authenticate", "Bearer realm=\"keys\""),
        Problem::BodyTooLarge
        | Problem::Exists
        | Problem::HeadTooLarge
        | Problem::LengthRequired
        | Problem::Malformed
        | Problem::NotFound
        | Problem::NotJson
        | Problem::NotShown
        | Problem::Store
        | Problem::TooSlow
        | Problem::UnknownKey
        | Problem::Unusable => response,
    }
}
