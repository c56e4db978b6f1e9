//! A rollback library drives the machine: saving, loading and advancing as it asks.

mod common;

use cartwheel_runtime::{Buttons, InputFrame, Machine};
use common::machine;
use ggrs::{GgrsRequest, PredictRepeatLast, SessionBuilder, SyncTestSession};

/// Two players, a byte of buttons each; states as the machine saves them.
struct Versus;

impl ggrs::Config for Versus {
    type Input = u8;
    type InputPredictor = PredictRepeatLast;
    type State = Vec<u8>;
    type Address = u8;
}

const DUEL: &str = ".video 16, 16 .capability gfx
.data scores: i32 0, 0
.func update()
  .local a, b, n: i32
  input.held a, 0
  input.held b, 1
  rng.below n, 5
  i32.add a, a, n
  i32.load n, [scores]
  i32.add n, n, a
  i32.store [scores], n
  i32.load n, [scores + 4]
  i32.add n, n, b
  i32.store [scores + 4], n
  syscall gfx.pixel(n, a, 9)
  return
.end
";

fn input(buttons: [u8; 2]) -> InputFrame {
    let mut input = InputFrame::default();
    for (pad, bits) in buttons.into_iter().enumerate() {
        input.pads[pad] = Buttons::from_bits(bits.into()).expect("eight buttons");
    }
    input
}

/// Counts the frames in which both players press something.
const REFEREE: &str = ".data both: i32 0
.func update()
  .local a, b: i32
  input.held a, 0
  input.held b, 1
  br_unless a, done
  br_unless b, done
  i32.load a, [both]
  i32.add a, a, 1
  i32.store [both], a
done:
  return
.end
";

/// A machine with both cartridges.
fn duel() -> Machine {
    let mut machine = machine(DUEL);
    machine.load(common::program(REFEREE)).expect("it can be loaded");
    machine
}

fn serve(machine: &mut Machine, requests: Vec<GgrsRequest<Versus>>) {
    for request in requests {
        match request {
            GgrsRequest::SaveGameState { cell, frame } => {
                assert_eq!(machine.frame(), frame as u64);
                let root = machine.hash().expect("no panic").root;
                cell.save(frame, Some(machine.save().expect("no panic")), Some(root));
            }
            GgrsRequest::LoadGameState { cell, frame } => {
                machine.restore(&cell.load().expect("it was saved")).expect("the machine's own state");
                assert_eq!(machine.frame(), frame as u64);
            }
            GgrsRequest::AdvanceFrame { inputs } => {
                machine.step(&input([inputs[0].0, inputs[1].0])).expect("no panic");
            }
        }
    }
}

// covers VM-3
#[test]
fn a_rollback_session_finds_nothing_that_differs() {
    for distance in [1, 2, 7] {
        let (mut plain, mut rolled) = (duel(), duel());
        let builder = SessionBuilder::<Versus>::new().with_num_players(2).expect("two players");
        let builder = builder.with_check_distance(distance);
        let mut session: SyncTestSession<Versus> = builder.start_synctest_session().expect("a good session");
        for frame in 0..100u8 {
            let buttons = [frame / 7 % 4, frame / 3 % 16];
            session.add_local_input(0, buttons[0]).expect("a player");
            session.add_local_input(1, buttons[1]).expect("a player");
            let requests = session.advance_frame().unwrap_or_else(|e| panic!("distance {distance}: {e}"));
            serve(&mut rolled, requests);
            plain.step(&input(buttons)).expect("no panic");
            assert_eq!(rolled.hash(), plain.hash(), "distance {distance}, frame {frame}");
        }
    }
}
