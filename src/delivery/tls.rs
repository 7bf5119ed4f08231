//! Whom TLS trusts: the system's certificates, and those of a file.

use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::{Cause, about};

/// What is spoken over, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The client's side of TLS 1.2 and 1.3. Blocks while it reads certificates.
///
/// # Errors
/// The file cannot be read, or nothing is trusted at all.
pub(super) fn client(ca_file: Option<&Path>) -> Result<ClientConfig, Cause> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let unreadable = |error: Cause| {
            let shown = file.display();
            let text = format!("the certificates in {shown} cannot be read: {error}");
            about(text, error)
        };
        let pem = std::fs::read(file).map_err(|error| unreadable(error.into()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unreadable(error.into()))?;
            trusted
                .add(certificate)
                .map_err(|error| unreadable(error.into()))?;
        }
    }
    if trusted.is_empty() {
        return Err("no certificate is trusted: install ca-certificates, or set ca_file".into());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted)
        .with_no_client_auth())
}
