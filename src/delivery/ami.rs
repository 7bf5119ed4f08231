//! Asterisk's manager interface, as far as delivery needs it: log in, have one thing done (the lamp of a box
//! refreshed, a call placed, an entry of Asterisk's database read or written), log off. One short connection
//! each time, since Asterisk logs every login; who asks again and again keeps his open ([`Asker`]).
//!
//! A message that is put into a box from outside is counted at once, but Asterisk tells telephones and
//! `externnotify` of it only when it is asked to look (`VoicemailRefresh`).

use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::net::TcpStream;

use crate::config::delivery::Ami;
use crate::record::Mailbox;

/// A conversation may take so long, and each question of an [`Asker`].
pub const PATIENCE: Duration = Duration::from_secs(5);
/// What Asterisk may say meanwhile.
const MOST_OCTETS: u64 = 256 * 1024;

/// Why the manager interface did not do it.
#[derive(Debug, thiserror::Error)]
pub enum AmiError {
    /// Nobody answers there.
    #[error(
        "the manager interface at {address}: {source}; look at [general] in manager.conf and at [delivery.ami]"
    )]
    Io {
        /// Where.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// It does not answer in time.
    #[error("the manager interface at {address} did not answer within {} s", PATIENCE.as_secs())]
    Late {
        /// Where.
        address: String,
    },
    /// It is something else.
    #[error("what answers at {address} is no Asterisk manager interface")]
    Stranger {
        /// Where.
        address: String,
    },
    /// It says no.
    #[error(
        "Asterisk refuses {action}: {message}; the user of [delivery.ami] needs a section in manager.conf with its secret and write = user; where messages are replayed, write = system,originate"
    )]
    Refused {
        /// What was asked for.
        action: &'static str,
        /// What it said.
        message: String,
    },
}

/// Logs in and off again.
///
/// # Errors
/// Why that is not possible.
pub async fn try_login(settings: &Ami) -> Result<(), AmiError> {
    logged_in(settings, async |_| Ok(())).await
}

/// Has Asterisk look at a box, so that lamps and `externnotify` follow.
///
/// # Errors
/// Why it did not.
pub async fn refresh(settings: &Ami, place: &Mailbox) -> Result<(), AmiError> {
    let fields = [("Context", &*place.context), ("Mailbox", &*place.box_name)];
    act(settings, "VoicemailRefresh", &fields).await
}

/// Asks Asterisk's database for what stands there under a family and a key, if anything does.
///
/// # Errors
/// Why it did not tell.
pub async fn database_get(
    settings: &Ami,
    family: &str,
    key: &str,
) -> Result<Option<String>, AmiError> {
    logged_in(settings, async |session| {
        session.database_get(family, key).await
    })
    .await
}

/// Has one action done.
///
/// # Errors
/// Why it was not.
pub async fn act(
    settings: &Ami,
    action: &'static str,
    fields: &[(&str, &str)],
) -> Result<(), AmiError> {
    logged_in(settings, async |session| session.act(action, fields).await).await
}

/// One connection for question after question; where it has gone in between it is opened anew.
pub struct Asker<'a> {
    settings: &'a Ami,
    session: Option<Open>,
}

type Open = Session<BufReader<tokio::io::Take<TcpStream>>>;

impl<'a> Asker<'a> {
    /// Not connected yet.
    pub fn new(settings: &'a Ami) -> Self {
        Self {
            settings,
            session: None,
        }
    }

    /// As [`database_get`].
    ///
    /// # Errors
    /// Why Asterisk did not tell, over a new connection.
    pub async fn database_get(
        &mut self,
        family: &str,
        key: &str,
    ) -> Result<Option<String>, AmiError> {
        if let Some(mut session) = self.session.take() {
            session.stream.get_mut().set_limit(MOST_OCTETS);
            let answer = in_time(self.settings, session.database_get(family, key)).await;
            if answer.is_ok() {
                self.session = Some(session);
                return answer;
            }
        }
        let asked = in_time(self.settings, async {
            let mut session = Session::open(self.settings).await?;
            let answer = session.database_get(family, key).await?;
            Ok((session, answer))
        });
        let (session, answer) = asked.await?;
        self.session = Some(session);
        Ok(answer)
    }
}

