//! E-mail through Debian's Exim on loopback: STARTTLS and TLS, login, limits; the audio comes out whole.
//!
//! `tests/run` provides the Exim and says where in `VOICEMAIL_GUARD_TEST_EXIM`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use mail_parser::{MessageParser, MimeHeaders};
use voicemail_guard::audio::file::{Format, decode};
use voicemail_guard::audio::{MediaTime, g711};
use voicemail_guard::call_record::{Destination, Verdict};
use voicemail_guard::config::mail::{Mail, MailTls};
use voicemail_guard::config::{MailboxDelivery, Secret};
use voicemail_guard::delivery::mail::digest::{Digest, Waiting};
use voicemail_guard::delivery::mail::{Sent, deliver, probe, send_digest};
use voicemail_guard::delivery::trim::{TrimPlan, trim};
use voicemail_guard::delivery::{DeliveryError, Outgoing, key_of};
use voicemail_guard::hearing::hear;
use voicemail_guard::wording::Language;

use crate::support::progress::Notes;
use crate::support::records;

/// An Exim of the test's own; ends with it.
struct Exim {
    root: PathBuf,
    daemon: Child,
    starttls: u16,
    tls: u16,
}

impl Exim {
    fn start() -> Self {
        let provided = std::env::var_os("VOICEMAIL_GUARD_TEST_EXIM");
        let provided = PathBuf::from(provided.expect("VOICEMAIL_GUARD_TEST_EXIM; see tests/run"));
        let root = provided.with_extension(std::process::id().to_string());
        run(Command::new("cp").arg("-al").arg(&provided).arg(&root));
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (starttls, tls) = (free_port(), free_port());
        let config = include_str!("exim.conf")
            .replace("@STARTTLS@", &starttls.to_string())
            .replace("@TLS@", &tls.to_string());
        fs::create_dir_all(root.join("etc/exim4")).unwrap();
        for (name, text) in [
            ("exim.pem", cert.pem()),
            ("exim.key", signing_key.serialize_pem()),
            ("exim4/exim4.conf", config),
        ] {
            fs::write(root.join("etc").join(name), text).unwrap();
        }
        let daemon = Command::new("chroot")
            .arg(&root)
            .args(["/usr/sbin/exim4", "-bdf"])
            .spawn()
            .unwrap();
        let exim = Self {
            root,
            daemon,
            starttls,
            tls,
        };
        exim.wait("Exim to listen", || {
            TcpStream::connect(("127.0.0.1", exim.tls)).ok()
        });
        exim
    }

    fn settings(&self, how: MailTls) -> Mail {
        Mail {
            server: "localhost".into(),
            port: if how == MailTls::Tls {
                self.tls
            } else {
                self.starttls
            },
            tls: how,
            ca_file: Some(self.root.join("etc/exim.pem")),
            user: "pbx".into(),
            password: Secret::Inline("open sesame".into()),
            from: Some("guard@example.com".parse().unwrap()),
            ..Mail::default()
        }
    }

