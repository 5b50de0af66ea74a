//! A value in Envoy's configuration, with its path.

use super::problem::EnvoyProblem;
use crate::tool::finding::Finding;
use crate::tool::tree::{Tree, Value, json_name};

/// A value in a file, with its path.
#[derive(Clone)]
pub(super) struct Spot<'t> {
    path: String,
    tree: &'t Tree,
}

impl<'t> Spot<'t> {
    /// The outermost value.
    pub(super) fn root(tree: &'t Tree) -> Self {
        Self { path: String::new(), tree }
    }

    /// The value itself.
    pub(super) const fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// A field, by its name in Envoy's definition.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        let camel = json_name(name);
        self.members().find(|(key, _)| *key == name || *key == camel).map(|(_, spot)| spot)
    }

    /// The items of a field; none if it is absent.
    pub(super) fn list(&self, name: &str) -> Vec<Self> {
        self.field(name).map(|spot| spot.items()).unwrap_or_default()
    }

    /// The members of an object that have a value.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'t str, Self)> + '_ {
        let members = self.tree.members().iter();
        members.filter(|(_, tree)| !matches!(tree.value, Value::Null)).map(|(name, tree)| {
            let dot = if self.path.is_empty() { "" } else { "." };
            (name.as_str(), Self { path: format!("{}{dot}{name}", self.path), tree })
        })
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.tree.items().iter().enumerate();
        items.map(|(index, tree)| Self { path: format!("{}[{index}]", self.path), tree }).collect()
    }

    /// This value and all inside it, from the outside in, in the order of the file.
    pub(super) fn all(&self) -> Vec<Self> {
        let mut all = vec![self.clone()];
        all.extend(self.members().flat_map(|(_, inner)| inner.all()));
        all.extend(self.items().iter().flat_map(Self::all));
        all
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> Option<&'t str> {
        self.tree.field(name)?.text()
    }

    /// The seconds of a duration as Envoy writes it, if this is one.
    pub(super) fn seconds(&self) -> Option<f64> {
        self.tree.text()?.strip_suffix('s')?.parse().ok()
    }

    /// Whether a field is `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.field(name).is_some_and(|spot| spot.says_true())
    }

    /// Whether this is `true`.
    pub(super) const fn says_true(&self) -> bool {
        matches!(self.tree.value, Value::Boolean(true))
    }

    /// Whether this is a message whose type has this name: `.lua.v3.Lua`.
    pub(super) fn is_of(&self, name: &str) -> bool {
        // A TypedStruct names the type that it stands for.
        let type_url = self.text("type_url").or_else(|| self.text("@type"));
        type_url.is_some_and(|type_url| type_url.ends_with(name))
    }

    /// The last parts of the name of this message's type: `lua.v3.Lua`.
    pub(super) fn kind(&self) -> Option<&'t str> {
        let type_url = self.text("type_url").or_else(|| self.text("@type"))?;
        let at = type_url.rmatch_indices('.').nth(2).map(|(at, _)| at + 1);
        type_url.get(at.unwrap_or_default()..)
    }

    /// The message itself: a TypedStruct has it in `value`.
    pub(super) fn message(&self) -> Self {
        let value = self.field("value").filter(|_| self.tree.field("type_url").is_some());
        value.unwrap_or_else(|| self.clone())
    }

    /// What is wrong here.
    pub(super) fn finding(&self, problem: &EnvoyProblem) -> Finding {
        Finding {
            severity: problem.severity(),
            rule: problem.kind(),
            path: if self.path.is_empty() { "document".into() } else { self.path.clone() },
            at: self.tree.at,
            message: problem.to_string(),
        }
    }
}