/// One conversation, from the login to the end, in time.
async fn logged_in<T>(
    settings: &Ami,
    talk: impl AsyncFnOnce(&mut Open) -> Result<T, Said>,
) -> Result<T, AmiError> {
    let talked = in_time(settings, async {
        let mut session = Session::open(settings).await?;
        let answer = talk(&mut session).await?;
        session.logoff().await?;
        Ok(answer)
    });
    talked.await
}

async fn in_time<T>(
    settings: &Ami,
    talk: impl Future<Output = Result<T, Said>>,
) -> Result<T, AmiError> {
    let address = || settings.address.clone();
    match tokio::time::timeout(PATIENCE, talk).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Said::No { action, message })) => Err(AmiError::Refused { action, message }),
        Ok(Err(Said::Nonsense)) => Err(AmiError::Stranger { address: address() }),
        Ok(Err(Said::Nothing(source))) => Err(AmiError::Io {
            address: address(),
            source,
        }),
        Err(_) => Err(AmiError::Late { address: address() }),
    }
}

/// What went wrong in a conversation.
#[derive(Debug)]
enum Said {
    Nothing(io::Error),
    Nonsense,
    No {
        action: &'static str,
        message: String,
    },
}

impl From<io::Error> for Said {
    fn from(error: io::Error) -> Self {
        Self::Nothing(error)
    }
}

struct Session<S> {
    stream: S,
    actions: u32,
}

impl Open {
    async fn open(settings: &Ami) -> Result<Self, Said> {
        let stream = TcpStream::connect(&settings.address).await?;
        let mut session = Session::greet(BufReader::new(stream.take(MOST_OCTETS))).await?;
        session.login(settings).await?;
        Ok(session)
    }
}

impl<S: AsyncBufRead + AsyncRead + Writes + Unpin> Session<S> {
    async fn greet(mut stream: S) -> Result<Self, Said> {
        let line = line(&mut stream).await?;
        if !line.starts_with("Asterisk Call Manager/") {
            return Err(Said::Nonsense);
        }
        Ok(Self { stream, actions: 0 })
    }

    async fn login(&mut self, settings: &Ami) -> Result<(), Said> {
        let fields = [
            ("Username", &*settings.user),
            ("Secret", settings.secret.inline()),
            ("Events", "off"),
        ];
        self.act("Login", &fields).await
    }

    async fn logoff(&mut self) -> Result<(), Said> {
        self.send("Logoff", &[]).await
    }

    /// One action, and whether it was a success.
    async fn act(&mut self, action: &'static str, fields: &[(&str, &str)]) -> Result<(), Said> {
        self.send(action, fields).await?;
        let id = self.actions.to_string();
        loop {
            let block = self.block().await?;
            let field = |name: &str| field(&block, name);
            // Events come unasked in between.
            if field("Response").is_none() || field("ActionID").is_some_and(|other| other != id) {
                continue;
            }
            return if field("Response") == Some("Success") {
                Ok(())
            } else {
                let message = field("Message").unwrap_or("no reason given").to_owned();
                Err(Said::No { action, message })
            };
        }
    }

    /// What stands in Asterisk's database.
    async fn database_get(&mut self, family: &str, key: &str) -> Result<Option<String>, Said> {
        let fields = [("Family", family), ("Key", key)];
        match self.act("DBGet", &fields).await {
            // The words of manager_dbget in main/db.c.
            Err(Said::No { message, .. }) if message == "Database entry not found" => {
                return Ok(None);
            }
            asked => asked?,
        }
        loop {
            let block = self.block().await?;
            if field(&block, "Event") == Some("DBGetResponse") && field(&block, "Key") == Some(key)
            {
                return Ok(field(&block, "Val").map(str::to_owned));
            }
        }
    }

    async fn send(&mut self, action: &str, fields: &[(&str, &str)]) -> Result<(), Said> {
        self.actions += 1;
        let id = self.actions.to_string();
        let all = [("Action", action), ("ActionID", &*id)];
        let octets = encode(all.iter().chain(fields));
        Ok(self.stream.writer().write_all(&octets).await?)
    }

    /// Lines up to an empty one.
    async fn block(&mut self) -> Result<Vec<String>, Said> {
        let mut block = Vec::new();
        loop {
            match line(&mut self.stream).await? {
                line if line.is_empty() => return Ok(block),
                line => block.push(line),
            }
        }
    }
}

