//! E-mail, through a mail server on loopback: what arrives, and what every kind of refusal means.

use std::time::Duration;

use mail_parser::{MessageParser, MimeHeaders};
use voicemail_guard::audio::wav;
use voicemail_guard::call_record::{Callback, Caller, Destination};
use voicemail_guard::config::mail::{Mail, MailTls};
use voicemail_guard::config::{MailboxDelivery, Secret};
use voicemail_guard::delivery::mail::{self, probe};
use voicemail_guard::delivery::{DeliveryError, Outgoing};
use voicemail_guard::wording::Language;

use crate::support::certificates;
use crate::support::outgoing;
use crate::support::progress::Notes;
use crate::support::smtp_sink::{Got, Manners, Sink};

fn outgoing() -> Outgoing {
    outgoing::outgoing(Destination::Mail)
}

fn settings(sink: &Sink) -> Mail {
    Mail {
        port: sink.port,
        from: Some("guard@example.com".parse().unwrap()),
        timeout: Duration::from_secs(20),
        ..Mail::default()
    }
}

fn mailbox(to: &[&str]) -> MailboxDelivery {
    MailboxDelivery {
        mail_to: to.iter().map(|to| to.parse().unwrap()).collect(),
        ..MailboxDelivery::default()
    }
}

async fn deliver(
    settings: &Mail,
    mailbox: &MailboxDelivery,
    outgoing: &Outgoing,
) -> Result<String, DeliveryError> {
    let page = Some("https://pbx.example.com/calls/{id}");
    mail::deliver(settings, mailbox, page, outgoing, &Notes::default()).await
}

/// What arrived of one delivery to one recipient.
async fn arrived(language: Language, outgoing: &Outgoing) -> Got {
    let sink = Sink::start(Manners::default()).await;
    let mailbox = MailboxDelivery {
        language,
        ..mailbox(&["team@example.com"])
    };
    let reported = deliver(&settings(&sink), &mailbox, outgoing).await.unwrap();
    assert_eq!(reported, "team@example.com");
    let mut got = sink.got();
    assert_eq!(got.len(), 1);
    got.remove(0)
}

#[tokio::test]
async fn the_audio_arrives_sample_for_sample() {
    let outgoing = outgoing();
    let got = arrived(Language::En, &outgoing).await;
    assert_eq!(
        (got.from.as_str(), got.to.as_str()),
        ("guard@example.com", "team@example.com")
    );
    let mail = MessageParser::default().parse(got.data.as_bytes()).unwrap();
    let audio = mail.attachment(0).unwrap();
    assert_eq!(mail.attachment_count(), 1);
    assert_eq!(audio.content_type().unwrap().subtype(), Some("x-wav"));
    let name = format!("2026-11-24-{}.wav", outgoing.record.id);
    assert_eq!(audio.attachment_name(), Some(name.as_str()));
    assert!(audio.contents() == wav::encode(&outgoing.sound.unwrap().samples));
}

#[tokio::test]
async fn it_says_who_called_and_how_to_call_back_in_both_languages() {
    for (language, subject, expected) in [
        (
            Language::En,
            "Voice message from +4991120000007 (Jürgen Müller) for 100@default",
            [
                "keyed in and confirmed",
                "message: left a message (93 % sure)",
                "14.2 s of speech; a number was keyed in",
                "0:03 attached, 0:58 recorded",
                "0:01 – 0:03",
            ],
        ),
        (
            Language::De,
            "Sprachnachricht von +4991120000007 (Jürgen Müller) für 100@default",
            [
                "eingegeben und bestätigt",
                "Nachricht: hat eine Nachricht hinterlassen (zu 93 % sicher)",
                "14,2 s Sprache; eine Nummer wurde eingegeben",
                "0:03 angehängt, 0:58 aufgenommen",
                "0:01 – 0:03",
            ],
        ),
    ] {
        let outgoing = outgoing();
        let got = arrived(language, &outgoing).await;
        let mail = MessageParser::default().parse(got.data.as_bytes()).unwrap();
        assert_eq!(mail.subject(), Some(subject));
        let id = format!("{}-mail@example.com", outgoing.record.id);
        assert_eq!(mail.message_id(), Some(id.as_str()));
        let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
        let link = format!("https://pbx.example.com/calls/{}", outgoing.record.id);
        for words in expected.into_iter().chain(["08001234567", link.as_str()]) {
            assert!(
                text.contains(words) && html.contains(words),
                "{words} in {text}"
            );
        }
        assert!(html.contains(&format!("<a href=\"{link}\">")));
    }
}

