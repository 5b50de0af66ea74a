//! What IDaaS holds for a client, in the simulated world: obtained for a token of the client, which is
//! fetched first.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Asked, CONFIGURATION, Fate, World};
use tenantgate::message::CallFailure;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world with a credential for what IDaaS holds, and what the two servers answer.
struct Scene {
    world: World,
    token: Rc<RefCell<Answer>>,
    held: Rc<RefCell<Answer>>,
}

impl Scene {
    /// `obtained` stands beside the document; `inject` is what the routes put on a request.
    fn new(workers: usize, obtained: &Value, inject: &Value) -> Self {
        let document = configuration(obtained, inject);
        let mut world = World::of(workers, &document.to_string());
        let token = Rc::new(RefCell::new(granted("first-token")));
        let held = Rc::new(RefCell::new(api_key("first-key")));
        let (of_token, of_held) = (Rc::clone(&token), Rc::clone(&held));
        world.provider.script(move |asked, _| match asked {
            Asked::Token(None) => Some(of_token.borrow().clone()),
            asked if *asked == developer_api() => Some(of_held.borrow().clone()),
            Asked::Keys | Asked::KeysOf(_) | Asked::Metadata | Asked::Token(_) => None,
        });
        world.pass(SECOND);
        Self { world, token, held }
    }

    fn ask(&mut self, worker: usize) -> Fate {
        self.ask_with(worker, "/held/x", &[])
    }

    fn ask_with(&mut self, worker: usize, path: &str, brought: &[(&str, &str)]) -> Fate {
        let token = self.world.mint.token("acme", None, self.world.now);
        let bearer = format!("Bearer {token}");
        let fields = [&[("authorization", bearer.as_str())], brought].concat();
        let request = self.world.request_with(worker, path, &fields);
        if self.world.fate(request) == Fate::Waiting {
            self.world.settle();
        }
        self.world.fate(request)
    }

    /// How many calls there were for tokens and to the developer API.
    fn calls(&self) -> (usize, usize) {
        let count = |asked: &Asked| self.world.provider.count(asked);
        (count(&Asked::Token(None)), count(&developer_api()))
    }

    fn logs(&mut self, words: [&str; 2]) -> bool {
        let log = self.world.log();
        log.iter().any(|line| words.iter().all(|word| line.contains(word)))
    }
}

fn configuration(obtained: &Value, inject: &Value) -> Value {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    let mut credential = json!({
        "name": "held", "callers": ["acme"],
        "clusters": {"token": "id", "developer_api": "developer-api"},
        "idaas": {
            "idaasInstanceId": "idaas_1", "clientId": "app_1", "issuer": "https://id.example",
            "tokenEndpoint": "https://id.example/token", "scope": "files|read",
            "developerApiEndpoint": "api.example",
            "authnConfiguration": {
                "authnMethod": "CLIENT_SECRET_POST", "clientSecretEnvVarName": "CLIENT_SECRET",
            },
        },
    });
    credential.as_object_mut().unwrap().extend(obtained.as_object().unwrap().clone());
    document["credentials"] = json!([credential]);
    document["routes"] = json!([{
        "name": "held", "match": {"hosts": ["*"], "path": "/held/**", "methods": "any"},
        "authentication": "required", "scopes": "not_needed",
        "upstream": {"caller_token": "remove", "inject": inject},
    }]);
    document
}

fn developer_api() -> Asked {
    Asked::KeysOf("api.example".to_owned())
}

fn granted(token: &str) -> Answer {
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 1200});
    Answer::json(body.to_string())
}

fn api_key(key: &str) -> Answer {
    Answer::json(json!({"credentialContent": {"apiKeyContent": {"apiKey": key}}}).to_string())
}

fn refusal(status: u16, code: &str) -> Answer {
    let body = json!({"error": code, "error_description": "hunter2", "request_id": "R1"});
    Answer::http(status, "application/json", body.to_string())
}

