//! `[tap]` where callers' sound comes over the network.

use std::path::Path;

use voicemail_guard::config::{Config, Tap};

/// The mistakes of a file, each as it is shown.
fn mistakes(text: &str) -> Vec<String> {
    let problems = Config::parse(text.as_bytes()).expect_err(text);
    problems.iter().map(ToString::to_string).collect()
}

/// What is set under `[tap]`, by a guard whose data folder is this one.
fn tap(text: &str) -> Tap {
    let mut tap = Config::parse(text.as_bytes()).unwrap().tap;
    tap.below("/data".as_ref());
    tap
}

#[test]
fn what_is_heard_over_the_network_is_kept_below_the_data_folder() {
    let tap_of_defaults = tap("[tap]\nkind = 'audiosocket'");
    assert_eq!(tap_of_defaults.address_for_asterisk(), "127.0.0.1:4576");
    let folder = &tap_of_defaults.folder_as_guard_sees_it;
    assert_eq!(folder, Path::new("/data/tap"));
    let own = tap(
        "[listen]\nallow = ['192.0.2.20']\n[tap]\nkind = 'audiosocket'\n\
                   listen = ['0.0.0.0:4576']\nfolder_as_guard_sees_it = '/srv/heard'\n\
                   address_as_asterisk_sees_it = 'guard.example.com:4576'",
    );
    assert_eq!(own.address_for_asterisk(), "guard.example.com:4576");
    assert_eq!(own.folder_as_guard_sees_it, Path::new("/srv/heard"));
    let shared = tap("[tap]\nfolder_as_asterisk_sees_it = '/srv/tap'");
    assert_eq!(shared.folder_as_guard_sees_it, Path::new("/srv/tap"));
}

#[test]
fn where_sound_comes_in_is_as_open_as_is_said() {
    for (text, expected) in [
        (
            "[tap]\nkind = 'audiosocket'\nlisten = ['192.0.2.10:4576']",
            "line 3: [tap] listen: 192.0.2.10:4576 can be reached from other machines: name the networks that may connect in [listen], such as allow = [\"192.0.2.0/24\"]",
        ),
        (
            "[tap]\nkind = 'audiosocket'\nlisten = []",
            "line 3: [tap] listen: at least one address with its port, such as \"192.0.2.10:4576\"",
        ),
        (
            "[listen]\nallow = ['192.0.2.20']\n[tap]\nkind = 'audiosocket'\nlisten = ['0.0.0.0:4576']",
            "line 5: [tap] address_as_asterisk_sees_it: listens on every address: say which of them Asterisk connects to, such as address_as_asterisk_sees_it = \"guard.example.com:4576\"",
        ),
        (
            "[tap]\nkind = 'file'",
            "line 2: [tap] kind: \"file\" is not one of \"monitor\", \"audiosocket\"",
        ),
        (
            "[tap]\naddress_as_asterisk_sees_it = 'guard,x:4576'",
            "line 2: [tap] address_as_asterisk_sees_it: \"guard,x:4576\" is not a host and a port such as \"guard.example.com:4576\", or \"\" for none",
        ),
        (
            "[listen]\nallow = ['192.0.2.20']\n[queue]\nlisten = ['0.0.0.0:4576']",
            "line 3: [queue] address_as_asterisk_sees_it: listens on every address: say which of them Asterisk connects to, such as address_as_asterisk_sees_it = \"guard.example.com:4576\"",
        ),
        (
            "[tap]\nkind = 'audiosocket'\nlisten = ['0.0.0.0:4576']\naddress_as_asterisk_sees_it = 'guard:4576'\n\
             [listen]\nallow = ['192.0.2.20']\n[queue]\nlisten = ['127.0.0.1:4576']",
            "line 7: [queue] listen: [tap] listen has 0.0.0.0:4576, which takes the port 4576 from it: write the same address, or another port",
        ),
    ] {
        assert_eq!(mistakes(text), [expected]);
    }
    // A guard that hears by the folder listens nowhere.
    assert!(Config::parse(b"[tap]\nlisten = ['192.0.2.10:4576']").is_ok());
}

#[test]
fn a_replay_needs_no_folder_that_both_see() {
    let replay = "[delivery.voicemail]\nmethod = 'replay'\n[delivery.ami]\nuser = 'a'\nsecret = 'b'\n\
                  [defaults]\ndeliver_to = ['voicemail']\n[tap]\nkind = 'audiosocket'\n";
    assert!(Config::parse(replay.as_bytes()).is_ok());
}
