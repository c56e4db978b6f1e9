//! Dense straight code of the kinds that the fast tier makes one handler of: additions of addresses, operations on
//! results, copies, and the branches behind them. The generated programs of `differential.rs` have everything,
//! and so these next to each other only now and then.

mod common;

use cartwheel_vm::{Instance, Reference};
use common::asm::Asm;
use common::lockstep::compare;
use proptest::prelude::*;

/// Few, so that results are used at once, and overwritten.
const REGISTERS: u8 = 4;

fn register() -> impl Strategy<Value = String> {
    (0..REGISTERS).prop_map(|r| format!("r{r}"))
}

fn source() -> impl Strategy<Value = String> {
    prop_oneof![3 => register(), 1 => prop_oneof![Just(0), Just(1), Just(13), Just(-1), Just(65_530), any::<i32>()].prop_map(|n| n.to_string())]
}

fn line() -> impl Strategy<Value = String> {
    const BINARY: &[&str] = &["add", "add", "add", "xor", "and", "or", "mul", "shl", "shr_u", "rotl", "sub"];
    const LOADS: &[&str] = &["i32.load", "i32.load8_u", "i64.load", "f64.load", "i32.load16_s"];
    const STORES: &[&str] = &["i32.store", "i32.store8", "i64.store", "i64.store16"];
    const BRANCHES: &[&str] = &["br.i32.lt_u", "br.i32.ne", "br.i64.ge_s"];
    // Addresses are small as a rule: a program that traps soon shows little.
    let offset = || prop_oneof![4 => 0..64_u32, 1 => any::<u32>()];
    let address = || prop_oneof![1 => register(), 2 => (0..60_000_u32).prop_map(|n| n.to_string())];
    prop_oneof![
        6 => (prop::sample::select(BINARY), register(), source(), source())
            .prop_map(|(op, d, a, b)| format!("i32.{op} {d}, {a}, {b}")),
        2 => (register(), register()).prop_map(|(d, a)| format!("move {d}, {a}")),
        4 => prop::collection::vec(register(), 7).prop_map(|r| {
            format!("move {}, {}\ni32.add {}, {}, {}\nmove {}, {}\nnop", r[0], r[1], r[2], r[3], r[4], r[5], r[6])
        }),
        1 => (register(), register(), register()).prop_map(|(d, a, b)| format!("f64.add {d}, {a}, {b}")),
        2 => (prop::sample::select(LOADS), register(), address(), offset())
            .prop_map(|(op, d, a, offset)| format!("{op} {d}, {a}, {offset}")),
        2 => (prop::sample::select(STORES), address(), offset(), source())
            .prop_map(|(op, a, offset, value)| format!("{op} {a}, {offset}, {value}")),
        1 => (address(), offset(), register()).prop_map(|(a, offset, value)| format!("f64.store {a}, {offset}, {value}")),
        // What is masked and added to is an address that fits, as a rule.
        3 => (register(), register(), register(), 0..60_000_u32, prop::sample::select(STORES), register())
            .prop_map(|(t, a, s, base, op, value)| format!("i32.and {s}, {a}, 255\ni32.add {t}, {s}, {base}\n{op} {t}, 0, {value}")),
        3 => (register(), register(), register(), 0..60_000_u32, prop::sample::select(LOADS), register())
            .prop_map(|(t, a, s, base, op, d)| format!("i32.and {s}, {a}, 255\ni32.add {t}, {base}, {s}\ni32.mul {a}, {a}, 3\n{op} {d}, {t}, 4")),
        1 => Just("br END".to_owned()),
        1 => Just("frame.sync".to_owned()),
        1 => Just("br NEXT".to_owned()),
        1 => (prop::sample::select(BRANCHES), source(), source(), any::<bool>())
            .prop_map(|(op, a, b, next)| format!("{op} {a}, {b}, {}", if next { "NEXT" } else { "AGAIN" })),
    ]
}

/// A loop of blocks that begin with labels; at its end every register is written where the comparison sees it.
fn function(blocks: &[Vec<String>]) -> String {
    let mut text = String::from("AGAIN:\nloop\n");
    for (number, block) in blocks.iter().enumerate() {
        text += &format!("B{number}:\n");
        for line in block {
            text += &line.replace("NEXT", &format!("B{}", number + 1));
            text += "\n";
        }
    }
    text += &format!("B{}:\n", blocks.len());
    (0..REGISTERS).for_each(|r| text += &format!("i64.store {}, 0, r{r}\n", 64_000 + 8 * u32::from(r)));
    // A round that ends well is followed by others.
    text += "i32.load r0, 64100, 0\ni32.add r0, r0, 1\ni32.store 64100, 0, r0\nbr.i32.lt_u r0, 5, AGAIN\nEND:\nreturn (r1, r2)";
    text
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 5_000, ..ProptestConfig::with_cases(400) })]

    // covers VM-4
    #[test]
    fn pairs_mean_what_their_instructions_mean(
        blocks in prop::collection::vec(prop::collection::vec(line(), 1..14), 1..6),
        budgets in prop::collection::vec(prop_oneof![0..30_u16, any::<u16>()], 1..4),
    ) {
        let mut asm = Asm::new();
        asm.memory(1, None);
        asm.func("i64 i64 i64 i64 -> i64 i64", &function(&blocks));
        compare::<Reference, Instance>(&asm.program(), &budgets, false);
    }
}