/// A buffered reader whose other direction is written to.
trait Writes {
    type To: AsyncWrite + Unpin;
    fn writer(&mut self) -> &mut Self::To;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writes for BufReader<tokio::io::Take<S>> {
    type To = S;
    fn writer(&mut self) -> &mut S {
        self.get_mut().get_mut()
    }
}

async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut octets = Vec::new();
    if stream.read_until(b'\n', &mut octets).await? == 0 || !octets.ends_with(b"\n") {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let text = String::from_utf8_lossy(&octets);
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn field<'a>(block: &'a [String], name: &str) -> Option<&'a str> {
    block.iter().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// An action's lines. A value cannot begin a line of its own: line ends in it become blanks.
pub(crate) fn encode<'a>(fields: impl Iterator<Item = &'a (&'a str, &'a str)>) -> Vec<u8> {
    let mut octets = Vec::new();
    for (name, value) in fields {
        let one_line: String = value
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        octets.extend_from_slice(format!("{name}: {one_line}\r\n").as_bytes());
    }
    octets.extend_from_slice(b"\r\n");
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use tokio::net::TcpListener;

    fn settings(address: String) -> Ami {
        Ami {
            address,
            user: "guard".into(),
            secret: Secret::Inline("s3cret".into()),
        }
    }

    fn box_100() -> Mailbox {
        Mailbox::parse("100@default").unwrap()
    }

    /// A manager that says these things, one after each action; gives back what it was sent.
    async fn manager(
        banner: &'static str,
        answers: &'static [&'static str],
    ) -> (Ami, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(listener.local_addr().unwrap().to_string());
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            stream.get_mut().write_all(banner.as_bytes()).await.unwrap();
            let (mut heard, mut answers) = (String::new(), answers.iter());
            while let Ok(line) = line(&mut stream).await {
                heard.push_str(&line);
                heard.push('\n');
                if line.is_empty()
                    && let Some(answer) = answers.next()
                {
                    stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
                }
            }
            heard
        });
        (settings, heard)
    }

    const BANNER: &str = "Asterisk Call Manager/11.0.0\r\n";
    const WELCOME: &str =
        "Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n";

    #[tokio::test]
    async fn it_logs_in_refreshes_and_logs_off() {
        let event = "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\nResponse: Success\r\nActionID: 2\r\n\r\n";
        let (settings, heard) = manager(BANNER, Box::leak(Box::new([WELCOME, event]))).await;
        refresh(&settings, &box_100()).await.unwrap();
        assert_eq!(
            heard.await.unwrap(),
            "Action: Login\nActionID: 1\nUsername: guard\nSecret: s3cret\nEvents: off\n\n\
             Action: VoicemailRefresh\nActionID: 2\nContext: default\nMailbox: 100\n\n\
             Action: Logoff\nActionID: 3\n\n"
        );
    }

    #[tokio::test]
    async fn a_refusal_says_what_asterisk_said() {
        let no = "Response: Error\r\nActionID: 1\r\nMessage: Authentication failed\r\n\r\n";
        let (settings, _heard) = manager(BANNER, Box::leak(Box::new([no]))).await;
        let error = try_login(&settings).await.unwrap_err().to_string();
        assert!(
            error.starts_with("Asterisk refuses Login: Authentication failed; "),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_stranger_and_nobody_are_told_apart() {
        let (settings, _heard) = manager("220 mail.example ESMTP\r\n", &[]).await;
        let error = try_login(&settings).await.unwrap_err();
        assert!(matches!(error, AmiError::Stranger { .. }), "{error}");
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = closed.local_addr().unwrap().to_string();
        drop(closed);
        let error = try_login(&self::settings(address)).await.unwrap_err();
        assert!(matches!(error, AmiError::Io { .. }), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_says_nothing_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(listener.local_addr().unwrap().to_string());
        let error = try_login(&settings).await.unwrap_err();
        assert!(matches!(error, AmiError::Late { .. }), "{error}");
    }

    #[test]
    fn no_value_begins_a_line_of_its_own() {
        let fields = [("Username", "a\r\nAction: Originate\n"), ("Secret", "b")];
        assert_eq!(
            encode(fields.iter()),
            b"Username: a  Action: Originate \r\nSecret: b\r\n\r\n"
        );
    }
}
