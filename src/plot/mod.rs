//! One call as a picture, pure: its waveform coloured by class, its level, its verdict and why.
//!
//! The picture is an SVG of fixed width that needs nothing else: no script, no font file, no link. Every text
//! in it is escaped.

mod envelope;
mod svg;
mod waveform;

use std::fmt::Write;

pub(crate) use envelope::Envelope;
pub(crate) use waveform::Waveform;

use crate::audio::MediaTime;
use crate::call::verdict::Judgement;
use crate::hearing::{Class, Segment, Timeline};
use crate::text::shortened;
use crate::wording::{self, Language};

use self::svg::Svg;

/// All that the picture shows.
#[derive(Debug)]
pub(crate) struct Plot<'a> {
    /// The recording's name, as hostile as it likes.
    pub title: &'a str,
    /// What it was made of, in words.
    pub made_of: &'a str,
    /// Its outline.
    pub envelope: &'a Envelope,
    /// What was heard.
    pub timeline: &'a Timeline,
    /// What it was judged.
    pub judgement: &'a Judgement,
}

const WIDTH: f64 = 1_120.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const PLOT_WIDTH: f64 = WIDTH - LEFT - RIGHT;
const COLUMNS: usize = 1_000;

const WAVE_HEIGHT: f64 = 190.0;
const BAND_HEIGHT: f64 = 16.0;
const LEVEL_HEIGHT: f64 = 110.0;
const LOWEST_LEVEL: f64 = -72.0;
/// Segments with a name in the band, at least this wide.
const NAMED_WIDTH: f64 = 52.0;
/// A quiet call is drawn larger, but not so far that its hiss fills the picture.
const SMALLEST_SCALE: f64 = 0.05;
/// Lines of reasons.
const MOST_REASONS: usize = 4;

