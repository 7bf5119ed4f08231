use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::config::{Config, Secret};

const UNIQUEID: &str = "1764.7";
const ANSWERED: &str = "Event: AgentConnect\r\nQueue: support\r\nUniqueid: 1764.7\r\n\r\n";
const KEY: &str = "Event: DTMFEnd\r\nDirection: Received\r\nDigit: 1\r\nUniqueid: 1764.7\r\n\r\n";
const OF_ANOTHER: &str = "Event: AgentConnect\r\nQueue: support\r\nUniqueid: 1764.8\r\n\r\n";

/// Asterisk's side of the connection, played by the test.
struct Asterisk {
    stream: TcpStream,
    read: String,
}

impl Asterisk {
    /// The next action: its name and its id.
    async fn hears(&mut self) -> (String, String) {
        while !self.read.contains("\r\n\r\n") {
            let mut bytes = [0; 1_024];
            let read = self.stream.read(&mut bytes).await.unwrap();
            assert_ne!(read, 0, "the guard has closed: {}", self.read);
            self.read += &String::from_utf8_lossy(&bytes[..read]);
        }
        let (action, rest) = self.read.split_once("\r\n\r\n").unwrap();
        let field = |name: &str| {
            let mut lines = action.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .unwrap()
                .to_owned()
        };
        let heard = (field("Action: "), field("ActionID: "));
        self.read = rest.to_owned();
        heard
    }

    /// Waits for this action, says this, and then that it is done, all in one piece.
    async fn does(&mut self, expected: &str, before: &str) {
        let (action, id) = self.hears().await;
        assert_eq!(action, expected);
        let said = format!("{before}Response: Success\r\nActionID: {id}\r\n\r\n");
        self.stream.write_all(said.as_bytes()).await.unwrap();
    }
}

/// A connection on which one caller is watched.
struct House {
    asterisk: Asterisk,
    manager: Manager,
    events: UnboundedReceiver<Event>,
}

impl House {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = Config::default();
        config.delivery.ami.address = listener.local_addr().unwrap().to_string();
        config.delivery.ami.user = "queues".into();
        config.delivery.ami.secret = Secret::Inline("waits".into());
        let manager = Manager::start(SharedConfig::new(config));
        let events = manager.watch(UNIQUEID.into(), "support".into());
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"Asterisk Call Manager/11.0.0\r\n")
            .await
            .unwrap();
        let mut asterisk = Asterisk {
            stream,
            read: String::new(),
        };
        asterisk.does("Login", "").await;
        asterisk.does("QueueStatus", "").await;
        let end = b"Event: QueueStatusComplete\r\n\r\n";
        asterisk.stream.write_all(end).await.unwrap();
        Self {
            asterisk,
            manager,
            events,
        }
    }

    /// The caller is to be taken out of the queue, of whom so many signs are known.
    fn takes_out(&self, known: u32) -> JoinHandle<Result<(), NotDone>> {
        let manager = self.manager.clone();
        tokio::spawn(async move {
            let signs = (UNIQUEID.to_owned(), known);
            manager.act_unless_more("Redirect", Vec::new(), signs).await
        })
    }

    /// Something that has nothing to do with it.
    fn does_something_else(&self) -> JoinHandle<Result<(), NotDone>> {
        let manager = self.manager.clone();
        tokio::spawn(async move { manager.act("UserEvent", Vec::new()).await })
    }

    /// Nobody was taken out: the next action that Asterisk hears is another one.
    async fn was_overtaken(&mut self, taking_out: JoinHandle<Result<(), NotDone>>) {
        let done = taking_out.await.unwrap();
        assert!(matches!(done, Err(NotDone::Overtaken)), "{done:?}");
        let other = self.does_something_else();
        self.asterisk.does("UserEvent", "").await;
        other.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn nobody_is_taken_out_of_whom_asterisk_says_before_its_reply_that_they_were_answered() {
    for sign in [ANSWERED, KEY] {
        let mut house = House::new().await;
        let taking_out = house.takes_out(0);
        house.asterisk.does("Ping", sign).await;
        house.was_overtaken(taking_out).await;
        assert!(is_sign(&house.events.recv().await.unwrap()));
    }
}

#[tokio::test]
async fn nobody_is_taken_out_who_was_answered_while_something_else_was_done() {
    let mut house = House::new().await;
    let other = house.does_something_else();
    let (action, id) = house.asterisk.hears().await;
    assert_eq!(action, "UserEvent");
    // It waits behind the other.
    let taking_out = house.takes_out(0);
    tokio::task::yield_now().await;
    let said = format!("{ANSWERED}Response: Success\r\nActionID: {id}\r\n\r\n");
    house
        .asterisk
        .stream
        .write_all(said.as_bytes())
        .await
        .unwrap();
    other.await.unwrap().unwrap();
    house.asterisk.does("Ping", "").await;
    house.was_overtaken(taking_out).await;
    assert_eq!(house.events.recv().await, Some(Event::Answered));
}

#[tokio::test]
async fn who_gave_no_new_sign_is_taken_out() {
    let mut house = House::new().await;
    let taking_out = house.takes_out(0);
    house.asterisk.does("Ping", OF_ANOTHER).await;
    house.asterisk.does("Redirect", "").await;
    taking_out.await.unwrap().unwrap();

    // A key of long ago, which the watch has made up its mind with.
    house
        .asterisk
        .stream
        .write_all(KEY.as_bytes())
        .await
        .unwrap();
    while house.events.recv().await != Some(Event::Key) {}
    let taking_out = house.takes_out(1);
    house.asterisk.does("Ping", "").await;
    house.asterisk.does("Redirect", "").await;
    taking_out.await.unwrap().unwrap();
}

#[tokio::test]
async fn who_cannot_be_asked_about_any_more_is_not_taken_out() {
    let mut house = House::new().await;
    let taking_out = house.takes_out(0);
    let (action, _) = house.asterisk.hears().await;
    assert_eq!(action, "Ping");
    drop(house.asterisk);
    let done = taking_out.await.unwrap();
    assert!(matches!(done, Err(NotDone::Gone)), "{done:?}");
    assert_eq!(house.events.recv().await, Some(Event::ManagerLost));
}

#[tokio::test]
async fn the_connection_is_made_anew_for_the_next_caller() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config::default();
    config.delivery.ami.address = listener.local_addr().unwrap().to_string();
    let manager = Manager::start(SharedConfig::new(config));
    for _ in 0..2 {
        let mut events = manager.watch(UNIQUEID.into(), "support".into());
        let (stream, _) = listener.accept().await.unwrap();
        drop(stream);
        assert_eq!(events.recv().await, Some(Event::ManagerLost));
    }
}
