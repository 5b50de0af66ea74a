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
        let token = self.world.mint.token("acme", None, self.world.now);
        let request = self.world.request(worker, "/held/x", Some(&token));
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
