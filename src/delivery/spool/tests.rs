//! The protocol: what Asterisk finds, and what is Asterisk's and stays.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::audio::{file, wav};
use crate::call_record::{CallId, Callback, CallbackSource, Caller, EndedBy, Mode, Verdict};

pub(super) const STARTED: &str = "2026-11-23T10:22:25.25Z";

pub(super) fn record() -> CallRecord {
    let started: Timestamp = STARTED.parse().unwrap();
    CallRecord {
        id: CallId::new(started, 0xabcde),
        started,
        ended: Some(started),
        mailbox: "100@default".into(),
        uniqueid: "1795429345.7".into(),
        linkedid: String::new(),
        channel: "PJSIP/trunk-00000020".into(),
        caller: Caller {
            number: "15550001111".into(),
            name: "Lab Caller".into(),
            ..Caller::default()
        },
        dnid: "0911555".into(),
        rdnis: String::new(),
        verdict: Some(Verdict::Message),
        confidence: 1.0,
        reasons: Vec::new(),
        seconds: crate::hearing::ClassSeconds::default(),
        asked: Vec::new(),
        keys: Vec::new(),
        callback: Callback::default(),
        mode: Mode::Enforce,
        ended_by: Some(EndedBy::Caller),
        watched: None,
        would_have: None,
        is_test: false,
        repeat_window_s: None,
        queue: None,
        came_from: None,
        timeline: Vec::new(),
        audio: None,
        delivered: Vec::new(),
    }
}

pub(super) fn sound() -> Vec<i16> {
    (0..20_000).map(|n| (n % 311) as i16 * 30 - 4000).collect()
}

/// The time as the file system has it.
fn now() -> Timestamp {
    Timestamp::from_nanosecond(
        fs::metadata(tempfile::tempdir().unwrap().path())
            .and_then(|folder| folder.modified())
            .unwrap()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_nanos() as i128,
    )
    .unwrap()
}

/// A spool with a context and whatever a test puts into it.
pub(super) struct TestSpool(TempDir);

impl TestSpool {
    pub(super) fn new() -> Self {
        let spool = Self(tempfile::tempdir().unwrap());
        fs::create_dir(spool.0.path().join("default")).unwrap();
        spool
    }

    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.0.path().join("default").join(below)
    }

    pub(super) fn put(&self, below: &str, content: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn boxes(&self) -> Spool {
        self.boxes_on(Box::new(System))
    }

    pub(super) fn boxes_on(&self, disk: Box<dyn Disk + Send + Sync>) -> Spool {
        self.boxes_with(&[SoundFormat::Wav], disk)
    }

    pub(super) fn boxes_with(
        &self,
        formats: &[SoundFormat],
        disk: Box<dyn Disk + Send + Sync>,
    ) -> Spool {
        Spool {
            settings: Voicemail {
                spool: self.0.path().into(),
                formats: formats.into(),
                most_messages: 5,
                ..Voicemail::default()
            },
            mark: "0123456789abcdef".into(),
            disk,
        }
    }

    /// The names in a folder of the mailbox, in order.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let mut names = System.names(&self.path("100").join(folder)).unwrap();
        names.sort();
        names
    }

    fn deliver(&self) -> Result<Placement, SpoolError> {
        let boxes = self.boxes();
        boxes.prepare(&record(), &sound())?;
        boxes.place(&record(), now())
    }
}

#[test]
fn a_message_is_what_asterisk_would_have_written() {
    let spool = TestSpool::new();
    assert_eq!(spool.deliver().unwrap(), Placement::As(0));
    assert_eq!(spool.names("INBOX"), ["msg0000.txt", "msg0000.wav"]);
    assert_eq!(spool.names("tmp"), [""; 0]);
    let text = fs::read_to_string(spool.path("100/INBOX/msg0000.txt")).unwrap();
    let id = format!("1795429345-{:08x}", record().id.bits() as u32);
    assert_eq!(
        text,
        format!(
            ";\n; Message Information file\n;\n[message]\norigmailbox=100\ncontext=voicemail-guard\n\
             exten=0911555\nrdnis=unknown\npriority=1\ncallerchan=PJSIP/trunk-00000020\n\
             callerid=\"Lab Caller\" <15550001111>\norigdate=Mon Nov 23 10:22:25 AM UTC 2026\n\
             origtime=1795429345\ncategory=\nmsg_id={id}\nflag=\nduration=2\n"
        )
    );
    let audio = fs::read(spool.path("100/INBOX/msg0000.wav")).unwrap();
    assert_eq!(audio, wav::encode(&sound()));
}