fn key_scene(workers: usize) -> Scene {
    let obtained = json!({"held_api_key": {"identifier": "a/b", "refresh": "10m"}});
    Scene::new(workers, &obtained, &json!([{"credential": "held", "header": "x-api-key"}]))
}

fn key_of(fate: &Fate) -> &str {
    fate.header("x-api-key").unwrap()
}

#[test]
fn a_key_is_obtained_for_a_token_of_the_client_and_shared() {
    let mut scene = key_scene(2);
    for worker in [0, 1, 0] {
        assert_eq!(key_of(&scene.ask(worker)), "first-key");
    }
    assert_eq!(scene.calls(), (1, 1));
    let path = "/v2/idaas_1/credentials/_/actions/obtain?credentialIdentifier=a%2Fb";
    let targets = &scene.world.provider.targets;
    assert!(targets.contains(&format!("developer-api https://api.example{path}")), "{targets:?}");
}

#[test]
fn a_key_that_is_replaced_is_in_use_in_time_and_one_token_serves_until_its_end() {
    let mut scene = key_scene(1);
    scene.ask(0);
    *scene.held.borrow_mut() = api_key("second-key");
    for _ in 0..9 {
        scene.world.pass(MINUTE);
        scene.ask(0);
    }
    assert_eq!(key_of(&scene.ask(0)), "second-key");
    let (tokens, keys) = scene.calls();
    assert!(tokens == 1 && keys >= 2, "{tokens} {keys}");
    for _ in 0..20 {
        scene.world.pass(MINUTE);
        scene.ask(0);
    }
    assert_eq!(scene.calls().0, 2, "each of 20 min");
}

#[test]
fn a_developer_api_that_knows_the_token_no_more_has_it_fetched_anew_once() {
    let mut scene = key_scene(1);
    scene.ask(0);
    *scene.held.borrow_mut() = refusal(401, "invalid_token");
    for _ in 0..6 {
        scene.world.pass(MINUTE);
        assert_eq!(key_of(&scene.ask(0)), "first-key", "it serves while it is good");
    }
    let (tokens, keys) = scene.calls();
    assert!(tokens >= 2 && keys > tokens, "{tokens} {keys}");
    assert!(scene.logs(["token of credential `held`", "status_4xx"]));
    *scene.held.borrow_mut() = api_key("second-key");
    scene.world.pass(5 * MINUTE);
    scene.ask(0);
    assert_eq!(key_of(&scene.ask(0)), "second-key");
}

#[test]
fn whatever_is_refused_is_told_by_the_vendors_code_and_nothing_is_sent() {
    let unusable = |answer: Answer, words: [&str; 2]| {
        let mut scene = key_scene(1);
        *scene.held.borrow_mut() = answer;
        assert_eq!(scene.ask(0), Fate::Refused(503, "token_unavailable"));
        assert!(scene.logs(words), "{words:?}: {:?}", scene.world.log());
        assert!(!scene.world.log().iter().any(|line| line.contains("hunter2")));
    };
    let of_token = "token of credential `held`";
    unusable(refusal(403, "NoPermission"), [of_token, "NoPermission"]);
    unusable(refusal(400, "unheard_of"), [of_token, "status_4xx"]);
    unusable(api_key("a b"), [of_token, "answer_not_a_grant"]);
    unusable(api_key(""), [of_token, "answer_not_a_grant"]);
    unusable(Answer::json("{}"), [of_token, "answer_not_a_grant"]);
    unusable(Answer::http(200, "text/html", "{}"), [of_token, "answer_not_json"]);

    for (answer, reason) in [
        (refusal(401, "invalid_client"), "invalid_client"),
        (Answer::json("{}"), "reading_unusable"),
        (Answer::Failed(CallFailure::Interrupted), "answer_interrupted"),
    ] {
        let mut scene = key_scene(1);
        *scene.token.borrow_mut() = answer;
        assert_eq!(scene.ask(0), Fate::Refused(503, "token_unavailable"), "{reason}");
        assert!(scene.logs(["fetching idaas_token of credential `held`", reason]), "{reason}");
        assert_eq!(scene.calls().1, 0, "{reason}");
    }
}

