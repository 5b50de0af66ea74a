//! Requests as the host holds them.

use std::collections::BTreeMap;

/// Header fields in their order.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// One request.
#[derive(Debug)]
pub struct Stream {
    pub headers: Fields,
    pub filter_state: BTreeMap<String, String>,
    /// The header of its upstream's answer, but for the status.
    pub answer: Vec<(String, String)>,
    pub stage: Stage,
}

/// What has become of it.
#[derive(Debug, PartialEq)]
pub enum Stage {
    Answered(LocalResponse),
    /// Its header callback runs.
    Deciding,
    /// It went on, and its header with it.
    Forwarded,
    Gone,
    /// The callback of its upstream's answer, of this status, runs.
    Responding(u16),
    Waiting,
}

/// An answer by the module.
#[derive(Debug, PartialEq)]
pub struct LocalResponse {
    pub status: u32,
    pub details: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub grpc_status: i32,
}

impl Stream {
    /// A request that the module has not seen yet.
    pub fn new(headers: Fields) -> Self {
        Self { headers, filter_state: BTreeMap::new(), answer: Vec::new(), stage: Stage::Deciding }
    }

    pub fn remove(&mut self, name: &[u8]) {
        self.headers.retain(|(field, _)| !field.eq_ignore_ascii_case(name));
    }

    /// All fields of the name become one.
    pub fn replace(&mut self, name: &[u8], value: Vec<u8>) {
        self.remove(name);
        self.headers.push((name.to_vec(), value));
    }

    /// The values of a name.
    pub fn values(&self, name: &str) -> Vec<String> {
        let fields = self.headers.iter().filter(|(field, _)| field == name.as_bytes());
        fields.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// The values of a name in its upstream's answer.
    pub fn answered(&self, name: &str) -> Vec<String> {
        let fields = self.answer.iter().filter(|(field, _)| field == name);
        fields.map(|(_, value)| value.clone()).collect()
    }

    /// The answer by the module; panics when there is none.
    pub fn answer(&self) -> &LocalResponse {
        match &self.stage {
            Stage::Answered(response) => response,
            Stage::Deciding
            | Stage::Forwarded
            | Stage::Gone
            | Stage::Responding(_)
            | Stage::Waiting => {
                panic!("not answered but {:?}", self.stage)
            }
        }
    }

    /// Status and filter state of the answer.
    pub fn refusal(&self) -> (u32, &str) {
        let reason = self.filter_state.get("tenantgate.reason");
        (self.answer().status, reason.map_or("", String::as_str))
    }
}

/// Fields from text.
pub fn fields(fields: &[(&str, &str)]) -> Fields {
    fields
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

/// The header of `GET path` on `api.example` with these further fields.
pub fn get(path: &str, more: &[(&str, &str)]) -> Fields {
    let pseudo =
        [(":method", "GET"), (":scheme", "https"), (":authority", "api.example"), (":path", path)];
    fields(&[&pseudo[..], more].concat())
}
