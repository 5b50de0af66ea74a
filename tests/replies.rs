//! The golden reply of every refusal: what clients see, and what the log says beside it.
//!
//! After a change that is meant, write the new text of the failed assertion to the file.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tenantgate::application_key::KeyRefused;
use tenantgate::credential::{CredentialError, KeyError};
use tenantgate::jwt::{ClaimKind, TokenError};
use tenantgate::message::{HeaderName, HostError, PathError, RequestError, RequestHead};
use tenantgate::policy::{ActingError, Denial, EditError, NoMatch};
use tenantgate::problem::{Failure, KeyProblem, Protocol, Refusal, Replies, Schemes, reply};
use tenantgate::technical_token::idaas::Unsignable;
use tenantgate::time::Timestamp;

#[test]
fn every_refusal_has_its_golden_reply() {
    let mut replies: Vec<(String, Vec<&str>)> = Vec::new();
    for refusal in refusals() {
        let text = shown(&refusal);
        match replies.iter_mut().find(|(seen, _)| *seen == text) {
            Some((_, reasons)) => reasons.push(refusal.reason()),
            None => replies.push((text, vec![refusal.reason()])),
        }
    }
    let text: String =
        replies.iter().map(|(text, why)| format!("# {}\n{text}\n", why.join("\n# "))).collect();
    if std::env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        std::fs::write("tests/fixtures/replies.txt", &text).unwrap();
        return;
    }
    assert_eq!(text, include_str!("fixtures/replies.txt"), "\n{text}");
}

fn shown(refusal: &Refusal) -> String {
    let (http, grpc) = (
        reply(refusal, Protocol::Http, scheme(refusal)),
        reply(refusal, Protocol::Grpc, scheme(refusal)),
    );
    assert_eq!((http.status, http.grpc_status), (refusal.status(), None));
    assert_eq!((grpc.status, grpc.body.len()), (refusal.status(), 0));
    let (last, common) = http.headers.split_last().unwrap();
    assert_eq!((last.0, common), ("content-type", grpc.headers.as_slice()));
    let mut text = format!("{}, grpc-status {}\n", http.status, grpc.grpc_status.unwrap());
    for (name, value) in &http.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    let _ = writeln!(text, "{}", String::from_utf8(http.body).unwrap());
    text
}

#[test]
fn bodies_are_json_objects_that_agree_with_the_status_line() {
    for refusal in refusals() {
        let http = reply(&refusal, Protocol::Http, Schemes::Tokens);
        let body: serde_json::Value = serde_json::from_slice(&http.body).unwrap();
        assert_eq!(body["status"], http.status);
        assert_eq!(body["code"], refusal.code());
        assert_eq!(body["type"], format!("urn:tenantgate:problem:{}", refusal.code()));
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(4));
    }
}

#[test]
fn a_bad_token_gets_one_of_two_replies_whatever_the_reason() {
    let of_the_caller = token_errors().filter(|error| *error != TokenError::SignatureUnsupported);
    let is_expired = |error| matches!(error, TokenError::Expired { .. });
    let codes = of_the_caller.map(|error| (is_expired(error), Refusal::Token(error).code()));
    let expected = [(false, "token_invalid"), (true, "token_expired")];
    assert_eq!(codes.collect::<BTreeSet<_>>(), expected.into());
}

#[test]
fn all_that_would_help_a_thief_of_a_key_looks_like_an_unknown_one() {
    let telling = ["app_key_expired", "app_key_in_url", "app_key_not_allowed"];
    let refused = key_problems().filter(|one| matches!(one, KeyProblem::Refused { .. }));
    let replies = refused.map(Refusal::Key).filter(|one| !telling.contains(&one.code()));
    let replies: BTreeSet<_> = replies.map(|one| shown(&one)).collect();
    assert_eq!(replies.len(), 1, "{replies:?}");
    let concealed = KeyProblem::Refused {
        refused: KeyRefused::Expired { expires_at: Timestamp::from_seconds(1000) },
        code: tenantgate::application_key::KeyCode::Invalid,
    };
    assert_eq!(replies, [shown(&Refusal::Key(concealed))].into());
}

