//! The trace of one request: what was found, in the order in which it was asked.

/// One thing that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// What it is about, in a word that stays the same from version to version.
    pub topic: &'static str,
    /// What came of it.
    pub mark: Mark,
    /// What was found, in words. Data of the request stands escaped, shortened and in backticks.
    pub text: String,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// Nothing was asked: a fact.
    Fact,
    /// What was asked for is there.
    Met,
    /// It is not.
    NotMet,
    /// Nobody can tell here.
    Unknown,
}

impl Mark {
    /// Its name in output for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::Unknown => "unknown",
        }
    }
}

/// All steps, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trace {
    steps: Vec<Step>,
}

impl Trace {
    pub(in crate::tool) fn fact(&mut self, topic: &'static str, text: impl Into<String>) {
        self.add(topic, Mark::Fact, text.into());
    }

    pub(in crate::tool) fn met(&mut self, topic: &'static str, text: impl Into<String>) {
        self.add(topic, Mark::Met, text.into());
    }

    pub(in crate::tool) fn not_met(&mut self, topic: &'static str, text: impl Into<String>) {
        self.add(topic, Mark::NotMet, text.into());
    }

    pub(in crate::tool) fn unknown(&mut self, topic: &'static str, text: impl Into<String>) {
        self.add(topic, Mark::Unknown, text.into());
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn add(&mut self, topic: &'static str, mark: Mark, text: String) {
        self.steps.push(Step { topic, mark, text });
    }
}
