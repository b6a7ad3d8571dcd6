//! Whom we trust to be who they say: the system's authorities, and those that an operator named.
//!
//! A certificate that signed itself is told from one that a stranger signed: the first is a publisher's to mend,
//! the second often an office's own authority that nobody told us of.

use std::{error::Error, path::Path, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::{FetchError, Policy};

/// A certificate that nobody but itself vouches for.
#[derive(Debug, thiserror::Error)]
#[error("the certificate is signed by itself")]
pub(super) struct SelfSigned;

/// The encryption of connections, with what a policy trusts.
pub(super) fn tls(policy: &Policy) -> Result<rustls::ClientConfig, FetchError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |cause: rustls::Error| FetchError::Setup { cause: Box::new(cause) };
    let mut extra = Vec::new();
    for path in &policy.extra_ca {
        extra.extend(authorities(path)?);
    }
    let platform = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider.clone()).map_err(failed)?;
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(failed)?;
    // What rustls calls dangerous is any choice of a verifier; this one verifies.
    let mut config = config.dangerous().with_custom_certificate_verifier(Arc::new(Verifier { platform })).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificates of a PEM file; one without any is a mistake.
fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, FetchError> {
    let failed = |cause: Box<dyn Error + Send + Sync>| FetchError::Authority { path: path.to_owned(), cause };
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match read {
        Ok(found) if found.is_empty() => Err(failed("it holds no certificate in PEM form".into())),
        Ok(found) => Ok(found),
        Err(cause) => Err(failed(Box::new(cause))),
    }
}

/// The platform's verifier, which decides everything; only its refusals are told more clearly.
#[derive(Debug)]
struct Verifier {
    platform: rustls_platform_verifier::Verifier,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.platform.verify_server_cert(certificate, between, name, ocsp, now).map_err(|error| match error {
            // An authority that shows its own certificate as that of a host, as `openssl req -x509` makes it, is another error.
            rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_),
            ) if is_self_signed(certificate) => {
                rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(SelfSigned))))
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.platform.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.platform.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

/// Whether a certificate names itself as its issuer.
fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|certificate| certificate.issuer() == certificate.subject())
}