#[test]
fn whoever_must_prove_who_it_is_is_told_of_every_way() {
    let challenges = |refusal: &Refusal, schemes| {
        let reply = reply(refusal, Protocol::Http, schemes);
        let fields = reply.headers.into_iter().filter(|(name, _)| *name == "www-authenticate");
        fields.map(|(_, value)| value).collect::<Vec<_>>()
    };
    let (key, bearer) = (r#"AppKey realm="tenantgate""#, r#"Bearer realm="tenantgate""#);
    let invalid = r#"Bearer realm="tenantgate", error="invalid_token""#;
    let missing = Refusal::Key(KeyProblem::Missing);
    let token = Refusal::Token(TokenError::Malformed);
    let scopes = Refusal::Denied(Denial::ScopeInsufficient);
    assert_eq!(challenges(&missing, Schemes::Keys), [key]);
    assert_eq!(challenges(&missing, Schemes::TokensAndKeys), [key, bearer]);
    assert_eq!(challenges(&token, Schemes::TokensAndKeys), [invalid, key]);
    assert_eq!(challenges(&token, Schemes::Tokens), [invalid]);
    assert_eq!(challenges(&scopes, Schemes::TokensAndKeys).len(), 1);
}

#[test]
fn a_key_too_large_for_the_worker_is_not_the_callers_fault() {
    let refusal = Refusal::Token(TokenError::SignatureUnsupported);
    assert_eq!((refusal.status(), refusal.code()), (503, "keys_unavailable"));
    assert_eq!(refusal.reason(), "signature_unsupported");
    let reply = reply(&refusal, Protocol::Http, Schemes::Tokens);
    let has = |header: &str| reply.headers.iter().any(|(name, _)| *name == header);
    assert!(has("retry-after") && !has("www-authenticate"), "{:?}", reply.headers);
}

#[test]
fn a_reply_that_is_kept_is_the_one_that_would_be_written() {
    for schemes in [Schemes::Keys, Schemes::Tokens, Schemes::TokensAndKeys] {
        let mut replies = Replies::new(schemes);
        for _ in 0..2 {
            for refusal in refusals() {
                for protocol in [Protocol::Http, Protocol::Grpc] {
                    let (code, found) = replies.find(&refusal, protocol);
                    let expected = reply(&refusal, protocol, schemes);
                    assert_eq!((code, &*found), (refusal.code(), &expected), "{refusal:?}");
                }
            }
        }
    }
}

#[test]
fn one_reply_is_kept_for_all_refusals_that_a_client_cannot_tell_apart() {
    let mut replies = Replies::new(Schemes::Tokens);
    let mut found = |error| replies.find(&Refusal::Token(error), Protocol::Http).1;
    let one = found(TokenError::Malformed);
    assert!(Rc::ptr_eq(&one, &found(TokenError::SignatureInvalid)));
    let busy = Failure::Overloaded { retry_after: Duration::from_secs(1) }.into();
    let (_, one) = replies.find(&busy, Protocol::Http);
    assert!(!Rc::ptr_eq(&one, &replies.find(&busy, Protocol::Http).1), "its time is its own");
}

#[test]
fn our_failures_are_5xx_and_the_callers_faults_are_4xx() {
    for refusal in refusals() {
        let is_ours = matches!(
            refusal,
            Refusal::Failed(_)
                | Refusal::Edit(EditError::TokenMissing(_))
                | Refusal::Token(TokenError::SignatureUnsupported)
        );
        assert_eq!(refusal.status() >= 500, is_ours, "{}", refusal.reason());
    }
}

#[test]
fn retry_after_is_whole_seconds_from_1_to_300() {
    let rows = [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (299_001, "300"), (900_000, "300")];
    for (millis, expected) in rows {
        let retry_after = Duration::from_millis(millis);
        let reply = reply(
            &Failure::TokenUnavailable { retry_after }.into(),
            Protocol::Http,
            Schemes::Tokens,
        );
        let value = reply.headers.iter().find(|(name, _)| *name == "retry-after");
        assert_eq!(value.map(|(_, value)| value.as_str()), Some(expected), "{millis}");
    }
}

#[test]
fn grpc_is_recognised_by_the_content_type() {
    let rows: [(&str, Protocol); 7] = [
        ("application/grpc", Protocol::Grpc),
        ("application/grpc+proto", Protocol::Grpc),
        ("application/grpc;x=y", Protocol::Grpc),
        ("application/grpc-web", Protocol::Http),
        ("application/grpcx", Protocol::Http),
        ("application/json", Protocol::Http),
        ("", Protocol::Http),
    ];
    for (value, expected) in rows {
        let head = RequestHead::new(vec![(b"content-type", value.as_bytes())]);
        assert_eq!(Protocol::of(&head), expected, "{value}");
    }
    assert_eq!(Protocol::of(&RequestHead::new(Vec::new())), Protocol::Http);
}

/// Every refusal there is; [`assert_listed`] does not compile when a variant is added.
fn refusals() -> Vec<Refusal> {
    let header = HeaderName::parse("authorization").unwrap();
    let retry_after = Duration::from_millis(7500);
    let mut all: Vec<Refusal> = Vec::new();
    all.extend(host_errors().map(|error| RequestError::Host(error).into()));
    all.extend(path_errors().map(|error| RequestError::Path(error).into()));
    all.extend(
        [
            RequestError::HostMissing,
            RequestError::MethodConnect,
            RequestError::MethodMalformed,
            RequestError::MethodTrace,
            RequestError::PathMissing,
        ]
        .map(Refusal::from),
    );
    all.extend(
        [
            CredentialError::AuthorizationRepeated,
            CredentialError::BearerMalformed,
            CredentialError::OriginUnproven,
            CredentialError::PrefixMissing,
            CredentialError::SchemeUnsupported,
            CredentialError::TokensDiffer,
        ]
        .map(Refusal::from),
    );
    all.extend(token_errors().map(Refusal::from));
    all.extend(key_problems().map(Refusal::from));
    all.push(Refusal::KeyUnknown);
    all.push(Refusal::TooManyBadTokens { retry_after });
    all.extend(
        [
            Denial::Acting(ActingError::BesideToken),
            Denial::Acting(ActingError::Malformed),
            Denial::Acting(ActingError::Missing),
            Denial::Acting(ActingError::Unlisted),
            Denial::CatalogueScopesMissing,
            Denial::CatalogueScopesUnknown,
            Denial::CatalogueUncovered,
            Denial::ClaimMismatch,
            Denial::CredentialMissing,
            Denial::HeaderUnmatched,
            Denial::KeyNotForwarded,
            Denial::MethodNotAllowed { allowed: Arc::from("GET, HEAD") },
            Denial::NoRoute(NoMatch::Forbidden),
            Denial::NoRoute(NoMatch::NotFound),
            Denial::PathAmbiguous(PathError::EncodedSlash),
            Denial::PreflightWithBody,
            Denial::ScopeInsufficient,
            Denial::SubtenancyRefused,
            Denial::SubtenantNotCarried,
            Denial::SubtenantRequired,
            Denial::TenantMismatch { credential: Arc::from("svc-a") },
            Denial::TenantNotAllowed,
        ]
        .map(Refusal::from),
    );
    all.push(EditError::IdentityOdd(header.clone()).into());
    all.push(EditError::IdentityTooLong(header.clone()).into());
    all.push(EditError::TokenMissing(header).into());
    all.extend(
        [Unsignable::BodyDigest, Unsignable::Field, Unsignable::Path, Unsignable::Query]
            .map(Refusal::from),
    );
    all.extend(
        [
            Failure::KeyStoreUnavailable { retry_after },
            Failure::KeysUnavailable { retry_after },
            Failure::Overloaded { retry_after },
            Failure::TokenUnavailable { retry_after },
            Failure::UpstreamRefusedOurToken,
        ]
        .map(Refusal::from),
    );
    all.iter().for_each(assert_listed);
    all
}

fn host_errors() -> impl Iterator<Item = HostError> {
    use HostError as E;
    [E::Character, E::Label, E::NotAnAddress, E::NotPlain, E::NotShortest, E::Port, E::TooLong]
        .into_iter()
}

fn path_errors() -> impl Iterator<Item = PathError> {
    use PathError as E;
    [
        E::Backslash,
        E::Control,
        E::DataStream,
        E::DotSegment,
        E::DotSuffix,
        E::DoubleEncoding,
        E::EmptySegment,
        E::EncodedDelimiter,
        E::EncodedSlash,
        E::Fragment,
        E::InvalidPercent,
        E::LetterCase,
        E::LookAlike,
        E::NonAscii,
        E::NotAbsolute,
        E::NotUtf8,
        E::Parameter,
        E::ShortName,
        E::TooLong,
        E::TooManySegments,
    ]
    .into_iter()
}

fn key_problems() -> impl Iterator<Item = KeyProblem> {
    use KeyRefused as E;
    let at = Timestamp::from_seconds(1000);
    let refused = [
        E::Address,
        E::Checksum,
        E::Disabled,
        E::Expired { expires_at: at },
        E::Format,
        E::InUrl,
        E::NotYetValid { not_before: at },
        E::Record,
        E::Route,
        E::Session,
        E::SessionEpoch,
        E::Unknown,
    ];
    let refused = refused.map(|refused| KeyProblem::Refused { refused, code: refused.code() });
    let malformed =
        [KeyError::Format, KeyError::InUrl, KeyError::KeysDiffer, KeyError::SessionsDiffer];
    let others = [
        KeyProblem::BesideBasic,
        KeyProblem::BesideToken,
        KeyProblem::Mismatch,
        KeyProblem::Missing,
        KeyProblem::SessionAddress,
        KeyProblem::SessionNotAllowed,
        KeyProblem::SessionOfAnother,
        KeyProblem::SessionPlain,
    ];
    refused.into_iter().chain(malformed.map(KeyProblem::Malformed)).chain(others)
}

/// Where the refusal is about keys, keys are known.
const fn scheme(refusal: &Refusal) -> Schemes {
    match refusal {
        Refusal::Key(_) => Schemes::Keys,
        _ => Schemes::Tokens,
    }
}

fn token_errors() -> impl Iterator<Item = TokenError> {
    use TokenError as E;
    let expired_at = Timestamp::from_seconds(1000);
    [
        E::AlgorithmNotAllowed,
        E::AudienceMismatch,
        E::ClaimInvalid(ClaimKind::Subtenant(None)),
        E::ClaimMissing(ClaimKind::Tenant(None)),
        E::ClientMismatch,
        E::ConfirmationMismatch,
        E::ConfirmationUnsupported,
        E::Expired { expired_at, now: expired_at },
        E::HeaderInvalid,
        E::HeaderUnsupported,
        E::IssuedAfterExpiry,
        E::IssuedInFuture,
        E::IssuerUnknown,
        E::KeyAmbiguous,
        E::KeyUnfit,
        E::LifetimeTooLong,
        E::Malformed,
        E::NotAccessToken,
        E::NotYetValid,
        E::OwnToken,
        E::PayloadInvalid,
        E::SignatureInvalid,
        E::SignatureUnsupported,
        E::SubtenantWithoutTenant,
        E::TenantNotAllowed,
        E::TooLarge,
        E::TypeNotAllowed,
    ]
    .into_iter()
}

/// A new variant must be added to the lists above, then here.
fn assert_listed(refusal: &Refusal) {
    match refusal {
        Refusal::Credential(
            CredentialError::AuthorizationRepeated
            | CredentialError::BearerMalformed
            | CredentialError::OriginUnproven
            | CredentialError::PrefixMissing
            | CredentialError::SchemeUnsupported
            | CredentialError::TokensDiffer,
        )
        | Refusal::Denied(
            Denial::Acting(
                ActingError::BesideToken
                | ActingError::Malformed
                | ActingError::Missing
                | ActingError::Unlisted,
            )
            | Denial::CatalogueScopesMissing
            | Denial::CatalogueScopesUnknown
            | Denial::CatalogueUncovered
            | Denial::ClaimMismatch
            | Denial::CredentialMissing
            | Denial::HeaderUnmatched
            | Denial::KeyNotForwarded
            | Denial::MethodNotAllowed { .. }
            | Denial::NoRoute(NoMatch::Forbidden | NoMatch::NotFound)
            | Denial::PathAmbiguous(_)
            | Denial::PreflightWithBody
            | Denial::ScopeInsufficient
            | Denial::SubtenancyRefused
            | Denial::SubtenantNotCarried
            | Denial::SubtenantRequired
            | Denial::TenantMismatch { .. }
            | Denial::TenantNotAllowed,
        )
        | Refusal::Edit(
            EditError::IdentityOdd(_) | EditError::IdentityTooLong(_) | EditError::TokenMissing(_),
        )
        | Refusal::Failed(
            Failure::KeyStoreUnavailable { .. }
            | Failure::KeysUnavailable { .. }
            | Failure::Overloaded { .. }
            | Failure::TokenUnavailable { .. }
            | Failure::UpstreamRefusedOurToken,
        )
        | Refusal::Key(
            KeyProblem::BesideBasic
            | KeyProblem::BesideToken
            | KeyProblem::Malformed(
                KeyError::Format
                | KeyError::InUrl
                | KeyError::KeysDiffer
                | KeyError::SessionsDiffer,
            )
            | KeyProblem::Mismatch
            | KeyProblem::Missing
            | KeyProblem::Refused {
                refused:
                    KeyRefused::Address
                    | KeyRefused::Checksum
                    | KeyRefused::Disabled
                    | KeyRefused::Expired { .. }
                    | KeyRefused::Format
                    | KeyRefused::InUrl
                    | KeyRefused::NotYetValid { .. }
                    | KeyRefused::Record
                    | KeyRefused::Route
                    | KeyRefused::Session
                    | KeyRefused::SessionEpoch
                    | KeyRefused::Unknown,
                ..
            }
            | KeyProblem::SessionAddress
            | KeyProblem::SessionNotAllowed
            | KeyProblem::SessionOfAnother
            | KeyProblem::SessionPlain,
        )
        | Refusal::KeyUnknown
        | Refusal::Request(
            RequestError::Host(_)
            | RequestError::HostMissing
            | RequestError::MethodConnect
            | RequestError::MethodMalformed
            | RequestError::MethodTrace
            | RequestError::Path(_)
            | RequestError::PathMissing,
        )
        | Refusal::Token(_)
        | Refusal::TooManyBadTokens { .. }
        | Refusal::Unsignable(
            Unsignable::BodyDigest | Unsignable::Field | Unsignable::Path | Unsignable::Query,
        ) => {}
    }
}