#[tokio::test]
async fn what_is_missing_is_said_or_left_out() {
    let mut outgoing = outgoing();
    outgoing.sound = None;
    outgoing.record.caller = Caller::default();
    outgoing.record.callback = Callback::default();
    let got = arrived(Language::En, &outgoing).await;
    let mail = MessageParser::default().parse(got.data.as_bytes()).unwrap();
    assert_eq!(
        mail.subject(),
        Some("Voice message from number unknown for 100@default")
    );
    let text = mail.body_text(0).unwrap();
    assert!(text.contains("no number known") && text.contains("No sound was recorded."));
    assert_eq!(mail.attachment_count(), 0);
}

#[tokio::test]
async fn audio_that_is_too_large_stays_behind_and_the_mail_goes() {
    let sink = Sink::start(Manners::default()).await;
    let small = Mail {
        most_bytes: 60_000,
        ..settings(&sink)
    };
    deliver(&small, &mailbox(&["a@example.com"]), &outgoing())
        .await
        .unwrap();
    let got = sink.got().remove(0);
    let mail = MessageParser::default().parse(got.data.as_bytes()).unwrap();
    assert_eq!(mail.attachment_count(), 0);
    assert!(
        mail.body_text(0)
            .unwrap()
            .contains("The recording was too large to attach; it is kept.")
    );
    let large = Mail {
        most_bytes: 100_000,
        ..settings(&sink)
    };
    deliver(&large, &mailbox(&["a@example.com"]), &outgoing())
        .await
        .unwrap();
    let got = sink.got().remove(1);
    assert!(
        got.data.len() > 60_000 && got.data.len() < 100_000,
        "{}",
        got.data.len()
    );
}

#[tokio::test]
async fn refusals_are_final_only_where_they_are_about_the_mail() {
    for (begin, reply, is_final) in [
        ("MAIL", "451 4.3.0 later", false),
        ("RCPT", "450 4.2.0 busy", false),
        ("RCPT", "550 5.1.1 nobody", true),
        (".", "554 5.6.0 no such content", true),
        (".", "452 4.2.2 full", false),
        ("DATA", "", false),
        ("RCPT", "550 5.7.1 Relaying denied", false),
        ("MAIL", "530 5.7.0 Authentication required", false),
        ("MAIL", "553 5.7.1 sender not owned by user", false),
        ("RCPT", "504 5.5.2 need fully-qualified hostname", false),
        ("RCPT", "552 5.2.2 Mailbox over quota", false),
        ("EHLO", "554 5.7.1 not from you", false),
    ] {
        let manners = Manners {
            refuses: vec![(begin, reply)],
            ..Manners::default()
        };
        let sink = Sink::start(manners).await;
        let failed = deliver(&settings(&sink), &mailbox(&["a@example.com"]), &outgoing()).await;
        let failed = failed.unwrap_err();
        assert_eq!(
            matches!(failed, DeliveryError::Permanent { .. }),
            is_final,
            "{begin} {reply}: {failed}"
        );
        assert!(
            failed
                .to_string()
                .starts_with(&format!("127.0.0.1:{}: a@example.com: ", sink.port))
        );
        assert_eq!(sink.got().len(), 0);
    }
}

