//! The PEM files of certificates, keys and authorities.

use std::{fs, path::PathBuf};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{TlsError, TlsSettings};

type Chain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The content of all files, as they were read together.
#[derive(PartialEq, Eq)]
pub(super) struct Files {
    certificate: Option<Content>,
    key: Option<Content>,
    client_ca: Option<Content>,
    ca: Option<Content>,
}

#[derive(PartialEq, Eq)]
struct Content {
    key: &'static str,
    file: PathBuf,
    pem: Vec<u8>,
}

impl Files {
    pub(super) fn read(settings: &TlsSettings) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: Content::read("certificate", settings.certificate.as_ref())?,
            key: Content::read("key", settings.key.as_ref())?,
            client_ca: Content::read("client-ca", settings.client_ca.as_ref())?,
            ca: Content::read("ca", settings.ca.as_ref())?,
        })
    }

    /// Our certificate with its chain, and its key.
    pub(super) fn identity(&self) -> Result<Option<Chain>, TlsError> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            return Ok(None);
        };
        let private =
            PrivateKeyDer::from_pem_slice(&key.pem).map_err(|_| key.refuse("expected a private key as PEM"))?;
        Ok(Some((certificate.certificates()?, private)))
    }

    pub(super) fn client_roots(&self) -> Result<Option<RootCertStore>, TlsError> {
        self.client_ca.as_ref().map(Content::roots).transpose()
    }

    pub(super) fn roots(&self) -> Result<Option<RootCertStore>, TlsError> {
        self.ca.as_ref().map(Content::roots).transpose()
    }
}

impl Content {
    fn read(key: &'static str, file: Option<&PathBuf>) -> Result<Option<Self>, TlsError> {
        let Some(file) = file.cloned() else {
            return Ok(None);
        };
        match fs::read(&file) {
            Ok(pem) => Ok(Some(Self { key, file, pem })),
            Err(error) => {
                let reason = error.to_string();
                Err(TlsError::File { key, file, reason })
            }
        }
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.pem).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            _ => Err(self.refuse("expected certificates as PEM")),
        }
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates()? {
            let added = roots.add(certificate);
            added.map_err(|_| self.refuse("expected certificates of an authority"))?;
        }
        Ok(roots)
    }

    fn refuse(&self, reason: &str) -> TlsError {
        TlsError::File {
            key: self.key,
            file: self.file.clone(),
            reason: reason.into(),
        }
    }
}
