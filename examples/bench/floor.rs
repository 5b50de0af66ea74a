//! The Wasm filter of `examples/floor`: what any of them costs, before it does anything useful.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::error::BenchError;
use crate::load::{self, Credential};
use crate::native;
use crate::row::Row;

/// The filter, which reads this header of each request, or none.
pub fn filter(module: &str, header: Option<&str>) -> Value {
    let vm_id = format!("floor-{}", header.unwrap_or("nothing"));
    native::filter(
        "floor",
        "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        json!({"config": {
            "name": "floor",
            "root_id": "floor",
            "failure_policy": "FAIL_RELOAD",
            "vm_config": {
                "vm_id": vm_id,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": module}},
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": header.unwrap_or_default(),
            },
        }}),
    )
}

/// Asserts that the header is read: one value of it is refused.
///
/// # Errors
/// [`BenchError::NotAsNamed`] if it is not.
pub fn check(row: &Row, address: SocketAddr) -> Result<(), BenchError> {
    let credential = Credential { field: "authorization: ", value: "refuse me" };
    match load::ask(address, row.target, credential)?.status {
        403 => Ok(()),
        status => {
            let got = format!("status {status} for the value that is refused");
            Err(BenchError::NotAsNamed { row: row.name, got })
        }
    }
}
