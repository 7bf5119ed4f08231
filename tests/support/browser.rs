//! Chromium without a window, used as a person would; `tests/it/web/browser/provide` installs it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::prelude::*;
use thirtyfour::support::sleep;

/// Something that must happen may take so long, on a machine that has much else to do.
const LONGEST: Duration = Duration::from_secs(40);
const STEP: Duration = Duration::from_millis(100);

/// Counts what a page does against its own rules, from its first line on.
const WATCH: &str = "window.ran = []; window.alert = () => ran.push('alert'); \
    document.addEventListener('securitypolicyviolation', \
    (event) => ran.push(`${event.violatedDirective} ${event.blockedURI}`));";

/// A browser of its own: cookies, language and all; closed with the value.
pub(crate) struct Browser {
    // Closes its windows while its program still runs.
    pub(crate) driver: WebDriver,
    _program: Program,
    site: String,
}

/// chromedriver.
struct Program(Child);

impl Program {
    fn start() -> (Self, u16) {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver; see tests/run");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        std::thread::spawn(move || lines.for_each(drop));
        (Self(child), port.unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Browser {
    /// One that looks at this site, and asks for pages in this language.
    pub(crate) async fn of(site: impl std::fmt::Display, language: &str) -> Self {
        let (program, port) = Program::start();
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--mute-audio",
            "--autoplay-policy=no-user-gesture-required",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ] {
            wanted.add_arg(argument).unwrap();
        }
        let languages = json!({"intl.accept_languages": language});
        wanted.add_experimental_option("prefs", languages).unwrap();
        let poller = ElementPollerWithTimeout::new(LONGEST, STEP);
        let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), wanted)
            .poller(Arc::new(poller))
            .await
            .expect("Chromium");
        let browser = Self {
            driver,
            _program: program,
            site: format!("http://{site}"),
        };
        let watch = json!({"source": WATCH});
        browser
            .devtools("Page.addScriptToEvaluateOnNewDocument", watch)
            .await;
        browser
    }

    /// A command of the browser's own developer tools.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> Value {
        self.driver.cdp().send_raw(command, params).await.unwrap()
    }

    /// Pages that are opened from now on run none of their scripts.
    pub(crate) async fn runs_no_scripts(&self) {
        let off = json!({"value": true});
        self.devtools("Emulation.setScriptExecutionDisabled", off)
            .await;
    }

    /// Opens a page of the site.
    pub(crate) async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.site);
        self.driver.goto(url).await.unwrap();
    }

    /// What this script returns.
    pub(crate) async fn js(&self, script: &str) -> Value {
        let returned = self.driver.execute(script, Vec::new()).await;
        returned.unwrap().json().clone()
    }

    /// What this script hands to the function that is its last argument.
    pub(crate) async fn js_later(&self, script: &str) -> Value {
        let returned = self.driver.execute_async(script, Vec::new()).await;
        returned.unwrap().json().clone()
    }

    /// Waits until this expression is true.
    pub(crate) async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let mut last = String::new();
        for _ in 0..LONGEST.as_millis() / STEP.as_millis() {
            // Between two pages there is none to ask.
            match self.driver.execute(script.as_str(), Vec::new()).await {
                Ok(returned) if *returned.json() == json!(true) => return,
                Ok(_) => last.clear(),
                Err(error) => last = error.to_string(),
            }
            sleep(STEP).await;
        }
        panic!(
            "never true: {expression} {last}\n{}",
            self.text("body").await
        );
    }

    /// The text of the first element of this kind, as it is seen.
    pub(crate) async fn text(&self, css: &str) -> String {
        let script = format!("return document.querySelector({css:?})?.innerText ?? ''");
        self.js(&script).await.as_str().unwrap().to_owned()
    }

    /// The first element of this kind, once it is there.
    pub(crate) async fn element(&self, css: &str) -> WebElement {
        let query = self.driver.query(By::Css(css)).desc(css);
        query.first().await.unwrap()
    }

    /// Clicks on it as with a mouse: it must be there and not be covered.
    pub(crate) async fn click(&self, css: &str) {
        self.element(css).await.click().await.unwrap();
    }

    /// Clicks on what sends a form or is a link, and waits for the page that comes of it.
    pub(crate) async fn click_through(&self, css: &str) {
        self.leaves_by(self.click(css)).await;
    }

    /// Does what leads to another page, and waits for that.
    pub(crate) async fn leaves_by(&self, step: impl Future<Output = ()>) {
        self.js("window.before = true").await;
        step.await;
        self.until("!window.before && document.readyState === 'complete'")
            .await;
    }

    /// Types into it, after what is there.
    pub(crate) async fn write(&self, css: &str, text: &str) {
        self.element(css).await.send_keys(text).await.unwrap();
    }

    /// Presses these keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: impl Into<TypingData>) {
        let keys = self.driver.action_chain().send_keys(keys);
        keys.perform().await.unwrap();
    }

    /// Says on the page who they are.
    pub(crate) async fn is_named(&self, name: &str) {
        self.write(".me input[name=name]", name).await;
        self.click_through(".me button:not([name])").await;
    }

    /// Has a window of this width.
    pub(crate) async fn is_wide(&self, width: u32) {
        let window =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", window)
            .await;
    }

    /// Looks at the page as on a telephone that is held upright.
    pub(crate) async fn is_a_phone(&self) {
        let phone = json!({"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", phone)
            .await;
    }

    /// Likes its pages `light` or `dark`.
    pub(crate) async fn likes(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }
}
