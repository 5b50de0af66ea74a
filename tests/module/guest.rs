//! The module's memory as a hostcall sees it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmi::{Caller, Error, Extern, Memory, Val};

use crate::host::Host;

/// The module while it waits for a hostcall.
pub struct Guest<'a>(Caller<'a, Host>);

/// Performs a hostcall and gives its status. A panic, which says what the module did wrong, cannot
/// unwind through the interpreter: it goes on as a trap.
pub fn act(
    caller: Caller<'_, Host>,
    call: impl FnOnce(&mut Guest<'_>) -> Result<(), u32>,
) -> Result<u32, Error> {
    let mut guest = Guest(caller);
    match catch_unwind(AssertUnwindSafe(|| call(&mut guest))) {
        Ok(done) => Ok(done.err().unwrap_or(0)),
        Err(_) => Err(Error::new("the host stopped it, see above")),
    }
}

impl Guest<'_> {
    pub fn host(&mut self) -> &mut Host {
        self.0.data_mut()
    }

    pub fn bytes(&self, at: u32, size: u32) -> Vec<u8> {
        let mut bytes = vec![0; size as usize];
        self.memory().read(&self.0, at as usize, &mut bytes).expect("bytes inside of the memory");
        bytes
    }

    pub fn text(&self, at: u32, size: u32) -> String {
        String::from_utf8(self.bytes(at, size)).expect("text in UTF-8")
    }

    pub fn put(&mut self, at: u32, bytes: &[u8]) {
        self.memory().write(&mut self.0, at as usize, bytes).expect("bytes inside of the memory");
    }

    pub fn put_number(&mut self, at: u32, number: u32) {
        self.put(at, &number.to_le_bytes());
    }

    /// Hands over bytes as hosts do: in memory that the module allocates. Nothing is a null pointer.
    pub fn give(&mut self, bytes: &[u8], pointer: u32, size: u32) {
        let length = u32::try_from(bytes.len()).expect("a length of 32 bits");
        let place = if bytes.is_empty() { 0 } else { self.allocate(length) };
        self.put(place, bytes);
        self.put_number(pointer, place);
        self.put_number(size, length);
    }

    /// Makes the callbacks that this host makes within a hostcall, for the stream that is acted on.
    pub fn call_back(&mut self) {
        let stream = Val::I32(self.host().effective as i32);
        for name in self.host().calls_back.clone() {
            let callback = self.0.get_export(name).and_then(Extern::into_func).expect(name);
            let kind = callback.ty(&self.0);
            let mut numbers = vec![Val::I32(1); kind.params().len()];
            numbers[0] = stream.clone();
            let mut results = vec![Val::I32(0); kind.results().len()];
            callback.call(&mut self.0, &numbers, &mut results).expect(name);
            let goes_on = results.first().is_none_or(|action| action.i32() == Some(0));
            assert!(goes_on, "{name}: an answer of ours is not ours to replace");
        }
    }

    fn allocate(&mut self, size: u32) -> u32 {
        let allocate = self.0.get_export("proxy_on_memory_allocate").and_then(Extern::into_func);
        let allocate = allocate.expect("an allocator").typed::<u32, u32>(&self.0);
        allocate.expect("the allocator's type").call(&mut self.0, size).expect("memory")
    }

    fn memory(&self) -> Memory {
        self.0.get_export("memory").and_then(Extern::into_memory).expect("a memory")
    }
}

/// Fields in the form in which hosts hand over header maps.
pub fn write_pairs(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).expect("32 bits").to_le_bytes();
    let mut bytes = number(fields.len()).to_vec();
    for (name, value) in fields {
        bytes.extend([number(name.len()), number(value.len())].concat());
    }
    for part in fields.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(part);
        bytes.push(0);
    }
    bytes
}

/// Fields in that form as text; none where there are no bytes.
pub fn read_pairs(bytes: &[u8]) -> Vec<(String, String)> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let number =
        |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let count = number(0);
    let mut at = 4 + 8 * count;
    let mut text = |length: usize| {
        let text = String::from_utf8(bytes[at..at + length].to_vec()).expect("text in UTF-8");
        assert_eq!(bytes[at + length], 0, "a zero behind {text}");
        at += length + 1;
        text
    };
    (0..count).map(|i| (text(number(4 + 8 * i)), text(number(8 + 8 * i)))).collect()
}
