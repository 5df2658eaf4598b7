//! Mail leaves by SMTP; without a server it is written into the data directory, where a developer finds it.

use std::{path::PathBuf, time::SystemTime};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{self, PoolConfig},
};
use platform_http::Url;
use platform_service::Context;

use crate::{
    error::{Error, Result},
    settings::MailSettings,
};

/// Sends mail.
pub(crate) struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// A mail to one person.
#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Mailer {
    /// The way that the section `[mail]` names.
    pub(crate) fn open(context: &Context) -> Result<Self> {
        let settings: MailSettings = context.section("mail")?;
        let from = settings.from.parse();
        let from =
            from.map_err(|_| Error::Setting("mail.from must be an address such as Hansa <hansa@example.com>"))?;
        let way = match settings.smtp.expose().as_str() {
            "" => Way::Folder(context.data_dir().join("mail")),
            url => {
                let refused = || Error::Setting("mail.smtp must be an address such as smtps://user:password@host:465");
                let parts: Url = url.parse().map_err(|_| refused())?;
                if !parts.username().is_empty() && parts.password().is_none() {
                    return Err(refused());
                }
                let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
                Way::Smtp(smtp.map_err(|_| refused())?.pool_config(unshared()).build())
            }
        };
        Ok(Self { from, way })
    }

    /// Sends one mail.
    pub(crate) async fn send(&self, context: &Context, mail: Mail) -> Result<()> {
        let to = mail.to.parse().map_err(Error::internal)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(SystemTime::from(context.clock().now()))
            .message_id(Some(format!("<{}@hansa>", context.ids().v4())))
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(Error::internal)?;
        match &self.way {
            Way::Smtp(smtp) => {
                smtp.send(message).await.map_err(|error| unsent(&error))?;
            }
            Way::Folder(folder) => {
                let name = format!("{}.eml", context.ids().v7());
                tokio::fs::create_dir_all(folder).await.map_err(Error::internal)?;
                let file = folder.join(name);
                tokio::fs::write(&file, message.formatted())
                    .await
                    .map_err(Error::internal)?;
                tracing::warn!(file = %file.display(), "no mail server is set (mail.smtp); a mail was written to a file");
            }
        }
        Ok(())
    }
}

/// Each mail has a connection of its own: that of a mail which was given up on, because the server is slow, still has
/// answers to come, which the next mail would take for its own.
fn unshared() -> PoolConfig {
    PoolConfig::new().max_size(0)
}

/// Why a server did not take a mail. Its own words may have somebody's address in them.
fn unsent(error: &smtp::Error) -> Error {
    Error::Unsent(match error.status() {
        Some(code) => format!("the server (mail.smtp) answered {code}"),
        None => format!("the server (mail.smtp) cannot be used: {error}"),
    })
}
