//! Names, TLS and passwords, as libpq means its settings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Dual;
use super::server::Server;
use crate::certificates::certificates;
use crate::harness::{Project, Ran};
use crate::name_service;

/// A server with a certificate for the name `localhost` alone, from an authority of its own; it lets in over TLS only, and
/// with a password.
struct Guarded {
    server: Server,
    certificates: Project,
}

impl Guarded {
    fn new() -> Self {
        let certificates = certificates();
        let mut server = Server::prepare();
        server.put(&certificates.path().join("server.crt"), "server.crt");
        server.put(&certificates.path().join("server.key"), "server.key");
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
fn the_system_says_where_a_host_is_and_who_the_user_is() {
    let guarded = Guarded::new();
    let file = guarded.file("pgpass");
    fs::write(&file, format!("db.test:{}:*:cfn_test:open\\:sesame\n", guarded.server.port)).expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
    let connect = |script: &str| -> Ran {
        let mut command = crate::harness::cfn_in(guarded.certificates.path());
        let url = format!("postgresql://db.test:{}/postgres?sslmode=require", guarded.server.port);
        command.args(["db", "postgres-schema", "--apply"]).env("CFN_POSTGRES_URL", url).env("PGPASSFILE", &file);
        command.env("PATH", name_service::answering(&guarded.certificates, script)).output().expect("cfn runs").into()
    };
    // The first address has no server; the user is found by his number, and his password by his name.
    let known = "case \"$*\" in 'ahosts -- db.test') echo 127.9.9.9; echo 127.0.0.1;; \"passwd -- $(id -u)\") echo cfn_test:x:1:1;; *) exit 2; esac";
    connect(known).ok();
    let unknown = connect("exit 2").fails(9);
    assert!(unknown.contains("no address was found for its name"), "{unknown}");
    let since = Instant::now();
    connect("exec sleep 60").fails(9);
    assert!(since.elapsed() < Duration::from_secs(30), "it waited {:?}", since.elapsed());
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
