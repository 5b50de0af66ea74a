//! What a session's cookie says, as compact JSON.

use std::net::IpAddr;

use super::super::digest::DigestMark;
use super::super::record::Record;
use super::Session;
use crate::json::{self, Number, Value};
use crate::time::Timestamp;

impl Session {
    /// The payload. No text in it needs an escape: names and addresses have no such characters.
    pub(super) fn payload(&self) -> String {
        let number = |time: Timestamp| time.as_seconds().to_string();
        let mut text = [
            r#"{"v":1,"k":""#,
            &self.name,
            r#"","d":""#,
            &self.mark.text(),
            r#"","iat":"#,
            &number(self.issued_at),
            r#","exp":"#,
            &number(self.idle_end),
            r#","abs":"#,
            &number(self.absolute_end),
        ]
        .concat();
        if self.epoch != 0 {
            text.push_str(r#","e":"#);
            text.push_str(&self.epoch.to_string());
        }
        if let Some(address) = self.address {
            text.push_str(r#","ip":""#);
            text.push_str(&address.to_string());
            text.push('"');
        }
        text.push('}');
        text
    }

    /// The session of a payload; `None` for all that [`Session::payload`] would not have written, but for its spelling.
    pub(super) fn of_payload(payload: &[u8]) -> Option<Self> {
        let Value::Object(members) = json::parse(payload).ok()? else {
            return None;
        };
        let (mut version, mut name, mut mark) = (None, None, None);
        let (mut issued_at, mut idle_end, mut absolute_end) = (None, None, None);
        let (mut epoch, mut address) = (0, None);
        for (member, value) in &members {
            match member.as_ref() {
                "v" => version = Some(whole(value)?),
                "k" => name = Some(value.as_str().filter(|text| Record::is_name(text))?),
                "d" => mark = Some(DigestMark::parse(value.as_str()?)?),
                "iat" => issued_at = Some(time(value)?),
                "exp" => idle_end = Some(time(value)?),
                "abs" => absolute_end = Some(time(value)?),
                "e" => epoch = u32::try_from(whole(value)?).ok()?,
                "ip" => address = Some(value.as_str()?.parse::<IpAddr>().ok()?.to_canonical()),
                _ => return None,
            }
        }
        (version == Some(1)).then_some(())?;
        Some(Self {
            name: name?.into(),
            mark: mark?,
            issued_at: issued_at?,
            idle_end: idle_end?,
            absolute_end: absolute_end?,
            epoch,
            address,
        })
    }
}

fn whole(value: &Value<'_>) -> Option<u64> {
    value.as_number().and_then(Number::as_u64)
}

/// Seconds up to 2^53: more would not be whole again.
fn time(value: &Value<'_>) -> Option<Timestamp> {
    whole(value).filter(|seconds| *seconds < 1 << 53).map(Timestamp::from_seconds)
}