#[tokio::test]
async fn what_is_about_settings_is_told_apart() {
    for (begin, reply, settings_fault) in [
        ("RCPT", "550 5.7.1 Relaying denied", true),
        ("AUTH", "535 5.7.8 no", true),
        ("RCPT", "450 4.2.0 busy", false),
    ] {
        let manners = Manners {
            login: Some(("pbx", "open sesame")),
            refuses: vec![(begin, reply)],
            ..Manners::default()
        };
        let sink = Sink::start(manners).await;
        let with_login = Mail {
            user: "pbx".into(),
            password: Secret::Inline("open sesame".into()),
            ..settings(&sink)
        };
        let failed = deliver(&with_login, &mailbox(&["a@example.com"]), &outgoing()).await;
        let failed = failed.unwrap_err();
        let is_settings = matches!(failed, DeliveryError::Settings { .. });
        assert_eq!(is_settings, settings_fault, "{failed:?}");
        let to = "a@example.com".parse().unwrap();
        let probed = probe(&with_login, &[&to]).await;
        assert_eq!(probed.is_err(), settings_fault, "{probed:?}");
    }
}

/// The name of the settings, else this machine's full one, else its address; never a bare name, which servers refuse.
#[tokio::test]
async fn the_server_is_greeted_by_a_full_name() {
    let greeted = async |hello: Option<&str>| {
        let sink = Sink::start(Manners::default()).await;
        let settings = Mail {
            hello: hello.map(str::to_owned),
            ..settings(&sink)
        };
        deliver(&settings, &mailbox(&["a@example.com"]), &outgoing())
            .await
            .unwrap();
        sink.got().remove(0).hello
    };
    assert_eq!(greeted(Some("pbx.example.com")).await, "pbx.example.com");
    let name = greeted(None).await;
    assert!(name == "[127.0.0.1]" || name.contains('.'), "{name}");
}

