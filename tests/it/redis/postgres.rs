//! Redis in front of PostgreSQL: no answer is older than the last write, whoever wrote.

use super::server::Server;
use super::with_cache;
use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};

#[test]
fn an_answer_from_the_cache_is_never_older_than_the_last_write_of_any_program() {
    let (project, database, server) = (Project::empty(), Database::new(), Server::start());
    project.file("alpha.md", "---\nname: alpha\ndescription: About alpha.\n---\n\nRead it.\n");
    let cfn = |arguments: &[&str]| -> Ran {
        let mut command = with_cache(&project, &server.url(), arguments);
        command.env("CFN_SKILLS_DB_PATH", database.url(Way::Bouncer)).env("CFN_REDIS_BUDGET_MS", "10000");
        command.output().expect("cfn runs").into()
    };
    cfn(&["deploy", "7", "alpha", "alpha.md", "testing", "tester"]).ok();
    let other = database.other_program();
    for (class, question) in
        [("load", &["load", "tester"][..]), ("list", &["skill", "list"]), ("show", &["skill", "show", "alpha"])]
    {
        let asked = || {
            let before = server.counted(class);
            let answer = cfn(question).ok();
            let after = server.counted(class);
            (answer, after.0 - before.0, after.1 - before.1)
        };
        let (first, hits, _) = asked();
        assert_eq!(hits, 1, "{class}: it is asked");
        let (second, hits, stored) = asked();
        assert_eq!((&second, hits, stored), (&first, 1, 0), "{class}: it has the answer");
        other.run("UPDATE skills SET status = 'archived', owner = 'ann' WHERE name = 'alpha'");
        let (third, _, _) = asked();
        assert_ne!(third, first, "{class}: the write is seen");
        other.run("UPDATE skills SET status = 'active', owner = NULL WHERE name = 'alpha'");
        assert_eq!(asked().0, first, "{class}: and the next one");
    }
}