    /// The next mail that was put into the box.
    fn mail(&self) -> Vec<u8> {
        let new = self.root.join("var/mail/box/new");
        self.wait("a mail in the box", || {
            let path = fs::read_dir(&new).ok()?.next()?.ok()?.path();
            let mail = fs::read(&path).ok()?;
            fs::remove_file(path).ok()?;
            Some(mail)
        })
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        for _ in 0..300 {
            if let Some(found) = look() {
                return found;
            }
            voicemail_guard::clock::block(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.root.join("var/log/exim4/mainlog"));
        panic!("waited for {what}; Exim says {log:?}");
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A real voice, heard and trimmed as the worker does it.
fn outgoing(sends: usize) -> Outgoing {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio/speech.ulaw");
    let spoken: Vec<i16> = fs::read(clip)
        .unwrap()
        .into_iter()
        .map(g711::ulaw)
        .collect();
    let recording = [vec![0; 40_000], spoken.repeat(sends), vec![0; 40_000]].concat();
    let mut record = records::closed(3, Verdict::Message);
    record.timeline = hear(&recording).segments().to_vec();
    let sound = trim(&recording, &record.timeline, &TrimPlan::of(&record, true));
    assert!(
        sound.len() + MediaTime::from_secs(8) < sound.recorded,
        "{}",
        sound.len()
    );
    Outgoing {
        key: key_of(record.id, Destination::Mail),
        record,
        case: None,
        failures: 0,
        sound: Some(sound),
        original: None,
    }
}

async fn send(settings: &Mail, to: &str, outgoing: &Outgoing) -> Result<String, DeliveryError> {
    let mailbox = MailboxDelivery {
        mail_to: vec![to.parse().unwrap()],
        language: Language::De,
        ..MailboxDelivery::default()
    };
    deliver(settings, &mailbox, None, outgoing, &Notes::default()).await
}

#[tokio::test]
async fn exim_delivers_a_message_that_can_be_played() {
    let exim = Exim::start();
    let outgoing = outgoing(1);
    for how in [MailTls::Starttls, MailTls::Tls] {
        let settings = exim.settings(how);
        let to = "team@example.com".parse().unwrap();
        probe(&settings, &[&to]).await.unwrap();
        send(&settings, "team@example.com", &outgoing)
            .await
            .unwrap();
        let mail = exim.mail();
        let mail = MessageParser::default().parse(&mail).unwrap();
        let subject = "Sprachnachricht von +4991120000003 (Jürgen Müller) für 100@default";
        assert_eq!(mail.subject(), Some(subject));
        assert!(
            mail.body_text(0)
                .unwrap()
                .contains("eingegeben und bestätigt")
        );
        let audio = mail.attachment(0).unwrap();
        assert_eq!(
            Path::new(audio.attachment_name().unwrap()).extension(),
            Some("wav".as_ref())
        );
        let heard = decode(audio.contents(), Format::Wav).unwrap();
        assert!(heard.samples == outgoing.sound.as_ref().unwrap().samples);
    }

    let good = exim.settings(MailTls::Tls);
    let guess = Secret::Inline("guess".into());
    let wrong_password = Mail {
        password: guess,
        ..good.clone()
    };
    let unknown_authority = Mail {
        ca_file: None,
        ..good.clone()
    };
    for bad in [wrong_password, unknown_authority] {
        let failed = send(&bad, "team@example.com", &outgoing).await.unwrap_err();
        assert!(
            !matches!(failed, DeliveryError::Permanent { .. }),
            "{failed}"
        );
        probe(&bad, &[]).await.unwrap_err();
    }
    let busy = send(&good, "busy@example.com", &outgoing)
        .await
        .unwrap_err();
    assert!(matches!(busy, DeliveryError::Transient { .. }), "{busy}");
    let nowhere = send(&good, "team@example.net", &outgoing)
        .await
        .unwrap_err();
    assert!(
        matches!(nowhere, DeliveryError::Settings { .. }),
        "{nowhere}"
    );

    let long = self::outgoing(12);
    send(&good, "team@example.com", &long).await.unwrap();
    let mail = exim.mail();
    let mail = MessageParser::default().parse(&mail).unwrap();
    assert_eq!(mail.attachment_count(), 0);
    let limited = Mail {
        most_bytes: 200_000,
        ..good
    };
    send(&limited, "team@example.com", &long).await.unwrap();
    let mail = exim.mail();
    let mail = MessageParser::default().parse(&mail).unwrap();
    assert_eq!(mail.attachment_count(), 0);
    assert!(mail.body_text(0).unwrap().contains("zu groß"));
}

#[tokio::test]
async fn exim_delivers_a_digest_that_can_be_read_either_way() {
    let exim = Exim::start();
    let since = records::closed(1, Verdict::Message).started;
    let digest = Digest {
        mailbox: "100@default".into(),
        day: "2026-11-24".parse().unwrap(),
        at: since,
        is_late: true,
        waiting: vec![Waiting {
            name: "<b>Jürgen</b>\r\nBcc: x@example.com".into(),
            number: "+499111234567".into(),
            dial: Some("+499111234567".into()),
            verdict: Some(Verdict::Message),
            since,
            state: "offen".into(),
            page: None,
        }],
        more: 0,
        since,
        junk: vec![(Verdict::HoldMusic, 1_234)],
    };
    let settings = exim.settings(MailTls::Starttls);
    let to = "team@example.com".parse().unwrap();
    let sent = send_digest(&settings, &digest, Language::De, &to).await;
    assert_eq!(sent.unwrap(), Sent::Taken);
    let mail = exim.mail();
    let mail = MessageParser::default().parse(&mail).unwrap();
    assert_eq!(mail.subject(), Some("1 Rückruf für 100@default"));
    assert!(mail.bcc().is_none());
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    assert!(
        text.contains("1. +499111234567  <b>Jürgen</b> Bcc: x@example.com"),
        "{text}"
    );
    assert!(text.contains("1.234 (1.234 Warteschleife)"), "{text}");
    assert!(
        html.contains("href=\"tel:+499111234567\"") && html.contains("&lt;b&gt;Jürgen"),
        "{html}"
    );
    // Not for now, and not at all.
    let busy = "busy@example.com".parse().unwrap();
    let failed = send_digest(&settings, &digest, Language::De, &busy)
        .await
        .unwrap_err();
    assert!(
        matches!(failed, DeliveryError::Transient { .. }),
        "{failed}"
    );
}
