//! Who the server must be: libpq's `sslmode` and `sslrootcert`, on rustls.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::certificates::{self, Trusted};
use crate::settings::{RootCertificates, SslMode};

pub(super) type Connector = tokio_postgres_rustls::MakeRustlsConnect;

/// What is asked of the server's certificate.
#[derive(Debug)]
struct Verifier {
    /// A server's own self-signed certificate among them is trusted as what it is: OpenSSL takes it, where a chain of one is no
    /// chain.
    roots: Option<Trusted>,
    name: bool,
    provider: Arc<CryptoProvider>,
}

/// TLS with a server that may be anybody.
pub(super) fn unverified() -> Result<Connector, String> {
    with(None, false)
}

/// TLS as the mode asks for it. As with libpq, root certificates are used wherever there are some.
pub(super) fn connector(mode: SslMode, roots: &RootCertificates) -> Result<Connector, String> {
    let verify = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
    let path = match roots {
        RootCertificates::File(path) => Some(path.clone()),
        RootCertificates::Default(path) => path.clone().filter(|it| it.exists()),
        RootCertificates::System => Some(certificates::system("sslrootcert")?),
    };
    let roots = match path {
        // A file that was named and is not there is only an error where it is needed.
        Some(path) if verify || path.exists() => {
            Some(certificates::read(&path).map_err(|why| format!("sslrootcert {why}"))?)
        }
        None if verify => {
            return Err("sslmode verify-ca and verify-full need sslrootcert: a file, or \"system\"".into());
        }
        _ => None,
    };
    with(roots, mode == SslMode::VerifyFull)
}

fn with(roots: Option<Trusted>, name: bool) -> Result<Connector, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier { roots, name, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous() // every certificate goes through the verifier below, which is as strict as the mode asks for
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Connector::new(config))
}

/// Whether it was TLS that failed, or the server does not let this user in with it: `prefer` goes on without.
pub(super) fn failed(error: &tokio_postgres::Error) -> bool {
    if let Some(code) = error.code() {
        return code.code() == "28000";
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        let wrapped = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if inner.is::<Error>() || wrapped.is_some_and(<dyn std::error::Error + Send + Sync>::is::<Error>) {
            return true;
        }
        cause = inner.source();
    }
    false
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
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if !roots.certificates.iter().any(|it| it.as_ref() == end_entity.as_ref()) {
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, &roots.store, intermediates, now, algorithms)?;
        }
        if self.name {
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
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
