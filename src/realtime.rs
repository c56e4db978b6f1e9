//! How fast frames go by, against the 60 that a second has.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a frame is shown.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// What the frames of a run took on the host.
#[derive(Default)]
pub struct Realtime {
    frames: u32,
    late: u32,
    total: Duration,
    slowest: Duration,
}

impl Realtime {
    /// Times a frame.
    pub fn time<T>(&mut self, frame: impl FnOnce() -> T) -> T {
        #[expect(clippy::disallowed_methods, reason = "the clock is for the figures of the run only")]
        let started = Instant::now();
        let result = frame();
        self.add(started.elapsed());
        result
    }

    fn add(&mut self, took: Duration) {
        self.frames += 1;
        self.late += u32::from(took > FRAME);
        self.total += took;
        self.slowest = self.slowest.max(took);
    }

    /// Frames in the time that they took: 1 is real time, more is faster.
    fn share(&self) -> f64 {
        let taken = self.total.as_secs_f64();
        if taken > 0.0 { f64::from(self.frames) * FRAME.as_secs_f64() / taken } else { 0.0 }
    }

    fn mean(&self) -> Duration {
        self.total.checked_div(self.frames).unwrap_or_default()
    }

    /// For people.
    pub fn text(&self) -> String {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
        format!(
            "{:.2} times as fast (a frame takes {:.3} ms, at most {:.3} ms; {} of {} took too long)",
            self.share(),
            milliseconds(self.mean()),
            milliseconds(self.slowest),
            self.late,
            self.frames
        )
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        json!({
            "share": self.share(),
            "frame_nanoseconds_mean": self.mean().as_nanos() as u64,
            "frame_nanoseconds_max": self.slowest.as_nanos() as u64,
            "frames_late": self.late,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_late_when_it_takes_longer_than_it_is_shown() {
        let mut realtime = Realtime::default();
        for milliseconds in [1, 16, 17, 6] {
            realtime.add(Duration::from_millis(milliseconds));
        }
        assert_eq!((realtime.late, realtime.mean()), (1, Duration::from_millis(10)));
        assert!((realtime.share() - 5.0 / 3.0).abs() < 1e-6);
        assert_eq!(realtime.json()["frame_nanoseconds_max"], 17_000_000);
        assert_eq!(
            realtime.text(),
            "1.67 times as fast (a frame takes 10.000 ms, at most 17.000 ms; 1 of 4 took too long)"
        );
        assert_eq!(Realtime::default().json()["share"], 0.0);
    }
}
