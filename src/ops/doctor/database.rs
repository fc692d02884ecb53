//! A database from inside: plans, schema, pragmas, free pages, statistics, rows.

use super::diagnosis::{Area, Diagnosis, Fix, first_of, megabytes, quoted, several};
use crate::model::{Location, Visible};
use crate::store::{CheckReport, DatabaseStatus, Examination, Repairable, StatusReport};

const DB: Area = Area::Database;

/// The pragmas that cfn sets for a connection that reads, beside the journal mode.
const PRAGMAS: [(&str, &str); 6] = [
    ("synchronous", "1"),
    ("cache_size", "-64000"),
    ("temp_store", "2"),
    ("mmap_size", "268435456"),
    ("foreign_keys", "1"),
    ("trusted_schema", "0"),
];

/// What makes anew what can be made from the tables.
pub(super) const MAINTAIN: (&str, Fix) = ("cfn db maintain", Fix::Maintain);

/// Free pages below this size are not worth a warning.
const LITTLE_FREE: u64 = 1 << 20;

/// What a quick look at a database shows. `network` is the network file system of a file.
#[must_use]
pub fn database_lines(
    at: &Location,
    status: &DatabaseStatus,
    found: &Examination,
    network: Option<&str>,
) -> Vec<Diagnosis> {
    let mut lines = vec![schema(status), objects(found), foreign(at, found)];
    if let DatabaseStatus::File(file) = status {
        lines.extend([journal_mode(file, network), pragmas(file), plans(found)]);
    }
    lines.extend(free_pages(found));
    lines.extend([statistics(found), rows(at, found), contents(found)]);
    lines
}

fn schema(status: &DatabaseStatus) -> Diagnosis {
    let version = match status {
        DatabaseStatus::File(it) => &it.schema_version,
        DatabaseStatus::Server(it) => &it.schema_version,
    };
    Diagnosis::ok(DB, "schema", version)
}

/// What keeps cfn from working: nothing else can be looked at.
#[must_use]
pub fn damage_line(at: &Location, found: &Examination) -> Diagnosis {
    let restore = || "cfn db restore BACKUP --replace-damaged".to_owned();
    let mend = mending(at, &found.damage).unwrap_or_else(restore);
    Diagnosis::fail(DB, "schema", sentences(&found.damage), mend)
}

fn objects(found: &Examination) -> Diagnosis {
    Diagnosis::findings((DB, "indexes and triggers"), &found.incomplete, "as in a new database", MAINTAIN)
}

fn foreign(at: &Location, found: &Examination) -> Diagnosis {
    repairable((DB, "objects of others"), at, &found.foreign, "none", "drop it if nobody needs it")
}

fn journal_mode(file: &StatusReport, network: Option<&str>) -> Diagnosis {
    let wanted = if network.is_some() { "delete" } else { "wal" };
    let mode = pragma(file, "journal_mode");
    if mode.eq_ignore_ascii_case(wanted) {
        return Diagnosis::ok(DB, "journal mode", mode);
    }
    let evidence = format!("{}, and not {wanted}: readers and writers wait for each other", Visible(mode));
    Diagnosis::warn(DB, "journal mode", evidence, "cfn db maintain").fixed_by(Fix::Maintain)
}

fn pragmas(file: &StatusReport) -> Diagnosis {
    let shown = |names: &[(&str, &str)]| {
        let each = names.iter().map(|(name, _)| format!("{name} {}", Visible(pragma(file, name))));
        each.collect::<Vec<_>>().join(", ")
    };
    let other: Vec<_> = PRAGMAS.into_iter().filter(|(name, value)| pragma(file, name) != *value).collect();
    if other.is_empty() {
        return Diagnosis::ok(DB, "pragmas", shown(&PRAGMAS));
    }
    // Without permission to write beside the file, it is read without locks and without mapping.
    let mend = "give this user the right to write to the folder of the database";
    Diagnosis::warn(DB, "pragmas", shown(&other), mend)
}

fn pragma<'a>(file: &'a StatusReport, name: &str) -> &'a str {
    file.pragmas.iter().find(|it| it.0 == name).map_or("", |it| &it.1)
}

