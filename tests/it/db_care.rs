//! `cfn db status`, `check`, `capture` and `maintain`.

use std::fs;

use crate::harness::{Project, Ran, cfn_in};
use crate::scene::{SCHEMA, deploy, dump, path_of, sha256, skill_text, tokens, with_skill};

#[test]
fn status_tells_what_the_file_and_the_connection_really_are() {
    let project = with_skill("jwt", "domain", "dev");
    let json = project.cfn(["db", "status", "--json"]).json();
    let pairs = |field: &str| -> Vec<(String, String)> {
        let text = |it: &serde_json::Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        json[field].as_object().expect("an object").iter().map(|(name, value)| (name.clone(), text(value))).collect()
    };
    let pragmas = pairs("pragmas");
    for (name, value) in [
        ("journal_mode", "wal"),
        ("synchronous", "1"),
        ("cache_size", "-64000"),
        ("temp_store", "2"),
        ("mmap_size", "268435456"),
        ("foreign_keys", "1"),
        ("trusted_schema", "0"),
        ("journal_size_limit", "16777216"),
    ] {
        assert!(pragmas.contains(&(name.to_owned(), value.to_owned())), "{name}: {pragmas:?}");
    }
    assert!(pairs("counts").contains(&("skills".to_owned(), "1".to_owned())), "{json}");
    assert_eq!(json["schema_version"], SCHEMA.0);
    assert_eq!(json["size_bytes"], fs::metadata(project.database()).expect("a file").len());
    let indexes = pairs("indexes");
    assert_eq!(indexes.len(), 3);
    assert!(indexes.contains(&("idx_approval_history_skill_created".to_owned(), "an index".to_owned())), "{indexes:?}");
    assert_eq!(indexes.iter().filter(|(_, how)| how.contains("UNIQUE constraint")).count(), 2);
    let text = project.cfn(["db", "status"]).ok();
    assert!(
        text.contains(&format!("schema           {}\n", SCHEMA.0))
            && text.contains("settings\n")
            && text.contains("rows\n"),
        "{text}"
    );
}

#[test]
fn check_is_clean_after_ordinary_work() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    project.cfn(["load", "dev", "--agent-id", "a"]).ok();
    let ran = project.cfn(["db", "check"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("0 damaged, 0 warnings, 2 contents hashed\n", ""));
}

