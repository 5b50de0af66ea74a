//! What the servers around IDaaS hand out: metadata tokens, documents, and credentials that sign.

use serde_json::{Value, json};

use super::super::IdaasProvider;
use super::super::account::{ACCESS_KEY_ID, ROLE_ARN};
use super::super::acs3::SignatureError;
use super::super::assertion::AssertionError;
use super::super::control::Clock;
use super::super::endpoint::Endpoint;
use super::super::metadata::{MetadataError, MetadataMode};
use super::super::method::Source;
use super::super::record::{Outcome, Verified};
use super::super::refusal::{DocumentError, FieldError, Refusal};
use super::super::{lock, timestamp};
use super::recorded::Recorded;
use super::replay::Given;
use super::signed_calls::signed_anew;

/// A change of claims.
type Change = fn(&mut Value);

const TOKEN: &str = "x-aliyun-ecs-metadata-token";
const TTL: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";

#[test]
fn the_metadata_service_wants_its_token_while_it_is_good() {
    for (id, number) in [("PKCS7", 1), ("PLUGIN_ecs", 1), ("PLUGIN_ecs", 3)] {
        let provider = super::provider();
        let requests = Recorded::of(&provider, id);
        let (put, get) = (&requests[0], &requests[number]);
        put.set_the_stage(&provider);
        let ttl: u64 = put.field(TTL).unwrap().parse().unwrap();
        let mut given = Given::default();
        given.take_from(&put.is_verified_by(&provider));
        let get = given.put_into(get.clone(), &provider);

        let refused = |request: &Recorded, error| {
            request.is_refused_by(&provider, &Refusal::Metadata(error));
        };
        refused(&get.clone().without_field(TOKEN), MetadataError::TokenMissing);
        refused(&get.clone().with_field(TOKEN, "MADEUPIMDSTOKEN=="), MetadataError::TokenUnknown);
        refused(&get.clone().with_field(TOKEN, ""), MetadataError::TokenUnknown);
        get.clone().with_field("host", "169.254.169.254").is_refused_by(&provider, &Refusal::Host);
        provider.set_clock(Clock::Stopped(put.at + ttl - 1));
        get.is_verified_by(&provider);
        provider.set_clock(Clock::Stopped(put.at + ttl));
        refused(&get, MetadataError::TokenExpired);
        provider.set_clock(Clock::Stopped(put.at));
        provider.forget_metadata_tokens();
        refused(&get, MetadataError::TokenUnknown);

        for ttl in ["0", "21601", "-1", "x", ""] {
            refused(&put.clone().with_field(TTL, ttl), MetadataError::Ttl);
        }
        refused(&put.clone().without_field(TTL), MetadataError::Ttl);
        refused(&Recorded { method: "GET".to_owned(), ..put.clone() }, MetadataError::Path);
        let missing = Recorded { target: "/latest/other".to_owned(), ..get.clone() };
        refused(&missing, MetadataError::Path);
    }
}

#[test]
fn the_plain_mode_has_no_tokens_and_wants_none() {
    let provider = super::provider();
    provider.set_metadata_mode(MetadataMode::Plain);
    for request in Recorded::of(&provider, "PLUGIN_ecs_imdsv1") {
        if request.method == "PUT" {
            request.is_refused_by(&provider, &Refusal::Metadata(MetadataError::Path));
        } else if request.method == "GET" {
            request.is_verified_by(&provider);
        }
    }
    assert_eq!(provider.calls(Endpoint::Metadata), 4);
}

