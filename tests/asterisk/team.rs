//! The team as mail server and receiver of webhooks see it.

use mail_parser::MessageParser;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use voicemail_guard::delivery::webhook::{IDEMPOTENCY_KEY, SIGNATURE, TIMESTAMP, signature};

use self::receiver::{Receiver, status};
use self::smtp_sink::{Manners, Sink};
use crate::lab::{LONGEST_CALL, wait_for};

#[path = "../support/receiver.rs"]
mod receiver;
#[path = "../support/smtp_sink.rs"]
mod smtp_sink;

const SECRET: &str = "only the team knows";

/// Both of them, on ports of their own, for as long as the value lives.
pub struct Team {
    _runtime: Runtime,
    sink: Sink,
    receiver: Receiver,
}

/// A mail as a person sees it.
#[derive(Debug)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

impl Team {
    pub fn is_there() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (sink, receiver) = runtime.block_on(async {
            let sink = Sink::start(Manners::default()).await;
            let taken = status("204 No Content");
            (sink, Receiver::start(taken, None).await)
        });
        Self {
            _runtime: runtime,
            sink,
            receiver,
        }
    }

    /// Settings for a guard that reports to it.
    pub fn settings(&self) -> String {
        format!(
            "deliver_to = [\"mail\", \"webhook\"]\nmail_to = [\"team@example.com\"]\n\
             [delivery.mail]\nport = {}\nfrom = \"guard@example.com\"\n\
             [delivery.webhook]\nurl = \"http://127.0.0.1:{}/calls\"\nsecret = \"{SECRET}\"\n\
             allow_private = [\"127.0.0.1\"]\n",
            self.sink.port, self.receiver.port
        )
    }

    /// Its mails, oldest first, once there are so many.
    pub fn mails(&self, count: usize) -> Vec<Letter> {
        wait_for(&format!("{count} mails"), LONGEST_CALL, || {
            let got = self.sink.got();
            (got.len() >= count).then(|| got.iter().map(|mail| letter(&mail.data)).collect())
        })
    }

    /// What it got by webhook, oldest first, once there is so much; each signed, and with its key.
    pub fn hooks(&self, count: usize) -> Vec<Value> {
        let requests = wait_for(&format!("{count} webhooks"), LONGEST_CALL, || {
            let got = self.receiver.got();
            (got.len() >= count).then_some(got)
        });
        let logged = requests.into_iter().map(|request| {
            let signed = signature(SECRET, &request.headers[TIMESTAMP], &request.body);
            assert_eq!(request.headers[SIGNATURE], signed);
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(body["key"], request.headers[IDEMPOTENCY_KEY]);
            body
        });
        logged.collect()
    }
}

fn letter(data: &str) -> Letter {
    let mail = MessageParser::default().parse(data.as_bytes()).unwrap();
    Letter {
        subject: mail.subject().unwrap().to_owned(),
        text: mail.body_text(0).unwrap().into_owned(),
    }
}
