//! The scripted host: what it holds, what it records, what it answers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::requests::{Fields, LocalResponse, Stage, Stream};
use crate::shared_map::SharedMap;
use crate::verify_signature::VerifySignature;

/// The root context's number.
pub const ROOT: u32 = 1;

pub const NOT_FOUND: u32 = 1;
pub const BAD_ARGUMENT: u32 = 2;
pub const EMPTY: u32 = 7;
pub const CAS_MISMATCH: u32 = 8;

/// One worker's side of a proxy. Scenarios set what they need before or between callbacks.
pub struct Host {
    /// The time in milliseconds.
    pub now: u64,
    pub clusters: BTreeSet<&'static str>,
    pub environment: BTreeMap<&'static str, &'static str>,
    pub properties: BTreeMap<&'static str, &'static str>,
    /// Where the random numbers start.
    pub seed: u8,
    pub configuration: Vec<u8>,
    pub verify_signature: VerifySignature,
    /// Hostcalls that fail, by name or with their arguments, each with its status.
    pub faults: BTreeMap<&'static str, u32>,
    pub roots: BTreeSet<u32>,
    pub streams: BTreeMap<u32, Stream>,
    /// The callbacks that this host makes within the hostcalls that answer or resume a request.
    pub calls_back: Vec<&'static str>,
    pub shared: SharedMap,
    /// The queues by their names; their numbers count from 1.
    pub queues: Vec<(String, VecDeque<Vec<u8>>)>,
    pub tick_period: Option<u32>,
    /// The metrics by their names, and the name behind each number that was given out, from 1.
    pub metrics: BTreeMap<String, Metric>,
    pub metric_names: Vec<String>,
    pub sent: Vec<HttpCall>,
    /// The answer to a call while it is delivered.
    pub answer: Option<Answer>,
    /// Lines with their levels.
    pub log: Vec<(u32, String)>,
    /// The context whose callback runs.
    pub running: u32,
    /// The context that hostcalls act on.
    pub effective: u32,
    /// The hostcalls of the last callback: the context acted on, the name, the arguments.
    pub calls: Vec<String>,
}

/// A number of the proxy's statistics.
#[derive(Debug, PartialEq)]
pub struct Metric {
    pub is_counter: bool,
    pub value: i64,
}

/// A call that the module sent. Its token is its place, counted from 1.
#[derive(Clone, Debug)]
pub struct HttpCall {
    pub cluster: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// In milliseconds.
    pub timeout: u32,
}

/// What comes back for a call.
#[derive(Clone, Debug)]
pub struct Answer {
    pub headers: Fields,
    pub body: Vec<u8>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            now: 1_800_000_000_000,
            clusters: ["identity"].into(),
            environment: [("CLIENT_ID", "gateway"), ("CLIENT_SECRET", "hunter2")].into(),
            properties: [("plugin_vm_id", "tenantgate")].into(),
            seed: 0,
            configuration: Vec::new(),
            verify_signature: VerifySignature::Real,
            faults: BTreeMap::new(),
            roots: [ROOT].into(),
            streams: BTreeMap::new(),
            calls_back: Vec::new(),
            shared: SharedMap::default(),
            queues: Vec::new(),
            tick_period: None,
            metrics: BTreeMap::new(),
            metric_names: Vec::new(),
            sent: Vec::new(),
            answer: None,
            log: Vec::new(),
            running: 0,
            effective: 0,
            calls: Vec::new(),
        }
    }
}

impl Host {
    /// A callback of this context begins.
    pub fn begin(&mut self, context: u32) {
        self.calls.clear();
        (self.running, self.effective) = (context, context);
    }

    /// Notes a hostcall, and makes it fail where it is to.
    pub fn record(&mut self, name: &'static str, arguments: &str) -> Result<(), u32> {
        let call = format!("{name} {arguments}");
        self.calls.push(format!("{}: {}", self.effective, call.trim_end()));
        let fault = self.faults.get(name).or_else(|| self.faults.get(call.as_str()));
        fault.map_or(Ok(()), |status| Err(*status))
    }

    pub fn log(&mut self, level: u32, line: String) -> Result<(), u32> {
        self.record("log", &line)?;
        for secret in ["hunter2", "Z2F0ZXdheTpodW50ZXIy", "eyJ"] {
            assert!(!line.contains(secret), "a secret in the log: {line}");
        }
        self.log.push((level, line));
        Ok(())
    }

    pub fn time(&mut self) -> Result<u64, u32> {
        self.record("get_current_time_nanoseconds", "")?;
        Ok(self.now * 1_000_000)
    }

    pub fn set_tick_period(&mut self, period: u32) -> Result<(), u32> {
        self.record("set_tick_period_milliseconds", &period.to_string())?;
        self.tick_period = Some(period);
        Ok(())
    }

