//! What is read before a token is asked for: order, fallbacks, and for how long it is believed.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::crypto::SoftwareSigner;
use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall};
use crate::secret::Secret;
use crate::technical_token::CallError;
use crate::technical_token::preparation::{
    Moment, Preparation, PreparationError, Reading, ReadingFault,
};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_795_318_914);
const KEY: &str = r#"{"Code":"Success","AccessKeyId":"STS.i","AccessKeySecret":"s",
    "SecurityToken":"t","Expiration":"2026-11-22T04:41:54Z"}"#;
const LENT: &str = r#"{"Credentials":{"AccessKeyId":"STS.sts","AccessKeySecret":"s",
    "SecurityToken":"t","Expiration":"2026-11-22T04:41:54Z"}}"#;
const KEY_END: u64 = 1_795_322_514;

type Answer = Result<(u16, &'static str), CallFailure>;
const SILENT: Answer = Err(CallFailure::Interrupted);
const MISSING: Answer = Ok((404, "no"));

fn ok(body: &'static str) -> Answer {
    Ok((200, body))
}

fn moment() -> Moment<'static> {
    Moment { now: NOW, random: Some([0xab; 16]), signer: &SoftwareSigner }
}

fn endpoint(cluster: &str, path: &str) -> Endpoint {
    Endpoint {
        cluster: Arc::from(cluster),
        scheme: "http",
        authority: Arc::from(cluster),
        path: Arc::from(path),
    }
}

fn service() -> MetadataService {
    let endpoint = endpoint("metadata", "/");
    MetadataService { endpoint, timeout: Duration::from_secs(1) }
}

fn role(role: Option<&str>, without_token: WithoutToken) -> EcsRole {
    EcsRole { service: service(), role: role.map(Arc::from), without_token }
}

fn file() -> RotatingFile {
    RotatingFile {
        endpoint: endpoint("files", "/token"),
        refresh: Duration::from_secs(300),
        timeout: Duration::from_secs(1),
    }
}

fn rrsa() -> Rrsa {
    Rrsa {
        token: file(),
        sts: endpoint("sts", "/"),
        role_arn: Arc::from("role"),
        provider_arn: Arc::from("provider"),
        session_name: None,
        timeout: Duration::from_secs(5),
    }
}

fn uri() -> CredentialsUri {
    CredentialsUri { endpoint: endpoint("keys", "/creds?x=1"), timeout: Duration::from_secs(5) }
}

fn identity() -> IdentityDocument {
    IdentityDocument { service: service(), instance_id: Arc::from("idaas_\"x") }
}

/// The call as a line: method, cluster, path, and whether it carries a metadata token.
fn line_of(call: &HttpCall) -> String {
    let token = call.headers.iter().find(|(name, _)| *name == "x-aliyun-ecs-metadata-token");
    let token = token.map(|(_, value)| std::str::from_utf8(value.expose()).unwrap());
    let token = token.map_or(String::new(), |token| format!(" [{token}]"));
    format!("{} {}{}{token}", call.method, call.endpoint.cluster, call.endpoint.path)
}

/// Runs a preparation on what was kept: each call must be that of the next row, and gets its answer.
fn run(
    preparation: &dyn Preparation,
    mut read: Vec<Reading>,
    rows: &[(&str, Answer)],
) -> Result<Vec<Reading>, PreparationError> {
    let mut rows = rows.iter();
    while let Some(call) = preparation.next(&read, &moment()) {
        let (line, answer) = rows.next().unwrap_or_else(|| panic!("{}", line_of(&call)));
        assert_eq!(line_of(&call), *line);
        let response = answer.map(|(status, body)| CallResponse {
            status,
            content_type: None,
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: Secret::new(body.as_bytes().to_vec()),
        });
        let read_now = preparation.read(&read, response.as_ref().map_err(|fault| *fault), NOW);
        match read_now {
            Ok(reading) => read.push(reading),
            Err(error) => {
                assert_eq!(rows.len(), 0);
                return Err(error);
            }
        }
    }
    assert_eq!(rows.len(), 0);
    Ok(read)
}

/// What is kept of the readings for a fetch at a later time.
fn kept(read: Vec<Reading>, now: Timestamp) -> Vec<Reading> {
    read.into_iter().filter(|reading| reading.until > now).collect()
}

fn key_of(read: &[Reading]) -> String {
    TemporaryKey::among(read).unwrap().id
}

const TOKEN: (&str, Answer) = ("PUT metadata/latest/api/token", Ok((200, "T==\n")));
const ROLES: &str = "GET metadata/latest/meta-data/ram/security-credentials/";

fn roles(rest: &str) -> String {
    [ROLES, rest].concat()
}

