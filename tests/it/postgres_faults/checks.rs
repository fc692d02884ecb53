//! What `db check` finds on a server.

use super::served::Served;
use crate::harness::Ran;
use crate::postgres_server::{Database, Way};

fn filled(database: &Database) -> Served {
    let served = Served::at(&database.url(Way::Direct));
    served.deploy("alpha", "Read it.").ok();
    served.project.file(".claude/skills/folder/run.sh", "echo run\n");
    served.deploy("folder", "Run it.").ok();
    served.cfn(&["load", "tester", "--agent-id", "a1"]).ok();
    served
}

fn check(served: &Served) -> Ran {
    served.cfn(&["db", "check"])
}

#[test]
fn orphans_and_missing_contents_are_warnings_on_a_server_too() {
    let database = Database::new();
    let served = filled(&database);
    assert!(check(&served).ok().starts_with("0 damaged, 0 warnings"));
    database.sql(
        "SET session_replication_role = replica; SET search_path = cfn;
         INSERT INTO agent_skill_mappings (id, agent_type, skill_id) VALUES (70, 'ghost', 99);
         INSERT INTO approval_history (id, skill_id, version, approval_level, decision) VALUES (71, 98, '1.0.0', 'auto', 'approved');
         INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id) VALUES (72, 'a', 'dev', 97);
         INSERT INTO edge_case_tracking (id, skill_id, edge_case_description) VALUES (73, 96, 'x');
         INSERT INTO phase4_skill_generation (id, skill_id) VALUES (74, 95);
         INSERT INTO skill_versions (id, skill_id, version, content_hash, content_path, approval_level, source)
           VALUES (75, 94, '1.0.0', 'h', 'p', 'auto', 'external');
         INSERT INTO skill_files (version_id, path) VALUES (76, 'lost.sh');
         UPDATE skills SET replacement_id = 93 WHERE name = 'alpha';
         UPDATE agent_skill_mappings SET priority = 11 WHERE agent_type = 'tester' AND skill_id = 1;
         ALTER TABLE approval_history DROP CONSTRAINT approval_history_decision_check;
         UPDATE approval_history SET decision = 'perhaps' WHERE id = 71;
         DELETE FROM skill_contents",
    );
    database.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'cfn.skills_content'::regclass");
    let found = check(&served).stdout;
    for line in [
        "warning: 1 rows of agent_skill_mappings point to a skill that does not exist (70)",
        "warning: 1 rows of approval_history point to a skill that does not exist (71)",
        "warning: 1 rows of skill_usage_log point to a skill that does not exist (72)",
        "warning: 1 rows of edge_case_tracking point to a skill that does not exist (73)",
        "warning: 1 rows of phase4_skill_generation point to a skill that does not exist (74)",
        "warning: 1 rows of skill_versions point to a skill that does not exist (75)",
        "warning: 1 rows of skill_files point to a version that does not exist (76 lost.sh)",
        "warning: 3 rows of skill_files name bytes that are not in the database (SKILL.md, lost.sh, run.sh)",
        "warning: 1 skills name a replacement that does not exist (1)",
        "warning: 2 skills name bytes that are not in the database (alpha, folder)",
        "warning: 1 rows of approval_history have a decision that cfn does not know (71)",
        "warning: 1 rows of agent_skill_mappings have a priority outside 1 to 10 (1)",
        "warning: 1 indexes are invalid: REINDEX them (skills_content)",
    ] {
        assert!(found.contains(line), "{line}: {found}");
    }
}

#[test]
fn bytes_that_are_not_those_of_their_hash_are_damage_on_a_server_too() {
    let database = Database::new();
    let served = filled(&database);
    database.sql("UPDATE cfn.skill_contents SET bytes = 'x' WHERE hash = (SELECT content_hash FROM cfn.skills WHERE name = 'alpha')");
    let ran = check(&served);
    assert_eq!((ran.code, ran.stdout.contains(" are not those of their hash\n")), (Some(3), true), "{ran:?}");
}

#[test]
fn each_trigger_that_is_missing_or_off_is_named_partitions_included() {
    let database = Database::new();
    let served = filled(&database);
    let ours = "SELECT t.tgname || ' on ' || t.tgrelid::regclass FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE p.pronamespace = 'cfn'::regnamespace ORDER BY 1";
    let all = database.sql(ours);
    let all: Vec<(&str, &str)> = all.lines().map(|it| it.split_once(" on cfn.").expect("a table")).collect();
    assert!(all.len() > 30, "{all:?}");
    for (trigger, table) in &all {
        database.sql(&format!("ALTER TABLE ONLY cfn.{table} DISABLE TRIGGER {trigger}"));
    }
    let ran = check(&served);
    for (trigger, table) in &all {
        let line = format!("the trigger {trigger} on {table} is missing or off\n");
        assert!(ran.stdout.contains(&line), "{line}: {}", ran.stdout);
    }
    assert!(ran.code == Some(3) && ran.stdout.contains(&format!("{} damaged, 0 warnings", all.len())), "{ran:?}");
    for (trigger, table) in &all {
        database.sql(&format!("ALTER TABLE ONLY cfn.{table} ENABLE ALWAYS TRIGGER {trigger}"));
    }
    check(&served).ok();
    database.sql("DROP TRIGGER cfn_note_write ON cfn.skills");
    assert!(check(&served).stdout.contains("the trigger cfn_note_write on skills is missing or off\n"));
}

#[test]
fn a_changed_function_and_a_lost_partition_are_damage_and_a_user_s_own_trigger_is_none() {
    let database = Database::new();
    let served = filled(&database);
    database.sql(
        "CREATE FUNCTION public.mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER mine AFTER INSERT ON cfn.skills FOR EACH ROW EXECUTE FUNCTION public.mine()",
    );
    check(&served).ok();
    database.sql("ALTER FUNCTION cfn.cfn_note_write() SECURITY INVOKER");
    assert!(check(&served).stdout.contains("the triggers or their functions were changed"));
    database.sql("ALTER FUNCTION cfn.cfn_note_write() SECURITY DEFINER");
    check(&served).ok();
    database.sql("ALTER TABLE cfn.skill_usage_log DETACH PARTITION cfn.skill_usage_log_rest");
    let ran = check(&served);
    assert_eq!((ran.code, ran.stdout.contains("has no default partition")), (Some(3), true), "{ran:?}");
}
