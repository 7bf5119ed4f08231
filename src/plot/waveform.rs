//! A call's waveform for a page that has the words beside it: colours, prompts as marks, no text.

use std::fmt::Write;

use super::Envelope;
use crate::call_record::Asked;
use crate::hearing::{Class, Segment};

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 120.0;
const BAND: f64 = 8.0;
const COLUMNS: usize = 1_000;
const SMALLEST_SCALE: f64 = 0.05;

/// Colours as in the other picture; on any paper.
const STYLE: &str = ".speech{stroke:#0072b2;fill:#0072b2}.music{stroke:#d98c00;fill:#d98c00}\
.tone{stroke:#cc3377;fill:#cc3377}.noise{stroke:#8a7a5c;fill:#8a7a5c}.silence{stroke:#9aa4b0;fill:#9aa4b0}\
path{fill:none}rect{stroke:none}.mark{stroke:#7a3fb5;stroke-width:2;stroke-dasharray:4 3}.point{fill:#7a3fb5;stroke:none}\
@media screen and (prefers-color-scheme:dark){.speech{stroke:#5ab4f0;fill:#5ab4f0}.music{stroke:#f0b040;fill:#f0b040}\
.tone{stroke:#f07ab0;fill:#f07ab0}.noise{stroke:#b8a888;fill:#b8a888}.silence{stroke:#66717d;fill:#66717d}\
path{fill:none}.mark{stroke:#c79bf0}.point{fill:#c79bf0;stroke:none}}";

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Waveform<'a> {
    /// The recording's outline.
    pub(crate) envelope: &'a Envelope,
    /// What was heard, and when.
    pub(crate) segments: &'a [Segment],
    /// What was played to the caller.
    pub(crate) asked: &'a [Asked],
}

impl Waveform<'_> {
    /// The picture as SVG, from the first to the last sample over its whole width.
    pub(crate) fn to_svg(&self) -> String {
        let length = self.envelope.seconds().max(1e-3);
        let x = |secs: f64| (secs / length).clamp(0.0, 1.0) * WIDTH;
        let middle = (HEIGHT - BAND) / 2.0;
        let scale = self.envelope.peak().max(SMALLEST_SCALE);
        let y = |sample: i16| middle - f64::from(sample) / 32_768.0 / scale * (middle - 2.0);
        let mut paths = [const { String::new() }; Class::ALL.len()];
        for (at, piece) in self.envelope.columns(COLUMNS) {
            let secs = at * length;
            let heard = self.segments.iter().find(|of| secs < of.end.as_secs_f64());
            let class = heard.map_or(Class::Silence, |of| of.class);
            // Writing to a String cannot fail.
            let _ = write!(
                paths[class as usize],
                "M{:.1} {:.1}V{:.1}",
                at * WIDTH,
                y(piece.high) - 0.5,
                y(piece.low) + 0.5
            );
        }
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\">\
             <style>{STYLE}</style>"
        );
        for class in Class::ALL {
            let (name, path) = (class, &paths[class as usize]);
            if !path.is_empty() {
                let _ = write!(
                    svg,
                    "<path class=\"{name}\" stroke-width=\"1.2\" d=\"{path}\"/>"
                );
            }
        }
        for segment in self.segments {
            let (from, to) = (x(segment.start.as_secs_f64()), x(segment.end.as_secs_f64()));
            let _ = write!(
                svg,
                "<rect class=\"{}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{BAND}\"/>",
                segment.class,
                HEIGHT - BAND,
                (to - from).max(0.8)
            );
        }
        for asked in self.asked {
            let at = x(asked.at.as_secs_f64());
            let end = HEIGHT - BAND;
            let _ = write!(
                svg,
                "<path class=\"mark\" d=\"M{at:.1} 0V{end:.1}\"/><circle class=\"point\" cx=\"{at:.1}\" cy=\"4\" r=\"4\"/>"
            );
        }
        svg.push_str("</svg>");
        svg
    }
}
