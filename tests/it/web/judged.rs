//! "Judged wrongly?" on the page: by whom, what comes of it, and what is shown.

use voicemail_guard::call_log::Reader;
use voicemail_guard::call_record::{EndedBy, Verdict};

use super::access::{config, form, two_calls};
use super::{Served, call};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one call from click to click")]
async fn one_click_moves_a_call_to_where_it_belongs_and_another_takes_it_back() {
    let junk = call(1, "030 1111111", "Schmidt", Verdict::Mutter);
    let served = Served::with(std::slice::from_ref(&junk)).await;
    let (page, case) = (format!("/calls/{}", junk.id), format!("/cases/{}", junk.id));
    assert!(served.get("/").await.cases().is_empty());
    for (path, back) in [(&page, false), (&case, true)] {
        let text = served.get(path).await.text();
        assert!(text.contains("Judged wrongly?"), "{text}");
        assert_eq!(text.matches("name=\"verdict\" value=").count(), 8, "{text}");
        assert!(
            !text.contains("value=\"mutter\"") && !text.contains("value=\"withdrawn\""),
            "{text}"
        );
        assert_eq!(
            text.contains("name=\"back\" value=\"case\""),
            back,
            "{text}"
        );
    }
    let nobody = served
        .post_as("", &page, "verdict=message&note=x%3Cb%3E")
        .await;
    assert_eq!(nobody.status, 422);
    let text = nobody.text();
    assert!(
        text.contains("who you are") && text.contains(">x&#60;b&#62;</textarea>"),
        "{text}"
    );
    let said = served
        .post_as(
            "anna",
            &page,
            "verdict=message&note=%1b%3Cscript%3E+invoice",
        )
        .await;
    assert_eq!(
        (said.status, said.header("location")),
        (303, Some(page.as_str()))
    );
    let list = served.get("/").await;
    assert_eq!(list.cases(), [junk.id.to_string()]);
    assert!(
        list.text().contains("says anna; the guard: mutter"),
        "{}",
        list.text()
    );
    let text = served.get(&page).await.text();
    assert!(
        text.contains("message, says anna (page, 2026-11-24 "),
        "{text}"
    );
    assert!(
        text.contains("&#60;script&#62; invoice") && !text.contains("<script> "),
        "{text}"
    );
    assert!(
        text.contains("muttered and hung up"),
        "what the guard said is gone: {text}"
    );
    let text = served.get(&case).await.text();
    assert!(
        text.contains(&format!(
            "<bdi>anna</bdi></b>: judged call {}: message",
            junk.id
        )),
        "{text}"
    );
    let german = served
        .get_with(&page, "accept-language: de\r\n")
        .await
        .text();
    assert!(
        german.contains("Falsch eingestuft?") && german.contains("Nachricht, sagt anna (Seite, "),
        "{german}"
    );

    for (verdict, expected) in [
        ("message", "it is noted already"),
        ("mutter", "the guard says so, too: mutter"),
    ] {
        let again = served
            .post_as("bert", &page, &format!("verdict={verdict}"))
            .await;
        assert_eq!(again.status, 409);
        assert!(again.text().contains(expected), "{}", again.text());
    }
    for wrong in [
        "verdict=unsure",
        "verdict=spam",
        "",
        "verdict=",
        "verdict=message&back=evil",
    ] {
        assert_eq!(
            served.post_as("bert", &page, wrong).await.status,
            422,
            "{wrong}"
        );
    }
    let long = format!("verdict=tone&note={}", "x".repeat(2_001));
    assert_eq!(served.post_as("bert", &page, &long).await.status, 422);
    let back = served
        .post_as("bert", &page, "verdict=withdrawn&back=case")
        .await;
    assert_eq!(
        (back.status, back.header("location")),
        (303, Some(case.as_str()))
    );
    assert!(served.get("/").await.cases().is_empty());
    let nothing = served.post_as("bert", &page, "verdict=withdrawn").await;
    assert_eq!(nothing.status, 409);
    for nowhere in ["/calls/7777", "/calls/6aq6scwt000x", "/calls/%2e%2e"] {
        assert_eq!(
            served
                .post_as("bert", nowhere, "verdict=message")
                .await
                .status,
            404,
            "{nowhere}"
        );
    }
}

