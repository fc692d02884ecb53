//! Somebody else changes the schema while a batch of loads runs: each request has an answer or an error, and none waits for ever.

use serde_json::Value;

use super::served::Served;
use crate::batch::Batch;
use crate::postgres_server::{Database, Way};

/// A request that was not made before: a batch remembers answers.
fn ask(batch: &mut Batch, number: &mut usize) -> Value {
    *number += 1;
    batch.ask(&format!(r#"{{"agent_type": "tester", "max_skills": {number}}}"#))
}

/// What changes nothing of what cfn reads.
const HARMLESS: [&str; 8] = [
    "ALTER TABLE cfn.skills ADD COLUMN more text",
    "ALTER TABLE cfn.skills DROP COLUMN more",
    "ALTER TABLE cfn.skills ALTER COLUMN deprecation_note TYPE varchar(200)",
    "ALTER TABLE cfn.agent_skill_mappings ALTER COLUMN notes SET DEFAULT 'none'",
    "DROP INDEX cfn.skills_replacement",
    "CREATE OR REPLACE VIEW cfn.migration_status AS SELECT 'all'::text AS check_name, 1::bigint AS result",
    "VACUUM FULL cfn.skills",
    "ALTER TABLE cfn.skill_contents RENAME CONSTRAINT skill_contents_pkey TO renamed",
];

/// What takes away what cfn reads, and how it comes back.
const HARMFUL: [(&str, &str); 3] = [
    ("ALTER TABLE cfn.agent_skill_mappings RENAME TO gone", "ALTER TABLE cfn.gone RENAME TO agent_skill_mappings"),
    ("ALTER TABLE cfn.skills RENAME COLUMN name TO n", "ALTER TABLE cfn.skills RENAME COLUMN n TO name"),
    ("ALTER SCHEMA cfn RENAME TO elsewhere", "ALTER SCHEMA elsewhere RENAME TO cfn"),
];

#[test]
fn a_batch_goes_on_whatever_somebody_else_does_to_the_schema() {
    let database = Database::new();
    let served = Served::at(&database.url(Way::Direct));
    served.deploy("alpha", "Read it.").ok();
    let mut batches =
        [Way::Direct, Way::Bouncer].map(|way| Batch::start(&served.project, &["--db", &database.url(way)]));
    let mut number = 0;
    let expected = ask(&mut batches[0], &mut number);
    assert_eq!(expected["skills"].as_array().map(Vec::len), Some(1));
    let mut all_answer = |expected: &Value, after: &str| {
        for batch in &mut batches {
            let answer = ask(batch, &mut number);
            match expected.as_str() {
                Some(kind) => assert_eq!(answer["error"]["kind"], kind, "{after}: {answer}"),
                None => assert_eq!(&answer, expected, "{after}"),
            }
        }
    };
    for change in HARMLESS {
        database.sql(change);
        all_answer(&expected, change);
    }
    for (change, undo) in HARMFUL {
        database.sql(change);
        all_answer(&"database_corrupt".into(), change);
        database.sql(undo);
        all_answer(&expected, undo);
    }
    database.sql("DROP SCHEMA cfn CASCADE");
    all_answer(&"database_corrupt".into(), "DROP SCHEMA");
    served.cfn(&["init"]).ok();
    served.deploy("alpha", "Read it.").ok();
    all_answer(&expected, "init");
    for batch in batches {
        batch.end();
    }
}

#[test]
fn a_load_that_waits_for_a_change_of_the_schema_is_busy_after_the_deadline() {
    let database = Database::new();
    let served = Served::at(&database.url(Way::Direct));
    served.deploy("alpha", "Read it.").ok();
    let other = database.administrator();
    other.run("BEGIN; ALTER TABLE cfn.skills ADD COLUMN more text");
    let mut command = served.command(&["load", "tester", "--json"]);
    let ran: crate::harness::Ran = command.env("CFN_BUSY_TIMEOUT_MS", "200").output().expect("cfn runs").into();
    ran.fails_as(8, "busy");
    other.run("COMMIT");
    assert_eq!(served.loaded(), "alpha\n");
}
