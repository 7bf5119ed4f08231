//! By e-mail: text, HTML and the audio, to everyone that the mailbox names.
//!
//! Each recipient gets their own mail, so that one who is refused takes nothing from the others;
//! who has theirs already is noted in the outbox ([`Recipients`]), also for the next start. A guard
//! that dies between the server's yes and that note sends this one mail again: the Message-ID is
//! made of the delivery's key, by which mail servers and people see that it is the same. A mail
//! that is too large for the server goes without its audio, in the same attempt.

pub mod digest;
mod hello;
mod refusal;
mod render;
mod smtp;
mod words;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use lettre::Address;

pub use render::MailTemplate;
pub(super) use words::{TOO_LARGE_DE, TOO_LARGE_EN};

use super::{Cause, DeliveryError, Outgoing, blocking, tls};
use crate::clock::timeout;
use crate::config::MailboxDelivery;
use crate::config::mail::{Mail, MailTls};
use refusal::Meaning;
use smtp::{Connection, Fault};

/// Who has got the mails of one delivery, kept over restarts.
pub trait Recipients: Sync {
    /// Whether this recipient has theirs.
    fn has(&self, to: &Address) -> bool;
    /// Notes that they have; what is noted is on the disk when this ends.
    fn note(&self, to: &Address) -> impl Future<Output = ()> + Send;
}

/// Sends the message of a call to everyone that its mailbox names and that has not got it yet.
/// Returns the addresses.
///
/// # Errors
/// [`DeliveryError::Permanent`] where the server has refused every recipient for good,
/// [`DeliveryError::Transient`] while somebody may still get it.
pub async fn deliver(
    settings: &Mail,
    mailbox: &MailboxDelivery,
    page: Option<&str>,
    outgoing: &Outgoing,
    progress: &impl Recipients,
) -> Result<String, DeliveryError> {
    let from = settings.from.as_ref();
    let from = from.ok_or_else(|| DeliveryError::transient("[delivery.mail] has no from"))?;
    if mailbox.mail_to.is_empty() {
        return Err(DeliveryError::permanent("the box names nobody in mail_to"));
    }
    let zone = TimeZone::system();
    let template = MailTemplate {
        from,
        language: mailbox.language,
        page,
        most_bytes: settings.most_bytes,
        zone: &zone,
    };
    let (mut sent, mut refused, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_for_people = false;
    for to in &mailbox.mail_to {
        if progress.has(to) {
            sent.push(to.to_string());
            continue;
        }
        let whole = template.render(outgoing, to)?.formatted();
        let without_audio = MailTemplate {
            most_bytes: 0,
            ..template
        };
        let small = without_audio.render(outgoing, to)?.formatted();
        let envelope = Addresses { from, to };
        match send(settings, &envelope, &whole, &small).await {
            Ok(mut connection) => {
                // At once: a guard that dies before this sends it again.
                progress.note(to).await;
                sent.push(to.to_string());
                // Whatever comes of the farewell, the mail has been taken.
                let _ = timeout(FAREWELL, connection.quit()).await;
            }
            Err((Meaning::Permanent, why)) => refused.push(format!("{to}: {why}")),
            Err((meaning, why)) => {
                is_for_people |= meaning != Meaning::Transient;
                again.push(format!("{to}: {why}"));
            }
        }
    }
    if !again.is_empty() {
        let why = with_server(settings, &again);
        return Err(if is_for_people {
            DeliveryError::Settings(why.into())
        } else {
            DeliveryError::transient(why)
        });
    }
    if sent.is_empty() {
        return Err(DeliveryError::permanent(with_server(settings, &refused)));
    }
    let mut sent_to = sent.join(", ");
    if !refused.is_empty() {
        let _ = write!(sent_to, " (refused: {})", refused.join("; "));
    }
    Ok(sent_to)
}

/// What became of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The mail server has taken it.
    Taken,
    /// It refuses it for good, and says why.
    Refused(String),
}

/// Sends a digest to one recipient.
///
/// # Errors
/// It may be sent later: the server is away, or does not take it now.
pub async fn send_digest(
    settings: &Mail,
    digest: &digest::Digest,
    language: crate::wording::Language,
    to: &Address,
) -> Result<Sent, DeliveryError> {
    let from = settings.from.as_ref();
    let from = from.ok_or_else(|| DeliveryError::transient("[delivery.mail] has no from"))?;
    let mail = digest.mail(from, to, language, &TimeZone::system())?;
    let mail = mail.formatted();
    match send(settings, &Addresses { from, to }, &mail, &mail).await {
        Ok(mut connection) => {
            // Whatever comes of the farewell, the mail has been taken.
            let _ = timeout(FAREWELL, connection.quit()).await;
            Ok(Sent::Taken)
        }
        Err((Meaning::Permanent, why)) => Ok(Sent::Refused(with_server(settings, &[why]))),
        Err((_, why)) => Err(DeliveryError::transient(with_server(settings, &[why]))),
    }
}

