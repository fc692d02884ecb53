//! Runs in containers of an engine that is as on another machine.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::scene::{HOSTILE, Scene};
use crate::agent::scene::{kill, supervisor};
use crate::docker::engine::{distant_engine, shared_engine};
use crate::harness::Ran;
use crate::patience::eventually;

/// A user whom the image does not know.
const USER: &str = "4321";

fn in_workspace(scene: &Scene<'_>, agent: &str, file: &str) -> String {
    let path = scene.project.path().join(".cfn-workspaces").join(agent).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn as_user(command: &Command) -> Command {
    let mut changed = Command::new("setpriv");
    changed.arg(format!("--reuid={USER}")).arg(format!("--regid={USER}")).arg("--clear-groups");
    changed.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => changed.env(name, value),
            None => changed.env_remove(name),
        };
    }
    changed.current_dir(command.get_current_dir().expect("a folder"));
    changed
}

#[test]
fn skills_reach_an_agent_of_the_callers_user_and_its_files_come_back() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    let project = scene.project.path();
    let mount = format!("--mount=type=bind,source={},target=/seen", project.display());
    let bound = engine.run(["run", "--rm", "--network=none", &mount, engine.agent_image(), "true"]);
    assert!(bound.stderr.contains("source path does not exist"), "the engine is not as on another machine: {bound:?}");
    let owned = Command::new("chown").args(["-R", &format!("{USER}:{USER}")]).arg(project).status();
    assert!(owned.expect("chown runs").success());

    let script = "id -u; cat .claude/skills/alpha/SKILL.md; mkdir results; echo found >results/report; \
                  ln -s results/report link; echo problem >&2; exit 3";
    let mut spawning = scene.spawning(&["--task", "t1", "--", "sh", "-c", script]);
    spawning.env("DOCKER_CONFIG", project);
    let ran: Ran = as_user(&spawning).output().expect("cfn runs").into();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let agent = ran.stdout.trim();
    let logs = scene.cfn(&["agent", "logs", agent]);
    let skill = fs::read_to_string(project.join(".claude/skills/alpha/SKILL.md")).expect("a skill");
    assert_eq!((logs.stdout, logs.stderr.as_str()), (format!("{USER}\n{skill}"), "problem\n"));
    assert_eq!(in_workspace(&scene, agent, "results/report") + &in_workspace(&scene, agent, "link"), "found\nfound\n");
    let columns = "runtime, task_id, reason, exit_code, peak_bytes IS NULL, detail IS NULL, limited_by";
    let expected = "docker|t1|exited|3|1|1|the control groups of docker on another machine";
    assert_eq!(scene.rows(columns), [expected]);
    let used = scene.project.sqlite3("SELECT count(*) || ' ' || min(agent_id) FROM skill_usage_log");
    assert_eq!(used, format!("2 {agent}"));
    assert_eq!(scene.containers(agent), [""; 0]);
}

#[test]
fn a_file_with_skills_reaches_an_agent_and_a_volume_keeps_what_it_writes() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    let options = ["--skills", "prompt", "--volume", "distant-kept:/data"];
    let said = scene.said(&options, "cat $CFN_SKILLS_PROMPT; echo kept >/data/file");
    assert!(said.contains("Do alpha.") && said.contains("Do beta."), "{said}");
    let input = scene.project.file("input.txt", "from a file\n");
    let options = ["--volume", "distant-kept:/data:ro", "--stdin", input.to_str().expect("a path")];
    assert_eq!(scene.said(&options, "cat /data/file -"), "kept\nfrom a file\n");
}

#[test]
fn files_that_do_not_come_back_are_said() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    // The client refuses a link that leads out of the folder.
    let ran = scene.spawn(&["--", "sh", "-c", "ln -s ../../../outside link; exit 3"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.starts_with("note: its workspace was not copied back: docker: "), "{ran:?}");
    assert_eq!(scene.containers(ran.stdout.trim()), [""; 0]);
}

#[test]
fn what_another_machine_does_not_have_is_refused_before_anything_starts() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    scene.project.file("data/file", "data");
    for options in [
        ["--volume", "./data:/data"],
        ["--workspace", "."],
        ["--volume", "distant-data:/workspace"],
        ["--tmpfs", "/workspace/.claude:1m"],
    ] {
        let ran = scene.spawn(&[&options[..], &["--json", "--", "true"]].concat());
        let said = ran.fails_as(1, "invalid_input").to_string();
        assert!(said.contains("the engine is on another machine"), "{said}");
    }
    let start = ["agent", "pool", "start", "--size", "1", "--json", "--image", engine.agent_image()];
    scene.cfn(&start).fails_as(1, "invalid_input");
    let mut unreachable = scene.spawning(&["--json", "--", "true"]);
    unreachable.env("DOCKER_HOST", "tcp://127.0.0.1:1");
    Ran::from(unreachable.output().expect("cfn runs")).fails_as(9, "engine_unreachable");
    assert_eq!(scene.project.sqlite3("SELECT count(*) FROM skill_usage_log"), "0");
    assert_eq!(scene.cfn(&["agent", "ps", "--all"]).ok(), "no agent runs\n");
    assert_eq!(scene.cfn(&["agent", "pool", "status"]).ok(), "no pool\n");
}

