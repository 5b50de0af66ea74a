//! The checks of an answer, one by one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::jwt::{ClaimKind, TokenError};
use crate::message::CallResponse;
use crate::shared::RecordKind;
use crate::technical_token::{AnswerError, ReadingFault, Refusal, Source, TokenRejected};
use crate::tool::explain::Trace;
use crate::tool::explain::words::shown;

/// A check of an answer. The filter makes them in this order and ends with the first that fails.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Stage {
    /// The status is 200.
    Status,
    /// The body is JSON, by its type and its bytes.
    Json,
    /// It is a grant (RFC 6749 §5.1) of a token that a header can carry.
    Grant,
    /// It is a key that a header can carry.
    Key,
    /// The token is an access token in the form of a JWT.
    Form,
    /// `alg`.
    Algorithm,
    /// `typ`.
    Type,
    /// `iss`.
    Issuer,
    /// The tenant.
    Tenant,
    /// The subtenant.
    Subtenant,
    /// `iat`, `exp` and `nbf`.
    Times,
    /// It lives, and long enough to be sent.
    Lifetime,
    /// The signature.
    Signature,
}

impl Stage {
    const ALL: [Self; 13] = [
        Self::Status,
        Self::Json,
        Self::Grant,
        Self::Key,
        Self::Form,
        Self::Algorithm,
        Self::Type,
        Self::Issuer,
        Self::Tenant,
        Self::Subtenant,
        Self::Times,
        Self::Lifetime,
        Self::Signature,
    ];

    /// The checks of a credential's answers: tokens that only their issuer can read are not opened.
    pub(super) fn of(source: &Source) -> Vec<Self> {
        let is_opaque = source.record_kind() != RecordKind::Jwt;
        let is_made = |stage: &Self| match stage {
            Self::Status | Self::Lifetime => true,
            Self::Json | Self::Grant => !source.is_key(),
            Self::Key => source.is_key(),
            Self::Signature => source.needs_proof(),
            Self::Form
            | Self::Algorithm
            | Self::Type
            | Self::Issuer
            | Self::Tenant
            | Self::Subtenant
            | Self::Times => !is_opaque,
        };
        Self::ALL.into_iter().filter(is_made).collect()
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Status => "the status is 200",
            Self::Json => "the body is JSON",
            Self::Grant => "it grants a bearer token that a header can carry",
            Self::Key => "it is a key that a header can carry",
            Self::Form => "the token is an access token in the form of a JWT",
            Self::Algorithm => "its algorithm is the one expected",
            Self::Type => "its type is one of an access token",
            Self::Issuer => "its issuer is the one expected",
            Self::Tenant => "it is of the credential's tenant",
            Self::Subtenant => "it is of the subtenant asked for, or of none if none was",
            Self::Times => "it was issued, and has not expired",
            Self::Lifetime => "it lives long enough to be sent",
            Self::Signature => "its signature is one of the issuer's keys",
        }
    }

    const fn topic(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Json => "json",
            Self::Grant => "grant",
            Self::Key => "key",
            Self::Form => "form",
            Self::Algorithm => "algorithm",
            Self::Type => "type",
            Self::Issuer => "issuer",
            Self::Tenant => "tenant",
            Self::Subtenant => "subtenant",
            Self::Times => "times",
            Self::Lifetime => "lifetime",
            Self::Signature => "signature",
        }
    }
}

/// The check that failed, and the exact reason as the filter logs it.
pub(super) fn failed(error: &AnswerError, is_key: bool) -> (Stage, String) {
    let stage = match error {
        AnswerError::Status { .. } => Stage::Status,
        AnswerError::NotAGrant | AnswerError::NotJson if is_key => Stage::Key,
        AnswerError::NotJson => Stage::Json,
        AnswerError::NotAGrant => Stage::Grant,
        AnswerError::Rejected(TokenRejected::Unsendable) if is_key => Stage::Key,
        AnswerError::Rejected(rejected) => rejecting(*rejected),
        AnswerError::Unread(ReadingFault::Status { .. }) => Stage::Status,
        AnswerError::Unread(_) => Stage::Key,
    };
    (stage, error.reason().to_owned())
}

