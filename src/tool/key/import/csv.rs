//! Text with commas (RFC 4180), names of columns first. Lines may end without CR, and the first may begin with a mark of
//! its encoding; all else that the text does not say plainly is an error.

use std::borrow::Cow;

use super::row::Column;
use super::table::{Cells, ImportError};
use crate::json::Value;

pub(super) fn read(content: &[u8]) -> Result<Vec<Cells<'_>>, ImportError> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let before = content.get(..error.valid_up_to()).unwrap_or_default();
        ImportError::NotCsv(1 + before.iter().filter(|b| **b == b'\n').count())
    })?;
    let mut records = Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let columns = records.next().transpose()?.ok_or(ImportError::NoNames)?;
    for (number, column) in (1..).zip(&columns) {
        if Column::named(column).is_none() {
            return Err(ImportError::UnknownColumn(number));
        }
    }
    let mut rows = Vec::new();
    loop {
        let line = records.line;
        let Some(values) = records.next().transpose()? else { return Ok(rows) };
        // A line without anything is none.
        if matches!(values.as_slice(), [only] if only.is_empty()) {
            continue;
        }
        if values.len() != columns.len() {
            return Err(ImportError::NotCsv(line));
        }
        let values = values.into_iter().map(|value| Value::String(Cow::Owned(value)));
        rows.push(columns.iter().cloned().zip(values).collect());
    }
}

struct Records<'t> {
    rest: &'t str,
    line: usize,
}

impl Iterator for Records<'_> {
    type Item = Result<Vec<String>, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let record = self.record();
        if record.is_none() {
            self.rest = "";
        }
        Some(record.ok_or(ImportError::NotCsv(line)))
    }
}

impl Records<'_> {
    fn record(&mut self) -> Option<Vec<String>> {
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            match self.skip() {
                Some(',') => {}
                Some('\n') => {
                    self.line += 1;
                    return Some(values);
                }
                None => return Some(values),
                Some(_) => return None,
            }
        }
    }

    /// The next value: all of it in quotes, or none of it.
    fn value(&mut self) -> Option<String> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '"', '\n', '\r']).unwrap_or(self.rest.len());
            let (value, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest;
            return Some(value.to_owned());
        };
        let mut value = String::new();
        self.rest = quoted;
        loop {
            let (piece, rest) = self.rest.split_once('"')?;
            value.push_str(piece);
            self.line += piece.matches('\n').count();
            self.rest = rest;
            match rest.strip_prefix('"') {
                None => return Some(value),
                Some(rest) => {
                    value.push('"');
                    self.rest = rest;
                }
            }
        }
    }

    /// Goes past what ends a value; CR and LF are one.
    fn skip(&mut self) -> Option<char> {
        let rest = self.rest.strip_prefix("\r\n").map(|rest| ('\n', rest));
        let (end, rest) = rest.or_else(|| {
            let mut chars = self.rest.chars();
            chars.next().map(|end| (end, chars.as_str()))
        })?;
        self.rest = rest;
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<Vec<String>>, ImportError> {
        let rows = read(text.as_bytes())?.into_iter();
        let text = |(_, value): (String, Value<'_>)| value.as_str().unwrap().to_owned();
        Ok(rows.map(|cells| cells.into_iter().map(text).collect()).collect())
    }

    #[test]
    fn values_may_stand_in_quotes_and_lines_end_in_either_way() {
        for (text, expected) in [
            ("name,ip\na,b\n", vec![vec!["a", "b"]]),
            ("\u{feff}name,ip\r\na,b\r\nc,", vec![vec!["a", "b"], vec!["c", ""]]),
            (
                "name,\"ip\"\n\"a\",\"1, 2\"\n\"x\"\"y\",\"l1\nl2\"\n",
                vec![vec!["a", "1, 2"], vec!["x\"y", "l1\nl2"]],
            ),
            ("name\n\na\n", vec![vec!["a"]]),
            ("Name\n", vec![]),
        ] {
            assert_eq!(rows(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_refused_with_its_line() {
        for (text, expected) in [
            ("", ImportError::NoNames),
            ("name,ipp\na,b\n", ImportError::UnknownColumn(2)),
            ("name,ip\na\n", ImportError::NotCsv(2)),
            ("name,ip\na,b,c\n", ImportError::NotCsv(2)),
            ("name,ip\n\"a\",\"b\n", ImportError::NotCsv(2)),
            ("name,ip\n\"a\nb\",c\nd,e\"f\n", ImportError::NotCsv(4)),
            ("name,ip\n\"a\"b,c\n", ImportError::NotCsv(2)),
            ("name,ip\na\rb,c\n", ImportError::NotCsv(2)),
        ] {
            assert_eq!(rows(text), Err(expected), "{text}");
        }
        assert_eq!(read(b"name\na\n\xff\n"), Err(ImportError::NotCsv(3)));
    }
}
