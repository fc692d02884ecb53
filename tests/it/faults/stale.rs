//! No answer of `load --batch` is older than the last committed write, whoever wrote it: each one is compared with that of a batch
//! without a cache, at random points between writes. `CFN_BATCH_REQUESTS=100000` is the full size.

use cfn::bench::Random;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::tools::{figure, number};
use crate::batch::Batch;
use crate::harness::Project;
use crate::scene::{deploy, path_of, skill_text};

const SKILLS: [&str; 5] = ["s0", "s1", "s2", "s3", "s4"];

/// Requests as agents make them: the same ones again and again, some of which no cache may answer.
const REQUESTS: &[&str] = &[
    r#"{"agent_type":"dev"}"#,
    r#"{"id":1,"agent_type":"dev"}"#,
    r#"{"agent_type":"dev","id":{"any":["json",null]}}"#,
    r#"{"id":"t","agent_type":"tester"}"#,
    r#"{"agent_type":"tester","context":"auth,Database"}"#,
    r#"{"agent_type":"tester","context":["other"]}"#,
    r#"{"agent_type":"dev","phase":"loop3"}"#,
    r#"{"agent_type":"dev","max_skills":2}"#,
    r#"{"agent_type":"dev","max_tokens":60}"#,
    r#"{"agent_type":"tester","no_bootstrap":true}"#,
    r#"{"agent_type":"tester","format":"names"}"#,
    r#"{"id":2,"agent_type":"dev","format":"prompt"}"#,
    r#"{"agent_type":"dev","format":"xml"}"#,
    r#"{"agent_type":"dev","format":"xml","paths":"source"}"#,
    r#"{"agent_type":"nobody"}"#,
    r#"{"id":3,"agent_type":"no body"}"#,
    r#"{"id":4,"agent_type":"tester","agent_id":"tester-1","task_id":"task"}"#,
];

struct Writer<'a> {
    project: &'a Project,
    connection: Connection,
    random: Random,
    /// Those that change a token: name and SQL.
    triggers: Vec<(String, String)>,
    backup: String,
    version: usize,
}

