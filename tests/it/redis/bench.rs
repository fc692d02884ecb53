//! `cfn bench` reports the server.

use serde_json::Value;

use super::server::Server;
use super::with_cache;
use crate::harness::{Project, Ran};

fn answer(project: &Project, server: &Server, args: &[&str]) -> Ran {
    let mut command = with_cache(project, &server.url(), args);
    command.env("CFN_REDIS_BUDGET_MS", "10000"); // the machine may be busy with other tests
    command.output().expect("cfn runs").into()
}

fn small_suite(project: &Project, server: &Server) -> Ran {
    let args = ["bench", "--skills", "40", "--usage-rows", "20", "--runs", "1", "--no-fail", "--json"];
    answer(project, server, &args)
}

#[test]
fn the_table_of_the_system_has_the_response_time_where_the_server_answers() {
    let (project, mut server) = (Project::empty(), Server::start());
    let report = small_suite(&project, &server).json();
    let line = report["system"].as_array().and_then(|it| it.iter().find(|it| it["metric"] == "Redis response time"));
    let line = line.unwrap_or_else(|| panic!("{report}"));
    assert!(line["measured"].as_f64().is_some_and(|it| it > 0.0) && line["threshold"] == 5.0, "{line}");
    assert!(server.answers().is_empty(), "what is measured is measured without a query cache");

    server.stop();
    let ran = small_suite(&project, &server);
    assert!(ran.stderr.contains("warning: Redis does not answer"), "{ran:?}");
    assert_eq!(ran.json()["system"].as_array().map(Vec::len), Some(6));
}

#[test]
fn stress_works_through_the_cache_loses_nothing_and_says_what_the_server_does() {
    let (project, server) = (Project::empty(), Server::start());
    for more in [&[][..], &["--processes"]] {
        let args = ["bench", "stress", "--workers", "4", "--duration", "4s", "--skills", "40", "--json"];
        let report = answer(&project, &server, &[&args[..], more].concat()).json();
        assert_eq!(report["errors"], Value::Array(Vec::new()), "{more:?}");
        assert_eq!(report["verification"]["problems"], Value::Array(Vec::new()), "{more:?}");
        let samples = report["samples"].as_array().expect("samples");
        let operations = samples.iter().filter_map(|it| it["redis_operations_per_second"].as_f64());
        assert!(operations.fold(0.0, f64::max) > 0.0, "{more:?}: {report}");
        assert!(!server.answers().is_empty(), "{more:?}");
        server.cli(&["FLUSHALL"]);
    }
}
