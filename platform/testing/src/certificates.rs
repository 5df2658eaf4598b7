//! An authority and a certificate by it, as the files that settings name.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Writes `ca.pem`, an authority of its own, and a certificate by it for `localhost`: `own.pem` and `own.key`.
pub fn certificates(folder: &Path) {
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("the folder can be written");
    let key = || KeyPair::generate().expect("a key can be made");
    let (signing, own) = (key(), key());
    let mut authority = CertificateParams::new(Vec::new()).expect("no name is no wrong name");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&signing).expect("a key signs");
    write("ca.pem", certificate.pem());
    let issuer = Issuer::new(authority, signing);
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("it is a name");
    let certificate = params.signed_by(&own, &issuer).expect("a key signs");
    write("own.pem", certificate.pem());
    write("own.key", own.serialize_pem());
}
