//! A part of the document as JSON again, for those who read bytes.

use serde::{Serialize, Serializer};

use super::node::{Node, Value};

impl Node {
    /// The value in JSON, duplicate members included.
    pub fn to_json(&self) -> Vec<u8> {
        // Its members are named by texts, and its numbers are finite.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Boolean(value) => serializer.serialize_bool(*value),
            Value::List(items) => serializer.collect_seq(items),
            Value::Null => serializer.serialize_unit(),
            // Not as a fraction: whether `2^53 - 1.0` is read exactly depends on how the reader was built.
            Value::Number(number) if is_whole(*number) => serializer.serialize_i64(*number as i64),
            Value::Number(number) => serializer.serialize_f64(*number),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, node)| (name, node)))
            }
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// Whether the number is whole, and no neighbour of it was read as it.
fn is_whole(number: f64) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.trunc() == number && number.abs() < EXACT
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn what_is_written_is_what_was_read() {
        let text = r#"{"b":[1,-0.5,true,null,{},-7,0.25],"a":"x\"\\\né","a":9007199254740991}"#;
        let node = Node::parse(text.as_bytes()).ok().unwrap();
        assert_eq!(String::from_utf8(node.to_json()).unwrap(), text);
        for (read, written) in [("2.0", "2"), ("1e3", "1000"), ("1e300", "1e+300"), ("-0.0", "0")] {
            let node = Node::parse(format!("[{read}]").as_bytes()).ok().unwrap();
            assert_eq!(String::from_utf8(node.to_json()).unwrap(), format!("[{written}]"));
        }
    }
}
