//! Who the server must be: libpq's `sslmode`, `sslrootcert`, `sslcert` and `sslkey`, on rustls.

use std::error::Error as _;

use crate::certificates;
use crate::settings::{RootCertificates, SslMode, WorkflowServer};

pub(super) type Connector = tokio_postgres_rustls::MakeRustlsConnect;

/// TLS with a server that may be anybody.
pub(super) fn unverified() -> Result<Connector, String> {
    Ok(Connector::new(certificates::client(None, false, None)?))
}

/// TLS as the mode asks for it. As with libpq, root certificates are used wherever there are some.
pub(super) fn connector(server: &WorkflowServer) -> Result<Connector, String> {
    let verify = matches!(server.ssl_mode, SslMode::VerifyCa | SslMode::VerifyFull);
    let path = match &server.root_certificates {
        RootCertificates::File(path) => Some(path.clone()),
        RootCertificates::Default(path) => path.clone().filter(|it| it.exists()),
        RootCertificates::System => Some(certificates::system("sslrootcert")?),
    };
    let trusted = match path {
        // A file that was named and is not there is only an error where it is needed.
        Some(path) if verify || path.exists() => {
            Some(certificates::read(&path).map_err(|why| format!("sslrootcert {why}"))?)
        }
        None if verify => {
            return Err("sslmode verify-ca and verify-full need sslrootcert: a file, or \"system\"".into());
        }
        _ => None,
    };
    let own = server.certificate.as_ref().map(|(certificate, key)| certificates::own(certificate, key)).transpose();
    let own = own.map_err(|why| format!("sslcert and sslkey {why}"))?;
    Ok(Connector::new(certificates::client(trusted, server.ssl_mode == SslMode::VerifyFull, own)?))
}

/// Whether it was TLS that failed, or the server does not let this user in with it: `prefer` goes on without.
pub(super) fn failed(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => code.code() == "28000",
        None => error.source().is_some_and(|it| certificates::failure(it).is_some()),
    }
}
