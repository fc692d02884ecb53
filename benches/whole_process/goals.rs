//! What is measured: each function is one of the goals, with the case that its sizes stand for.

use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cfn::bench::workload::{agent_of, skill_name, write_skill, write_tree};

use super::Bench;
use super::measure::{Comparison, Result, Side, compare, timed};
use super::project::Project;
use super::rivals::{Beck, deploy_batch, deploy_by_script, find, shell, update_batch, update_by_script};

/// A large project's skills; the public collections of skill files that were looked at have some thousands.
const SKILLS: usize = 5000;

/// Goal 1: deploy and update, in a database of 5,000 skills, against the `sqlite3` shell that writes the same rows.
pub(crate) fn writes(bench: &mut Bench) -> Result<()> {
    if find("sqlite3").is_none() {
        bench.not_measured("1 deploy and update", "the sqlite3 shell is not installed");
        return Ok(());
    }
    let ours = Project::with_skills(bench, "deploy-cfn", SKILLS)?;
    let batch = Project::like(bench, "deploy-batch", &ours)?;
    let old = Project::like(bench, "deploy-script", &ours)?;
    let deploys = deploys(bench, [&ours, &batch, &old])?;
    let deploys = bench.report("deploy", deploys)?;
    let updates = updates(bench, [&ours, &batch, &old])?;
    let updates = bench.report("update", updates)?;
    judge_writes(bench, "deploy", &deploys, 10.0);
    judge_writes(bench, "update", &updates, 20.0);
    Ok(())
}

fn deploys(bench: &Bench, [ours, batch, old]: [&Project; 3]) -> Result<Comparison> {
    compare(
        "Deploy a new skill for two agent types (database of 5,000 skills)",
        bench.runs,
        3,
        vec![
            Side::new("cfn deploy", |run| {
                let number = SKILLS + run;
                let file = write_skill(&ours.folder, number, 0)?.display().to_string();
                timed(&mut ours.cfn([
                    "deploy",
                    "42",
                    &skill_name(number),
                    &file,
                    "domain",
                    "backend-developer,api-designer",
                ]))
            }),
            Side::new("sqlite3, one batch", |run| {
                let file = batch.folder.join("deploy.sql");
                fs::write(&file, deploy_batch(SKILLS + run))?;
                timed(&mut shell(&batch.database(), &file)?)
            }),
            Side::new("the old script, made anew", |run| {
                let file = write_skill(&old.folder, SKILLS + run, 0)?;
                timed(&mut deploy_by_script(&old.database(), &file, SKILLS + run))
            }),
        ],
    )
}

fn updates(bench: &Bench, [ours, batch, old]: [&Project; 3]) -> Result<Comparison> {
    compare(
        "Update a skill (database of 5,000 skills)",
        bench.runs,
        3,
        vec![
            Side::new("cfn update", |run| {
                let file = write_skill(&ours.folder, run, 1)?.display().to_string();
                timed(&mut ours.cfn(["update", &skill_name(run), "1.0.1", &file]))
            }),
            Side::new("sqlite3, one batch", |run| {
                let file = batch.folder.join("update.sql");
                fs::write(&file, update_batch(run, 1))?;
                timed(&mut shell(&batch.database(), &file)?)
            }),
            Side::new("the old script, made anew", |run| {
                let file = write_skill(&old.folder, run, 1)?;
                timed(&mut update_by_script(&old.database(), &file, run, 1))
            }),
        ],
    )
}

fn judge_writes(bench: &mut Bench, what: &str, measured: &Comparison, times: f64) {
    let (batch, script) = (1.0 / measured.ratio(1), measured.ratio(2));
    bench.verdict(format!("1 {what}, at most 1.1 of the batch"), format!("{batch:.2}"), batch <= 1.1);
    // The old scripts themselves are not here.
    let goal = format!("1 {what}, {times} times as fast as the old script, made anew from its description");
    bench.verdict(goal, format!("{script:.1} times"), script >= times);
}

