//! An explanation for people, and for programs.

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::trace::{Mark, Step};
use super::{Denied, Explained, Verdict};

/// One step a line, then the decision. With colours; whoever writes it to something other than a
/// terminal leaves them out.
pub fn text(explained: &Explained) -> String {
    let mut out: String = explained.trace.steps().iter().map(step_line).collect();
    for (topic, names) in [("removes", &explained.removed), ("sets", &explained.set)] {
        if !names.is_empty() {
            out.push_str(&format!("  {topic:<11} {}\n", names.join(", ")));
        }
    }
    let good = AnsiColor::Green.on_default().bold();
    let bad = AnsiColor::Red.on_default().bold();
    let open = AnsiColor::Yellow.on_default().bold();
    let refusal = |denied: &Denied| format!("{} ({})", denied.code, denied.reason);
    out.push_str(&match &explained.verdict {
        Verdict::Allowed if explained.is_signature_assumed => {
            format!("{open}allowed{open:#}, if the signature is good: it was not checked\n")
        }
        Verdict::Allowed => format!("{good}allowed{good:#}\n"),
        Verdict::Answered(answer) => {
            let status = answer.status.map(|status| format!(" {status}")).unwrap_or_default();
            format!("{good}answered{good:#}{status} {}\n", answer.reason)
        }
        Verdict::Denied(denied) => {
            let status = denied.status.map(|status| format!(" {status}")).unwrap_or_default();
            format!("{bad}denied{bad:#}{status} {}\n", refusal(denied))
        }
        Verdict::WouldBeDenied(denied) => {
            format!(
                "{open}would be denied{open:#} {}; passes, for it is only reported\n",
                refusal(denied)
            )
        }
        Verdict::Undecided => {
            format!(
                "{open}undecided{open:#}: keys or variables are missing, so nobody can tell here\n"
            )
        }
    });
    out
}

/// A step as a line: its mark, its topic and its text.
pub(in crate::tool) fn step_line(step: &Step) -> String {
    let (style, mark) = match step.mark {
        Mark::Fact => (Style::new(), " "),
        Mark::Met => (AnsiColor::Green.on_default(), "+"),
        Mark::NotMet => (AnsiColor::Red.on_default().bold(), "-"),
        Mark::Unknown => (AnsiColor::Yellow.on_default().bold(), "?"),
    };
    format!("{style}{mark} {:<11}{style:#} {}\n", step.topic, step.text)
}

/// The same for programs.
pub fn json(explained: &Explained) -> String {
    let steps = explained.trace.steps().iter();
    let steps: Vec<Value> = steps
        .map(|step| json!({"topic": step.topic, "mark": step.mark.name(), "text": step.text}))
        .collect();
    let (decision, denied) = match &explained.verdict {
        Verdict::Allowed => ("allow", None),
        Verdict::Answered(answer) => ("answer", Some(answer)),
        Verdict::Denied(denied) => ("deny", Some(denied)),
        Verdict::WouldBeDenied(denied) => ("would_deny", Some(denied)),
        Verdict::Undecided => ("undecided", None),
    };
    let mut whole = json!({
        "decision": decision,
        "signature_assumed": explained.is_signature_assumed,
        "removes": explained.removed,
        "sets": explained.set,
        "trace": steps,
    });
    if let (Some(denied), Some(members)) = (denied, whole.as_object_mut()) {
        members.insert("status".to_owned(), json!(denied.status));
        members.insert("code".to_owned(), json!(denied.code));
        members.insert("reason".to_owned(), json!(denied.reason));
    }
    format!("{whole:#}\n")
}
