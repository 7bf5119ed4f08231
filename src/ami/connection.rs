//! One connection: the login, actions and their responses, events.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::block::{Block, Blocks};
use crate::clock::timeout;
use crate::config::delivery::Ami;

/// The login may take this long, and the response to each action.
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How every manager interface greets, before its version.
const GREETING: &[u8] = b"Asterisk Call Manager/";
/// Bytes of the greeting that are looked at.
const LONGEST_GREETING: usize = 256;
/// Events that came with a response and wait to be read; of more the newest are skipped.
const MOST_WAITING: usize = 10_000;
/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;

/// Why the manager interface did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AmiError {
    /// The connection cannot be made, or breaks.
    #[error(
        "the manager interface at {address}: {source}; look at [general] in manager.conf and at [ami]"
    )]
    Io {
        /// Where.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// It does not answer in time.
    #[error("the manager interface at {address} did not answer within {} s", ANSWERS_WITHIN.as_secs())]
    Timeout {
        /// Where.
        address: String,
    },
    /// Something else listens there.
    #[error("what answers at {address} is no Asterisk manager interface")]
    NotAmi {
        /// Where.
        address: String,
    },
    /// Asterisk's response is no success.
    #[error(
        "Asterisk refuses {action}: {message}; the user of [ami] needs a section in manager.conf with its secret, read = call and write = user; where messages are replayed, write = system,originate"
    )]
    Rejected {
        /// What was asked for.
        action: &'static str,
        /// What it said.
        message: String,
    },
}

/// Which events are sent over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    /// None but those that answer an action.
    Off,
    /// Those about calls: `read = call` in manager.conf.
    Call,
    /// Those and what happens in queues, and keys: `read = call,agent,dtmf`.
    Queue,
}

/// A connection that is logged in.
#[derive(Debug)]
pub(crate) struct Connection {
    address: String,
    stream: TcpStream,
    blocks: Blocks,
    bytes: Vec<u8>,
    /// Blocks that have come and are not read yet.
    waiting: VecDeque<Block>,
    /// Events beyond [`MOST_WAITING`].
    dropped: u64,
    actions: u64,
}

impl Connection {
    /// Connects and logs in, within [`ANSWERS_WITHIN`].
    ///
    /// # Errors
    /// Why that is not possible.
    pub(crate) async fn open(settings: &Ami, events: Events) -> Result<Self, AmiError> {
        let address = &settings.address;
        let opening = async {
            let stream = TcpStream::connect(address).await;
            let mut connection = Self {
                address: address.clone(),
                stream: stream.map_err(|source| io_error(address, source))?,
                blocks: Blocks::default(),
                bytes: vec![0; READ_BYTES],
                waiting: VecDeque::new(),
                dropped: 0,
                actions: 0,
            };
            connection.greeting().await?;
            let fields = [
                ("Username", &*settings.user),
                ("Secret", settings.secret.inline()),
                (
                    "Events",
                    match events {
                        Events::Off => "off",
                        Events::Call => "call",
                        Events::Queue => "call,agent,dtmf",
                    },
                ),
            ];
            connection.act("Login", &fields).await?;
            Ok(connection)
        };
        in_time(address, opening).await
    }

