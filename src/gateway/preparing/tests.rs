use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::crypto::SoftwareSigner;
use crate::message::Endpoint;
use crate::secret::Secret;

const NOW: Timestamp = Timestamp::from_seconds(1_000);
const SECOND: Duration = Duration::from_secs(1);
const REFUSED: AnswerError = AnswerError::Status { status: 401, error: Some("invalid_client") };

/// Reads as many things as it has lives; each is named by what was read before it.
#[derive(Debug)]
struct Script(Vec<Duration>);

impl Preparation for Script {
    fn next(&self, read: &[Reading], moment: &Moment<'_>) -> Option<HttpCall> {
        let at = self.missing(read)?;
        Some(call(&format!("/{at}-{}", moment.random.map_or(0, |random| random[0]))))
    }

    fn read(
        &self,
        read: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        let fault = |fault| PreparationError { what: "thing", fault };
        let answer = answer.map_err(|failure| fault(ReadingFault::Unanswered(failure)))?;
        match answer.status {
            200 => {}
            status => return Err(fault(ReadingFault::Status { status, error: None })),
        }
        let at = self.missing(read).ok_or(fault(ReadingFault::Unusable))?;
        let life = self.0.get(at).copied().unwrap_or_default();
        let until = if life.is_zero() { Timestamp::default() } else { now + life };
        Ok(Reading { value: Secret::new(vec![at as u8]), until })
    }
}

impl Script {
    fn missing(&self, read: &[Reading]) -> Option<usize> {
        let is_there =
            |at: &usize| read.iter().any(|reading| reading.value.expose() == &[*at as u8]);
        (0..self.0.len()).find(|at| !is_there(at))
    }
}

/// Numbers its draws, until it has no more.
#[derive(Debug)]
struct Draws {
    made: Cell<u8>,
    left: Cell<u8>,
}

impl Random for Draws {
    fn draw(&self) -> Option<[u8; 16]> {
        self.left.set(self.left.get().checked_sub(1)?);
        self.made.set(self.made.get() + 1);
        Some([self.made.get(); 16])
    }
}

struct Scene {
    readings: Readings,
    script: Script,
    draws: Draws,
}

/// A fetch on its way: the last call, and what it goes on with.
struct Fetch {
    chain: Chain,
    step: Step,
    path: String,
}

impl Scene {
    fn new(lives: &[u64]) -> Self {
        let script = Script(lives.iter().map(|life| Duration::from_secs(*life)).collect());
        let draws = Draws { made: Cell::new(0), left: Cell::new(u8::MAX) };
        Self { readings: Readings::default(), script, draws }
    }