#[test]
fn a_roles_key_is_kept_until_15_minutes_before_its_end_and_nothing_else_is() {
    let preparation = role(None, WithoutToken::Allowed);
    let (list, key) = (roles(" [T==]"), roles("R1.x-_ [T==]"));
    let rows = [TOKEN, (&list, ok(" R1.x-_\n")), TOKEN, (&key, ok(KEY))];
    let read = run(&preparation, Vec::new(), &rows).unwrap();
    assert_eq!(key_of(&read), "STS.i");
    let late = Timestamp::from_seconds(KEY_END - 900);
    let read = kept(read, late.before(Duration::from_millis(1)));
    assert_eq!(read.len(), 1);
    assert_eq!(run(&preparation, read.clone(), &[]).unwrap().len(), 1);
    assert_eq!(kept(read, late).len(), 0);
}

#[test]
fn a_named_roles_key_is_read_at_once_and_its_name_cannot_leave_the_path() {
    let preparation = role(Some("../x?y"), WithoutToken::Refused);
    let key = roles("..%2Fx%3Fy [T==]");
    assert!(run(&preparation, Vec::new(), &[TOKEN, (&key, ok(KEY))]).is_ok());
}

#[test]
fn without_a_token_that_works_the_metadata_is_read_without_one_if_that_is_allowed() {
    let put = TOKEN.0;
    let (list, list_t) = (roles(""), roles(" [T==]"));
    let (key, key_t) = (roles("R"), roles("R [T==]"));
    for refused in [MISSING, SILENT, ok(""), ok("a b"), ok("é")] {
        let preparation = role(None, WithoutToken::Allowed);
        let rows = [(put, refused), (&*list, ok("R")), (put, refused), (&*key, ok(KEY))];
        assert!(run(&preparation, Vec::new(), &rows).is_ok());
        let error = run(&role(None, WithoutToken::Refused), Vec::new(), &rows[..1]);
        assert_eq!(error.unwrap_err().what, "metadata_token");
    }
    for refused in [MISSING, SILENT, ok("a/b")] {
        let rows = [
            TOKEN,
            (&list_t, refused),
            (&list, ok("R")),
            TOKEN,
            (&key_t, refused),
            (&key, ok(KEY)),
        ];
        assert!(run(&role(None, WithoutToken::Allowed), Vec::new(), &rows).is_ok());
        let rows = [TOKEN, (&*list_t, refused), (&*list, refused)];
        let error = run(&role(None, WithoutToken::Allowed), Vec::new(), &rows);
        assert_eq!(error.unwrap_err().what, "ram_role_name");
        let error = run(&role(None, WithoutToken::Refused), Vec::new(), &rows[..2]);
        assert_eq!(error.unwrap_err().what, "ram_role_name");
        let rows = [TOKEN, (&*key_t, refused), (&*key, refused)];
        let error = run(&role(Some("R"), WithoutToken::Allowed), Vec::new(), &rows);
        assert_eq!(error.unwrap_err().what, "ram_role_key");
    }
}

#[test]
fn what_names_no_role_or_holds_no_key_is_refused() {
    let unusable = |what| PreparationError { what, fault: ReadingFault::Unusable };
    let (list, key) = (roles(""), roles("R"));
    for name in ["", "a/b", "a b", "<html>", &"x".repeat(65)] {
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        let rows = [(TOKEN.0, MISSING), (&*list, ok(name))];
        let error = run(&role(None, WithoutToken::Allowed), Vec::new(), &rows);
        assert_eq!(error.unwrap_err(), unusable("ram_role_name"), "{name}");
    }
    for document in ["", "[]", r#"{"Code":"Failed"}"#, LENT, r#"{"Code":"Success"}"#] {
        let rows = [(TOKEN.0, MISSING), (&*key, ok(document))];
        let error = run(&role(Some("R"), WithoutToken::Allowed), Vec::new(), &rows);
        assert_eq!(error.unwrap_err(), unusable("ram_role_key"), "{document}");
    }
}

const FILE: (&str, Answer) = ("GET files/token", Ok((200, "opaque\n")));
const STS: &str = "GET sts/?Action=AssumeRoleWithOIDC&Format=JSON&Version=2015-04-01&DurationSeconds=3600\
    &RoleArn=role&OIDCProviderArn=provider&OIDCToken=opaque&RoleSessionName=tenantgate-1795318914\
    &Timestamp=2026-11-22T03%3A41%3A54Z";

