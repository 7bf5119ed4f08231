//! Reasons as sentences.

use crate::audio::MediaTime;
use crate::call_record::{Reason, Trouble};
use crate::hearing::Signal;
use crate::text::shortened;

use super::Language::{De, En};
use super::{Language, length, pick};

/// Characters at most of a name that can be none.
const LONGEST_NAME: usize = 80;

/// The reasons of a record as sentences, in its order.
pub fn reasons(reasons: &[Reason], language: Language) -> Vec<String> {
    reasons.iter().map(|one| reason(one, language)).collect()
}

/// A reason as a sentence without a full stop.
///
/// Text from outside stands in it as it is, but for the name of an impossible mailbox. German leaves out what is English in any case: error
/// texts and commands, which the record keeps.
#[expect(clippy::too_many_lines, reason = "one table of sentences")]
pub fn reason(reason: &Reason, language: Language) -> String {
    let text = |en: &str, de: &str| pick(language, en, de).to_owned();
    let t = |time: &MediaTime| length(*time, language);
    match (reason, language) {
        (Reason::NoPackets, _) => text("no sound was ever received", "es kam kein Ton an"),
        (Reason::Speech(time), En) => format!("{} of speech", t(time)),
        (Reason::Speech(time), De) => format!("{} Sprache", t(time)),
        (Reason::LittleSpeech(time), En) => format!("only {} of speech", t(time)),
        (Reason::LittleSpeech(time), De) => format!("nur {} Sprache", t(time)),
        (Reason::NoSpeech, _) => text("no near voice", "keine nahe Stimme"),
        (Reason::Music(time, MediaTime::ZERO), En) => {
            format!("music for {} without a near voice", t(time))
        }
        (Reason::Music(time, MediaTime::ZERO), De) => {
            format!("{} Musik ohne nahe Stimme", t(time))
        }
        (Reason::Music(time, speech), En) => {
            format!("music for {} beside {} of speech", t(time), t(speech))
        }
        (Reason::Music(time, speech), De) => {
            format!("{} Musik neben {} Sprache", t(time), t(speech))
        }
        (Reason::SpeechBeforeMusic(time), En) => {
            format!("{} of speech before the music began", t(time))
        }
        (Reason::SpeechBeforeMusic(time), De) => {
            format!("{} Sprache, bevor die Musik begann", t(time))
        }
        (Reason::SpeechBeforeNoise(time), En) => {
            format!("{} of speech before the noise began", t(time))
        }
        (Reason::SpeechBeforeNoise(time), De) => {
            format!("{} Sprache, bevor das Geräusch begann", t(time))
        }
        (Reason::MusicBehindSpeech(time), En) => {
            format!("music for {} behind the speech", t(time))
        }
        (Reason::MusicBehindSpeech(time), De) => format!("{} Musik während der Sprache", t(time)),
        (Reason::Tone(time, signal), En) => format!("{} for {}", tone(*signal, En), t(time)),
        (Reason::Tone(time, signal), De) => format!("{} {}", t(time), tone(*signal, De)),
        (Reason::Announcement(time), En) => format!("an announcement of {} behind it", t(time)),
        (Reason::Announcement(time), De) => format!("danach {} Ansage", t(time)),
        (Reason::Textphone, _) => text(
            "textphone: somebody types, and wants to be read",
            "Schreibtelefon: jemand tippt und will gelesen werden",
        ),
        (Reason::Noise(time), En) => format!("noise or far voices for {}", t(time)),
        (Reason::Noise(time), De) => format!("{} Geräusche oder entfernte Stimmen", t(time)),
        (Reason::Silence(time), En) => format!("silence for {}", t(time)),
        (Reason::Silence(time), De) => format!("{} Stille", t(time)),
        (Reason::ReachedLimit(time), En) => {
            format!("talked for {}, up to the longest message", t(time))
        }
        (Reason::ReachedLimit(time), De) => {
            format!("sprach {}, bis zur Höchstdauer einer Nachricht", t(time))
        }
        (Reason::WasPrompted, _) => text(
            "had to be asked for the number",
            "musste nach der Nummer gefragt werden",
        ),
        (Reason::Short(MediaTime::ZERO), _) => {
            text("nothing was recorded yet", "es war noch nichts aufgenommen")
        }
        (Reason::Short(time), En) => format!("only {} were recorded", t(time)),
        (Reason::Short(time), De) => format!("nur {} wurden aufgenommen", t(time)),
        (Reason::NumberKeyed, _) => text("a number was keyed in", "eine Nummer wurde eingegeben"),
        (Reason::NumberConfirmed, _) => text(
            "confirmed the number with a key",
            "bestätigte die Nummer per Taste",
        ),
        (Reason::Answered, _) => text("answered the question", "antwortete auf die Frage"),
        (Reason::Borderline, _) => {
            text("too close to call", "zu knapp für eine sichere Einstufung")
        }
        (Reason::DidNotAnswer, _) => text(
            "was asked, and did not answer in the end",
            "wurde gefragt und antwortete am Ende nicht",
        ),
        (Reason::LeftWithKey(key, way), En) => format!("left with the {key} key for {way}"),
        (Reason::LeftWithKey(key, way), De) => format!("wechselte mit der Taste {key} zu {way}"),
        (Reason::Straight(entry), En) => format!("not heard: straight_to_voicemail has {entry}"),
        (Reason::Straight(entry), De) => {
            format!("nicht angehört: straight_to_voicemail enthält {entry}")
        }
        (Reason::Refused(entry), En) => format!("not heard: refuse has {entry}"),
        (Reason::Refused(entry), De) => format!("nicht angehört: refuse enthält {entry}"),
        (Reason::WouldRefuse(entry), En) => {
            format!("enforce would have refused it: refuse has {entry}")
        }
        (Reason::WouldRefuse(entry), De) => {
            format!("enforce hätte den Anruf abgewiesen: refuse enthält {entry}")
        }
        (Reason::TooManyCalls, _) => text(
            "not heard: more calls than [limits] max_calls; Asterisk carried on",
            "nicht angehört: mehr Anrufe als [limits] max_calls; Asterisk machte allein weiter",
        ),
        (Reason::Behind, _) => text(
            "not heard: Asterisk answered several calls seconds late, this machine or Asterisk's is overloaded; Asterisk carried on",
            "nicht angehört: Asterisk antwortete bei mehreren Anrufen Sekunden zu spät, dieser Rechner oder der von Asterisk ist überlastet; Asterisk machte allein weiter",
        ),
        (Reason::NoMailbox, _) => text(
            "the request names no mailbox: write agi://…/guard?box=100@default",
            "die Anfrage nennt keine Mailbox; richtig ist agi://…/guard?box=100@default",
        ),
        (Reason::ImpossibleMailbox(name), En) => {
            let name = shortened(name, LONGEST_NAME);
            format!("the request names a mailbox that Asterisk cannot have: {name}")
        }
        (Reason::ImpossibleMailbox(name), De) => {
            let name = shortened(name, LONGEST_NAME);
            format!("die Anfrage nennt eine Mailbox, die es in Asterisk nicht geben kann: {name}")
        }
        (Reason::Undeliverable(obstacle), En) => {
            format!("not heard: no message can be put into the mailbox: {obstacle}")
        }
        (Reason::Undeliverable(_), De) => {
            "nicht angehört: in der Mailbox lässt sich keine Nachricht ablegen".into()
        }
        (Reason::HandedOn(what), En) => format!("handed on to VoiceMail(): {}", trouble(what, En)),
        (Reason::HandedOn(what), De) => {
            format!("an VoiceMail() übergeben: {}", trouble(what, De))
        }
        (Reason::Trouble(what), language) => trouble(what, language),
        (Reason::NothingLeft, _) => text(
            "nothing is left of its sound",
            "von der Aufnahme ist nichts übrig",
        ),
        (Reason::Text(sentence), _) => sentence.clone(),
    }
}

