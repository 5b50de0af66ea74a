//! The root context: configuration, timer, wake-ups, the answers to calls.

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::abi;
use super::metrics::Metrics;
use super::perform::RootHost;
use super::random::HostRandom;
use super::shared::HostShared;
use super::signatures::{AssertionSigner, HostSignatures};
use super::stream::{Stream, Unconfigured};
use super::worker::{WAKE, Worker};
use crate::config;
use crate::gateway::{CallId, Event, Gateway, drive};
use crate::message::{CallFailure, CallResponse, fresh_for, parse_pairs, retry_after};
use crate::secret::Secret;
use crate::table::Table;
use crate::telemetry::{Level, Metric};
use crate::time::Timestamp;

/// The calls that run, by the host's tokens, with the largest answer that is read.
#[derive(Default)]
pub(super) struct Calls(Table<u32, (CallId, usize)>);

impl Calls {
    /// Remembers a call that was sent.
    pub(super) fn insert(&mut self, token: u32, id: CallId, body_limit: usize) {
        self.0.insert(token, (id, body_limit));
    }
}

/// One plugin configuration in one VM.
pub(super) struct Root {
    id: u32,
    worker: Option<Rc<Worker>>,
    shared: HostShared,
    calls: Calls,
    metrics: Metrics,
    last_now: Timestamp,
}

impl Root {
    /// A root context without a configuration: it refuses everything.
    pub(super) fn new(id: u32) -> Self {
        let shared = HostShared::Worker(Table::new());
        Self {
            id,
            worker: None,
            shared,
            calls: Calls::default(),
            metrics: Metrics::default(),
            last_now: Timestamp::default(),
        }
    }

    /// Hands an event to the gateway and performs what follows.
    fn handle(&mut self, event: Event) {
        let Some(worker) = self.worker.clone() else { return };
        // Without a clock the last time counts: what is done for an event is done late, never not.
        let now = abi::now().unwrap_or(self.last_now);
        self.last_now = now;
        let Ok(mut gateway) = worker.gateway.try_borrow_mut() else { return };
        let mut host = RootHost {
            root: self.id,
            shared: &mut self.shared,
            signatures: &worker.signatures,
            calls: &mut self.calls,
            metrics: &mut self.metrics,
        };
        drive(&mut gateway, event, now, &mut host);
        if worker.hurried.replace(false) {
            let _kept = abi::set_tick_period(gateway.tick_period());
        }
    }

    /// Reads and compiles the configuration; false, with every problem in the log, if it is not
    /// valid.
    fn configure(&mut self) -> bool {
        let document = match abi::buffer(abi::Buffer::PluginConfiguration, CONFIGURATION_LIMIT) {
            Ok(document) => document,
            Err(abi::HostError(status)) => {
                let message = format!("the configuration could not be read: host status {status}");
                abi::log(Level::Error, &message);
                return false;
            }
        };
        let compiled = match config::compile(&document, &environment_variable) {
            Ok(compiled) => compiled,
            Err(errors) => {
                abi::log(Level::Error, &format!("the configuration is not valid:\n{errors}"));
                return false;
            }
        };
        for warning in &compiled.warnings {
            abi::log(Level::Warn, &format!("configuration: {warning}"));
        }
        self.shared = shared_data();
        if matches!(self.shared, HostShared::Worker(_)) {
            self.metrics.step(Metric::IsolatedWorkers, 1);
        }
        let seed = RandomState::new().hash_one(self.id);
        let mut gateway = Gateway::new(
            Arc::new(compiled.config),
            seed,
            Rc::new(HostRandom),
            Rc::new(AssertionSigner::new()),
        );
        let signatures = HostSignatures::probe();
        abi::log(Level::Info, &format!("configured; signatures by {}", signatures.name()));
        let queue = abi::register_queue(&format!("tenantgate/wake/{seed:016x}")).ok();
        if let Some(queue) = queue {
            gateway.listen(queue);
        }
        let _kept = abi::set_tick_period(gateway.tick_period());
        self.worker = Some(Rc::new(Worker {
            gateway: gateway.into(),
            signatures,
            queue,
            hurried: false.into(),
        }));
        true
    }
}

