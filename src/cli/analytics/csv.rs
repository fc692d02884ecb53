//! One table of a report as comma-separated values (RFC 4180), safe to open in a spreadsheet.

use csv::{Terminator, WriterBuilder};

use crate::cli::failure::Failure;
use crate::model::{Visible, is_visible};
use crate::ops::{Cell, Table, TableName};

/// Returns the requested table, or the first one, and the names of the others.
pub(super) fn choose<'a>(tables: &'a [Table], name: Option<&str>) -> Result<(&'a Table, Vec<&'static str>), Failure> {
    let folded = |it: &str| it.to_lowercase().replace(['-', '_'], " ");
    let names = || tables.iter().map(|it| format!("\"{}\"", it.name.as_str())).collect::<Vec<_>>().join(", ");
    let chosen = match name {
        None => tables.first(),
        Some(name) => tables.iter().find(|it| folded(it.name.as_str()) == folded(name.trim())),
    };
    let chosen = chosen.ok_or_else(|| {
        let message = format!("this report has no table \"{}\"", Visible(name.unwrap_or_default()));
        Failure::input(message, format!("Name one of its tables with --table: {}.", names()))
    })?;
    Ok((chosen, tables.iter().map(|it| it.name).filter(|it| *it != chosen.name).map(TableName::as_str).collect()))
}

/// Writes a header, and a record for each row.
pub(super) fn write(table: &Table) -> Result<Vec<u8>, Failure> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let written = writer
        .write_record(table.columns().iter().map(|it| it.name()))
        .and_then(|()| table.rows.iter().try_for_each(|row| writer.write_record(row.iter().map(value))));
    written.map_err(|error| Failure::internal(&error.to_string()))?;
    writer.into_inner().map_err(|error| Failure::internal(&error.to_string()))
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Text(text) => defused(text),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// Prefixes an apostrophe to text that a spreadsheet would run as a formula, and escapes invisible characters.
fn defused(text: &str) -> String {
    let apostrophe = if starts_a_formula(text) && !is_number(text) { "'" } else { "" };
    format!("{apostrophe}{}", Visible(text))
}

/// Whether a spreadsheet may read this as a formula. Some skip blanks and invisible marks, and accept fullwidth and
/// small forms of a sign.
fn starts_a_formula(text: &str) -> bool {
    let mut skipped = text.chars().take_while(|it| it.is_whitespace() || !is_visible(*it));
    let first = text.chars().find(|it| !it.is_whitespace() && is_visible(*it));
    skipped.any(|it| matches!(it, '\t' | '\r' | '\n'))
        || first.is_some_and(|it| {
            matches!(
                it,
                '=' | '+'
                    | '-'
                    | '@'
                    | '＝'
                    | '＋'
                    | '－'
                    | '＠'
                    | '﹦'
                    | '﹢'
                    | '﹣'
                    | '﹫'
                    | '−'
                    | '⁼'
                    | '⁺'
                    | '⁻'
                    | '₌'
                    | '₊'
                    | '₋'
            )
        })
}

/// Whether this is a plain negative number, and so no formula.
fn is_number(text: &str) -> bool {
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('-').is_some_and(|it| match it.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(it),
    })
}

#[cfg(test)]
mod tests {
    use super::{choose, defused, write};
    use crate::ops::{Cell, Table, TableName};

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for formula in [
            "=1+1",
            "+1",
            "-1+1",
            "@sum",
            "\t=1",
            "\r=1",
            "\n=1",
            "\tplain",
            " =1+1",
            "\u{a0}=1",
            "\u{3000}=1",
            "\u{feff}=1",
            " \u{200b}\u{2060} =1",
            "\u{ad}-x",
            "＝1+1",
            " ＋1",
            "－1",
            "＠x",
            "﹦1",
            "−1+1",
            "-",
            "-1e5",
            "--1",
            "-1.",
            "+1.5",
        ] {
            assert!(defused(formula).starts_with('\''), "{formula:?}");
        }
        for plain in ["a", "a=1", " a", "1-1", "'=1", "", " ", "-21", "-1.5", "x-21", "\"=1\""] {
            assert_eq!(defused(plain), plain, "{plain:?}");
        }
    }

    #[test]
    fn what_nobody_sees_is_escaped() {
        assert_eq!(defused("a\u{1b}[31m\0b"), "a\\u{1b}[31m\\u{0}b");
        assert_eq!(defused("two\r\nlines"), "two\\r\\nlines");
        assert_eq!(defused("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn records_are_quoted_and_end_as_the_standard_says() {
        let rows = vec![
            vec![Cell::Text("a,\"b\"".into()), Cell::Integer(-3)],
            vec![Cell::Missing, Cell::Missing],
            vec![Cell::Text("=\"x\",1".into()), Cell::Decimal(-0.5)],
        ];
        let written = write(&Table { name: TableName::Days, rows }).unwrap_or_default();
        let text = "day,uses\r\n\"a,\"\"b\"\"\",-3\r\n,\r\n\"'=\"\"x\"\",1\",-0.5\r\n";
        assert_eq!(String::from_utf8_lossy(&written), text);
        let single = Table { name: TableName::Unused, rows: vec![vec![Cell::Missing]] };
        assert_eq!(write(&single).unwrap_or_default(), b"skill\r\n\"\"\r\n", "an empty line would not be a record");
    }

    #[test]
    fn a_table_is_found_by_its_name_however_it_is_written() {
        let tables = [TableName::BySkill, TableName::Unused].map(|name| Table { name, rows: Vec::new() });
        for (name, found) in
            [(None, "by skill"), (Some("unused skills"), "unused skills"), (Some(" Unused-Skills"), "unused skills")]
        {
            let other = if found == "by skill" { "unused skills" } else { "by skill" };
            assert!(
                choose(&tables, name).is_ok_and(|(table, rest)| table.name.as_str() == found && rest == [other]),
                "{name:?}"
            );
        }
        assert!(choose(&tables, Some("none")).is_err_and(|it| it.hint.contains("\"by skill\", \"unused skills\"")));
    }
}