#[tokio::test]
async fn a_mail_that_was_taken_is_taken_whatever_was_said() {
    for reply in [
        &b"250\r\n"[..],
        b"250 f\xfcr Sie\r\n",
        b"250-\xff\r\n250\r\n",
    ] {
        let manners = Manners {
            takes_with: Some(reply),
            ..Manners::default()
        };
        let sink = Sink::start(manners).await;
        deliver(&settings(&sink), &mailbox(&["a@example.com"]), &outgoing())
            .await
            .unwrap();
        assert_eq!(sink.got().len(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_is_too_large_for_the_server_goes_without_its_audio() {
    let size = "250-sink\r\n250 SIZE 20000";
    // One that says so takes more all the same: it is not to be tried.
    for (refuses, most_bytes) in [(vec![("EHLO", size)], None), (vec![], Some(20_000))] {
        let manners = Manners {
            refuses,
            most_bytes,
            ..Manners::default()
        };
        let sink = Sink::start(manners).await;
        for (language, note) in [
            (
                Language::En,
                "The recording was too large to attach; it is kept.",
            ),
            (
                Language::De,
                "Die Aufnahme war für einen Anhang zu groß; sie ist gespeichert.",
            ),
        ] {
            let mailbox = MailboxDelivery {
                language,
                ..mailbox(&["a@example.com"])
            };
            deliver(&settings(&sink), &mailbox, &outgoing())
                .await
                .unwrap();
            let got = sink.got().pop().unwrap();
            assert!(got.data.len() <= 20_000, "{}", got.data.len());
            let mail = MessageParser::default().parse(got.data.as_bytes()).unwrap();
            assert_eq!(mail.attachment_count(), 0);
            assert!(mail.body_text(0).unwrap().contains(note));
        }
    }
}

#[tokio::test]
async fn a_farewell_that_goes_wrong_is_no_reason_to_send_again() {
    let manners = Manners {
        refuses: vec![("QUIT", "")],
        ..Manners::default()
    };
    let sink = Sink::start(manners).await;
    deliver(&settings(&sink), &mailbox(&["a@example.com"]), &outgoing())
        .await
        .unwrap();
    assert_eq!(sink.got().len(), 1);
}

#[tokio::test]
async fn one_who_is_refused_takes_nothing_from_the_others() {
    let manners = |reply| Manners {
        refuses: vec![("RCPT TO:<b@", reply)],
        ..Manners::default()
    };
    let all = mailbox(&["a@example.com", "b@example.com", "c@example.com"]);
    let recipients = |sink: &Sink| -> Vec<_> { sink.got().into_iter().map(|got| got.to).collect() };

    let sink = Sink::start(manners("550 5.1.1 nobody")).await;
    let reported = deliver(&settings(&sink), &all, &outgoing()).await.unwrap();
    assert!(
        reported.starts_with("a@example.com, c@example.com (refused: b@example.com: "),
        "{reported}"
    );
    assert_eq!(recipients(&sink), ["a@example.com", "c@example.com"]);

    let sink = Sink::start(manners("450 4.2.0 busy")).await;
    let notes = Notes::default();
    for _ in 0..3 {
        let failed = mail::deliver(&settings(&sink), &all, None, &outgoing(), &notes)
            .await
            .unwrap_err();
        assert!(
            matches!(failed, DeliveryError::Transient { .. }),
            "{failed}"
        );
    }
    assert_eq!(recipients(&sink), ["a@example.com", "c@example.com"]);
}

#[tokio::test]
async fn the_way_is_protected_and_the_server_known() {
    let folder = tempfile::tempdir().unwrap();
    let (acceptor, ca_file) = certificates::server("localhost", folder.path());
    let login = Some(("pbx", "open sesame"));
    let starttls = Manners {
        starttls: Some(acceptor.clone()),
        login,
        ..Manners::default()
    };
    let tls = Manners {
        tls: Some(acceptor),
        login,
        ..Manners::default()
    };
    for (manners, how) in [(starttls, MailTls::Starttls), (tls, MailTls::Tls)] {
        let sink = Sink::start(manners).await;
        let password_file = folder.path().join("password");
        std::fs::write(&password_file, "open sesame\n").unwrap();
        let good = Mail {
            server: "localhost".into(),
            tls: how,
            ca_file: Some(ca_file.clone()),
            user: "pbx".into(),
            password: Secret::File(password_file),
            ..settings(&sink)
        };
        deliver(&good, &mailbox(&["a@example.com"]), &outgoing())
            .await
            .unwrap();
        let got = sink.got();
        assert!(
            got[0].encrypted && got[0].login.as_deref() == Some("pbx"),
            "{got:?}"
        );
        probe(&good, &[]).await.unwrap();

        let wrong_password = Mail {
            password: Secret::Inline("guess".into()),
            ..good.clone()
        };
        let unknown_authority = Mail {
            ca_file: None,
            ..good.clone()
        };
        let wrong_name = Mail {
            server: "127.0.0.1".into(),
            ..good.clone()
        };
        for bad in [wrong_password, unknown_authority, wrong_name] {
            let failed = deliver(&bad, &mailbox(&["a@example.com"]), &outgoing())
                .await
                .unwrap_err();
            assert!(
                !matches!(failed, DeliveryError::Permanent { .. }),
                "{failed}"
            );
            assert!(
                !format!("{failed} {bad:?}").contains("guess"),
                "{failed} {bad:?}"
            );
            probe(&bad, &[]).await.unwrap_err();
        }
        assert_eq!(sink.got().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_offers_no_tls_gets_nothing() {
    let sink = Sink::start(Manners::default()).await;
    let strict = Mail {
        tls: MailTls::Starttls,
        user: "pbx".into(),
        password: Secret::Inline("secret".into()),
        ..settings(&sink)
    };
    let failed = deliver(&strict, &mailbox(&["a@example.com"]), &outgoing())
        .await
        .unwrap_err();
    assert!(failed.to_string().contains("STARTTLS"), "{failed}");
    assert_eq!(sink.got().len(), 0);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = Mail {
        port: listener.local_addr().unwrap().port(),
        from: Some("guard@example.com".parse().unwrap()),
        timeout: Duration::from_millis(300),
        ..Mail::default()
    };
    let failed = deliver(&mute, &mailbox(&["a@example.com"]), &outgoing())
        .await
        .unwrap_err();
    assert!(failed.to_string().contains("in time"), "{failed}");
}