/// What this root added to the gauges of the process is taken off again.
impl Drop for Root {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        let Ok(mut gateway) = worker.gateway.try_borrow_mut() else { return };
        for (metric, step) in gateway.retire() {
            self.metrics.step(metric, step);
        }
        if matches!(self.shared, HostShared::Worker(_)) {
            self.metrics.step(Metric::IsolatedWorkers, -1);
        }
    }
}

impl Context for Root {
    fn on_http_call_response(
        &mut self,
        token: u32,
        header_count: usize,
        body_size: usize,
        _trailer_count: usize,
    ) {
        if let Some((id, body_limit)) = self.calls.0.remove(&token) {
            let result = response(header_count, body_size, body_limit);
            self.handle(Event::CallEnded(id, result));
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        self.configure()
    }

    fn on_tick(&mut self) {
        self.handle(Event::Tick);
    }

    fn on_queue_ready(&mut self, queue: u32) {
        // Each item has a wake-up of its own, so whatever is left comes next.
        for _ in 0..16 {
            match abi::dequeue(queue) {
                Ok(item) if item == WAKE => {}
                Ok(wish) => self.handle(Event::Asked(wish)),
                Err(_) => break,
            }
        }
        self.handle(Event::Woken);
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(match &self.worker {
            Some(worker) => Box::new(Stream::new(id, Rc::clone(worker))),
            None => Box::new(Unconfigured),
        })
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// The largest configuration that is read: 64 MiB.
const CONFIGURATION_LIMIT: usize = 64 << 20;

/// Shared data of the process, if the host has it and we have a `vm_id` of our own.
fn shared_data() -> HostShared {
    let has_vm_id = abi::property("plugin_vm_id").is_ok_and(|id| !id.is_empty());
    let why_not = if !has_vm_id {
        "`vm_config.vm_id` is empty, so other filters could read and write what workers share: \
         keys and tokens are kept and fetched by each worker for itself; set a unique `vm_id`"
    } else if !abi::has_shared_data() {
        "the host has no shared data: keys and tokens are kept and fetched by each worker for itself"
    } else {
        return HostShared::Process;
    };
    abi::log(Level::Warn, why_not);
    HostShared::Worker(Table::new())
}

#[allow(clippy::disallowed_methods, reason = "this is where the environment is handed over")]
fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The answer to a call as the host reports it in this callback.
fn response(
    header_count: usize,
    body_size: usize,
    body_limit: usize,
) -> Result<CallResponse, CallFailure> {
    // With no header there is no header map to read, and no answer.
    if header_count == 0 {
        return Err(CallFailure::Interrupted);
    }
    if body_size > body_limit {
        return Err(CallFailure::TooLarge(Some(body_size)));
    }
    let pairs = abi::header_pairs(abi::Map::CallResponse).map_err(|_| CallFailure::Interrupted)?;
    let fields = parse_pairs(&pairs).ok_or(CallFailure::Interrupted)?;
    let value = |name: &[u8]| {
        fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    };
    let number = |name| std::str::from_utf8(value(name)?).ok()?.parse::<u64>().ok();
    let status = number(b":status").and_then(|status| u16::try_from(status).ok());
    let body = if body_size == 0 {
        Vec::new()
    } else {
        abi::buffer(abi::Buffer::CallResponseBody, body_size)
            .map_err(|_| CallFailure::Interrupted)?
    };
    Ok(CallResponse {
        status: status.ok_or(CallFailure::Interrupted)?,
        content_type: value(b"content-type").map(<[u8]>::to_vec),
        retry_after: value(b"retry-after").and_then(|value| retry_after(value, || abi::now().ok())),
        fresh_for: fresh_for(fields.iter().copied()),
        etag: value(b"etag").map(<[u8]>::to_vec),
        body: Secret::new(body),
    })
}
