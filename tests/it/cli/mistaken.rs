//! `check` on what is there and does not serve: each with the remedy that helps. And what is only looked at
//! stays as it was.

use super::*;

impl House {
    /// The names of everything in a folder, below it as well.
    fn names(&self, folder: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                folders.extend(path.is_dir().then(|| path.clone()));
                // SQLite's own, made for readers too; as root it gives them to the database's owner.
                let name = path.to_string_lossy();
                if !name.ends_with("-shm") && !name.ends_with("-wal") {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

fn log_of(house: &House) -> rusqlite::Connection {
    drop(voicemail_guard::call_log::CallLog::open(
        &house.path("data"),
        voicemail_guard::clock::Clock::default(),
    ));
    rusqlite::Connection::open(house.path("data/calls.sqlite")).unwrap()
}

#[test]
fn commands_that_only_look_leave_nothing_behind() {
    let house = House::new();
    let look = || {
        let before = house.names("");
        for arguments in [
            &["calls"][..],
            &["calls", "--cases"],
            &["call", "0"],
            &["check"],
        ] {
            let mut command = house.command(arguments[0]);
            command.args(&arguments[1..]).output().unwrap();
            assert_eq!(house.names(""), before, "{arguments:?}");
        }
    };
    look();
    log_of(&house).close().unwrap();
    look();
    fs::remove_dir_all(house.path("data")).unwrap();
    fs::remove_dir(house.path("tap")).unwrap();
    look();
}

#[test]
fn a_database_that_serve_refuses_is_not_sound() {
    let house = House::new();
    let database = log_of(&house);
    let (_, lines) = house.check();
    item(&lines, "ok call log");
    database.execute_batch("PRAGMA user_version = 999").unwrap();
    database.close().unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    let (what, mend) = item(&lines, "fail call log");
    assert!(what.contains("serve refuses it"), "{what}");
    assert!(mend.contains("install that version"), "{mend}");
}

#[test]
fn a_prompt_without_sound_and_a_language_without_prompts_have_their_own_remedies() {
    let house = House::new();
    let thanks = house.path("sounds/de/voicemail-guard/thanks.wav");
    fs::write(&thanks, "").unwrap();
    let config = fs::read_to_string(house.path("guard.toml")).unwrap();
    let languages = "[prompts]\nlanguages = ['en', 'de', 'fr']\n";
    let config = config.replace("[prompts]\n", languages);
    fs::write(house.path("guard.toml"), config).unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    let (what, mend) = item(&lines, "fail prompts de:");
    let shown = thanks.display().to_string();
    assert!(what.ends_with(&format!("{shown} is empty")), "{what}");
    assert!(mend.starts_with("copy it anew"), "{mend}");
    let (_, mend) = item(&lines, "fail prompts fr: missing");
    assert!(
        mend.starts_with("none are shipped") && !mend.contains("sounds/fr/voicemail-guard/ to")
    );
}

#[test]
fn a_configuration_that_cannot_be_read_is_not_mended_by_changing_a_line() {
    let house = House::new();
    fs::remove_file(house.path("guard.toml")).unwrap();
    let (_, lines) = house.check();
    let (_, mend) = item(&lines, "fail settings cannot read");
    assert!(mend.starts_with("name the file with --config"), "{mend}");
    fs::create_dir(house.path("guard.toml")).unwrap();
    let (_, lines) = house.check();
    let (what, mend) = item(&lines, "fail settings cannot read");
    assert!(
        what.ends_with("it is a folder; name the file in it"),
        "{what}"
    );
    assert!(
        mend.starts_with("name the file itself: --config ")
            && mend.ends_with("/voicemail-guard.toml"),
        "{mend}"
    );
}

#[test]
fn what_is_no_folder_in_the_spool_and_a_page_without_its_call_are_found() {
    let house = House::new();
    fs::create_dir_all(house.path("spool/default/100")).unwrap();
    let inbox = house.path("spool/default/100/INBOX");
    fs::write(&inbox, "").unwrap();
    house.append("[delivery]\npage_url = 'https://pbx.example.com/calls?id='\n");
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    let (what, mend) = item(&lines, "fail voicemail no message can be put into 1 of");
    assert!(what.ends_with("/INBOX is not a folder"), "{what}");
    assert!(mend.contains(&format!("mv {}", inbox.display())), "{mend}");
    let (what, mend) = item(&lines, "warn page");
    assert!(
        what.contains("linked as https://pbx.example.com/calls?id=/{id}"),
        "{what}"
    );
    assert!(mend.contains("{id}"), "{mend}");
    let config = fs::read_to_string(house.path("guard.toml")).unwrap();
    fs::write(house.path("guard.toml"), config.replace("?id=", "?id={id}")).unwrap();
    let (_, lines) = house.check();
    assert!(
        !lines.iter().any(|line| line.contains("page_url")),
        "{lines:#?}"
    );
}

#[test]
fn settings_that_asterisk_has_as_well_are_compared() {
    let house = House::new();
    house.append(
        "[box.200]\nlongest_message_s = 180\n[box.300]\nmode = 'observe'\nlongest_message_s = 60\n",
    );
    let voicemail = |text: &str| {
        fs::write(
            house.path("asterisk/voicemail.conf"),
            format!("[general]\n{text}\n300 => 1,C\n"),
        )
        .unwrap();
        house.check().1
    };
    let boxes = "[default]\n100 => 1,A\n200 => 1,B";
    let lines = voicemail(boxes);
    item(&lines, "ok messages");
    let lines = voicemail(&format!(
        "maxsecs = 180 ; three minutes\nmaxmsg=100\n{boxes}"
    ));
    let (what, mend) = item(
        &lines,
        "warn messages [defaults] longest_message_s is 120 s",
    );
    assert!(what.contains("maxsecs in voicemail.conf 180 s"), "{what}");
    assert!(mend.starts_with("make the two the same"), "{mend}");
    let about = |lines: &[String]| lines.iter().filter(|line| line.contains("maxsecs")).count();
    assert_eq!(about(&lines), 1, "{lines:#?}");
    let lines = voicemail(
        "maxsecs=120\nmaxmsg=50\n[default]\n100 => 1,A\n200 => 1,B,,,attach=no|maxsecs=180",
    );
    item(
        &lines,
        "ok messages [box.\"200@default\"] longest_message_s is 180 s, as maxsecs",
    );
    item(
        &lines,
        "warn messages [delivery.voicemail] most_messages is 100, but maxmsg",
    );
    let locks = "[options]\nlockmode = flock\n";
    fs::write(house.path("asterisk/asterisk.conf"), locks).unwrap();
    let (_, mend) = {
        let boxes = "[default]\n100 => 1,A\n200 => 1,B";
        let lines = voicemail(boxes);
        let (what, mend) = item(
            &lines,
            "fail messages [delivery.voicemail] lockmode is lockfile",
        );
        (what.to_owned(), mend.to_owned())
    };
    assert!(mend.ends_with("lockmode = \"flock\""), "{mend}");
}

/// What the manager's user may do where queues are watched.
const QUEUES: &str = "read = call,agent,dtmf\nwrite = user,call,originate";

#[test]
fn the_rights_of_the_managers_user_are_read_where_they_stand() {
    let house = House::new();
    house.append("[delivery.ami]\naddress = '127.0.0.1:1'\nuser = 'guard'\nsecret = 'x'\n");
    let with = |rights: &str| {
        let text = format!("[general]\nenabled=yes\n[guard](tpl)\nsecret=x\n{rights}\n");
        fs::write(house.path("asterisk/manager.conf"), text).unwrap();
        house.check().1
    };
    for (rights, lacks) in [
        ("write = user", Some("lacks read = call:")),
        (
            "read = system,dialplan\nwrite = system",
            Some("lacks read = call, write = user:"),
        ),
        ("read=call,cdr\nwrite=system,user", None),
        ("read = all\nwrite = all", None),
        // What the two are for stands behind it.
        (QUEUES, None),
        (
            "read = call\nwrite = call,user,originate",
            Some(
                "lacks read = agent, read = dtmf: without read = agent nobody who waits in a queue is watched, without read = dtmf no key is an answer of who waits in a queue",
            ),
        ),
    ] {
        if rights == QUEUES {
            house.append("[queue]\nlisten = ['127.0.0.1:1']\n");
        }
        let lines = with(rights);
        match lacks {
            Some(lacks) => {
                let (what, mend) = item(&lines, "fail manager [guard] of manager.conf");
                assert!(what.contains(lacks), "{what}");
                assert!(mend.contains("manager reload"), "{mend}");
            }
            None => {
                item(&lines, "ok manager");
            }
        }
    }
}

#[test]
fn serve_says_at_its_start_what_would_keep_messages_from_people() {
    let house = House::new();
    fs::remove_dir(house.path("spool")).unwrap();
    let (mut serving, _log, said) = house.serve();
    let id = Pid::from_child(&serving);
    kill_process(id, Signal::TERM).unwrap();
    assert!(serving.wait().unwrap().success());
    assert!(
        said.contains("messages cannot be put into every mailbox"),
        "{said}"
    );
    let is_root = rustix::process::geteuid().is_root();
    assert_eq!(said.contains("the guard runs as root"), is_root, "{said}");
}