impl<'a> Writer<'a> {
    fn new(project: &'a Project) -> Self {
        let connection = Connection::open(project.database()).expect("it opens");
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).expect("set");
        connection.execute_batch("PRAGMA busy_timeout = 10000; PRAGMA synchronous = OFF").expect("set");
        let backup = project.path().join("backup.db").to_string_lossy().into_owned();
        project.cfn(["db", "backup", &backup]).ok();
        let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%\\_token%' ESCAPE '\\'";
        let mut statement = connection.prepare(sql).expect("SQL");
        let triggers = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("it runs");
        let triggers: Vec<_> = triggers.collect::<rusqlite::Result<_>>().expect("triggers");
        assert_eq!(triggers.len(), 25);
        drop(statement);
        Self { project, connection, random: Random::new(7), triggers, backup, version: 0 }
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.below(from.len())]
    }

    fn sql(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// One write, by one of the programs that write the database.
    fn write(&mut self) -> String {
        if !self.connection.is_autocommit() {
            let end = self.of(&["COMMIT", "ROLLBACK"]);
            return self.run(end.to_owned());
        }
        match self.random.below(400) {
            0 => self.update_by_cfn(),
            1 => self.shell(),
            2 => self.restore(),
            3 => self.run("VACUUM".to_owned()),
            4..=9 => self.without_triggers(),
            10..=29 => self.begin(),
            30..=39 => self.file(),
            _ => {
                let sql = self.statement();
                self.run(sql)
            }
        }
    }

    fn run(&self, sql: String) -> String {
        self.sql(&sql);
        sql
    }

    /// Plain SQL, as another program may write it.
    fn statement(&mut self) -> String {
        let (skill, other) = (self.of(&SKILLS), self.of(&SKILLS));
        let agent = self.of(&["dev", "tester"]);
        let id = format!("(SELECT id FROM skills WHERE name = '{skill}')");
        let mapping = format!("agent_type = '{agent}' AND skill_id = {id}");
        match self.random.below(14) {
            0 => format!(
                "UPDATE skills SET status = '{}' WHERE name = '{skill}'",
                self.of(&["active", "active", "archived"])
            ),
            1 => format!(
                "UPDATE skills SET tags = '{}', test_coverage = 0.9 WHERE name = '{skill}'",
                self.of(&[r#"["auth"]"#, "other", ""])
            ),
            2 => format!("UPDATE agent_skill_mappings SET priority = {} WHERE {mapping}", 1 + self.random.below(9)),
            3 => format!("UPDATE agent_skill_mappings SET enabled = 1 - enabled WHERE {mapping}"),
            4 => format!("DELETE FROM agent_skill_mappings WHERE {mapping}"),
            5 => format!("INSERT OR REPLACE INTO agent_skill_mappings (agent_type, skill_id) VALUES ('{agent}', {id})"),
            6 => {
                let conditions =
                    self.of(&["NULL", r#"'{"taskContext":"database"}'"#, r#"'{"phase":["loop3"]}'"#, "'not JSON'"]);
                format!("UPDATE agent_skill_mappings SET conditions = {conditions} WHERE {mapping}")
            }
            7 => {
                let gate = self.of(&["NULL", r#"'{"min_pass_rate":0.5}'"#, r#"'{"min_coverage":0.5}'"#]);
                format!("UPDATE agent_skill_mappings SET tdd_condition = {gate} WHERE {mapping}")
            }
            8 | 9 => format!(
                "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, test_pass_rate) VALUES ('a', '{agent}', {id}, {})",
                self.of(&["0.1", "0.9", "NULL"])
            ),
            10 => format!(
                "INSERT INTO approval_history (skill_id, version, approval_level, decision)
                 SELECT id, version, approval_level, '{}' FROM skills WHERE name = '{skill}'",
                self.of(&["approved", "approved", "rejected"])
            ),
            11 => {
                // Damage, and more often its end: while something is damaged, nothing is kept.
                let bytes = self.of(&["bytes || 'x'", "rtrim(bytes, 'x')", "rtrim(bytes, 'x')"]);
                format!("UPDATE skill_contents SET bytes = {bytes}")
            }
            12 => format!(
                "INSERT OR REPLACE INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash)
                 SELECT name, content_path, id, 'd', content_hash FROM skills WHERE name IN ('{skill}', '{other}')"
            ),
            _ => "DELETE FROM bootstrap_skills".to_owned(),
        }
    }

    /// A write that nobody sees yet, and that may never have happened.
    fn begin(&mut self) -> String {
        let statement = self.statement();
        self.sql(&format!("BEGIN IMMEDIATE; {statement}"));
        format!("begun: {statement}")
    }

    /// A write that changes no token: all triggers that do are gone while it happens.
    fn without_triggers(&mut self) -> String {
        let statement = self.statement();
        let (gone, back): (String, String) =
            self.triggers.iter().map(|(name, sql)| (format!("DROP TRIGGER {name};"), format!("{sql};"))).unzip();
        self.sql(&format!("BEGIN; {gone} {statement}; {back} COMMIT"));
        format!("without triggers: {statement}")
    }

    fn shell(&mut self) -> String {
        let statement = self.statement();
        self.project.sqlite3(&statement);
        format!("sqlite3: {statement}")
    }

    /// cfn deploys other bytes, which are the skill's next patch version.
    fn update_by_cfn(&mut self) -> String {
        let skill = self.of(&SKILLS);
        self.version += 1;
        self.project.skill(skill, &format!("Body {}.", self.version));
        let ran = self.project.cfn(["deploy", "1", skill, &path_of(skill)]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        format!("cfn deploy {skill}")
    }

    fn restore(&mut self) -> String {
        self.project.cfn(["db", "restore", &self.backup]).ok();
        "cfn db restore".to_owned()
    }

    /// The file of a skill, which only `xml` looks at.
    fn file(&mut self) -> String {
        let (skill, body) = (self.of(&SKILLS), self.of(&["First.", "Changed."]));
        self.project.file(&path_of(skill), skill_text(skill, body));
        format!("the file of {skill}")
    }
}

fn project() -> Project {
    let project = Project::new();
    for (name, category) in SKILLS.iter().zip(["testing", "domain", "domain", "infrastructure", "testing"]) {
        deploy(&project, name, "First.", &[category, "dev,tester"]);
    }
    project
}

#[test]
fn no_answer_is_older_than_the_last_write() {
    let most = number("CFN_BATCH_REQUESTS", 3000);
    let project = project();
    let mut writer = Writer::new(&project);
    let (mut cached, mut oracle) = (Batch::start(&project, &["-v"]), Batch::start(&project, &["--cache", "never"]));
    let (mut asked, mut changes) = (0, 0);
    while asked < most {
        let wrote = writer.write();
        changes += 1;
        for _ in 0..=writer.random.below(12) {
            let request = writer.of(REQUESTS);
            if request.contains("agent_id") && !writer.connection.is_autocommit() {
                continue; // it writes, so it would wait for the other
            }
            let (answer, expected) = (cached.ask_for_text(request), oracle.ask_for_text(request));
            assert_eq!(
                answer, expected,
                "answer {asked} to {request}, after {changes} writes, the last of which is: {wrote}"
            );
            asked += 1;
        }
    }
    drop(oracle.end());
    let ran = cached.end();
    let line = ran.stderr.lines().find(|it| it.contains("answers from memory")).unwrap_or_else(|| panic!("{ran:?}"));
    let hits = line.split("hits=").nth(1).and_then(|it| it.split(' ').next()).and_then(|it| it.parse::<usize>().ok());
    assert!(hits.is_some_and(|it| it > asked / 10), "{line}");
    figure(&format!("{asked} answers with {changes} writes in between, none of them stale; {line}"));
}
