//! The fast tier against the reference: generated programs, run in lockstep with the whole state compared at every
//! stop; and every tier against itself under other slices and across saved states.

mod common;

use std::sync::Arc;

use cartwheel_vm::{Instance, Program, Reference, Stop};
use common::diff::assert_same;
use common::host::Host;
use common::lockstep::{MAX_CYCLES, Machine, call, compare, input, limits, mutated, program};
use common::noise;
use common::tier::Tier;
use proptest::prelude::*;

/// What a run shows that must not depend on how it was cut into slices.
fn outcome<T: Tier>(
    program: &Arc<Program>,
    tight: bool,
    mut budget: impl FnMut(u64) -> u64,
    restore: bool,
) -> (cartwheel_vm::State, Host, u64) {
    let mut machine = Machine::<T>::new(program, limits(tight));
    let mut total = 0;
    if !machine.ended() {
        call(&mut machine.tier, program, 0);
    }
    'slices: while total < MAX_CYCLES && !machine.ended() {
        machine.tier.grant(budget(total).min(MAX_CYCLES - total));
        loop {
            match machine.tier.run(&input(3)) {
                Stop::Syscall(import) => {
                    if machine.answer(import).is_err() {
                        break;
                    }
                }
                // These end slices, but at places of their own, whatever the budget.
                Stop::FrameSync | Stop::Stalled if total + machine.tier.used() < MAX_CYCLES => {}
                Stop::FrameSync | Stop::Stalled | Stop::BudgetSpent | Stop::Halted(_) | Stop::Trapped => {
                    break;
                }
                Stop::Returned => {
                    total += machine.tier.used();
                    break 'slices;
                }
            }
        }
        total += machine.tier.used();
        if restore {
            let state = machine.tier.state();
            machine.tier = T::from_state(program.clone(), limits(tight), state);
        }
    }
    (machine.tier.state(), machine.host, total)
}

/// Slices and saved states change nothing.
fn slices_do_not_matter<T: Tier>(entropy: &[u8], budgets: &[u16], tight: bool) {
    let program = program(entropy);
    let whole = outcome::<T>(&program, tight, |_| u64::MAX, false);
    let mut next = budgets.iter().cycle();
    let sliced = outcome::<T>(&program, tight, |_| u64::from(*next.next().unwrap_or(&0)) + 1, false);
    assert_same(&whole.0, &sliced.0, || format!("sliced, after {} and {} cycles", whole.2, sliced.2));
    assert_eq!((&whole.1, whole.2), (&sliced.1, sliced.2), "sliced");
    // At every checkpoint to begin with, and then now and then, because restoring is slow.
    let restored = outcome::<T>(&program, tight, |total| 1 + total / 8, true);
    assert_same(&whole.0, &restored.0, || format!("restored, after {} and {} cycles", whole.2, restored.2));
    assert_eq!((&whole.1, whole.2), (&restored.1, restored.2), "restored");
}

fn entropy() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..6_000)
}

fn budgets() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(prop_oneof![0..4_u16, 0..300_u16, any::<u16>()], 1..8)
}

/// A number of cases that a plain run of the tests has time for, unless `PROPTEST_CASES` says otherwise.
fn cases(plain: u32) -> ProptestConfig {
    const DEFAULT: u32 = 256;
    let config = ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::default() };
    let cases = if config.cases == DEFAULT { plain } else { config.cases };
    ProptestConfig { cases, ..config }
}

proptest! {
    #![proptest_config(cases(64))]

    // covers VM-4
    #[test]
    fn fast_tier_equals_reference(entropy in entropy(), budgets in budgets(), tight: bool) {
        compare::<Reference, Instance>(&program(&entropy), &budgets, tight);
    }

    /// Programs that the generator does not make: what the verifier accepts means the same everywhere.
    // covers VM-5
    #[test]
    fn tiers_agree_on_whatever_the_verifier_accepts(
        entropy in entropy(),
        mutations in proptest::collection::vec((any::<u8>(), any::<u16>(), prop_oneof![0..16_u8, any::<u8>()]), 1..4),
        budgets in budgets(),
        tight: bool,
    ) {
        if let Some(program) = mutated(&entropy, &mutations) {
            compare::<Reference, Instance>(&program, &budgets, tight);
        }
    }

    // covers VM-2
    // covers VM-3
    #[test]
    fn slices_do_not_matter_to_the_fast_tier(entropy in entropy(), budgets in budgets(), tight: bool) {
        slices_do_not_matter::<Instance>(&entropy, &budgets, tight);
    }

}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn slices_do_not_matter_to_the_reference(entropy in entropy(), budgets in budgets(), tight: bool) {
        slices_do_not_matter::<Reference>(&entropy, &budgets, tight);
    }
}

/// The same over fixed programs, so that a plain run of the tests covers the whole table.
// covers VM-4
#[test]
fn tiers_agree_on_fixed_programs() {
    for seed in 0..150 {
        let budgets = noise(seed, 6).into_iter().map(|b| u16::from(b) * 9).collect::<Vec<_>>();
        compare::<Reference, Instance>(&program(&noise(seed, 12_000)), &budgets, seed % 3 == 0);
    }
}

/// Any bytes give a program that the verifier accepts.
#[test]
fn generated_programs_verify() {
    for seed in 0..300 {
        program(&noise(seed, seed as usize * 40));
    }
    program(&[0; 5_000]);
    program(&[255; 5_000]);
}