#[test]
fn a_document_is_for_one_instance_and_not_old() {
    let provider = super::provider();
    let requests = Recorded::of(&provider, "PKCS7");
    let at = requests[0].at;
    let mut given = Given::default();
    requests[0].set_the_stage(&provider);
    given.take_from(&requests[0].is_verified_by(&provider));
    let get = given.put_into(requests[1].clone(), &provider);
    let document = |audience: &Value| {
        get.clone()
            .with_query("audience", Some(&audience.to_string()))
            .is_verified_by(&provider)
            .text()
    };
    let ask =
        |document: &str| requests[2].clone().with_parameter("client_assertion", Some(document));

    let good = document(&json!({"aud": "idaas_madeup0001", "signingTime": at}));
    assert!(good.lines().count() > 1 && good.contains(['+', '/']), "{good}");
    ask(&good).is_verified_by(&provider);
    // On one line, as the Go program sends it; and for more than one token.
    ask(&good.replace('\n', "")).is_verified_by(&provider);
    assert_eq!(provider.grants().len(), 2);

    let refused = |document: &str, error| {
        ask(document).is_refused_by(&provider, &Refusal::Document(error));
    };
    refused(&good.replacen("MII", "MIJ", 1), DocumentError::Unknown);
    refused(good.lines().next().unwrap(), DocumentError::Unknown);
    let other = document(&json!({"aud": "idaas_other", "signingTime": at}));
    refused(&other, DocumentError::Audience);
    for (signed, error) in [
        (at + 60, None),
        (at + 61, Some(DocumentError::Future)),
        (at + 3600, Some(DocumentError::Future)),
        (at - 4199, None),
        (at - 4200, Some(DocumentError::Expired)),
    ] {
        let document = document(&json!({"aud": "idaas_madeup0001", "signingTime": signed}));
        match error {
            Some(error) => refused(&document, error),
            None => drop(ask(&document).is_verified_by(&provider)),
        }
    }
    for audience in [
        "idaas_madeup0001",
        r#"{"aud":"a"}"#,
        r#"{"signingTime":1}"#,
        r#"{"aud":"a","signingTime":"1"}"#,
    ] {
        let spoilt = get.clone().with_query("audience", Some(audience));
        spoilt.is_refused_by(&provider, &Refusal::Metadata(MetadataError::Audience));
    }
}

#[test]
fn a_service_account_proves_itself_by_a_token_of_its_cluster() {
    let rows: [(Change, AssertionError); 7] = [
        (|claims| claims["iss"] = json!("https://other"), AssertionError::Issuer),
        (|claims| claims["sub"] = json!("system:serviceaccount:ns:other"), AssertionError::Subject),
        (|claims| claims["aud"] = json!(["other"]), AssertionError::Audience),
        (|claims| claims["exp"] = claims["iat"].clone(), AssertionError::Expired),
        (|claims| claims["exp"] = Value::Null, AssertionError::Expiry),
        (
            |claims| claims["nbf"] = json!(claims["nbf"].as_u64().unwrap() + 61),
            AssertionError::IssuedInFuture,
        ),
        (|claims| claims["jti"] = Value::Null, AssertionError::Id),
    ];
    for id in [
        "OIDC_path",
        "OIDC_env",
        "OIDC_trailing_newline",
        "PLUGIN_rrsa",
        "PLUGIN_rrsa_region",
        "PLUGIN_rrsa_newline",
    ] {
        let provider = super::provider();
        let request = &Recorded::of(&provider, id)[0];
        request.set_the_stage(&provider);
        let with = |token: &str| match request.method.as_str() {
            "GET" => request.clone().with_query("OIDCToken", Some(token)),
            _ => request.clone().with_parameter("client_assertion", Some(token)),
        };
        for (change, error) in rows {
            let token = provider.sign_service_account_token(change);
            with(&token).is_refused_by(&provider, &Refusal::ServiceAccount(error));
        }
        let good = provider.sign_service_account_token(|_| {});
        with(&good).is_verified_by(&provider);
        with(&format!("{good}\n")).is_verified_by(&provider);
        let mut cut = good.clone();
        cut.pop();
        with(&cut).is_refused_by(&provider, &Refusal::ServiceAccount(AssertionError::Signature));
        // A key of another cluster.
        let other = super::provider();
        other.set_clock(Clock::Stopped(request.at));
        let strange = other.sign_service_account_token(|_| {});
        with(&strange)
            .is_refused_by(&provider, &Refusal::ServiceAccount(AssertionError::Signature));
        provider.set_clock(Clock::Stopped(request.at + 600));
        with(&provider.sign_service_account_token(|_| {}));
        provider.set_clock(Clock::Stopped(request.at + 3600));
        if request.method != "GET" {
            with(&good).is_refused_by(&provider, &Refusal::ServiceAccount(AssertionError::Expired));
        }
    }
}

