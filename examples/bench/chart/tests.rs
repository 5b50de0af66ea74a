//! What the chart shows, and that it is XML.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;

/// The texts and the numbers of elements by name; fails on what is not well-formed.
fn read(svg: &str) -> (Vec<String>, impl Fn(&str) -> usize) {
    let mut reader = Reader::from_str(svg);
    let (mut texts, mut names) = (Vec::new(), Vec::new());
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                depth += 1;
                names.push(element.local_name().as_ref().to_owned());
            }
            Event::Empty(element) => {
                names.push(element.local_name().as_ref().to_owned());
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) => texts.push(text.xml10_content().into_owned()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    (texts, move |name| names.iter().filter(|it| *it == name).count())
}

fn bar(label: &str, added: f64, goal: Option<f64>) -> Bar<'_> {
    Bar { label, kind: Kind::Tenantgate, added, median: added, goal }
}

#[test]
fn each_bar_has_its_label_its_figure_and_its_goal() {
    let bars = vec![bar("one", 12.34, Some(10.0)), bar("two", 5.0, None)];
    let svg = svg(&[Group { title: "a group", bars }], "make bench");
    let (texts, count) = read(&svg);
    for text in ["one", "12.3", "two", "5.0", "a group", "make bench", TITLE] {
        assert_eq!(texts.iter().filter(|it| *it == text).count(), 1, "{text}");
    }
    // The background, three of the legend, two bars.
    assert_eq!(count("rect"), 6);
    // A grid from 0 to 14 in steps of two, the legend's goal, and that of one bar.
    assert_eq!(count("path"), 8 + 2);
}

#[test]
fn text_is_escaped() {
    assert_eq!(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    let svg = svg(&[Group { title: "<&>", bars: vec![bar("\"x\"", 1.0, None)] }], "<script>");
    assert!(svg.contains(">&lt;&amp;&gt;</text>") && svg.contains(">&lt;script&gt;</text>"));
    drop(read(&svg));
}

#[test]
fn nothing_measured_is_an_empty_chart() {
    let groups = groups(&Figures::default());
    assert!(groups.iter().all(|group| group.bars.is_empty()));
    drop(read(&svg(&groups, "")));
}

#[test]
fn every_row_but_the_baselines_has_a_bar() {
    let mut figures = Figures::default();
    for row in &ROWS {
        figures.add(row.name, Duration::from_micros(50));
    }
    let groups = groups(&figures);
    let bars = groups.iter().map(|group| group.bars.len()).sum::<usize>();
    let baselines = ROWS.iter().filter(|row| row.name == row.outcome.baseline()).count();
    assert_eq!(bars, ROWS.len() - baselines);
}

#[test]
fn a_scale_has_at_most_ten_steps_and_reaches_the_value() {
    for (value, step, steps) in [
        (0.0, 1.0, 1),
        (1.0, 1.0, 1),
        (9.5, 1.0, 10),
        (10.0, 1.0, 10),
        (10.1, 2.0, 6),
        (20.1, 5.0, 5),
        (203.0, 50.0, 5),
        (1001.0, 200.0, 6),
    ] {
        let scale = Scale::up_to(value);
        assert_eq!((scale.step, scale.steps), (step, steps), "{value}");
    }
    assert_eq!(Scale::up_to(10.0).x(0.0), LEFT);
    assert_eq!(Scale::up_to(10.0).x(10.0), WIDTH - RIGHT);
}
