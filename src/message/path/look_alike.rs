//! Characters that some servers turn into one that means something in a path.
//!
//! Two ways of doing that are known. Normalization to NFKC (Unicode Standard Annex #15) maps a
//! character to its compatible form, which can hold an ASCII character or several: U+FF0F becomes
//! `/`, U+2025 becomes `..`. And what converts a text to one of Windows' ANSI code pages takes the
//! "best fit" where a page lacks a character: U+2215 becomes `/`, in Japan U+00A5 becomes `\`.
//! `tests/paths.rs` compares the first with the tables of Unicode for every character.

/// Whether some server may see `.`, `/`, `\`, `;`, `%`, `?`, `#` or `$` where this character stands.
///
/// NFKC never makes a control character. The best fit of the code pages 874, 932, 936, 949, 950 and
/// 1250 to 1258 counts, but not for controls, which the Thai page alone has (U+00A7 among others), and
/// not that of the OEM pages of consoles: it would take `Š` and accents along.
pub(super) const fn is_look_alike(c: char) -> bool {
    matches!(c,
        // By best fit alone: `\` (932), `/` (1253), `%` (1252), `\` (949), `/` and `\` (1252).
        '\u{A5}' | '\u{B4}' | '\u{66A}' | '\u{20A9}' | '\u{2215}'..='\u{2216}'
        // By best fit alone: `/` (1252).
        | '\u{2044}'
        // `;`, which is even canonically the same.
        | '\u{37E}'
        // `.`, `..` and `...`; `??`, `?!` and `!?`.
        | '\u{2024}'..='\u{2026}' | '\u{2047}'..='\u{2049}'
        // With a `/`: `a/c`, `a/s`, `c/o`, `c/u`.
        | '\u{2100}'..='\u{2101}' | '\u{2105}'..='\u{2106}'
        // With a `.`: numbers, `a.m.`, `Co.`, `p.m.`, `0.`.
        | '\u{2488}'..='\u{249B}' | '\u{33C2}' | '\u{33C7}' | '\u{33D8}' | '\u{1F100}'
        // Of vertical writing: `;`, `?`, `...`, `..`.
        | '\u{FE14}' | '\u{FE16}' | '\u{FE19}' | '\u{FE30}'
        // Small: `.`, `;`, `?`, `#`, `\`, `$`, `%`.
        | '\u{FE52}' | '\u{FE54}' | '\u{FE56}' | '\u{FE5F}' | '\u{FE68}'..='\u{FE6A}'
        // Of full width: `#`, `$`, `%`, `.` and `/`, `;`, `?`, `\`.
        | '\u{FF03}'..='\u{FF05}' | '\u{FF0E}'..='\u{FF0F}' | '\u{FF1B}' | '\u{FF1F}' | '\u{FF3C}'
    )
}

/// Whether some server may see a blank where this character stands.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// Whether some server may see a `:` where this character stands; it is harmless but before `$`.
pub(super) const fn is_colon(c: char) -> bool {
    matches!(c, ':' | '\u{589}' | '\u{2236}' | '\u{FE13}' | '\u{FE55}' | '\u{FF1A}')
}
