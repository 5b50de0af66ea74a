//! What the rules of `docs/command-line.md` are about.

use crate::tool::schema::without_links;

const PAGE: &str = include_str!("../../../docs/command-line.md");

/// What findings of a rule say, by the tables of the page; their markup is left out, but for backticks.
pub(super) fn description(rule: &str) -> Option<String> {
    PAGE.lines().find_map(|line| {
        let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.splitn(3, " | ");
        let name = cells.next()?.strip_suffix('`')?;
        let severity = cells.next()?;
        let is_rule = matches!(severity, "error" | "warning" | "error, warning" | "warning, error");
        (name == rule && is_rule).then(|| cells.next().map(without_links))?
    })
}
