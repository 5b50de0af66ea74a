//! The attribute `#[test]` for unit tests that are compiled to WebAssembly and run in Node.
//!
//! `wasm-bindgen-test` knows only tests that carry its own attribute. Imported with `#[macro_use]`, this
//! one comes before the attribute of the same name in Rust's prelude, so that unit tests stay as they are.

pub use wasm_bindgen_test::wasm_bindgen_test as test;
