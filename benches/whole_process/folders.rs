//! Skills of several files: import, export, and loads that name files.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use cfn::bench::workload::{skill_name, write_skill};

use super::Bench;
use super::measure::{Result, Side, compare, timed};
use super::project::Project;
use super::rivals::{Beck, find};

/// Two fifths of the skills of public collections name a file beside `SKILL.md`.
const SKILLS: usize = 5000;

/// What a team exports for its clients.
const EXPORTED: usize = 1000;

/// The files beside `SKILL.md`: a page that it refers to, a script that it runs, and a template.
const BESIDE: [(&str, usize); 3] = [("reference.md", 6000), ("scripts/run.sh", 1500), ("assets/template.txt", 800)];

pub(crate) fn folders(bench: &mut Bench) -> Result<()> {
    import(bench)?;
    bench.clear()?;
    export(bench)
}

fn import(bench: &mut Bench) -> Result<()> {
    let tree = bench.folder.join("folders-tree");
    write_folders(&tree, SKILLS)?;
    let from = tree.display().to_string();
    let ours = Project::empty(bench, "folders-cfn")?;
    let Some(beck) = Beck::new(&bench.folder.join("folders-beck"), &tree)? else {
        bench.not_measured("import of 4 files each, against beck", "beck is not installed (cargo install beck)");
        return Ok(());
    };
    let sides = vec![
        Side::new("cfn init --from", |_| {
            ours.empty_again()?;
            timed(&mut ours.cfn(["init", "--from", &from]))
        }),
        Side::new("beck sync", |_| {
            let _ = fs::remove_dir_all(beck.data()); // the first run has none
            timed(&mut beck.command(["sync"]))
        }),
    ];
    let measured = compare("Import 5,000 skills of 4 files each", bench.few_runs(), 1, sides)?;
    let times = bench.report("import-folders", measured)?.ratio(1);
    bench.verdict("import of 4 files each, against beck, which reads one of them", format!("{times:.1} times"), true);
    Ok(())
}

fn export(bench: &mut Bench) -> Result<()> {
    let ours = Project::empty(bench, "export-cfn")?;
    write_folders(&ours.folder.join("tree"), EXPORTED)?;
    timed(&mut ours.cfn(["init", "--from", "tree", "--approve-as", "ann"]))?;
    let folder = ours.folder.clone();
    let sides = vec![
        Side::new("cfn export", |run| timed(&mut ours.cfn(["export", &format!("out{run}"), "--all"]))),
        Side::new("cp -r", |run| {
            timed(Command::new("cp").args(["-r", "tree", &format!("copy{run}")]).current_dir(&folder))
        }),
    ];
    let measured = compare("Export 1,000 skills of 4 files each", bench.few_runs(), 1, sides)?;
    let ratio = 1.0 / bench.report("export", measured)?.ratio(1);
    bench.verdict("export, at most 1.5 of cp -r", format!("{ratio:.2}"), ratio <= 1.5);

    timed(&mut ours.cfn(["export", "checked", "--all"]))?;
    if find("sha256sum").is_none() {
        bench.not_measured("export --check", "sha256sum is not installed");
        return Ok(());
    }
    let sums = "find checked -type f ! -name cfn-export.lock -exec sha256sum {} + > sums";
    timed(Command::new("sh").args(["-c", sums]).current_dir(&folder))?;
    let sides = vec![
        Side::new("cfn export --check", |_| timed(&mut ours.cfn(["export", "checked", "--all", "--check"]))),
        Side::new("sha256sum -c", |_| {
            timed(Command::new("sha256sum").args(["--quiet", "-c", "sums"]).current_dir(&folder))
        }),
    ];
    let measured = compare("Check an export of 1,000 skills", bench.runs, 3, sides)?;
    let measured = bench.report("export-check", measured)?;
    let ratio = 1.0 / measured.ratio(1);
    bench.verdict("export --check, at most 1.0 of sha256sum -c", format!("{ratio:.2}"), ratio <= 1.0);
    listing(bench, &ours)?;
    plain(bench)
}

/// An export of skills of one file, with nothing to do.
fn plain(bench: &mut Bench) -> Result<()> {
    let ours = Project::with_skills(bench, "export-plain", EXPORTED)?;
    timed(&mut ours.cfn(["export", "out", "--all"]))?;
    let sides = vec![
        Side::new("cfn export", |_| timed(&mut ours.cfn(["export", "out", "--all"]))),
        Side::new("cfn export --check", |_| timed(&mut ours.cfn(["export", "out", "--all", "--check"]))),
    ];
    let measured = compare("Export 1,000 skills of one file, nothing to do", bench.runs, 3, sides)?;
    let measured = bench.report("export-nothing", measured)?;
    for (side, what) in measured.sides.iter().zip(["export", "export --check"]) {
        let median = side.figures()[2];
        bench.verdict(
            format!("{what}, 1,000 skills, nothing to do, in 50 ms"),
            format!("{median:.1} ms"),
            median < 50.0,
        );
    }
    Ok(())
}

/// A load that names files, with nothing to write, against one that names the sources. What was written in the last two
/// seconds is hashed each time.
fn listing(bench: &mut Bench, ours: &Project) -> Result<()> {
    let load = |paths: &str| {
        let paths = format!("--paths={paths}");
        timed(&mut ours.cfn(["load", "dev", "--format", "xml", &paths]))
    };
    for number in 0..20 {
        timed(&mut ours.cfn(["skill", "assign", &skill_name(number), "--agent", "dev"]))?;
    }
    load("materialized")?;
    thread::sleep(Duration::from_secs(3));
    let sides = vec![Side::new("materialised", |_| load("materialized")), Side::new("sources", |_| load("source"))];
    let measured = compare("Name the files of 20 skills of 4 files each", bench.runs, 3, sides)?;
    let ratio = 1.0 / bench.report("load-xml", measured)?.ratio(1);
    bench.verdict("load --format xml, at most 1.1 of the sources", format!("{ratio:.2}"), ratio <= 1.1);
    Ok(())
}

fn write_folders(tree: &Path, skills: usize) -> Result<()> {
    for number in 0..skills {
        write_skill(tree, number, 0)?;
        let folder = tree.join(skill_name(number));
        for (path, size) in BESIDE {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().ok_or("no folder")?)?;
            fs::write(&path, format!("{number} {}\n", path.display()).repeat(size / 40))?;
        }
    }
    Ok(())
}
