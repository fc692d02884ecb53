//! Names, TLS and passwords, as libpq means its settings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Dual;
use crate::certificates::certificates;
use crate::harness::{Project, Ran};
use crate::names::{hanging, seeing};
use crate::postgres_server::Server;

/// A server with a certificate for the name `localhost` alone, from an authority of its own; it lets in over TLS only, and
/// with a password.
struct Guarded {
    server: Server,
    certificates: Project,
}

impl Guarded {
    fn new() -> Self {
        Self::with("server")
    }

    fn with(name: &str) -> Self {
        let certificates = certificates();
        let mut server = Server::prepare();
        server.put(&certificates.path().join(format!("{name}.crt")), "server.crt");
        server.put(&certificates.path().join(format!("{name}.key")), "server.key");
        server.append("postgresql.conf", "ssl = on\n");
        fs::write(
            server.data().join("pg_hba.conf"),
            "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
        )
        .expect("a file");
        server.launch();
        server.sql("postgres", "ALTER ROLE cfn_test PASSWORD 'open:sesame'");
        Self { server, certificates }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.certificates.path().join(name)
    }

    /// Creates the tables, which needs a connection.
    fn connect(&self, host: &str, password: &str, parameters: &str) -> Ran {
        let url = format!("postgresql://cfn_test{password}@{host}:{}/postgres?{parameters}", self.server.port);
        let mut command = crate::harness::cfn_in(self.certificates.path());
        command.args(["db", "postgres-schema", "--apply"]).env("CFN_POSTGRES_URL", url).env("HOME", "/nonexistent");
        command.env("PGPASSFILE", self.file("pgpass")).output().expect("cfn runs").into()
    }
}

#[test]
fn modes_mean_what_libpq_means() {
    let guarded = Guarded::new();
    let connect = |host: &str, parameters: &str| guarded.connect(host, ":open%3Asesame", parameters);
    for parameters in [
        "",
        "sslmode=prefer",
        "sslmode=require",
        "sslmode=require&sslrootcert=ca.crt",
        "sslmode=verify-ca&sslrootcert=ca.crt",
        "sslmode=verify-full&sslrootcert=ca.crt",
        "sslmode=verify-full&sslrootcert=server.crt",
    ] {
        connect("localhost", parameters).ok();
    }
    connect("127.0.0.1", "sslmode=verify-ca&sslrootcert=ca.crt").ok();
    for (host, parameters, why) in [
        ("127.0.0.1", "sslmode=verify-full&sslrootcert=ca.crt", "certificate not valid for name"),
        ("localhost", "sslmode=verify-full&sslrootcert=other-ca.crt", "UnknownIssuer"),
        ("localhost", "sslmode=verify-ca&sslrootcert=other-ca.crt", "UnknownIssuer"),
        ("localhost", "sslmode=require&sslrootcert=other-ca.crt", "UnknownIssuer"),
        ("localhost", "sslmode=disable", "no encryption"),
    ] {
        let message = connect(host, parameters).fails(9);
        assert!(message.contains(why), "{host} {parameters}: {message}");
    }
    for parameters in ["sslmode=verify-full", "sslmode=verify-ca&sslrootcert=missing.crt"] {
        let message = connect("localhost", parameters).fails(1);
        assert!(message.contains("sslrootcert"), "{message}");
    }
}

#[test]
fn a_server_without_tls_is_refused_where_it_is_required() {
    let dual = Dual::new();
    let mut command = dual.command(["db", "postgres-schema", "--apply"]);
    let required = format!("{}?sslmode=require", dual.url);
    let ran: Ran = command.env("CFN_POSTGRES_URL", required).output().expect("cfn runs").into();
    assert!(ran.fails(9).contains("TLS"));
}

#[test]
fn the_system_says_where_a_host_is() {
    let guarded = Guarded::new();
    let connect = |hosts: &Path| -> Ran {
        let mut command = crate::harness::cfn_in(guarded.certificates.path());
        let url =
            format!("postgresql://cfn_test:open%3Asesame@db.test:{}/postgres?sslmode=require", guarded.server.port);
        command.args(["db", "postgres-schema", "--apply"]).env("CFN_POSTGRES_URL", url).env("HOME", "/nonexistent");
        seeing(&command, hosts, "/etc/hosts").output().expect("cfn runs").into()
    };
    // The first address has no server.
    connect(&guarded.certificates.file("hosts", "127.9.9.9 db.test\n127.0.0.1 db.test\n")).ok();
    let unknown = connect(&guarded.certificates.file("hosts", "127.0.0.1 localhost\n")).fails(9);
    assert!(unknown.contains("failed to lookup address"), "{unknown}");
    let since = Instant::now();
    connect(&hanging(guarded.certificates.path())).fails(9);
    assert!(since.elapsed() < Duration::from_secs(30), "it waited {:?}", since.elapsed());
}