#[test]
fn a_callers_text_stays_one_value() {
    let mut hostile = record();
    hostile.caller.name = "Eve\" <1>\r\nmsg_id=7\n[other]; \\ \u{7}".into();
    hostile.caller.number = "12\n34;5".into();
    hostile.dnid = "\nflag=Urgent".into();
    let text = message::text(&hostile, &Mailbox::parse("100").unwrap(), 2);
    assert_eq!(text.lines().count(), 17, "{text}");
    assert!(
        text.contains("\ncallerid=\"Eve' (1)  msg_id=7 (other), /\" <12 34,5>\n"),
        "{text}"
    );
    assert!(text.contains("\nexten=flag=Urgent\n"), "{text}");
}

#[test]
fn who_withheld_his_number_and_keyed_it_in_can_be_called_back() {
    let mut withheld = record();
    withheld.caller.name = "Anonymous".into();
    withheld.caller.number = "anonymous".into();
    let place = Mailbox::parse("100").unwrap();
    let line = |record: &CallRecord| {
        let text = message::text(record, &place, 2);
        let line = text.lines().find(|line| line.starts_with("callerid="));
        line.unwrap().to_owned()
    };
    assert_eq!(line(&withheld), "callerid=\"Anonymous\" <anonymous>");
    withheld.callback = Callback {
        number: "0911 1234".into(),
        e164: "+499111234".parse().ok(),
        source: CallbackSource::Keyed,
        confirmed: false,
    };
    assert_eq!(line(&withheld), "callerid=\"Anonymous\" <+499111234>");
    withheld.caller = Caller::default();
    withheld.callback = Callback::default();
    assert_eq!(line(&withheld), "callerid=Unknown");
}

#[test]
fn numbers_have_no_holes_and_nothing_of_others_is_replaced() {
    let spool = TestSpool::new();
    for below in ["0000.txt", "0000.wav", "0002.txt", "0002.gsm", "0001.gsm"] {
        spool.put(&format!("100/INBOX/msg{below}"), below);
    }
    assert_eq!(spool.deliver().unwrap(), Placement::As(1));
    let expected = [
        "0000.txt", "0000.wav", "0001.txt", "0001.wav", "0002.gsm", "0002.txt",
    ];
    assert_eq!(
        spool.names("INBOX"),
        expected.map(|name| format!("msg{name}"))
    );
    // Audio without a text: Asterisk would play it as ours.
    let found = format!("vg-{}-found-msg0001.gsm", record().id);
    assert_eq!(spool.names("tmp"), [found]);
}

#[test]
fn a_full_box_keeps_its_message_waiting() {
    let spool = TestSpool::new();
    for number in 0..5 {
        spool.put(&format!("100/INBOX/msg000{number}.txt"), "");
    }
    assert!(matches!(
        spool.deliver(),
        Err(SpoolError::Full { count: 5, .. })
    ));
    assert!(!spool.path("100/INBOX/.lock").exists());
    fs::remove_file(spool.path("100/INBOX/msg0004.txt")).unwrap();
    assert_eq!(
        spool.boxes().place(&record(), now()).unwrap(),
        Placement::As(4)
    );
}

#[test]
fn a_spool_without_the_context_is_no_place_for_a_box() {
    let spool = TestSpool::new();
    fs::remove_dir(spool.path("")).unwrap();
    assert!(matches!(spool.deliver(), Err(SpoolError::NoContext(_))));
    assert_eq!(System.names(spool.0.path()).unwrap(), [""; 0]);
}

#[test]
fn a_name_that_leads_elsewhere_is_no_mailbox() {
    for name in [
        "../x", "100@..", "a/b", "", "@default", "100@", ".x", "1&2", "a@b@c", "1\n",
    ] {
        assert_eq!(Mailbox::parse(name), None, "{name:?}");
    }
    let parsed = Mailbox::parse("100").unwrap();
    assert_eq!((parsed.context(), parsed.number()), ("default", "100"));
}

#[test]
fn the_lock_of_a_living_one_is_respected() {
    let spool = TestSpool::new();
    spool.boxes().prepare(&record(), &sound()).unwrap();
    spool.put("100/INBOX/.lock", "");
    let placed = spool.boxes().place(&record(), now());
    assert!(
        matches!(placed, Err(SpoolError::Locked { .. })),
        "{placed:?}"
    );
    assert_eq!(spool.names("INBOX"), [".lock"]);
    fs::remove_file(spool.path("100/INBOX/.lock")).unwrap();
    assert_eq!(
        spool.boxes().place(&record(), now()).unwrap(),
        Placement::As(0)
    );
    assert_eq!(spool.names("INBOX"), ["msg0000.txt", "msg0000.wav"]);
}

