//! A real Prometheus, which scrapes cfn and evaluates its rules.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::listening::Listening;
use crate::harness::{Project, start_from_a_thread_that_stays};
use crate::patience::eventually;
use crate::scene::with_skill;

struct Prometheus {
    process: Child,
    port: u16,
}

impl Prometheus {
    /// Starts it in the folder of the project, with its settings there.
    fn start(project: &Project) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
        let mut command = Command::new("setpriv");
        // The server ends with the tests, however they end: the kernel sees to it.
        command.args(["--pdeathsig", "KILL", "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}")).current_dir(project.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = start_from_a_thread_that_stays(command);
        let process = started.expect("prometheus must be installed: apt-get install prometheus");
        Self { process, port }
    }

    /// What its API says; `None` as long as it does not answer.
    fn api(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(format!("GET /api/v1/{path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn prometheus_scrapes_cfn_and_evaluates_its_rules() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["metrics", "--enable"]).ok();
    project.cfn(["load", "dev"]).ok();
    project.file("rules.yml", project.cfn(["metrics", "rules"]).ok());
    for format in ["prometheus", "openmetrics"] {
        let listening = Listening::start(&project, &["--format", format]);
        let settings = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
             scrape_configs: [{{job_name: {format}, static_configs: [{{targets: ['127.0.0.1:{}']}}]}}]\n",
            listening.port
        );
        project.file("prometheus.yml", &settings);
        let prometheus = Prometheus::start(&project);
        let target = || prometheus.api("targets")?["data"]["activeTargets"].get(0).cloned();
        eventually("the target is up", || target().is_some_and(|it| it["health"] == "up" && it["lastError"] == ""));
        let rules = || prometheus.api("rules")?["data"]["groups"][0]["rules"].as_array().cloned();
        let healthy = |rules: Vec<Value>| {
            rules.len() > 8 && rules.iter().all(|it| it["health"] == "ok" && it["lastError"].is_null())
        };
        eventually("all rules were evaluated", || rules().is_some_and(healthy));
        let query = "query?query=cfn_command_duration_seconds_count%7Bcommand%3D%22load%22%7D";
        eventually("the load is counted", || {
            let answer = prometheus.api(query);
            answer.is_some_and(|it| it["data"]["result"][0]["value"][1] == "1")
        });
    }
}