    pub fn set_effective_context(&mut self, context: u32) -> Result<(), u32> {
        self.record("set_effective_context", &context.to_string())?;
        let exists = self.roots.contains(&context)
            || self.streams.get(&context).is_some_and(|stream| stream.stage != Stage::Gone);
        if !exists {
            return Err(BAD_ARGUMENT);
        }
        self.effective = context;
        Ok(())
    }

    pub fn buffer(&mut self, buffer: u32, limit: usize) -> Result<Vec<u8>, u32> {
        let (name, bytes) = match buffer {
            4 => ("call-response-body", self.answer.as_ref().map(|answer| answer.body.clone())),
            7 => ("plugin-configuration", Some(self.configuration.clone())),
            other => panic!("buffer {other} was read"),
        };
        self.record("get_buffer_bytes", name)?;
        let mut bytes = bytes.ok_or(BAD_ARGUMENT)?;
        bytes.truncate(limit);
        Ok(bytes)
    }

    pub fn property(&mut self, name: &str) -> Result<Vec<u8>, u32> {
        self.record("get_property", name)?;
        self.properties.get(name).map(|value| value.as_bytes().to_vec()).ok_or(NOT_FOUND)
    }

    pub fn shared_data(&mut self, key: &str) -> Result<(Vec<u8>, u32), u32> {
        self.record("get_shared_data", &family(key))?;
        self.shared.get(key)
    }

    pub fn set_shared_data(&mut self, key: &str, value: Vec<u8>, cas: u32) -> Result<(), u32> {
        self.record("set_shared_data", &format!("{} cas {cas}", family(key)))?;
        self.shared.set(key, value, cas)
    }

    /// The number of a queue; two of one name are the same queue.
    pub fn register_queue(&mut self, name: String) -> Result<u32, u32> {
        self.record("register_shared_queue", &family(&name))?;
        let known = self.queues.iter().position(|(known, _)| *known == name);
        let place = known.unwrap_or_else(|| {
            self.queues.push((name, VecDeque::new()));
            self.queues.len() - 1
        });
        Ok(u32::try_from(place + 1).unwrap())
    }

    pub fn enqueue(&mut self, queue: u32, item: Vec<u8>) -> Result<(), u32> {
        self.record("enqueue_shared_queue", &queue.to_string())?;
        self.queue(queue)?.push_back(item);
        Ok(())
    }

    pub fn dequeue(&mut self, queue: u32) -> Result<Vec<u8>, u32> {
        self.record("dequeue_shared_queue", &queue.to_string())?;
        self.queue(queue)?.pop_front().ok_or(EMPTY)
    }

    fn queue(&mut self, queue: u32) -> Result<&mut VecDeque<Vec<u8>>, u32> {
        let place = (queue as usize).checked_sub(1);
        let found = place.and_then(|place| self.queues.get_mut(place));
        found.map(|(_, items)| items).ok_or(NOT_FOUND)
    }