impl Plot<'_> {
    /// The picture as SVG.
    pub(crate) fn to_svg(&self) -> String {
        let reasons = self.judgement.reasons.len().min(MOST_REASONS);
        let top = 66.0 + 18.0 * reasons as f64 + 14.0;
        let band = top + WAVE_HEIGHT + 6.0;
        let level = band + BAND_HEIGHT + 16.0;
        let axis = level + LEVEL_HEIGHT;
        let height = axis + 74.0;
        let mut svg = Svg::new(
            WIDTH,
            height,
            &format!("{} – {}", self.title, self.judgement.verdict),
        );
        self.draw_head(&mut svg);
        self.draw_grid(&mut svg, top, axis);
        self.draw_wave(&mut svg, top);
        self.draw_band(&mut svg, band);
        self.draw_level(&mut svg, level);
        self.draw_legend(&mut svg, height - 18.0);
        svg.end()
    }

    fn draw_head(&self, svg: &mut Svg) {
        let judgement = self.judgement;
        let verdict = judgement.verdict.to_string();
        let wide = 24.0 + 9.6 * verdict.len() as f64;
        let class = if judgement.verdict.is_delivered() {
            "kept"
        } else {
            "junk"
        };
        svg.rect("badge", class, (LEFT, 18.0, wide, 28.0));
        svg.text("verdict", (LEFT + wide / 2.0, 37.0), &verdict);
        let sure = format!("confidence {}", percent(judgement.confidence));
        svg.text("sure", (LEFT + wide + 12.0, 37.0), &sure);
        let title = shortened(self.title, 70).to_string();
        svg.text("title", (WIDTH - RIGHT, 32.0), &title);
        let peak = match -20.0 * self.envelope.peak().log10() {
            below if below.is_finite() => format!("peak {below:.0} dB below full scale"),
            _ => "all samples zero".into(),
        };
        let length = format!("{} · {} · {peak}", self.made_of, self.timeline.heard());
        svg.text("made", (WIDTH - RIGHT, 49.0), &length);
        let shown = &judgement.reasons[..judgement.reasons.len().min(MOST_REASONS)];
        for (reason, row) in wording::reasons(shown, Language::En).iter().zip(0..) {
            let y = 70.0 + 18.0 * f64::from(row);
            svg.text("reason", (LEFT, y), &format!("· {reason}"));
        }
    }

    fn draw_grid(&self, svg: &mut Svg, top: f64, axis: f64) {
        let length = self.length();
        let step = tick_step(length);
        let mut at = 0.0;
        while at <= length + 1e-6 {
            let x = self.x(at);
            svg.line("grid", (x, top), (x, axis));
            svg.line("tick", (x, axis), (x, axis + 5.0));
            svg.text("time", (x, axis + 19.0), &clock(at, step));
            at += step;
        }
    }

    fn draw_wave(&self, svg: &mut Svg, top: f64) {
        let middle = top + WAVE_HEIGHT / 2.0;
        let scale = self.envelope.peak().max(SMALLEST_SCALE);
        let y =
            |sample: i16| middle - f64::from(sample) / 32_768.0 / scale * (WAVE_HEIGHT / 2.0 - 4.0);
        let columns: Vec<_> = self.envelope.columns(COLUMNS).collect();
        let each = PLOT_WIDTH / columns.len().max(1) as f64;
        let mut paths = [const { String::new() }; Class::ALL.len()];
        let mut segments = self.timeline.segments().iter().peekable();
        for (at, piece) in columns {
            let secs = at * self.length();
            while segments
                .peek()
                .is_some_and(|segment| segment.end.as_secs_f64() <= secs)
                && segments.len() > 1
            {
                segments.next();
            }
            let Some(segment) = segments.peek() else {
                break;
            };
            let (high, low) = (y(piece.high) - 0.5, y(piece.low) + 0.5);
            // A path of strokes; writing to a String cannot fail.
            let _ = write!(
                paths[segment.class as usize],
                "M{:.1} {high:.1}V{low:.1}",
                LEFT + at * PLOT_WIDTH
            );
        }
        svg.line("zero", (LEFT, middle), (LEFT + PLOT_WIDTH, middle));
        for class in Class::ALL {
            svg.path(
                "wave",
                class.as_str(),
                &paths[class as usize],
                each.max(1.0) + 0.15,
            );
        }
        svg.frame((LEFT, top, PLOT_WIDTH, WAVE_HEIGHT));
        svg.text("side", (LEFT - 8.0, top + 14.0), "wave");
    }

    fn draw_band(&self, svg: &mut Svg, top: f64) {
        for segment in self.timeline.segments() {
            let (x, end) = (self.x_of(segment.start), self.x_of(segment.end));
            let wide = (end - x).max(0.8);
            svg.titled_rect(
                segment.class.as_str(),
                (x, top, wide, BAND_HEIGHT),
                &hint(segment),
            );
            if wide >= NAMED_WIDTH {
                let on_light = matches!(segment.class, Class::Silence | Class::Music);
                svg.text(
                    if on_light { "within dark" } else { "within" },
                    (x + wide / 2.0, top + 12.0),
                    &segment.class.to_string(),
                );
            }
        }
        svg.text("side", (LEFT - 8.0, top + 12.0), "class");
    }

    fn draw_level(&self, svg: &mut Svg, top: f64) {
        let y = |level: f64| top + (level.max(LOWEST_LEVEL) / LOWEST_LEVEL) * LEVEL_HEIGHT;
        for level in [0.0, -20.0, -40.0, -60.0] {
            svg.line("grid", (LEFT, y(level)), (LEFT + PLOT_WIDTH, y(level)));
            svg.text(
                "side",
                (LEFT - 8.0, y(level) + 4.0),
                &format!("{level:.0} dB"),
            );
        }
        let mut path = String::new();
        for (at, piece) in self.envelope.columns(COLUMNS / 3) {
            let command = if path.is_empty() { 'M' } else { 'L' };
            // As above.
            let _ = write!(
                path,
                "{command}{:.1} {:.1}",
                LEFT + at * PLOT_WIDTH,
                y(piece.level())
            );
        }
        svg.path("level", "", &path, 1.4);
        svg.frame((LEFT, top, PLOT_WIDTH, LEVEL_HEIGHT));
    }

    fn draw_legend(&self, svg: &mut Svg, y: f64) {
        let seconds = self.timeline.seconds();
        let mut x = LEFT;
        for class in Class::ALL {
            let text = format!("{class} {}", seconds.of(class));
            svg.rect("key", class.as_str(), (x, y - 10.0, 12.0, 12.0));
            svg.text("legend", (x + 18.0, y), &text);
            x += 42.0 + 7.2 * text.len() as f64;
        }
        let unit = match self.length() {
            length if tick_step(length) < 1.0 => "seconds",
            length if length < 3_600.0 => "minutes:seconds",
            _ => "hours:minutes:seconds",
        };
        svg.text(
            "made",
            (WIDTH - RIGHT, y),
            &format!("{unit}; level in dBFS"),
        );
    }

    fn length(&self) -> f64 {
        self.timeline.heard().as_secs_f64().max(1e-3)
    }

    fn x(&self, secs: f64) -> f64 {
        LEFT + (secs / self.length()).clamp(0.0, 1.0) * PLOT_WIDTH
    }

    fn x_of(&self, at: MediaTime) -> f64 {
        self.x(at.as_secs_f64())
    }
}