    fn with<T>(&mut self, now: Timestamp, act: impl FnOnce(&mut Readings, &Asking<'_>) -> T) -> T {
        let asking = Asking {
            id: SourceId(0),
            preparation: Some(&self.script),
            call: &|read, moment| {
                let names: Vec<_> =
                    read.iter().map(|reading| reading.value.expose()[0].to_string()).collect();
                let random = moment.random.ok_or(CallError::Randomless)?;
                Ok(call(&format!("/token-{}-{}", names.join("."), random[0])))
            },
            random: &self.draws,
            signer: &SoftwareSigner,
            now,
        };
        act(&mut self.readings, &asking)
    }

    fn begin(&mut self, now: Timestamp) -> Result<Fetch, Fault> {
        let (chain, step, call) = self.with(now, |readings, asking| readings.begin(asking))?;
        Ok(Fetch { chain, step, path: call.endpoint.path.to_string() })
    }

    fn answer(
        &mut self,
        fetch: &mut Fetch,
        now: Timestamp,
        answer: Result<u16, CallFailure>,
    ) -> Result<(), Fault> {
        assert_eq!(fetch.step, Step::Reading);
        let answer = answer.map(answer_of);
        let answer = answer.as_ref().map_err(|failure| *failure);
        let chain = &mut fetch.chain;
        let (step, call) =
            self.with(now, |readings, asking| readings.read(chain, asking, answer))?;
        (fetch.step, fetch.path) = (step, call.endpoint.path.to_string());
        Ok(())
    }

    fn refuse(
        &mut self,
        fetch: &mut Fetch,
        now: Timestamp,
        error: AnswerError,
    ) -> Result<(), Fault> {
        assert_eq!(fetch.step, Step::Last);
        let chain = &mut fetch.chain;
        let (step, call) = self
            .with(now, |readings, asking| readings.doubt(chain, asking, (error, error.into())))?;
        (fetch.step, fetch.path) = (step, call.endpoint.path.to_string());
        Ok(())
    }

    /// All calls of a fetch whose answers are good, as far as the one for the token.
    fn fetch(&mut self, now: Timestamp) -> (Fetch, Vec<String>) {
        let mut fetch = self.begin(now).unwrap();
        let mut paths = vec![fetch.path.clone()];
        while fetch.step == Step::Reading {
            self.answer(&mut fetch, now, Ok(200)).unwrap();
            paths.push(fetch.path.clone());
        }
        (fetch, paths)
    }
}

fn call(path: &str) -> HttpCall {
    let text = |text: &str| Arc::from(text);
    HttpCall {
        endpoint: Endpoint {
            cluster: text("c"),
            scheme: "https",
            authority: text("a"),
            path: text(path),
        },
        method: "GET",
        headers: Vec::new(),
        body: Secret::new(Vec::new()),
        timeout: SECOND,
        body_limit: 1,
    }
}

fn answer_of(status: u16) -> CallResponse {
    CallResponse {
        status,
        content_type: None,
        retry_after: None,
        fresh_for: None,
        etag: None,
        body: Secret::new(Vec::new()),
    }
}

#[test]
fn each_call_has_what_was_read_before_and_randomness_of_its_own() {
    let rows: [(&[u64], &[&str]); 3] = [
        (&[], &["/token--1"]),
        (&[9], &["/0-1", "/token-0-2"]),
        (&[9, 0, 9, 9], &["/0-1", "/1-2", "/2-3", "/3-4", "/token-0.1.2.3-5"]),
    ];
    for (lives, expected) in rows {
        assert_eq!(Scene::new(lives).fetch(NOW).1, expected);
    }
}

#[test]
fn a_reading_serves_until_its_time_and_one_without_a_time_serves_its_fetch_alone() {
    let mut scene = Scene::new(&[0, 10]);
    scene.fetch(NOW);
    let (_, paths) = scene.fetch(NOW + Duration::from_millis(9_999));
    assert_eq!(paths, ["/0-4", "/token-1.0-5"], "what is gone is read anew, and no more");
    let (_, paths) = scene.fetch(NOW + 10 * SECOND);
    assert_eq!(paths, ["/0-6", "/1-7", "/token-0.1-8"]);
}

#[test]
fn what_was_read_under_another_clock_is_not_used() {
    let mut scene = Scene::new(&[3600]);
    scene.fetch(NOW);
    let before = Timestamp::from_seconds(999);
    assert_eq!(scene.fetch(before).1, ["/0-3", "/token-0-4"]);
}

#[test]
fn a_client_that_is_refused_begins_anew_once_where_something_was_only_supposed() {
    let mut scene = Scene::new(&[60, 60]);
    let (mut fetch, _) = scene.fetch(NOW);
    let fault = scene.refuse(&mut fetch, NOW, REFUSED).unwrap_err();
    assert_eq!(fault.reason, "invalid_client", "all of it was just read");
    assert_eq!(scene.fetch(NOW).1.len(), 3, "and is forgotten");

    let (mut fetch, paths) = scene.fetch(NOW + SECOND);
    assert_eq!(paths.len(), 1);
    scene.refuse(&mut fetch, NOW + SECOND, REFUSED).unwrap();
    for _ in 0..2 {
        assert_eq!(fetch.step, Step::Reading);
        scene.answer(&mut fetch, NOW + SECOND, Ok(200)).unwrap();
    }
    let fault = scene.refuse(&mut fetch, NOW + SECOND, REFUSED).unwrap_err();
    assert_eq!(fault.reason, "invalid_client");
}

#[test]
fn what_says_nothing_about_the_client_begins_nothing_anew_and_forgets_if_it_lasts() {
    let status = |status, error| AnswerError::Status { status, error };
    let rows = [
        (status(400, Some("invalid_scope")), 2),
        (status(403, None), 2),
        (status(429, None), 1),
        (status(503, None), 1),
    ];
    for (error, calls) in rows {
        let mut scene = Scene::new(&[60]);
        scene.fetch(NOW);
        let (mut fetch, _) = scene.fetch(NOW);
        let fault = scene.refuse(&mut fetch, NOW, error).unwrap_err();
        assert_eq!(fault.reason, error.reason());
        assert_eq!(scene.fetch(NOW).1.len(), calls, "{error:?}");
    }
}

#[test]
fn a_reading_that_fails_holds_the_whole_credential_back_and_names_itself() {
    let rows = [
        (Err(CallFailure::Interrupted), "answer_interrupted", Cause::Unavailable),
        (Err(CallFailure::UnknownCluster), "cluster_unknown", Cause::ClusterUnknown),
        (Ok(404), "status_4xx", Cause::Refused),
        (Ok(503), "unavailable_or_timeout", Cause::Unavailable),
    ];
    for (answer, reason, cause) in rows {
        let mut scene = Scene::new(&[60, 60]);
        let mut fetch = scene.begin(NOW).unwrap();
        scene.answer(&mut fetch, NOW, Ok(200)).unwrap();
        let fault = scene.answer(&mut fetch, NOW, answer).unwrap_err();
        assert_eq!((fault.reason, fault.cause, fault.reading), (reason, cause, Some("thing")));
        assert_eq!((fault.bearing, fault.prospect), (Bearing::Credential, Prospect::Passing));
    }
}

#[test]
fn a_reading_that_is_refused_begins_anew_where_something_was_only_supposed() {
    let mut scene = Scene::new(&[60, 10]);
    scene.fetch(NOW);
    let later = NOW + 10 * SECOND;
    let mut fetch = scene.begin(later).unwrap();
    assert_eq!(fetch.path, "/1-4", "by the first, which is supposed to be good");
    scene.answer(&mut fetch, later, Ok(401)).unwrap();
    assert_eq!(fetch.path, "/0-5");
    scene.answer(&mut fetch, later, Ok(200)).unwrap();
    assert_eq!(scene.answer(&mut fetch, later, Ok(401)).unwrap_err().reason, "status_4xx");

    let mut fetch = scene.begin(later).unwrap();
    assert_eq!(fetch.step, Step::Reading);
    let silent = scene.answer(&mut fetch, later, Err(CallFailure::Interrupted)).unwrap_err();
    assert_eq!(silent.reason, "answer_interrupted", "silence says nothing of what is supposed");
}

#[test]
fn a_fetch_takes_twelve_calls_at_most() {
    let (fetch, paths) = Scene::new(&[1; 11]).fetch(NOW);
    assert_eq!((fetch.step, paths.len()), (Step::Last, 12));

    let mut scene = Scene::new(&[1; 12]);
    let mut fetch = scene.begin(NOW).unwrap();
    for _ in 0..11 {
        scene.answer(&mut fetch, NOW, Ok(200)).unwrap();
    }
    let fault = scene.answer(&mut fetch, NOW, Ok(200)).unwrap_err();
    assert_eq!((fault.reason, fault.bearing), ("too_many_calls", Bearing::Credential));
}

#[test]
fn without_randomness_nothing_that_needs_it_is_asked_for() {
    let mut scene = Scene::new(&[60]);
    scene.draws.left.set(1);
    let mut fetch = scene.begin(NOW).unwrap();
    let fault = scene.answer(&mut fetch, NOW, Ok(200)).unwrap_err();
    assert_eq!((fault.reason, fault.bearing), ("randomness_unavailable", Bearing::Credential));
    assert_eq!(fault.prospect, Prospect::Passing);
    let mut scene = Scene::new(&[0]);
    scene.draws.left.set(0);
    assert_eq!(scene.begin(NOW).unwrap().path, "/0-0", "a reading needs none");
}
