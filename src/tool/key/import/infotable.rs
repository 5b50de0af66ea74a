//! Tables as the platform's services answer them: `{"dataShape": {…}, "rows": [{…}]}`.

use super::table::{Cells, ImportError};
use crate::json::{self, Value};

pub(super) fn read(content: &[u8]) -> Result<Vec<Cells<'_>>, ImportError> {
    let Ok(Value::Object(members)) = json::parse(content) else {
        return Err(ImportError::NotATable);
    };
    let rows = members.into_iter().find(|(name, _)| name == "rows");
    let Some((_, Value::Array(rows))) = rows else { return Err(ImportError::NotATable) };
    let cells = rows.into_iter().map(|row| match row {
        Value::Object(cells) => {
            Ok(cells.into_iter().map(|(name, value)| (name.into_owned(), value)).collect())
        }
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
            Err(ImportError::NotATable)
        }
    });
    cells.collect()
}
