//! `cartwheel syscalls`.

mod common;

use cartwheel_bytecode::{Op, TABLE};
use cartwheel_hostabi::{CATALOGUE, INTRINSICS, Status, c_header, rust_header};
use common::Place;
use serde_json::Value;

// covers ABI-1 POL-11
#[test]
fn every_row_is_listed_and_shown_in_full() {
    let place = Place::new();
    let list = place.good(&["syscalls"]);
    for row in CATALOGUE {
        assert!(list.contains(&format!("  {} ", row.id)), "{}", row.id);
    }
    let shown = place.good(&["syscalls", "log.write"]);
    for part in [
        "log.write@1(level: i32, text: span) -> status: status",
        "log.write.v1",
        "(i32, i32, i32) -> i32",
        "50 + bytes/4 cycles",
        " 16 BAD_LEVEL ",
        "  5 QUOTA ",
        "  2 DENIED ",
        "OutOfBoundsSpan: span outside linear memory",
        "immediate",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert_eq!(place.good(&["syscalls", "log.write.v1"]), shown);
    let domain = place.good(&["syscalls", "asset"]);
    assert!(domain.contains("asset.find@1") && !domain.contains("gfx.rect"), "{domain}");
    assert!(place.good(&["syscalls", "gfx.clear"]).contains("none: the call cannot fail"));
}

#[test]
fn json_has_what_the_table_has() {
    let place = Place::new();
    let parse = |text: String| serde_json::from_str::<Value>(&text).expect("JSON");
    let all = parse(place.good(&["syscalls", "--json"]));
    let rows = all["syscalls"].as_array().expect("a list");
    assert_eq!(rows.len(), CATALOGUE.len());
    for (value, row) in rows.iter().zip(CATALOGUE) {
        assert_eq!(value["id"], row.id);
        let statuses = value["statuses"].as_array().expect("a list");
        assert_eq!(statuses.is_empty(), !row.has_status());
        for status in row.statuses {
            assert!(statuses.iter().any(|s| s["code"] == status.code() && s["name"] == status.name()));
        }
        assert_eq!(value["cost"]["base_cycles"], row.cost.base);
    }
    let one = parse(place.good(&["syscalls", "gfx.pixel_get", "--json"]));
    assert_eq!(&one, rows.iter().find(|value| value["id"] == "gfx.pixel_get@1").expect("a row"));
    assert_eq!(one["statuses"][1]["code"], Status::GfxOutside.code());
}

#[test]
fn an_unknown_id_is_answered_with_the_nearest() {
    let place = Place::new();
    for (id, answer) in [
        ("gfx.rekt", "did you mean `gfx.rect@1`?"),
        ("gfx.rect@9", "there is gfx.rect@1"),
        ("rect_fill", "did you mean `gfx.rect_fill@1`?"),
        ("telemetri", "did you mean `telemetry`?"),
        ("qqqqqqq", "`cartwheel syscalls` lists them all"),
        ("", "`cartwheel syscalls` lists them all"),
    ] {
        let error = place.bad(&["syscalls", id]);
        assert!(error.contains(&format!("no syscall is called `{id}`")) && error.contains(answer), "{error}");
    }
    place.bad(&["syscalls", "gfx.rect", "--header", "c"]);
    assert!(place.bad(&["syscalls", "--header", "cobol"]).contains("c, rust"));
}

#[test]
fn headers_are_those_of_the_table() {
    let place = Place::new();
    assert_eq!(place.good(&["syscalls", "--header", "c"]), c_header());
    assert_eq!(place.good(&["syscalls", "--header", "rust"]), rust_header());
}

/// What headers declare as intrinsics are the instructions of these families, all of them.
// covers POL-15
#[test]
fn intrinsics_of_the_headers_are_instructions_and_no_syscalls() {
    let modules: Vec<&str> = INTRINSICS.iter().map(|intrinsic| intrinsic.import().0).collect();
    let mut mnemonics: Vec<&str> = TABLE
        .iter()
        .map(|row| row.mnemonic)
        .filter(|mnemonic| mnemonic.split_once('.').is_some_and(|(module, _)| modules.contains(&module)))
        .collect();
    mnemonics.sort_unstable();
    assert_eq!(INTRINSICS.iter().map(|intrinsic| intrinsic.mnemonic).collect::<Vec<_>>(), mnemonics);
    assert!(CATALOGUE.iter().all(|row| !modules.contains(&row.domain)));
    for intrinsic in INTRINSICS {
        let operands = Op::from_mnemonic(intrinsic.mnemonic).expect("a mnemonic").info().operands.len();
        assert_eq!(
            operands,
            intrinsic.params.len() + usize::from(intrinsic.result.is_some()),
            "{intrinsic:?}"
        );
    }
}
