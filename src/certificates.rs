//! Trusted certificates, and the verification of a server's certificate, for Redis and PostgreSQL.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::regular_file;

/// Paths of the trusted certificates in various operating systems.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Maximum size of a certificate file; an operating system's has a quarter of a megabyte.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// The certificates of a file.
#[derive(Debug)]
pub struct Trusted {
    /// For verifying chains; without unreadable certificates.
    store: RootCertStore,
    /// As they are in the file.
    certificates: Vec<CertificateDer<'static>>,
}

/// A client certificate, with its key.
pub type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The system's file. If there is none, the error names `setting` as the way to configure one.
pub fn system(setting: &str) -> Result<PathBuf, String> {
    let found = SYSTEM.iter().map(PathBuf::from).find(|it| it.exists());
    found.ok_or_else(|| format!("this system has no file of trusted certificates; name one with {setting}"))
}

/// Reads a file, which must contain at least one usable certificate.
pub fn read(path: &Path) -> Result<Trusted, String> {
    let certificates = chain(path)?;
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if usable == 0 {
        return Err(format!("{}: it has no readable certificate", path.display()));
    }
    Ok(Trusted { store, certificates })
}

/// Reads a certificate and its key.
pub fn own(certificate: &Path, key: &Path) -> Result<Own, String> {
    let read_key = PrivateKeyDer::from_pem_slice(&bytes(key)?);
    let key = read_key.map_err(|error| format!("{}: {error}", key.display()))?;
    Ok((chain(certificate)?, key))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes(path)?).collect();
    found.map_err(|error| format!("{}: {error}", path.display()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    regular_file::read(path, MOST_BYTES).map_err(|error| format!("{}: {error}", path.display()))
}

/// TLS that verifies the server against these certificates, and its name if `checks_name`. Without certificates, it
/// accepts any server.
pub fn client(trusted: Option<Trusted>, checks_name: bool, own: Option<Own>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier { trusted, checks_name, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous() // every certificate goes through the verifier below
        .with_custom_certificate_verifier(Arc::new(verifier));
    match own {
        None => Ok(config.with_no_client_auth()),
        Some((chain, key)) => config.with_client_auth_cert(chain, key).map_err(|error| error.to_string()),
    }
}

/// The TLS error in an error that may wrap one.
#[must_use]
pub fn failure<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        let wrapped = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.downcast_ref().or_else(|| wrapped?.downcast_ref()) {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}

#[derive(Debug)]
struct Verifier {
    trusted: Option<Trusted>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// Accepts a server certificate that is itself among the trusted ones, as OpenSSL does, although no chain leads to
    /// it. It must still be valid now, which is checked first.
    fn check(
        &self,
        trusted: &Trusted,
        certificate: &ParsedCertificate<'_>,
        chain: (&CertificateDer<'_>, &[CertificateDer<'_>]),
        now: UnixTime,
    ) -> Result<(), Error> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let itself = trusted.certificates.iter().any(|it| it.as_ref() == chain.0.as_ref());
        let intermediates = if itself { &[] } else { chain.1 };
        match verify_server_cert_signed_by_trust_anchor(certificate, &trusted.store, intermediates, now, algorithms) {
            Err(error) if !itself || is_about_time(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

fn is_about_time(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let Error::InvalidCertificate(why) = error else { return false };
    matches!(why, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trusted) = &self.trusted else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        self.check(trusted, &certificate, (end_entity, intermediates), now)?;
        if self.checks_name {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
