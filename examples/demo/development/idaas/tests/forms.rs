//! Forms that are wrong in one field, for every method that has it.

use super::super::account::{CLIENT, SCOPE};
use super::super::record::{Outcome, Verified};
use super::super::refusal::{FieldError, Refusal};
use super::recorded::Recorded;
use super::replay::Given;

/// One recorded request to the token endpoint per method, with what it needs from before.
fn requests() -> Vec<Recorded> {
    let provider = super::provider();
    let ids = [
        ("CLIENT_SECRET_BASIC", 0),
        ("CLIENT_SECRET_BASIC_utf8", 0),
        ("CLIENT_SECRET_POST", 0),
        ("CLIENT_SECRET_POST_special", 0),
        ("CLIENT_SECRET_JWT", 0),
        ("PRIVATE_KEY_JWT_rsa2048_pkcs8", 0),
        ("PKCS7", 2),
        ("OIDC_path", 0),
        ("PCA", 0),
    ];
    ids.map(|(id, number)| Recorded::of(&provider, id)[number].clone()).to_vec()
}

#[test]
fn a_secret_is_the_right_one_to_the_last_byte() {
    for request in requests().iter().filter(|request| request.id.starts_with("CLIENT_SECRET")) {
        let provider = super::provider();
        request.set_the_stage(&provider);
        request.is_verified_by(&provider);
        for secret in ["", "another", &format!("{} ", request.secret.as_deref().unwrap())] {
            let provider = super::provider();
            request.set_the_stage(&provider);
            provider.set_secret(secret);
            let refusal = match request.id.as_str() {
                "CLIENT_SECRET_JWT 0" => super::super::assertion::AssertionError::Signature.into(),
                _ => Refusal::Secret,
            };
            request.is_refused_by(&provider, &refusal);
        }
    }
    let basic = &requests()[0];
    for header in ["Basic", "Basic !", "basic YTpi", "Bearer YTpi", "Basic YTpi"] {
        basic.clone().with_field("authorization", header).is_refused(&Refusal::Secret);
    }
}

