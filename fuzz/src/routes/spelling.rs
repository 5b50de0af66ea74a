//! Random spellings of a path.

use super::choices::Choices;
use super::table::Table;

/// Some spellings of a path and of its neighbours; most such paths come to a route of `table`.
pub fn some(choices: &mut Choices<'_>, table: &Table) -> Vec<String> {
    const WORDS: [&str; 8] = ["a", "b", "admin", "files", "x", "A", "%C3%A9", "%E5%85%AC"];
    let row = choices.below(table.rows.len() + 1);
    let pattern = table.rows.get(row).map_or("/**", |row| row.path.as_str());
    let mut segments: Vec<String> = Vec::new();
    for segment in pattern.split('/').skip(1) {
        match segment {
            "**" => {
                let count = 1 + choices.below(3);
                segments.extend((0..count).map(|_| choices.of(&WORDS).to_owned()));
            }
            _ if segment == "*" || segment.starts_with('{') => {
                segments.push(choices.of(&WORDS).to_owned());
            }
            literal => segments.push(literal.to_owned()),
        }
    }
    let plain = Spelled { segments, separators: Vec::new() };
    let mut all = vec![plain.text()];
    for _ in 0..8 {
        let mut spelled = plain.clone();
        for _ in 0..=choices.below(3) {
            spelled.change(choices);
        }
        all.push(spelled.text());
    }
    all
}

#[derive(Clone)]
struct Spelled {
    segments: Vec<String>,
    /// What stands before the segments from the second on, where it is not `/`.
    separators: Vec<(usize, &'static str)>,
}

impl Spelled {
    fn change(&mut self, choices: &mut Choices<'_>) {
        let index = choices.below(self.segments.len());
        match choices.below(16) {
            0..=3 => self.encode(index, choices),
            4 | 5 => self.flip(index, choices),
            6 => self.segments.insert(index, choices.of(&[".", "", "%2e"]).to_string()),
            7 => {
                let dots = [
                    "..",
                    "%2e%2E",
                    ".%2e",
                    "..;",
                    "..%2F",
                    "%252e%252e",
                    "%E2%80%A5",
                    ".%EF%BC%8E",
                ];
                self.segments.insert(index, choices.of(&dots).to_string());
                self.segments.insert(index, "x".to_owned());
            }
            8 | 9 => {
                let ends = [
                    ";v=1",
                    ";",
                    "%3Bv=1",
                    ";v=1;w",
                    ".",
                    "%20",
                    "::$DATA",
                    ":$I30:$INDEX_ALLOCATION",
                    "%00",
                    "%2F",
                    "%2Fb",
                    "%E2%80%A4",
                    "%C2%A0",
                    "%E2%80%80",
                    "%CD%BEv=1",
                    "~1",
                    "%7E2",
                ];
                self.append(index, choices.of(&ends));
            }
            10..=12 => {
                let separators = [
                    "%2F",
                    "%2f",
                    "//",
                    "\\",
                    "%5C",
                    "%252F",
                    "/./",
                    "%EF%BC%8F",
                    "%E2%88%95",
                    "%C2%A5",
                ];
                self.separators.push((index, choices.of(&separators)));
            }
            13 => match self.segments.last() {
                Some(last) if last.is_empty() && self.segments.len() > 1 => {
                    drop(self.segments.pop())
                }
                _ => self.segments.push(String::new()),
            },
            14 => {
                let query = ["?", "?x=/../admin", "?;", "?%2F"];
                let last = self.segments.len() - 1;
                self.append(last, choices.of(&query));
            }
            _ => {
                let others = ["%41", "%E2%84%AA", "%C3%89", "%c3%a9", "admin", "%2561"];
                if let Some(segment) = self.segments.get_mut(index) {
                    *segment = choices.of(&others).to_string();
                }
            }
        }
    }

    /// Percent-encodes one ASCII letter.
    fn encode(&mut self, index: usize, choices: &mut Choices<'_>) {
        let is_upper = choices.one_in(2);
        self.each(index, |segment| {
            let first = segment.chars().next().filter(char::is_ascii_alphabetic)?;
            let code = u32::from(first);
            let code = if is_upper { format!("%{code:02X}") } else { format!("%{code:02x}") };
            Some(segment.replacen(first, &code, 1))
        });
    }

    /// Changes the case of all letters.
    fn flip(&mut self, index: usize, choices: &mut Choices<'_>) {
        let is_upper = choices.one_in(2);
        self.each(index, |segment| {
            Some(if is_upper { segment.to_uppercase() } else { segment.to_lowercase() })
        });
    }

    fn append(&mut self, index: usize, end: &str) {
        self.each(index, |segment| Some(format!("{segment}{end}")));
    }

    fn each(&mut self, index: usize, change: impl FnOnce(&str) -> Option<String>) {
        let Some(segment) = self.segments.get_mut(index) else { return };
        if let Some(changed) = change(segment) {
            *segment = changed;
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (index, segment) in self.segments.iter().enumerate() {
            let own = self.separators.iter().find(|(place, _)| index > 0 && *place == index);
            text.push_str(own.map_or("/", |(_, separator)| separator));
            text.push_str(segment);
        }
        text
    }
}
