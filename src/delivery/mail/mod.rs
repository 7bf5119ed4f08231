//! By e-mail: text, HTML and the audio, to everyone whom the box names.
//!
//! Each recipient gets a mail of his own, so that one who is refused takes nothing from the others; who has
//! his already is noted in the outbox ([`Progress`]), also for the next start. A guard that dies between
//! the server's yes and that note sends this one mail again: the Message-ID is made of the delivery's key,
//! by which mail servers and people see that it is the same.

mod letter;
mod words;

use std::fmt::Write;
use std::time::Duration;

use jiff::tz::TimeZone;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};

pub use letter::Stationery;

use super::{Failed, Parcel, tls};
use crate::config::parcels::{BoxDelivery, Mail, MailTls};

/// Who has got the mails of one delivery, kept over restarts.
pub trait Progress: Sync {
    /// Whether this recipient has his.
    fn has(&self, to: &Address) -> bool;
    /// Notes that he has; what is noted is on the disk when this ends.
    fn note(&self, to: &Address) -> impl Future<Output = ()> + Send;
}

/// Sends the message of a call to everyone whom its box names and who has not got it yet. Gives to whom.
///
/// # Errors
/// [`Failed::Never`] where the server has refused every recipient for good, [`Failed::Again`] while
/// somebody may still get it.
pub async fn deliver(
    settings: &Mail,
    wishes: &BoxDelivery,
    page: Option<&str>,
    parcel: &Parcel,
    progress: &impl Progress,
) -> Result<String, Failed> {
    let from = settings.from.as_ref();
    let from = from.ok_or_else(|| Failed::again("[delivery.mail] has no from"))?;
    if wishes.mail_to.is_empty() {
        return Err(Failed::never("the box names nobody in mail_to"));
    }
    let zone = TimeZone::system();
    let stationery = Stationery {
        from,
        language: wishes.language,
        page,
        most_bytes: settings.most_bytes,
        zone: &zone,
    };
    let (mut told, mut refused, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for to in &wishes.mail_to {
        if progress.has(to) {
            told.push(to.to_string());
            continue;
        }
        let letter = stationery.letter(parcel, to)?;
        let sending = tokio::time::timeout(settings.timeout, send(settings, &letter)).await;
        match sending.unwrap_or_else(|_| Err(Failed::again("no answer in time"))) {
            Ok(mut connection) => {
                // At once: a guard that dies before this sends it again.
                progress.note(to).await;
                told.push(to.to_string());
                // Whatever comes of the farewell, the mail has been taken.
                let _ = tokio::time::timeout(FAREWELL, connection.abort()).await;
            }
            Err(Failed::Never { why }) => refused.push(format!("{to}: {why}")),
            Err(Failed::Again { why, .. }) => again.push(format!("{to}: {why}")),
        }
    }
    if !again.is_empty() {
        return Err(Failed::again(with_server(settings, &again)));
    }
    if told.is_empty() {
        return Err(Failed::never(with_server(settings, &refused)));
    }
    let mut entry = format!("mail {}", told.join(", "));
    if !refused.is_empty() {
        let _ = write!(entry, " (refused: {})", refused.join("; "));
    }
    Ok(entry)
}

/// Whether the mail server can be reached, trusted and logged in to; sends nothing.
///
/// # Errors
/// What is in the way.
pub async fn probe(settings: &Mail) -> Result<String, Failed> {
    let tried = async {
        let mut connection = connect(settings).await?;
        connection.abort().await;
        Ok(format!("{}:{}", settings.server, settings.port))
    };
    let tried = tokio::time::timeout(settings.timeout, tried).await;
    let tried = tried.unwrap_or_else(|_| Err(Failed::again("no answer in time")));
    tried.map_err(|failed| Failed::again(with_server(settings, &[failed.to_string()])))
}

fn with_server(settings: &Mail, why: &[String]) -> String {
    format!("{}:{}: {}", settings.server, settings.port, why.join("; "))
}

/// Sends one mail; gives the connection, which is still to be ended. What the server answers to it with 5yz
/// is final; everything before, such as a refused login or certificate, is a matter of settings, which can be
/// mended.
async fn send(settings: &Mail, letter: &Message) -> Result<AsyncSmtpConnection, Failed> {
    let mut connection = connect(settings).await?;
    let sent = connection
        .send(letter.envelope(), &letter.formatted())
        .await;
    if let Err(error) = sent {
        return Err(if error.is_permanent() {
            Failed::never(error)
        } else {
            Failed::again(error)
        });
    }
    Ok(connection)
}

/// A connection as the settings want it: protected, trusted, logged in.
async fn connect(settings: &Mail) -> Result<AsyncSmtpConnection, Failed> {
    // Certificates and the password are read anew each time: what was mended works at the next attempt.
    let own = settings.clone();
    let secrets = tokio::task::spawn_blocking(move || {
        let trusted = (own.tls != MailTls::None)
            .then(|| trusted(&own))
            .transpose()?;
        Ok::<_, String>((trusted, own.password.reveal()?))
    });
    let (trusted, password) = secrets
        .await
        .map_err(Failed::again)?
        .map_err(Failed::again)?;
    let (at_once, later) = match settings.tls {
        MailTls::Tls => (trusted, None),
        MailTls::Starttls | MailTls::None => (None, trusted),
    };
    let hello = ClientId::default();
    let server = (settings.server.as_str(), settings.port);
    let (timeout, local) = (Some(settings.timeout), None);
    let connection = AsyncSmtpConnection::connect_tokio1(server, timeout, &hello, at_once, local);
    let mut connection = connection.await.map_err(Failed::again)?;
    if let Some(trusted) = later {
        connection
            .starttls(trusted, &hello)
            .await
            .map_err(Failed::again)?;
    }
    if !settings.user.is_empty() {
        let credentials = Credentials::new(settings.user.clone(), password);
        let login = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
        login.map_err(Failed::again)?;
    }
    Ok(connection)
}

fn trusted(settings: &Mail) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(settings.server.clone());
    if let Some(file) = &settings.ca_file {
        let certificates = Certificate::from_pem(&tls::read(file)?)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().map_err(|error| error.to_string())
}

/// A server that has taken a mail is not waited for longer.
const FAREWELL: Duration = Duration::from_secs(2);
