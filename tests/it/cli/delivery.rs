//! `check` on what is needed for delivery: servers, and the secrets that they want.

use super::*;

#[test]
fn check_tries_mail_server_and_webhook_without_sending() {
    let house = House::new();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let mut config = fs::read_to_string(house.path("guard.toml")).unwrap();
    let delivery = format!(
        "[defaults]\ndeliver_to = ['mail', 'webhook']\nmail_to = ['team@example.com']\n\
         [delivery.mail]\nport = {port}\nfrom = 'guard@example.com'\n\
         [delivery.webhook]\nurl = 'http://127.0.0.1:{port}/x'\nsecret = 'sixteen characters'\n"
    );
    config.push_str(&delivery);
    fs::write(house.path("guard.toml"), &config).unwrap();
    let talk = std::thread::spawn(move || {
        let (stream, _) = server.accept().unwrap();
        let mut said = Vec::new();
        (&stream).write_all(b"220 here\r\n").unwrap();
        for line in BufReader::new(&stream).lines() {
            said.push(line.unwrap());
            (&stream).write_all(b"250 ok\r\n").unwrap();
        }
        said
    });
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    let (mail, _) = item(&lines, "ok mail");
    assert!(
        mail.ends_with(&format!("127.0.0.1:{port} can be reached and trusted")),
        "{mail}"
    );
    let (webhook, mend) = item(&lines, "fail webhook 127.0.0.1 is a loopback address");
    assert!(webhook.contains("allow_private") && mend.contains("nothing was sent"));
    let said = talk.join().unwrap();
    assert!(
        said[0].starts_with("EHLO ")
            && said[1..]
                == [
                    "MAIL FROM:<guard@example.com>",
                    "RCPT TO:<team@example.com>",
                    "RSET",
                    "QUIT"
                ],
        "{said:?}"
    );

    let allowed = config.replace(
        "[delivery.webhook]",
        "[delivery.webhook]\nallow_private = ['127.0.0.1']",
    );
    fs::write(house.path("guard.toml"), allowed).unwrap();
    let (_, lines) = house.check();
    for words in ["fail mail 127.0.0.1", "fail webhook http://127.0.0.1"] {
        assert!(
            item(&lines, words).0.contains("efused") || item(&lines, words).0.contains("reached"),
            "{lines:#?}"
        );
    }
}

#[test]
fn check_warns_of_secrets_that_everybody_can_read() {
    let house = House::new();
    let file = house.path("guard.toml");
    let secrets = |lines: &[String]| -> Vec<String> {
        let about = |line: &&String| line.starts_with("warn  secrets");
        lines.iter().filter(about).cloned().collect()
    };
    let mode = |path: &Path, mode: u32| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(path, mode).unwrap();
    };
    mode(&file, 0o644);
    assert_eq!(secrets(&house.check().1), [""; 0]);

    let mut config = fs::read_to_string(&file).unwrap();
    config.push_str("[delivery.ami]\nuser = 'guard'\nsecret = 'hush'\n");
    fs::write(&file, &config).unwrap();
    let (_, lines) = house.check();
    let (line, mend) = item(&lines, "warn secrets");
    assert!(line.contains(&*file.to_string_lossy()), "{line}");
    assert!(mend.contains("chmod o-rwx"), "{mend}");
    mode(&file, 0o640);
    assert_eq!(secrets(&house.check().1), [""; 0]);

    let kept = house.path("signature");
    fs::write(&kept, "sixteen characters\n").unwrap();
    mode(&kept, 0o604);
    let more = format!("[delivery.webhook]\nsecret_file = '{}'\n", kept.display());
    config.push_str(&more);
    fs::write(&file, &config).unwrap();
    let reported = secrets(&house.check().1);
    assert!(
        reported.len() == 1 && reported[0].contains("/signature holds a secret"),
        "{reported:?}"
    );
}

#[test]
fn check_finds_a_secret_that_no_delivery_will_take() {
    let house = House::new();
    let file = house.path("secret");
    let mut config = fs::read_to_string(house.path("guard.toml")).unwrap();
    let more = format!(
        "[defaults]\ndeliver_to = ['webhook']\n[delivery.webhook]\nurl = 'http://127.0.0.1:9/x'\nsecret_file = '{}'\n",
        file.display()
    );
    config.push_str(&more);
    fs::write(house.path("guard.toml"), config).unwrap();
    for (secret, is_found) in [("fifteen letters", true), ("sixteen letters!\n", false)] {
        fs::write(&file, secret).unwrap();
        let (_, lines) = house.check();
        let found = lines
            .iter()
            .any(|line| line.contains("fewer than 16 characters"));
        assert_eq!(found, is_found, "{lines:#?}");
    }
}

#[test]
fn check_names_a_database_that_was_set_aside() {
    let house = House::new();
    let database = house.path("data/calls.sqlite");
    fs::write(&database, b"no database ".repeat(1_000)).unwrap();
    drop(crate::support::call_log::open(&house.path("data")));
    let claims = "nothing was left undelivered";
    let (_, lines) = house.check();
    let (line, mend) = item(&lines, "warn delivery");
    assert!(line.contains("calls.broken-20"), "{line}");
    assert!(line.contains("0 deliveries were taken over"), "{line}");
    assert!(line.contains("whether there were more"), "{line}");
    assert!(mend.contains("audio/"), "{mend}");
    assert!(!lines.iter().any(|line| line.contains(claims)));

    for entry in fs::read_dir(house.path("data")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("broken-") {
            fs::remove_file(path).unwrap();
        }
    }
    let (_, lines) = house.check();
    let (line, _) = item(&lines, "ok delivery");
    assert!(line.contains(claims), "{line}");
}
