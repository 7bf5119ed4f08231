//! `doctor` beside the Asterisk of the wiring page, both the guard and Asterisk as users of their own: green where all
//! is well, and red with the right link for each fault that is put in.

mod receiver;

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use self::receiver::Receiver;
use crate::guard::BINARY;
use crate::lab::{Lab, SOON, wait_for};
use crate::manager::Manager;

/// Debian's numbers of the two users, as tests/run makes them.
const ASTERISK: u32 = 999;
const GUARD: u32 = 998;
const TAP: &str = "/var/spool/asterisk/voicemail-guard";
const DATA: &str = "/var/lib/voicemail-guard-doctor";

#[test]
fn doctor_is_green_on_the_wiring_page_and_red_with_the_right_link_for_each_fault() {
    let lab = Lab::enter();
    let clinic = Clinic::opens(&lab);
    let before = clinic.left();

    let report = clinic.doctor(&[]);
    report.is(&[]);
    let told = clinic.mails.takes();
    assert!(
        told.contains("Subject: TEST: Voice message from "),
        "{told}"
    );
    let told = clinic.hooks.takes();
    assert!(told.contains("\"test\":true"), "{told}");
    assert_eq!(clinic.left(), before, "{report:?}");

    clinic.where_voicemail_takes_the_message();
    assert_eq!(clinic.left(), before);
    clinic.without_a_call();
    clinic.with_a_call();
    assert_eq!(clinic.left(), before);

    clinic.is_interrupted();
    assert_eq!(clinic.left(), before);
}

/// The guard, what it delivers to, and the doctor.
struct Clinic<'a> {
    lab: &'a Lab,
    guard: Child,
    mails: Receiver,
    hooks: Receiver,
}

