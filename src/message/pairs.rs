//! The serialized form in which hosts hand over header maps: a count, the lengths of all names and
//! values, then their bytes, each followed by a zero. All numbers are 32 bits, little-endian.

use super::Fields;

/// Reads the fields in place. `None` when the bytes are not a whole map: lengths that do not add
/// up, or a missing zero.
pub fn parse_pairs(bytes: &[u8]) -> Option<Fields<'_>> {
    if bytes.is_empty() {
        return Some(Fields::new());
    }
    let (count, rest) = number(bytes)?;
    let (mut lengths, mut data) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut fields = Fields::with_capacity(count);
    while !lengths.is_empty() {
        let (name_length, rest) = number(lengths)?;
        let (value_length, rest) = number(rest)?;
        lengths = rest;
        let name;
        let value;
        (name, data) = text(data, name_length)?;
        (value, data) = text(data, value_length)?;
        fields.push((name, value));
    }
    data.is_empty().then_some(fields)
}

/// Writes fields in the same form.
pub fn write_pairs<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let (mut count, mut lengths, mut data) = (0_u32, Vec::new(), Vec::new());
    for (name, value) in fields {
        count = count.saturating_add(1);
        for part in [name, value] {
            lengths.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            data.extend(part.as_bytes());
            data.push(0);
        }
    }
    [&count.to_le_bytes(), lengths.as_slice(), data.as_slice()].concat()
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn text(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(length)?;
    match rest.split_first() {
        Some((0, rest)) => Some((text, rest)),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: [(&str, &str); 3] = [(":method", "GET"), ("x-a", ""), ("x-a", "two\0zeros")];

    #[test]
    fn what_is_written_is_read_back_with_duplicates_and_zeros_inside_values() {
        let expected: Fields<'_> =
            MAP.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        assert_eq!(parse_pairs(&write_pairs(MAP)), Some(expected));
    }

    #[test]
    fn no_bytes_are_an_empty_map() {
        assert_eq!(parse_pairs(&[]), Some(Vec::new()));
        assert_eq!(parse_pairs(&[0, 0, 0, 0]), Some(Vec::new()));
    }

    #[test]
    fn truncated_and_overlong_maps_are_refused() {
        let whole = write_pairs(MAP);
        for length in 1..whole.len() {
            assert_eq!(parse_pairs(&whole[..length]), None, "{length}");
        }
        assert_eq!(parse_pairs(&[whole.as_slice(), b"x"].concat()), None);
    }

    #[test]
    fn absurd_counts_and_lengths_are_refused_without_reserving_memory() {
        assert_eq!(parse_pairs(&[0xFF, 0xFF, 0xFF, 0xFF]), None);
        let mut bytes = write_pairs([("a", "b")]);
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(parse_pairs(&bytes), None);
    }
}