const fn rejecting(rejected: TokenRejected) -> Stage {
    match rejected {
        TokenRejected::Form(error) => refusing(error),
        TokenRejected::IssuerMismatch => Stage::Issuer,
        TokenRejected::KeyUnknown | TokenRejected::KeysUnavailable => Stage::Signature,
        TokenRejected::LifetimeUnknown | TokenRejected::TooShort => Stage::Lifetime,
        TokenRejected::NotBearer | TokenRejected::RecordMismatch | TokenRejected::Unsendable => {
            Stage::Grant
        }
        TokenRejected::SubtenantMismatch | TokenRejected::SubtenantUnasked => Stage::Subtenant,
        TokenRejected::TenantMismatch => Stage::Tenant,
    }
}

const fn refusing(error: TokenError) -> Stage {
    match error {
        TokenError::AlgorithmNotAllowed => Stage::Algorithm,
        TokenError::TypeNotAllowed => Stage::Type,
        TokenError::ClaimMissing(ClaimKind::Issuer) | TokenError::IssuerUnknown => Stage::Issuer,
        TokenError::ClaimMissing(ClaimKind::Tenant(_)) | TokenError::TenantNotAllowed => {
            Stage::Tenant
        }
        TokenError::ClaimMissing(ClaimKind::Subtenant(_)) => Stage::Subtenant,
        TokenError::ClaimMissing(
            ClaimKind::Expiry | ClaimKind::IssuedAt | ClaimKind::NotBefore,
        )
        | TokenError::Expired { .. }
        | TokenError::IssuedAfterExpiry
        | TokenError::IssuedInFuture
        | TokenError::NotYetValid => Stage::Times,
        TokenError::KeyAmbiguous
        | TokenError::KeyUnfit
        | TokenError::SignatureInvalid
        | TokenError::SignatureUnsupported => Stage::Signature,
        TokenError::AudienceMismatch
        | TokenError::ClaimInvalid(_)
        | TokenError::ClaimMissing(
            ClaimKind::Audience
            | ClaimKind::Client
            | ClaimKind::Scopes
            | ClaimKind::Subject
            | ClaimKind::TokenId
            | ClaimKind::User,
        )
        | TokenError::ClientMismatch
        | TokenError::ConfirmationMismatch
        | TokenError::ConfirmationUnsupported
        | TokenError::HeaderInvalid
        | TokenError::HeaderUnsupported
        | TokenError::LifetimeTooLong
        | TokenError::Malformed
        | TokenError::NotAccessToken
        | TokenError::OwnToken
        | TokenError::PayloadInvalid
        | TokenError::SubtenantWithoutTenant
        | TokenError::TooLarge => Stage::Form,
    }
}

/// The answer itself.
pub(super) fn arrived(response: &CallResponse, trace: &mut Trace) {
    let kind = response.content_type.as_deref().map_or("no content-type".to_owned(), shown);
    let size = response.body.expose().len();
    trace.fact("answer", format!("status {}, {kind}, {size} bytes", response.status));
    refused(response, trace);
    if let Some(span) = response.retry_after {
        trace.fact("answer", format!("asks to wait {} s", span.as_secs()));
    }
}

/// What a refusal says that its server's support may ask for; never its free text, which may quote what
/// was sent.
pub(super) fn refused(response: &CallResponse, trace: &mut Trace) {
    if (200..300).contains(&response.status) {
        return;
    }
    let Refusal { status: _, code, request_id } = Refusal::read(response);
    let words = [("code", code), ("request id", request_id)];
    for (name, word) in words.into_iter().filter_map(|(name, word)| Some((name, word?))) {
        trace.fact("answer", format!("{name} `{word}`"));
    }
}

/// Its checks; after the one that failed, nobody knows.
pub(super) fn tell(stages: &[Stage], failed: Option<&(Stage, String)>, trace: &mut Trace) {
    for stage in stages {
        match failed {
            Some((at, reason)) if at == stage => {
                trace.not_met(stage.topic(), format!("{}: {reason}", stage.words()));
            }
            Some((at, _)) if at < stage => {
                trace.unknown(stage.topic(), format!("{}: not looked at", stage.words()));
            }
            Some(_) | None => trace.met(stage.topic(), stage.words()),
        }
    }
}

/// The claims of the token in an answer, as they stand there; `None` if it is no JWT.
pub(super) fn claims(response: &CallResponse) -> Option<serde_json::Value> {
    let answer: serde_json::Value = serde_json::from_slice(response.body.expose()).ok()?;
    let token = answer.get("access_token")?.as_str()?;
    let payload = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&claims).ok().filter(serde_json::Value::is_object)
}
