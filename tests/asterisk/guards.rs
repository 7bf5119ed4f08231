//! Several guards behind one Asterisk: the first that takes a call has it, and one that dies with calls up leaves
//! them to VoiceMail().

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use crate::dns::Names;
use crate::fake_guard::{FakeGuard, Then};
use crate::guard::{Guard, Record};
use crate::lab::{Ending, Lab, SOON, wait_for};
use crate::manager::Manager;
use crate::sip::Caller;
use crate::sound::Sound;

/// Two places for guards, asked in their order by calls to the first one's box.
struct Two {
    first: Lab,
    second: Lab,
}

impl Two {
    fn enter() -> Self {
        let two = Self {
            first: Lab::enter(),
            second: Lab::enter(),
        };
        two.asks(&format!("{}&{}", two.first.guard(), two.second.guard()));
        two
    }

    /// Has Asterisk ask these guards.
    fn asks(&self, guards: &str) {
        let port = self.first.guard_port();
        let put = format!("database put guards {port} {guards}");
        let answer = Manager::listens(&self.first).command(&put);
        assert!(answer.contains("Updated"), "{answer}");
    }

    fn somebody(&self) -> Caller {
        Caller::dials(&self.first, &self.first.extension("en", 'b'))
    }

    /// Somebody leaves a message after the greeting.
    fn leaves_a_message(&self) -> Caller {
        let speech = Sound::speech(&self.first, 6.0);
        self.somebody()
            .listens()
            .says(&speech)
            .is_quiet(0.5)
            .hangs_up()
    }

    /// The one call there was is this guard's, and VoiceMail() had no part in it.
    fn is_taken_by(&self, guard: &Guard) {
        let call = guard.record();
        let ending = self.first.ending();
        assert_eq!(ending.get("call"), call.get("id"), "{ending:?}");
        assert_eq!(call.get("ended_by"), "caller", "{call:#?}");
        assert!(call.number("seconds.speech") > 3.0, "{call:#?}");
        assert!(self.first.inbox(self.first.mailbox()).is_empty());
    }

    /// The one call there was is VoiceMail()'s.
    fn is_voicemails(&self) {
        let ending = self.first.ending();
        assert_eq!(ending.get("vmstatus"), "SUCCESS", "{ending:?}");
        assert!(self.first.message().sound.seconds() > 4.0);
    }
}

/// Places the call; how long the caller waited until somebody answered, in seconds.
fn waits(caller: Caller) -> f32 {
    let dialled = Instant::now();
    let stay = caller.call();
    (dialled.elapsed() - stay.lasted).as_secs_f32()
}

#[test]
fn the_first_guard_is_down() {
    let two = Two::enter();
    let second = Guard::start(&two.second);
    let waited = waits(two.leaves_a_message());
    two.is_taken_by(&second);
    assert!(waited < 1.5, "{waited} s");
}

#[test]
fn both_guards_are_down() {
    let two = Two::enter();
    two.leaves_a_message().call();
    two.is_voicemails();
}

#[test]
fn the_first_guard_is_full() {
    let two = Two::enter();
    let first = Guard::with(&two.first, "[limits]\nmax_calls = 1");
    let second = Guard::start(&two.second);
    let staying = two.somebody().listens().is_quiet(20.0).hangs_up().calls();
    first.logs("STREAM FILE");
    two.leaves_a_message().call();
    assert_eq!(second.record().get("ended_by"), "caller");
    staying.join().unwrap();
    let filed = first.closed_calls(1);
    assert_eq!(filed.len(), 1, "the one sent on is in one log: {filed:#?}");
    first.logs("event=call_sent_on");

    // And where nobody is behind it, it is in the log of the one that refused.
    drop(second);
    let staying = two.somebody().listens().is_quiet(20.0).hangs_up().calls();
    first.logs_times("STREAM FILE", 2);
    two.asks(&two.first.guard());
    two.leaves_a_message().call();
    staying.join().unwrap();
    let filed = first.closed_calls(3);
    let refused = filed
        .iter()
        .filter(|call| call.get("ended_by") == "refused");
    assert_eq!((filed.len(), refused.count()), (3, 1), "{filed:#?}");
}

#[test]
fn the_first_guard_is_stopping() {
    let two = Two::enter();
    let mut first = Guard::start(&two.first);
    let second = Guard::start(&two.second);
    let up = two.leaves_a_message().calls();
    first.logs("STREAM FILE");
    first.is_asked_to_stop();
    wait_for("the guard to take no more", SOON, || {
        std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, two.first.guard_port()))
            .is_err()
            .then_some(())
    });
    two.leaves_a_message().call();
    up.join().unwrap();
    assert!(first.ends().success());
    for guard in [&first, &second] {
        assert_eq!(guard.record().get("ended_by"), "caller");
    }
    assert!(two.first.inbox(two.first.mailbox()).is_empty());
}

#[test]
fn the_first_guard_takes_the_call_and_says_nothing() {
    let two = Two::enter();
    // Asterisk's connections are taken by the kernel.
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, two.first.guard_port())).unwrap();
    let second = Guard::start(&two.second);
    let waited = waits(two.leaves_a_message());
    two.is_taken_by(&second);
    assert!((4.5..7.0).contains(&waited), "{waited} s");
    // The next one pays nothing for it.
    let waited = waits(two.leaves_a_message());
    second.closed_calls(2);
    assert!(waited < 1.5, "{waited} s");
    drop(mute);
}

