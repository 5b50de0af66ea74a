//! Writing a configuration as YAML, in the order in which its author wrote it.

use crate::tool::tree::{Tree, Value};

/// A block whose lines begin with `indent` blanks; it ends with a line feed. An empty list or object
/// takes a line of its own.
pub(in crate::tool) fn block(tree: &Tree, indent: usize) -> String {
    let mut out = String::new();
    write(tree, indent, &mut out);
    out
}

fn write(tree: &Tree, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    match &tree.value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                out.push_str(&format!("{margin}{}:", word(name)));
                let short = flow(value);
                if is_short(value, &short) {
                    out.push_str(&format!(" {short}\n"));
                } else {
                    out.push('\n');
                    // A list may stand as deep as its key.
                    let deeper = if value.items().is_empty() { indent + 2 } else { indent };
                    write(value, deeper, out);
                }
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items {
                let short = flow(item);
                if is_short(item, &short) {
                    out.push_str(&format!("{margin}- {short}\n"));
                } else {
                    let inner = block(item, indent + 2);
                    let inner = inner.strip_prefix(margin.as_str()).unwrap_or(&inner);
                    let inner = inner.strip_prefix("  ").unwrap_or(inner);
                    out.push_str(&format!("{margin}- {inner}"));
                }
            }
        }
        Value::Boolean(_)
        | Value::List(_)
        | Value::Null
        | Value::Number(_)
        | Value::Object(_)
        | Value::Text(_) => out.push_str(&format!("{margin}{}\n", flow(tree))),
    }
}

/// Whether a value may stand on the line of its key.
fn is_short(value: &Tree, flow: &str) -> bool {
    value.members().is_empty() && value.items().is_empty() || flow.len() <= LINE
}

/// A value on one line.
fn flow(tree: &Tree) -> String {
    match &tree.value {
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter();
            let members: Vec<_> =
                members.map(|(name, value)| format!("{}: {}", word(name), flow(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Text(text) => word(text),
        Value::Boolean(_) | Value::Null | Value::Number(_) | Value::Object(_) => {
            tree.hand_over().json
        }
    }
}

/// A text as it is, if it cannot be taken for anything else.
pub(in crate::tool) fn word(word: &str) -> String {
    const OTHERS: [&str; 10] = ["false", "n", "nan", "no", "null", "off", "on", "true", "y", "yes"];
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./".contains(&b);
    let begins = word.starts_with(|c: char| c.is_ascii_alphabetic());
    if begins && word.bytes().all(is_plain) && !OTHERS.contains(&&*word.to_ascii_lowercase()) {
        return word.to_owned();
    }
    text(word)
}

/// A text in double quotes. What some readers take for a line break or for nothing is escaped, in JSON's
/// form, which YAML has too.
pub(in crate::tool) fn text(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let escaped = |c: char| match c {
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
            format!("\\u{:04x}", u32::from(c))
        }
        _ => c.to_string(),
    };
    quoted.chars().map(escaped).collect()
}

/// The longest object or list that stands on one line, in bytes.
const LINE: usize = 90;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::source;

    #[test]
    fn a_text_keeps_to_its_line_and_says_all_that_it_holds() {
        for (plain, quoted) in [
            ("a \"b\" \\ ü", r#""a \"b\" \\ ü""#),
            ("a\nb\r\tc", r#""a\nb\r\tc""#),
            (
                "a\u{85}b\u{2028}c\u{2029}d\u{feff}e\u{7f}",
                r#""a\u0085b\u2028c\u2029d\ufeffe\u007f""#,
            ),
        ] {
            assert_eq!(text(plain), quoted);
            let read = source::read("x.yaml", format!("a: {quoted}").as_bytes()).ok().unwrap();
            assert_eq!(read[0].get("a").and_then(|value| value.text()), Some(plain));
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let document = r#"{"deployment":"ingress","a b":[],"no":{},"words":["No","1e3",".5","10m","a.b/c-d","","~","-","a: b"],"x":null,"n":0.5,"t":"a: #\n\"","routes":[{"name":"a","match":{"hosts":["*"],"path":"/api/somewhere/**","methods":["GET","POST","DELETE"]},"nested":[["a",true],[{}]]}]}"#;
        let tree = source::read("x.json", document.as_bytes()).ok().unwrap().pop().unwrap();
        for indent in [0, 6] {
            let written = block(&tree, indent);
            let read = source::read("x.yaml", written.as_bytes()).ok().unwrap().pop().unwrap();
            assert_eq!(read.hand_over().json, tree.hand_over().json, "{written}");
        }
    }
}