#[test]
fn the_system_says_who_the_user_is() {
    let guarded = Guarded::new();
    let file =
        guarded.certificates.file("pgpass", format!("localhost:{}:*:cfn_test:open\\:sesame\n", guarded.server.port));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
    let mut command = crate::harness::cfn_in(guarded.certificates.path());
    let url = format!("postgresql://localhost:{}/postgres?sslmode=require", guarded.server.port);
    command.args(["db", "postgres-schema", "--apply"]).env("CFN_POSTGRES_URL", url).env("PGPASSFILE", &file);
    // The user is found by his number, and his password by his name.
    let users = guarded.certificates.file("passwd", "cfn_test:x:0:0::/:/bin/sh\n");
    Ran::from(seeing(&command, &users, "/etc/passwd").output().expect("cfn runs")).ok();
}

#[test]
fn certificates_without_end_and_without_writers_are_refused() {
    let guarded = Guarded::new();
    let pipe = hanging(guarded.certificates.path());
    for file in [pipe.to_str().expect("UTF-8"), "/dev/zero", "."] {
        let parameters = format!("sslmode=verify-full&sslrootcert={file}");
        let message = guarded.connect("localhost", ":open%3Asesame", &parameters).fails(1);
        assert!(message.contains(file), "{message}");
    }
    let message = guarded.connect("localhost", "", &format!("sslmode=require&passfile={}", pipe.display())).fails(9);
    assert!(message.contains(&*pipe.to_string_lossy()), "{message}");
}

#[test]
fn a_server_with_its_own_certificate_must_have_the_name_and_be_valid_now() {
    for (name, host, trusted, why) in [
        ("self", "localhost", "self.crt", ""),
        ("self", "127.0.0.1", "self.crt", "not valid for name"),
        ("self", "localhost", "other-self.crt", "certificate"),
        ("expired", "localhost", "expired.crt", "expired"),
    ] {
        let guarded = Guarded::with(name);
        let ran = guarded.connect(host, ":open%3Asesame", &format!("sslmode=verify-full&sslrootcert={trusted}"));
        match why {
            "" => drop(ran.ok()),
            why => assert!(ran.clone().fails(9).contains(why), "{name} {host} {trusted}: {ran:?}"),
        }
    }
}

#[test]
fn parameters_of_real_hosts_are_understood() {
    let guarded = Guarded::new();
    let connect = |host: &str, parameters: &str| guarded.connect(host, ":open%3Asesame", parameters);
    connect("localhost", "sslmode=require&channel_binding=require").ok();
    connect(
        "localhost",
        "sslmode=verify-full&sslrootcert=ca.crt&channel_binding=prefer&target_session_attrs=read-write",
    )
    .ok();
    let port = guarded.server.port;
    connect(&format!("127.0.0.1:1,localhost:{port},127.0.0.1"), "sslmode=require").ok();
    let message = connect("127.0.0.1:1,127.0.0.2:1,127.0.0.3", "sslmode=require&connect_timeout=1&port=1,1,1").fails(9);
    assert!(message.contains("127.0.0.1:1: ") && message.contains("127.0.0.2:1: "), "{message}");
    let mut command = crate::harness::cfn_in(guarded.certificates.path());
    let keywords =
        format!("host=localhost port={port} dbname=postgres user=cfn_test password='open:sesame' sslmode=require");
    command.args(["db", "postgres-schema", "--apply"]).env("CFN_POSTGRES_URL", keywords).env("HOME", "/nonexistent");
    Ran::from(command.output().expect("cfn runs")).ok();
}

#[test]
fn passwords_come_from_the_password_file_and_are_never_shown() {
    let guarded = Guarded::new();
    let file = guarded.file("pgpass");
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("permissions");
    fs::write(
        &file,
        format!("# tests\nlocalhost:1:*:*:no\nlocalhost:{}:*:cfn_test:open\\:sesame\n", guarded.server.port),
    )
    .expect("a file");
    mode(0o600);
    guarded.connect("localhost", "", "").ok();
    mode(0o640);
    let message = guarded.connect("localhost", "", "").fails(9);
    assert!(message.contains("0600") && !message.contains("sesame"), "{message}");
    let message = guarded.connect("localhost", ":wrong-secret", "").fails(9);
    assert!(message.contains("28P01") && !message.contains("wrong-secret"), "{message}");
}
