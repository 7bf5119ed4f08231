//! Steps that programs take.

use serde_json::{Value, json};
use voicemail_guard::call_record::Verdict;

use super::super::access::{config, two_calls};
use super::{Served, call};
use crate::support::call_log::clock;

#[tokio::test]
async fn of_two_programs_that_claim_one_case_exactly_one_has_it() {
    for round in 1..=8 {
        let record = call(round, "0911 7654321", "Schmidt", Verdict::Message);
        let served = Served::with(std::slice::from_ref(&record)).await;
        let id = record.id.to_string();
        let tokens = ["one", "other"].map(|name| served.token_for(name, &["--role", "work"]));
        let seen = served.api(&format!("/cases/{id}"), &tokens[0], 200).await;
        let claim = json!({"step": "claim", "version": seen["case"]["version"]});
        let [first, second] =
            [&tokens[0], &tokens[1]].map(|token| served.step_with(&id, token, &claim));
        let (first, second) = tokio::join!(first, second);
        let mut statuses = [first.0.status, second.0.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let (winner, lost) = if first.0.status == 200 {
            ("one", second.1)
        } else {
            ("other", first.1)
        };
        assert_eq!(lost["refusal"], "claimed");
        assert_eq!(lost["case"]["claimed"]["by"], winner);
        assert!(
            lost["detail"].as_str().unwrap().starts_with(winner),
            "{lost}"
        );
        let case = served.api(&format!("/cases/{id}"), &tokens[0], 200).await;
        assert_eq!(case["history"].as_array().unwrap().len(), 1);
        assert_eq!(case["history"][0]["who"], winner);
    }
}

#[tokio::test]
async fn a_case_from_its_claim_to_its_end() {
    let [record, _] = two_calls();
    let served = Served::set(config(""), std::slice::from_ref(&record)).await;
    let id = record.id.to_string();
    let token = served.token_for("crm", &["--role", "work", "--box", "100"]);
    let version = |value: &Value| value["case"]["version"].clone();
    let claimed = served
        .step(&id, &token, json!({"step": "claim", "version": 1}), 200)
        .await;
    assert_eq!(claimed["case"]["state"], "claimed");
    assert_eq!(
        served.api("/cases?show=mine", &token, 200).await["cases"][0]["id"],
        id
    );
    let stale = served
        .step(&id, &token, json!({"step": "release", "version": 0}), 409)
        .await;
    assert_eq!(
        (&stale["refusal"], &stale["case"]["version"]),
        (&"changed".into(), &version(&claimed))
    );

    let at = clock().date() + jiff::SignedDuration::from_hours(2);
    let later = json!({"step": "not_reached", "version": version(&claimed), "next_try": at.to_string(), "note": "engaged"});
    let later = served.step(&id, &token, later, 200).await;
    assert_eq!(
        (&later["case"]["state"], &later["case"]["tries"]),
        (&"later".into(), &1.into())
    );
    let summary = served.api("/summary", &token, 200).await;
    assert_eq!(
        (&summary["later"], &summary["to_ring"]["total"]),
        (&1.into(), &0.into())
    );

    // By the tag of the case, as HTTP has it.
    let path = format!("/api/v1/cases/{id}");
    let tag = served
        .get_with(&path, &token)
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    let tagged = |tag: &str| format!("{token}if-match: {tag}\r\n");
    let stale = served
        .step(&id, &tagged("\"0\""), json!({"step": "reached"}), 412)
        .await;
    assert_eq!(stale["refusal"], "changed");
    let both = json!({"step": "reached", "version": 0});
    assert_eq!(
        served.step(&id, &tagged(&tag), both, 422).await["field"],
        "version"
    );
    for wrong in ["0", "W/\"0\"", "\"x\"", "\"0\", \"1\""] {
        assert_eq!(
            served
                .step(&id, &tagged(wrong), json!({"step": "reached"}), 422)
                .await["field"],
            "If-Match"
        );
    }
    let (done, value) = served
        .step_with(
            &id,
            &tagged(&tag),
            &json!({"step": "reached", "note": "will send it"}),
        )
        .await;
    assert_eq!(
        (done.status, &value["case"]["closed"]["by"]),
        (200, &"reached".into())
    );
    assert_ne!(done.header("etag"), Some(&*tag));
    let history: Vec<_> = value["history"].as_array().unwrap().iter().collect();
    assert!(
        history
            .iter()
            .all(|event| event["who"] == "crm" && event["via"] == "api"),
        "{history:?}"
    );
    assert_eq!(history[2]["note"], "will send it");

    let closed = served
        .step(&id, &token, json!({"step": "claim"}), 409)
        .await;
    assert_eq!(closed["refusal"], "closed");
    served
        .step(
            &id,
            &tagged("*"),
            json!({"step": "reopen", "version": null}),
            200,
        )
        .await;
    let open = served
        .step(&id, &token, json!({"step": "reopen"}), 409)
        .await;
    assert_eq!(open["refusal"], "open");
    // People see it on the page.
    let anna = served.login("anna").await;
    let page = served.get_with(&format!("/cases/{id}"), &anna).await.text();
    assert!(
        page.contains("will send it") && page.contains("crm"),
        "{page}"
    );
}

#[tokio::test]
async fn who_reads_takes_no_step() {
    let [record, _] = two_calls();
    let served = Served::with(std::slice::from_ref(&record)).await;
    let token = served.token_for("wallboard", &["--role", "read"]);
    let id = record.id.to_string();
    for body in [
        json!({"step": "claim"}),
        json!({"step": "note", "note": "x"}),
        json!({}),
        json!("x"),
    ] {
        let (answer, _) = served.step_with(&id, &token, &body).await;
        assert_eq!(answer.status, 403, "{body}");
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .contains("insufficient_scope")
        );
    }
    assert_eq!(
        served.api(&format!("/cases/{id}"), &token, 200).await["history"],
        json!([])
    );
}

