//! Several processes that start at once on an older database: one adopts, the others wait.

use std::process::Stdio;

use super::layouts::{self, V1, V2, add, approve, shape};
use crate::harness::{Project, Ran};

#[test]
fn one_adopts_and_the_others_wait() {
    for layout in [V1, V2] {
        let project = layouts::project(layout);
        for number in 0..20 {
            add(&project, &format!("s{number}"), &format!("Body {number}."));
        }
        if layout == V2 {
            (0..20).for_each(|number| approve(&project, &format!("s{number}")));
        }
        let start = || {
            let mut command = project.command(["load", "dev", "--format", "names"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
        };
        let running: Vec<_> = (0..8).map(|_| start()).collect();
        let ran: Vec<Ran> = running.into_iter().map(|it| it.wait_with_output().expect("cfn ends").into()).collect();
        for it in &ran {
            assert_eq!((it.code, it.stdout.lines().count()), (Some(0), 20), "{it:?}");
        }
        assert_eq!(ran.iter().filter(|it| it.stderr.contains("adopted")).count(), 1, "{ran:?}");
        assert_eq!(project.leftovers().len(), 1, "one backup: {:?}", project.leftovers());
        assert_eq!(shape(&project), shape(&Project::new()));
        assert_eq!(project.sqlite3("SELECT count(*) FROM skill_versions"), "20");
        project.assert_whole();
    }
}

#[test]
fn two_processes_that_create_a_database_make_one() {
    for _ in 0..3 {
        let project = Project::empty();
        let start = || {
            let mut command = project.command(["init"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
        };
        let running: Vec<_> = (0..8).map(|_| start()).collect();
        let ran: Vec<Ran> = running.into_iter().map(|it| it.wait_with_output().expect("cfn ends").into()).collect();
        assert!(ran.iter().all(|it| it.code == Some(0)), "{ran:?}");
        assert_eq!(ran.iter().filter(|it| it.stdout.starts_with("created ")).count(), 1, "{ran:?}");
        assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
        project.assert_whole();
    }
}
