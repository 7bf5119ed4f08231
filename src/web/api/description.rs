//! The description of the interface, in OpenAPI 3.1. The interface goes by it: what it does not describe is not
//! answered, and a parameter that it does not name is refused.

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::Value;

/// The document as it is served.
pub(super) const TEXT: &str = include_str!("openapi.json");

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(TEXT).expect("the description is JSON"));

/// What one may ask for at one address.
pub(super) struct Operation(&'static Value);

/// The methods that an address may take.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The methods that the document has at an address, in the way of `Allow`; none where it does not know it.
pub(super) fn methods(path: &str) -> Vec<String> {
    let described = |method: &&str| DOCUMENT["paths"][path].get(method.to_lowercase()).is_some();
    let known: Vec<&str> = METHODS.into_iter().filter(described).collect();
    let head = known.contains(&"GET").then_some("HEAD");
    known.into_iter().chain(head).map(Into::into).collect()
}

/// What a method means at an address; HEAD what GET means.
pub(super) fn operation(path: &str, method: &Method) -> Option<Operation> {
    let name = match method {
        &Method::HEAD => "GET",
        other => other.as_str(),
    };
    let known = METHODS.into_iter().find(|known| *known == name)?;
    DOCUMENT["paths"][path]
        .get(known.to_lowercase())
        .map(Operation)
}

impl Operation {
    /// Whether it is for everybody.
    pub(super) fn is_open(&self) -> bool {
        self.0["security"].as_array().is_some_and(Vec::is_empty)
    }

    /// The names of the parameters that may stand in the query.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let listed = self.0["parameters"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        listed.iter().filter_map(|one| {
            let place = one["$ref"].as_str().and_then(|of| of.strip_prefix('#'));
            let one = place.map_or(Some(one), |place| DOCUMENT.pointer(place))?;
            (one["in"] == "query")
                .then(|| one["name"].as_str())
                .flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_read_as_it_is_meant() {
        let get = |path| operation(path, &Method::GET).unwrap();
        assert!(get("/openapi.json").is_open() && !get("/me").is_open());
        assert_eq!(methods("/cases/{id}/steps"), ["POST"]);
        assert_eq!(methods("/cases"), ["GET", "HEAD"]);
        assert!(methods("/nothing").is_empty());
        assert!(operation("/cases", &Method::HEAD).is_some());
        assert!(operation("/cases", &Method::OPTIONS).is_none());
        let names: Vec<_> = get("/summary").parameters().collect();
        assert_eq!(names, ["box"]);
        assert_eq!(get("/cases/{id}").parameters().count(), 0);
    }

    #[test]
    fn everything_that_is_referred_to_is_there() {
        fn references<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
            match value {
                Value::Object(members) => {
                    into.extend(members.get("$ref").and_then(Value::as_str));
                    members.values().for_each(|value| references(value, into));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, into)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        references(&DOCUMENT, &mut found);
        assert!(found.len() > 30);
        for reference in found {
            let place = reference.strip_prefix('#').unwrap();
            assert!(DOCUMENT.pointer(place).is_some(), "{reference}");
        }
    }
}
