//! Calls to other servers. The host always ends them in the root context.

use super::abi;
use crate::gateway::CallId;
use crate::message::{CallFailure, HttpCall, write_pairs};
use crate::table::Table;

/// The calls that run, by the host's tokens, with the largest answer that is read.
#[derive(Default)]
pub(super) struct Calls(Table<u32, (CallId, usize)>);

impl Calls {
    /// Sends a call.
    pub(super) fn send(&mut self, id: CallId, call: &HttpCall) -> Result<(), CallFailure> {
        let endpoint = &call.endpoint;
        let mut headers = vec![
            (":method", call.method),
            (":scheme", endpoint.scheme),
            (":authority", &endpoint.authority),
            (":path", &endpoint.path),
        ];
        for (name, value) in &call.headers {
            let value = std::str::from_utf8(value.expose()).map_err(|_| CallFailure::Unsendable)?;
            headers.push((name, value));
        }
        let (headers, body) = (write_pairs(headers), call.body.expose());
        let token =
            abi::http_call(&endpoint.cluster, &headers, body, call.timeout).map_err(|error| {
                match error {
                    abi::BAD_ARGUMENT => CallFailure::UnknownCluster,
                    abi::HostError(_) => CallFailure::Overloaded,
                }
            })?;
        self.0.insert(token, (id, call.body_limit));
        Ok(())
    }

    /// The call that has ended, with the largest answer that is read of it; `None` if it is none of these.
    pub(super) fn end(&mut self, token: u32) -> Option<(CallId, usize)> {
        self.0.remove(&token)
    }
}
