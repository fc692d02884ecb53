//! Certificates for a server of a test, from an authority of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::Project;

fn openssl(folder: &Path, arguments: &str) {
    run(Command::new("openssl").args(arguments.split(' ')).current_dir(folder));
}

fn run(command: &mut Command) {
    let output = command.output();
    let output = output.expect("openssl must be installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `server.crt` and its key for localhost, from `ca.crt`; `other-ca.crt` has nothing to do with it. `self.crt`, `other-self.crt` and
/// `expired.crt` are servers' own, signed by themselves, for localhost too.
pub fn certificates() -> Project {
    let folder = Project::empty();
    let path = folder.path();
    for name in ["ca", "other-ca"] {
        let new = "req -x509 -newkey rsa:2048 -nodes -days 2";
        openssl(path, &format!("{new} -keyout {name}.key -out {name}.crt -subj /CN={name}"));
    }
    for (name, made) in [("self", "now"), ("other-self", "now"), ("expired", "2020-01-01")] {
        signed_by_itself(path, name, made);
    }
    openssl(path, "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost");
    folder.file("names", "subjectAltName=DNS:localhost\n");
    let sign = "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2";
    openssl(path, &format!("{sign} -out server.crt -extfile names"));
    folder
}

fn signed_by_itself(path: &Path, name: &str, made: &str) {
    openssl(path, &format!("req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN=localhost"));
    fs::write(path.join(format!("{name}.ext")), "subjectAltName=DNS:localhost\nbasicConstraints=CA:TRUE\n")
        .expect("a file");
    let sign = format!("openssl x509 -req -in {name}.csr -key {name}.key -out {name}.crt -days 2 -extfile {name}.ext");
    run(Command::new("faketime").arg(made).args(sign.split(' ')).current_dir(path));
}
