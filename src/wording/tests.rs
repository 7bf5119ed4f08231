//! Every reason in both languages; what German mails and pages say.

use super::Language::{De, En};
use super::*;
use crate::audio::MediaTime;
use crate::call_record::{
    Answer, Asked, Caller, Delivered, Destination, EndedBy, KeyPress, Mode, Presentation, Reason,
    Trouble, Verdict,
};
use crate::hearing::Signal;
use crate::prompts::Prompt;

fn s(millis: u64) -> MediaTime {
    MediaTime::from_millis(millis)
}

#[expect(clippy::too_many_lines, reason = "one table of sentences")]
fn all() -> Vec<(Reason, &'static str, &'static str)> {
    use Reason as R;
    use Trouble as T;
    let handed_on = |what| R::HandedOn(what);
    vec![
        (
            R::NoPackets,
            "no sound was ever received",
            "es kam kein Ton an",
        ),
        (R::Speech(s(12_400)), "12.4 s of speech", "12,4 s Sprache"),
        (
            R::LittleSpeech(s(900)),
            "only 0.9 s of speech",
            "nur 0,9 s Sprache",
        ),
        (R::NoSpeech, "no near voice", "keine nahe Stimme"),
        (
            R::Music(s(34_000), MediaTime::ZERO),
            "music for 34.0 s without a near voice",
            "34,0 s Musik ohne nahe Stimme",
        ),
        (
            R::Music(s(34_000), s(1_000)),
            "music for 34.0 s beside 1.0 s of speech",
            "34,0 s Musik neben 1,0 s Sprache",
        ),
        (
            R::SpeechBeforeMusic(s(6_000)),
            "6.0 s of speech before the music began",
            "6,0 s Sprache, bevor die Musik begann",
        ),
        (
            R::SpeechBeforeNoise(s(6_000)),
            "6.0 s of speech before the noise began",
            "6,0 s Sprache, bevor das Geräusch begann",
        ),
        (
            R::MusicBehindSpeech(s(2_000)),
            "music for 2.0 s behind the speech",
            "2,0 s Musik während der Sprache",
        ),
        (
            R::Announcement(s(6_200)),
            "an announcement of 6.2 s behind it",
            "danach 6,2 s Ansage",
        ),
        (
            R::Textphone,
            "textphone: somebody types, and wants to be read",
            "Schreibtelefon: jemand tippt und will gelesen werden",
        ),
        (
            R::Tone(s(5_000), Some(Signal::Busy)),
            "busy tone for 5.0 s",
            "5,0 s Besetztton",
        ),
        (
            R::Tone(s(5_000), None),
            "a machine's tone for 5.0 s",
            "5,0 s Ton einer Maschine",
        ),
        (
            R::Noise(s(5_000)),
            "noise or far voices for 5.0 s",
            "5,0 s Geräusche oder entfernte Stimmen",
        ),
        (R::Silence(s(5_000)), "silence for 5.0 s", "5,0 s Stille"),
        (
            R::ReachedLimit(s(119_000)),
            "talked for 119.0 s, up to the longest message",
            "sprach 119,0 s, bis zur Höchstdauer einer Nachricht",
        ),
        (
            R::WasPrompted,
            "had to be asked for the number",
            "musste nach der Nummer gefragt werden",
        ),
        (
            R::Short(MediaTime::ZERO),
            "nothing was recorded yet",
            "es war noch nichts aufgenommen",
        ),
        (
            R::Short(s(1_500)),
            "only 1.5 s were recorded",
            "nur 1,5 s wurden aufgenommen",
        ),
        (
            R::NumberKeyed,
            "a number was keyed in",
            "eine Nummer wurde eingegeben",
        ),
        (
            R::NumberConfirmed,
            "confirmed the number with a key",
            "bestätigte die Nummer per Taste",
        ),
        (
            R::Answered,
            "answered the question",
            "antwortete auf die Frage",
        ),
        (
            R::Borderline,
            "too close to call",
            "zu knapp für eine sichere Einstufung",
        ),
        (
            R::DidNotAnswer,
            "was asked, and did not answer in the end",
            "wurde gefragt und antwortete am Ende nicht",
        ),
        (
            R::LeftWithKey('0', "team,200,1".into()),
            "left with the 0 key for team,200,1",
            "wechselte mit der Taste 0 zu team,200,1",
        ),
        (
            R::Straight("200".into()),
            "not heard: straight_to_voicemail has 200",
            "nicht angehört: straight_to_voicemail enthält 200",
        ),
        (
            R::Refused("200".into()),
            "not heard: refuse has 200",
            "nicht angehört: refuse enthält 200",
        ),
        (
            R::WouldRefuse("200".into()),
            "enforce would have refused it: refuse has 200",
            "enforce hätte den Anruf abgewiesen: refuse enthält 200",
        ),
        (
            R::TooManyCalls,
            "not heard: more calls than [limits] max_calls; Asterisk carried on",
            "nicht angehört: mehr Anrufe als [limits] max_calls; Asterisk machte allein weiter",
        ),
        (
            R::Behind,
            "not heard: Asterisk answered several calls seconds late, this machine or Asterisk's is overloaded; Asterisk carried on",
            "nicht angehört: Asterisk antwortete bei mehreren Anrufen Sekunden zu spät, dieser Rechner oder der von Asterisk ist überlastet; Asterisk machte allein weiter",
        ),
        (
            R::NoMailbox,
            "the request names no mailbox: write agi://…/guard?box=100@default",
            "die Anfrage nennt keine Mailbox; richtig ist agi://…/guard?box=100@default",
        ),
        (
            R::ImpossibleMailbox("../\u{1b}[2J@x".into()),
            "the request names a mailbox that Asterisk cannot have: ../\\u{1b}[2J@x",
            "die Anfrage nennt eine Mailbox, die es in Asterisk nicht geben kann: ../\\u{1b}[2J@x",
        ),
        (
            R::Undeliverable("/spool/default/100/INBOX is not a folder".into()),
            "not heard: no message can be put into the mailbox: /spool/default/100/INBOX is not a folder",
            "nicht angehört: in der Mailbox lässt sich keine Nachricht ablegen",
        ),
        (
            R::NothingLeft,
            "nothing is left of its sound",
            "von der Aufnahme ist nichts übrig",
        ),
        (
            handed_on(T::LongestCall(600.0)),
            "handed on to VoiceMail(): the longest call (600 s); guide ends nobody",
            "an VoiceMail() übergeben: die Höchstdauer eines Anrufs (600 s) war erreicht; guide beendet keinen Anruf",
        ),
        (
            handed_on(T::NotHeardToTheEnd),
            "handed on to VoiceMail(): the end of the recording could not be read in time; the share or disk with the tap folder hangs, or this machine is overloaded",
            "an VoiceMail() übergeben: das Ende der Aufnahme ließ sich nicht rechtzeitig lesen; der Datenträger mit dem Mithörordner reagiert nicht, oder der Rechner ist überlastet",
        ),
        (
            handed_on(T::AnswerNotHeard),
            "handed on to VoiceMail(): the caller's sound did not come while an answer was awaited",
            "an VoiceMail() übergeben: während auf die Antwort gewartet wurde, kam kein Ton an",
        ),
        (
            handed_on(T::NotRecorded),
            "handed on to VoiceMail(): Asterisk's recording stood still while a prompt was played; the disk with the tap folder is full, or Asterisk lost it",
            "an VoiceMail() übergeben: die Aufnahme durch Asterisk stockte, während eine Ansage lief; der Datenträger mit dem Mithörordner ist voll, oder Asterisk hat die Aufnahme verloren",
        ),
        (
            handed_on(T::Tap("the tap broke off".into())),
            "handed on to VoiceMail(): the tap broke off",
            "an VoiceMail() übergeben: die Aufnahme ließ sich nicht mithören",
        ),
        (
            handed_on(T::AbsoluteTimeout),
            "handed on to VoiceMail(): Asterisk's absolute timeout struck",
            "an VoiceMail() übergeben: das Zeitlimit von Asterisk lief ab",
        ),
        (
            handed_on(T::Prompt("still-there".into())),
            "handed on to VoiceMail(): the prompt still-there could not be played",
            "an VoiceMail() übergeben: die Ansage still-there ließ sich nicht abspielen",
        ),
        (
            handed_on(T::Command("EXEC MixMonitor".into())),
            "handed on to VoiceMail(): Asterisk refused EXEC MixMonitor",
            "an VoiceMail() übergeben: Asterisk wies einen Befehl zurück",
        ),
        (
            handed_on(T::NoReply),
            "handed on to VoiceMail(): Asterisk did not answer in time",
            "an VoiceMail() übergeben: Asterisk antwortete nicht rechtzeitig",
        ),
        (
            R::Trouble(T::Late(s(8_200))),
            "Asterisk answered 8.2 s late, so the sound may have come late as well; this machine or Asterisk's is overloaded",
            "Asterisk antwortete 8,2 s zu spät, womöglich kam auch der Ton zu spät an; dieser Rechner oder der von Asterisk ist überlastet",
        ),
        (
            R::Trouble(T::Disconnected),
            "the connection to Asterisk broke off during the call",
            "die Verbindung zu Asterisk brach während des Anrufs ab",
        ),
        (
            R::Trouble(T::Stopped),
            "the guard was stopped during the call",
            "Voicemail Guard wurde während des Anrufs beendet",
        ),
        (
            R::Trouble(T::Died),
            "the guard died during the call and VoiceMail() took over: look into the mailbox for what was said to it; closed at the guard's next start",
            "Voicemail Guard stürzte während des Anrufs ab, und VoiceMail() übernahm: was dort gesagt wurde, liegt in der Mailbox; abgeschlossen beim nächsten Start",
        ),
        (
            R::Trouble(T::Abandoned { failed: true }),
            "the guard failed before the call was over",
            "Voicemail Guard fiel aus, bevor der Anruf zu Ende war",
        ),
        (
            R::Trouble(T::Abandoned { failed: false }),
            "the guard left the call before the call was over",
            "Voicemail Guard gab den Anruf vor dessen Ende ab",
        ),
        (
            R::Text("hung up after 2 s".into()),
            "hung up after 2 s",
            "hung up after 2 s",
        ),
    ]
}

