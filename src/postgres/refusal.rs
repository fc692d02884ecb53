//! Classifies SQLSTATE codes, so that hints can be specific.

/// The reason of a PostgreSQL server's refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The role or its password is wrong (28).
    Login,
    /// The database does not exist (3D).
    NoDatabase,
    /// The role lacks permission (42501).
    Rights,
    /// A table, column or schema is missing (42P01, 42703, 3F).
    Schema,
    /// A column has another type, or the server computes it (42804, 42883, 42846, 428C9).
    ColumnType,
    /// The server is read-only (25006).
    ReadOnly,
    /// A conflict with another transaction (40001, 40P01).
    Conflict,
    /// Another session holds a lock (55P03).
    Locked,
    /// The statement was cancelled or took too long (57014).
    Cancelled,
    /// The server is starting or stopping (57P01 to 57P03).
    Restart,
    /// The server has no free connection (53300).
    Connections,
    /// The server's disk is full (53100).
    Disk,
    /// The server has no resources (53).
    Resources,
    /// The server failed internally (58, XX).
    Defect,
    /// The data is invalid (22, 23, 44) or exceeds a limit (54), or a trigger raised an error (P0001).
    Data,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Classifies an SQLSTATE.
    #[must_use]
    pub fn of(code: &str) -> Self {
        match code {
            "42501" => Self::Rights,
            "42P01" | "42703" => Self::Schema,
            "42804" | "42883" | "42846" | "428C9" => Self::ColumnType,
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
                Some("53") => Self::Resources,
                Some("58" | "XX") => Self::Defect,
                Some("22" | "23" | "44" | "54") => Self::Data,
                _ => Self::Other,
            },
        }
    }

    /// Whether the cause of a refused statement is the server as a whole, so that no row can be delivered now. Whoever has
    /// logged in is refused for a wrong login, database or right to write by a trigger of the table, if it takes other rows.
    #[must_use]
    pub fn is_about_the_server(self) -> bool {
        matches!(self, Self::Restart | Self::Connections | Self::Disk)
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
            ("428C9", Refusal::ColumnType),
            ("25006", Refusal::ReadOnly),
            ("40P01", Refusal::Conflict),
            ("53400", Refusal::Resources),
            ("54000", Refusal::Data),
            ("XX000", Refusal::Defect),
            ("23503", Refusal::Data),
            ("0A000", Refusal::Other),
            ("", Refusal::Other),
        ] {
            assert_eq!(Refusal::of(code), kind, "{code}");
        }
    }
}
