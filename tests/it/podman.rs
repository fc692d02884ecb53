//! Agents in containers of podman, which has no engine that runs: each client works on its files.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::agent::person::Person;
use crate::agent::scene::{kill, project, rows, supervisor};
use crate::docker::{alone, free_port, is_left_out};
use crate::harness::{Project, Ran, start_from_a_thread_that_stays};
use crate::patience::eventually;

const IMAGE: &str = "cfn-test-podman";

/// Podman's files, apart from all others of this machine.
struct Podman {
    folder: TempDir,
}

impl Podman {
    /// For all tests; `None` if they are to do without containers.
    fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Podman> = OnceLock::new();
        if is_left_out() { None } else { Some(SHARED.get_or_init(Self::start)) }
    }

    fn start() -> Self {
        let folder = TempDir::with_prefix("cfn-podman-").expect("a temporary folder");
        let podman = Self { folder };
        let at = |name: &str| podman.folder.path().join(name).display().to_string();
        let storage =
            format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n", at("root"), at("run"));
        fs::write(at("storage.conf"), storage).expect("a file");
        // Its own defaults are more files than a test machine may allow, and its own runtime knows no mixed control groups.
        let engine = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n\
                      [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n";
        fs::write(at("containers.conf"), engine).expect("a file");
        podman.remove_at_the_end();
        fs::create_dir(at("image")).expect("a folder");
        fs::copy("/usr/bin/busybox", at("image/busybox")).expect("busybox-static must be installed");
        let tools = ["sh", "cat", "echo", "head", "id", "ls", "sleep", "stty", "tail", "touch", "setsid"];
        let copies = tools.map(|it| format!("COPY busybox /bin/{it}\n")).concat();
        fs::write(at("image/Dockerfile"), format!("FROM scratch\n{copies}ENV PATH=/bin\n")).expect("a file");
        podman.run(&["build", "--quiet", "--network=none", "--tag", IMAGE, &at("image")]).ok();
        podman
    }

    /// When the tests have ended, however they did: the pipe closes then.
    fn remove_at_the_end(&self) {
        let script = "cat; podman rm --all --force --time 0; rm -rf --one-file-system \"$0\"";
        let mut command = Command::new("sh");
        self.apart(command.args(["-c", script]).arg(self.folder.path()).process_group(0));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        std::mem::forget(command.spawn().expect("sh starts"));
    }

    /// A command that finds its files.
    fn apart<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in ["CONTAINER_HOST", "CONTAINER_CONNECTION"] {
            command.env_remove(name);
        }
        let path = |name: &str| self.folder.path().join(name);
        command.env("CONTAINERS_STORAGE_CONF", path("storage.conf")).env("CONTAINERS_CONF", path("containers.conf"))
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new("podman");
        let ran = self.apart(command.args(arguments)).output();
        ran.expect("podman must be installed: apt-get install podman").into()
    }

    /// Starts a service as on another machine, which sees no temporary files but its own; the settings of a client of it.
    fn serve(&self) -> PathBuf {
        let endpoint = format!("tcp:127.0.0.1:{}", free_port());
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).args(alone(self.folder.path()));
        command.args(["podman", "system", "service", "--time=0", &endpoint]).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.current_dir(self.folder.path()); // programs that it starts write there
        self.apart(&mut command);
        std::mem::forget(start_from_a_thread_that_stays(command).expect("setpriv runs"));
        let settings = self.folder.path().join("client.conf");
        let uri = endpoint.replace("tcp:", "tcp://");
        let text = format!(
            "[engine]\nremote = true\nactive_service = \"distant\"\n[engine.service_destinations.distant]\nuri = \"{uri}\"\n"
        );
        fs::write(&settings, text).expect("a file");
        eventually("the service is there", || {
            let mut version = Command::new("podman");
            let answer = self.apart(version.arg("version")).env("CONTAINERS_CONF", &settings).output();
            answer.expect("podman runs").status.success()
        });
        settings
    }

    /// The containers of an agent, running or not.
    fn containers(&self, agent: &str) -> String {
        let filter = format!("label=cfn.agent.id={agent}");
        self.run(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"]).ok()
    }
}

/// A project whose agents are in containers of podman.
struct Scene {
    podman: &'static Podman,
    project: Project,
}

impl Scene {
    fn new() -> Option<Self> {
        Podman::shared().map(|podman| Self { podman, project: project() })
    }

    fn cfn(&self, arguments: &[&str]) -> Ran {
        self.podman.apart(&mut self.project.command(arguments)).output().expect("cfn runs").into()
    }

    fn spawning(&self, arguments: &[&str]) -> Command {
        let spawn = ["agent", "spawn", "tester", "--runtime", "podman", "--image", IMAGE, "--network", "none"];
        self.project.command([&spawn, arguments].concat())
    }

    fn spawn(&self, arguments: &[&str]) -> Ran {
        self.podman.apart(&mut self.spawning(arguments)).output().expect("cfn runs").into()
    }