#[test]
fn the_context_of_the_client_says_where_the_engine_is() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    let config = scene.project.path().join("client");
    let docker = |args: &[&str]| {
        let mut command = Command::new("/usr/bin/docker");
        command.args(args).env("DOCKER_CONFIG", &config).env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT");
        Ran::from(command.output().expect("docker runs")).ok()
    };
    docker(&["context", "create", "distant", "--docker", &format!("host={}", engine.host())]);
    let place = |context: Option<&str>| {
        let mut command = scene.spawning(&["--json", "--", "true"]);
        command.env_remove("DOCKER_HOST").env("DOCKER_CONFIG", &config);
        if let Some(context) = context {
            command.env("DOCKER_CONTEXT", context);
        }
        let said = Ran::from(command.output().expect("cfn runs")).ok();
        let agent = serde_json::from_str::<Value>(&said).expect("JSON")["agentId"].clone();
        scene.cfn(&["agent", "show", agent.as_str().expect("an id"), "--json"]).json()["engine"].clone()
    };
    assert_eq!(place(Some("distant")), "another_machine");
    docker(&["context", "use", "distant"]);
    assert_eq!(place(None), "another_machine");
    let Some(near) = shared_engine() else { return };
    near.agent_image();
    docker(&["context", "create", "near", "--docker", &format!("host={}", near.host())]);
    assert_eq!(place(Some("near")), "this_machine");
}

#[test]
fn all_agents_of_a_wave_learn_where_their_engine_is() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    let batch = |id: &str| json!({"batch_id": id, "tier": 1, "task_prompt": "Do it.", "agent_type": "tester"});
    let wave = json!({"wave_number": 1, "batches": [batch("b1"), batch("b2")]});
    scene.project.file("plan.json", json!({"task_id": "t1", "waves": [wave]}).to_string());
    let options = ["agent", "wave", "plan.json", "--wave", "1", "--image", engine.agent_image(), "--network", "none"];
    scene.cfn(&[&options[..], &["--", "ls", ".claude/skills/alpha/SKILL.md"]].concat()).ok();
    assert_eq!(scene.rows("reason, exit_code, peak_bytes"), ["exited|0|", "exited|0|"]);
}

#[test]
fn deadlines_stops_and_memory_end_a_container_on_another_machine() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    let ran = scene.spawn(&["--timeout", "1.5", "--grace", "0.2", "--", "sh", "-c", HOSTILE]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(124), "note: the agent was ended after 1.5 seconds\n"));
    let hog = "head -c 200000000 /dev/zero | tail -c 199999999 >/dev/null";
    let ran = scene.spawn(&["--memory", "64m", "--", "sh", "-c", hog]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    assert_eq!(ran.stderr, "note: the agent was ended: it needs more than 64.0 MiB of memory\n");
    let agent = scene.detach(&["--grace", "0.2", "--memory", "64m", "--", "sh", "-c", HOSTILE]);
    eventually("it is ready", || scene.cfn(&["agent", "logs", &agent]).stdout.contains("ready"));
    let shown = scene.cfn(&["agent", "show", &agent]).ok();
    assert!(shown.contains("container    on another machine\n") && !shown.contains("memory now"), "{shown}");
    let running = fs::read(scene.project.path().join(".cfn-workspaces/.state").join(&agent).join("running.json"));
    let running: Value = serde_json::from_slice(&running.expect("it runs")).expect("JSON");
    let main = &running["left"]["container"]["main"];
    assert!(main.is_null(), "its first process is a stranger's here: {running}");
    scene.cfn(&["agent", "stop", &agent]).ok();
    assert_eq!(scene.cfn(&["agent", "wait", &agent]).code, Some(143));
    assert_eq!(scene.rows("reason, exit_code, peak_bytes"), ["timeout|124|", "memory|137|", "stopped|143|"]);
    assert_eq!(scene.containers(&agent), [""; 0]);
}

#[test]
fn what_a_killed_supervisor_leaves_on_another_machine_is_ended_by_the_next_command() {
    let Some(engine) = distant_engine() else { return };
    let scene = Scene::of(engine);
    let agent = scene.detach(&["--", "sh", "-c", HOSTILE]);
    eventually("it is ready", || scene.cfn(&["agent", "logs", &agent]).stdout.contains("ready"));
    kill("-KILL", &supervisor(&scene.project, &agent));
    let ran = scene.cfn(&["agent", "ps"]);
    assert!(ran.stderr.contains(&format!("the supervisor of {agent} was killed")), "{ran:?}");
    assert_eq!(scene.containers(&agent), [""; 0]);
    assert_eq!(scene.rows("reason, exit_code IS NULL"), ["lost|1"]);
}
