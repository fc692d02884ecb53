//! Power cuts: what commands wrote is recorded call by call, and a disk is made of it as a cut may leave it: what was not synced is
//! there, or not, or in part. On that disk, everything works at once, and every acknowledged decision is there.
//!
//! `tests/power_cuts.sh` makes as many cuts as it is told.

mod disk;
mod trace;

use std::fs;
use std::path::Path;

use self::disk::Disk;
use self::trace::Call;
use super::tools::{Random, figure, finish, number, run, under};
use crate::harness::{Project, Ran};

/// The recorded rows, in this order. Usage is not a decision: its last rows may be lost, so the figures leave it out.
const COMMANDS: [&str; 12] = [
    "deploy 1 two .claude/skills/two/SKILL.md domain agent",
    "update one 1.0.1 new.md",
    "skill approve one --approver me",
    "log one --agent-id a --agent-type agent",
    "skill reject two --approver me --reason none",
    "db backup b.db",
    "db archive --before 2021-01-01 --to old.gz",
    "deploy 1 three .claude/skills/three/SKILL.md domain agent",
    "db unarchive old.gz",
    "db restore b.db",
    "db maintain",
    "init --db other.db",
];

/// All that a decision is made of, and what an archive takes out.
const FIGURES: &str =
    "SELECT group_concat(s.name || s.version || s.content_hash) FROM (SELECT * FROM skills ORDER BY name) s;
    SELECT count(*) FROM skill_contents; SELECT count(*) FROM approval_history;
    SELECT count(*) FROM skill_usage_log WHERE agent_id = 'old';";

/// A recorded run: the disk before it, every call that changed it, and what the database was after each command.
struct Recording {
    base: Project,
    calls: Vec<Call>,
    /// How many calls there were when a command was done, and the figures then.
    states: Vec<(usize, String)>,
}

fn figures(folder: &Path) -> String {
    // On a copy: another program would change the files beside the database.
    let copy = Project::copy_of(folder);
    copy.sqlite3(FIGURES)
}

fn record() -> Recording {
    let project = Project::new();
    for name in ["one", "two", "three"] {
        project.skill(name, &format!("{name} {}", "Text. ".repeat(1500)));
    }
    project.file("new.md", format!("---\nname: one\ndescription: d\n---\n{}", "New. ".repeat(3000)));
    project.cfn(["deploy", "1", "one", ".claude/skills/one/SKILL.md", "domain", "agent"]).ok();
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
           SELECT 'old', 'agent', 1, '2020-01-01 00:00:00' FROM generate_series(1, 500);
         CREATE TABLE made_to_be_dropped AS SELECT randomblob(900) FROM generate_series(1, 300);
         DROP TABLE made_to_be_dropped;",
    );
    let base = Project::copy_of(project.path());
    let (mut calls, mut states) = (Vec::new(), vec![(0, figures(project.path()))]);
    let log = tempfile::NamedTempFile::new().expect("a file");
    for command in COMMANDS {
        let path = log.path().to_str().expect("a path");
        let wrapper = [&["strace", "-f", "-qq", "-o", path][..], &trace::OPTIONS].concat();
        Ran::from(finish(under(&project, &wrapper, command.split(' ')))).ok();
        calls.extend(trace::read(&fs::read_to_string(log.path()).expect("the log of strace"), project.path()));
        states.push((calls.len(), figures(project.path())));
    }
    Recording { base, calls, states }
}

/// The figures that a cut after so many calls may leave: those before the running command, and those after it.
fn allowed(states: &[(usize, String)], cut: usize) -> Vec<&str> {
    let done = states.iter().rposition(|(calls, _)| *calls <= cut).unwrap_or_default();
    states.iter().skip(done).take(2).map(|(_, figures)| figures.as_str()).collect()
}

/// A file that a command promised is whole on the disk.
fn assert_whole_files(project: &Project, recording: &Recording, cut: usize, what: &str) {
    let promised = |command: usize| recording.states.get(command + 1).is_some_and(|(calls, _)| *calls <= cut);
    for (command, path) in [(5, "b.db"), (11, "other.db")] {
        let there = project.path().join(path).exists();
        assert!(there || !promised(command), "{what}: {path} was promised");
        if there {
            project.cfn(["--db", path, "db", "check"]).ok();
        }
    }
    if promised(6) && !promised(8) {
        assert!(project.path().join("old.gz").exists(), "{what}: the archive was promised");
    }
}

#[test]
fn after_a_power_cut_every_acknowledged_decision_is_there_and_commands_work() {
    let recording = record();
    let mut random = Random::new();
    let cuts = number("CFN_POWER_CUTS", 40);
    let mut lost = 0;
    for _ in 0..cuts {
        let cut = usize::try_from(random.below(recording.calls.len() as u64 + 1)).expect("a number");
        let project = Project::copy_of(recording.base.path());
        let mut disk = Disk::of(project.path());
        recording.calls.iter().take(cut).for_each(|call| disk.apply(call));
        lost += disk.cut(&mut random);
        disk.write_to(project.path());
        let what = format!("cut after {cut} of {} calls", recording.calls.len());
        for args in
            [&["load", "agent"][..], &["skill", "list"], &["log", "one", "--agent-id", "z", "--agent-type", "t"]]
        {
            let ran = run(project.command(args));
            assert_eq!(ran.code, Some(0), "{what}: {args:?}: {ran:?}");
        }
        let (now, allowed) = (figures(project.path()), allowed(&recording.states, cut));
        assert!(allowed.contains(&now.as_str()), "{what}: {now}\nnot one of {allowed:?}");
        project.cfn(["db", "check"]).ok();
        assert_eq!(project.sqlite3("PRAGMA foreign_key_check"), "", "{what}");
        assert_whole_files(&project, &recording, cut, &what);
        let left: Vec<_> = project.leftovers().into_iter().filter(|it| it.contains("tmp")).collect();
        assert_eq!(left, [] as [&str; 0], "{what}");
    }
    figure(&format!("{cuts} power cuts over {} calls, {lost} of them lost or torn", recording.calls.len()));
    assert!(lost > 0, "nothing was ever lost");
}
