//! The few elements of SVG that are needed, with every text escaped.

use std::fmt::Write;

use crate::text::markup;

/// Colours: told apart by people who see red and green alike, and in print.
const STYLE: &str = "\
text{font-family:'DejaVu Sans','Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#30363d}\
.paper{fill:#fff}\
.speech{fill:#0072b2;stroke:#0072b2}.music{fill:#e69f00;stroke:#e69f00}.tone{fill:#cc3377;stroke:#cc3377}\
.noise{fill:#8a7a5c;stroke:#8a7a5c}.silence{fill:#b4bcc6;stroke:#b4bcc6}\
rect.speech,rect.music,rect.tone,rect.noise,rect.silence{stroke:none}\
.wave{fill:none}.level{fill:none;stroke:#30363d;stroke-linejoin:round}\
.grid{stroke:#e7eaee}.zero{stroke:#d0d6dd}.tick{stroke:#6b7480}.frame{fill:none;stroke:#c3cad3}\
.kept{fill:#1a7f4b}.junk{fill:#9a3b2f}\
.verdict{fill:#fff;font-size:15px;font-weight:bold;text-anchor:middle}.sure{font-size:14px}\
.title{font-size:14px;font-weight:bold;text-anchor:end}.made{fill:#6b7480;text-anchor:end}.reason{font-size:13px}\
.time{text-anchor:middle;fill:#4a525c}.side{text-anchor:end;fill:#6b7480;font-size:11px}\
.within{fill:#fff;text-anchor:middle;font-size:11px}.dark{fill:#22282f}";

/// A place: from the left, from the top.
type At = (f64, f64);
/// Left, top, width, height.
type Area = (f64, f64, f64, f64);

/// A picture being drawn.
pub(super) struct Svg {
    text: String,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let title = markup(title);
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"
        );
        Self { text }
    }

    pub(super) fn text(&mut self, class: &str, (x, y): At, text: &str) {
        let text = markup(text);
        self.put(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"
        ));
    }

    pub(super) fn line(&mut self, class: &str, (x, y): At, (x2, y2): At) {
        self.put(format_args!(
            "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    pub(super) fn rect(&mut self, class: &str, second: &str, (x, y, width, height): Area) {
        self.put(format_args!(
            "<rect class=\"{class} {second}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"3\"/>"
        ));
    }

    /// A rectangle that shows more when pointed at.
    pub(super) fn titled_rect(&mut self, class: &str, (x, y, width, height): Area, hint: &str) {
        let hint = markup(hint);
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{hint}</title></rect>"
        ));
    }

    pub(super) fn frame(&mut self, (x, y, width, height): Area) {
        self.put(format_args!(
            "<rect class=\"frame\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ));
    }

    /// A line along a path; nothing for an empty one.
    pub(super) fn path(&mut self, class: &str, second: &str, path: &str, width: f64) {
        if !path.is_empty() {
            self.put(format_args!(
                "<path class=\"{class} {second}\" stroke-width=\"{width:.2}\" d=\"{path}\"/>"
            ));
        }
    }

    pub(super) fn end(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{element}");
    }
}
