//! The chart: a bar for what each row adds, as SVG.

use std::fmt::Write as _;

use crate::figures::{By, Figures};
use crate::goals::Goal;
use crate::row::{ROWS, Row, Token};

/// A bar with its label.
#[derive(Clone, Copy, Debug)]
pub struct Bar<'a> {
    pub label: &'a str,
    pub kind: Kind,
    /// Its length, in microseconds.
    pub added: f64,
    /// A dot beside its end, in microseconds.
    pub median: f64,
    /// A line that it is not to cross, in microseconds.
    pub goal: Option<f64>,
}

/// Whose filters a bar is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A Wasm filter that does next to nothing.
    Floor,
    /// Envoy's own.
    Native,
    Tenantgate,
}

/// Bars that belong together.
pub struct Group<'a> {
    pub title: &'a str,
    pub bars: Vec<Bar<'a>>,
}

/// The bars of all rows that were measured and add something, by what their requests bring.
pub fn groups(figures: &Figures) -> Vec<Group<'static>> {
    let group = |title: &'static str| {
        let rows = ROWS.iter().filter(|row| title_of(row.token) == title);
        let rows = rows.filter(|row| row.name != row.outcome.baseline());
        let rows = rows.filter(|row| !figures.rounds(row.name).is_empty());
        Group { title, bars: rows.map(|row| bar(row, figures)).collect() }
    };
    TITLES.map(group).into()
}

/// Draws them below each other; `source` says where the figures are from.
pub fn svg(groups: &[Group<'_>], source: &str) -> String {
    let bars = || groups.iter().flat_map(|group| &group.bars);
    let longest = bars().flat_map(|bar| [bar.added, bar.median, bar.goal.unwrap_or_default()]);
    let scale = Scale::up_to(longest.fold(0.0, f64::max));
    let lines = groups.len() * 2 + bars().count();
    let bottom = TOP + LINE * lines as f64;
    let height = bottom + 2.5 * LINE;
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <title>CPU time that filters add to a request in Envoy</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>"
    );
    text(&mut out, Anchor::Start, (MARGIN, 24.0), "font-size=\"16\" font-weight=\"600\"", TITLE);
    legend(&mut out, 46.0);
    for step in 0..=scale.steps {
        let value = scale.step * step as f64;
        let x = scale.x(value);
        let _ = writeln!(out, "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#ddd\" fill=\"none\"/>");
        text(&mut out, Anchor::Middle, (x, bottom + 14.0), "fill=\"#666\"", &format!("{value}"));
    }
    let mut y = TOP;
    for group in groups {
        y += LINE;
        text(&mut out, Anchor::Start, (MARGIN, y + 12.0), "font-weight=\"600\"", group.title);
        for bar in &group.bars {
            y += LINE;
            draw(&mut out, &scale, y, bar);
        }
        y += LINE;
    }
    text(&mut out, Anchor::Start, (MARGIN, height - 10.0), "fill=\"#666\"", source);
    out.push_str("</svg>\n");
    out
}

fn bar(row: &'static Row, figures: &Figures) -> Bar<'static> {
    let kind = match row.name {
        name if name.starts_with("tenantgate") => Kind::Tenantgate,
        name if name.starts_with("floor") => Kind::Floor,
        _ => Kind::Native,
    };
    Bar {
        label: row.name,
        kind,
        added: figures.added(row, By::Quartile),
        median: figures.added(row, By::Median),
        goal: Goal::of(row).and_then(|goal| goal.limit(figures)),
    }
}

const fn title_of(token: Token) -> &'static str {
    match token {
        Token::Repeated | Token::RepeatedBy(_) => REPEATED,
        Token::FirstSeen | Token::FirstSeenBy(_) => FIRST_SEEN,
        Token::Expired | Token::ExpiredFirstSeen | Token::OfSubtenant => REFUSED,
        Token::KeyOfFew | Token::KeyOfMany | Token::KeyUnknown => KEYS,
    }
}