impl<'a> Clinic<'a> {
    fn opens(lab: &'a Lab) -> Self {
        let bin = lab.inside("/usr/local/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::copy(BINARY, bin.join("voicemail-guard")).unwrap();
        let data = lab.inside(DATA);
        fs::create_dir_all(&data).unwrap();
        chown(&data, Some(GUARD), Some(GUARD)).unwrap();
        let (mails, hooks) = (Receiver::of_mail(), Receiver::of_webhooks());
        let config = format!(
            "[listen]\naddress = [\"127.0.0.1:{}\"]\n[web]\naddress = []\n\
             [delivery.ami]\naddress = \"{}\"\nuser = \"doctor\"\nsecret = \"listens\"\n\
             [delivery.mail]\nport = {}\nfrom = \"guard@example.com\"\nhello = \"pbx.example.com\"\n\
             [delivery.webhook]\nurl = \"http://127.0.0.1:{}/\"\nsecret = \"0123456789abcdef\"\n\
             allow_private = [\"127.0.0.0/8\"]\n\
             [defaults]\nmail_to = [\"team@example.com\"]\n\
             [box.\"100@default\"]\ndeliver_to = [\"voicemail\", \"mail\", \"webhook\"]\n",
            lab.guard_port(),
            lab.manager(),
            mails.port,
            hooks.port,
        );
        fs::write(lab.inside("/etc/doctor.toml"), config).unwrap();
        let log = File::create(lab.inside("/tests/doctor.log")).unwrap();
        let serve = ["serve", "--config", "/etc/doctor.toml", "--data", DATA];
        let guard = as_guard(lab, &serve).stderr(log).spawn().unwrap();
        let clinic = Self {
            lab,
            guard,
            mails,
            hooks,
        };
        wait_for("the guard to be ready", SOON, || {
            let log = fs::read_to_string(lab.inside("/tests/doctor.log")).unwrap();
            log.contains(" listening event=listening ").then_some(())
        });
        clinic
    }

    /// What box 100 is called by in the tests' dialplan.
    fn extension(&self) -> String {
        format!("{}@tests", self.lab.extension_of(100, "en", 'w'))
    }

    /// What doctor reports with these options in place of box 100 and its settings.
    fn doctor(&self, options: &[&str]) -> Diagnosis {
        let output = self.places(options).output().unwrap();
        Diagnosis::read(&output.stdout, output.status.success())
    }

    fn places(&self, options: &[&str]) -> Command {
        let has = |option: &str| options.contains(&option);
        let extension = self.extension();
        let mut all = vec!["doctor", "--json", "--data", DATA];
        if !has("--config") {
            all.extend(["--config", "/etc/doctor.toml"]);
        }
        if !has("--extension") {
            all.extend(["--extension", &extension]);
        }
        if !has("--mailbox") {
            all.extend(["--mailbox", "100"]);
        }
        all.extend(options);
        as_guard(self.lab, &all)
    }

    /// The same settings but for one.
    fn settings_with(&self, this: &str, instead: &str) -> Diagnosis {
        let config = fs::read_to_string(self.lab.inside("/etc/doctor.toml")).unwrap();
        assert!(config.contains(this), "{config}");
        let changed = config.replace(this, instead);
        fs::write(self.lab.inside("/etc/changed.toml"), changed).unwrap();
        self.doctor(&["--config", "/etc/changed.toml"])
    }

    /// In observe mode, and where messages are played to `VoiceMail()`.
    fn where_voicemail_takes_the_message(&self) {
        let file = self.lab.inside("/etc/doctor.toml");
        let settings = fs::read_to_string(&file).unwrap();
        let replays = "user = \"doctor-replay\"\nsecret = \"plays\"\n[delivery.voicemail]\nmethod = \"replay\"\n";
        for (this, instead) in [
            ("[defaults]\n", "[defaults]\nmode = \"observe\"\n"),
            ("user = \"doctor\"\nsecret = \"listens\"\n", replays),
        ] {
            assert!(settings.contains(this), "{settings}");
            self.reloads(&settings.replacen(this, instead, 1));
            self.doctor(&["--listen", "127.0.0.1"]).is(&[]);
        }
        self.reloads(&settings);
    }

    /// Has the guard go by other settings.
    fn reloads(&self, settings: &str) {
        let reloaded = || {
            let log = fs::read_to_string(self.lab.inside("/tests/doctor.log")).unwrap();
            log.matches("event=reloaded ").count()
        };
        let before = reloaded();
        fs::write(self.lab.inside("/etc/doctor.toml"), settings).unwrap();
        self.signal(Signal::HUP);
        wait_for("the settings to be read", SOON, || {
            (reloaded() > before).then_some(())
        });
    }

    /// Faults that are found before anybody is called, or by a call that goes elsewhere.
    fn without_a_call(&self) {
        let mut asterisk = Manager::listens(self.lab);
        let port = self.lab.guard_port();
        self.settings_with("user = \"doctor\"", "user = \"\"")
            .is(&["settings"]);
        self.settings_with(&format!("127.0.0.1:{port}"), "127.0.0.1:9")
            .is(&["guard"]);
        self.signal(Signal::STOP);
        self.doctor(&[]).is(&["guard"]);
        self.signal(Signal::CONT);

        self.with_mode(DATA, 0o500, || self.doctor(&[]).is(&["log"]));

        self.settings_with("\"listens\"", "\"wrong\"")
            .is(&["manager"]);
        let nobody = format!("address = \"{}\"", self.lab.manager());
        self.settings_with(&nobody, "address = \"127.0.0.1:9\"")
            .is(&["manager"]);
        let poor = "user = \"guard\"\nsecret = \"lamps\"";
        let rich = "user = \"doctor\"\nsecret = \"listens\"";
        self.settings_with(rich, poor).is(&["rights"]);

        asterisk.command("dialplan remove context voicemail-guard-doctor");
        self.doctor(&[]).is(&["dialplan"]);
        asterisk.command("dialplan reload");
        wait_for("the dialplan to be back", SOON, || {
            let shown = asterisk.command("dialplan show voicemail-guard-doctor");
            shown.contains("VG_DOCTOR").then_some(())
        });
        asterisk.command("dialplan remove context voicemail-guard");
        self.doctor(&[]).is(&["dialplan"]);
        asterisk.command("dialplan reload");
        wait_for("the dialplan to be back", SOON, || {
            let shown = asterisk.command("dialplan show voicemail-guard");
            shown.contains("VG_BOX").then_some(())
        });

        self.doctor(&["--extension", "nobody@tests"])
            .is(&["extension"]);
        self.doctor(&["--extension", "100@no-such-context"])
            .is(&["extension"]);
        self.doctor(&["--mailbox", "9999"]).is(&["mailbox"]);
        self.console("module unload app_voicemail.so");
        self.doctor(&[]).is(&["mailbox"]);
        self.console("module load app_voicemail.so");

        self.console("module unload app_mixmonitor.so");
        self.doctor(&[]).is(&["tap"]);
        self.console("module load app_mixmonitor.so");
        let elsewhere = format!(
            "[tap]\nfolder_as_asterisk_sees_it = \"/tmp\"\nfolder_as_guard_sees_it = \"{TAP}\"\n[web]"
        );
        self.settings_with("[web]", &elsewhere).is(&["tap"]);
        let tap = self.lab.inside(TAP);
        chown(&tap, Some(GUARD), Some(ASTERISK)).unwrap();
        self.with_mode(TAP, 0o2750, || self.doctor(&[]).is(&["tap"]));
        chown(&tap, Some(ASTERISK), Some(ASTERISK)).unwrap();
        fs::set_permissions(&tap, Permissions::from_mode(0o2770)).unwrap();

        let wrong_port = format!("g{}*100*en*w@tests", port + 1);
        let report = self.doctor(&["--extension", &wrong_port]);
        report.is(&["request"]);
        assert!(
            report.says("request").contains("VOICEMAIL_GUARD_AGI"),
            "{report:?}"
        );
        let report = self.doctor(&["--extension", "100@plain"]);
        report.is(&["request"]);
        assert!(report.says("request").contains("part 5"), "{report:?}");
        let another = self.lab.extension_of(1000, "en", 'p');
        let report = self.doctor(&["--extension", &format!("{another}@tests")]);
        report.is(&["request"]);
        assert!(
            report.says("request").contains("1000@default"),
            "{report:?}"
        );
    }

    /// Faults that only the call itself shows.
    fn with_a_call(&self) {
        let spool = "/var/spool/asterisk/voicemail/default/1000";
        let folder = self.lab.inside(spool);
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let another = format!("{}@tests", self.lab.extension_of(1000, "en", 'p'));
        let report = self.doctor(&["--extension", &another, "--mailbox", "1000"]);
        report.is(&["request"]);
        assert!(report.says("request").contains("spool"), "{report:?}");
        fs::remove_dir_all(&folder).unwrap();

        let away = self.lab.take_away(&["greeting"]);
        self.doctor(&[]).is(&["prompt"]);
        drop(away);

        self.hooks.refuses(true);
        self.doctor(&[]).is(&["webhook"]);
        self.hooks.refuses(false);
        self.mails.refuses(true);
        self.doctor(&[]).is(&["mail"]);
        self.mails.refuses(false);
    }

    /// Somebody who has seen enough presses Ctrl-C while the message is said.
    fn is_interrupted(&self) {
        let mut doctor = self.places(&[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(doctor.stdout.take().unwrap()).lines();
        let prompt = lines.find(|line| line.as_ref().unwrap().contains("\"prompt\""));
        assert!(prompt.is_some(), "it did not come to the prompt");
        thread::sleep(Duration::from_secs(5));
        kill_process(Pid::from_child(&doctor), Signal::INT).unwrap();
        let rest: Vec<_> = lines.map(|line| line.unwrap() + "\n").collect();
        let ended = doctor.wait().unwrap();
        let report = Diagnosis::read(rest.concat().as_bytes(), ended.success());
        assert_eq!(report.state("clean_up"), "ok", "{report:?}");
        assert_eq!(report.state("verdict"), "not_tried", "{report:?}");
        assert!(!report.is_ok);
    }

    /// A command that Asterisk takes on its own console alone.
    fn console(&self, command: &str) {
        let asterisk = ["/usr/sbin/asterisk", "-rx", command];
        let mut chroot = Command::new("chroot");
        let output = chroot.arg(self.lab.inside("/")).args(asterisk).output();
        let said = String::from_utf8(output.unwrap().stdout).unwrap();
        assert!(said.contains("oaded"), "{command}: {said}");
    }

    fn with_mode(&self, folder: &str, mode: u32, what: impl FnOnce()) {
        let folder = self.lab.inside(folder);
        let before = fs::metadata(&folder).unwrap().permissions();
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        what();
        fs::set_permissions(&folder, before).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.guard), signal).unwrap();
    }

    /// What is in the mailbox, the log and the folders.
    fn left(&self) -> Vec<String> {
        let folders = [
            "/var/spool/asterisk/voicemail/default/100/INBOX",
            "/var/spool/asterisk/voicemail/default/100/Old",
            "/var/spool/asterisk/voicemail/default/100/tmp",
            TAP,
        ];
        let mut left = Vec::new();
        let mut open: Vec<PathBuf> = folders
            .iter()
            .map(|folder| self.lab.inside(folder))
            .collect();
        open.push(self.lab.inside(DATA).join("audio"));
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    left.push(path.display().to_string());
                }
            }
        }
        left.sort();
        for list in [
            &["calls", "--format", "json"][..],
            &["calls", "--cases", "--format", "json"],
        ] {
            let all = [list, &["--data", DATA]].concat();
            let listed = as_guard(self.lab, &all).output().unwrap();
            left.push(String::from_utf8(listed.stdout).unwrap());
        }
        left
    }
}

