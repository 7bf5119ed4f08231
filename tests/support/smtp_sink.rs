//! A mail server that takes everything that it is not set to refuse, and keeps it (RFC 5321, 3207, 4954).

use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_STANDARD, Engine};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A mail as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Got {
    /// The name behind EHLO.
    pub(crate) hello: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// Dots unstuffed.
    pub(crate) data: String,
    pub(crate) encrypted: bool,
    pub(crate) login: Option<String>,
}

/// How it behaves.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    pub(crate) starttls: Option<TlsAcceptor>,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Nothing is taken without this user and password.
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// What begins with the first is answered with the second; `""` there: the line is cut.
    pub(crate) refuses: Vec<(&'static str, &'static str)>,
    /// What it says to a mail that it takes, if not `250 taken`.
    pub(crate) takes_with: Option<&'static [u8]>,
    /// Larger mails are refused with 552.
    pub(crate) most_bytes: Option<usize>,
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Sink {
    pub(crate) async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manners, kept) = (manners.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    let mut talk = Talk {
                        manners,
                        kept,
                        hello: String::new(),
                        encrypted: false,
                        login: None,
                    };
                    if let Some(tls) = talk.manners.tls.clone() {
                        talk.encrypted = true;
                        if let Ok(stream) = tls.accept(stream).await {
                            talk.over(stream, true).await;
                        }
                    } else if let Some(stream) = talk.over(stream, true).await {
                        talk.encrypted = true;
                        let tls = talk.manners.starttls.clone().unwrap();
                        if let Ok(stream) = tls.accept(stream).await {
                            talk.over(stream, false).await;
                        }
                    }
                });
            }
        });
        Self { port, got }
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

struct Talk {
    manners: Manners,
    kept: Arc<Mutex<Vec<Got>>>,
    hello: String,
    encrypted: bool,
    login: Option<String>,
}

impl Talk {
    /// Gives the stream back where TLS is to begin.
    async fn over<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: S,
        greet: bool,
    ) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greet {
            stream.write_all(b"220 sink\r\n").await.ok()?;
        }
        let mut mail = Got::default();
        loop {
            let line = line(&mut stream).await?;
            if let Some(name) = line.strip_prefix("EHLO ") {
                name.clone_into(&mut self.hello);
            }
            let refused = self
                .manners
                .refuses
                .iter()
                .find(|(begin, _)| line.starts_with(begin));
            if let Some((_, reply)) = refused {
                if reply.is_empty() {
                    return None;
                }
                stream
                    .write_all(format!("{reply}\r\n").as_bytes())
                    .await
                    .ok()?;
                continue;
            }
            let reply = match line
                .split([' ', ':'])
                .next()
                .unwrap()
                .to_uppercase()
                .as_str()
            {
                "EHLO" if self.manners.starttls.is_some() && !self.encrypted => {
                    "250-sink\r\n250 STARTTLS".to_owned()
                }
                "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN".to_owned(),
                "STARTTLS" => {
                    stream.write_all(b"220 go\r\n").await.ok()?;
                    return Some(stream.into_inner());
                }
                "AUTH" => self.login(&line),
                "MAIL" if self.manners.login.is_some() && self.login.is_none() => {
                    "530 5.7.0 log in first".to_owned()
                }
                "MAIL" => {
                    mail = Got {
                        from: address(&line),
                        ..Got::default()
                    };
                    "250 ok".to_owned()
                }
                "RCPT" => {
                    mail.to = address(&line);
                    "250 ok".to_owned()
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await.ok()?;
                    loop {
                        let line = self::line(&mut stream).await?;
                        if line == "." {
                            break;
                        }
                        mail.data += line.strip_prefix('.').unwrap_or(&line);
                        mail.data += "\r\n";
                    }
                    mail.hello.clone_from(&self.hello);
                    mail.encrypted = self.encrypted;
                    mail.login = self.login.clone();
                    let refused = self.manners.refuses.iter().find(|(at, _)| *at == ".");
                    let most = self.manners.most_bytes.unwrap_or(usize::MAX);
                    if let Some((_, reply)) = refused {
                        (*reply).to_owned()
                    } else if mail.data.len() > most {
                        "552 5.3.4 too large".to_owned()
                    } else if let Some(reply) = self.manners.takes_with {
                        self.kept.lock().unwrap().push(mail.clone());
                        stream.write_all(reply).await.ok()?;
                        continue;
                    } else {
                        self.kept.lock().unwrap().push(mail.clone());
                        "250 taken".to_owned()
                    }
                }
                "QUIT" => {
                    let _ = stream.write_all(b"221 bye\r\n").await;
                    return None;
                }
                _ => "250 ok".to_owned(),
            };
            stream
                .write_all(format!("{reply}\r\n").as_bytes())
                .await
                .ok()?;
        }
    }

    fn login(&mut self, line: &str) -> String {
        let (user, password) = self.manners.login.unwrap_or_default();
        let right = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
        if line == format!("AUTH PLAIN {right}") {
            self.login = Some(user.to_owned());
            "235 welcome".to_owned()
        } else {
            "535 5.7.8 no".to_owned()
        }
    }
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await.ok()?;
    let line = String::from_utf8(line).unwrap();
    Some(line.strip_suffix("\r\n")?.to_owned())
}

fn address(line: &str) -> String {
    let (_, rest) = line.split_once('<').unwrap();
    rest.split('>').next().unwrap().to_owned()
}
