//! Whom TLS trusts: the system's certificates, and those of a file.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The client's side of TLS 1.2 and 1.3. Blocks while it reads certificates.
///
/// # Errors
/// The file cannot be read, or nothing is trusted at all.
pub(super) fn client(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let unreadable = |error: &dyn std::fmt::Display| {
            format!(
                "the certificates in {} cannot be read: {error}",
                file.display()
            )
        };
        let pem = read(file)?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            trusted
                .add(certificate)
                .map_err(|error| unreadable(&error))?;
        }
    }
    if trusted.is_empty() {
        return Err("no certificate is trusted: install ca-certificates, or set ca_file".into());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder
        .with_root_certificates(trusted)
        .with_no_client_auth())
}

/// A file of certificates.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| {
        format!(
            "the certificates in {} cannot be read: {error}",
            file.display()
        )
    })
}