#[test]
fn every_form_has_its_fields_once_and_no_others() {
    for request in requests() {
        let provider = super::provider();
        request.set_the_stage(&provider);
        // Before any proof is looked at.
        let wrong = |name| Refusal::Field(FieldError::Wrong(name));
        let missing = |name| Refusal::Field(FieldError::Missing(name));
        let unexpected = |name: &str| Refusal::Field(FieldError::Unexpected(name.to_owned()));
        let rows = [
            (request.clone().with_parameter("client_id", None), missing("client_id")),
            (request.clone().with_parameter("client_id", Some(" ")), missing("client_id")),
            (request.clone().with_parameter("client_id", Some("app_other")), Refusal::Client),
            (request.clone().with_parameter("grant_type", None), missing("grant_type")),
            (request.clone().with_parameter("grant_type", Some("password")), Refusal::GrantType),
            (request.clone().with_parameter("audience", Some("a")), unexpected("audience")),
            (
                request.clone().with_parameter("subject_token", Some("a")),
                unexpected("subject_token"),
            ),
            (request.clone().with_field("content-type", "application/json"), wrong("content-type")),
            (
                request
                    .clone()
                    .with_field("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                wrong("content-type"),
            ),
            (
                Recorded { body: format!("{}&scope=a%7Cb", request.body), ..request.clone() },
                Refusal::Field(FieldError::Repeated("scope".to_owned())),
            ),
            (
                Recorded { target: format!("{}?x=1", request.target), ..request.clone() },
                Refusal::Path,
            ),
            (Recorded { method: "PUT".to_owned(), ..request.clone() }, Refusal::Path),
            (request.clone().with_field("host", "other.example.test"), Refusal::Host),
            (request.clone().with_field("host", "idaas.example.test:443"), Refusal::Host),
        ];
        for (spoilt, refusal) in rows {
            spoilt.is_refused_by(&provider, &refusal);
        }
    }
}

#[test]
fn two_proofs_or_none_are_refused() {
    let unexpected = Refusal::Field(FieldError::Unexpected("client_secret".to_owned()));
    for request in requests() {
        let provider = super::provider();
        request.set_the_stage(&provider);
        let two = if request.field("authorization").is_some() {
            request.clone().with_parameter("client_secret", request.secret.as_deref())
        } else {
            request.clone().with_field("authorization", "Basic YTpi")
        };
        two.is_refused_by(&provider, &unexpected);
        let none = request
            .without_field("authorization")
            .with_parameter("client_secret", None)
            .with_parameter("client_assertion_type", None);
        none.is_refused_by(
            &provider,
            &Refusal::Field(FieldError::Missing("client_assertion_type")),
        );
    }
}

#[test]
fn an_assertion_has_the_type_and_the_credential_of_its_method() {
    for request in
        requests().iter().filter(|request| request.parameter("client_assertion").is_some())
    {
        let provider = super::provider();
        request.set_the_stage(&provider);
        let missing = |name| Refusal::Field(FieldError::Missing(name));
        request
            .clone()
            .with_parameter("client_assertion", None)
            .is_refused_by(&provider, &missing("client_assertion"));
        request
            .clone()
            .with_parameter(
                "client_assertion_type",
                Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
            )
            .is_refused_by(&provider, &Refusal::Field(FieldError::Wrong("client_assertion_type")));
        let name = "application_federated_credential_name";
        if request.parameter(name).is_some() {
            request
                .clone()
                .with_parameter(name, Some("other"))
                .is_refused_by(&provider, &Refusal::FederatedCredential);
            request.clone().with_parameter(name, None).is_refused_by(&provider, &missing(name));
        } else {
            let unexpected = Refusal::Field(FieldError::Unexpected(name.to_owned()));
            request
                .clone()
                .with_parameter(name, Some("my_pca_credential"))
                .is_refused_by(&provider, &unexpected);
        }
    }
    let pca = requests().pop().unwrap();
    pca.with_parameter("client_x509", None)
        .is_refused(&Refusal::Field(FieldError::Missing("client_x509")));
}

#[test]
fn a_scope_has_one_audience() {
    let basic = &requests()[0];
    for scope in ["read", "a|b c", "a|b|c", "|b", "a|", "a| b", "a|b c|d"] {
        basic.clone().with_parameter("scope", Some(scope)).is_refused(&Refusal::Scope);
    }
    basic
        .clone()
        .with_parameter("scope", Some(" "))
        .is_refused(&Refusal::Field(FieldError::Missing("scope")));
    for (scope, normal) in [("a|b", "a|b"), ("a|b a|c", "a|b a|c"), ("  a|b   a|c ", "a|b a|c")] {
        let provider = super::provider();
        basic.set_the_stage(&provider);
        basic.clone().with_parameter("scope", Some(scope)).is_verified_by(&provider);
        assert_eq!(provider.grants()[0].scope, normal);
    }
}

#[test]
fn a_token_is_exchanged_when_it_is_known() {
    let provider = super::provider();
    let ids = [
        ("CLIENT_SECRET_BASIC", 1),
        ("CLIENT_SECRET_POST", 1),
        ("CLIENT_SECRET_JWT", 1),
        ("PRIVATE_KEY_JWT_rsa2048_pkcs8", 1),
        ("OIDC_path", 1),
        ("PCA", 1),
    ];
    for (id, number) in ids {
        let request =
            Given::default().put_into(Recorded::of(&provider, id)[number].clone(), &provider);
        let rows = [
            ("subject_token", Some("other"), Refusal::SubjectToken),
            ("subject_token", None, Refusal::Field(FieldError::Missing("subject_token"))),
            ("subject_token_type", None, Refusal::Field(FieldError::Missing("subject_token_type"))),
            (
                "subject_token_type",
                Some("jwt"),
                Refusal::Field(FieldError::Wrong("subject_token_type")),
            ),
            (
                "requested_token_type",
                Some("jwt"),
                Refusal::Field(FieldError::Wrong("requested_token_type")),
            ),
            ("actor_token", Some("a"), Refusal::Field(FieldError::Missing("actor_token_type"))),
            ("resource", Some("a"), Refusal::Field(FieldError::Unexpected("resource".to_owned()))),
        ];
        for (name, value, refusal) in rows {
            let provider = super::provider();
            request.set_the_stage(&provider);
            Given::default()
                .put_into(request.clone(), &provider)
                .with_parameter(name, value)
                .is_refused_by(&provider, &refusal);
        }
    }
}

#[test]
fn what_was_obtained_and_how_is_recorded() {
    let provider = super::provider();
    let [plain, exchange] =
        [0, 1].map(|number| Recorded::of(&provider, "CLIENT_SECRET_POST")[number].clone());
    plain.set_the_stage(&provider);
    provider.set_lifetime(77);
    let answer = plain.is_verified_by(&provider).json();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(
        (&answer["expires_in"], &answer["expires_at"]),
        (&77.into(), &(plain.at + 77).into())
    );
    assert_eq!(answer["token_type"], "Bearer");
    let grant = provider.grant(token).unwrap();
    assert_eq!(grant.method.name(), "CLIENT_SECRET_POST");
    assert_eq!((grant.scope.as_str(), grant.subject_token.as_deref()), (SCOPE, None));
    assert_eq!(grant.expires, plain.at + 77);
    assert_eq!(provider.records()[0].outcome, Outcome::Verified(Verified::Token(grant)));

    // A token of this provider can be exchanged until it ends.
    let exchange = exchange.with_parameter("subject_token", Some(token));
    let answer = exchange.is_verified_by(&provider).json();
    assert_eq!(answer["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    let grant = provider.grant(answer["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(grant.subject_token.as_deref(), Some(token));
    provider.set_clock(super::super::control::Clock::Stopped(plain.at + 77));
    exchange.is_refused_by(&provider, &Refusal::SubjectToken);
    assert_eq!((provider.grants().len(), provider.refusals()), (2, vec![Refusal::SubjectToken]));
    assert!(!CLIENT.is_empty() && provider.grant("another").is_none());
}
