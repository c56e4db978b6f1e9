//! Rules that every row of the syscall table keeps.

use std::collections::BTreeSet;

use cartwheel_hostabi::{
    CATALOGUE, Capability, DOMAINS, Mode, RETIRED, RetiredId, SlotType, Status, SyscallId, SyscallTrap,
    resolve, retired, reused_ids,
};

// covers ABI-1
#[test]
fn ids_are_canonical_and_agree_with_their_parts() {
    for row in CATALOGUE {
        let id = SyscallId::parse(row.id).expect(row.id);
        assert_eq!(id.to_string(), row.id);
        assert_eq!((id.domain, id.name, id.version), (row.domain, row.name(), row.version()));
        assert!(DOMAINS.iter().any(|domain| domain.name == row.domain), "{}", row.id);
        // A name that ends like a version would make the alias mean two things.
        let last = row.name().rsplit('.').next().unwrap_or_default();
        assert!(!last.strip_prefix('v').is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit())), "{}", row.id);
        assert_eq!(CATALOGUE[row.syscall as usize].id, row.id);
        assert_eq!(row.syscall.info().id, row.id);
    }
}

// covers ABI-1 ABI-3
#[test]
fn an_id_resolves_in_all_its_forms() {
    for row in CATALOGUE {
        assert_eq!(resolve(row.id), Some(row));
        assert_eq!(resolve(&row.alias()), Some(row));
        if row.version() == 1 {
            assert_eq!(resolve(&format!("{}.{}", row.domain, row.name())), Some(row));
        }
    }
    assert_eq!(resolve("gfx.rect").map(|row| row.id), Some("gfx.rect@1"));
}

#[test]
fn other_spellings_do_not_resolve() {
    for text in [
        "",
        ".",
        "@",
        "@1",
        "gfx",
        "gfx.",
        ".rect",
        "gfx.rect@",
        "gfx.rect@0",
        "gfx.rect@01",
        "gfx.rect@+1",
        "gfx.rect@1@1",
        "gfx.rect.v",
        "gfx.rect.v0",
        "gfx.rect.v01",
        "gfx.rect@2",
        "gfx.rect.v2",
        "GFX.rect",
        "gfx.rect ",
        " gfx.rect",
        "gfx..rect",
        "gfx.rect@99999999999999999999",
        "gfx.rect.v1@1",
        "gfx/rect",
    ] {
        assert_eq!(resolve(text), None, "{text:?}");
    }
}

// covers POL-14
#[test]
fn every_row_has_one_capability_and_names_are_unique() {
    let names: BTreeSet<&str> = Capability::ALL.iter().map(|capability| capability.name()).collect();
    assert_eq!(names.len(), Capability::ALL.len());
    for group in ["gfx", "audio", "asset", "fs"] {
        assert!(names.contains(group), "{group}");
    }
    for &capability in Capability::ALL {
        assert_eq!(Capability::from_name(capability.name()), Some(capability));
    }
    assert!(CATALOGUE.iter().all(|row| Capability::ALL.contains(&row.capability)));
}

// covers POL-9 POL-10
#[test]
fn a_row_that_can_fail_has_its_status_first_and_nowhere_else() {
    for row in CATALOGUE {
        let places: Vec<usize> =
            (0..row.results.len()).filter(|&i| row.results[i].kind == "status").collect();
        let expected: &[usize] = if row.statuses.is_empty() { &[] } else { &[0] };
        assert_eq!(places, expected, "{}", row.id);
        assert_eq!(row.has_status(), !row.statuses.is_empty(), "{}", row.id);
        assert!(!row.statuses.contains(&Status::Ok), "{}: OK goes without saying", row.id);
        assert!(row.mode == Mode::Immediate || row.has_status(), "{}: staged work can fail", row.id);
    }
    // A foreign profile is marked, row by row and in the chapter, and its rows have no status at all.
    let chapter = cartwheel_hostabi::syscalls_chapter();
    let foreign: Vec<_> = CATALOGUE.iter().filter(|row| row.foreign_profile().is_some()).collect();
    assert!(foreign.iter().all(|row| row.domain == "wasm4" && !row.has_status()));
    assert_eq!(foreign.len(), CATALOGUE.iter().filter(|row| row.id.starts_with("wasm4.")).count());
    let section = chapter.split("\n## ").find(|section| section.starts_with("wasm4\n")).expect("a section");
    assert!(section.contains("keep the shape of WASM-4"), "{section}");
}

// covers POL-16
#[test]
fn memory_cards_have_the_statuses_and_the_capability_of_files() {
    let rows: Vec<_> = CATALOGUE.iter().filter(|row| row.domain == "mem").collect();
    assert!(rows.len() >= 7, "{}", rows.len());
    for row in rows {
        assert_eq!(row.capability, Capability::Fs, "{}", row.id);
        assert_eq!(row.results.first().map(|result| result.kind), Some("status"), "{}", row.id);
    }
    assert_eq!(Capability::from_name("mem"), None);
}

