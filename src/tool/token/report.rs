//! What came of an inquiry, for people and for programs.

use anstyle::AnsiColor;
use serde_json::{Value, json as value};

use super::Obtained;
use crate::time::Timestamp;
use crate::tool::explain::step_line;
use crate::tool::explain::words::shown;

/// One step a line, then the claims and the verdict. With colours; whoever writes it to something
/// other than a terminal leaves them out.
pub fn text(obtained: &Obtained, now: Timestamp) -> String {
    let mut out: String = obtained.trace.steps().iter().map(step_line).collect();
    if let Some(Value::Object(claims)) = &obtained.claims {
        for (name, claim) in claims {
            let claim = match claim {
                Value::String(text) => shown(text.as_bytes()),
                other => shown(other.to_string().as_bytes()).replace("\\\"", "\""),
            };
            out.push_str(&format!("  claim       {}: {claim}\n", shown(name.as_bytes())));
        }
    }
    out.push_str(&match obtained.usable_until {
        Some(until) => {
            let good = AnsiColor::Green.on_default().bold();
            let left = until.since(now).as_secs();
            format!(
                "{good}usable{good:#} for {left} s, until {} s since 1970\n",
                until.as_seconds()
            )
        }
        None => {
            let bad = AnsiColor::Red.on_default().bold();
            format!("{bad}not usable{bad:#}: the filter would neither store nor send it\n")
        }
    });
    out
}

/// The same for programs.
pub fn json(obtained: &Obtained) -> String {
    let steps = obtained.trace.steps().iter();
    let steps: Vec<Value> = steps
        .map(|step| value!({"topic": step.topic, "mark": step.mark.name(), "text": step.text}))
        .collect();
    let whole = value!({
        "usable": obtained.usable_until.is_some(),
        "usable_until": obtained.usable_until.map(Timestamp::as_seconds),
        "claims": obtained.claims,
        "trace": steps,
    });
    format!("{whole:#}\n")
}