/// Whether the mail server can be reached, trusted and logged in to, and takes mails from the guard
/// to all these; sends nothing.
///
/// # Errors
/// What is in the way.
pub async fn probe(settings: &Mail, recipients: &[&Address]) -> Result<String, DeliveryError> {
    let broken = |why: String| DeliveryError::transient(with_server(settings, &[why]));
    let mut connection = timeout(settings.timeout, connect(settings))
        .await
        .map_err(|_| broken(LATE.into()))?
        .map_err(|fault| broken(fault.to_string()))?;
    let (mut wrong, mut for_now) = (Vec::new(), Vec::new());
    let from = settings.from.iter();
    for (from, to) in from.flat_map(|from| recipients.iter().map(move |&to| (from, to))) {
        let asked = async {
            let taken = connection.envelope(from, to, None).await;
            connection.reset().await.and(taken)
        };
        match timeout(settings.timeout, asked).await {
            Ok(Ok(())) => {}
            Ok(Err(Fault::Refused { at, reply })) if reply.meaning(at) == Meaning::Transient => {
                for_now.push(format!("{to}: for now {at}: {reply}"));
            }
            Ok(Err(fault)) => wrong.push(format!("{to}: {fault}")),
            Err(_) => return Err(broken(format!("{to}: {LATE}"))),
        }
    }
    let _ = timeout(FAREWELL, connection.quit()).await;
    if !wrong.is_empty() {
        return Err(DeliveryError::transient(with_server(settings, &wrong)));
    }
    let place = format!("{}:{}", settings.server, settings.port);
    Ok(if for_now.is_empty() {
        place
    } else {
        format!("{place} ({})", for_now.join("; "))
    })
}

fn with_server(settings: &Mail, why: &[String]) -> String {
    format!("{}:{}: {}", settings.server, settings.port, why.join("; "))
}

struct Addresses<'a> {
    from: &'a Address,
    to: &'a Address,
}

/// Sends one mail, or, where it is too large, what is left without its audio; gives the connection,
/// which is still to be ended.
async fn send(
    settings: &Mail,
    envelope: &Addresses<'_>,
    whole: &[u8],
    small: &[u8],
) -> Result<Connection, (Meaning, String)> {
    let mut with_audio = small.len() < whole.len();
    loop {
        let attempt = async {
            let mut connection = connect(settings).await?;
            if connection
                .most_bytes()
                .is_some_and(|most| most < whole.len())
            {
                with_audio = false;
            }
            let mail = if with_audio { whole } else { small };
            let Addresses { from, to } = envelope;
            connection.envelope(from, to, Some(mail.len())).await?;
            connection.mail(mail).await?;
            Ok(connection)
        };
        let why = match timeout(settings.timeout, attempt).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(fault)) => fault,
            Err(_) => return Err((Meaning::Transient, LATE.to_owned())),
        };
        let meaning = match &why {
            Fault::Refused { at, reply } => reply.meaning(*at),
            Fault::Broken(_) => Meaning::Transient,
        };
        if meaning != Meaning::TooLarge || !with_audio {
            return Err((meaning, why.to_string()));
        }
        with_audio = false;
    }
}

/// A connection as the settings want it: protected, trusted, logged in.
async fn connect(settings: &Mail) -> Result<Connection, Fault> {
    // Certificates and the password are read anew each time: what was mended works at the next
    // attempt.
    let own = settings.clone();
    let read = blocking(move || {
        let trusted = (own.tls != MailTls::None).then(|| tls::client(own.ca_file.as_deref()));
        let trusted = trusted.transpose()?.map(Arc::new);
        let name = own.hello.clone().or_else(hello::own_name);
        Ok::<_, Cause>((trusted, own.password.reveal()?, name))
    });
    let (trusted, password, name) = read
        .await
        .map_err(|failed| Fault::Broken(failed.into()))?
        .map_err(Fault::Broken)?;
    let (at_once, later) = match settings.tls {
        MailTls::Tls => (trusted, None),
        MailTls::Starttls | MailTls::None => (None, trusted),
    };
    let mut connection = Connection::open(&settings.server, settings.port, at_once).await?;
    let name = name.unwrap_or_else(|| hello::literal(connection.local()));
    connection.hello(&name).await?;
    if let Some(trusted) = later {
        connection = connection.starttls(&settings.server, trusted).await?;
        connection.hello(&name).await?;
    }
    if !settings.user.is_empty() {
        connection.login(&settings.user, &password).await?;
    }
    Ok(connection)
}

/// What is said of a server that does not answer within the time of an attempt.
const LATE: &str = "no answer in time";
/// A server that has taken a mail is not waited for longer.
const FAREWELL: Duration = Duration::from_secs(2);
