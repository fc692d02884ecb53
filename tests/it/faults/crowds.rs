//! Many processes at once: no error, no lost write, and no version number twice.

use std::collections::HashMap;
use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::tools::{at_once, current, figure, finish, number, sha256, under};
use super::victims::assert_clean;
use crate::harness::{Project, Ran};

/// The answer to a writer: skill, version if any, hash.
type Promise = (String, Option<String>, String);

/// One process after the other: skills of its own, and a version of the skill that all share.
fn writer(project: &Project, number: usize, deploys: usize) -> (Vec<Promise>, HashMap<i32, usize>) {
    let (mut promises, mut codes) = (Vec::new(), HashMap::new());
    let mut told = |ran: &Ran, allowed: &[i32]| {
        let code = ran.code.expect("an exit code");
        assert!(code == 0 || allowed.contains(&code), "writer {number}: {ran:?}");
        *codes.entry(code).or_default() += 1;
        code == 0
    };
    for turn in 0..deploys {
        let name = format!("skill-{number}-{turn}");
        let path = project.skill(&name, "Text.");
        let hash = sha256(&fs::read(&path).expect("the file"));
        let ran = project.cfn(["deploy", "1", &name, &path.to_string_lossy(), "domain", "agent,other"]);
        if told(&ran, &[8]) {
            assert!(ran.stdout.trim_end().parse::<u64>().is_ok(), "{ran:?}");
            promises.push((name, Some("1.0.0".to_owned()), hash));
        }
        let path = project.file(&format!("shared/{number}-{turn}.md"), format!("# Shared\n\nBy {number}, {turn}.\n"));
        let (path, hash) = (path.to_string_lossy().into_owned(), sha256(&fs::read(&path).expect("the file")));
        match number % 4 {
            0 => {
                // The next number, as far as this writer can know it.
                let (version, _) = current(project, "shared").expect("the shared skill");
                let last: u64 = version.rsplit('.').next().and_then(|it| it.parse().ok()).expect("a number");
                let next = format!("1.0.{}", last + 1);
                let ran = project.cfn(["update", "shared", &next, &path]);
                if told(&ran, &[5, 6, 8]) {
                    promises.push(("shared".to_owned(), Some(ran.stdout.trim_end().to_owned()), hash));
                }
            }
            1 => {
                let ran = project.cfn(["deploy", "1", "shared", &path]);
                if told(&ran, &[8]) {
                    promises.push(("shared".to_owned(), None, hash));
                }
            }
            2 => drop(told(&project.cfn(["load", "agent", "--agent-id", &format!("a-{number}")]), &[8])),
            _ => drop(told(&project.cfn(["load", "agent"]), &[8])),
        }
    }
    (promises, codes)
}

#[test]
fn many_writers_at_once_lose_nothing_and_give_no_number_twice() {
    let (writers, deploys) = (number("CFN_WRITERS", 16), number("CFN_DEPLOYS", 5));
    let project = Project::new();
    let first = project.file("shared/first.md", "# Shared\n\nThe first.\n");
    project.cfn(["deploy", "1", "shared", &first.to_string_lossy(), "domain", "agent"]).ok();
    let barrier = Barrier::new(writers);
    let since = Instant::now();
    let results: Vec<_> = thread::scope(|scope| {
        let threads = (0..writers).map(|number| {
            let (project, barrier) = (&project, &barrier);
            scope.spawn(move || {
                barrier.wait();
                writer(project, number, deploys)
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|it| it.join().expect("a writer")).collect()
    });
    let took = since.elapsed();
    let rows = project.sqlite3(
        "SELECT s.name || ' ' || v.version || ' ' || v.content_hash FROM skill_versions v JOIN skills s ON s.id = v.skill_id
         WHERE EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = v.content_hash)
           AND EXISTS (SELECT 1 FROM approval_history a WHERE a.skill_id = s.id AND a.content_hash = v.content_hash)",
    );
    let rows: Vec<Vec<&str>> = rows.lines().map(|it| it.split(' ').collect()).collect();
    let mut codes: HashMap<i32, usize> = HashMap::new();
    for (promises, its) in &results {
        for (code, count) in its {
            *codes.entry(*code).or_default() += count;
        }
        for (name, version, hash) in promises {
            let kept =
                |row: &Vec<&str>| row[0] == name && row[2] == hash && version.as_deref().is_none_or(|it| it == row[1]);
            assert!(rows.iter().any(kept), "acknowledged and lost: {name} {version:?} {hash}");
        }
    }
    let mut numbers: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), rows.len(), "a version number twice");
    figure(&format!("{writers} writers × {deploys}: exit codes {codes:?}, {:.1} s", took.as_secs_f64()));
    assert_clean(&project);
}

