//! Where a server may be, and who it lets in.

use std::path::Path;
use std::time::{Duration, Instant};

use super::server::Server;
use super::{notes, project, with_cache};
use crate::certificates::certificates;
use crate::harness::{Project, Ran, cfn_in};
use crate::name_service;

const QUESTION: [&str; 2] = ["load", "dev"];

fn ask(project: &Project, url: &str, more: &[(&str, &Path)]) -> Ran {
    let mut command = with_cache(project, url, &QUESTION);
    command.env("CFN_REDIS_BUDGET_MS", "10000").envs(more.iter().copied()).output().expect("cfn runs").into()
}

/// The first question is answered by the database, the second by the cache, in this database of the server.
#[track_caller]
fn assert_serves(project: &Project, server: &Server, url: &str, number: &str, more: &[(&str, &Path)]) {
    let keys = || server.cli(&["-n", number, "DBSIZE"]);
    assert_eq!(keys(), "0");
    let expected = project.cfn(QUESTION);
    for counts in [("1", "1"), ("2", "1")] {
        assert_eq!(ask(project, url, more), expected, "{url}");
        let name = server.cli(&["-n", number, "KEYS", "cache:stats:*"]);
        let count = |field: &str| server.cli(&["-n", number, "HGET", &name, field]);
        assert_eq!((count("lookups:load").as_str(), count("stores:load").as_str()), counts, "{url}");
    }
    assert_eq!(keys(), "2", "an answer and the statistics");
}

#[track_caller]
fn assert_does_not_serve(project: &Project, url: &str, more: &[(&str, &Path)]) {
    let ran = ask(project, url, more);
    assert_eq!(ran, project.cfn(QUESTION), "{url}");
    assert!(notes(project).exists(), "{url}: it failed");
    std::fs::remove_file(notes(project)).expect("it goes");
}

#[test]
fn a_name_an_address_a_socket_and_a_number_of_a_database() {
    let (project, server) = (project(), Server::start());
    let (port, socket) = (server.port, server.socket());
    assert_serves(&project, &server, &format!("redis://127.0.0.1:{port}"), "0", &[]);
    assert_serves(&project, &server, &format!("redis://localhost:{port}/3"), "3", &[]);
    assert_serves(&project, &server, &format!("unix://{}?db=4", socket.display()), "4", &[]);
    assert_serves(&project, &server, &format!("redis+unix://{}?db=5", socket.display()), "5", &[]);
    assert_does_not_serve(&project, &format!("redis://127.0.0.1:{port}/16"), &[]);
}

#[test]
fn a_name_means_what_the_system_says() {
    let (project, server) = (project(), Server::start());
    let asks = |script: &str| name_service::answering(&project, script);
    let at = |host: &str| format!("redis://{host}:{}", server.port);
    // The first address has no server; the second has.
    let known =
        asks("[ \"$*\" = 'ahosts -- cache.test' ] && printf '127.9.9.9 STREAM cache.test\\n127.0.0.1 STREAM \\n'");
    assert_serves(&project, &server, &at("cache.test"), "0", &[("PATH", Path::new(&known))]);
    assert_does_not_serve(&project, &at("other.test"), &[("PATH", Path::new(&known))]);
    server.cli(&["FLUSHALL"]);
    // Where nothing can be asked, the C library knows a short form of an address.
    assert_serves(&project, &server, &at("127.1"), "0", &[("PATH", Path::new("/nowhere"))]);
}

#[test]
fn a_look_up_that_hangs_holds_nobody_up() {
    let (project, server) = (project(), Server::start());
    let hangs = name_service::answering(&project, "exec sleep 60");
    let since = Instant::now();
    let mut command = with_cache(&project, &format!("redis://cache.test:{}", server.port), &QUESTION);
    let ran: Ran = command.env("PATH", hangs).output().expect("cfn runs").into();
    assert_eq!(ran, project.cfn(QUESTION));
    assert!(since.elapsed() < Duration::from_secs(10), "it waited {:?}", since.elapsed());
    assert!(notes(&project).exists(), "it failed");
}