#[test]
fn the_lock_of_a_dead_one_is_taken_over() {
    let spool = TestSpool::new();
    spool.boxes().prepare(&record(), &sound()).unwrap();
    spool.put("100/INBOX/.lock", "");
    let late = now() + Duration::from_secs(121);
    assert_eq!(
        spool.boxes().place(&record(), late).unwrap(),
        Placement::As(0)
    );
    assert_eq!(spool.names("INBOX"), ["msg0000.txt", "msg0000.wav"]);
}

#[test]
fn what_is_given_up_leaves_nothing_behind() {
    let spool = TestSpool::new();
    let boxes = spool.boxes();
    boxes.prepare(&record(), &sound()).unwrap();
    assert_eq!(spool.names("tmp").len(), 2);
    boxes.discard(&"100@default".into(), record().id).unwrap();
    assert_eq!(spool.names("tmp"), [""; 0]);
    assert_eq!(spool.names("INBOX"), [""; 0]);
}

#[test]
fn a_box_that_was_removed_is_begun_again() {
    let spool = TestSpool::new();
    spool.boxes().prepare(&record(), &sound()).unwrap();
    fs::remove_dir_all(spool.path("100")).unwrap();
    assert!(matches!(
        spool.boxes().place(&record(), now()),
        Err(SpoolError::Unprepared)
    ));
    assert_eq!(spool.deliver().unwrap(), Placement::As(0));
}

#[test]
fn a_message_is_there_in_every_format_that_is_wanted() {
    let spool = TestSpool::new();
    let boxes = spool.boxes_with(
        &[SoundFormat::Wav49, SoundFormat::Gsm, SoundFormat::Wav],
        Box::new(System),
    );
    boxes.prepare(&record(), &sound()).unwrap();
    assert_eq!(boxes.place(&record(), now()).unwrap(), Placement::As(0));
    let names = ["WAV", "gsm", "txt", "wav"].map(|ending| format!("msg0000.{ending}"));
    assert_eq!(spool.names("INBOX"), names);
    assert_eq!(spool.names("tmp"), [""; 0]);
    let lengths = ["WAV", "gsm", "wav"].map(|ending| {
        let bytes = fs::read(spool.path(&format!("100/INBOX/msg0000.{ending}"))).unwrap();
        let form = file::Format::named(ending).unwrap();
        file::decode(&bytes, form).unwrap().samples.len()
    });
    assert_eq!(lengths, [20_160, 20_000, 20_000]);
    let text = fs::read_to_string(spool.path("100/INBOX/msg0000.txt")).unwrap();
    assert!(text.contains("\nduration=2\n"), "{text}");
}

#[test]
fn what_was_prepared_in_other_formats_is_delivered_in_those() {
    let spool = TestSpool::new();
    let before = spool.boxes_with(&[SoundFormat::Wav, SoundFormat::Gsm], Box::new(System));
    before.prepare(&record(), &sound()).unwrap();
    let after = spool.boxes_with(&[SoundFormat::Wav49], Box::new(System));
    assert_eq!(after.place(&record(), now()).unwrap(), Placement::As(0));
    let names = ["gsm", "txt", "wav"].map(|ending| format!("msg0000.{ending}"));
    assert_eq!(spool.names("INBOX"), names);
    assert_eq!(spool.names("tmp"), [""; 0]);
    assert_eq!(after.place(&record(), now()).unwrap(), Placement::Before);
}

#[test]
fn what_is_prepared_anew_in_other_formats_is_delivered_in_those_alone() {
    let spool = TestSpool::new();
    let before = spool.boxes_with(&[SoundFormat::Wav], Box::new(System));
    before.prepare(&record(), &sound()).unwrap();
    let after = spool.boxes_with(&[SoundFormat::Gsm], Box::new(System));
    after.prepare(&record(), &sound()).unwrap();
    assert_eq!(after.place(&record(), now()).unwrap(), Placement::As(0));
    assert_eq!(spool.names("INBOX"), ["msg0000.gsm", "msg0000.txt"]);
    assert_eq!(spool.names("tmp"), [""; 0]);
}

#[test]
fn a_message_whose_sound_is_gone_is_begun_again() {
    let spool = TestSpool::new();
    let boxes = spool.boxes();
    boxes.prepare(&record(), &sound()).unwrap();
    let audio = format!("100/tmp/vg-{}.wav", record().id);
    fs::remove_file(spool.path(&audio)).unwrap();
    let placed = boxes.place(&record(), now());
    assert!(matches!(placed, Err(SpoolError::Unprepared)), "{placed:?}");
    assert_eq!(spool.deliver().unwrap(), Placement::As(0));
}