    /// Sends a call and gives its token. Its answer comes back to the root context.
    pub fn http_call(&mut self, call: HttpCall) -> Result<u32, u32> {
        let field = |name: &str| {
            let found = call.headers.iter().find(|(field, _)| field == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let line = format!("{} {} {}", call.cluster, field(":method"), field(":path"));
        self.record("http_call", &line)?;
        assert_eq!(self.running, self.effective, "a call belongs to the context that sends it");
        assert!(self.roots.contains(&self.running), "only root contexts send calls");
        assert!(call.timeout > 0, "a call without a timeout waits for ever");
        if !self.clusters.contains(call.cluster.as_str()) {
            return Err(BAD_ARGUMENT);
        }
        self.sent.push(call);
        Ok(u32::try_from(self.sent.len()).unwrap())
    }

    /// A new number for the metric of that name, each time.
    pub fn define_metric(&mut self, kind: u32, name: String) -> Result<u32, u32> {
        self.record("define_metric", &name)?;
        let metric = Metric { is_counter: kind == 0, value: 0 };
        self.metrics.entry(name.clone()).or_insert(metric);
        self.metric_names.push(name);
        Ok(u32::try_from(self.metric_names.len()).unwrap())
    }

    pub fn increment_metric(&mut self, number: u32, step: i64) -> Result<(), u32> {
        let name = self.metric_names[number as usize - 1].clone();
        self.record("increment_metric", &format!("{name} {step}"))?;
        let metric = self.metrics.get_mut(&name).expect("a metric that was defined");
        assert!(step > 0 || (step < 0 && !metric.is_counter), "{name} moved by {step}");
        metric.value += step;
        Ok(())
    }

    pub fn call_foreign_function(&mut self, name: &str, argument: &[u8]) -> Result<Vec<u8>, u32> {
        self.record("call_foreign_function", name)?;
        assert_eq!(name, "verify_signature");
        self.verify_signature.answer(argument)
    }

    pub fn header_pairs(&mut self, map: u32) -> Result<Fields, u32> {
        match map {
            0 => {
                self.record("get_header_map_pairs", "request")?;
                Ok(self.open_stream("read")?.headers.clone())
            }
            6 => {
                self.record("get_header_map_pairs", "call-response")?;
                let headers = self.answer.as_ref().map(|answer| answer.headers.clone());
                headers.filter(|headers| !headers.is_empty()).ok_or(BAD_ARGUMENT)
            }
            other => panic!("header map {other} was read"),
        }
    }

    /// A field of the answer of the selected stream's upstream.
    pub fn response_header(&mut self, name: &str) -> Result<Vec<u8>, u32> {
        self.record("get_header_map_value", &format!("response {name}"))?;
        let stream = self.streams.get(&self.effective).ok_or(BAD_ARGUMENT)?;
        let Stage::Responding(status) = &stream.stage else { return Err(BAD_ARGUMENT) };
        match name {
            ":status" => Ok(status.to_string().into_bytes()),
            "cache-control" => stream.answered(name).pop().map(String::into_bytes).ok_or(NOT_FOUND),
            other => panic!("nobody needs {other} of an answer"),
        }
    }

    /// Changes the answer of the selected stream's upstream: a field is added to the others of its name, or
    /// takes their place.
    pub fn edit_response(&mut self, name: &str, value: String, replaces: bool) -> Result<(), u32> {
        let call = if replaces { "replace_header_map_value" } else { "add_header_map_value" };
        let shown = if name == "set-cookie" { "" } else { &value };
        self.record(call, format!("response {name}: {shown}").trim_end())?;
        let stream = self.streams.get_mut(&self.effective).ok_or(BAD_ARGUMENT)?;
        assert!(matches!(stream.stage, Stage::Responding(_)), "{:?}", stream.stage);
        if replaces {
            stream.answer.retain(|(own, _)| own != name);
        }
        stream.answer.push((name.to_owned(), value));
        Ok(())
    }

    pub fn replace_header(&mut self, name: &str, value: Vec<u8>) -> Result<(), u32> {
        let line = format!("{name}: {}", String::from_utf8_lossy(&value));
        self.record("replace_header_map_value", &line)?;
        self.open_stream("changed")?.replace(name.as_bytes(), value);
        Ok(())
    }

    /// Adds a field to the selected stream's request, which must have none of this name.
    pub fn add_header(&mut self, name: &str, value: Vec<u8>) -> Result<(), u32> {
        let line = format!("{name}: {}", String::from_utf8_lossy(&value));
        self.record("add_header_map_value", &line)?;
        let stream = self.open_stream("changed")?;
        assert_eq!(stream.values(name), [""; 0], "another {name} is there");
        stream.replace(name.as_bytes(), value);
        Ok(())
    }

    pub fn remove_header(&mut self, name: &[u8]) -> Result<(), u32> {
        self.record("remove_header_map_value", &String::from_utf8_lossy(name))?;
        self.open_stream("changed")?.remove(name);
        Ok(())
    }

    pub fn continue_request(&mut self) -> Result<(), u32> {
        self.record("continue_stream", "request")?;
        let stream = self.open_stream("resumed")?;
        assert_eq!(stream.stage, Stage::Waiting, "only what is paused can be resumed");
        stream.stage = Stage::Forwarded;
        Ok(())
    }

    pub fn send_local_response(&mut self, response: LocalResponse) -> Result<(), u32> {
        let line = format!("{} {}", response.status, response.details);
        self.record("send_local_response", &line)?;
        self.open_stream("answered")?.stage = Stage::Answered(response);
        Ok(())
    }

    pub fn set_property(&mut self, name: &str, value: &str) -> Result<(), u32> {
        self.record("set_property", &format!("{name}={value}"))?;
        self.open_stream("marked")?.filter_state.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// The stream acted on, which must not be finished yet.
    fn open_stream(&mut self, act: &str) -> Result<&mut Stream, u32> {
        let stream = self.streams.get_mut(&self.effective).ok_or(BAD_ARGUMENT)?;
        let is_open =
            matches!(stream.stage, Stage::Deciding | Stage::Responding(_) | Stage::Waiting);
        assert!(is_open, "stream {} is {act} and was {:?}", self.effective, stream.stage);
        Ok(stream)
    }
}

/// A key without its last part, which is a hash or a random number.
fn family(key: &str) -> String {
    key.rsplit_once('/').map_or_else(|| key.to_owned(), |(family, _)| format!("{family}/*"))
}