fn draw(out: &mut String, scale: &Scale, y: f64, bar: &Bar<'_>) {
    text(out, Anchor::End, (LEFT - 8.0, y + 12.0), "", bar.label);
    let (start, end) = (scale.x(0.0), scale.x(bar.added.max(0.0)));
    let colour = bar.kind.colour();
    let _ = writeln!(
        out,
        "<rect x=\"{start:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\" fill=\"{colour}\"/>",
        y + 2.0,
        end - start
    );
    let median = scale.x(bar.median.max(0.0));
    let _ = writeln!(
        out,
        "<circle cx=\"{median:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#fff\" stroke=\"#222\"/>",
        y + 8.0
    );
    if let Some(goal) = bar.goal {
        goal_mark(out, scale.x(goal.max(0.0)), y);
    }
    let rightmost = [end, median + 3.0, bar.goal.map_or(0.0, |goal| scale.x(goal))];
    let x = rightmost.into_iter().fold(0.0, f64::max) + 6.0;
    text(out, Anchor::Start, (x, y + 12.0), "", &format!("{:.1}", bar.added));
}

fn goal_mark(out: &mut String, x: f64, y: f64) {
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {:.1}v16\" stroke=\"#c00\" stroke-width=\"2\" fill=\"none\"/>",
        y
    );
}

fn legend(out: &mut String, y: f64) {
    let mut x = MARGIN;
    for (kind, name) in [
        (Kind::Tenantgate, "tenantgate"),
        (Kind::Native, "Envoy's native filters"),
        (Kind::Floor, "Wasm filter that does next to nothing"),
    ] {
        let colour = kind.colour();
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>",
            y - 10.0
        );
        text(out, Anchor::Start, (x + 18.0, y), "", name);
        x += 40.0 + 7.0 * name.len() as f64;
    }
    let _ = writeln!(
        out,
        "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#fff\" stroke=\"#222\"/>",
        x + 6.0,
        y - 4.0
    );
    text(out, Anchor::Start, (x + 18.0, y), "", "median");
    goal_mark(out, x + 96.0, y - 12.0);
    text(out, Anchor::Start, (x + 106.0, y), "", "goal");
}

#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

fn text(out: &mut String, anchor: Anchor, (x, y): (f64, f64), more: &str, text: &str) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {more}>{}</text>",
        escaped(text)
    );
}

/// Text as XML takes it, in elements and in attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Kind {
    const fn colour(self) -> &'static str {
        match self {
            Self::Floor => "#e3b04b",
            Self::Native => "#9aa5b1",
            Self::Tenantgate => "#2f7ebc",
        }
    }
}

/// From microseconds to places on the picture.
struct Scale {
    step: f64,
    steps: usize,
}

impl Scale {
    /// Steps of 1, 2 or 5 times a power of ten, ten at most, as far as this value.
    fn up_to(value: f64) -> Self {
        let value = value.max(1.0);
        let mut step = 1.0;
        for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
            if value / step <= 10.0 || !value.is_finite() {
                break;
            }
            step *= factor;
        }
        Self { step, steps: (1..10).find(|steps| step * *steps as f64 >= value).unwrap_or(10) }
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + value / (self.step * self.steps as f64) * (WIDTH - LEFT - RIGHT)
    }
}

const TITLE: &str = "CPU time that filters add to a request in Envoy, in microseconds";
const TITLES: [&str; 4] = [REPEATED, FIRST_SEEN, REFUSED, KEYS];
const REPEATED: &str = "The same token every time";
const FIRST_SEEN: &str = "Another token every time";
const REFUSED: &str = "Refused tokens";
const KEYS: &str = "Application keys";

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 16.0;
const TOP: f64 = 60.0;
const LINE: f64 = 18.0;
/// Where bars begin, and what is left for figures behind the longest.
const LEFT: f64 = 350.0;
const RIGHT: f64 = 60.0;

#[cfg(test)]
mod tests;
