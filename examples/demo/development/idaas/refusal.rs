//! Why a server refuses, and how the vendor's servers say so.

use std::fmt;

use serde_json::json;

use super::super::fault::json_response;
use super::super::http_server::Response;
use super::super::signing_key::random_hex;
use super::acs3::SignatureError;
use super::assertion::AssertionError;
use super::certificate::CertificateError;
use super::endpoint::Endpoint;
use super::metadata::MetadataError;

/// Why a request is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    Assertion(AssertionError),
    /// The bearer token of the developer API.
    BearerToken,
    Certificate(CertificateError),
    Client,
    Document(DocumentError),
    FederatedCredential,
    Field(FieldError),
    GrantType,
    Host,
    Metadata(MetadataError),
    Permission,
    Path,
    Scope,
    Secret,
    ServiceAccount(AssertionError),
    Signature(SignatureError),
    SubjectToken,
    /// As the test wanted it: `x-acs-retry-after` has this value.
    Throttled(String),
}

/// What is wrong with a parameter or header field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FieldError {
    Missing(&'static str),
    Repeated(String),
    /// One that does not belong here.
    Unexpected(String),
    Wrong(&'static str),
}

/// What is wrong with the document of an ECS instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentError {
    Audience,
    /// Its signing time is too long ago.
    Expired,
    /// Its signing time lies ahead.
    Future,
    /// The metadata service did not give it out.
    Unknown,
}

impl Refusal {
    /// The answer in the form of this server.
    pub fn answer(&self, endpoint: Option<Endpoint>) -> Response {
        let (status, code) = self.code(endpoint);
        let id = random_hex();
        let mut response = match endpoint {
            Some(Endpoint::OpenApi | Endpoint::Service | Endpoint::Sts) => {
                let body = json!({"Code": code, "Message": self.to_string(), "RequestId": id});
                json_response(status, body.to_string().into_bytes())
            }
            Some(Endpoint::CredentialsUri | Endpoint::Metadata | Endpoint::TokenFile) => Response {
                status,
                fields: vec![("content-type", "text/plain".to_owned())],
                body: self.to_string().into_bytes(),
            },
            Some(Endpoint::DeveloperApi | Endpoint::Token) | None => {
                let body =
                    json!({"error": code, "error_description": self.to_string(), "request_id": id});
                json_response(status, body.to_string().into_bytes())
            }
        };
        if let Self::Throttled(after) = self {
            response.fields.push(("x-acs-retry-after", after.clone()));
        }
        response
    }

    /// Status and code: those of RFC 6749 §5.2 at the token endpoint, those that Alibaba Cloud documents
    /// for its OpenAPIs there.
    pub fn code(&self, endpoint: Option<Endpoint>) -> (u16, &'static str) {
        let is_open_api =
            matches!(endpoint, Some(Endpoint::OpenApi | Endpoint::Service | Endpoint::Sts));
        match self {
            Self::Client if is_open_api => (404, "EntityNotExist.Application"),
            Self::Field(FieldError::Missing(_)) if is_open_api => (400, "MissingParameter"),
            Self::Field(_) | Self::Scope if is_open_api => (400, "InvalidParameter"),
            Self::ServiceAccount(AssertionError::Expired) if is_open_api => {
                (400, "AuthenticationFail.OIDCToken.Expired")
            }
            Self::ServiceAccount(_) if is_open_api => (400, "AuthenticationFail.OIDCToken.Invalid"),
            Self::Permission if is_open_api => (403, "NoPermission"),

            Self::Assertion(_)
            | Self::Certificate(_)
            | Self::Client
            | Self::Document(_)
            | Self::FederatedCredential
            | Self::Secret
            | Self::ServiceAccount(_) => (401, "invalid_client"),
            Self::BearerToken => (401, "invalid_token"),
            Self::Field(_) | Self::SubjectToken => (400, "invalid_request"),
            Self::GrantType => (400, "unsupported_grant_type"),
            Self::Host | Self::Path => (404, "not_found"),
            Self::Metadata(error) => (error.status(), "metadata"),
            Self::Permission => (403, "forbidden"),
            Self::Scope => (400, "invalid_scope"),
            Self::Signature(error) => error.code(),
            Self::Throttled(_) => (429, "Throttling.User"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assertion(error) => write!(formatter, "the client assertion is refused: {error}"),
            Self::BearerToken => {
                formatter.write_str("the bearer token is not one of this instance")
            }
            Self::Certificate(error) => {
                write!(formatter, "the client certificate is refused: {error}")
            }
            Self::Client => formatter.write_str("there is no such client"),
            Self::Document(error) => write!(formatter, "the instance document is refused: {error}"),
            Self::FederatedCredential => {
                formatter.write_str("there is no such federated credential")
            }
            Self::Field(FieldError::Missing(name)) => write!(formatter, "`{name}` is missing"),
            Self::Field(FieldError::Repeated(name)) => {
                write!(formatter, "`{name}` stands there twice")
            }
            Self::Field(FieldError::Unexpected(name)) => {
                write!(formatter, "`{name}` does not belong here")
            }
            Self::Field(FieldError::Wrong(name)) => write!(formatter, "`{name}` has another value"),
            Self::GrantType => formatter.write_str("the grant type is not supported"),
            Self::Host => formatter.write_str("there is no such host"),
            Self::Metadata(error) => error.fmt(formatter),
            Self::Path => formatter.write_str("there is nothing at this path"),
            Self::Permission => formatter.write_str("the client has no permission for this"),
            Self::Scope => formatter.write_str("the scope is none"),
            Self::Secret => formatter.write_str("the secret is another one"),
            Self::ServiceAccount(error) => {
                write!(formatter, "the service account token is refused: {error}")
            }
            Self::Signature(error) => error.fmt(formatter),
            Self::SubjectToken => formatter.write_str("the subject token is not known"),
            Self::Throttled(_) => formatter.write_str("there are too many requests"),
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Audience => "it is for another instance of IDaaS",
            Self::Expired => "its signing time is too long ago",
            Self::Future => "its signing time lies ahead",
            Self::Unknown => "no metadata service gave it out",
        })
    }
}

impl From<AssertionError> for Refusal {
    fn from(error: AssertionError) -> Self {
        Self::Assertion(error)
    }
}

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<DocumentError> for Refusal {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl From<MetadataError> for Refusal {
    fn from(error: MetadataError) -> Self {
        Self::Metadata(error)
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}
