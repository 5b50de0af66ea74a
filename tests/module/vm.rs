//! The module at work: callbacks as a host makes them.

use wasmi::{Instance, Linker, Store, WasmParams, WasmResults};

use crate::artifact::module;
use crate::host::{Answer, Host, ROOT};
use crate::imports;
use crate::requests::{Fields, Stage, Stream};

/// An instance of the module with a root context. A trap in any callback panics.
pub struct Vm {
    store: Store<Host>,
    instance: Instance,
}

impl Vm {
    /// Starts the module, up to its configuration.
    pub fn start(host: Host) -> Self {
        let module = module();
        let mut linker = Linker::new(module.engine());
        imports::define(&mut linker, module);
        let mut store = Store::new(module.engine(), host);
        store.set_fuel(FUEL).expect("an engine that counts");
        let instance = linker.instantiate_and_start(&mut store, module).expect("an instance");
        let mut vm = Self { store, instance };
        vm.callback::<_, ()>(0, "_initialize", ());
        vm.callback::<_, ()>(ROOT, "proxy_on_context_create", (ROOT, 0));
        assert_eq!(vm.callback::<_, u32>(ROOT, "proxy_on_vm_start", (ROOT, 0)), 1);
        vm
    }

    /// Hands a configuration over; false when the module refuses it.
    pub fn configure(&mut self, document: &[u8]) -> bool {
        self.host_mut().configuration = document.to_vec();
        let size = u32::try_from(document.len()).unwrap();
        self.callback::<_, u32>(ROOT, "proxy_on_configure", (ROOT, size)) == 1
    }

    /// Has another root context of the same instance take a configuration.
    pub fn configure_another(&mut self, document: &[u8]) -> bool {
        const ANOTHER: u32 = 9000;
        self.host_mut().configuration = document.to_vec();
        self.callback::<_, ()>(ANOTHER, "proxy_on_context_create", (ANOTHER, 0));
        let size = u32::try_from(document.len()).unwrap();
        self.callback::<_, u32>(ANOTHER, "proxy_on_configure", (ANOTHER, size)) == 1
    }

    pub fn host(&self) -> &Host {
        self.store.data()
    }

    pub fn host_mut(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    /// How much work the module has done so far: about the number of instructions, the same in every
    /// run.
    pub fn work(&self) -> u64 {
        FUEL - self.store.get_fuel().expect("an engine that counts")
    }

    /// The hostcalls of the last callback.
    pub fn calls(&self) -> &[String] {
        &self.host().calls
    }

    /// A request arrives; whether it goes on.
    pub fn request(&mut self, stream: u32, headers: Fields) -> bool {
        let count = u32::try_from(headers.len()).unwrap();
        self.host_mut().streams.insert(stream, Stream::new(headers));
        self.callback::<_, ()>(stream, "proxy_on_context_create", (stream, ROOT));
        let action =
            self.callback::<_, u32>(stream, "proxy_on_request_headers", (stream, count, 1));
        let stage = &mut self.host_mut().streams.get_mut(&stream).expect("the stream").stage;
        let goes_on = action == CONTINUE;
        match stage {
            Stage::Deciding => *stage = if goes_on { Stage::Forwarded } else { Stage::Waiting },
            Stage::Answered(_)
            | Stage::Forwarded
            | Stage::Gone
            | Stage::Responding(_)
            | Stage::Waiting => {
                assert!(!goes_on, "an answered request does not go on");
            }
        }
        goes_on
    }

    /// The upstream of a forwarded request answers; whether the answer goes on.
    pub fn respond(&mut self, stream: u32, status: u16) -> bool {
        self.stage(stream, &Stage::Forwarded, Stage::Responding(status));
        let action = self.callback::<_, u32>(stream, "proxy_on_response_headers", (stream, 1, 1));
        let goes_on = action == CONTINUE;
        if goes_on {
            self.stage(stream, &Stage::Responding(status), Stage::Forwarded);
        }
        goes_on
    }

    /// The upstream's answer will have this field.
    pub fn give(&mut self, stream: u32, name: &str, value: &str) {
        let stream = self.host_mut().streams.get_mut(&stream).expect("the stream");
        stream.answer.push((name.to_owned(), value.to_owned()));
    }

    fn stage(&mut self, stream: u32, from: &Stage, to: Stage) {
        let stage = &mut self.host_mut().streams.get_mut(&stream).expect("the stream").stage;
        assert_eq!(stage, from);
        *stage = to;
    }

    pub fn stream(&self, stream: u32) -> &Stream {
        &self.host().streams[&stream]
    }

    pub fn tick(&mut self) {
        self.callback::<_, ()>(ROOT, "proxy_on_tick", (ROOT,));
    }

    /// Tells the root context of the item in its queue.
    pub fn queue_ready(&mut self) {
        let filled = self.host().queues.iter().position(|(_, items)| !items.is_empty());
        let queue = u32::try_from(filled.expect("an item in a queue") + 1).unwrap();
        self.callback::<_, ()>(ROOT, "proxy_on_queue_ready", (ROOT, queue));
    }

    /// Delivers the answer to a call.
    pub fn answer(&mut self, token: u32, answer: Answer) {
        let sizes = (answer.headers.len(), answer.body.len());
        let (headers, body) = (u32::try_from(sizes.0).unwrap(), u32::try_from(sizes.1).unwrap());
        self.host_mut().answer = Some(answer);
        let parameters = (ROOT, token, headers, body, 0);
        self.callback::<_, ()>(ROOT, "proxy_on_http_call_response", parameters);
        self.host_mut().answer = None;
    }

    /// The stream ends, and the module is told.
    pub fn close(&mut self, stream: u32) {
        self.lose(stream);
        self.callback::<_, ()>(stream, "proxy_on_delete", (stream,));
    }

    /// The configuration retires: another one has taken its place, and its last stream has ended.
    pub fn retire(&mut self) {
        self.callback::<_, ()>(ROOT, "proxy_on_delete", (ROOT,));
    }

    /// The stream ends, and the module does not know.
    pub fn lose(&mut self, stream: u32) {
        self.host_mut().streams.get_mut(&stream).expect("the stream").stage = Stage::Gone;
    }

    fn callback<P: WasmParams, R: WasmResults>(
        &mut self,
        context: u32,
        name: &str,
        parameters: P,
    ) -> R {
        self.host_mut().begin(context);
        let callback = self.instance.get_typed_func::<P, R>(&self.store, name);
        let callback = callback.unwrap_or_else(|error| panic!("{name}: {error}"));
        let result = callback.call(&mut self.store, parameters);
        let log = &self.host().log;
        let result = result.unwrap_or_else(|trap| panic!("{name} trapped: {trap}; log: {log:?}"));
        assert_eq!(self.host().effective, context, "{name} leaves another context selected");
        result
    }
}

const CONTINUE: u32 = 0;
/// More than any scenario needs.
const FUEL: u64 = u64::MAX / 2;
