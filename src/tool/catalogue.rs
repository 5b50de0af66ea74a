//! `tenantgate catalogue`: what a preset takes for subtenancy-aware, as a table and as JSON.

use anstyle::Style;
use serde_json::{Value, json};

use crate::policy::RuleReach;
use crate::presets::{CatalogueEntry, CataloguePreset, CatalogueRow, Origin};

/// One rule a line, in the vendor's order, and what is to be known of each role below. With styles;
/// whoever writes it to something other than a terminal leaves them out.
pub fn text(preset: &CataloguePreset) -> String {
    let strong = Style::new().bold();
    let lines: Vec<_> = preset.rows.iter().flat_map(|row| lines(preset, row)).collect();
    let mut widths = COLUMNS.map(str::len);
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.len());
        }
    }
    let written = |cells: &[String; 8]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head = written(&COLUMNS.map(str::to_owned));
    let mut out = format!("{strong}{head}{strong:#}\n");
    for line in &lines {
        out.push_str(&format!("{}\n", written(line)));
    }
    out.push_str(&format!(
        "\nAll roles begin with `{}`. Rules that are `lenient` stand in that variant alone. \
         GET brings HEAD and OPTIONS.\n\
         Where the scope is unknown, only the caller's own token may go with the request.\n\n",
        preset.role_prefix
    ));
    for row in preset.rows {
        let CatalogueRow { grants, paths, methods, note, role_origin, .. } = row;
        let role = preset.short(row);
        out.push_str(&format!(
            "{strong}{role}{strong:#}: {grants} ({role_origin}); certainty of paths {paths}, of methods {methods}; {note}\n"
        ));
    }
    out
}

/// The same for programs.
pub fn json(preset: &CataloguePreset) -> String {
    let rows: Vec<Value> = preset.rows.iter().map(object).collect();
    let whole = json!({"preset": preset.name, "role_prefix": preset.role_prefix, "roles": rows});
    format!("{whole:#}\n")
}

const COLUMNS: [&str; 8] =
    ["ROLE", "DEFAULT", "VARIANT", "MATCH", "PATH", "METHODS", "SCOPE", "PATH KNOWN FROM"];

fn lines(preset: &CataloguePreset, row: &CatalogueRow) -> Vec<[String; 8]> {
    let role = preset.short(row).to_owned();
    let state = if row.is_on { "on" } else { "off" }.to_owned();
    let none = || "-".to_owned();
    let line = |variant: &str, entry: &CatalogueEntry| {
        [
            role.clone(),
            state.clone(),
            variant.to_owned(),
            reach(entry).to_owned(),
            entry.path.to_owned(),
            entry.methods.join(" "),
            entry.scope.unwrap_or("unknown").to_owned(),
            entry.origins.iter().map(Origin::to_string).collect::<Vec<_>>().join(", "),
        ]
    };
    let strict = row.strict.iter().map(|entry| line("both", entry));
    let lenient = row.lenient.iter().map(|entry| line("lenient", entry));
    let mut lines: Vec<_> = strict.chain(lenient).collect();
    if lines.is_empty() {
        lines.push([role, state, none(), none(), "unknown".into(), none(), none(), none()]);
    }
    lines
}

fn object(row: &CatalogueRow) -> Value {
    let rule = |entry: &CatalogueEntry| {
        let origins: Vec<_> = entry.origins.iter().map(Origin::to_string).collect();
        json!({
            "match": reach(entry), "path": entry.path, "methods": entry.methods,
            "scope": entry.scope, "origins": origins,
        })
    };
    json!({
        "role": row.role,
        "role_origin": row.role_origin.to_string(),
        "grants": row.grants,
        "on": row.is_on,
        "certainty": {"paths": row.paths.to_string(), "methods": row.methods.to_string()},
        "strict": row.strict.iter().map(rule).collect::<Vec<_>>(),
        "lenient_adds": row.lenient.iter().map(rule).collect::<Vec<_>>(),
        "note": row.note,
    })
}

const fn reach(entry: &CatalogueEntry) -> &'static str {
    match entry.reach {
        RuleReach::Exact => "exact",
        RuleReach::Prefix => "prefix",
    }
}
