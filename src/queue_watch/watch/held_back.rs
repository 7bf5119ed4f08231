//! What came last is not heard yet: that somebody has answered is known a moment later than their conversation has begun.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::audio::MediaTime;
use crate::call_record::WaitEnd;

/// Sound is held back for so long. Asterisk reports an answer within milliseconds; what came in that time is dropped.
const HEARD_AFTER: Duration = Duration::from_millis(400);

/// What has been heard is kept so much later still, where it is kept at all: for so long a manager interface that
/// answers nothing any more, or one action at a time, may hold back that somebody has answered.
const KEPT_AFTER: Duration = Duration::from_secs(15);

/// A piece of the caller's side, as the tap brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Samples at 8 kHz.
    Samples(Vec<i16>),
    /// So much sound never came.
    Gap(MediaTime),
}

/// The sound that may not be heard yet, or not be kept.
#[derive(Debug)]
pub(crate) struct HeldBack {
    pieces: VecDeque<(Instant, Piece)>,
    by: Duration,
}

impl HeldBack {
    /// Before it is heard.
    pub(crate) fn before_the_ear() -> Self {
        Self::by(HEARD_AFTER)
    }

    /// Before it is kept.
    pub(crate) fn before_the_disk() -> Self {
        Self::by(KEPT_AFTER)
    }

    fn by(by: Duration) -> Self {
        Self {
            pieces: VecDeque::new(),
            by,
        }
    }

    /// Takes what came at `now`.
    pub(crate) fn push(&mut self, piece: Piece, now: Instant) {
        self.pieces.push_back((now, piece));
    }

    /// What may be let through by now, in its order.
    pub(crate) fn ripe(&mut self, now: Instant) -> Option<Piece> {
        let due = self.due()?;
        (due <= now)
            .then(|| self.pieces.pop_front().map(|(_, piece)| piece))
            .flatten()
    }

    /// When the next piece may be let through.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.pieces.front().map(|(came, _)| *came + self.by)
    }

    /// What of it may be let through though its time has not come, since the wait has ended so: nothing where somebody
    /// has answered, or may have.
    pub(crate) fn at_the_end(self, ended: Option<WaitEnd>) -> impl Iterator<Item = Piece> {
        let nobody_answered = match ended {
            Some(WaitEnd::HungUp | WaitEnd::Left | WaitEnd::Ended) => true,
            Some(WaitEnd::Answered | WaitEnd::ManagerLost | WaitEnd::GuardStopped) | None => false,
        };
        let pieces = nobody_answered.then_some(self.pieces).into_iter().flatten();
        pieces.map(|(_, piece)| piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(at: u32) -> Piece {
        Piece::Gap(MediaTime::from_samples(at.into()))
    }

    #[test]
    fn what_came_last_is_let_through_only_where_nobody_can_have_answered() {
        let now = super::super::super::any_moment();
        for (ended, kept) in [
            (Some(WaitEnd::HungUp), 3),
            (Some(WaitEnd::Left), 3),
            (Some(WaitEnd::Ended), 3),
            (Some(WaitEnd::Answered), 1),
            (Some(WaitEnd::ManagerLost), 1),
            (Some(WaitEnd::GuardStopped), 1),
            (None, 1),
        ] {
            let mut held = HeldBack::before_the_disk();
            for at in 0..3 {
                held.push(piece(at), now + Duration::from_secs(1) * at);
            }
            let mut through = Vec::new();
            while let Some(piece) = held.ripe(now + KEPT_AFTER) {
                through.push(piece);
            }
            through.extend(held.at_the_end(ended));
            let all = [piece(0), piece(1), piece(2)];
            assert_eq!(through, all[..kept], "{ended:?}");
        }
    }
}
