//! A receiver of webhooks that answers as it is set, and keeps what it got.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it came; names of headers in small letters.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What it does once it has a request.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    /// What it says.
    pub(crate) text: String,
    /// How long it pauses before each byte.
    pub(crate) pause: Option<Duration>,
    /// Whether it then goes on and on.
    pub(crate) endless: bool,
}

impl Answer {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

pub(crate) fn status(status: &str) -> Answer {
    Answer::text(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"))
}

pub(crate) struct Receiver {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    pub(crate) async fn start(answer: Answer, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, kept, tls) = (answer.clone(), Arc::clone(&kept), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, answer, kept).await,
                            Err(_) => None,
                        },
                        None => serve(stream, answer, kept).await,
                    }
                });
            }
        });
        Self { port, got }
    }

    pub(crate) fn got(&self) -> Vec<Request> {
        self.got.lock().unwrap().clone()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    answer: Answer,
    kept: Arc<Mutex<Vec<Request>>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let line = line(&mut stream).await?;
    let mut headers = HashMap::new();
    loop {
        let line = self::line(&mut stream).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ")?;
        assert!(
            headers
                .insert(name.to_lowercase(), value.to_owned())
                .is_none(),
            "{name} twice"
        );
    }
    let length = headers["content-length"].parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    kept.lock().unwrap().push(Request {
        line,
        headers,
        body,
    });
    if let Some(pause) = answer.pause {
        let mut ticks = tokio::time::interval(pause);
        ticks.tick().await;
        for byte in answer.text.into_bytes() {
            ticks.tick().await;
            stream.write_all(&[byte]).await.ok()?;
        }
    } else {
        stream.write_all(answer.text.as_bytes()).await.ok()?;
    }
    if answer.endless {
        loop {
            stream.write_all(&[b'x'; 4_096]).await.ok()?;
        }
    }
    stream.shutdown().await.ok()
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    Some(line.strip_suffix("\r\n")?.to_owned())
}
