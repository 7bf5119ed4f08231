//! A caller who went on from a queue to a mailbox: both records name each other, for those who may see them.

use voicemail_guard::call_record::{
    CallRecord, CameFrom, Instead, MailboxName, Nobody, QueueWait, Verdict, WaitEnd,
};

use super::access::config;
use super::{Served, call};

/// As odd as the name of a queue can be.
const QUEUE: &str = "a-_.b";

pub(super) fn wait_and_call() -> [CallRecord; 2] {
    let wait = CallRecord {
        mailbox: MailboxName::of_queue(QUEUE).unwrap(),
        verdict: None,
        queue: Some(QueueWait {
            waited_s: Some(40),
            ended: Some(WaitEnd::Left),
            nobody: Some(Nobody {
                heard: Instead::Music,
                after_s: 35,
                back_s: None,
            }),
            ..QueueWait::new(QUEUE.into())
        }),
        repeat_window_s: None,
        ..call(1, "030 1111111", "Schmidt", Verdict::HoldMusic)
    };
    let call = CallRecord {
        uniqueid: wait.uniqueid.clone(),
        came_from: Some(CameFrom {
            id: wait.id,
            queue: QUEUE.into(),
            nobody: Some(Instead::Music),
        }),
        ..call(2, "030 1111111", "Schmidt", Verdict::HoldMusic)
    };
    [wait, call]
}

#[tokio::test]
async fn a_call_and_the_wait_before_it_lead_to_each_other() {
    let [wait, call] = wait_and_call();
    let served = Served::with(&[wait.clone(), call.clone()]).await;
    let of_call = served.get(&format!("/calls/{}", call.id)).await.text();
    let link = format!(
        "Waited before: <a href=\"/calls/{}\">queue {QUEUE}; nobody there (music)</a>",
        wait.id
    );
    assert!(of_call.contains(&link), "{of_call}");
    let of_wait = served.get(&format!("/calls/{}", wait.id)).await.text();
    let link = format!("mailbox <a href=\"/calls/{}\">100@default</a>", call.id);
    assert!(of_wait.contains(&link), "{of_wait}");
    let german = served
        .get_with(&format!("/calls/{}", call.id), "accept-language: de\r\n")
        .await
        .text();
    let said = format!("Warteschlange {QUEUE}; niemand da (Musik)");
    assert!(german.contains(&said), "{german}");
    let figures = served.get("/figures").await.text();
    assert!(figures.contains(&format!("{QUEUE}@queue")), "{figures}");
    assert!(figures.contains("Waited in queues: 1;"), "{figures}");
}

#[tokio::test]
async fn who_sees_one_of_them_alone_has_no_way_to_the_other() {
    let [wait, call] = wait_and_call();
    let served = Served::set(config(""), &[wait.clone(), call.clone()]).await;
    let rita = served.login("rita").await;
    let page = served.get_with(&format!("/calls/{}", call.id), &rita).await;
    assert_eq!(page.status, 200);
    let link = format!("href=\"/calls/{}\"", wait.id);
    for hidden in [wait.id.to_string(), QUEUE.to_owned()] {
        assert!(!page.text().contains(&hidden), "{}", page.text());
    }
    let figures = served.get_with("/figures", &rita).await.text();
    assert!(!figures.contains(QUEUE), "{figures}");
    let ada = served.login("ada").await;
    let page = served.get_with(&format!("/calls/{}", call.id), &ada).await;
    assert!(page.text().contains(&link), "{}", page.text());
}
