//! Server verification and client certificates: libpq's `sslmode`, `sslrootcert`, `sslcert` and `sslkey` with rustls.

use std::error::Error as _;

use crate::certificates;
use crate::settings::{PostgresServer, RootCertificates, SslMode};

pub(super) type Connector = tokio_postgres_rustls::MakeRustlsConnect;

/// TLS without verifying the server.
pub(super) fn unverified() -> Result<Connector, String> {
    Ok(Connector::new(certificates::client(None, false, None)?))
}

/// TLS according to the mode. As with libpq, root certificates are used whenever there are some.
pub(super) fn connector(server: &PostgresServer) -> Result<Connector, String> {
    let verify = matches!(server.ssl_mode, SslMode::VerifyCa | SslMode::VerifyFull);
    let path = match &server.root_certificates {
        RootCertificates::File(path) => Some(path.clone()),
        RootCertificates::Default(path) => path.clone().filter(|it| it.exists()),
        RootCertificates::System => Some(certificates::system("sslrootcert")?),
    };
    let trusted = match path {
        // A missing file is an error only if it is needed.
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

/// Whether TLS failed, or the server refused this user with TLS, so that `prefer` tries without it.
pub(super) fn failed(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => code.code() == "28000",
        None => error.source().is_some_and(|it| certificates::failure(it).is_some()),
    }
}
