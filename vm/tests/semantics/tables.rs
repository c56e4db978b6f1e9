//! Tables of both kinds and element segments.

use super::*;
use cartwheel_bytecode::TrapCode::TableOutOfBounds;
use cartwheel_bytecode::cartridge::ElemMode;

const OUT: TrapKind = TrapKind::Instruction(TableOutOfBounds);

/// Tables 0 (functions), 1 (handles) and 2 (functions); element segments 0 passive, 1 declared, 2 active.
fn with_tables(sig: &str, text: &str) -> Asm {
    let mut asm = Asm::new();
    asm.table(false, 4, Some(6));
    asm.table(true, 3, None);
    asm.table(false, 5, None);
    asm.elems(ElemMode::Passive, &[1, 0, 1]);
    asm.elems(ElemMode::Declared, &[1]);
    asm.elems(ElemMode::Active { table: 2, index: 3 }, &[1, 1]);
    asm.func(sig, text);
    asm
}

fn tables<T: Tier>(text: &str) -> (bool, Vec<Vec<u32>>) {
    let mut tier: T = new(with_tables("", &format!("{text}\nreturn ()")));
    tier.call(0, &[]);
    let stop = run(&mut tier);
    (stop == Stop::Returned, tier.state().tables)
}

in_every_tier! {
    fn bulk_operations_check_before_they_act<T>() {
        let before = vec![vec![0; 4], vec![0; 3], vec![0, 0, 0, 1, 1]];
        assert_eq!(tables::<T>("nop"), (true, before.clone()));
        for text in [
            "table.fill 0, 2, 7, 3",
            "table.fill 0, 5, 7, 0",
            "table.copy 0, 2, 1, 1, 4",
            "table.copy 0, 2, 1, 3, 3",
            "table.init 0, 0, 0, 1, 3",
            "table.init 0, 0, 2, 0, 3",
            "table.init 0, 1, 0, 0, 1",
            "table.init 0, 2, 0, 0, 1",
            "table.set 0, 4, 1",
            "table.set_h 1, 3, null",
            "table.get r0, 0, -1",
            "table.get_h h0, 1, 3",
            "table.fill_h 1, 1, null, 3",
        ] {
            assert_eq!(tables::<T>(text), (false, before.clone()), "{text}");
        }
        for text in ["table.fill 0, 4, 7, 0", "table.copy 0, 2, 4, 5, 0", "table.init 0, 0, 4, 3, 0", "table.init 0, 1, 0, 0, 0"] {
            assert_eq!(tables::<T>(text), (true, before.clone()), "{text}");
        }
        assert_eq!(tables::<T>("table.init 0, 0, 1, 0, 3").1[0], [0, 1, 0, 1]);
        assert_eq!(tables::<T>("table.copy 2, 2, 1, 2, 3").1[2], [0, 0, 1, 1, 1]);
        assert_eq!(tables::<T>("table.copy 0, 2, 0, 2, 3").1[0], [0, 1, 1, 0]);
        assert_eq!(tables::<T>("table.fill 0, 1, 9, 2").1[0], [0, 9, 9, 0]);
    }

    fn dropped_segments_are_empty<T>() {
        let kind = |text: &str| trap::<T>(with_tables("", &format!("{text}\nreturn ()")), 0, &[]).kind;
        assert_eq!(kind("elem.drop 0\ntable.init 0, 0, 0, 0, 1"), OUT);
        let tier: T = new(with_tables("", "return ()"));
        assert_eq!(tier.state().dropped_elems, [false, true, true]);
    }

    /// The quota is one sum for all tables; these have 12 elements at the start.
    fn tables_grow_up_to_their_limits<T>() {
        let grow = |quota: u32, instr: &str, by: u64| {
            let text = format!("bytes.new h0, 1\n{instr}\ntable.size r2, 0\ntable.size r3, 1\nreturn (r1, r2, r3)");
            let limits = Limits { max_table_elements: quota, ..Limits::default() };
            let mut tier = T::new(with_tables("i32 -> i32 i32 i32", &text).program(), limits, 0);
            tier.call(0, &[by]);
            assert_eq!(run(&mut tier), Stop::Returned);
            (tier.take_results(), tier.state().tables)
        };
        let refused = u64::from(u32::MAX);
        let (results, tables) = grow(100, "table.grow r1, 0, 5, r0", 2);
        assert_eq!((results, &*tables[0]), (vec![4, 6, 3], &[0, 0, 0, 0, 5, 5][..]));
        assert_eq!(grow(100, "table.grow r1, 0, 5, r0", 3).0, [refused, 4, 3]);
        let (results, tables) = grow(14, "table.grow_h r1, 1, h0, r0", 2);
        assert_eq!((results, &*tables[1]), (vec![3, 4, 5], &[0, 0, 0, 1, 1][..]));
        assert_eq!(grow(14, "table.grow_h r1, 1, h0, r0", 3).0, [refused, 4, 3]);
        assert_eq!(grow(14, "table.grow_h r1, 1, h0, r0", refused).0, [refused, 4, 3]);
    }

    fn an_active_segment_that_does_not_fit_traps_without_a_position<T>() {
        let mut asm = with_tables("", "return ()");
        asm.memory(1, None);
        asm.elems(ElemMode::Active { table: 0, index: 4 }, &[1]);
        // Elements come before data, whatever fits.
        asm.data(Some(65_536), b"x");
        let record = trap_record(&new::<T>(asm));
        assert_eq!((record.kind, record.backtrace, record.depth), (OUT, vec![], 0));
    }
}