#[test]
fn the_file_has_the_token_of_now() {
    let provider = super::provider();
    let file = Recorded {
        id: "file".to_owned(),
        method: "GET".to_owned(),
        target: "/token".to_owned(),
        fields: vec![("host".to_owned(), "service-account.example.test".to_owned())],
        body: String::new(),
        rest: Value::Null,
        secret: None,
        at: 0,
    };
    let first = file.is_verified_by(&provider).text();
    assert_eq!(first, provider.service_account_token());
    provider.renew_service_account_token();
    let second = file.is_verified_by(&provider).text();
    assert_ne!(first, second);
    // The grant names the token that proved it.
    let request = Recorded::of(&provider, "OIDC_path")[0].clone();
    for token in [&first, &second] {
        request.clone().with_parameter("client_assertion", Some(token)).is_verified_by(&provider);
    }
    let proofs: Vec<_> = provider.grants().into_iter().map(|grant| grant.proof).collect();
    let ids = [first, second].map(|token| {
        super::super::super::signing_key::claims_of(&token)["jti"].as_str().unwrap().to_owned()
    });
    assert_eq!(proofs, ids);
    provider.replace_service_account_token("opaque\n");
    assert_eq!(file.is_verified_by(&provider).text(), "opaque\n");
    Recorded { target: "/other".to_owned(), ..file }.is_refused_by(&provider, &Refusal::Path);
}

#[test]
fn sts_checks_every_parameter() {
    let provider = super::provider();
    let request = Recorded::of(&provider, "PLUGIN_rrsa")[0].clone();
    request.set_the_stage(&provider);
    provider.set_clock(Clock::Stopped(timestamp_of(&request)));
    let request = Given::default().put_into(request, &provider);
    for name in [
        "Action",
        "Format",
        "Version",
        "DurationSeconds",
        "RoleArn",
        "OIDCProviderArn",
        "OIDCToken",
        "RoleSessionName",
        "Timestamp",
    ] {
        let missing = Refusal::Field(FieldError::Missing(name));
        request.clone().with_query(name, None).is_refused_by(&provider, &missing);
        if name != "OIDCToken" {
            let wrong = Refusal::Field(FieldError::Wrong(name));
            request.clone().with_query(name, Some("\u{e9}")).is_refused_by(&provider, &wrong);
        }
    }
    for (seconds, refusal) in [("899", true), ("900", false), ("43200", false), ("43201", true)] {
        let request = request.clone().with_query("DurationSeconds", Some(seconds));
        if refusal {
            request.is_refused_by(&provider, &Refusal::Field(FieldError::Wrong("DurationSeconds")));
        } else {
            let answer = request.is_verified_by(&provider).json();
            let until = timestamp_of(&request) + seconds.parse::<u64>().unwrap();
            assert_eq!(answer["Credentials"]["Expiration"], timestamp::text(until));
        }
    }
    let more = request.clone().with_query("Policy", Some("x"));
    more.is_refused_by(&provider, &Refusal::Field(FieldError::Unexpected("Policy".to_owned())));
    for host in ["sts.cn-hangzhou.aliyuncs.com", "sts-vpc.cn-hangzhou.aliyuncs.com"] {
        request.clone().with_field("host", host).is_verified_by(&provider);
    }
    for host in [
        "sts.a.b.aliyuncs.com",
        "sts..aliyuncs.com",
        "sts-vpc.aliyuncs.com",
        "sts.aliyuncs.com.evil.example",
        "STS.aliyuncs.com",
    ] {
        request.clone().with_field("host", host).is_refused_by(&provider, &Refusal::Host);
    }
    for (seconds, ok) in [(-901, false), (-900, true), (900, true), (901, false)] {
        let at = timestamp_of(&request).checked_add_signed(-seconds).unwrap();
        provider.set_clock(Clock::Stopped(at));
        let request = request
            .clone()
            .with_query("OIDCToken", Some(&provider.sign_service_account_token(|_| {})));
        if ok {
            request.is_verified_by(&provider);
        } else {
            request.is_refused_by(&provider, &Refusal::Field(FieldError::Wrong("Timestamp")));
        }
    }
}

