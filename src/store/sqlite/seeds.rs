//! The rows of a new database: the criteria templates, and the row by which programs of the old schema know their tables.
//! An existing database keeps what it has.

use rusqlite::{Connection, Result, params};

use crate::clock::Clock;

/// The schema of the old programs, whose tables and views a new database has too.
const OLD_SCHEMA: (&str, &str) = ("v2.0.0", "The nine tables and four views that other programs use");

/// Level, category, criteria and description. Each category has a template for its own level and for the next stricter one.
const TEMPLATES: [(&str, &str, &str, &str); 9] = [
    (
        "auto",
        "coordination",
        r#"{"risk_score_max":0.3,"test_coverage_min":0.95,"complexity_max":0.3}"#,
        "Simple, well tested coordination skills",
    ),
    (
        "auto",
        "testing",
        r#"{"risk_score_max":0.3,"test_coverage_min":0.95,"complexity_max":0.3}"#,
        "Simple, well tested testing skills",
    ),
    (
        "auto",
        "foundation",
        r#"{"risk_score_max":0.25,"test_coverage_min":0.95,"complexity_max":0.25}"#,
        "Foundation skills, which all others build on, at a lower risk",
    ),
    (
        "escalate",
        "coordination",
        r#"{"risk_score_max":0.6,"test_coverage_min":0.85}"#,
        "Coordination skills that an expert can decide about",
    ),
    (
        "escalate",
        "testing",
        r#"{"risk_score_max":0.6,"test_coverage_min":0.85}"#,
        "Testing skills that an expert can decide about",
    ),
    (
        "escalate",
        "foundation",
        r#"{"risk_score_max":0.5,"test_coverage_min":0.9}"#,
        "Foundation skills that an expert can decide about, at a lower risk",
    ),
    (
        "escalate",
        "infrastructure",
        r#"{"risk_score_max":0.6,"test_coverage_min":0.85}"#,
        "Infrastructure skills that an expert can decide about",
    ),
    ("human", "infrastructure", r#"{"risk_score_min":0.6}"#, "Infrastructure skills that a person decides about"),
    ("human", "domain", r#"{"risk_score_min":0.6}"#, "Domain skills that a person decides about"),
];

pub(super) fn plant(connection: &Connection, clock: Clock) -> Result<()> {
    let now = clock.moment();
    let (version, description) = OLD_SCHEMA;
    connection.execute(
        "INSERT INTO schema_versions (version, description, applied_at) VALUES (?1, ?2, ?3)",
        params![version, description, now],
    )?;
    let mut insert = connection.prepare(
        "INSERT INTO approval_criteria_templates (approval_level, category, criteria_json, description, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?;
    for (level, category, criteria, description) in TEMPLATES {
        insert.execute(params![level, category, criteria, description, now])?;
    }
    Ok(())
}