fn plans(found: &Examination) -> Diagnosis {
    let wrong: Vec<String> = found
        .plans
        .iter()
        .filter(|it| !it.problems.is_empty())
        .map(|it| format!("{}: {}", it.name, it.problems.join(", ")))
        .collect();
    let well = format!("{} hot queries use indexes, without scans and temporary B-trees", found.plans.len());
    Diagnosis::findings((DB, "query plans"), &wrong, well, MAINTAIN)
}

fn free_pages(found: &Examination) -> Option<Diagnosis> {
    let pages = found.pages?;
    let bytes = pages.free * pages.size;
    let evidence = format!("{} of {} ({})", pages.free, several(pages.all, "page"), megabytes(bytes));
    Some(if pages.are_worth_a_vacuum() && bytes >= LITTLE_FREE {
        Diagnosis::warn(DB, "free pages", evidence, "cfn db maintain").fixed_by(Fix::Maintain)
    } else {
        Diagnosis::ok(DB, "free pages", evidence)
    })
}

fn statistics(found: &Examination) -> Diagnosis {
    if found.without_statistics.is_empty() {
        return Diagnosis::ok(DB, "statistics", "as fresh as the planner needs them");
    }
    let evidence = format!("older than the data, or missing: {}", found.without_statistics.join(", "));
    Diagnosis::warn(DB, "statistics", evidence, "cfn db maintain").fixed_by(Fix::Maintain)
}

fn rows(at: &Location, found: &Examination) -> Diagnosis {
    let otherwise = "correct the rows; 'cfn db check' names them";
    repairable((DB, "rows"), at, &found.orphans, "none points to nothing", otherwise)
}

fn contents(found: &Examination) -> Diagnosis {
    let capture = ("cfn db capture", Fix::Capture);
    Diagnosis::findings((DB, "contents"), &found.missing_contents, "all are stored", capture)
}

/// Well without findings; else they are named, with the command that runs what mends them.
pub(super) fn repairable(
    (area, name): (Area, &'static str),
    at: &Location,
    found: &[Repairable],
    well: &str,
    otherwise: &str,
) -> Diagnosis {
    if found.is_empty() {
        return Diagnosis::ok(area, name, well);
    }
    let mend = mending(at, found).unwrap_or_else(|| otherwise.to_owned());
    Diagnosis::warn(area, name, sentences(found), mend)
}

fn sentences(found: &[Repairable]) -> String {
    first_of(&found.iter().map(|it| it.what.as_str()).collect::<Vec<_>>())
}

/// The command that runs the statements that mend this.
fn mending(at: &Location, found: &[Repairable]) -> Option<String> {
    let statements: Vec<_> = found.iter().filter_map(|it| it.sql.as_deref()).collect();
    if statements.is_empty() {
        return None;
    }
    Some(statement(at, &statements.join("; ")))
}

/// The shell command that runs a statement.
#[must_use]
pub fn statement(at: &Location, sql: &str) -> String {
    let sql = quoted(sql);
    match at {
        Location::File(path) => format!("sqlite3 {} {sql}", quoted(&path.to_string_lossy())),
        // psql takes no schema in a URL.
        Location::Server(url) => {
            let url = url.replacen("?schema=", "?options=-csearch_path%3D", 1);
            format!("psql {} -c {sql}", quoted(&url))
        }
    }
}

/// What a whole check shows; `None` if it was not asked for.
#[must_use]
pub fn integrity_line(checked: Option<&CheckReport>) -> Diagnosis {
    let Some(report) = checked else { return Diagnosis::not_used(DB, "integrity", "looked at only with --deep") };
    if report.damage.is_empty() {
        let evidence = format!("no damage, {} match their hashes", several(report.contents_checked, "content"));
        return Diagnosis::ok(DB, "integrity", evidence);
    }
    Diagnosis::fail(DB, "integrity", first_of(&report.damage), "cfn db restore BACKUP --replace-damaged")
}

#[cfg(test)]
mod tests {
    use super::statement;
    use crate::model::Location;

    #[test]
    fn a_command_for_psql_names_the_schema_as_psql_takes_it() {
        let at = |url: &str| statement(&Location::Server(url.to_owned()), "ITS TEXT");
        assert_eq!(at("postgresql://h/d"), "psql postgresql://h/d -c 'ITS TEXT'");
        assert_eq!(
            at("postgresql://h/d?schema=team"),
            "psql 'postgresql://h/d?options=-csearch_path%3Dteam' -c 'ITS TEXT'"
        );
    }
}