/// An answer with the access key of a role that ends then.
fn role_key(id: &str, expiration: &str) -> Answer {
    let key = json!({
        "accessKeyId": id, "accessKeySecret": "s3cr,3t", "securityToken": "to/k+en=",
        "expiration": expiration,
    });
    Answer::json(
        json!({"cloudAccountRoleAccessCredential": {"alibabaCloudStsToken": key}}).to_string(),
    )
}

/// The time in so many seconds, as the vendor writes it.
fn end(scene: &Scene, seconds: u64) -> String {
    let at = scene.world.now.as_seconds() + seconds;
    let (mut day, second) = (at / 86_400, at % 86_400);
    let mut year = 1970;
    let length = |year: u64| if year.is_multiple_of(4) { 366 } else { 365 };
    while day >= length(year) {
        day -= length(year);
        year += 1;
    }
    let mut month = 0;
    let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while day >= months[month] {
        day -= months[month];
        month += 1;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year}-{:02}-{:02}T{hour:02}:{minute:02}:{:02}Z", month + 1, day + 1, second % 60)
}

fn role_scene(workers: usize, inject: &Value) -> Scene {
    Scene::new(workers, &json!({"sts": {"role_arn": "acs:ram::1:role/r"}}), inject)
}

#[test]
fn the_parts_of_an_access_key_go_to_the_headers_they_are_mapped_to_and_nobody_brings_them_in() {
    let inject = json!([
        {"credential": "held", "part": "access_key_id", "header": "x-id"},
        {"credential": "held", "part": "access_key_secret", "header": "x-secret"},
        {"credential": "held", "part": "security_token", "header": "x-token", "prefix": "STS "},
    ]);
    let mut scene = role_scene(2, &inject);
    *scene.held.borrow_mut() = role_key("STS.1", &end(&scene, 3600));
    for worker in [0, 1] {
        let brought = [("x-id", "forged"), ("X_Secret", "forged")];
        let fate = scene.ask_with(worker, "/held/x", &brought);
        let sent = ["x-id", "x-secret", "x-token"].map(|name| fate.header(name));
        assert_eq!(sent, [Some("STS.1"), Some("s3cr,3t"), Some("STS to/k+en=")]);
        assert!(fate.header("x_secret").is_none() && fate.header("authorization").is_none());
    }
    assert_eq!(scene.calls(), (1, 1), "shared");
    let targets = &scene.world.provider.targets;
    let path = "/v2/idaas_1/cloudAccountRoles/_/actions/obtainAccessCredential?cloudAccountRoleExternalId=acs%3Aram%3A%3A1%3Arole%2Fr";
    assert!(targets.contains(&format!("developer-api https://api.example{path}")), "{targets:?}");
}

#[test]
fn an_access_key_is_obtained_anew_ahead_of_its_end_and_serves_until_then() {
    let inject = json!([{"credential": "held", "part": "access_key_id", "header": "x-id"}]);
    let mut scene = role_scene(1, &inject);
    *scene.held.borrow_mut() = role_key("STS.1", &end(&scene, 3600));
    assert_eq!(scene.ask(0).header("x-id"), Some("STS.1"));
    scene.world.pass(50 * MINUTE);
    assert_eq!(scene.ask(0).header("x-id"), Some("STS.1"));
    assert_eq!(scene.calls().1, 1);
    *scene.held.borrow_mut() = refusal(500, "server_error");
    for _ in 0..8 {
        scene.world.pass(MINUTE);
        assert_eq!(scene.ask(0).header("x-id"), Some("STS.1"), "an outage is not noticed");
    }
    *scene.held.borrow_mut() = role_key("STS.2", &end(&scene, 3600));
    scene.world.pass(2 * MINUTE);
    assert_eq!(scene.ask(0).header("x-id"), Some("STS.2"));
}

