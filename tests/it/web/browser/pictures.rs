//! The pictures that the documents show of the page.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Browser, cases, json};
use crate::support::sources::root;

/// `demo`, ended with the value.
struct Demo {
    child: Child,
    address: String,
}

impl Demo {
    /// One whose calls have ended.
    fn played() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
            .arg("demo")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, address) = line.split_once("http://")?;
            Some(address.trim_end_matches('/').to_owned())
        });
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap();
        Self { child, address }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Writes what is seen now as `target/tmp/page/NAME.png`, down to the end of this. `examples/page` has them as somebody
/// chose them.
async fn take(browser: &Browser, name: &str, css: &str) {
    let script = format!(
        "return [innerWidth, document.querySelector({css:?}).getBoundingClientRect().bottom + 24]"
    );
    let size = browser.js(&script).await;
    let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
    let params = json!({"clip": clip, "captureBeyondViewport": true});
    let taken = browser.devtools("Page.captureScreenshot", params).await;
    let png = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        taken["data"].as_str().unwrap(),
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).unwrap();
    let file = format!("{name}.png");
    fs::write(folder.join(&file), png.unwrap()).unwrap();
    let shown = root().join("examples/page").join(&file);
    assert!(shown.exists(), "the documents show no {file}");
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_takes_the_pictures_of_the_documents() {
    let demo = Demo::played();
    let browser = Browser::of(&demo.address, "en").await;
    browser.open("/").await;
    browser.is_named("Anna").await;
    let first = cases(&browser).await[0].as_str().unwrap().to_owned();
    let case = format!("/cases/{first}");
    browser.open("/").await;
    take(&browser, "list", ".cases").await;

    let case_of_another = cases(&browser).await[1].as_str().unwrap().to_owned();
    browser.open(&format!("/cases/{case_of_another}")).await;
    browser
        .write("textarea", "Number was engaged, will try after lunch")
        .await;
    browser.click_through("button[value=not_reached]").await;
    browser.open(&case).await;
    browser
        .write("textarea", "Wants the invoice once more")
        .await;
    browser.click_through("button[value=claim]").await;
    browser
        .until("document.querySelector('.wave').naturalWidth")
        .await;
    take(&browser, "case", ".calls").await;

    let call = browser
        .js("return document.querySelector('.calls a').getAttribute('href')")
        .await;
    browser.likes("dark").await;
    browser.open(call.as_str().unwrap()).await;
    browser
        .js("document.querySelector('audio').currentTime = 9")
        .await;
    browser
        .until("!document.querySelector('.cursor').hidden")
        .await;
    take(&browser, "call-dark", ".story").await;

    browser.likes("light").await;
    browser.open("/figures").await;
    take(&browser, "figures", ".panel").await;
    browser.is_a_phone().await;
    browser.open("/?show=all&verdict=rambler").await;
    browser.open("/").await;
    take(&browser, "phone", ".cases").await;
}