#[tokio::test]
async fn those_judged_wrongly_are_a_list_of_their_own() {
    let calls = [1, 2, 3].map(|n| call(n, &format!("030 111111{n}"), "x", Verdict::Hangup));
    let served = Served::with(&calls).await;
    let list = served.get("/").await.text();
    assert!(
        list.contains("<a href=\"/?judged=wrong\">judged wrongly</a>"),
        "{list}"
    );
    assert!(served.get("/?judged=wrong").await.cases().is_empty());
    for of in &calls[..2] {
        let path = format!("/calls/{}", of.id);
        assert_eq!(
            served
                .post_as("anna", &path, "verdict=message")
                .await
                .status,
            303
        );
    }
    let ids = |wanted: &[usize]| -> Vec<String> {
        let wanted = wanted.iter().map(|n| calls[n - 1].id.to_string());
        wanted.collect()
    };
    let wrong = served.get("/?judged=wrong").await;
    assert_eq!(wrong.cases(), ids(&[2, 1]));
    let text = wrong.text();
    assert!(
        text.contains("aria-current=\"true\">judged wrongly")
            && text.contains("?show=junk&#38;judged=wrong"),
        "{text}"
    );
    for (query, found) in [
        ("show=ring&judged=wrong", ids(&[1, 2])),
        ("show=junk&judged=wrong", ids(&[])),
        ("show=junk", ids(&[3])),
        ("show=all&verdict=hangup", ids(&[3])),
        ("show=all&verdict=message&since=2026-11-01", ids(&[2, 1])),
        ("show=all&judged=other", ids(&[3, 2, 1])),
    ] {
        assert_eq!(
            served.get(&format!("/?{query}")).await.cases(),
            found,
            "{query}"
        );
    }
}

#[tokio::test]
async fn only_who_works_on_a_mailbox_says_so_and_with_a_form_of_ours() {
    let [record, foreign] = two_calls();
    let served = Served::set(config(""), &[record.clone(), foreign.clone()]).await;
    let (page, elsewhere) = (
        format!("/calls/{}", record.id),
        format!("/calls/{}", foreign.id),
    );
    let [anna, rita] = [served.login("anna").await, served.login("rita").await];
    let text = served.get_with(&page, &rita).await.text();
    assert!(
        !text.contains("name=\"verdict\"") && text.contains("Schmidt"),
        "{text}"
    );
    let [of_anna, of_rita] = [served.token(&anna).await, served.token(&rita).await];
    let tone = |token: &str| form(&[("verdict", "tone"), ("token", token)]);
    for (path, cookie, token, status) in [
        (&page, "", "", 403),
        (&page, rita.as_str(), of_rita.as_str(), 403),
        (&page, anna.as_str(), "", 403),
        (&page, anna.as_str(), of_rita.as_str(), 403),
        (&elsewhere, anna.as_str(), of_anna.as_str(), 404),
        (&page, anna.as_str(), of_anna.as_str(), 303),
    ] {
        let answer = served.post(path, cookie, &tone(token)).await;
        assert_eq!(answer.status, status, "{path} {cookie}");
    }
    let reader = Reader::open(served.folder.path()).unwrap();
    let said = reader.correction(record.id).unwrap().unwrap();
    assert_eq!(
        (said.verdict, said.author.who.as_str()),
        (Verdict::Tone, "anna")
    );
    assert_eq!(reader.correction(foreign.id).unwrap(), None);
    // Who only reads sees who said what.
    let text = served.get_with(&page, &rita).await.text();
    assert!(text.contains("tone, says anna"), "{text}");
}

#[tokio::test]
async fn a_call_that_nobody_can_judge_has_no_form() {
    let mut up = call(1, "030 1111111", "x", Verdict::Message);
    (up.ended, up.verdict, up.ended_by) = (None, None, None);
    let mut straight = call(2, "030 2222222", "x", Verdict::Unsure);
    straight.ended_by = Some(EndedBy::Bypassed);
    let served = Served::with(std::slice::from_ref(&straight)).await;
    let open = served.log.open_call(up.clone());
    served.log.flush().await.unwrap();
    for (of, why) in [
        (&up, "the call is still up"),
        (&straight, "the guard did not hear"),
    ] {
        let path = format!("/calls/{}", of.id);
        let text = served.get(&path).await.text();
        assert!(!text.contains("Judged wrongly?"), "{text}");
        let answer = served.post_as("anna", &path, "verdict=tone").await;
        assert_eq!(answer.status, 409);
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    drop(open);
}
