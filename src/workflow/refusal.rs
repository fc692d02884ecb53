//! What kind of refusal an SQLSTATE is, so that the advice fits.

/// Why a PostgreSQL server refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The role or its password (28).
    Login,
    /// There is no such database (3D).
    NoDatabase,
    /// The role may not do that (42501).
    Rights,
    /// A table, column or schema is missing (42P01, 42703, 3F).
    Schema,
    /// A column has another type (42804, 42883, 42846).
    ColumnType,
    /// It only takes reads (25006).
    ReadOnly,
    /// It gave way to another transaction (40001, 40P01).
    Conflict,
    /// Another session holds a lock (55P03).
    Locked,
    /// The statement was cancelled or took too long (57014).
    Cancelled,
    /// It starts, stops or restarts (57P01 to 57P03).
    Restart,
    /// It has no connection left (53300).
    Connections,
    /// Its disk is full (53100).
    Disk,
    /// Its memory or another limit is used up (53).
    Resources,
    /// It failed itself (58, XX).
    Defect,
    /// The data (22, 23, 44) or what a trigger raises (P0001).
    Data,
    /// Anything else.
    Other,
}

impl Refusal {
    /// The kind of an SQLSTATE.
    #[must_use]
    pub fn of(code: &str) -> Self {
        match code {
            "42501" => Self::Rights,
            "42P01" | "42703" => Self::Schema,
            "42804" | "42883" | "42846" => Self::ColumnType,
            "25006" => Self::ReadOnly,
            "40001" | "40P01" => Self::Conflict,
            "55P03" => Self::Locked,
            "57014" => Self::Cancelled,
            "57P01" | "57P02" | "57P03" => Self::Restart,
            "53300" => Self::Connections,
            "53100" => Self::Disk,
            "P0001" => Self::Data,
            _ => match code.get(..2) {
                Some("28") => Self::Login,
                Some("3D") => Self::NoDatabase,
                Some("3F") => Self::Schema,
                Some("53" | "54") => Self::Resources,
                Some("58" | "XX") => Self::Defect,
                Some("22" | "23" | "44") => Self::Data,
                _ => Self::Other,
            },
        }
    }

    /// Whether the whole server cannot do it now, so that no row is to blame and no other row can be delivered either.
    #[must_use]
    pub fn is_about_the_server(self) -> bool {
        matches!(
            self,
            Self::Login
                | Self::NoDatabase
                | Self::ReadOnly
                | Self::Restart
                | Self::Connections
                | Self::Disk
                | Self::Resources
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn a_code_has_its_own_kind_or_that_of_its_class() {
        for (code, kind) in [
            ("28P01", Refusal::Login),
            ("28000", Refusal::Login),
            ("3D000", Refusal::NoDatabase),
            ("42501", Refusal::Rights),
            ("42P01", Refusal::Schema),
            ("42804", Refusal::ColumnType),
            ("25006", Refusal::ReadOnly),
            ("40P01", Refusal::Conflict),
            ("53400", Refusal::Resources),
            ("XX000", Refusal::Defect),
            ("23503", Refusal::Data),
            ("0A000", Refusal::Other),
            ("", Refusal::Other),
        ] {
            assert_eq!(Refusal::of(code), kind, "{code}");
        }
    }
}