#[test]
fn a_credential_that_was_handed_out_signs_calls_until_it_ends() {
    for (id, number, source) in [
        ("PLUGIN_ecs_named", 1, Source::EcsRole),
        ("PLUGIN_rrsa", 0, Source::Rrsa),
        ("PLUGIN_uri", 0, Source::CredentialsUri),
    ] {
        let provider = super::provider();
        let requests = Recorded::of(&provider, id);
        let mut given = Given::default();
        requests.last().unwrap().set_the_stage(&provider);
        lock(&provider.state).metadata.role = "NamedRole".to_owned();
        let mut answer = Value::Null;
        for request in &requests[..=number] {
            let response = given.put_into(request.clone(), &provider).is_verified_by(&provider);
            given.take_from(&response);
            answer = response.json();
        }
        let credential = if source == Source::Rrsa { &answer["Credentials"] } else { &answer };
        let call = signed_by(
            requests.last().unwrap(),
            credential,
            ["AccessKeyId", "AccessKeySecret", "SecurityToken"],
        );
        call.is_verified_by(&provider);
        let grant = provider.grants().pop().unwrap();
        assert_eq!(grant.proof, credential["AccessKeyId"].as_str().unwrap(), "{id}");

        let until = timestamp::parse(credential["Expiration"].as_str().unwrap()).unwrap();
        for (now, refusal) in [(until - 1, None), (until, Some(SignatureError::ExpiredKey))] {
            provider.set_clock(Clock::Stopped(now));
            let call = call
                .clone()
                .with_field("x-acs-date", &timestamp::text(now))
                .with_field("x-acs-signature-nonce", &now.to_string());
            match refusal {
                Some(refusal) => signed_anew(&call).is_refused_by(&provider, &refusal.into()),
                None => drop(signed_anew(&call).is_verified_by(&provider)),
            }
        }
    }
}

#[test]
fn the_developer_api_wants_a_token_for_what_it_holds() {
    for id in ["PAM_akless", "PAM_apikey"] {
        let provider = super::provider();
        let requests = Recorded::of(&provider, id);
        requests[0].set_the_stage(&provider);
        let mut given = Given::default();
        given.take_from(&requests[0].is_verified_by(&provider));
        let get = given.put_into(requests[1].clone(), &provider);
        get.is_verified_by(&provider);

        for header in ["", "Bearer", "Bearer x", "Basic YTpi"] {
            get.clone()
                .with_field("authorization", header)
                .is_refused_by(&provider, &Refusal::BearerToken);
        }
        let (_, query) = get.target.split_once('?').unwrap();
        let name = query.split_once('=').unwrap().0;
        for value in [None, Some("other")] {
            let spoilt = get.clone().with_query(name, value);
            let record = |refusal| spoilt.is_refused_by(&provider, &Refusal::Field(refusal));
            match (id, value) {
                ("PAM_akless", None) => record(FieldError::Missing("cloudAccountRoleExternalId")),
                ("PAM_akless", Some(_)) => record(FieldError::Wrong("cloudAccountRoleExternalId")),
                (_, None) => record(FieldError::Missing("credentialIdentifier")),
                (_, Some(_)) => record(FieldError::Wrong("credentialIdentifier")),
            }
        }
        let other = Recorded { target: get.target.replace("madeup0001", "other"), ..get.clone() };
        other.is_refused_by(&provider, &Refusal::Path);
        Recorded { method: "POST".to_owned(), ..get.clone() }
            .is_refused_by(&provider, &Refusal::Path);

        let narrow = requests[0].clone().with_parameter("scope", Some("api.example.com|read:file"));
        let mut given = Given::default();
        given.take_from(&narrow.is_verified_by(&provider));
        given
            .put_into(requests[1].clone(), &provider)
            .is_refused_by(&provider, &Refusal::Permission);
        provider.set_clock(Clock::Stopped(requests[0].at + 1200));
        get.is_refused_by(&provider, &Refusal::BearerToken);
    }
}

