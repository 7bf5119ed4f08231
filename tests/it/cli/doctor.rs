//! `doctor` where it can place no call: every link is reported all the same, with what was not tried and why.

use std::fs;

use serde_json::Value;

use super::{House, guard, text};

const AMI: &str = "[delivery.ami]\naddress = \"127.0.0.1:9\"\nuser = \"doctor\"\nsecret = \"x\"\n";

/// The links as they are reported, what came of all, and the exit code.
fn doctor(house: &House, more: &[&str]) -> (Vec<Value>, Value, i32) {
    let mut command = house.command("doctor");
    command
        .arg("--json")
        .arg("--asterisk")
        .arg(house.path("asterisk"));
    let output = command.args(more).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let lines = text(&output);
    let mut links: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let end = links.pop().unwrap();
    (links, end, output.status.code().unwrap())
}

fn of<'a>(links: &'a [Value], name: &str) -> &'a Value {
    let found = links.iter().find(|link| link["link"] == name);
    found.unwrap_or_else(|| panic!("nothing of {name}: {links:#?}"))
}

fn set(house: &House, more: &str) {
    let file = house.path("guard.toml");
    let settings = fs::read_to_string(&file).unwrap();
    fs::write(file, settings + more).unwrap();
}

#[test]
fn without_a_manager_guard_and_log_are_tried_and_the_rest_is_named() {
    let house = House::new();
    let (links, end, code) = doctor(&house, &[]);
    assert_eq!(code, 1);
    assert_eq!(
        (&end["ok"], &end["broken"][0]),
        (&false.into(), &"settings".into())
    );
    let settings = of(&links, "settings");
    assert!(
        settings["remedy"]
            .as_str()
            .unwrap()
            .contains("manager.conf"),
        "{settings}"
    );
    // No guard serves here, and there is no log yet.
    for name in ["guard", "log"] {
        let link = of(&links, name);
        assert!(
            link["state"] == "broken" && link["remedy"].is_string(),
            "{link}"
        );
    }
    for name in ["manager", "rights", "dialplan", "request", "verdict", "mwi"] {
        let link = of(&links, name);
        let said = (&link["state"], &link["what"]);
        assert_eq!(
            said,
            (&"not_tried".into(), &"not tried: settings is broken".into())
        );
    }
    let clean_up = of(&links, "clean_up");
    let nothing = "nothing to clean up: no call was placed";
    assert_eq!(
        (&clean_up["state"], &clean_up["what"]),
        (&"not_tried".into(), &nothing.into())
    );
}

#[test]
fn beside_a_guard_its_links_hold_and_the_manager_is_the_one_that_is_broken() {
    let house = House::new();
    let (mut serving, _log, said) = house.serve();
    let address = super::figures::between(&said, "addresses=[", "]");
    house.configure(address);
    set(&house, AMI);
    let (links, end, code) = doctor(&house, &[]);
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert_eq!(
        (code, &end["broken"]),
        (1, &serde_json::json!(["manager"])),
        "{links:#?}"
    );
    for name in ["settings", "guard", "log"] {
        assert_eq!(of(&links, name)["state"], "ok", "{links:#?}");
    }
    assert_eq!(of(&links, "rights")["what"], "not tried: manager is broken");
}

#[test]
fn where_it_is_not_known_whom_to_call_the_report_says_how_to_name_it() {
    let house = House::new();
    set(&house, AMI);
    for (dialplan, remedy) in [
        (
            "",
            "name both: --mailbox 100@default --extension 100@from-trunk",
        ),
        (
            "[in]\nexten => 1,1,Gosub(voicemail-guard,s,1(1))\nexten => 2,1,Gosub(voicemail-guard,s,1(2))\n",
            "name one: --mailbox 1@default --extension 1@in; --mailbox 2@default --extension 2@in",
        ),
    ] {
        fs::write(house.path("asterisk/extensions.conf"), dialplan).unwrap();
        let (links, _, code) = doctor(&house, &[]);
        let settings = of(&links, "settings");
        assert_eq!(
            (code, &settings["remedy"]),
            (1, &remedy.into()),
            "{settings}"
        );
        let (links, _, _) = doctor(&house, &["--mailbox", "1", "--extension", "1@in"]);
        assert_eq!(of(&links, "settings")["state"], "ok", "{links:#?}");
    }
}

#[test]
fn settings_with_mistakes_are_a_report_too() {
    let house = House::new();
    set(&house, "[lost]\n");
    let (links, end, code) = doctor(&house, &[]);
    assert_eq!(
        (code, &end["broken"]),
        (2, &serde_json::json!(["settings"]))
    );
    let said = of(&links, "settings")["what"].as_str().unwrap();
    assert!(said.contains("[lost]: no such table"), "{said}");
    assert!(
        of(&links, "settings")["remedy"]
            .as_str()
            .unwrap()
            .contains("voicemail-guard check")
    );
    let others = links.iter().filter(|link| link["link"] != "settings");
    assert!(others.clone().count() > 12);
    for link in others {
        assert_eq!(link["state"], "not_tried", "{link}");
    }
    let output = guard()
        .arg("doctor")
        .arg("--config")
        .arg(house.path("none.toml"))
        .output();
    let said = text(&output.unwrap());
    assert!(
        said.starts_with("BROKEN settings") && said.contains("none.toml"),
        "{said}"
    );
}

#[test]
fn where_the_guard_hears_over_the_network_the_report_says_that_no_test_call_can_be_led() {
    let house = House::new();
    let file = house.path("guard.toml");
    let settings = fs::read_to_string(&file).unwrap();
    fs::write(
        file,
        settings.replace("[tap]\n", "[tap]\nkind = \"audiosocket\"\n"),
    )
    .unwrap();
    let (links, end, code) = doctor(&house, &[]);
    assert_eq!(
        (code, &end["broken"]),
        (2, &serde_json::json!(["settings"]))
    );
    let settings = of(&links, "settings");
    assert!(
        settings["what"].as_str().unwrap().contains("audiosocket"),
        "{settings}"
    );
    assert!(
        settings["remedy"]
            .as_str()
            .unwrap()
            .contains("call the mailbox"),
        "{settings}"
    );
}