#[test]
fn every_reason_is_a_sentence_in_both_languages() {
    for (value, english, german) in all() {
        assert_eq!(reason(&value, En), english);
        assert_eq!(reason(&value, De), german);
    }
}

#[test]
fn every_reason_is_read_as_it_was_stored() {
    for (value, ..) in all() {
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(
            serde_json::from_str::<Reason>(&json).unwrap(),
            value,
            "{json}"
        );
    }
    let stored = |reason: &Reason| serde_json::to_string(reason).unwrap();
    assert_eq!(stored(&Reason::NoPackets), r#"{"why":"no_packets"}"#);
    assert_eq!(
        stored(&Reason::Music(s(34_000), s(1_000))),
        r#"{"why":"music","of":[34.0,1.0]}"#
    );
    assert_eq!(
        stored(&Reason::HandedOn(Trouble::Prompt("thanks".into()))),
        r#"{"why":"handed_on","of":{"what":"prompt","which":"thanks"}}"#
    );
    // As all of them were before they were values, whatever the words.
    for old in ["hung up after 2 s", "speech", ""] {
        assert_eq!(
            serde_json::from_value::<Reason>(old.into()).unwrap(),
            Reason::Text(old.into())
        );
    }
}

#[test]
fn german_has_no_word_of_the_english() {
    let ended_by_all = [
        EndedBy::Caller,
        EndedBy::Guard,
        EndedBy::Limit,
        EndedBy::Exit,
        EndedBy::HandedOn,
        EndedBy::Overloaded,
        EndedBy::Bypassed,
        EndedBy::Rejected,
        EndedBy::Asterisk,
        EndedBy::Recovered,
    ];
    let mut pairs: Vec<(String, String)> = Vec::new();
    for one in Verdict::ALL {
        pairs.push((verdict(one, En).into(), verdict(one, De).into()));
        pairs.push((verdict_name(one, En).into(), verdict_name(one, De).into()));
    }
    for one in ended_by_all {
        pairs.push((ended_by(one, En).into(), ended_by(one, De).into()));
    }
    for one in [Mode::Observe, Mode::Guide, Mode::Enforce] {
        pairs.push((mode(one, En).into(), mode(one, De).into()));
    }
    let mut reasons = all();
    reasons.retain(|(value, ..)| !matches!(value, Reason::Text(_)));
    pairs.extend(
        reasons
            .into_iter()
            .map(|(_, en, de)| (en.into(), de.into())),
    );
    // Names of settings and of Asterisk's parts are what they are in every language, and some words are German too.
    let names = "Asterisk team VoiceMail refuse enforce guide max_calls [limits] s in die an am so was still start guard \
                 straight_to_voicemail agi //…/guard?box=100@default still-there mailbox ../\\u{1b}[2J@x";
    let mut left = Vec::new();
    for (en, de) in pairs {
        let words = |text: &str| -> Vec<String> {
            let split = text
                .split([' ', ',', ';', ':', '(', ')'])
                .map(str::to_lowercase);
            let names = names.to_lowercase();
            split
                .filter(|word| word.chars().any(char::is_alphabetic))
                .filter(|word| !names.split_whitespace().any(|name| name == word))
                .collect()
        };
        let english = words(&en);
        let both = words(&de).into_iter().filter(|word| english.contains(word));
        left.extend(both.map(|word| format!("{word}: {en} | {de}")));
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn a_word_in_place_of_a_number_is_none() {
    let caller = |number: &str, presentation| Caller {
        number: number.into(),
        presentation,
        ..Caller::default()
    };
    let withheld = caller("anonymous", Presentation::Withheld);
    assert_eq!(number(&withheld, De), "Nummer unterdrückt");
    let unknown = caller("unavailable", Presentation::Unavailable);
    assert_eq!(number(&unknown, De), "keine Nummer");
    assert_eq!(number(&caller("200", Presentation::Shown), De), "200");
    assert_eq!(number(&caller("a b", Presentation::Shown), De), "\"a b\"");
}

#[test]
fn ordinals_and_weekdays_in_both_languages() {
    let first = "2026-11-23T13:12:10Z".parse().unwrap();
    let zone = jiff::tz::TimeZone::UTC;
    for (place, english, german) in [
        (3, "third call since Monday", "dritter Anruf seit Montag"),
        (11, "11th call since Monday", "11. Anruf seit Montag"),
        (22, "22nd call since Monday", "22. Anruf seit Montag"),
    ] {
        let at = "2026-11-23 13:12:10";
        let am = "23.11.2026, 13:12";
        assert_eq!(
            nth_call(place, first, &zone, En),
            format!("{english}, {at}")
        );
        assert_eq!(nth_call(place, first, &zone, De), format!("{german}, {am}"));
    }
}

#[test]
fn deliveries_and_cases_in_both_languages() {
    let zone = jiff::tz::TimeZone::UTC;
    let at = |text: &str| -> jiff::Timestamp { text.parse().unwrap() };
    let since = at("2026-11-24T09:12:35Z");
    let sent: Delivered = "mail a@example.com at 2026-11-24T09:12:35Z"
        .parse()
        .unwrap();
    assert_eq!(
        delivered(&sent, &zone, En),
        "mail a@example.com at 2026-11-24 09:12:35"
    );
    assert_eq!(
        delivered(&sent, &zone, De),
        "E-Mail: a@example.com, 24.11.2026, 09:12"
    );
    let due = Pending::Due(at("2026-11-24T09:20:00Z"));
    for (state, why, english, german) in [
        (
            due,
            None,
            "waiting for the mailbox since 2026-11-24 09:12:35: not tried yet",
            "Mailbox: Zustellung steht seit 24.11.2026, 09:12 aus: noch nicht versucht",
        ),
        (
            due,
            Some("451 later"),
            "waiting for the mailbox since 2026-11-24 09:12:35, tried again 2026-11-24 09:20:00: 451 later",
            "Mailbox: Zustellung steht seit 24.11.2026, 09:12 aus, nächster Versuch 24.11.2026, 09:20: 451 later",
        ),
        (
            Pending::Mwi,
            Some("x"),
            "the MWI of the mailbox waits since 2026-11-24 09:12:35: x",
            "Mailbox: Nachricht zugestellt, ihre Anzeige am Telefon steht seit 24.11.2026, 09:12 aus: x",
        ),
        (
            Pending::GivenUp,
            Some("x"),
            "not delivered to the mailbox: given up, waiting since 2026-11-24 09:12:35: x",
            "Mailbox: nicht zugestellt, nach Versuchen seit 24.11.2026, 09:12 aufgegeben: x",
        ),
    ] {
        let to = Destination::Mailbox;
        let one = Undelivered {
            to,
            state,
            since,
            why,
        };
        assert_eq!(undelivered(&one, &zone, En), english);
        assert_eq!(undelivered(&one, &zone, De), german);
    }
}

#[test]
fn a_prompt_and_its_answer_in_both_languages() {
    let asked_of = |prompt: Prompt, answer| Asked {
        prompt: prompt.into(),
        at: MediaTime::ZERO,
        answer,
    };
    for (one, english, german) in [
        (
            asked_of(Prompt::StillThere, Some(Answer::Voice)),
            "still-there: answered by voice",
            "Sind Sie noch da?: mündlich beantwortet",
        ),
        (
            asked_of(Prompt::NumberFirst, None),
            "number-first: no answer",
            "Bitte zuerst die Nummer: keine Antwort",
        ),
        (asked_of(Prompt::Thanks, None), "thanks", "Dank"),
    ] {
        assert_eq!(asked(&one, En), english);
        assert_eq!(asked(&one, De), german);
    }
}

#[test]
fn keys_stand_in_the_story_before_the_prompt_that_they_bring_about() {
    let mut record = crate::call_record::example::caller("030 1234567", "shown");
    let press = |(key, millis)| KeyPress { key, at: s(millis) };
    let keys = [('0', 1_000), ('3', 1_500), ('0', 2_000), ('1', 9_000)];
    record.keys = keys.map(press).into();
    record.asked = vec![Asked {
        prompt: Prompt::NumberConfirm.into(),
        at: s(2_000),
        answer: Some(Answer::Key),
    }];
    for (language, [first, second]) in [
        (En, ["the caller pressed 030", "the caller pressed 1"]),
        (
            De,
            [
                "die Tasten 030 wurden gedrückt",
                "die Taste 1 wurde gedrückt",
            ],
        ),
    ] {
        let told = story(&record, &jiff::tz::TimeZone::UTC, language);
        let place = |text: &str| told.iter().position(|of| of.text == text).unwrap();
        let prompt = told.iter().position(|of| of.at == s(2_000)).unwrap();
        assert!(place(first) < prompt && prompt < place(second), "{told:?}");
        assert_eq!(told[place(second)].at, s(9_000));
    }
}