    /// Spawns one that waits, and returns its id once it does.
    fn waiting(&self, options: &[&str]) -> String {
        let script = ["--", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"];
        let agent = self.spawn(&[&["--detach"], options, &script].concat()).ok().trim().to_owned();
        eventually("it is ready", || self.cfn(&["agent", "logs", &agent]).stdout.contains("ready"));
        agent
    }
}

#[test]
fn an_agent_has_its_skills_limits_identity_and_exit_code() {
    let Some(scene) = Scene::new() else { return };
    let script = "ls .claude/skills; touch .claude/skills/x 2>/dev/null || echo fixed; echo $AGENT_TYPE $TASK_ID; pwd; \
                  cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; \
                  cat .claude/skills/alpha/SKILL.md | head -2 | tail -1; echo problem >&2; exit 3";
    let ran = scene.spawn(&["--task", "t1", "--memory", "64m", "--", "sh", "-c", script]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let agent = ran.stdout.trim();
    let logs = scene.cfn(&["agent", "logs", agent]);
    let expected = "alpha\nbeta\nfixed\ntester t1\n/workspace\n67108864\nname: alpha\n";
    assert_eq!((logs.stdout.as_str(), logs.stderr.as_str()), (expected, "problem\n"));
    assert_eq!(rows(&scene.project, "runtime, task_id, reason, exit_code"), ["podman|t1|exited|3"]);
    assert_eq!(scene.podman.containers(agent), "");
}

#[test]
fn deadlines_signals_and_memory_end_a_container_and_leave_nothing() {
    let Some(scene) = Scene::new() else { return };
    let stubborn = ["--", "sh", "-c", "trap '' TERM; setsid sh -c 'sleep 600' & while :; do sleep 0.1; done"];
    let ran = scene.spawn(&[&["--timeout", "1", "--grace", "0.2"][..], &stubborn].concat());
    assert_eq!(ran.code, Some(124), "{ran:?}");
    let hog = "head -c 200000000 /dev/zero | tail -c 199999999 | sleep 60";
    let ran = scene.spawn(&["--memory", "64m", "--", "sh", "-c", &format!("{hog}; sleep 60")]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    let agent = scene.waiting(&["--grace", "0.2"]);
    scene.cfn(&["agent", "stop", &agent]).ok();
    assert_eq!(rows(&scene.project, "reason"), ["timeout", "memory", "stopped"]);
    let all = scene.podman.run(&["ps", "--all", "--format", "{{.Names}}"]).ok();
    assert!(!all.contains(&agent), "{all}");
}

#[test]
fn a_container_whose_supervisor_was_killed_is_ended_by_the_next_command() {
    let Some(scene) = Scene::new() else { return };
    let agent = scene.waiting(&[]);
    kill("-KILL", &supervisor(&scene.project, &agent));
    scene.cfn(&["agent", "cleanup"]).ok();
    eventually("it is gone", || scene.podman.containers(&agent).is_empty());
    assert_eq!(rows(&scene.project, "reason"), ["lost"]);
}

#[test]
fn a_service_on_another_machine_gets_skills_and_gives_back_files() {
    let Some(scene) = Scene::new() else { return };
    let settings = scene.podman.serve();
    let spawn = |arguments: &[&str]| -> Ran {
        let mut command = scene.spawning(arguments);
        scene.podman.apart(&mut command).env("CONTAINERS_CONF", &settings).output().expect("cfn runs").into()
    };
    let script = "cat .claude/skills/alpha/SKILL.md; echo found >report; exit 3";
    let ran = spawn(&["--", "sh", "-c", script]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let (agent, project) = (ran.stdout.trim(), scene.project.path());
    let skill = fs::read_to_string(project.join(".claude/skills/alpha/SKILL.md")).expect("a skill");
    assert_eq!(scene.cfn(&["agent", "logs", agent]).ok(), skill);
    let report = project.join(".cfn-workspaces").join(agent).join("report");
    assert_eq!(fs::read_to_string(report).expect("it came back"), "found\n");
    spawn(&["--volume", "./data:/data", "--json", "--", "true"]).fails_as(1, "invalid_input");
    let ran = spawn(&["--memory", "64m", "--", "sh", "-c", "head -c 200000000 /dev/zero | tail -c 199999999"]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    let columns = "exit_code, peak_bytes IS NULL"; // not every podman says why it was ended
    assert_eq!(rows(&scene.project, columns), ["3|1", "137|1"]);
    assert_eq!(scene.podman.containers(agent), "");
}

#[test]
fn the_doctor_knows_the_client_and_sees_its_containers() {
    let Some(scene) = Scene::new() else { return };
    let agent = scene.waiting(&["--memory", "64m", "--cpuset", "0"]);
    let report: Value = serde_json::from_str(&scene.cfn(&["doctor", "--json"]).stdout).expect("JSON");
    let line = |name: &str| {
        let lines = report["lines"].as_array().expect("lines");
        let line = lines.iter().find(|it| it["area"] == "containers" && it["name"] == name);
        let line = line.unwrap_or_else(|| panic!("{name}: {report:#}"));
        format!("{}: {}", line["state"].as_str().expect("a state"), line["evidence"].as_str().expect("a text"))
    };
    let engine = line("engine");
    assert!(engine.starts_with("ok: podman ") && !engine.contains("unknown"), "{engine}");
    assert_eq!(line("limits in the kernel"), "ok: as they were asked for, in 1 running container");
    assert_eq!(line("processors"), format!("ok: processor sets: {agent} on 0"));
    scene.cfn(&["agent", "stop", "--all"]).ok();
    assert_eq!(scene.podman.containers(&agent), "");
}

#[test]
fn an_agent_at_a_terminal_has_its_size_and_its_keys() {
    let Some(scene) = Scene::new() else { return };
    let script = "[ -t 0 ] && [ -t 1 ] && echo terminal; read line; echo \"got $line\"; stty size; exit 4";
    let mut command = scene.spawning(&["--tty", "--", "sh", "-c", script]);
    let mut person = Person::starts(scene.podman.apart(&mut command), None, (33, 101));
    person.sees("terminal");
    person.types("hello\r");
    person.sees("got hello");
    person.sees("33 101");
    assert_eq!(person.waits().0, 4);
    assert_eq!(rows(&scene.project, "runtime, reason, exit_code"), ["podman|exited|4"]);
}
