//! A table, for a terminal and for a page of the documentation.

/// Lines of texts below their titles; the first column names what the others are about.
pub struct Table {
    /// A sentence that says what it shows, without a full stop.
    pub title: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Aligned: the first column to the left, figures to the right.
    pub fn text(&self) -> String {
        let titles: Vec<_> = self.columns.iter().map(|title| (*title).to_owned()).collect();
        let lines = || std::iter::once(&titles).chain(&self.rows);
        let width = |column: usize| {
            let cells = lines().filter_map(|cells| cells.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.columns.len()).map(width).collect();
        let mut out = format!("{}\n", self.title);
        for cells in lines() {
            let aligned = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
            });
            out.push_str(aligned.collect::<Vec<_>>().join("  ").trim_end());
            out.push('\n');
        }
        out
    }

    /// As Markdown has it.
    pub fn markdown(&self) -> String {
        let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
        let rules: Vec<_> = (0..self.columns.len())
            .map(|column| if column == 0 { "---" } else { "---:" })
            .collect();
        let mut out = format!("{}:\n\n{}{}", self.title, line(&self.columns), line(&rules));
        for row in &self.rows {
            out.push_str(&line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |name: &str, figure: &str| vec![name.to_owned(), figure.to_owned()];
        Table {
            title: "Microseconds".to_owned(),
            columns: vec!["row", "added"],
            rows: vec![row("no_filter", "0.0"), row("x", "1000.25")],
        }
    }

    #[test]
    fn names_stand_to_the_left_and_figures_to_the_right() {
        let expected = "Microseconds\n\
                        row          added\n\
                        no_filter      0.0\n\
                        x          1000.25\n";
        assert_eq!(table().text(), expected);
    }

    #[test]
    fn markdown_has_the_same_cells() {
        let expected = "Microseconds:\n\n\
                        | row | added |\n\
                        | --- | ---: |\n\
                        | no_filter | 0.0 |\n\
                        | x | 1000.25 |\n";
        assert_eq!(table().markdown(), expected);
    }
}