    /// Has one action done, within [`ANSWERS_WITHIN`]; events that come meanwhile wait to be read.
    ///
    /// After an error but [`AmiError::Rejected`] the connection is of no more use.
    ///
    /// # Errors
    /// Why it was not done.
    pub(crate) async fn act(
        &mut self,
        action: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<(), AmiError> {
        let address = self.address.clone();
        let responding = async {
            self.send(action, fields).await?;
            let id = self.actions.to_string();
            let own = |block: &Block| {
                let other = block.get("ActionID");
                !block.get("Response").is_empty() && (other.is_empty() || other == id)
            };
            let response = self.find(own).await?;
            if response.get("Response") == "Success" {
                return Ok(());
            }
            let message = Some(response.get("Message")).filter(|message| !message.is_empty());
            let message = message.unwrap_or("no reason given").to_owned();
            Err(AmiError::Rejected { action, message })
        };
        in_time(&address, responding).await
    }

    /// What stands in Asterisk's database under a family and a key, if anything does.
    ///
    /// # Errors
    /// Why Asterisk did not say.
    pub(crate) async fn database_get(
        &mut self,
        family: &str,
        key: &str,
    ) -> Result<Option<String>, AmiError> {
        match self.act("DBGet", &[("Family", family), ("Key", key)]).await {
            // The words of manager_dbget in main/db.c.
            Err(AmiError::Rejected { message, .. }) if message == "Database entry not found" => {
                return Ok(None);
            }
            asked => asked?,
        }
        let address = self.address.clone();
        let own = |block: &Block| block.get("Event") == "DBGetResponse" && block.get("Key") == key;
        let found = in_time(&address, self.find(own)).await?;
        Ok(Some(found.get("Val").to_owned()))
    }

    /// Has one action done that is answered by a list: the events of this name, up to the one that ends it.
    ///
    /// # Errors
    /// Why it was not done.
    pub(crate) async fn list(
        &mut self,
        action: &'static str,
        fields: &[(&str, &str)],
        (each, end): (&str, &str),
    ) -> Result<Vec<Block>, AmiError> {
        self.act(action, fields).await?;
        let address = self.address.clone();
        let listing = async {
            let mut found = Vec::new();
            loop {
                let of_it = |block: &Block| [each, end].contains(&block.get("Event"));
                let block = self.find(of_it).await?;
                if block.get("Event") == end {
                    return Ok(found);
                }
                if found.len() < MOST_WAITING {
                    found.push(block);
                }
            }
        };
        in_time(&address, listing).await
    }

    /// The address of this machine by which Asterisk is reached.
    ///
    /// # Errors
    /// The connection is over.
    pub(crate) fn here(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// The next event, however long it takes. Cancelling it loses nothing.
    ///
    /// # Errors
    /// The connection is over.
    pub(crate) async fn event(&mut self) -> Result<Block, AmiError> {
        self.find(|block| !block.get("Event").is_empty()).await
    }

    /// The next of the events that came while something else was waited for.
    pub(crate) fn waiting_event(&mut self) -> Option<Block> {
        let is_event = |block: &Block| !block.get("Event").is_empty();
        let at = self.waiting.iter().position(is_event)?;
        self.waiting.remove(at)
    }

    /// Lines, blocks and events that were beyond the limits so far.
    pub(crate) fn skipped(&self) -> u64 {
        self.blocks.skipped() + self.dropped
    }

    /// Ends the connection as Asterisk wants it.
    ///
    /// # Errors
    /// It was over before.
    pub(crate) async fn log_off(mut self) -> Result<(), AmiError> {
        self.send("Logoff", &[]).await
    }

    async fn greeting(&mut self) -> Result<(), AmiError> {
        let mut line = Vec::new();
        loop {
            let read = self.read().await?;
            line.extend_from_slice(&self.bytes[..read]);
            let known = line.len().min(GREETING.len());
            let end = line.iter().position(|&byte| byte == b'\n');
            if line[..known] != GREETING[..known] || end.is_none() && line.len() > LONGEST_GREETING
            {
                let address = self.address.clone();
                return Err(AmiError::NotAmi { address });
            }
            if let Some(end) = end {
                self.take(&line[end + 1..]);
                return Ok(());
            }
        }
    }

    /// The first block that is wanted; those before it that are events are kept.
    async fn find(&mut self, wanted: impl Fn(&Block) -> bool) -> Result<Block, AmiError> {
        let mut looked_at = 0;
        loop {
            while let Some(block) = self.waiting.get(looked_at) {
                if wanted(block) || block.get("Event").is_empty() {
                    let block = self.waiting.remove(looked_at);
                    if let Some(block) = block.filter(&wanted) {
                        return Ok(block);
                    }
                } else {
                    looked_at += 1;
                }
            }
            let read = self.read().await?;
            let bytes = std::mem::take(&mut self.bytes);
            self.take(&bytes[..read]);
            self.bytes = bytes;
        }
    }

    async fn read(&mut self) -> Result<usize, AmiError> {
        let read = self.stream.read(&mut self.bytes).await;
        match read.map_err(|source| io_error(&self.address, source))? {
            0 => {
                let ended = "Asterisk ended the connection";
                let source = io::Error::new(io::ErrorKind::UnexpectedEof, ended);
                Err(io_error(&self.address, source))
            }
            read => Ok(read),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.blocks.push(bytes, |block| {
            if self.waiting.len() < MOST_WAITING || block.get("Event").is_empty() {
                self.waiting.push_back(block);
            } else {
                self.dropped += 1;
            }
        });
    }

    async fn send(&mut self, action: &str, fields: &[(&str, &str)]) -> Result<(), AmiError> {
        self.actions += 1;
        let id = self.actions.to_string();
        let all = [("Action", action), ("ActionID", &*id)];
        let bytes = encode(all.iter().chain(fields));
        let sent = self.stream.write_all(&bytes).await;
        sent.map_err(|source| io_error(&self.address, source))
    }
}

fn io_error(address: &str, source: io::Error) -> AmiError {
    let address = address.to_owned();
    AmiError::Io { address, source }
}

async fn in_time<T>(
    address: &str,
    answer: impl Future<Output = Result<T, AmiError>>,
) -> Result<T, AmiError> {
    timeout(ANSWERS_WITHIN, answer).await.unwrap_or_else(|_| {
        let address = address.to_owned();
        Err(AmiError::Timeout { address })
    })
}

/// An action's lines. A value cannot begin a line of its own: line ends in it become blanks.
fn encode<'a>(fields: impl Iterator<Item = &'a (&'a str, &'a str)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        let one_line: String = value
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        bytes.extend_from_slice(format!("{name}: {one_line}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ami::{refresh_mwi, try_login};
    use crate::call_record::Mailbox;
    use crate::config::Secret;
    use tokio::io::{AsyncBufReadExt, BufReader};
    use tokio::net::TcpListener;

    fn settings(address: String) -> Ami {
        Ami {
            address,
            user: "guard".into(),
            secret: Secret::Inline("s3cret".into()),
        }
    }

    fn mailbox_100() -> Mailbox {
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
            let (read, mut write) = stream.into_split();
            write.write_all(banner.as_bytes()).await.unwrap();
            let (mut heard, mut answers) = (String::new(), answers.iter());
            let mut lines = BufReader::new(read).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                heard.push_str(&line);
                heard.push('\n');
                if line.is_empty()
                    && let Some(answer) = answers.next()
                {
                    write.write_all(answer.as_bytes()).await.unwrap();
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
        refresh_mwi(&settings, &mailbox_100()).await.unwrap();
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
        assert!(matches!(error, AmiError::NotAmi { .. }), "{error}");
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
        assert!(matches!(error, AmiError::Timeout { .. }), "{error}");
    }

    /// Events that come before, between and with responses are all there to be read, in their order.
    #[tokio::test]
    async fn events_wait_while_an_action_is_answered() {
        let said = [
            "Event: A\r\n\r\nResponse: Success\r\nActionID: 1\r\n\r\nEvent: B\r\n\r\n",
            "Event: C\r\n\r\nResponse: Error\r\nActionID: 7\r\n\r\nResponse: Success\r\nActionID: 2\r\n\r\n\
             Event: D\r\n\r\nEvent: DBGetResponse\r\nKey: k\r\nVal: v\r\n\r\n",
            "Response: Error\r\nActionID: 3\r\nMessage: Database entry not found\r\n\r\n",
        ];
        let (settings, _heard) = manager(BANNER, Box::leak(Box::new(said))).await;
        let mut connection = Connection::open(&settings, Events::Call).await.unwrap();
        let found = connection.database_get("f", "k").await.unwrap();
        assert_eq!(found.as_deref(), Some("v"));
        assert_eq!(connection.database_get("f", "x").await.unwrap(), None);
        for name in ["A", "B", "C", "D"] {
            assert_eq!(connection.event().await.unwrap().get("Event"), name);
        }
        assert_eq!(connection.skipped(), 0);
    }

    #[tokio::test]
    async fn more_events_than_can_wait_are_skipped() {
        let flood = "Event: A\r\n\r\n".repeat(MOST_WAITING + 5);
        let flood = format!("{WELCOME}{flood}Response: Success\r\nActionID: 2\r\n\r\n");
        let said = Box::leak(Box::new([&*flood.leak()]));
        let (settings, _heard) = manager(BANNER, said).await;
        let mut connection = Connection::open(&settings, Events::Call).await.unwrap();
        connection.act("Ping", &[]).await.unwrap();
        assert_eq!(connection.skipped(), 5);
        assert_eq!(connection.waiting.len(), MOST_WAITING);
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
