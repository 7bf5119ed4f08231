//! The client's side of SMTP (RFC 5321, 3207, 4954, 1870): one command, one reply, and replies are
//! bytes.
//!
//! lettre's client takes a reply only where it is UTF-8 and has a text, so that a mail which was
//! taken with any other words would be sent again and again; nor does it report at which command a
//! server refused.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use lettre::Address;
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::refusal::{SmtpReply, SmtpStep};
use crate::delivery::tls::Stream;
use crate::delivery::{Cause, about};
use crate::text::shortened;

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The server answered otherwise.
    #[error("{at}: {reply}")]
    Refused { at: SmtpStep, reply: SmtpReply },
    /// There was no answer, or none that is one.
    #[error(transparent)]
    Broken(Cause),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Broken(about(format!("the connection broke: {error}"), error))
    }
}

/// A connection to a mail server.
pub(super) struct Connection {
    from: BufReader<ReadHalf<Box<dyn Stream>>>,
    to: WriteHalf<Box<dyn Stream>>,
    offers: Vec<String>,
    local: IpAddr,
}

impl Connection {
    /// Connects, without or with TLS from the first byte, and hears the greeting.
    pub(super) async fn open(
        server: &str,
        port: u16,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, Fault> {
        let stream = TcpStream::connect((server, port)).await;
        let stream = stream
            .map_err(|error| Fault::Broken(about(format!("cannot connect: {error}"), error)))?;
        let local = stream.local_addr()?.ip().to_canonical();
        let stream: Box<dyn Stream> = match tls {
            Some(tls) => secure(server, Box::new(stream), tls).await?,
            None => Box::new(stream),
        };
        let mut connection = Self::over(stream, local);
        let greeting = connection.reply(Vec::new()).await?;
        expect(SmtpStep::Greeting, 2, greeting)?;
        Ok(connection)
    }

    fn over(stream: Box<dyn Stream>, local: IpAddr) -> Self {
        let (from, to) = split(stream);
        Self {
            from: BufReader::new(from),
            to,
            offers: Vec::new(),
            local,
        }
    }

    /// The address on this side.
    pub(super) fn local(&self) -> IpAddr {
        self.local
    }

    /// Says who we are, and notes what the server offers.
    pub(super) async fn hello(&mut self, name: &str) -> Result<(), Fault> {
        let reply = self
            .command(SmtpStep::Hello, &format!("EHLO {name}"), 2)
            .await?;
        let offers = reply.lines.iter().skip(1);
        self.offers = offers.map(|line| line.to_ascii_uppercase()).collect();
        Ok(())
    }

    /// The same connection under TLS; the greeting of [`hello`](Self::hello) is to be said again.
    pub(super) async fn starttls(
        mut self,
        server: &str,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, Fault> {
        if self.offered("STARTTLS").is_none() {
            return Err(Fault::Broken("the server does not offer STARTTLS".into()));
        }
        self.command(SmtpStep::Tls, "STARTTLS", 2).await?;
        if !self.from.buffer().is_empty() {
            // Whatever was slipped in before the encryption is not the server's word.
            return Err(Fault::Broken("the server spoke before TLS began".into()));
        }
        let stream = self.from.into_inner().unsplit(self.to);
        let stream = secure(server, stream, tls).await?;
        Ok(Self::over(stream, self.local))
    }

    /// Logs in.
    pub(super) async fn login(&mut self, user: &str, password: &str) -> Result<(), Fault> {
        let at = SmtpStep::Login;
        let ways = self.offered("AUTH").unwrap_or_default();
        let can = |way| ways.split_whitespace().any(|offered| offered == way);
        let (plain, login) = (can("PLAIN"), can("LOGIN"));
        if plain {
            let both = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
            self.command(at, &format!("AUTH PLAIN {both}"), 2).await?;
        } else if login {
            self.command(at, "AUTH LOGIN", 3).await?;
            self.command(at, &BASE64_STANDARD.encode(user), 3).await?;
            let password = BASE64_STANDARD.encode(password);
            self.command(at, &password, 2).await?;
        } else {
            let why = "the server offers no login of the kinds PLAIN and LOGIN here";
            return Err(Fault::Broken(why.into()));
        }
        Ok(())
    }

    /// The largest mail the server says it takes, where it says so.
    pub(super) fn most_bytes(&self) -> Option<usize> {
        let most = self.offered("SIZE")?.trim().parse().ok()?;
        Some(most).filter(|&most| most > 0)
    }

    /// Names the sender and one recipient, as far as the server takes both.
    pub(super) async fn envelope(
        &mut self,
        from: &Address,
        to: &Address,
        bytes: Option<usize>,
    ) -> Result<(), Fault> {
        let (from, to) = (from.to_string(), to.to_string());
        let mut command = format!("MAIL FROM:<{from}>");
        if let Some(bytes) = bytes.filter(|_| self.offered("SIZE").is_some()) {
            command.push_str(" SIZE=");
            command.push_str(&bytes.to_string());
        }
        if !(from.is_ascii() && to.is_ascii()) {
            if self.offered("SMTPUTF8").is_none() {
                let why = "the server takes no addresses beyond ASCII (SMTPUTF8)";
                return Err(Fault::Broken(why.into()));
            }
            command += " SMTPUTF8";
        }
        self.command(SmtpStep::Sender, &command, 2).await?;
        self.command(SmtpStep::Recipient, &format!("RCPT TO:<{to}>"), 2)
            .await?;
        Ok(())
    }

    /// Sends the mail itself. Any reply of the kind 2yz means that it was taken, whatever else is
    /// in it.
    pub(super) async fn mail(&mut self, mail: &[u8]) -> Result<(), Fault> {
        self.command(SmtpStep::Data, "DATA", 3).await?;
        let mail = stuffed(mail);
        let written = tokio::select! {
            biased;
            written = write(&mut self.to, &mail) => written.map(|()| true),
            // A server that has had enough says so before it has all.
            _ = self.from.fill_buf() => Ok(false),
        };
        let is_whole = matches!(written, Ok(true));
        let mut begin = [0; 3];
        if let Err(error) = self.from.read_exact(&mut begin).await {
            return Err(written.err().unwrap_or(error).into());
        }
        if is_whole && begin[0] == b'2' && begin.iter().all(u8::is_ascii_digit) {
            return Ok(());
        }
        let reply = self.reply(begin.to_vec()).await?;
        Err(Fault::Refused {
            at: SmtpStep::Mail,
            reply,
        })
    }

    /// Takes sender and recipient back.
    pub(super) async fn reset(&mut self) -> Result<(), Fault> {
        self.command(SmtpStep::Hello, "RSET", 2).await.map(drop)
    }

    /// Takes leave; what comes of it matters to nobody.
    pub(super) async fn quit(&mut self) {
        if write(&mut self.to, b"QUIT\r\n").await.is_ok() {
            let _ = self.reply(Vec::new()).await;
        }
        let _ = self.to.shutdown().await;
    }

    /// What stands behind a keyword of the server's answer to EHLO.
    fn offered(&self, keyword: &str) -> Option<&str> {
        self.offers.iter().find_map(|line| {
            let rest = line.strip_prefix(keyword)?;
            // Old servers write AUTH=LOGIN.
            (rest.is_empty() || rest.starts_with([' ', '='])).then(|| &rest[rest.len().min(1)..])
        })
    }

    async fn command(&mut self, at: SmtpStep, line: &str, kind: u16) -> Result<SmtpReply, Fault> {
        let sent = write(&mut self.to, format!("{line}\r\n").as_bytes()).await;
        let reply = self.reply(Vec::new()).await;
        match (sent, reply) {
            (_, Ok(reply)) => expect(at, kind, reply),
            (Err(error), Err(_)) => Err(error.into()),
            (Ok(()), Err(fault)) => Err(fault),
        }
    }

    /// A whole reply; `line` is what has been read of it.
    async fn reply(&mut self, mut line: Vec<u8>) -> Result<SmtpReply, Fault> {
        let (mut lines, mut first) = (Vec::new(), None);
        let mut left = MOST_OF_A_REPLY;
        loop {
            let mut bounded = (&mut self.from).take(left);
            left -= bounded.read_until(b'\n', &mut line).await? as u64;
            if left == 0 {
                return Err(Fault::Broken("the server's reply does not end".into()));
            }
            let is_cut = !line.ends_with(b"\n");
            let line = std::mem::take(&mut line);
            let line = line.trim_ascii_end();
            match (code(line), first) {
                (Some(code), _) => {
                    first = Some(code);
                    lines.push(text(line.get(4..).unwrap_or_default()));
                    if is_cut || line.get(3) != Some(&b'-') {
                        return Ok(SmtpReply { code, lines });
                    }
                }
                (None, Some(code)) if is_cut => return Ok(SmtpReply { code, lines }),
                // Some break the lines of their own texts.
                (None, Some(_)) => lines.push(text(line)),
                (None, None) if line.is_empty() && is_cut => {
                    return Err(Fault::Broken("the server closed the connection".into()));
                }
                (None, None) => {
                    let said = shortened(&text(line), 80).to_string();
                    return Err(Fault::Broken(
                        format!("no reply of a mail server: {said}").into(),
                    ));
                }
            }
        }
    }
}

async fn secure(
    server: &str,
    stream: Box<dyn Stream>,
    tls: Arc<ClientConfig>,
) -> Result<Box<dyn Stream>, Fault> {
    let name = ServerName::try_from(server.to_owned())
        .map_err(|error| Fault::Broken(about(format!("{server}: {error}"), error)))?;
    let stream = TlsConnector::from(tls).connect(name, stream).await;
    let stream = stream.map_err(|error| Fault::Broken(about(format!("TLS: {error}"), error)))?;
    Ok(Box::new(stream))
}

async fn write(to: &mut WriteHalf<Box<dyn Stream>>, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}

fn expect(at: SmtpStep, kind: u16, reply: SmtpReply) -> Result<SmtpReply, Fault> {
    if reply.code / 100 == kind {
        Ok(reply)
    } else {
        Err(Fault::Refused { at, reply })
    }
}

fn code(line: &[u8]) -> Option<u16> {
    let digits = line.get(..3)?;
    let plain = digits.iter().all(u8::is_ascii_digit) && (b'1'..=b'5').contains(&digits[0]);
    let value = |digit: &u8| u16::from(digit - b'0');
    plain.then(|| {
        digits
            .iter()
            .fold(0, |code, digit| code * 10 + value(digit))
    })
}

/// Bytes as text: UTF-8, or else Latin-1.
fn text(bytes: &[u8]) -> String {
    let as_latin_1 = || bytes.iter().map(|&byte| char::from(byte)).collect();
    std::str::from_utf8(bytes).map_or_else(|_| as_latin_1(), str::to_owned)
}

/// A mail as DATA wants it: no line is a lone full stop but the last.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + 64);
    for line in mail.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// Bytes of a reply that are read.
const MOST_OF_A_REPLY: u64 = 65_536;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    async fn after_the_dot(said: &[u8]) -> Result<(), Fault> {
        let (near, mut far) = tokio::io::duplex(4096);
        far.write_all(b"354\r\n").await.unwrap();
        let said = said.to_vec();
        tokio::spawn(async move {
            let mut heard = Vec::new();
            while !heard.ends_with(b"\r\n.\r\n") {
                heard.push(far.read_u8().await.unwrap());
            }
            far.write_all(&said).await.unwrap();
        });
        let mut connection = Connection::over(Box::new(near), Ipv4Addr::LOCALHOST.into());
        connection.mail(b"Subject: x\r\n\r\n.\r\n").await
    }

    #[tokio::test]
    async fn every_reply_of_success_means_that_the_mail_was_taken() {
        for said in [
            &b"250\r\n"[..],
            b"250",
            b"250 \r\n",
            b"250\n",
            b"250-\r\n250\r\n",
            b"250-one\r\n",
            b"250 f\xfcr Sie\r\n",
            b"250\xff\xfe\r\n",
            b"251 elsewhere\r\n",
            b"252\r\n",
            b"200 yes\r\n",
            b"299-\xf0\r\n",
        ] {
            after_the_dot(said).await.unwrap();
        }
        let endless = [b"250 ".as_slice(), &b"x".repeat(200_000)].concat();
        after_the_dot(&endless).await.unwrap();
        for said in [
            &b""[..],
            b"ok\r\n",
            b"25",
            b"354 go on\r\n",
            b"550\r\n",
            b"\xfc50 x\r\n",
        ] {
            assert!(
                after_the_dot(said).await.is_err(),
                "{}",
                said.escape_ascii()
            );
        }
    }

    #[tokio::test]
    async fn a_refusal_is_read_whatever_it_is_written_in() {
        for (said, text) in [
            (&b"550\r\n"[..], "550"),
            (
                b"550-5.1.1 f\xfcr\r\nniemanden\r\n550 da\r\n",
                "550 5.1.1 für niemanden da",
            ),
            (b"550 5.1.1", "550 5.1.1"),
        ] {
            let fault = after_the_dot(said).await.unwrap_err();
            assert!(fault.to_string().ends_with(text), "{fault}");
        }
    }

    #[test]
    fn full_stops_at_the_beginning_of_lines_are_doubled() {
        assert_eq!(stuffed(b".\r\na.\r\n..b"), b"..\r\na.\r\n...b\r\n.\r\n");
        assert_eq!(stuffed(b""), b"\r\n.\r\n");
    }
}
