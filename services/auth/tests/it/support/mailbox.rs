//! The mails that were written into the data folder.

use std::{fs, path::Path, time::Duration};

/// Longer than any job takes, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// All mails to an address, the oldest first.
pub(super) fn to(folder: &Path, email: &str) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder.join("mail")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort_by_key(|file| fs::metadata(file).unwrap().modified().unwrap());
    let mails = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let header = format!("To: {email}\r\n");
    mails
        .filter(|mail| mail.contains(&header))
        .map(|mail| plain(&mail))
        .collect()
}

/// All mails to an address, once there is one with this text.
pub(super) async fn wait_for(folder: &Path, email: &str, text: &str) -> Vec<String> {
    let mut waited = Duration::ZERO;
    loop {
        let mails = to(folder, email);
        if mails.iter().any(|mail| mail.contains(text)) {
            return mails.into_iter().filter(|mail| mail.contains(text)).collect();
        }
        assert!(waited < PATIENCE, "no mail to {email} with {text:?}: {mails:?}");
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
}

/// The token behind `#what=`.
pub(crate) fn token_in(mail: &str, what: &str) -> String {
    let mail = plain(mail);
    let (_, rest) = mail.rsplit_once(&format!("#{what}=")).unwrap();
    rest.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .collect()
}

/// The text of a mail, whichever way it was encoded.
fn plain(mail: &str) -> String {
    match mail.contains("Content-Transfer-Encoding: quoted-printable") {
        true => mail.replace("=\r\n", "").replace("=3D", "="),
        false => mail.to_owned(),
    }
}