/// A database whose last writer died with the log full, and how many skills it has.
fn crashed() -> (Project, usize) {
    let project = Project::new();
    let path = project.skill("one", "Text.").to_string_lossy().into_owned();
    let deploys = 5;
    for turn in 0..deploys {
        let name = format!("one-{turn}");
        // Dead at the first write to the database itself: the checkpoint after the commit.
        let database = project.database().to_string_lossy().into_owned();
        let rule = "inject=pwrite64:signal=KILL:when=1";
        let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &database, "-e", rule];
        let command = under(&project, &wrapper, ["deploy", "1", &name, &path, "domain", "agent"]);
        let output = finish(command);
        assert!(!output.status.success(), "{output:?}");
    }
    let log = fs::metadata(project.database().with_file_name("skills.db-wal")).expect("the log of the dead");
    assert!(log.len() > 0);
    (project, deploys)
}

#[test]
fn two_hundred_loads_at_once_after_a_crash_all_answer_the_same() {
    for keep_shared_memory in [true, false] {
        let (project, skills) = crashed();
        if !keep_shared_memory {
            fs::remove_file(project.database().with_file_name("skills.db-shm")).expect("it goes");
        }
        let loads = vec![vec!["load", "agent", "--format", "names"]; number("CFN_STORM", 200)];
        for ran in at_once(&project, &loads) {
            assert_eq!(ran.stderr, "", "{ran:?}");
            assert_eq!(ran.ok().lines().count(), skills, "every commit of the dead is there");
        }
        assert_clean(&project);
    }
}

#[test]
fn a_crowd_of_writers_is_served_before_the_deadline() {
    let project = Project::new();
    let path = project.skill("one", "Text.").to_string_lossy().into_owned();
    project.cfn(["deploy", "1", "one", &path, "domain", "agent"]).ok();
    let commands: Vec<Vec<String>> = (0..number("CFN_CROWD", 200))
        .map(|number| match number % 4 {
            0 => ["deploy", "1", &format!("new-{number}"), &path].map(str::to_owned).to_vec(),
            1 => ["load", "agent", "--agent-id", &format!("a-{number}")].map(str::to_owned).to_vec(),
            2 => ["skill", "approve", "one", "--approver", &format!("a-{number}")].map(str::to_owned).to_vec(),
            _ => ["log", "one", "--agent-id", &format!("a-{number}"), "--agent-type", "agent"]
                .map(str::to_owned)
                .to_vec(),
        })
        .collect();
    for ran in at_once(&project, &commands) {
        ran.ok();
    }
    let quarter = (commands.len() / 4).to_string();
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills WHERE name LIKE 'new-%'"), quarter);
    assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history WHERE approver LIKE 'a-%'"), quarter);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), (commands.len() / 2).to_string());
    assert_clean(&project);
}

#[test]
fn readers_and_writers_at_once_after_a_crash_all_succeed() {
    let (project, skills) = crashed();
    let path = project.skill("one", "Text.").to_string_lossy().into_owned();
    let commands: Vec<Vec<String>> = (0..40)
        .map(|number| match number % 3 {
            0 => ["deploy", "1", &format!("new-{number}"), &path].map(str::to_owned).to_vec(),
            1 => ["load", "agent", "--agent-id", &format!("a-{number}")].map(str::to_owned).to_vec(),
            _ => ["load", "agent"].map(str::to_owned).to_vec(),
        })
        .collect();
    for ran in at_once(&project, &commands) {
        ran.ok();
    }
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), (skills + 14).to_string());
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), (13 * skills).to_string());
    assert_clean(&project);
}

#[test]
fn a_crowd_goes_on_while_some_of_it_are_killed() {
    let project = Project::new();
    let path = project.skill("one", "Text.").to_string_lossy().into_owned();
    let mut promised = Vec::new();
    for round in 0..4 {
        let children: Vec<_> = (0..16)
            .map(|number| {
                let name = format!("s-{round}-{number}");
                let mut command = project.command(["deploy", "1", &name, &path]);
                let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
                (name, number, child.expect("cfn starts"))
            })
            .collect();
        for (name, number, child) in children {
            if number % 4 == 0 {
                let _ = kill_process(Pid::from_child(&child), Signal::KILL); // it may have ended
            }
            let ran = Ran::from(child.wait_with_output().expect("its output"));
            assert!(ran.code == Some(0) || (number % 4 == 0 && ran.code.is_none()), "{ran:?}");
            if ran.code == Some(0) {
                promised.push(name);
            }
        }
    }
    let there = project.sqlite3("SELECT name FROM skills");
    let there: Vec<_> = there.lines().collect();
    assert!(promised.iter().all(|it| there.contains(&it.as_str())), "lost");
    assert_clean(&project);
}
