//! The root context: configuration, timer, wake-ups, the answers to calls.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;

use super::abi;
use super::calls::Calls;
use super::metrics::Metrics;
use super::perform::RootHost;
use super::random::HostRandom;
use super::shared::HostShared;
use super::signatures::{AssertionSigner, HostSignatures};
use super::worker::{WAKE, Worker};
use crate::config;
use crate::gateway::{Event, Gateway, drive};
use crate::message::{CallFailure, CallResponse, fresh_for, parse_pairs, retry_after};
use crate::secret::Secret;
use crate::table::Table;
use crate::telemetry::{Level, Metric};
use crate::time::Timestamp;

/// One plugin configuration in one VM.
pub(super) struct Root {
    id: u32,
    worker: RefCell<Option<Rc<Worker>>>,
    belongings: RefCell<Belongings>,
}

/// What the root context alone uses, in one callback at a time.
struct Belongings {
    shared: HostShared,
    calls: Calls,
    metrics: Metrics,
    last_now: Timestamp,
}

impl Root {
    /// A root context without a configuration: it refuses everything.
    pub(super) fn new(id: u32) -> Self {
        let belongings = Belongings {
            shared: HostShared::Worker(Table::new()),
            calls: Calls::default(),
            metrics: Metrics::default(),
            last_now: Timestamp::default(),
        };
        Self { id, worker: RefCell::default(), belongings: belongings.into() }
    }

    /// The host's number of it.
    pub(super) const fn id(&self) -> u32 {
        self.id
    }

    /// Who decides requests; `None` without a configuration.
    pub(super) fn worker(&self) -> Option<Rc<Worker>> {
        self.worker.try_borrow().ok()?.clone()
    }

    /// The timer fired.
    pub(super) fn tick(&self) {
        self.handle(Event::Tick);
    }

    /// Somebody put something into our queue.
    pub(super) fn read_queue(&self, queue: u32) {
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

    /// A call has ended; not one of ours if nobody knows its token.
    pub(super) fn end_call(&self, token: u32, header_count: usize, body_size: usize) {
        let call = self.belongings.try_borrow_mut().ok().and_then(|mut own| own.calls.end(token));
        if let Some((id, body_limit)) = call {
            let result = response(header_count, body_size, body_limit);
            self.handle(Event::CallEnded(id, result));
        }
    }

    /// Hands an event to the gateway and performs what follows.
    fn handle(&self, event: Event) {
        let Some(worker) = self.worker() else { return };
        let Ok(mut own) = self.belongings.try_borrow_mut() else { return };
        let own = &mut *own;
        // Without a clock the last time counts: what is done for an event is done late, never not.
        let now = abi::now().unwrap_or(own.last_now);
        own.last_now = now;
        let Ok(mut gateway) = worker.gateway.try_borrow_mut() else { return };
        let mut host = RootHost {
            root: self.id,
            shared: &mut own.shared,
            signatures: &worker.signatures,
            calls: &mut own.calls,
            metrics: &mut own.metrics,
        };
        drive(&mut gateway, event, now, &mut host);
        if worker.hurried.replace(false) {
            let _kept = abi::set_tick_period(gateway.tick_period());
        }
    }

    /// Reads and compiles the configuration; false, with every problem in the log, if it is not
    /// valid.
    pub(super) fn configure(&self) -> bool {
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
        let Ok(mut own) = self.belongings.try_borrow_mut() else { return false };
        own.shared = shared_data();
        // Calls of a configuration before this one: what they bring is not for it.
        own.calls = Calls::default();
        if matches!(own.shared, HostShared::Worker(_)) {
            own.metrics.step(Metric::IsolatedWorkers, 1);
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
        let worker = Worker { gateway: gateway.into(), signatures, queue, hurried: false.into() };
        self.worker.replace(Some(Rc::new(worker)));
        true
    }
}

/// What this root added to the gauges of the process is taken off again.
impl Drop for Root {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        let Ok(mut gateway) = worker.gateway.try_borrow_mut() else { return };
        let own = self.belongings.get_mut();
        for (metric, step) in gateway.retire() {
            own.metrics.step(metric, step);
        }
        if matches!(own.shared, HostShared::Worker(_)) {
            own.metrics.step(Metric::IsolatedWorkers, -1);
        }
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