impl Drop for Clinic<'_> {
    fn drop(&mut self) {
        self.guard.kill().ok();
        self.guard.wait().ok();
        if thread::panicking() {
            let log = fs::read_to_string(self.lab.inside("/tests/doctor.log"));
            eprintln!("--- the guard's log ---\n{}", log.unwrap_or_default());
        }
    }
}

/// A command by the guard's user in their root.
fn as_guard(lab: &Lab, arguments: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command
        .arg("--userspec=voicemail-guard:")
        .arg(lab.inside("/"))
        .arg("/usr/local/bin/voicemail-guard")
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/bin");
    command
}

/// What doctor reported.
#[derive(Debug)]
struct Diagnosis {
    links: Vec<Value>,
    end: Value,
    is_ok: bool,
}

impl Diagnosis {
    fn read(printed: &[u8], is_ok: bool) -> Self {
        let text = std::str::from_utf8(printed).unwrap();
        let mut links: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {text}")))
            .collect();
        let end = links.pop().expect("a last line");
        Self { links, end, is_ok }
    }

    fn link(&self, name: &str) -> &Value {
        let link = self.links.iter().find(|link| link["link"] == name);
        link.unwrap_or_else(|| panic!("nothing of {name}: {self:?}"))
    }

    fn state(&self, name: &str) -> &str {
        self.link(name)["state"].as_str().unwrap()
    }

