//! What is judged before the test call: settings, guard, manager interface, and what Asterisk says of itself.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::{Finding, Unclear, Wired};

/// What is to be written where nothing is set.
const MANAGER: &str = "\
write to manager.conf, with a secret of your own, and then: asterisk -rx 'manager reload'
    [voicemail-guard]
    secret = SOMETHING LONG
    deny = 0.0.0.0/0.0.0.0
    permit = 127.0.0.1/255.255.255.255
    read = call
    write = user,originate,reporting
and to the guard's configuration, and then: systemctl reload voicemail-guard
    [ami]
    user = \"voicemail-guard\"
    secret = \"SOMETHING LONG\"";

/// Whether `[ami]` is set, and it is known where to call.
pub(crate) fn settings(has_manager: bool, wired: Result<&Wired, &Unclear>) -> Finding {
    const WHAT: &str = "[ami] has no user: a test call is placed over Asterisk's manager interface";
    match (has_manager, wired) {
        (true, Ok(wired)) => {
            let mailbox = wired.mailbox.as_str();
            Finding::holds(format!("mailbox {mailbox}, called as {}", wired.place))
        }
        (false, Ok(_)) => Finding::broken(WHAT, MANAGER),
        (true, Err(unclear)) => {
            let (what, remedy) = unclear.parts();
            Finding::broken(what, remedy)
        }
        (false, Err(unclear)) => {
            let (what, remedy) = unclear.parts();
            Finding::broken(
                format!("{WHAT}; and {what}"),
                format!("{MANAGER}\n{remedy}"),
            )
        }
    }
}

/// That the configuration cannot be used, for these reasons.
pub(crate) fn no_settings(mistakes: String) -> Finding {
    Finding::broken(
        mistakes,
        "voicemail-guard check, with the same --config, says how each is mended",
    )
}

/// Settings with which no test call can be led.
pub(crate) fn no_folder() -> Finding {
    Finding::broken(
        "the test call is led through files in the folder that Asterisk and the guard share, and with [tap] kind = \
         \"audiosocket\" there is none",
        "call the mailbox from a telephone, and look at voicemail-guard calls",
    )
}

/// What answers where the guard is to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// A guard, after so long.
    Guard(Duration),
    /// One that takes no more calls.
    Full,
    /// Nothing: it takes the connection and says nothing.
    Silent,
    /// Something else.
    Stranger,
    /// Nobody takes the connection.
    Closed(String),
}

/// Whether a guard answers at one of its addresses.
pub(crate) fn guard(greetings: &[(SocketAddr, Greeting)]) -> Finding {
    let rank = |greeting: &Greeting| match greeting {
        Greeting::Guard(_) => 0,
        Greeting::Silent => 1,
        Greeting::Full => 2,
        Greeting::Stranger => 3,
        Greeting::Closed(_) => 4,
    };
    let best = greetings.iter().min_by_key(|(_, greeting)| rank(greeting));
    let Some((address, greeting)) = best else {
        return Finding::broken("[listen] names no address", "name one in [listen] address");
    };
    match greeting {
        Greeting::Guard(took) => Finding::holds_in(*took, format!("a guard answers at {address}")),
        Greeting::Silent => Finding::broken(
            format!("{address} takes connections and does not answer: the guard hangs"),
            "look at its log, then restart it: systemctl restart voicemail-guard",
        ),
        Greeting::Full => Finding::broken(
            format!("the guard at {address} takes no more calls now"),
            "raise [limits] max_calls, or try again when it is quieter",
        ),
        Greeting::Stranger => Finding::broken(
            format!("{address} is held by something that does not answer as a guard does"),
            format!(
                "find it with: ss -ltnp 'sport = :{}'; stop it, or change [listen] address and the dialplan",
                address.port()
            ),
        ),
        Greeting::Closed(why) => Finding::broken(
            format!("no guard answers at {address}: {why}"),
            "start it: systemctl start voicemail-guard; or name its configuration with --config",
        ),
    }
}

/// What came of the login at the manager interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// It was taken, after so long.
    Taken(Duration),
    /// It was refused, in Asterisk's words.
    Refused(String),
    /// There is no connection.
    Closed(String),
    /// No answer came.
    Silent,
    /// What answers is no manager interface.
    Stranger,
}

