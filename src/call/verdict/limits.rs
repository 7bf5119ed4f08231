//! The numbers behind the verdict. How they were chosen: `src/hearing/README.md`, "Bounds and their price".

/// Every number the rules use, in seconds or as a ratio.
pub(super) struct Bounds;

impl Bounds {
    /// Speech worth keeping.
    pub(super) const KEEP: f64 = 3.2;
    /// Less than this is no speech.
    pub(super) const ANY_SPEECH: f64 = 0.2;
    /// Music that can make a call hold music.
    pub(super) const HOLD: f64 = 6.0;
    /// A stretch of music that lasts.
    pub(super) const LASTING: f64 = 2.5;
    /// Speech before lasting music that makes a message.
    pub(super) const BEFORE_MUSIC: f64 = 5.0;
    /// Speech before it that may be a message, or an announcement of the other PBX.
    pub(super) const MAYBE_BEFORE_MUSIC: f64 = 3.4;
    /// Music in relation to speech from which on it is hold music.
    pub(super) const OUTWEIGHS: f64 = 0.8;
    /// Tone that makes a call a machine's.
    pub(super) const TONE: f64 = 1.2;
    /// A stretch of tone with which a machine's signal may have begun.
    pub(super) const LASTING_TONE: f64 = 0.4;
    /// How close to the longest message a rambler comes.
    pub(super) const LIMIT_SLACK: f64 = 2.0;
    /// Share of speech in a rambler's call.
    pub(super) const RAMBLER_SHARE: f64 = 0.55;
    /// Noise that makes a call a handset laid aside.
    pub(super) const ASIDE: f64 = 5.0;
    /// Noise in which a few words are not what the call is about.
    pub(super) const LONG_NOISE: f64 = 15.0;
    /// How many times as long as the speech that noise is.
    pub(super) const DROWNED: f64 = 4.0;
    /// A stretch of noise with which the noise around a handset laid aside may have begun.
    pub(super) const LASTING_NOISE: f64 = 1.5;
    /// Speech before it that may be a message.
    pub(super) const BEFORE_NOISE: f64 = 3.4;
    /// Speech that is never outweighed by noise.
    pub(super) const FEW_WORDS: f64 = 8.0;
    /// The longest call that is a hang-up.
    pub(super) const HANGUP: f64 = 3.0;
    /// The longest call in which noise or music is somebody's mutter rather than the noise around a handset laid aside.
    pub(super) const SHORT: f64 = 9.0;
    /// The longest call in which noise may still be a message that the ear could not make out.
    pub(super) const DOUBTFUL: f64 = 14.0;
    /// Share of noise and music that makes a short call a mutter.
    pub(super) const NOISY: f64 = 0.4;
}
