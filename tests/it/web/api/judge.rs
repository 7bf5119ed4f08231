//! What programs say that calls really were.

use serde_json::{Value, json};
use voicemail_guard::call_record::{EndedBy, Verdict};

use super::super::access::{config, two_calls};
use super::{Served, call};

impl Served {
    async fn judge(&self, id: &str, token: &str, body: Value, status: u16) -> Value {
        let path = format!("/api/v1/calls/{id}/judge");
        let (answer, value) = self.send_json(&path, token, &body).await;
        assert_eq!(answer.status, status, "{body}: {value}");
        value
    }
}

#[tokio::test]
async fn a_verdict_is_corrected_and_taken_back() {
    let junk = call(1, "030 1111111", "Schmidt", Verdict::Mutter);
    let mut refused = call(2, "030 2", "", Verdict::Unsure);
    refused.ended_by = Some(EndedBy::Rejected);
    let served = Served::with(&[junk.clone(), refused.clone()]).await;
    let token = served.token_for("crm", &["--role", "work"]);
    let id = junk.id.to_string();
    assert_eq!(served.api("/cases", &token, 200).await["cases"], json!([]));
    let body = json!({"verdict": "message", "note": "wants the\ninvoice"});
    let said = served.judge(&id, &token, body.clone(), 200).await;
    let correction = &said["call"]["correction"];
    assert_eq!(correction["verdict"], "message");
    assert_eq!([&correction["by"], &correction["via"]], ["crm", "api"]);
    assert_eq!(correction["note"], "wants the\ninvoice");
    assert_eq!(said["call"]["verdict"], "mutter", "the guard's stays");
    let listed = served.api("/cases", &token, 200).await;
    assert_eq!(listed["cases"][0]["id"], id);

    let again = served.judge(&id, &token, body, 409).await;
    assert_eq!(again["refusal"], "said");
    let same = served
        .judge(&id, &token, json!({"verdict": "mutter"}), 409)
        .await;
    assert_eq!(same["refusal"], "same");
    let not_heard = json!({"verdict": "message"});
    let not_heard = served
        .judge(&refused.id.to_string(), &token, not_heard, 409)
        .await;
    assert_eq!(not_heard["refusal"], "not_heard");
    let back = json!({"verdict": "withdrawn"});
    let taken_back = served.judge(&id, &token, back.clone(), 200).await;
    assert!(taken_back["call"].get("correction").is_none());
    let nothing = served.judge(&id, &token, back, 409).await;
    assert_eq!(nothing["refusal"], "nothing_said");
    for (body, field) in [
        (json!({}), "verdict"),
        (json!({"verdict": "unsure"}), "verdict"),
        (json!({"verdict": 1}), "verdict"),
        (
            json!({"verdict": "message", "note": "x".repeat(2_001)}),
            "note",
        ),
        (json!({"verdict": "message", "as": "anna"}), "as"),
        (json!({"verdict": "message", "version": 3}), "version"),
    ] {
        let wrong = served.judge(&id, &token, body, 422).await;
        assert_eq!(wrong["field"], field);
    }
    // The missing call before all else.
    let missing = served.judge("6aq6scwt0009", &token, json!({}), 404).await;
    assert_eq!(missing["status"], 404);
}

#[tokio::test]
async fn who_may_not_judge_does_not() {
    let [own, foreign] = two_calls();
    let served = Served::set(config(""), &[own.clone(), foreign.clone()]).await;
    let (own, foreign) = (own.id.to_string(), foreign.id.to_string());
    let junk = json!({"verdict": "mutter"});
    let reads = served.token_for("board", &["--role", "read"]);
    served.judge(&own, &reads, junk.clone(), 403).await;
    served.judge(&own, "", junk.clone(), 401).await;
    let works = served.token_for("crm", &["--role", "work", "--box", "100"]);
    served.judge(&foreign, &works, junk.clone(), 404).await;
    served.judge(&own, &works, junk, 200).await;
}

#[tokio::test]
async fn without_a_token_somebody_is_named() {
    let junk = call(1, "030 1111111", "Schmidt", Verdict::Mutter);
    let served = Served::with(std::slice::from_ref(&junk)).await;
    let id = junk.id.to_string();
    let nobody = json!({"verdict": "message"});
    assert_eq!(served.judge(&id, "", nobody, 422).await["field"], "as");
    let anna = json!({"verdict": "message", "as": "anna"});
    let said = served.judge(&id, "", anna, 200).await;
    assert_eq!(said["call"]["correction"]["by"], "anna");
}
