//! The name that was probably meant.

/// The one of `names` that is nearest to `typed`, if it is near enough to be meant: at most a third
/// of its letters changed, added, left out or swapped with a neighbour. Case, `-` and `_` count for nothing.
pub(super) fn nearest<'n>(
    typed: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    // A very long name is nobody's typing error, and the distance takes time quadratic in it.
    if typed.len() > 64 {
        return None;
    }
    let typed = folded(typed);
    names
        .into_iter()
        .map(|name| (distance(&typed, &folded(name)), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn folded(name: &str) -> Vec<char> {
    let letters = name.chars().filter(|c| !matches!(c, '-' | '_'));
    letters.flat_map(char::to_lowercase).collect()
}

/// Optimal string alignment distance: the number of letters changed, added, left out, or swapped
/// with their neighbour.
fn distance(from: &[char], to: &[char]) -> usize {
    // Rows of the usual table: the one before the previous, the previous, and the current one.
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=to.len()).collect();
    let mut last_letter = None;
    for (row, &letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut last_target = None;
        for (column, &target) in to.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let changed = cell(&previous, column) + usize::from(letter != target);
            let mut best =
                changed.min(cell(&previous, column + 1) + 1).min(cell(&current, column) + 1);
            if last_letter == Some(target) && last_target == Some(letter) {
                best = best.min(cell(&before, column.wrapping_sub(1)) + 1);
            }
            current.push(best);
            last_target = Some(target);
        }
        last_letter = Some(letter);
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_changes_and_swaps_of_neighbours() {
        let rows = [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("abc", "abd", 1),
            ("abc", "acb", 1),
            ("abcd", "badc", 2),
            ("kitten", "sitting", 3),
        ];
        for (from, to, expected) in rows {
            assert_eq!(distance(&folded(from), &folded(to)), expected, "{from} {to}");
            assert_eq!(distance(&folded(to), &folded(from)), expected, "{to} {from}");
        }
    }

    #[test]
    fn a_slip_of_the_keys_finds_the_name_that_was_meant() {
        let names = ["issuer", "issuers", "audiences", "client_id_env", "jwks"];
        let rows = [
            ("isuer", Some("issuer")),
            ("audience", Some("audiences")),
            ("clientIdEnv", Some("client_id_env")),
            ("jkws", Some("jwks")),
            ("keys", None),
            ("colour", None),
        ];
        for (typed, expected) in rows {
            assert_eq!(nearest(typed, names), expected, "{typed}");
        }
    }
}
