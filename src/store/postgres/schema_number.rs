//! The number of the schema: that of the SQLite engine's with the same tables.

use crate::model::Location;
use crate::store::{Result, StoreError};

/// The number of the schema that this cfn needs.
pub(super) const CURRENT: i64 = 3010;

/// Reads the number of the schema.
pub(super) const NUMBER: &str = "SELECT convert_from(value, 'UTF8')::bigint FROM cfn_metadata WHERE name = 'schema'";

/// `v3.10.0` for 3010, as on SQLite.
pub(super) fn name_of(number: i64) -> String {
    format!("v{}.{}.0", number / 1000, number % 1000)
}

/// Refuses a database with another schema than this cfn needs.
pub(super) fn require(found: i64, location: Location) -> Result<()> {
    if found < CURRENT {
        Err(StoreError::Older { location })
    } else if found / 1000 > CURRENT / 1000 {
        Err(StoreError::Newer { location, found: name_of(found), known: name_of(CURRENT) })
    } else {
        Ok(())
    }
}
