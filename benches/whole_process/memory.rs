//! Goal 8: peak memory at any database size, and the size of the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cfn::bench::workload::{agent_of, skill_name, write_skill};

use super::Bench;
use super::measure::Result;
use super::project::Project;

const MOST_KIB: u64 = 16 * 1024;
const MOST_BINARY: u64 = 16 * 1024 * 1024;

pub(crate) fn peaks(bench: &mut Bench) -> Result<()> {
    let size = fs::metadata(&bench.binary)?.len();
    bench.verdict("8 size of the binary, at most 16 MiB", format!("{size} bytes"), size <= MOST_BINARY);
    let gnu_time = Path::new("/usr/bin/time");
    if !gnu_time.exists() {
        bench.not_measured("8 peak memory", "/usr/bin/time is not installed (package time)");
        return Ok(());
    }
    super::say("\n### Peak memory (maximum resident set, mapped file pages included)\n");
    super::say("| KiB | deploy | update | load | show |");
    super::say("|---|---|---|---|---|");
    let mut most = 0;
    for skills in [1000, bench.many_skills] {
        let project = Project::with_skills(bench, &format!("memory-{skills}"), skills)?;
        let (name, agent) = (skill_name(skills / 2), agent_of(skills / 2, skills));
        let new = write_skill(&project.folder, skills + 1, 0)?.display().to_string();
        let changed = write_skill(&project.folder, skills / 2, 1)?.display().to_string();
        let commands = [
            project.cfn(["deploy", "42", &skill_name(skills + 1), &new, "domain", "backend-developer"]),
            project.cfn(["update", &name, "1.0.1", &changed]),
            project.cfn(["load", &agent, "--format", "prompt"]),
            project.cfn(["skill", "show", &name]),
        ];
        let peaks = commands.iter().map(|it| peak_kib(gnu_time, it)).collect::<Result<Vec<_>>>()?;
        let cells: Vec<_> = peaks.iter().map(ToString::to_string).collect();
        super::say(&format!("| {skills} skills | {} |", cells.join(" | ")));
        most = peaks.into_iter().fold(most, u64::max);
    }
    bench.verdict("8 peak memory, at most 16 MiB", format!("{most} KiB"), most <= MOST_KIB);
    Ok(())
}

/// Through GNU time: a process starts with the peak of the one that started it, and that one is small.
fn peak_kib(gnu_time: &Path, measured: &Command) -> Result<u64> {
    let mut command = Command::new(gnu_time);
    command.args(["-f", "%M"]).arg(measured.get_program()).args(measured.get_args());
    command.current_dir(measured.get_current_dir().ok_or("no folder")?);
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{measured:?}: {text}").into());
    }
    Ok(text.lines().last().unwrap_or_default().trim().parse()?)
}
