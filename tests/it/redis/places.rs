//! Addresses and logins of servers.

use std::path::Path;
use std::time::{Duration, Instant};

use super::server::Server;
use super::{notes, project, with_cache};
use crate::certificates::certificates;
use crate::harness::{Project, Ran, cfn_in};
use crate::names::{hanging, seeing};

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
fn names_are_resolved_by_the_system() {
    let (project, server) = (project(), Server::start());
    let at = |host: &str| format!("redis://{host}:{}", server.port);
    // The first address has no server; the second has.
    let hosts = project.file("hosts", "127.9.9.9 cache.test\n127.0.0.1 cache.test\n");
    for hits in ["0", "1"] {
        let mut command = with_cache(&project, &at("cache.test"), &QUESTION);
        command.env("CFN_REDIS_BUDGET_MS", "10000");
        assert_eq!(
            Ran::from(seeing(&command, &hosts, "/etc/hosts").output().expect("cfn runs")),
            project.cfn(QUESTION)
        );
        let (lookups, stores) = server.counted("load");
        assert_eq!(((lookups - stores).to_string().as_str(), stores), (hits, 1));
    }
    assert_does_not_serve(&project, &at("no-such-host.invalid"), &[]);
    server.cli(&["FLUSHALL"]);
    assert_serves(&project, &server, &at("127.1"), "0", &[]); // a short form of an address
}

#[test]
fn a_hanging_name_resolution_does_not_block() {
    let project = project();
    let since = Instant::now();
    let command = with_cache(&project, "redis://cache.test", &QUESTION);
    let ran: Ran = seeing(&command, &hanging(project.path()), "/etc/hosts").output().expect("cfn runs").into();
    assert_eq!(ran, project.cfn(QUESTION));
    assert!(since.elapsed() < Duration::from_secs(20), "it waited {:?}", since.elapsed());
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

/// A server with this certificate, and its port for TLS.
fn with_certificate(folder: &Project, name: &str) -> (Server, u16) {
    let text = |name: &str| folder.path().join(name).display().to_string();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let (number, certificate, key) = (port.to_string(), text(&format!("{name}.crt")), text(&format!("{name}.key")));
    let mut options = vec!["--tls-port", &number, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let ca = text("ca.crt");
    options.extend(["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"]);
    (Server::start_with(&options), port)
}

#[test]
fn tls_with_a_trusted_authority() {
    let (project, certificates) = (project(), certificates());
    let (server, port) = with_certificate(&certificates, "server");
    let trusts = |ca: &str| certificates.path().join(ca);
    let url = format!("rediss://localhost:{port}/6");
    assert_serves(&project, &server, &url, "6", &[("SSL_CERT_FILE", &trusts("ca.crt"))]);
    for wrong in ["other-ca.crt", "missing.crt", "server.key"] {
        assert_does_not_serve(&project, &url, &[("SSL_CERT_FILE", &trusts(wrong))]);
    }
    for unending in [hanging(certificates.path()), "/dev/zero".into()] {
        assert_does_not_serve(&project, &url, &[("SSL_CERT_FILE", &unending)]);
    }
    assert_does_not_serve(&project, &url, &[]);
    let other_name = format!("rediss://127.0.0.1:{port}");
    assert_does_not_serve(&project, &other_name, &[("SSL_CERT_FILE", &trusts("ca.crt"))]);
    let no_tls = format!("rediss://localhost:{}", server.port);
    assert_does_not_serve(&project, &no_tls, &[("SSL_CERT_FILE", &trusts("ca.crt"))]);
    assert_does_not_serve(&project, &format!("redis://localhost:{port}"), &[]);
}

#[test]
fn tls_with_a_trusted_self_signed_certificate() {
    let (project, certificates) = (project(), certificates());
    let (server, port) = with_certificate(&certificates, "self");
    let trusts = |file: &str| certificates.path().join(file);
    let url = format!("rediss://localhost:{port}/2");
    assert_serves(&project, &server, &url, "2", &[("SSL_CERT_FILE", &trusts("self.crt"))]);
    for wrong in ["other-self.crt", "ca.crt"] {
        assert_does_not_serve(&project, &url, &[("SSL_CERT_FILE", &trusts(wrong))]);
    }
    let other_name = format!("rediss://127.0.0.1:{port}");
    assert_does_not_serve(&project, &other_name, &[("SSL_CERT_FILE", &trusts("self.crt"))]);
    let (_expired, port) = with_certificate(&certificates, "expired");
    let url = format!("rediss://localhost:{port}");
    assert_does_not_serve(&project, &url, &[("SSL_CERT_FILE", &trusts("expired.crt"))]);
}

#[test]
fn a_flag_overrides_the_environment() {
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
