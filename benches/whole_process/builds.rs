//! Goal 10: this build beside another one, command by command in turn. Each makes and fills a database of its own, since the other
//! may know an older schema only.

use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cfn::bench::statistics::median_of_ratios;
use cfn::bench::workload::{skill_name, write_skill, write_tree};

use super::Bench;
use super::measure::{Result, Side, compare, timed};
use super::project::Project;

/// A large project's skills.
const SKILLS: usize = 5000;

/// What an agent gets in one load.
const LOADED: usize = 20;

/// How much slower a build may be than the one before.
const MOST: f64 = 1.05;

/// What is compared: its name, whether a run takes long, and a run of it.
type Work = (&'static str, bool, fn(&Project, usize) -> Result<Duration>);

const WORK: [Work; 10] = [
    ("load of 20 skills", false, |it, _| timed(&mut it.cfn(["load", "many"]))),
    ("load of one skill", false, |it, _| timed(&mut it.cfn(["load", "one"]))),
    ("deploy", false, deploy),
    ("update", false, update),
    ("log", false, |it, run| {
        timed(&mut it.cfn(["log", &skill_name(run % SKILLS), "--agent-id", "a", "--agent-type", "many"]))
    }),
    ("skill show", false, |it, run| timed(&mut it.cfn(["skill", "show", &skill_name(run % SKILLS)]))),
    ("skill list --agent", false, |it, _| timed(&mut it.cfn(["skill", "list", "--agent", "many"]))),
    ("analytics", false, |it, _| timed(&mut it.cfn(["analytics"]))),
    ("20 loads together", true, together),
    ("init --from, 5,000 files", true, import),
];

/// Measures this build beside the one at `other`.
pub(crate) fn beside(bench: &mut Bench, other: Option<&Path>) -> Result<()> {
    let Some(other) = other else {
        bench.not_measured("10 beside another build", "CFN_OTHER names none");
        return Ok(());
    };
    let tree = bench.folder.join("builds-tree");
    write_tree(&tree, SKILLS)?;
    let sides = [("builds-other", other.to_owned()), ("builds-this", bench.binary.clone())];
    let [before, now] = sides.map(|(name, binary)| filled(bench, name, &binary, &tree));
    let (before, now) = (before?, now?);
    for (name, slow, work) in WORK {
        let runs = if slow { bench.few_runs() } else { bench.runs };
        let sides = vec![
            Side::new("the other build", |run| work(&before, run)),
            Side::new("this build", |run| work(&now, run)),
        ];
        let measured = bench.report(&format!("builds-{}", name.replace(' ', "-")), compare(name, runs, 3, sides)?)?;
        let [others, ours] = [0, 1].map(|side| measured.sides[side].milliseconds());
        let ratio = median_of_ratios(&others, &ours).ok_or("no samples")?;
        let shown = format!("{:.3} ({:.3} to {:.3})", ratio.estimate, ratio.low, ratio.high);
        bench.verdict(format!("10 {name}, at most {MOST} of the other build"), shown, ratio.estimate <= MOST);
    }
    Ok(())
}

/// A project with the skills of a tree, made by this very build. One agent type has 20 of them, another has one.
fn filled(bench: &Bench, name: &str, binary: &Path, tree: &Path) -> Result<Project> {
    let project = Project::empty(bench, name)?.with(binary);
    let from = tree.display().to_string();
    timed(&mut project.cfn(["init", "--from", &from, "--approve-as", "reviewer"]))?;
    for number in 0..=LOADED {
        let (skill, agent) = (skill_name(number), if number < LOADED { "many" } else { "one" });
        let file = tree.join(&skill).join("SKILL.md").display().to_string();
        timed(&mut project.cfn(["deploy", "1", &skill, &file, "domain", agent]))?;
    }
    Ok(project)
}

fn deploy(project: &Project, run: usize) -> Result<Duration> {
    let file = write_skill(&project.folder, SKILLS + run, 0)?.display().to_string();
    timed(&mut project.cfn([
        "deploy",
        "42",
        &skill_name(SKILLS + run),
        &file,
        "domain",
        "backend-developer,api-designer",
    ]))
}

/// Skills that no load has: those stay what they were.
fn update(project: &Project, run: usize) -> Result<Duration> {
    let number = LOADED + 1 + run;
    let file = write_skill(&project.folder, number, 1)?.display().to_string();
    timed(&mut project.cfn(["update", &skill_name(number), "1.0.1", &file]))
}

fn together(project: &Project, _run: usize) -> Result<Duration> {
    let barrier = Barrier::new(LOADED + 1);
    let load = || {
        let mut command: Command = project.cfn(["load", "many"]);
        barrier.wait();
        timed(&mut command).map(|_| ()).map_err(|error| error.to_string())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..LOADED).map(|_| scope.spawn(load)).collect();
        barrier.wait();
        let since = Instant::now();
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(since.elapsed())
    })
}

/// Into a database that is not there yet.
fn import(project: &Project, _run: usize) -> Result<Duration> {
    let (database, tree) = (project.folder.join("import/skills.db"), project.folder.join("../builds-tree"));
    let folder = database.parent().ok_or("no folder")?;
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let (database, tree) = (database.display().to_string(), tree.display().to_string());
    timed(&mut project.cfn(["--db", &database, "init", "--from", &tree, "--approve-as", "reviewer"]))
}