#[test]
fn a_pods_role_lends_a_key_for_the_token_that_the_file_has_then() {
    let read = run(&rrsa(), Vec::new(), &[FILE, (STS, ok(LENT))]).unwrap();
    assert_eq!(key_of(&read), "STS.sts");
    assert_eq!(kept(read, NOW).len(), 1);
    let error = run(&rrsa(), Vec::new(), &[FILE, (STS, Ok((403, r#"{"Code":"NoPermission"}"#)))]);
    let fault = ReadingFault::Status { status: 403, error: Some("NoPermission") };
    let what = "sts_assume_role_with_oidc";
    assert_eq!(error.unwrap_err(), PreparationError { what, fault });
    let error = run(&rrsa(), Vec::new(), &[FILE, (STS, ok(KEY))]).unwrap_err();
    assert_eq!(error, PreparationError { what, fault: ReadingFault::Unusable });
}

#[test]
fn the_first_link_that_has_a_key_gives_it_and_the_last_ones_error_is_told() {
    let links: Vec<Box<dyn Preparation>> =
        vec![Box::new(rrsa()), Box::new(role(Some("R"), WithoutToken::Refused)), Box::new(uri())];
    let chain = CredentialChain::new(links).unwrap();
    let key = roles("R [T==]");
    let by_uri = ("GET keys/creds?x=1", ok(KEY));
    let run = |read, rows: &[(&str, Answer)]| run(&chain, read, rows);
    assert_eq!(key_of(&run(Vec::new(), &[FILE, (STS, ok(LENT))]).unwrap()), "STS.sts");
    let second = [FILE, (STS, SILENT), TOKEN, (&key, ok(KEY))];
    assert_eq!(key_of(&run(Vec::new(), &second).unwrap()), "STS.i");
    let third = [(FILE.0, MISSING), TOKEN, (&key, MISSING), by_uri];
    let read = run(Vec::new(), &third).unwrap();
    // The key of a later link is for this fetch alone: the next one asks the first link again.
    assert!(kept(read, Timestamp::default()).is_empty());
    let first = run(Vec::new(), &[FILE, (STS, ok(LENT))]).unwrap();
    assert_eq!(run(kept(first, NOW), &[]).unwrap().len(), 1, "that of the first is kept");
    let none = [(FILE.0, SILENT), (TOKEN.0, SILENT), (by_uri.0, SILENT)];
    let fault = ReadingFault::Unanswered(CallFailure::Interrupted);
    let error = PreparationError { what: "credentials_uri", fault };
    assert_eq!(run(Vec::new(), &none).unwrap_err(), error);
    assert!(CredentialChain::new(Vec::new()).is_none());
}

const DOCUMENT: &str = "GET metadata/latest/dynamic/instance-identity/pkcs7?audience=\
    %7B%22aud%22%3A%20%22idaas_%5C%22x%22%2C%20%22signingTime%22%3A%201795318914%7D [T==]";

#[test]
fn an_identity_document_is_one_line_of_base64_and_believed_for_50_minutes() {
    let answer = ok("MIID+/a\r\n MIID=\n");
    let read = run(&identity(), Vec::new(), &[TOKEN, (DOCUMENT, answer)]).unwrap();
    let proof = Pkcs7 { credential: Arc::from("c"), document: identity() };
    let evidence = Evidence { assertion: None, read: &read };
    assert_eq!(proof.fields(evidence).unwrap().last(), Some(&("client_assertion", "MIID+/aMIID=")));
    let end = NOW + Duration::from_secs(3000);
    let document = kept(read, end.before(Duration::from_millis(1)));
    assert_eq!(run(&identity(), document.clone(), &[]).unwrap().len(), 1);
    // A new document is read with a new token.
    let read = run(&identity(), kept(document, end), &[TOKEN, (DOCUMENT, answer)]);
    assert_eq!(read.unwrap().len(), 2);
    for odd in ["", " \n", "-----BEGIN PKCS7-----", "<html>"] {
        let error = run(&identity(), Vec::new(), &[TOKEN, (DOCUMENT, ok(odd))]).unwrap_err();
        let fault = ReadingFault::Unusable;
        assert_eq!(error, PreparationError { what: "identity_document", fault }, "{odd}");
    }
    let error = run(&identity(), Vec::new(), &[(TOKEN.0, SILENT)]).unwrap_err();
    assert_eq!(error.what, "metadata_token");
}

#[test]
fn a_service_account_token_is_read_again_after_the_files_refresh_or_before_its_end() {
    // `exp` is 1795322494.
    let long = "e30.eyJleHAiOjE3OTUzMjI0OTR9.c2ln";
    let read = run(&file(), Vec::new(), &[(FILE.0, ok(long))]).unwrap();
    let refresh = NOW + Duration::from_secs(300);
    assert_eq!(read.last().unwrap().until, refresh);
    assert_eq!(run(&file(), kept(read, NOW), &[]).unwrap().len(), 1);
    let slow = RotatingFile { refresh: Duration::from_secs(86_400), ..file() };
    let read = run(&slow, Vec::new(), &[(FILE.0, ok(long))]).unwrap();
    assert_eq!(read.last().unwrap().until, Timestamp::from_seconds(1_795_322_494 - 600));
    // It is no JWT: for this fetch alone.
    let read = run(&file(), Vec::new(), &[FILE]).unwrap();
    assert!(kept(read, Timestamp::default()).is_empty());
    for odd in ["", "\n", "a b", "a\nb", "é"] {
        let error = run(&file(), Vec::new(), &[(FILE.0, ok(odd))]).unwrap_err();
        assert_eq!(error.fault, ReadingFault::Unusable, "{odd}");
    }
}

#[test]
fn nothing_is_asked_for_while_a_proof_is_not_there() {
    let scope = Scope::parse("a|b").unwrap();
    let none = Evidence { assertion: None, read: &[] };
    let proofs: [Arc<dyn Proof>; 5] = [
        Arc::new(ClientSecretJwt { key: [0; 32] }),
        Arc::new(Oidc { credential: Arc::from("c"), token: file() }),
        Arc::new(Pca {
            credential: Arc::from("c"),
            certificate: Arc::from("x"),
            chain: Arc::from("y"),
            key: [0; 32],
        }),
        Arc::new(Pkcs7 { credential: Arc::from("c"), document: identity() }),
        Arc::new(PrivateKeyJwt { key: [0; 32] }),
    ];
    for proof in proofs {
        let endpoint = endpoint("idaas", "/token");
        let timeout = Duration::from_secs(5);
        let client = FormClient { endpoint, client_id: Arc::from("id"), proof, timeout };
        assert!(client.call(Wish::Token(&scope), none).is_none(), "{client:?}");
    }
    let chain = CredentialChain::new(vec![Box::new(uri())]).unwrap();
    let client = openapi(Keys::Read(chain));
    assert_eq!(client.call(&scope, &[], &moment()).err(), Some(CallError::Unprepared));
}

#[test]
fn without_randomness_nothing_is_signed_with_a_nonce() {
    let secret = Secret::new("s".to_owned());
    let client =
        openapi(Keys::Stated(AccessKey { id: "i".to_owned(), secret, security_token: None }));
    let moment = Moment { random: None, ..moment() };
    let scope = Scope::parse("a|b").unwrap();
    assert_eq!(client.call(&scope, &[], &moment).err(), Some(CallError::Randomless));
}

fn openapi(keys: Keys) -> OpenApiClient {
    OpenApiClient {
        endpoint: endpoint("openapi", "/"),
        instance_id: Arc::from("instance"),
        client_id: Arc::from("client"),
        keys: Arc::new(keys),
        origin: [0; 32],
        timeout: Duration::from_secs(5),
    }
}

#[test]
fn permissions_are_sent_once_each_in_the_order_of_the_bytes_of_their_parameters() {
    let secret = Secret::new("s".to_owned());
    let key = AccessKey { id: "i".to_owned(), secret, security_token: None };
    let items: Vec<String> = (1..=10).map(|number| format!("a|p{number}")).collect();
    let scope = Scope::parse(&[&items.join(" "), " a|p3"].concat()).unwrap();
    let call = openapi(Keys::Stated(key)).call(&scope, &[], &moment()).unwrap();
    let expected = "/?ApplicationId=client&Audience=a&InstanceId=instance\
        &ScopeValues.1=p1&ScopeValues.10=p2&ScopeValues.2=p3&ScopeValues.3=p4&ScopeValues.4=p5\
        &ScopeValues.5=p6&ScopeValues.6=p7&ScopeValues.7=p8&ScopeValues.8=p9&ScopeValues.9=p10";
    assert_eq!(&*call.endpoint.path, expected);
}

#[test]
fn meanings_differ_by_all_that_is_asked_for_and_by_the_secret() {
    let form = |secret: &str, id: &str| FormClient {
        endpoint: endpoint("idaas", "/token"),
        client_id: Arc::from(id),
        proof: Arc::new(ClientSecretPost { secret: Secret::new(secret.to_owned()) }),
        timeout: Duration::from_secs(5),
    };
    let [one, other] = ["a|b", "a|c"].map(|text| Scope::parse(text).unwrap());
    let mut meanings = vec![
        form("s", "id").meaning(&one),
        form("s", "id").meaning(&other),
        form("t", "id").meaning(&one),
        form("s", "id2").meaning(&one),
    ];
    let chain = || CredentialChain::new(vec![Box::new(uri())]).unwrap();
    for scope in [&one, &other] {
        meanings.push(openapi(Keys::Read(chain())).meaning(scope));
    }
    let number = meanings.len();
    meanings.sort_unstable();
    meanings.dedup();
    assert_eq!(meanings.len(), number);
}