type Make<'m> = &'m dyn Fn(&Scene) -> Answer;
type Brought<'b> = &'b [(&'b str, &'b str)];

#[test]
fn an_access_key_without_a_part_or_a_future_reaches_nobody() {
    let inject = json!([{"credential": "held", "part": "access_key_id", "header": "x-id"}]);
    let rows: [(Make, &str); 5] = [
        (&|scene| role_key("STS.1", &end(scene, 0)), "fetched_lifetime_too_short"),
        (&|_| role_key("STS.1", "soon"), "answer_not_a_grant"),
        (&|scene| role_key("", &end(scene, 60)), "answer_not_a_grant"),
        (&|scene| role_key("STS,1", &end(scene, 60)), "answer_not_a_grant"),
        (&|_| refusal(403, "NoPermission"), "NoPermission"),
    ];
    for (answer, reason) in rows {
        let mut scene = role_scene(1, &inject);
        *scene.held.borrow_mut() = answer(&scene);
        assert_eq!(scene.ask(0), Fate::Refused(503, "token_unavailable"), "{reason}");
        assert!(scene.logs(["token of credential `held`", reason]), "{reason}");
        assert!(!scene.world.log().iter().any(|line| line.contains("s3cr,3t")));
    }
}

#[test]
fn each_request_is_signed_as_it_goes_on_with_a_nonce_of_its_own() {
    let mut scene = role_scene(1, &json!([{"credential": "held", "sign": "acs3"}]));
    *scene.held.borrow_mut() = role_key("STS.1", &end(&scene, 3600));
    let mut nonces = Vec::new();
    for _ in 0..3 {
        // The first one waits for the key.
        let brought =
            [("x-acs-action", "Do"), ("x-acs-date", "1970"), ("X_ACS_security_token", "forged")];
        let fate = scene.ask_with(0, "/held/x?b=1&a=2", &brought);
        let value = |name: &str| fate.header(name).unwrap().to_owned();
        assert_eq!(value("x-acs-accesskey-id"), "STS.1");
        assert_eq!(value("x-acs-security-token"), "to/k+en=");
        assert_eq!(value("x-acs-date"), end(&scene, 0));
        assert!(fate.header("x_acs_security_token").is_none());
        let names = "SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce,";
        let authorization = value("authorization");
        assert!(authorization.starts_with("ACS3-HMAC-SHA256 Credential=STS.1,"));
        assert!(authorization.contains(names), "{authorization}");
        nonces.push(value("x-acs-signature-nonce"));
        scene.world.pass(SECOND);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3);
    assert_eq!(scene.calls(), (1, 1));
}

#[test]
fn a_request_that_cannot_be_signed_as_it_stands_is_refused() {
    let mut scene = role_scene(1, &json!([{"credential": "held", "sign": "acs3"}]));
    *scene.held.borrow_mut() = role_key("STS.1", &end(&scene, 3600));
    let long = "a".repeat(64);
    let rows: [(&str, Brought, Option<&str>); 6] = [
        ("/held/x", &[], None),
        ("/held/x?a=%zz", &[], Some("signed_query_malformed")),
        ("/held/x:y", &[], Some("signed_path_spelling")),
        ("/held/x", &[("x-acs-action", "a"), ("x-acs-action", "b")], Some("signed_field_odd")),
        ("/held/x", &[("content-length", "3")], Some("body_digest_missing")),
        ("/held/x", &[("content-length", "3"), ("x-acs-content-sha256", &long)], None),
    ];
    for (path, brought, refused) in rows {
        let fate = scene.ask_with(0, path, brought);
        match refused {
            None => {
                let digest = fate.header("x-acs-content-sha256").map(|digest| digest == long);
                assert_eq!(digest, Some(!brought.is_empty()), "{path} {brought:?} {fate:?}");
            }
            Some(reason) => assert_eq!(fate, Fate::Refused(400, reason), "{path}"),
        }
    }
}
