//! The module at work: callbacks as a host makes them.

use wasmi::{Instance, Linker, Store, Val, WasmParams, WasmResults};

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
        vm.create(ROOT, 0);
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
    pub fn configure_another(&mut self, root: u32, document: &[u8]) -> bool {
        self.host_mut().roots.insert(root);
        self.host_mut().configuration = document.to_vec();
        self.create(root, 0);
        let size = u32::try_from(document.len()).unwrap();
        self.callback::<_, u32>(root, "proxy_on_configure", (root, size)) == 1
    }

    /// A context begins: a stream of `root`, or a root context where that is 0.
    pub fn create(&mut self, context: u32, root: u32) {
        self.callback::<_, ()>(context, "proxy_on_context_create", (context, root));
    }

    /// A context is over, as the host says.
    pub fn delete(&mut self, context: u32) {
        self.callback::<_, ()>(context, "proxy_on_delete", (context,));
    }

    /// A callback with these numbers, and what it returns, if anything.
    pub fn call(&mut self, context: u32, name: &str, numbers: &[u32]) -> Option<i32> {
        self.host_mut().begin(context);
        let callback = self.instance.get_func(&self.store, name).expect("a callback");
        let numbers: Vec<Val> = numbers.iter().map(|number| Val::I32(*number as i32)).collect();
        let mut results = vec![Val::I32(0); callback.ty(&self.store).results().len()];
        let done = callback.call(&mut self.store, &numbers, &mut results);
        done.unwrap_or_else(|trap| panic!("{name} trapped: {trap}; log: {:?}", self.host().log));
        results.first().and_then(Val::i32)
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
        self.request_of(ROOT, stream, headers)
    }

    /// A request of that root context arrives; whether it goes on.
    pub fn request_of(&mut self, root: u32, stream: u32, headers: Fields) -> bool {
        self.host_mut().streams.insert(stream, Stream::new(headers));
        self.create(stream, root);
        self.decide(stream)
    }

    /// The header of a request is handed over; whether it goes on.
    pub fn decide(&mut self, stream: u32) -> bool {
        let count = u32::try_from(self.stream(stream).headers.len()).unwrap();
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
        self.tick_of(ROOT);
    }

    pub fn tick_of(&mut self, root: u32) {
        self.callback::<_, ()>(root, "proxy_on_tick", (root,));
    }

    /// Tells the root context of the item in its queue.
    pub fn queue_ready(&mut self) {
        let filled = self.host().queues.iter().position(|(_, items)| !items.is_empty());
        let queue = u32::try_from(filled.expect("an item in a queue") + 1).unwrap();
        self.callback::<_, ()>(ROOT, "proxy_on_queue_ready", (ROOT, queue));
    }

    /// Delivers the answer to a call.
    pub fn answer(&mut self, token: u32, answer: Answer) {
        self.answer_to(ROOT, token, answer);
    }

    /// Delivers the answer to a call to that context.
    pub fn answer_to(&mut self, root: u32, token: u32, answer: Answer) {
        let sizes = (answer.headers.len(), answer.body.len());
        let (headers, body) = (u32::try_from(sizes.0).unwrap(), u32::try_from(sizes.1).unwrap());
        self.host_mut().answer = Some(answer);
        let parameters = (root, token, headers, body, 0);
        self.callback::<_, ()>(root, "proxy_on_http_call_response", parameters);
        self.host_mut().answer = None;
    }

    /// The stream ends, and the module is told.
    pub fn close(&mut self, stream: u32) {
        self.lose(stream);
        self.delete(stream);
    }

    /// The configuration retires: another one has taken its place, and its last stream has ended.
    pub fn retire(&mut self) {
        self.delete(ROOT);
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
