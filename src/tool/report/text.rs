//! For people, and for editors that know the form of compilers' messages.

use anstyle::{AnsiColor, Style};

use super::count;
use crate::tool::finding::{Finding, Severity};

/// One finding a line, `file:line:column: severity: path: message`, and a line that counts them. With
/// colours; whoever writes it to something other than a terminal leaves them out.
pub fn text(checked: &[(String, Vec<Finding>)]) -> String {
    let strong = Style::new().bold();
    let mut out = String::new();
    for (file, findings) in checked {
        for finding in findings {
            let Finding { severity, path, at, message, rule: _ } = finding;
            let style = match severity {
                Severity::Error => AnsiColor::Red.on_default().bold(),
                Severity::Warning => AnsiColor::Yellow.on_default().bold(),
            };
            let place = format!("{file}:{}:{}", at.line, at.column);
            let severity = severity.name();
            out.push_str(&format!(
                "{place}: {style}{severity}{style:#}: {strong}{path}{strong:#}: {message}\n"
            ));
        }
    }
    let errors = count(checked, Severity::Error);
    let warnings = count(checked, Severity::Warning);
    out.push_str(&format!("{}, {}\n", number(errors, "error"), number(warnings, "warning")));
    out
}

fn number(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
