//! Which certificates are trusted to vouch for a server: read from a file of PEM, the system's or one that was named.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Where operating systems keep the certificates that they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What a file of certificates has in it.
#[derive(Debug)]
pub struct Trusted {
    /// For checking chains; what cannot be read as a certificate is left out.
    pub store: RootCertStore,
    /// As they are in the file.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// The system's file; `setting` is what names another one where there is none.
pub fn system(setting: &str) -> Result<PathBuf, String> {
    let found = SYSTEM.iter().map(PathBuf::from).find(|it| it.exists());
    found.ok_or_else(|| format!("this system has no file of trusted certificates; name one with {setting}"))
}

/// Reads a file, which must have at least one certificate that can be used.
pub fn read(path: &Path) -> Result<Trusted, String> {
    let wrong = |why: &str| format!("{}: {why}", path.display());
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| wrong(&error.to_string()))?;
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if usable == 0 {
        return Err(wrong("it has no certificate that can be read"));
    }
    Ok(Trusted { store, certificates })
}
