//! Properties that every row of the instruction table has.

use cartwheel_bytecode::operand::Kind;
use cartwheel_bytecode::{Flow, Op, TABLE, families};

#[test]
fn numbers_and_mnemonics_are_unique_and_found() {
    assert!(TABLE.is_sorted_by(|a, b| a.number < b.number));
    for row in TABLE {
        assert_eq!(Op::from_number(row.number.into()), Some(row.op));
        assert_eq!(Op::from_mnemonic(row.mnemonic), Some(row.op), "{}", row.mnemonic);
        assert_eq!(row.op.info(), row);
    }
}

#[test]
fn every_row_has_a_family_and_a_cost() {
    let rows: usize = families().iter().map(|(_, rows)| rows.len()).sum();
    assert_eq!(rows, TABLE.len());
    for row in TABLE {
        assert!(row.cost >= 1, "{} is free: loops without cost would never end", row.mnemonic);
        assert!(row.doc.ends_with('.'), "{}", row.mnemonic);
    }
}

#[test]
fn flows_and_labels_belong_together() {
    for row in TABLE {
        let has_label = row.operands.iter().any(|o| matches!(o.kind, Kind::Label | Kind::Labels));
        let branches = matches!(row.flow, Flow::Jump | Flow::Branch | Flow::Switch);
        assert_eq!(has_label, branches, "{}", row.mnemonic);
    }
}