    /// All that is said of a link.
    fn says(&self, name: &str) -> String {
        self.link(name).to_string()
    }

    /// These links are broken and no others; none but those behind them was left out, and nothing is left.
    fn is(&self, broken: &[&str]) {
        let found: Vec<_> = self.end["broken"].as_array().unwrap().iter().collect();
        assert_eq!(found, broken, "{self:#?}");
        assert_eq!(self.is_ok, broken.is_empty(), "{self:#?}");
        assert_eq!(
            self.end["cannot_be_seen"],
            Value::Array(Vec::new()),
            "{self:#?}"
        );
        let not_tried = self
            .links
            .iter()
            .filter(|link| link["state"] == "not_tried");
        let last = ["mail", "webhook"];
        let expects_all = broken.iter().all(|link| last.contains(link));
        assert_eq!(not_tried.count() == 0, expects_all, "{self:#?}");
        let early = ["settings", "guard", "log", "manager", "rights"];
        let is_made = !broken.iter().any(|link| early.contains(link));
        let cleaned = if is_made { "ok" } else { "not_tried" };
        assert_eq!(self.state("clean_up"), cleaned, "{self:#?}");
        for link in &self.links {
            let needs_remedy = link["state"] == "broken";
            assert_eq!(link["remedy"].is_string(), needs_remedy, "{link}");
        }
    }
}
