//! Agents in containers with which a person works at a terminal.

use super::scene::Scene;
use crate::agent::person::Person;
use crate::agent::scene::kill;
use crate::docker::engine::shared_engine;
use crate::patience::eventually;

/// A person starts an agent with a script of a shell. All tests have one engine, where its name is its own.
fn starts(scene: &Scene<'_>, agent: &str, script: &str) -> Person {
    let options = ["--tty", "--agent-id", agent, "--grace", "1", "--", "sh", "-c", script];
    Person::starts(&scene.spawning(&options), None, (33, 101))
}

#[test]
fn an_agent_in_a_container_has_a_terminal_with_the_size_of_the_callers() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && tty; trap 'echo caught; exit 5' INT; read line; echo \"got $line\"; \
                  while :; do stty size; sleep 0.1; done";
    let mut person = starts(&scene, "at-terminal", script);
    let before = person.settings();
    person.sees("/dev/pts/0");
    assert_ne!(person.settings(), before);
    person.types("\u{10}hello\r");
    person.sees("got \u{10}hello");
    person.sees("33 101");
    person.resizes(40, 120);
    person.sees("40 120");
    person.types("\u{3}");
    person.sees("caught");
    assert_eq!((person.waits().0, person.settings() == before), (5, true));
    assert_eq!(scene.rows("runtime, reason, exit_code"), ["docker|exited|5"]);
    assert!(scene.cfn(&["agent", "logs", "at-terminal"]).ok().contains("40 120\r\n"));
    assert_eq!(scene.containers("at-terminal"), [""; 0]);
}

#[test]
fn a_container_whose_terminal_is_gone_is_stopped() {
    let Some(engine) = shared_engine() else { return };
    // The caller's terminal hangs up, or the client ends that has the one of the container.
    for (by_client, agent) in [(false, "hung-up"), (true, "without-client")] {
        let scene = Scene::of(engine);
        let mut person = starts(&scene, agent, "echo ready; while :; do sleep 0.1; done");
        let before = person.settings();
        person.sees("ready");
        if by_client {
            kill("-KILL", &client_of(agent));
            assert_eq!((person.waits().0, person.settings() == before), (129, true));
        } else {
            person.hangs_up().wait().expect("it ends");
            assert_eq!(scene.cfn(&["agent", "wait", agent, "--timeout", "30"]).code, Some(129));
        }
        assert_eq!(scene.rows("runtime, reason, exit_code"), ["docker|stopped|129"], "by its client: {by_client}");
        assert_eq!(scene.containers(agent), [""; 0]);
    }
}

/// The process id of the client of an agent's container.
fn client_of(agent: &str) -> String {
    let mut found = None;
    eventually("its client runs", || {
        let name = format!("agent-{agent}");
        let processes = std::fs::read_dir("/proc").expect("processes").flatten();
        found = processes.map(|it| it.path()).find(|it| {
            let line = std::fs::read(it.join("cmdline")).unwrap_or_default();
            let words: Vec<_> = line.split(|it| *it == 0).collect();
            words.first() == Some(&&b"docker"[..]) && words.contains(&name.as_bytes())
        });
        found.is_some()
    });
    found.and_then(|it| Some(it.file_name()?.to_string_lossy().into_owned())).expect("a process")
}

#[test]
fn a_terminal_needs_a_new_container_beside_a_pool() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let start = ["agent", "pool", "start", "--image", engine.agent_image(), "--network", "none", "--size", "1"];
    scene.cfn(&start).ok();
    let spawn = ["agent", "spawn", "tester", "--pool", "--tty", "--agent-id", "beside-a-pool", "--", "sh", "-c"];
    let mut person =
        Person::starts(&scene.command(&[&spawn[..], &["tty; read line; exit 4"]].concat()), None, (33, 101));
    person.sees("/dev/pts/0");
    assert!(scene.containers("beside-a-pool")[0].starts_with("agent-beside-a-pool Up"), "it is its own");
    person.types("\r");
    assert_eq!(person.waits().0, 4);
    let status = scene.cfn(&["agent", "pool", "status", "--json"]).json();
    assert_eq!(status["pools"][0]["waiting"], 1, "nobody took the one that waits: {status}");
    scene.cfn(&["agent", "pool", "stop"]).ok();
}
