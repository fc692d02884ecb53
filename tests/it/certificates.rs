//! Certificates for a server of a test, from an authority of its own.

use std::path::Path;
use std::process::Command;

use crate::harness::Project;

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let output = output.expect("openssl must be installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `server.crt` and its key for localhost, from `ca.crt`; `other-ca.crt` has nothing to do with it.
pub fn certificates() -> Project {
    let folder = Project::empty();
    let path = folder.path();
    for name in ["ca", "other-ca"] {
        let new = "req -x509 -newkey rsa:2048 -nodes -days 2";
        openssl(path, &format!("{new} -keyout {name}.key -out {name}.crt -subj /CN={name}"));
    }
    openssl(path, "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost");
    folder.file("names", "subjectAltName=DNS:localhost\n");
    let sign = "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2";
    openssl(path, &format!("{sign} -out server.crt -extfile names"));
    folder
}
