//! The captures of the vendor's client: what was sent and answered, and how ours is held against it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tenantgate::crypto::SoftwareSigner;
use tenantgate::message::{CallFailure, CallResponse, HttpCall};
use tenantgate::secret::Secret;
use tenantgate::technical_token::{Moment, Preparation, PreparationError, Reading};
use tenantgate::time::Timestamp;

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// How many recorded requests this test has held one of ours against.
pub fn compared() -> usize {
    COMPARED.get()
}

/// The whole file.
pub fn captures() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/idaas/captures.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// One request that the vendor's client made.
#[derive(Clone, Copy)]
pub struct Recorded<'a>(pub &'a Value);

/// The cluster of the listener that serves files. The vendor's client reads them without a request.
pub const FILES: &str = "files";

impl<'a> Recorded<'a> {
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let headers = self.0["headers"].as_array().unwrap();
        let found = headers.iter().find(|pair| text(&pair[0]).eq_ignore_ascii_case(name));
        found.map(|pair| text(&pair[1]))
    }

    pub fn url(&self) -> &'a str {
        text(&self.0["url"])
    }

    pub fn body(&self) -> &'a str {
        text(&self.0["body"])
    }

    /// A field of the form.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        let fields = self.0.get("form_decoded")?.as_array().unwrap();
        fields.iter().find(|pair| pair[0] == name).map(|pair| text(&pair[1]))
    }

    /// What ours is made with, so that times and nonces are those of the recording.
    pub fn moment(&self) -> Moment<'static> {
        let nonce = self.header("x-acs-signature-nonce").unwrap_or_default();
        let mut random = [7; 16];
        for (byte, digits) in random.iter_mut().zip(nonce.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
        }
        let seconds = match (self.header("x-acs-date"), self.url()) {
            (Some(date), _) => seconds(date),
            (None, url) if url.contains("&Timestamp=") => {
                seconds(&url.split_once("&Timestamp=").unwrap().1.replace("%3A", ":"))
            }
            (None, url) if url.contains("signingTime") => {
                let time = url.rsplit_once("%20").unwrap().1.trim_end_matches("%7D");
                time.parse().unwrap()
            }
            (None, _) => 1_795_318_900,
        };
        Moment {
            now: Timestamp::from_seconds(seconds),
            random: Some(random),
            signer: &SoftwareSigner,
        }
    }

    pub fn answer(&self) -> CallResponse {
        response(&self.0["response"])
    }

    /// Holds our call against it: method, URL, body, and every header that is not the transport's.
    /// Of the headers those named in `left_out` are not sent by us.
    pub fn assert_is(&self, id: &str, call: &HttpCall, change: &Change, left_out: &[&str]) {
        const TRANSPORT: [&str; 4] = ["host", "accept-encoding", "content-length", "user-agent"];
        let endpoint = &call.endpoint;
        let url = format!("{}://{}{}", endpoint.scheme, endpoint.authority, endpoint.path);
        assert_eq!(call.method, text(&self.0["method"]), "{id}");
        assert_eq!(self.header("host"), Some(&*endpoint.authority), "{id}");
        assert_eq!(url, change.of(self.url()), "{id}");
        let body = String::from_utf8(call.body.expose().clone()).unwrap();
        assert_eq!(body, change.of(self.body()), "{id}");
        let sent = call.headers.iter().map(|(name, value)| {
            assert_eq!(*name, name.to_lowercase());
            ((*name).to_owned(), String::from_utf8(value.expose().clone()).unwrap())
        });
        let ignored = |name: &str| TRANSPORT.contains(&name) || left_out.contains(&name);
        let expected = self.0["headers"].as_array().unwrap().iter();
        let expected = expected
            .map(|pair| (text(&pair[0]).to_lowercase(), text(&pair[1]).to_owned()))
            .filter(|(name, _)| !ignored(name));
        let sent: BTreeMap<_, _> =
            sent.filter(|(name, _)| name != "authorization" || !ignored(name)).collect();
        assert_eq!(sent, expected.collect(), "{id}");
        COMPARED.set(COMPARED.get() + 1);
    }
}

/// What ours does better, as a change of the recorded text.
#[derive(Clone, Copy)]
pub enum Change {
    None,
    /// The line feeds of a token or document are left out.
    NoLineFeeds,
    /// The one text stands in the place of the other: the vendor's client has an arbitrary order.
    Ordered {
        recorded: &'static str,
        ours: &'static str,
    },
}

impl Change {
    fn of(self, text: &str) -> String {
        match self {
            Self::None => text.to_owned(),
            Self::NoLineFeeds => text.replace("%0A", ""),
            Self::Ordered { recorded, ours } => {
                assert!(text.is_empty() || text.contains(recorded));
                text.replace(recorded, ours)
            }
        }
    }
}

/// Makes the calls of a preparation: each must be the next of `recorded`, whose answer it gets. Files are
/// read on the way. Gives what was read, and the recorded requests that are left.
pub fn prepare<'a>(
    id: &str,
    preparation: Option<&dyn Preparation>,
    mut recorded: &'a [Value],
    (files, change): (&Value, Change),
) -> (Result<Vec<Reading>, PreparationError>, &'a [Value]) {
    let mut read = Vec::new();
    let moment =
        |rest: &[Value]| rest.first().map_or(moment_of_none(), |next| Recorded(next).moment());
    while let Some(call) = preparation.and_then(|one| one.next(&read, &moment(recorded))) {
        let now = moment(recorded).now;
        let response = if &*call.endpoint.cluster == FILES {
            assert_eq!(call.method, "GET");
            file(files, &call.endpoint.path)
        } else {
            let (next, rest) = recorded.split_first().unwrap_or_else(|| panic!("{id}: {call:?}"));
            Recorded(next).assert_is(id, &call, &change, &[]);
            recorded = rest;
            Recorded(next).answer()
        };
        match preparation.unwrap().read(&read, Ok::<_, CallFailure>(&response), now) {
            Ok(reading) => read.push(reading),
            Err(error) => return (Err(error), recorded),
        }
    }
    (Ok(read), recorded)
}

fn moment_of_none() -> Moment<'static> {
    Moment {
        now: Timestamp::from_seconds(1_795_318_900),
        random: Some([7; 16]),
        signer: &SoftwareSigner,
    }
}

fn file(files: &Value, path: &str) -> CallResponse {
    let (status, body) = files.get(path).map_or((404, ""), |content| (200, text(content)));
    answer(status, None, body)
}

/// A recorded answer.
pub fn response(recorded: &Value) -> CallResponse {
    let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
    let kind = recorded["headers"].get("Content-Type").map(text);
    let body = match &recorded["body"] {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    answer(status, kind, &body)
}

fn answer(status: u16, kind: Option<&str>, body: &str) -> CallResponse {
    CallResponse {
        status,
        content_type: kind.map(|kind| kind.as_bytes().to_vec()),
        retry_after: None,
        fresh_for: None,
        etag: None,
        body: Secret::new(body.as_bytes().to_vec()),
    }
}

/// A time as `YYYY-MM-DDThh:mm:ssZ`, of November 2026 alone.
fn seconds(date: &str) -> u64 {
    let time = date.strip_prefix("2026-11-").and_then(|rest| rest.strip_suffix('Z')).unwrap();
    let numbers: Vec<u64> = time.split(['T', ':']).map(|number| number.parse().unwrap()).collect();
    let [day, hour, minute, second] = numbers[..] else { panic!("{date}") };
    // 1 November 2026 begins at 1793491200.
    1_793_491_200 + (day - 1) * 86_400 + hour * 3600 + minute * 60 + second
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
