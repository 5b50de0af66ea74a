//! The page of the documentation that says what was measured.

use crate::table::Table;

/// The page with these tables between its marks; none if it lacks them.
pub fn renewed(page: &str, source: &str, tables: &[Table]) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let tables: Vec<_> = tables.iter().map(Table::markdown).collect();
    let tables = tables.join("\n");
    Some(format!("{before}{BEGIN}\n\n{source}.\n\n{tables}\n{END}{after}"))
}

const BEGIN: &str = "<!-- begin: written by scripts/bench.sh --docs -->";
const END: &str = "<!-- end: written by scripts/bench.sh --docs -->";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tables() -> [Table; 2] {
        ["One", "Two"].map(|title| Table {
            title: title.to_owned(),
            columns: vec!["a", "b"],
            rows: vec![vec!["c".to_owned(), "d".to_owned()]],
        })
    }

    #[test]
    fn what_stands_between_the_marks_is_replaced_and_nothing_else() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let renewed_once = renewed(&page, "make bench", &tables()).unwrap();
        let expected = format!(
            "before\n{BEGIN}\n\nmake bench.\n\nOne:\n\n| a | b |\n| --- | ---: |\n| c | d |\n\n\
             Two:\n\n| a | b |\n| --- | ---: |\n| c | d |\n\n{END}\nafter\n"
        );
        assert_eq!(renewed_once, expected);
        assert_eq!(renewed(&renewed_once, "make bench", &tables()), Some(expected));
    }

    #[test]
    fn a_page_without_both_marks_in_order_is_left_alone() {
        for page in ["", BEGIN, END, &format!("{END}{BEGIN}")] {
            assert_eq!(renewed(page, "", &[]), None, "{page}");
        }
    }

    #[test]
    fn the_page_has_a_place_for_them() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
        assert!(renewed(&fs::read_to_string(path).unwrap(), "", &[]).is_some());
    }
}