/// Goal 2: an agent's 20 skills, hash-checked, out of 5,000.
pub(crate) fn load(bench: &mut Bench) -> Result<()> {
    let ours = Project::with_skills(bench, "load-cfn", SKILLS)?;
    let tree = bench.folder.join("load-tree");
    write_tree(&tree, SKILLS)?;
    let beck = Beck::new(&bench.folder.join("load-beck"), &tree)?;
    // A database of its own: the shell, which may write, takes the log and its index away when it closes, and the next reader would
    // have to make them again.
    let theirs = Project::like(bench, "load-sqlite3", &ours)?;
    let agent = |run: usize| agent_of(run * 7, SKILLS);
    let mut sides =
        vec![Side::new("cfn load, 20 skills", |run| timed(&mut ours.cfn(["load", &agent(run), "--format", "prompt"])))];
    if let Some(beck) = &beck {
        timed(&mut beck.command(["sync"]))?;
        sides.push(Side::new("beck load, one skill", |run| timed(&mut beck.command(["load", &skill_name(run * 7)]))));
    }
    if find("sqlite3").is_some() {
        sides.push(Side::new("sqlite3, the bytes of one skill", |run| {
            let query = format!(
                "SELECT CAST(c.bytes AS TEXT) FROM skills s JOIN skill_contents c ON c.hash = s.content_hash WHERE s.name = '{}'",
                skill_name(run * 7)
            );
            timed(std::process::Command::new("sqlite3").arg(theirs.database()).arg(query))
        }));
    }
    let measured = compare("Load an agent's 20 skills of 5,000", bench.runs, 3, sides)?;
    let measured = bench.report("load", measured)?;
    if beck.is_some() {
        let ratio = 1.0 / measured.ratio(1);
        bench.verdict(
            "2 load of 20 skills, no slower than beck showing one",
            format!("{ratio:.2} of beck"),
            ratio <= 1.0,
        );
    } else {
        bench.not_measured("2 load of 20 skills", "beck is not installed (cargo install beck)");
    }
    Ok(())
}

/// Goal 3: the cost of a load follows what is asked for, not what is stored.
pub(crate) fn scale(bench: &mut Bench) -> Result<()> {
    let many_skills = bench.many_skills;
    let few = Project::with_skills(bench, "scale-few", 1000)?;
    let many = Project::with_skills(bench, "scale-many", many_skills)?;
    let load = |project: &Project, run: usize, skills: usize| {
        timed(&mut project.cfn(["load", &agent_of(run * 7, skills), "--format", "prompt"]))
    };
    let sides = vec![
        Side::new("of 1,000", |run| load(&few, run, 1000)),
        Side::new(format!("of {many_skills}"), |run| load(&many, run, many_skills)),
    ];
    let measured = bench.report("scale", compare("Load 20 skills", bench.runs, 3, sides)?)?;
    let ratio = measured.ratio(1);
    bench.verdict(format!("3 load of {many_skills} skills, at most 1.2 of 1,000"), format!("{ratio:.2}"), ratio <= 1.2);
    Ok(())
}

/// Uses of skills in goal 9, and the skills that they are of: the log is the same, however many skills nobody uses.
const USES: usize = 10_000;
const USED: usize = 1000;

/// Goal 9: what an operator looks at all day costs a page, not the database. Pages start in the middle of the list.
pub(crate) fn pages(bench: &mut Bench) -> Result<()> {
    let many_skills = bench.many_skills;
    let few = Project::with_usage(bench, "pages-few", 1000, USES, USED)?;
    let many = Project::with_usage(bench, "pages-many", many_skills, USES, USED)?;
    let all_used = Project::with_usage(bench, "pages-all-used", many_skills, USES, many_skills)?;
    for project in [&few, &many, &all_used] {
        timed(&mut project.cfn(["analytics"]))?; // adds up the usage log, once
    }
    let page = |project: &Project, run: usize, skills: usize| {
        let after = skill_name((skills / 2 + run * 7) % skills);
        timed(&mut project.cfn(["skill", "list", "--limit", "50", "--after", &after]))
    };
    let sides = vec![
        Side::new("of 1,000", |run| page(&few, run, 1000)),
        Side::new(format!("of {many_skills}"), |run| page(&many, run, many_skills)),
    ];
    let measured = compare("List a page of 50 skills", bench.runs, 3, sides)?;
    judge_pages(bench, "list-page", "a page of list", measured)?;
    let sides = vec![
        Side::new("of 1,000", |_| timed(&mut few.cfn(["analytics"]))),
        Side::new(format!("of {many_skills}"), |_| timed(&mut many.cfn(["analytics"]))),
        Side::new(format!("of {many_skills}, used all over"), |_| timed(&mut all_used.cfn(["analytics"]))),
    ];
    let measured = compare("The overview of analytics, 10,000 uses", bench.runs, 3, sides)?;
    judge_pages(bench, "overview", "the overview of analytics", measured)
}