/// Whether the manager interface takes the login.
pub(crate) fn login(address: &str, user: &str, login: &Login) -> Finding {
    match login {
        Login::Taken(took) => Finding::holds_in(
            *took,
            format!("the manager interface at {address} takes the login"),
        ),
        Login::Refused(why) => Finding::broken(
            format!("the manager interface at {address} refuses the login of {user}: {why}"),
            format!(
                "compare user and secret of [ami] with [{user}] in manager.conf, and its deny and permit, then: asterisk -rx 'manager reload'"
            ),
        ),
        Login::Closed(why) => Finding::broken(
            format!("the manager interface at {address} cannot be reached: {why}"),
            "start Asterisk, set enabled = yes in [general] of manager.conf, and compare bindaddr and port there with [ami] address",
        ),
        Login::Silent => Finding::broken(
            format!("the manager interface at {address} does not answer"),
            "see whether Asterisk hangs: asterisk -rx 'core show uptime'",
        ),
        Login::Stranger => Finding::broken(
            format!("what answers at {address} is no manager interface of Asterisk's"),
            "compare port in [general] of manager.conf with [ami] address",
        ),
    }
}

/// What came of asking for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It was made.
    Done,
    /// The user may not.
    Denied,
    /// It was not made, in Asterisk's words.
    Failed(String),
}

/// Whether the manager's user may do what the test asks for; `lacking` are the classes of `write` that it does not have.
pub(crate) fn rights(user: &str, lacking: &[&str]) -> Finding {
    if lacking.is_empty() {
        return Finding::holds(format!("[{user}] of manager.conf may do what is needed"));
    }
    let lacking = lacking.join(",");
    Finding::broken(
        format!(
            "[{user}] of manager.conf lacks write = {lacking}: originate places calls, reporting sees what is in a mailbox, user has MWI sent and the test's message removed"
        ),
        format!(
            "add {lacking} to the line write of [{user}] in manager.conf, then: asterisk -rx 'manager reload'"
        ),
    )
}

/// What Asterisk says of itself; `None` where it does not know the function that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Whether the guard's subroutine is in the dialplan.
    pub(crate) has_subroutine: Option<bool>,
    /// Whether the extension is.
    pub(crate) has_extension: Option<bool>,
    /// Whether it has the mailbox.
    pub(crate) has_mailbox: Option<bool>,
    /// Whether it sees a file that lies in the guard's tap folder.
    pub(crate) sees_file: Option<bool>,
    /// Whether there is a `MixMonitor()`.
    pub(crate) has_recorder: bool,
    /// Whether what that recorded came into the guard's tap folder.
    pub(crate) is_recorded: bool,
}

const INSTALL: &str = "install asterisk-conf/extensions_voicemail_guard.conf of this version and bring it in (asterisk-conf/README.md, parts 1 and 5), then: asterisk -rx 'dialplan reload'";

/// Whether the shipped dialplan is loaded, and Asterisk connects to `here`.
pub(crate) fn dialplan(placed: &Placed, probe: Option<&Probe>, here: SocketAddr) -> Finding {
    match (placed, probe) {
        (Placed::Failed(why), _) => Finding::broken(
            format!("[voicemail-guard-doctor] is not in Asterisk's dialplan ({why})"),
            INSTALL,
        ),
        (_, None) => Finding::broken(
            format!(
                "Asterisk placed the call, but did not connect to {here}, where it was to be led from"
            ),
            "let Asterisk's machine connect to this one (firewall, network of the containers), name another address of this machine with --listen, or load res_agi",
        ),
        (
            _,
            Some(Probe {
                has_subroutine: Some(false),
                ..
            }),
        ) => Finding::broken("[voicemail-guard] is not in Asterisk's dialplan", INSTALL),
        _ => {
            Finding::holds("the guard's dialplan is loaded, and Asterisk connects to this machine")
        }
    }
}