#[test]
fn a_service_sees_what_the_developer_api_s_credential_signed() {
    let provider = super::provider();
    let requests = Recorded::of(&provider, "PAM_akless");
    requests[0].set_the_stage(&provider);
    let mut given = Given::default();
    given.take_from(&requests[0].is_verified_by(&provider));
    let answer = given.put_into(requests[1].clone(), &provider).is_verified_by(&provider).json();
    let credential = &answer["cloudAccountRoleAccessCredential"]["alibabaCloudStsToken"];
    assert!(requests[1].target.contains(&super::super::acs3::percent(ROLE_ARN)));

    let template = Recorded::of(&provider, "PLUGIN_sts").remove(0);
    provider.set_clock(Clock::Stopped(template.at));
    let names = ["accessKeyId", "accessKeySecret", "securityToken"];
    let signed = signed_by(&template, credential, names);
    // It opens what it was made for, and no token of IDaaS.
    signed.is_refused_by(&provider, &Refusal::Permission);
    let call =
        Recorded { method: "PUT".to_owned(), target: "/things/1?a=%20&b=".to_owned(), ..template };
    let call = call
        .with_field("host", "service.region.example.test")
        .with_field("x-acs-signature-nonce", "another");
    let call = signed_by(&call, credential, names);
    let echo = call.is_verified_by(&provider).json();
    assert_eq!((&echo["method"], &echo["path"]), (&json!("PUT"), &json!("/things/1?a=%20&b=")));
    let record = provider.records().pop().unwrap();
    assert_eq!(record.outcome, Outcome::Verified(Verified::SignedCall(Source::DeveloperApi)));
    call.is_refused_by(&provider, &SignatureError::NonceUsed.into());
}

/// The call with this credential instead of the recorded one, signed.
fn signed_by(call: &Recorded, credential: &Value, names: [&str; 3]) -> Recorded {
    let [id, secret, token] = names.map(|name| credential[name].as_str().unwrap());
    let mut call =
        call.clone().with_field("x-acs-accesskey-id", id).with_field("x-acs-security-token", token);
    call.rest = json!({"acs3": {"access_key_secret": secret}});
    let old = call.field("authorization").unwrap();
    let old_id = old.split(['=', ',']).nth(1).unwrap();
    assert_ne!(id, ACCESS_KEY_ID);
    let authorization = old.replacen(old_id, id, 1);
    signed_anew(&call.with_field("authorization", &authorization))
}

fn timestamp_of(request: &Recorded) -> u64 {
    let (_, query) = request.target.split_once('?').unwrap();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let stated = pairs.find_map(|(name, value)| (name == "Timestamp").then(|| value.into_owned()));
    timestamp::parse(&stated.unwrap()).unwrap()
}

/// The provider must outlive what a test asks of it, whatever order values are dropped in.
#[test]
fn a_stopped_provider_comes_back_with_what_it_knows() {
    let provider: IdaasProvider = super::provider();
    let request = Recorded::of(&provider, "CLIENT_SECRET_JWT").remove(0);
    request.set_the_stage(&provider);
    request.is_verified_by(&provider);
    let address = provider.address();
    provider.stop();
    assert!(std::net::TcpStream::connect(address).is_err());
    provider.resume().unwrap();
    assert_eq!(provider.address(), address);
    request.is_refused_by(&provider, &Refusal::Assertion(AssertionError::Replayed));
}