#[test]
fn the_first_guard_does_not_answer_connections() {
    let two = Two::enter();
    let deaf = Deaf::listens(two.first.guard_port());
    let second = Guard::start(&two.second);
    let waited = waits(two.leaves_a_message());
    two.is_taken_by(&second);
    assert!((1.9..3.9).contains(&waited), "{waited} s");
    let waited = waits(two.leaves_a_message());
    second.closed_calls(2);
    assert!(waited < 1.5, "{waited} s");
    drop(deaf);
}

/// A port at which connections are neither taken nor refused: its queue is full.
struct Deaf {
    _listening: tokio::net::TcpListener,
    _queue: Vec<std::net::TcpStream>,
    _runtime: tokio::runtime::Runtime,
}

impl Deaf {
    fn listens(port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let listening = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            socket.bind((Ipv4Addr::LOCALHOST, port).into()).unwrap();
            socket.listen(0).unwrap()
        });
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let mut queue = Vec::new();
        while let Ok(stream) =
            std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300))
        {
            queue.push(stream);
        }
        Self {
            _listening: listening,
            _queue: queue,
            _runtime: runtime,
        }
    }
}

#[test]
fn a_guard_that_dies_before_its_first_word_leaves_the_call_to_the_next() {
    let two = Two::enter();
    FakeGuard::start(
        &two.first,
        Then::SaysAndDies(&["SET VARIABLE TIMEOUT(absolute) 60", "ANSWER"]),
    );
    let second = Guard::start(&two.second);
    two.leaves_a_message().call();
    two.is_taken_by(&second);
}

#[test]
fn a_guard_that_dies_in_the_call_leaves_it_to_voicemail() {
    let two = Two::enter();
    let greeted = &[
        "SET VARIABLE TIMEOUT(absolute) 60",
        "ANSWER",
        "SET VARIABLE GUARD_CALL_ID 0123456789ab",
        "STREAM FILE beep \"\"",
    ];
    FakeGuard::start(&two.first, Then::SaysAndDies(greeted));
    let second = Guard::start(&two.second);
    two.leaves_a_message().call();
    two.is_voicemails();
    assert!(second.calls().is_empty(), "nobody begins anew");
}

#[test]
fn one_of_two_guards_is_killed_under_load_and_no_caller_is_worse_off() {
    let two = Two::enter();
    let mut first = Guard::start(&two.first);
    let second = Guard::start(&two.second);
    let speech = Sound::speech(&two.first, 6.0);
    let long = Sound::speech(&two.first, 40.0);
    let mut callers = Vec::new();
    // Who speaks when the guard dies, hears the greeting of VoiceMail(), and says it to that.
    for _ in 0..6 {
        let caller = two.somebody().listens().talks_until_spoken_to(&long);
        let caller = caller.listens().says(&speech).is_quiet(0.5).hangs_up();
        callers.push(caller.calls());
    }
    first.logs_times("STREAM FILE beep", 6);
    thread::sleep(Duration::from_secs(3));
    // Who is being greeted.
    for _ in 0..18 {
        callers.push(two.leaves_a_message().calls());
        thread::sleep(Duration::from_millis(100));
    }
    first.logs_times("greeting", 24);
    first.is_killed();
    for _ in 0..6 {
        callers.push(two.leaves_a_message().calls());
    }
    for caller in callers {
        let stay = caller.join().unwrap();
        assert!(!stay.ended_by_asterisk, "{stay:?}");
    }
    let endings = two.first.endings(30);
    let count = |name: &str, value: &str| {
        let of = |ending: &&Ending| ending.get(name) == value;
        endings.iter().filter(of).count()
    };
    let in_box = two.first.inbox(two.first.mailbox());
    assert!(in_box.iter().all(|message| message.sound.seconds() > 4.0));
    assert_eq!((count("vmstatus", "SUCCESS"), in_box.len()), (24, 24));
    let taken = second.closed_calls(6);
    assert_eq!(taken.len(), 6, "nobody began anew: {taken:#?}");
    for call in &taken {
        assert_eq!(count("call", call.get("id")), 1, "{call:#?}");
        assert!(call.number("seconds.speech") > 3.0, "{call:#?}");
    }
    first.starts_again();
    let recovered = first.closed_calls(24);
    assert_eq!(recovered.len(), 24);
    let spoke = |call: &&Record| call.number("seconds.speech") > 1.0;
    assert!(
        recovered.iter().filter(spoke).count() >= 6,
        "{recovered:#?}"
    );
}

#[test]
fn guards_by_a_name_are_asked_as_its_srv_records_say() {
    let two = Two::enter();
    let first = Guard::with(&two.first, "[limits]\nmax_calls = 1");
    let second = Guard::start(&two.second);
    let names = Names::answer(
        &two.first,
        &[
            (30, two.second.guard_port()),
            (10, two.first.guard_port() + 1000),
            (20, two.first.guard_port()),
        ],
    );
    two.asks("hagi://guards.test");
    // The first place of all has nobody, the next one takes the call.
    let staying = two.somebody().listens().is_quiet(20.0).hangs_up().calls();
    first.logs("STREAM FILE");
    // That one is full now.
    let waited = waits(two.leaves_a_message());
    assert!(waited < 1.5, "{waited} s");
    assert_eq!(second.record().get("ended_by"), "caller");
    staying.join().unwrap();
    assert_eq!(first.closed_calls(1).len(), 1);

    // A name that has no such records, before a guard that is there.
    two.asks(&format!("hagi://nobody.test&{}", two.second.guard()));
    two.leaves_a_message().call();
    second.closed_calls(2);
    let asked = names.asked();
    assert!(
        asked.contains(&"_agi._tcp.nobody.test".to_owned()),
        "{asked:?}"
    );
}