#[tokio::test]
async fn what_cannot_be_meant_names_its_field() {
    let [record, _] = two_calls();
    let served = Served::with(std::slice::from_ref(&record)).await;
    let token = served.token_for("crm", &["--role", "work"]);
    let id = record.id.to_string();
    let long = "x".repeat(2_001);
    for (body, field) in [
        (json!({}), "step"),
        (json!({"step": "drop"}), "step"),
        (json!({"step": "Claim"}), "step"),
        (json!({"step": 1}), "step"),
        (json!({"step": ["claim"]}), "step"),
        (json!({"step": "claim", "version": "1"}), "version"),
        (json!({"step": "claim", "version": -1}), "version"),
        (
            json!({"step": "claim", "version": 4_294_967_296_u64}),
            "version",
        ),
        (json!({"step": "claim", "version": 1.5}), "version"),
        (json!({"step": "note"}), "note"),
        (json!({"step": "note", "note": " \u{200b}\n"}), "note"),
        (json!({"step": "note", "note": long}), "note"),
        (json!({"step": "note", "note": {"a": 1}}), "note"),
        (
            json!({"step": "not_reached", "next_try": "tomorrow"}),
            "next_try",
        ),
        (
            json!({"step": "not_reached", "next_try": "2020-01-01T00:00:00Z"}),
            "next_try",
        ),
        (
            json!({"step": "not_reached", "next_try": "9999-01-01T00:00:00Z"}),
            "next_try",
        ),
        (json!({"step": "not_reached", "next_try": 120}), "next_try"),
        (
            json!({"step": "claim", "next_try": "2027-01-01T00:00:00Z"}),
            "next_try",
        ),
        (json!({"step": "claim", "as": "anna"}), "as"),
        (json!({"step": "claim", "stpe": 1}), "stpe"),
        (json!({"step": "claim", "token": "x"}), "token"),
    ] {
        let value = served.step(&id, &token, body.clone(), 422).await;
        assert_eq!(value["field"], field, "{body}: {value}");
    }
    for body in [json!([]), json!("claim"), json!(null), json!(1)] {
        served.step(&id, &token, body, 422).await;
    }
    let case = served.api(&format!("/cases/{id}"), &token, 200).await;
    assert_eq!(
        (&case["history"], &case["case"]["version"]),
        (&json!([]), &json!(1))
    );
}
