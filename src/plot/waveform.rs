//! A call's waveform for a page that has the words beside it: colours for what was heard, a mark for
//! each prompt, a mark with its keys for each time that the caller pressed some.
//!
//! It is stretched to whatever room there is, the marks are not. Every text in it is escaped.

use std::fmt::Write;

use super::{Envelope, clock};
use crate::audio::MediaTime;
use crate::call_record::{Asked, KeyRun};
use crate::hearing::{Class, Segment};
use crate::text::{markup, shortened};
use crate::wording::{self, Language, pick};

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 120.0;
const BAND: f64 = 8.0;
const COLUMNS: usize = 1_000;
const SMALLEST_SCALE: f64 = 0.05;
/// Keys that are written beside their mark.
const MOST_KEYS: usize = 24;

/// Colours as in the other picture; on any paper.
const STYLE: &str = ".speech{stroke:#0072b2;fill:#0072b2}.music{stroke:#d98c00;fill:#d98c00}\
.tone{stroke:#cc3377;fill:#cc3377}.noise{stroke:#8a7a5c;fill:#8a7a5c}.silence{stroke:#9aa4b0;fill:#9aa4b0}\
path{fill:none}rect{stroke:none}.mark{stroke:#7a3fb5;stroke-width:2;stroke-dasharray:4 3}.point{fill:#7a3fb5;stroke:none}\
.keycap{fill:#fff;stroke:#1a7f4b;stroke-width:2}.bar{fill:#1a7f4b}\
text{font:600 12px system-ui,sans-serif;fill:#14532f;stroke:#fff;stroke-width:3px;paint-order:stroke}\
@media screen and (prefers-color-scheme:dark){.speech{stroke:#5ab4f0;fill:#5ab4f0}.music{stroke:#f0b040;fill:#f0b040}\
.tone{stroke:#f07ab0;fill:#f07ab0}.noise{stroke:#b8a888;fill:#b8a888}.silence{stroke:#66717d;fill:#66717d}\
path{fill:none}.mark{stroke:#c79bf0}.point{fill:#c79bf0;stroke:none}\
.keycap{fill:#141a20;stroke:#6fd6a0}.bar{fill:#6fd6a0}text{fill:#c9f2dc;stroke:#141a20}}";

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Waveform<'a> {
    /// The recording's outline.
    pub(crate) envelope: &'a Envelope,
    /// What was heard, and when.
    pub(crate) segments: &'a [Segment],
    /// What was played to the caller.
    pub(crate) asked: &'a [Asked],
    /// The keys that the caller pressed.
    pub(crate) keys: &'a [KeyRun],
    /// Of the titles.
    pub(crate) language: Language,
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
        let title = pick(self.language, "Waveform", "Wellenform");
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"><title>{title}</title>\
             <style>{STYLE}</style><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"100%\" \
             height=\"100%\" preserveAspectRatio=\"none\">"
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
        svg.push_str("</svg>");
        for asked in self.asked {
            svg += &self.prompt_mark(asked, length);
        }
        // Those that come soon after each other stand below each other.
        for (run, row) in self.keys.iter().zip([0, 1].into_iter().cycle()) {
            svg += &self.key_mark(run, length, 14 + 19 * row);
        }
        svg.push_str("</svg>");
        svg
    }

    /// A line that ends in a dot.
    fn prompt_mark(&self, asked: &Asked, length: f64) -> String {
        let at = percent(asked.at, length);
        let title = titled(asked.at, &wording::asked(asked, self.language));
        format!(
            "<g><title>{title}</title>\
             <line class=\"mark\" x1=\"{at:.2}%\" x2=\"{at:.2}%\" y1=\"0\" y2=\"93%\"/>\
             <circle class=\"point\" cx=\"{at:.2}%\" cy=\"5\" r=\"4\"/></g>"
        )
    }

    /// A square like a key, from which a bar goes on for as long as keys were pressed; and the keys.
    fn key_mark(&self, run: &KeyRun, length: f64, top: u32) -> String {
        let (at, until) = (percent(run.at, length), percent(run.until, length));
        let title = titled(run.at, &wording::pressed(run, self.language));
        let keys = markup(&shortened(&run.keys, MOST_KEYS).to_string());
        let (anchor, beside) = if at > 85.0 { ("end", -9) } else { ("start", 9) };
        format!(
            "<g><title>{title}</title>\
             <rect class=\"bar\" x=\"{at:.2}%\" y=\"{}\" width=\"{:.2}%\" height=\"3\"/>\
             <rect class=\"keycap\" x=\"{at:.2}%\" y=\"{top}\" width=\"11\" height=\"11\" rx=\"2\" \
             transform=\"translate(-5.5)\"/>\
             <text x=\"{at:.2}%\" y=\"{}\" text-anchor=\"{anchor}\" transform=\"translate({beside})\">\
             {keys}</text></g>",
            top + 13,
            until - at,
            top + 10,
        )
    }
}

/// What happened, with its place in the recording.
fn titled(at: MediaTime, what: &str) -> String {
    let at = clock(at.as_secs_f64(), 1.0);
    markup(&format!("{at} {what}"))
}

/// A place from the left in hundredths of the width.
fn percent(at: MediaTime, length: f64) -> f64 {
    (at.as_secs_f64() / length).clamp(0.0, 1.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::Prompt;

    #[test]
    fn prompts_and_keys_are_marked_with_shape_word_and_title() {
        let mut envelope = Envelope::default();
        envelope.push(&vec![1_000; 80_000]);
        let at = MediaTime::from_millis;
        let asked = [Asked {
            prompt: Prompt::NumberFirst.into(),
            at: at(2_000),
            answer: None,
        }];
        let run = |keys: &str, from, until| KeyRun {
            keys: keys.into(),
            at: at(from),
            until: at(until),
        };
        let keys = [
            run("0911234567#", 5_000, 7_500),
            run("1", 9_000, 9_000),
            run("<a>&", 99_000, 99_000),
        ];
        let picture = |language| {
            let waveform = Waveform {
                envelope: &envelope,
                segments: &[],
                asked: &asked,
                keys: &keys,
                language,
            };
            waveform.to_svg()
        };
        let svg = picture(Language::En);
        for part in [
            "<title>0:02 number-first: no answer</title>",
            "cx=\"20.00%\"",
            "<title>0:05 the caller pressed 0911234567#</title>",
            "class=\"bar\" x=\"50.00%\" y=\"27\" width=\"25.00%\"",
            ">0911234567#</text>",
            "x=\"90.00%\" y=\"43\" text-anchor=\"end\"",
            "&lt;a&gt;&amp;</text>",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert_eq!(svg.matches("class=\"keycap\"").count(), keys.len());
        assert_eq!(svg.matches("class=\"point\"").count(), asked.len());
        assert!(!svg.contains("<a>"), "{svg}");
        let german = picture(Language::De);
        assert!(german.contains("<title>0:09 die Taste 1 wurde gedrückt</title>"));
    }
}
