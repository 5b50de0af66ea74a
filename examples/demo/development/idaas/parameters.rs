//! The parameters of a form or query, each at most once.

use std::collections::BTreeMap;

use super::refusal::FieldError;

/// Parameters by name.
pub struct Parameters {
    values: BTreeMap<String, String>,
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// [`FieldError::Repeated`].
    pub fn parse(bytes: &[u8]) -> Result<Self, FieldError> {
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(bytes).into_owned() {
            if values.contains_key(&name) {
                return Err(FieldError::Repeated(name));
            }
            values.insert(name, value);
        }
        Ok(Self { values })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A parameter that must be there and say something.
    ///
    /// # Errors
    /// [`FieldError::Missing`].
    pub fn required(&self, name: &'static str) -> Result<&str, FieldError> {
        self.get(name).filter(|value| !value.trim().is_empty()).ok_or(FieldError::Missing(name))
    }

    /// A parameter that must be this.
    ///
    /// # Errors
    /// [`FieldError::Missing`] or [`FieldError::Wrong`].
    pub fn expect(&self, name: &'static str, value: &str) -> Result<(), FieldError> {
        if self.required(name)? == value { Ok(()) } else { Err(FieldError::Wrong(name)) }
    }

    /// Sees that there are no other parameters than these.
    ///
    /// # Errors
    /// [`FieldError::Unexpected`].
    pub fn only(&self, is_known: impl Fn(&str) -> bool) -> Result<(), FieldError> {
        match self.values.keys().find(|name| !is_known(name)) {
            Some(name) => Err(FieldError::Unexpected(name.clone())),
            None => Ok(()),
        }
    }
}
