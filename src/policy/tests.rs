//! The rules as tables: every combination of settings and callers, and what each may come to.