fn trouble(trouble: &Trouble, language: Language) -> String {
    let text = |en: &str, de: &str| pick(language, en, de).to_owned();
    match (trouble, language) {
        (Trouble::LongestCall(s), En) => format!("the longest call ({s} s); guide ends nobody"),
        (Trouble::LongestCall(s), De) => {
            let s = s.to_string().replace('.', ",");
            format!("die Höchstdauer eines Anrufs ({s} s) war erreicht; guide beendet keinen Anruf")
        }
        (Trouble::NotHeardToTheEnd, _) => text(
            "the end of the recording could not be read in time; the share or disk with the tap folder hangs, or this machine is overloaded",
            "das Ende der Aufnahme ließ sich nicht rechtzeitig lesen; der Datenträger mit dem Mithörordner reagiert nicht, oder der Rechner ist überlastet",
        ),
        (Trouble::AnswerNotHeard, _) => text(
            "the caller's sound did not come while an answer was awaited",
            "während auf die Antwort gewartet wurde, kam kein Ton an",
        ),
        (Trouble::NotRecorded, _) => text(
            "Asterisk's recording stood still while a prompt was played; the disk with the tap folder is full, or Asterisk lost it",
            "die Aufnahme durch Asterisk stockte, während eine Ansage lief; der Datenträger mit dem Mithörordner ist voll, oder Asterisk hat die Aufnahme verloren",
        ),
        (Trouble::Tap(error), En) => error.clone(),
        (Trouble::Tap(_), De) => "die Aufnahme ließ sich nicht mithören".into(),
        (Trouble::AbsoluteTimeout, _) => text(
            "Asterisk's absolute timeout struck",
            "das Zeitlimit von Asterisk lief ab",
        ),
        (Trouble::Prompt(name), En) => format!("the prompt {name} could not be played"),
        (Trouble::Prompt(name), De) => format!("die Ansage {name} ließ sich nicht abspielen"),
        (Trouble::Command(command), En) => format!("Asterisk refused {command}"),
        (Trouble::Command(_), De) => "Asterisk wies einen Befehl zurück".into(),
        (Trouble::NoReply, _) => text(
            "Asterisk did not answer in time",
            "Asterisk antwortete nicht rechtzeitig",
        ),
        (Trouble::Late(by), En) => format!(
            "Asterisk answered {} late, so the sound may have come late as well; this machine or Asterisk's is overloaded",
            length(*by, language)
        ),
        (Trouble::Late(by), De) => format!(
            "Asterisk antwortete {} zu spät, womöglich kam auch der Ton zu spät an; dieser Rechner oder der von Asterisk ist überlastet",
            length(*by, language)
        ),
        (Trouble::Disconnected, _) => text(
            "the connection to Asterisk broke off during the call",
            "die Verbindung zu Asterisk brach während des Anrufs ab",
        ),
        (Trouble::Stopped, _) => text(
            "the guard was stopped during the call",
            "Voicemail Guard wurde während des Anrufs beendet",
        ),
        (Trouble::Died, _) => text(
            "the guard died during the call and VoiceMail() took over: look into the mailbox for what was said to it; closed at the guard's next start",
            "Voicemail Guard stürzte während des Anrufs ab, und VoiceMail() übernahm: was dort gesagt wurde, liegt in der Mailbox; abgeschlossen beim nächsten Start",
        ),
        (Trouble::Abandoned { failed: true }, _) => text(
            "the guard failed before the call was over",
            "Voicemail Guard fiel aus, bevor der Anruf zu Ende war",
        ),
        (Trouble::Abandoned { failed: false }, _) => text(
            "the guard left the call before the call was over",
            "Voicemail Guard gab den Anruf vor dessen Ende ab",
        ),
    }
}

/// A machine signal; the one that was not recognised is a machine's tone.
fn tone(signal: Option<Signal>, language: Language) -> &'static str {
    let Some(signal) = signal else {
        return pick(language, "a machine's tone", "Ton einer Maschine");
    };
    let (en, de) = match signal {
        Signal::Busy => ("busy tone", "Besetztton"),
        Signal::Congestion => ("congestion tone", "Gassenbesetztton"),
        Signal::Dial => ("dial tone", "Wählton"),
        Signal::Ringback => ("ringing tone", "Freiton"),
        Signal::Sit => ("special information tone", "Hinweiston"),
        Signal::FaxCng => ("fax calling tone", "Faxton"),
        Signal::ModemAnswer => ("modem answer tone", "Antwortton eines Modems"),
        Signal::OffHook => ("off-hook tone", "Ton eines nicht aufgelegten Hörers"),
        Signal::Steady => ("steady tone", "Dauerton"),
        Signal::Textphone => ("textphone", "Schreibtelefon"),
    };
    pick(language, en, de)
}
