//! What else a server could take an opaque path for.
//!
//! `/files/a%2Fb` is one segment below `/files` for one server and two for another. Whoever lets
//! such a path pass must decide alike on all its readings.

use super::{CanonicalPath, Opaque, PathError, check_segments};

/// An encoded slash, as the canonical text of an opaque path keeps it. No other `%` before two hex
/// digits is left in a canonical text.
pub(super) const ENCODED_SLASH: &str = "%2F";

impl CanonicalPath<'_> {
    /// What this path holds that servers read in different ways; nothing, in most paths.
    pub const fn opaque(&self) -> Opaque {
        self.opaque
    }

    /// Whether the first `count` segments hold nothing of the kind.
    pub fn is_strict_before(&self, count: usize) -> bool {
        !self.segments().take(count).any(is_opaque)
    }

    /// The paths that other servers could take this one for: with encoded slashes as slashes,
    /// without path parameters, without all that follows the first `;`, and both. Empty for a path
    /// that is not opaque.
    pub fn other_readings(&self) -> impl Iterator<Item = String> + '_ {
        let Opaque { encoded_slash, path_parameters } = self.opaque;
        let ways = [Parameters::Kept, Parameters::Dropped, Parameters::Ending];
        ways.into_iter()
            .flat_map(|parameters| [(false, parameters), (true, parameters)])
            .filter(move |&(splits, parameters)| {
                let is_other = splits || parameters != Parameters::Kept;
                is_other
                    && splits <= encoded_slash
                    && (path_parameters || parameters == Parameters::Kept)
            })
            .map(|(splits, parameters)| self.reading(splits, parameters))
    }

    fn reading(&self, splits: bool, parameters: Parameters) -> String {
        let before = |text: &str| text.split(';').next().unwrap_or_default().to_owned();
        let mut text = match parameters {
            Parameters::Dropped => self.text.split('/').map(before).collect::<Vec<_>>().join("/"),
            Parameters::Ending => before(&self.text),
            Parameters::Kept => self.text.to_string(),
        };
        if splits {
            text = text.replace(ENCODED_SLASH, "/");
        }
        text
    }

    /// Refuses a path of which another reading is not canonical or ends in a slash of its own, or
    /// whose readings depend on the order in which a server splits and drops.
    pub(super) fn check_readings(&self) -> Result<(), PathError> {
        if self.segments().any(|segment| segment.contains(';') && segment.contains(ENCODED_SLASH)) {
            return Err(PathError::Parameter);
        }
        for reading in self.other_readings() {
            check_segments(&reading)?;
            if reading.ends_with('/') && !self.text.ends_with('/') {
                return Err(PathError::EmptySegment);
            }
        }
        Ok(())
    }
}

/// What a server makes of a `;`.
#[derive(Clone, Copy, PartialEq)]
enum Parameters {
    /// It ends its segment.
    Dropped,
    /// It ends the path.
    Ending,
    /// It is a character like others.
    Kept,
}

fn is_opaque(segment: &str) -> bool {
    segment.contains(';') || segment.contains(ENCODED_SLASH)
}
