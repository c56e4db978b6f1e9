//! Delta debugging of inputs: fewer, with which something still happens.

use cartwheel_runtime::{Button, Buttons, InputFrame, Inputs, Pointer};

use crate::failure::Failure;

/// Inputs, frame by frame.
type Frames = Vec<InputFrame>;

/// Reduces inputs as long as `happens` says that it still does. It is asked about every attempt, and happens with the inputs given.
///
/// First frames are left out, in ever smaller stretches; then what is held is let go, for whole stretches and at last button by
/// button. What comes out cannot be made smaller by leaving out one frame or letting go one button in one stretch.
pub fn shrink(
    inputs: &Inputs,
    happens: &mut impl FnMut(&Inputs) -> Result<bool, Failure>,
) -> Result<Inputs, Failure> {
    let mut frames: Frames = (0..inputs.len()).map(|number| inputs.frame(number)).collect();
    let mut try_out = |frames: &Frames| happens(&collect(frames));
    loop {
        let before = frames.clone();
        leave_out(&mut frames, &mut try_out)?;
        simplify(&mut frames, &mut try_out, &|frame| *frame = InputFrame::default())?;
        simplify(&mut frames, &mut try_out, &|frame| frame.pointer = Pointer::default())?;
        for pad in 0..frames.first().map_or(0, |frame| frame.pads.len()) {
            for &button in Button::ALL {
                simplify(&mut frames, &mut try_out, &|frame| let_go(&mut frame.pads[pad], button))?;
            }
        }
        if frames == before {
            return Ok(collect(&frames));
        }
    }
}

fn collect(frames: &Frames) -> Inputs {
    let mut inputs = Inputs::new();
    frames.iter().for_each(|frame| inputs.push(*frame, 1));
    inputs
}

fn let_go(buttons: &mut Buttons, button: Button) {
    *buttons =
        Button::ALL.iter().copied().filter(|&other| other != button && buttons.contains(other)).collect();
}

/// Leaves out stretches, from the end, each half as long as those tried before.
fn leave_out(
    frames: &mut Frames,
    happens: &mut impl FnMut(&Frames) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut len = frames.len();
    while len > 0 {
        let mut end = frames.len();
        while end > 0 {
            let start = end.saturating_sub(len);
            let mut fewer = frames.clone();
            fewer.drain(start..end);
            if happens(&fewer)? {
                *frames = fewer;
            }
            end = start;
        }
        len /= 2;
    }
    Ok(())
}

/// Changes stretches in a way that makes them simpler.
fn simplify(
    frames: &mut Frames,
    happens: &mut impl FnMut(&Frames) -> Result<bool, Failure>,
    change: &impl Fn(&mut InputFrame),
) -> Result<(), Failure> {
    let mut len = frames.len();
    while len > 0 {
        for start in (0..frames.len()).step_by(len) {
            let mut simpler = frames.clone();
            let end = simpler.len().min(start + len);
            simpler[start..end].iter_mut().for_each(change);
            if simpler != *frames && happens(&simpler)? {
                *frames = simpler;
            }
        }
        len /= 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let inputs = Inputs::parse(b"|U|*40\n|UA|*3\n|R|*100\n|LB||X|*7\n||*9\n").expect("good inputs");
        let mut asked = 0;
        let small = shrink(&inputs, &mut |inputs: &Inputs| {
            asked += 1;
            let held = |frame: &InputFrame, button| frame.pads[0].contains(button);
            let frames: Vec<InputFrame> = (0..inputs.len()).map(|n| inputs.frame(n)).collect();
            let a = frames.iter().position(|frame| held(frame, Button::A));
            let b = frames.iter().rposition(|frame| held(frame, Button::B));
            Ok(matches!((a, b), (Some(a), Some(b)) if a < b))
        });
        let small = small.expect("asking cannot fail");
        assert_eq!(small.to_string(), "|....A.......|\n|.....B......|\n");
        assert!(asked < 1_000, "{asked}");
    }
}
