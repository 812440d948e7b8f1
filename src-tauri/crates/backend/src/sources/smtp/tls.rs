//! STARTTLS: the certificate that the settings name.

use crate::config::mail::MailSettings;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What begins TLS, where the settings name a certificate and a key.
pub fn acceptor(settings: &MailSettings) -> Result<Option<TlsAcceptor>, String> {
    let (certificate, key) = match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Ok(None),
        _ => return Err("[inbox] tls_certificate and tls_key in settings.toml belong together".into()),
    };
    let wrong =
        |path: &std::path::Path, e: &dyn std::fmt::Display| format!("{} is of no use: {e}", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|e| wrong(certificate, &e))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(key, &e))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|e| wrong(certificate, &e))?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
