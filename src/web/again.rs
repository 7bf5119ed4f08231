//! Back to where somebody wanted to go.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "again.html")]
struct Again {
    tag: &'static str,
    to: String,
}

/// An address of this page and no other's, else the list.
pub(super) fn own_path(to: &str) -> &str {
    let is_plain = to.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let is_own = is_plain && to.starts_with('/') && !to.starts_with("//");
    if is_own { to } else { "/" }
}

/// Has the browser ask once more by itself. Who follows a link from elsewhere, as in an e-mail, may have logged in, but
/// their browser keeps the cookie back the first time.
pub(super) fn come_again(visitor: &Visitor, to: &str) -> Response {
    let page = Again {
        tag: visitor.words().tag,
        to: own_path(to).to_owned(),
    };
    Html(page.render().unwrap_or_default()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_to_this_page_only() {
        for to in ["/", "/?show=mine&q=%C3%A4", "/cases/6aq6scwt0001"] {
            assert_eq!(own_path(to), to);
        }
        for to in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "/ a",
        ] {
            assert_eq!(own_path(to), "/", "{to:?}");
        }
    }
}