#[test]
fn orphans_and_missing_contents_are_warnings() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3(
        "INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('ghost', 99);
         INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (98, '1.0.0', 'auto', 'approved');
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', 'dev', 97);
         INSERT INTO edge_case_tracking (skill_id, edge_case_description) VALUES (96, 'x');
         INSERT INTO phase4_skill_generation (skill_id) VALUES (95);
         UPDATE skills SET replacement_id = 94;
         UPDATE agent_skill_mappings SET priority = 11 WHERE agent_type = 'dev';
         DELETE FROM skill_contents;",
    );
    fs::remove_file(project.path().join(path_of("jwt"))).expect("removed");
    let ran = project.cfn(["db", "check"]);
    for line in [
        "warning: 1 rows of agent_skill_mappings point to a skill that does not exist (2)",
        "warning: 1 rows of approval_history point to a skill that does not exist (2)",
        "warning: 1 rows of skill_usage_log point to a skill that does not exist (1)",
        "warning: 1 rows of edge_case_tracking point to a skill that does not exist (1)",
        "warning: 1 rows of phase4_skill_generation point to a skill that does not exist (1)",
        "warning: 1 skills name a replacement that does not exist (1)",
        "warning: 1 skills name bytes that are not in the database (jwt)",
        "warning: 1 rows of agent_skill_mappings have a priority outside 1 to 10 (1)",
        "warning: jwt 1.0.0: its file is missing",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn damage_is_exit_3_and_the_file_is_left_alone() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("UPDATE skill_contents SET bytes = 'x'");
    let ran = project.cfn(["db", "check"]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stdout.contains(" are not those of their hash\n")
            && ran.stdout.ends_with("1 damaged, 0 warnings, 1 content hashed\n"),
        "{ran:?}"
    );

    let project = Project::new();
    for number in 0..40 {
        deploy(&project, &format!("s{number}"), &"Body. ".repeat(900), &[]);
    }
    project.sqlite3("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    let mut bytes = fs::read(project.database()).expect("a file");
    let half = bytes.len() / 2;
    bytes[half..half + 8192].fill(0xAB);
    fs::write(project.database(), &bytes).expect("written");
    let ran = project.cfn(["db", "check"]);
    assert!(ran.code == Some(3) && !ran.stderr.contains("panicked"), "{ran:?}");
    assert_eq!(fs::read(project.database()).expect("a file"), bytes, "looking changes nothing");
}

#[test]
fn capture_takes_what_other_tools_added_and_names_the_rest() {
    let project = Project::new();
    let text = skill_text("added", "Body.");
    for name in ["added", "changed", "latin", "elsewhere"] {
        project.file(&format!("files/{name}.md"), skill_text(name, "Body."));
    }
    project.file("files/latin.md", b"caf\xe9");
    let row = |name: &str, path: &str, hash: &str| {
        project.sqlite3(&format!(
            "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('{name}', 'domain', '{path}', '{hash}', '1.0.0')"
        ));
    };
    row("added", "files/added.md", &sha256(&text));
    project.file("files/capitals.md", "Capitals.");
    row("capitals", "files/capitals.md", &sha256("Capitals.").to_uppercase());
    row("changed", "files/changed.md", &sha256("other"));
    row("gone", "files/gone.md", &sha256("gone"));
    row("latin", "files/latin.md", &sha256(b"caf\xe9"));
    row("folder", "files", &sha256("x"));
    row("nothing", "", &sha256("x"));
    let absolute = project.path().join("files/elsewhere.md");
    row("elsewhere", absolute.to_str().expect("UTF-8"), &sha256(skill_text("elsewhere", "Body.")));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let run = || -> crate::harness::Ran {
        let mut command = cfn_in(elsewhere.path());
        command.args(["db", "capture", "--db"]).arg(project.database()).output().expect("cfn runs").into()
    };
    let ran = run();
    assert_eq!(ran.code, Some(0));
    for line in [
        "changed: changed since approval (files/changed.md)\n",
        "gone: missing (files/gone.md)\n",
        "folder: ",
        "latin: ",
        "nothing: ",
        "capitals: its hash is recorded in upper case",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert!(ran.stdout.ends_with("contents stored: 2, not taken: 6\n"), "{ran:?}");
    assert!(project.cfn(["skill", "show", "added", "--json"]).json()["front_matter"]["name"] == "added");
    let before = (dump(&project), tokens(&project));
    assert!(run().ok().ends_with("contents stored: 0, not taken: 6\n"));
    assert_eq!((dump(&project), tokens(&project)), before);
}

#[test]
fn bytes_that_were_captured_can_be_shown_and_approved_and_loaded() {
    let project = Project::new();
    let text = skill_text("added", "Body.");
    project.file("added.md", &text);
    project.sqlite3(&format!(
        "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('added', 'domain', 'added.md', '{}', '1.0.0');
         INSERT INTO agent_skill_mappings (agent_type, skill_id, required) VALUES ('dev', 1, 1);",
        sha256(&text)
    ));
    project.cfn(["db", "capture"]).ok();
    assert_eq!(project.cfn(["skill", "show", "added", "--content"]).ok(), text);
    project.cfn(["skill", "approve", "added", "--approver", "me"]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("Body."));
    assert_eq!(project.cfn(["skill", "verify"]).ok(), "1 skill checked, 0 differences\n");
}

#[test]
fn bootstrap_skills_are_bound_only_when_asked() {
    let project = with_skill("jwt", "testing", "dev");
    project.file("boot/basics.md", "Basics.");
    project.sqlite3(
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('basics', 'boot/basics.md', 1, 'x');
         INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('gone', 'boot/gone.md', 2, 'x');",
    );
    let plain = project.cfn(["db", "capture"]).ok();
    assert!(plain.contains("basics: bootstrap skill without a recorded hash"), "{plain}");
    let bound = project.cfn(["db", "capture", "--bootstrap"]).ok();
    assert!(bound.contains("gone: missing") && bound.ends_with("contents stored: 1, not taken: 1\n"), "{bound}");
    assert_eq!(
        project.sqlite3("SELECT content_hash FROM bootstrap_skills WHERE skill_name = 'basics'"),
        sha256("Basics.")
    );
    project.file("boot/basics.md", "Changed.");
    assert!(project.cfn(["load", "dev"]).ok().contains(" name=\"basics\">\nBasics.\n"));
}

#[test]
fn maintain_gives_space_back_and_says_what_it_gained() {
    let project = with_skill("jwt", "domain", "dev");
    let none = project.cfn(["db", "maintain"]).ok();
    assert!(none.contains("no VACUUM: ") && none.contains("no ANALYZE: "), "{none}");
    project.sqlite3("INSERT INTO skill_contents (hash, bytes) VALUES ('h', randomblob(3000000))");
    project.sqlite3("DELETE FROM skill_contents WHERE hash = 'h'");
    let json = project.cfn(["db", "maintain", "--json"]).json();
    assert_eq!((&json["vacuumed"], &json["analyzed"]), (&true.into(), &false.into()));
    let gained = json["bytes_before"].as_u64().zip(json["bytes_after"].as_u64()).map(|(before, after)| before - after);
    assert!(gained.is_some_and(|it| it > 2_000_000), "{json}");
    project.sqlite3(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) SELECT 'a', 'dev', 1 FROM n",
    );
    assert_eq!(project.cfn(["db", "maintain", "--json"]).json()["analyzed"], true);
    assert!(project.cfn(["db", "maintain"]).ok().contains("the statistics are fresh"));
    project.assert_whole();
}

#[test]
fn maintain_if_due_does_what_pays_and_leaves_the_rest() {
    let project = with_skill("jwt", "domain", "dev");
    let none = project.cfn(["db", "maintain", "--if-due"]).ok();
    assert!(none.contains("no VACUUM: ") && none.contains("bytes are free, less than 1048576"), "{none}");
    project.sqlite3("INSERT INTO skill_contents (hash, bytes) VALUES ('h', randomblob(3000000))");
    project.sqlite3("DELETE FROM skill_contents WHERE hash = 'h'");
    assert_eq!(project.cfn(["db", "maintain", "--if-due", "--json"]).json()["vacuumed"], true);
    project.sqlite3("INSERT INTO skill_contents (hash, bytes) VALUES ('h', randomblob(70000000))");
    project.sqlite3("DELETE FROM skill_contents WHERE hash = 'h'");
    let large = project.cfn(["db", "maintain", "--if-due"]).ok();
    assert!(large.contains("no VACUUM: writers would wait for") && large.contains("run 'cfn db maintain'"), "{large}");
    assert_eq!(project.cfn(["db", "maintain", "--json"]).json()["vacuumed"], true);
    project.assert_whole();
}

#[test]
fn maintain_if_due_leaves_a_database_alone_that_another_process_writes_to() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("INSERT INTO skill_contents (hash, bytes) VALUES ('h', randomblob(3000000))");
    project.sqlite3("DELETE FROM skill_contents WHERE hash = 'h'");
    let writer = rusqlite::Connection::open(project.database()).expect("a database");
    writer.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let mut command = project.command(["db", "maintain", "--if-due"]);
    let ran = Ran::from(command.env("CFN_BUSY_TIMEOUT_MS", "50").output().expect("cfn runs"));
    assert!(ran.stdout.contains("another process is writing; the rest is left for the next time"), "{ran:?}");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    writer.execute_batch("COMMIT").expect("released");
    assert_eq!(project.cfn(["db", "maintain", "--if-due", "--json"]).json()["vacuumed"], true);
}

#[test]
fn maintain_is_safe_under_a_reader() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let project = with_skill("jwt", "domain", "dev");
    let mut command = Command::new("sqlite3");
    let mut reader =
        command.arg(project.database()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sqlite3");
    let mut input = reader.stdin.take().expect("a pipe");
    let mut output = BufReader::new(reader.stdout.take().expect("a pipe"));
    let mut ask = |sql: &str| {
        writeln!(input, "{sql}").expect("written");
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        line
    };
    assert_eq!(ask("BEGIN; SELECT name FROM skills;"), "jwt\n");
    deploy(&project, "sql", "Body.", &[]);
    let ran = project.cfn(["db", "maintain"]);
    assert!(ran.stdout.contains("a reader holds the write-ahead log"), "{ran:?}");
    assert_eq!(ran.code, Some(0));
    assert_eq!(ask("SELECT count(*) FROM skills;"), "1\n", "the reader keeps its moment");
    assert_eq!(ask("COMMIT; SELECT count(*) FROM skills;"), "2\n");
    drop(input);
    reader.wait().expect("sqlite3 ends");
}