/// Whether the extension is there.
pub(crate) fn extension(probe: &Probe, wired: &Wired) -> Finding {
    let place = &wired.place;
    match probe.has_extension {
        Some(true) => Finding::holds(format!("{place} is in the dialplan")),
        Some(false) => Finding::broken(
            format!("there is no extension {place} in the dialplan"),
            format!(
                "name the one that callers of the mailbox reach with --extension, or write it: asterisk -rx 'dialplan show {}'",
                place.context
            ),
        ),
        None => Finding::unseen(
            "Asterisk does not know DIALPLAN_EXISTS()",
            "asterisk -rx 'module load func_dialplan.so', without which the guard's dialplan does not work either",
        ),
    }
}

/// Whether Asterisk has the mailbox.
pub(crate) fn mailbox(probe: &Probe, wired: &Wired) -> Finding {
    let name = wired.mailbox.as_str();
    match probe.has_mailbox {
        Some(true) => Finding::holds(format!("Asterisk has the mailbox {name}")),
        Some(false) => Finding::broken(
            format!(
                "Asterisk has no mailbox {name}: its callers go on to VoiceMail(), which fails"
            ),
            "mend the name in the dialplan, or make the mailbox in voicemail.conf and: asterisk -rx 'voicemail reload'",
        ),
        None => Finding::broken(
            "Asterisk does not know VM_INFO(): its voicemail module is not loaded, so nobody can leave a message",
            "asterisk -rx 'module load app_voicemail.so', and take a noload of it out of modules.conf",
        ),
    }
}