#[test]
fn a_password_and_a_user_with_few_rights() {
    let rights = "~cache:query:* ~cache:stats:* +get +setex +unlink +hincrby +expire +select";
    let user = format!("{rights} >open:sesame on");
    let mut options = vec!["--requirepass", "hunter2", "--user", "cfn"];
    options.extend(user.split(' '));
    let (project, server) = (project(), Server::start_with_password(&options, "hunter2"));
    let at = |login: &str| format!("redis://{login}127.0.0.1:{}", server.port);
    assert_serves(&project, &server, &at(":hunter2@"), "0", &[]);
    assert_serves(&project, &server, &format!("{}/2", at("cfn:open%3Asesame@")), "2", &[]);
    let path = server.socket();
    assert_serves(&project, &server, &format!("unix://{}?db=1&user=cfn&pass=open%3Asesame", path.display()), "1", &[]);
    for login in ["", ":wrong@", "cfn:wrong@", "nobody:hunter2@"] {
        assert_does_not_serve(&project, &at(login), &[]);
    }
}

#[test]
fn no_password_is_ever_shown() {
    let project = project();
    for url in ["redis://cfn:hunter2@127.0.0.1:1", "rediss://:hunter2@127.0.0.1:1/3", "unix:///nowhere?pass=hunter2"] {
        for verbose in ["-q", "-v", "-vv"] {
            let ran = Ran::from(with_cache(&project, url, &["load", "dev", verbose]).output().expect("cfn runs"));
            assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
            let noted = std::fs::read_to_string(notes(&project)).unwrap_or_default();
            assert!(!noted.contains("hunter2"), "{noted}");
        }
    }
    for url in ["hunter2", "redis://u:hunter2@h:port", "redis://u:hunter2%f@h", "http://u:hunter2@h"] {
        let message = Ran::from(with_cache(&project, url, &QUESTION).output().expect("cfn runs")).fails(1);
        assert!(message.contains("CFN_REDIS_URL") && !message.contains("hunter2"), "{message}");
        let message = project.cfn(["load", "dev", "--redis-url", url]).fails(1);
        assert!(message.contains("--redis-url") && !message.contains("hunter2"), "{message}");
    }
}

#[test]
fn tls_with_a_server_that_a_trusted_certificate_vouches_for() {
    let (project, certificates) = (project(), certificates());
    let file = |name: &str| certificates.path().join(name);
    let text = |name: &str| file(name).display().to_string();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let (port, certificate, key, ca) = (port.to_string(), text("server.crt"), text("server.key"), text("ca.crt"));
    let mut options = vec!["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    options.extend(["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"]);
    let server = Server::start_with(&options);
    let trusts = |ca: &str| file(ca);
    let url = format!("rediss://localhost:{port}/6");
    assert_serves(&project, &server, &url, "6", &[("SSL_CERT_FILE", &trusts("ca.crt"))]);
    let not_vouched_for = trusts("other-ca.crt");
    assert_does_not_serve(&project, &url, &[("SSL_CERT_FILE", &not_vouched_for)]);
    assert_does_not_serve(&project, &url, &[]);
    let other_name = format!("rediss://127.0.0.1:{port}");
    assert_does_not_serve(&project, &other_name, &[("SSL_CERT_FILE", &trusts("ca.crt"))]);
    let no_tls = format!("rediss://localhost:{}", server.port);
    assert_does_not_serve(&project, &no_tls, &[("SSL_CERT_FILE", &trusts("ca.crt"))]);
    assert_does_not_serve(&project, &format!("redis://localhost:{port}"), &[]);
}

#[test]
fn a_flag_beats_the_environment() {
    let (project, server) = (project(), Server::start());
    let asked = |flags: &[&str], environment: &[(&str, &str)]| {
        server.cli(&["FLUSHALL"]);
        let mut command = cfn_in(project.path());
        command.args(QUESTION).args(flags).envs(environment.iter().copied()).env("CFN_REDIS_BUDGET_MS", "10000");
        Ran::from(command.output().expect("cfn runs")).ok();
        server.counted("load").0 == 1
    };
    let url = server.url();
    assert!(asked(&["--redis-url", &url, "--cache", "always"], &[]));
    assert!(asked(&["--cache", "always"], &[("CFN_REDIS_URL", &url), ("CFN_CACHE", "never")]));
    assert!(!asked(&["--cache", "never"], &[("CFN_REDIS_URL", &url), ("CFN_CACHE", "always")]));
    assert!(!asked(&["--redis-url", ""], &[("CFN_REDIS_URL", &url), ("CFN_CACHE", "always")]));
    assert!(!asked(&[], &[("CFN_CACHE", "always")]));
    assert!(!asked(&[], &[("CFN_REDIS_URL", &url)]), "auto is off for load where nothing was measured");
}