/// A share; never a whole one that is not.
pub(crate) fn percent(share: f32) -> String {
    format!("{:.0} %", (share * 100.0).floor())
}

fn hint(segment: &Segment) -> String {
    format!(
        "{} from {} to {}, known at {}",
        segment.class, segment.start, segment.end, segment.known_at
    )
}

/// Seconds between two ticks: at most a dozen and a bit of them.
fn tick_step(length: f64) -> f64 {
    let steps = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0,
        3_600.0, 7_200.0,
    ];
    steps
        .into_iter()
        .find(|step| length / step <= 14.0)
        .unwrap_or(length / 10.0)
}

/// A place on the time axis.
fn clock(secs: f64, step: f64) -> String {
    if step < 1.0 {
        return format!("{secs:.1}");
    }
    let whole = secs.round() as u64;
    match whole / 3_600 {
        0 => format!("{}:{:02}", whole / 60, whole % 60),
        hours => format!("{hours}:{:02}:{:02}", whole / 60 % 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::verdict::{Facts, judge};
    use crate::hearing::hear;

    fn picture(samples: &[i16]) -> String {
        let timeline = hear(samples);
        let mut envelope = Envelope::default();
        envelope.push(samples);
        let plot = Plot {
            title: "<a>",
            made_of: "16-bit PCM",
            envelope: &envelope,
            timeline: &timeline,
            judgement: &judge(&Facts::of_recording(&timeline)),
        };
        plot.to_svg()
    }

    #[test]
    fn every_length_can_be_drawn() {
        for length in [0, 1, 319, 320, 8_000, 100_001] {
            let svg = picture(&vec![9; length]);
            assert!(svg.contains("&lt;a&gt;") && !svg.contains("<a>"));
            for wrong in ["NaN", "inf", "=\"-"] {
                assert!(!svg.contains(wrong), "{wrong} in {svg}");
            }
        }
    }

    #[test]
    fn every_column_stands_once_in_the_colour_of_its_segment() {
        let svg = picture(&vec![0; 80_000]);
        let wave: Vec<&str> = svg.lines().filter(|l| l.contains("\"wave ")).collect();
        assert_eq!(wave.len(), 1);
        assert!(wave[0].contains("\"wave silence\""));
        let columns = wave[0].matches('M').count();
        assert!((500..=COLUMNS).contains(&columns), "{columns}");
    }

    #[test]
    fn the_time_axis_has_a_handful_of_round_ticks() {
        for (length, step, at, shown) in [
            (0.9, 0.1, 0.3, "0.3"),
            (12.0, 1.0, 7.0, "0:07"),
            (132.0, 10.0, 70.0, "1:10"),
            (3_600.0, 300.0, 300.0, "5:00"),
            (86_400.0, 7_200.0, 7_200.0, "2:00:00"),
        ] {
            assert!((tick_step(length) - step).abs() < 1e-9, "{length}");
            assert_eq!(clock(at, step), shown);
        }
        assert!((tick_step(1e6) - 1e5).abs() < 1.0);
    }

    #[test]
    fn a_share_is_never_rounded_up_to_certainty() {
        assert_eq!(percent(0.999), "99 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.0), "0 %");
    }
}