/// Whether Asterisk records into the folder in which the guard looks. `laid_down` is why no file could be put there
/// from here.
pub(crate) fn tap(
    probe: &Probe,
    laid_down: Option<&str>,
    (of_asterisk, of_guard): (&Path, &Path),
) -> Finding {
    let (theirs, ours) = (of_asterisk.display(), of_guard.display());
    if let Some(why) = laid_down {
        return Finding::broken(
            format!("no file can be made in {ours}: {why}"),
            format!(
                "give the guard's user the right to write there, and run doctor as that user: ls -ld {ours}"
            ),
        );
    }
    if !probe.has_recorder {
        return Finding::broken(
            "Asterisk has no MixMonitor(): the guard hears nobody, and every call goes on to VoiceMail()",
            "asterisk -rx 'module load app_mixmonitor.so', and take a noload of it out of modules.conf",
        );
    }
    match (probe.is_recorded, probe.sees_file) {
        (true, _) => Finding::holds(format!(
            "Asterisk records into {theirs}, and the guard sees it in {ours}"
        )),
        (false, Some(false)) => Finding::broken(
            format!(
                "Asterisk does not see in {theirs} what lies in {ours}: they are not the same folder, or Asterisk may not enter it"
            ),
            "have both settings of [tap] name one folder, by the names that Asterisk and the guard have for it, and let Asterisk's user enter it",
        ),
        (false, _) => Finding::broken(
            format!(
                "what Asterisk was asked to record into {theirs} did not come into {ours}: Asterisk may not write there"
            ),
            format!(
                "give Asterisk's user the right: install -d -o asterisk -g asterisk -m 2770 {theirs}"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::example_place as wired;
    use super::*;

    /// What it is, and a word of what is said of it or of its remedy.
    fn check(finding: &Finding, expected: &str, says: &str) {
        let (state, text) = match finding {
            Finding::Holds { what, .. } => ("holds", what.clone()),
            Finding::Broken { what, remedy } => ("broken", format!("{what} -> {remedy}")),
            Finding::Unseen { what, remedy } => ("unseen", format!("{what} -> {remedy}")),
            Finding::NotTried(why) => ("not tried", why.clone()),
        };
        assert_eq!(state, expected, "{finding:?}");
        assert!(text.contains(says), "{says}: {text}");
    }

    #[test]
    fn settings_without_a_manager_say_what_to_write() {
        let (wired, unclear) = (wired(), Unclear::None);
        check(&settings(true, Ok(&wired)), "holds", "100@in");
        let manager = "write = user,originate,reporting";
        check(&settings(false, Ok(&wired)), "broken", manager);
        check(
            &settings(true, Err(&unclear)),
            "broken",
            "--mailbox 100@default",
        );
        let neither = settings(false, Err(&unclear));
        check(&neither, "broken", manager);
        check(&neither, "broken", "name both: --mailbox 100@default");
    }

    #[test]
    fn the_guard_is_judged_by_the_best_of_its_addresses() {
        let closed = || Greeting::Closed("refused".into());
        let at = |greetings: Vec<Greeting>| {
            let all = greetings.into_iter().zip(4574_u16..);
            let all = all.map(|(greeting, port)| (([127, 0, 0, 1], port).into(), greeting));
            guard(&all.collect::<Vec<_>>())
        };
        let answers = Greeting::Guard(Duration::from_millis(1));
        check(&at(vec![closed(), answers]), "holds", "127.0.0.1:4575");
        check(&at(vec![closed(), Greeting::Silent]), "broken", "hangs");
        check(&at(vec![closed(), Greeting::Full]), "broken", "max_calls");
        check(&at(vec![Greeting::Stranger, closed()]), "broken", ":4574");
        check(&at(vec![closed()]), "broken", "refused -> start it");
        check(&at(vec![]), "broken", "[listen]");
    }

    #[test]
    fn a_login_that_fails_says_where_to_look() {
        let text = || "why".to_owned();
        for (came, expected, says) in [
            (Login::Taken(Duration::ZERO), "holds", "takes the login"),
            (Login::Refused(text()), "broken", "user and secret"),
            (Login::Closed(text()), "broken", "enabled = yes"),
            (Login::Silent, "broken", "hangs"),
            (Login::Stranger, "broken", "port"),
        ] {
            check(&login("a:1", "guard", &came), expected, says);
        }
    }

    #[test]
    fn rights_that_are_missing_are_named() {
        check(&rights("guard", &[]), "holds", "[guard]");
        let lacking = rights("guard", &["originate", "reporting"]);
        check(
            &lacking,
            "broken",
            "add originate,reporting to the line write of [guard]",
        );
    }

    #[test]
    fn what_asterisk_says_of_itself_is_judged() {
        let here = ([127, 0, 0, 1], 9).into();
        let well = Probe {
            has_subroutine: Some(true),
            has_extension: Some(true),
            has_mailbox: Some(true),
            sees_file: Some(true),
            has_recorder: true,
            is_recorded: true,
        };
        let failed = Placed::Failed("no".into());
        check(&dialplan(&failed, None, here), "broken", "doctor");
        check(&dialplan(&Placed::Done, None, here), "broken", "--listen");
        let without = |change: fn(&mut Probe)| {
            let mut probe = well.clone();
            change(&mut probe);
            probe
        };
        let probe = without(|probe| probe.has_subroutine = Some(false));
        check(
            &dialplan(&Placed::Done, Some(&probe), here),
            "broken",
            "[voicemail-guard]",
        );
        check(
            &dialplan(&Placed::Done, Some(&well), here),
            "holds",
            "loaded",
        );

        check(&extension(&well, &wired()), "holds", "100@in");
        let probe = without(|probe| probe.has_extension = Some(false));
        check(&extension(&probe, &wired()), "broken", "--extension");
        check(
            &extension(&Probe::default(), &wired()),
            "unseen",
            "func_dialplan",
        );

        check(&mailbox(&well, &wired()), "holds", "100@default");
        let probe = without(|probe| probe.has_mailbox = Some(false));
        check(&mailbox(&probe, &wired()), "broken", "voicemail.conf");
        check(
            &mailbox(&Probe::default(), &wired()),
            "broken",
            "app_voicemail",
        );

        let folders = || (Path::new("/theirs"), Path::new("/ours"));
        check(&tap(&well, None, folders()), "holds", "/ours");
        check(
            &tap(&well, Some("no right"), folders()),
            "broken",
            "no right",
        );
        let probe = without(|probe| probe.has_recorder = false);
        check(&tap(&probe, None, folders()), "broken", "app_mixmonitor");
        let probe = without(|probe| probe.is_recorded = false);
        check(&tap(&probe, None, folders()), "broken", "may not write");
        let probe = without(|probe| (probe.is_recorded, probe.sees_file) = (false, Some(false)));
        check(
            &tap(&probe, None, folders()),
            "broken",
            "not the same folder",
        );
    }
}