fn judge_pages(bench: &mut Bench, file: &str, what: &str, measured: Comparison) -> Result<()> {
    let ratio = bench.report(file, measured)?.ratio(1);
    let goal = format!("9 {what} of {} skills, at most 1.3 of 1,000", bench.many_skills);
    bench.verdict(goal, format!("{ratio:.2}"), ratio <= 1.3);
    Ok(())
}

/// Goal 6: a tree of 5,000 skills, and 500 skills at once against one by one.
pub(crate) fn import(bench: &mut Bench) -> Result<()> {
    let tree = bench.folder.join("import-tree");
    write_tree(&tree, SKILLS)?;
    let from = tree.display().to_string();
    let ours = Project::empty(bench, "import-cfn")?;
    let beck = Beck::new(&bench.folder.join("import-beck"), &tree)?;
    let mut sides = vec![Side::new("cfn init --from", |_| {
        ours.empty_again()?;
        timed(&mut ours.cfn(["init", "--from", &from]))
    })];
    if let Some(beck) = &beck {
        sides.push(Side::new("beck sync", |_| {
            let _ = fs::remove_dir_all(beck.data()); // the first run has none
            timed(&mut beck.command(["sync"]))
        }));
    }
    let measured = bench.report("import", compare("Import a tree of 5,000 skills", bench.few_runs(), 1, sides)?)?;
    if beck.is_some() {
        let times = measured.ratio(1);
        bench.verdict("6 import, 7 times as fast as beck indexing", format!("{times:.1} times"), times >= 7.0);
    } else {
        bench.not_measured("6 import against beck", "beck is not installed (cargo install beck)");
    }
    bulk(bench)
}

fn bulk(bench: &mut Bench) -> Result<()> {
    const FILES: usize = 500;
    let tree = bench.folder.join("bulk-tree");
    write_tree(&tree, FILES)?;
    let from = tree.display().to_string();
    let (at_once, one_by_one) = (Project::empty(bench, "bulk-once")?, Project::empty(bench, "bulk-single")?);
    let sides = vec![
        Side::new("one import of 500 files", |_| {
            at_once.empty_again()?;
            timed(&mut at_once.cfn(["init", "--from", &from, "--approve-as", "reviewer", "--agents", "one"]))
        }),
        Side::new("500 deploys", |_| {
            one_by_one.empty_again()?;
            timed(&mut one_by_one.cfn(["init"]))?;
            (0..FILES).try_fold(Duration::ZERO, |sum, number| {
                let (name, file) = (skill_name(number), tree.join(skill_name(number)).join("SKILL.md"));
                let took =
                    timed(&mut one_by_one.cfn(["deploy", "1", &name, &file.display().to_string(), "domain", "one"]))?;
                Ok(sum + took)
            })
        }),
    ];
    let measured = bench.report("bulk", compare("Store 500 skills", 5, 1, sides)?)?;
    let times = measured.ratio(1);
    bench.verdict(
        "6 bulk writes, 10 times as fast as one transaction each",
        format!("{times:.1} times"),
        times >= 10.0,
    );
    Ok(())
}

/// Goal 7: a fleet of 20 agents starts at once.
pub(crate) fn concurrent_loads(bench: &mut Bench) -> Result<()> {
    const LOADS: usize = 20;
    let project = Project::with_skills(bench, "concurrent", SKILLS)?;
    let load = |run: usize| timed(&mut project.cfn(["load", &agent_of(run, SKILLS), "--format", "prompt"]));
    let together = |run: usize| {
        let barrier = Barrier::new(LOADS + 1);
        thread::scope(|scope| {
            let started: Vec<_> = (0..LOADS)
                .map(|index| {
                    let (barrier, load) = (&barrier, &load);
                    scope.spawn(move || {
                        barrier.wait();
                        load(run * LOADS + index).map_err(|error| error.to_string())
                    })
                })
                .collect();
            barrier.wait();
            let since = Instant::now();
            for thread in started {
                thread.join().map_err(|_| "a thread panicked")??;
            }
            Ok(since.elapsed())
        })
    };
    let sides = vec![Side::new("one load", load), Side::new("20 loads together", together)];
    let measured = bench.report("concurrent", compare("Concurrent loads", bench.runs, 3, sides)?)?;
    let cores = u32::try_from(thread::available_parallelism()?.get())?;
    let share = measured.ratio(1) / (20.0 / f64::from(cores));
    bench.verdict(
        format!("7 20 loads together, at most 1.5 of 20 single ones on {cores} cores"),
        format!("{share:.2}"),
        share <= 1.5,
    );
    Ok(())
}