// covers POL-24
#[test]
fn whatever_is_staged_can_be_polled() {
    const UNKNOWN: [&str; 4] = ["UNKNOWN", "NOT_FOUND", "UNKNOWN_REQUEST", "NOT_LOADED"];
    let mut domains = BTreeSet::new();
    for row in CATALOGUE.iter().filter(|row| row.mode == Mode::Staged) {
        domains.insert(row.domain);
        // A completion is read until it is there.
        let method = if row.domain == "completion" { "read" } else { "poll" };
        let poll = resolve(&format!("{}.{method}", row.domain));
        let poll = poll.unwrap_or_else(|| panic!("{} has no poll", row.id));
        assert_eq!(poll.mode, Mode::Immediate);
        assert!(poll.statuses.contains(&Status::Pending), "{}", poll.id);
        // What was never asked for has a status of the domain's own.
        let unknown = poll.statuses.iter().filter(|status| status.domain() == row.domain);
        let unknown: Vec<&str> = unknown.map(|status| status.name()).collect();
        assert!(unknown.iter().any(|name| UNKNOWN.contains(name)), "{}: {unknown:?}", poll.id);
    }
    assert_eq!(domains.into_iter().collect::<Vec<_>>(), ["asset", "completion", "fs", "kernel", "module"]);
}

// covers POL-11
#[test]
fn status_codes_belong_to_their_domain() {
    let codes: BTreeSet<(&str, i32)> = Status::ALL.iter().map(|s| (s.domain(), s.code())).collect();
    let names: BTreeSet<(&str, &str)> = Status::ALL.iter().map(|s| (s.domain(), s.name())).collect();
    assert_eq!((codes.len(), names.len()), (Status::ALL.len(), Status::ALL.len()));
    for &status in Status::ALL {
        assert_eq!(status.domain() == "shared", status.code() < 16, "{status:?}");
        let used = CATALOGUE.iter().any(|row| row.statuses.contains(&status));
        assert!(used || status.domain() == "shared", "{status:?} is in no row");
    }
    for row in CATALOGUE {
        for status in row.statuses {
            assert!(["shared", row.domain].contains(&status.domain()), "{}: {status:?}", row.id);
        }
    }
    let shared = ["OK", "PENDING", "DENIED", "QUARANTINED", "UNAVAILABLE", "QUOTA"];
    for (code, name) in shared.into_iter().enumerate() {
        assert_eq!((Status::ALL[code].code(), Status::ALL[code].name()), (code as i32, name));
    }
}

// covers POL-6 POL-8
#[test]
fn no_status_and_no_trap_share_a_name() {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    for trap in SyscallTrap::ALL {
        let name = plain(&format!("{trap:?}"));
        assert_ne!(name, "unavailable");
        for status in Status::ALL {
            // Denial is the one thing that both can say: a row without a status has to trap.
            let denied = (*trap, *status) == (SyscallTrap::Denied, Status::Denied);
            assert!(plain(status.name()) != name || denied, "{trap:?}");
        }
        assert!(!trap.message().is_empty());
    }
}

// covers ABI-4
#[test]
fn retired_ids_are_not_used_again() {
    assert_eq!(reused_ids(CATALOGUE, RETIRED), Vec::<&str>::new());
    let entry = |id| RetiredId { id, note: "" };
    assert_eq!(reused_ids(CATALOGUE, &[entry("gfx.rect@1"), entry("gfx.rect@9")]), ["gfx.rect@1"]);
    for row in CATALOGUE {
        assert_eq!(retired(row.id), None);
        assert_eq!(reused_ids(CATALOGUE, &[entry(row.id)]), [row.id]);
    }
    for entry in RETIRED {
        assert_eq!(SyscallId::parse(entry.id).expect(entry.id).to_string(), entry.id);
    }
}

#[test]
fn slots_are_those_of_the_kinds() {
    for row in CATALOGUE {
        let params: Vec<SlotType> = row.params.iter().flat_map(|param| param.slots).copied().collect();
        let results: Vec<SlotType> = row.results.iter().map(|result| result.slot).collect();
        assert_eq!(
            (params.as_slice(), results.as_slice()),
            (row.param_slots, row.result_slots),
            "{}",
            row.id
        );
        assert!(row.check_signature(&params, &results).is_ok());
        let mut more = params.clone();
        more.push(SlotType::I32);
        let error = row.check_signature(&more, &results).expect_err("a slot too many");
        assert!(
            error.to_string().starts_with(&format!("`{}` is ({}", row.id, &row.signature()[1..])),
            "{error}"
        );
    }
}

#[test]
fn the_signature_reads_as_in_assembly() {
    let row = resolve("log.write").expect("log.write");
    assert_eq!(row.signature(), "(i32, i32, i32) -> i32");
    assert_eq!(resolve("gfx.text_bytes").expect("row").signature(), "(handle, i32, i32, i32)");
    assert_eq!(row.cost.to_string(), "50 + bytes/4");
    assert_eq!(
        (row.cost.cycles(0), row.cost.cycles(1), row.cost.cycles(4), row.cost.cycles(5)),
        (50, 51, 51, 52)
    );
}
