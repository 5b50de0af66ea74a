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
            Value::Number(number) => serializer.serialize_f64(*number),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, node)| (name, node)))
            }
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn what_is_written_is_what_was_read() {
        let text = r#"{"b":[1.0,-0.5,true,null,{}],"a":"x\"\\\né","a":9007199254740991.0}"#;
        let node = Node::parse(text.as_bytes()).ok().unwrap();
        assert_eq!(String::from_utf8(node.to_json()).unwrap(), text);
    }
}
