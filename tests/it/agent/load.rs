//! Load tests: while ten agents run, end and start, what cfn says of them is what the kernel counts.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::scene::{groups, project, rows};
use crate::harness::Ran;

/// Number of agents at once.
pub(crate) const AGENTS: usize = 10;

/// What an agent holds, in bytes.
const HELD: u64 = 20_000_000;

/// The kernel's own figures differ so much from one look to the next: a processor takes memory for a group in advance.
const SLACK: u64 = 1 << 20;

/// How long a load test is, in seconds.
pub(crate) fn seconds() -> u64 {
    let given = std::env::var("CFN_LOAD_TEST_SECONDS").ok();
    given.map_or(5, |it| it.parse().expect("CFN_LOAD_TEST_SECONDS is a number of seconds"))
}

/// Says what was compared, where somebody chose the time.
pub(crate) fn say(compared: &[usize], spawned: u64) {
    if std::env::var_os("CFN_LOAD_TEST_SECONDS").is_some() {
        let (looks, all): (_, usize) = (compared.len(), compared.iter().sum());
        writeln!(std::io::stderr().lock(), "{looks} looks at {spawned} agents, {all} comparisons").expect("stderr");
    }
}

/// Memory and number of processes by agent.
pub(crate) type Counted = BTreeMap<String, (u64, usize)>;

/// The memory of a control group, in bytes.
pub(crate) fn memory_of(group: &Path) -> Option<u64> {
    let files = ["memory.usage_in_bytes", "memory.current"].map(|it| group.join(it));
    files.iter().find_map(|it| fs::read_to_string(it).ok())?.trim().parse().ok()
}

/// Memory and number of processes of a control group.
pub(crate) fn counted(group: &Path) -> Option<(u64, usize)> {
    Some((memory_of(group)?, fs::read_to_string(group.join("cgroup.procs")).ok()?.lines().count()))
}

/// Compares what cfn says of the agents of a type with what is there before and after it says it. Returns the number of agents
/// that were compared: those that have all the memory that they hold, and did not change meanwhile.
#[track_caller]
pub(crate) fn compare(
    (agent_type, held): (&str, u64),
    there: &dyn Fn() -> Counted,
    cfn: &dyn Fn(&[&str]) -> Ran,
) -> usize {
    let before = there();
    let listed = cfn(&["agent", "ps", "--json"]).json();
    let metrics = cfn(&["metrics"]).ok();
    let after = there();
    let running = listed["runs"].as_array().expect("runs").iter().filter(|it| it["state"] == "running");
    let running: BTreeMap<&str, &Value> = running.map(|it| (it["agent_id"].as_str().expect("an id"), it)).collect();
    let (mut compared, mut least) = (0, 0);
    for (agent, (memory, processes)) in &before {
        let Some(later) = after.get(agent) else { continue };
        let said = running.get(agent.as_str()).unwrap_or_else(|| panic!("{agent} is not listed: {listed}"));
        let Some(bytes) = said["memory_bytes"].as_u64() else { continue };
        if *memory.min(&later.0) < held || memory.abs_diff(later.0) > SLACK || *processes != later.1 {
            continue;
        }
        assert!(bytes.abs_diff(*memory) <= 2 * SLACK, "{agent}: {bytes}, and {memory}");
        assert_eq!(said["processes"], *processes, "{agent}");
        (compared, least) = (compared + 1, least + memory.saturating_sub(2 * SLACK));
    }
    for (agent, said) in running.iter().filter(|(_, it)| it["memory_bytes"].is_u64()) {
        assert!(before.contains_key(*agent) || after.contains_key(*agent), "nothing of {agent} is there: {said}");
    }
    let number = metric(&metrics, "cfn_agents_running", agent_type);
    let both = before.keys().filter(|it| after.contains_key(*it)).count();
    assert!(
        (both..=AGENTS).contains(&usize::try_from(number).expect("a number")),
        "{number} run, and {both} are there: {metrics}"
    );
    let memory = metric(&metrics, "cfn_agent_memory_usage_bytes", agent_type);
    assert!(memory >= least, "{memory}, and at least {least}");
    if compared == before.len() && before.keys().eq(after.keys()) {
        let most: u64 = before.values().map(|it| it.0 + 2 * SLACK).sum();
        assert!(memory <= most, "{memory}, and at most {most}");
    }
    compared
}

/// The sum of a metric of agents of a type.
pub(crate) fn metric(metrics: &str, name: &str, agent_type: &str) -> u64 {
    let (begin, label) = (format!("{name}{{"), format!("agent_type=\"{agent_type}\""));
    let lines = metrics.lines().filter(|it| it.starts_with(&begin) && it.contains(&label));
    lines.filter_map(|it| it.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn what_is_said_during_a_load_test_is_what_the_kernel_counts() {
    let project = project();
    let agent_type = format!("load-{}", std::process::id());
    let prefix = format!("cfn-agent-agent-{agent_type}-");
    let there = || {
        let found = groups(Path::new("/sys/fs/cgroup"), &prefix, 6);
        let named = found.iter().filter_map(|it| {
            let name = Path::new(it).file_name()?.to_str()?.strip_prefix("cfn-agent-")?;
            Some((name.rsplit_once('-')?.0.to_owned(), counted(Path::new(it))?))
        });
        named.collect::<Counted>()
    };
    let (seconds, life) = (format!("{}s", seconds()), (seconds() * 2 / 5).to_string());
    let agent = format!("import sys, time; held = b'x' * {HELD}; time.sleep(float(sys.argv[1]))");
    let mut command =
        project.command(["agent", "load-test", &agent_type, "--duration", &seconds, "--every", "1", "--json"]);
    command.args(["--memory", "200m", "--", "python3", "-c", &agent, &life]);
    let mut test = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    let cfn = |arguments: &[&str]| project.cfn(arguments);
    let mut compared = Vec::new();
    while test.try_wait().expect("its status").is_none() {
        compared.push(compare((&agent_type, HELD), &there, &cfn));
    }
    assert!(compared.iter().any(|it| *it >= AGENTS / 2), "{compared:?}");
    let report = Ran::from(test.wait_with_output().expect("it ends")).json();
    assert_eq!((&report["agents"], &report["failed"]), (&AGENTS.into(), &0.into()), "{report}");
    let spawned = report["spawn_ms"]["runs"].as_u64().expect("a number");
    assert!(spawned >= 2 * AGENTS as u64, "they end, and others start: {report}");
    let metrics = cfn(&["metrics"]).ok();
    for (name, value) in
        [("cfn_agent_spawns_total", spawned), ("cfn_agents_ended_total", spawned), ("cfn_agents_running", 0)]
    {
        assert_eq!(metric(&metrics, name, &agent_type), value, "{name}");
    }
    assert_eq!(rows(&project, "count(*)"), [spawned.to_string()]);
    assert_eq!((there(), cfn(&["agent", "ps"]).ok().as_str()), (Counted::new(), "no agent runs\n"));
    say(&compared, spawned);
}
