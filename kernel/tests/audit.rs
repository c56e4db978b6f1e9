//! The audit log: what is written can be read, and nothing of it can be changed unnoticed.

mod common;

use cartwheel_hostabi::{CATALOGUE, Status, SyscallTrap, Verdict};
use cartwheel_kernel::audit::{
    Auditor, Chain, EntryOutcome, Head, MAX_CYCLES, MAX_ENTRIES, PREAMBLE, ProblemKind, Record, Report,
    Signature, SigningKey, verify,
};
use cartwheel_kernel::{
    CallRecord, Lifecycle, LifecycleEvent, ModuleId, Observer, OriginId, Outcome, Transport,
};
use proptest::prelude::*;

/// Bytes of a record around its content, and of what stands in front of entries.
const AROUND: usize = 5 + 32;
const BEFORE_ENTRIES: usize = 5 + 20;
const ENTRY: usize = 32;

fn call(number: u64, frame: u64) -> CallRecord {
    let outcomes = [
        Outcome::Done,
        Outcome::Status(Status::Ok),
        Outcome::Status(Status::GfxOutside),
        Outcome::Trap(SyscallTrap::OutOfBoundsSpan),
        Outcome::Panic,
    ];
    let verdicts = [None, Some(Verdict::Allow), Some(Verdict::Deny), Some(Verdict::Quarantine)];
    let n = number as usize;
    CallRecord {
        sequence: number,
        frame,
        module: ModuleId(number as u32 % 3),
        origin: OriginId(7),
        syscall: (!n.is_multiple_of(7)).then(|| CATALOGUE[n % CATALOGUE.len()].syscall),
        transport: Transport::ALL[n % Transport::ALL.len()],
        verdict: verdicts[n % verdicts.len()],
        outcome: outcomes[n % outcomes.len()],
        argument: None,
        cycles: number * 1_000_003,
        bytes: 0,
        objects: 0,
        slots: (0..number % 12).collect(),
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

/// A log of these numbers of calls by frame, with a head after every third frame.
fn log(frames: &[u64], key: Option<SigningKey>) -> Vec<u8> {
    let mut chain = Chain::new(key);
    let mut bytes = Vec::new();
    let loaded = Lifecycle::Loaded { name: "test".to_owned(), origin: "cart:00".to_owned() };
    chain.event(&LifecycleEvent { frame: 0, module: Some(ModuleId(0)), what: loaded });
    let mut number = 0;
    for (frame, &count) in frames.iter().enumerate() {
        for _ in 0..count {
            chain.call(&call(number, frame as u64));
            number += 1;
        }
        chain.close();
        if frame % 3 == 2 {
            chain.head(false);
        }
        chain.take(&mut bytes);
    }
    chain.head(true);
    chain.take(&mut bytes);
    bytes
}

fn check(bytes: &[u8]) -> Report {
    verify(bytes, None, |_| {})
}

fn records(bytes: &[u8]) -> (Report, Vec<Record>) {
    let mut records = Vec::new();
    let report = verify(bytes, None, |record| records.push(record.clone()));
    (report, records)
}

/// Offset, kind and length of every record.
fn layout(bytes: &[u8]) -> Vec<(usize, u8, usize)> {
    let (mut at, mut found) = (PREAMBLE.len(), Vec::new());
    while at < bytes.len() {
        let len = u32::from_le_bytes(bytes[at + 1..at + 5].try_into().expect("four bytes")) as usize + AROUND;
        found.push((at, bytes[at], len));
        at += len;
    }
    found
}

/// Offset of each entry.
fn entries(bytes: &[u8]) -> Vec<usize> {
    let calls = layout(bytes).into_iter().filter(|&(_, kind, _)| kind == 2);
    calls
        .flat_map(|(at, _, len)| {
            let count = (len - AROUND - 20) / ENTRY;
            (0..count).map(move |i| at + BEFORE_ENTRIES + i * ENTRY)
        })
        .collect()
}

// covers SEC-10
#[test]
fn what_is_written_is_read() {
    for key in [None, Some(key())] {
        let bytes = log(&[3, 0, 40, 1], key.clone());
        let (report, records) = records(&bytes);
        assert!(report.is_good() && report.is_good_so_far(), "{report:?}");
        assert_eq!((report.entries, report.frames, report.bytes), (44, Some((0, 3)), bytes.len() as u64));
        let signer = key.map(|key| key.verifying_key().to_bytes());
        assert_eq!(report.signature, Some(signer.map_or(Signature::None, Signature::Key)));
        assert_eq!(report.signed_entries, if signer.is_some() { 44 } else { 0 });
        let Record::Header(header) = &records[0] else { panic!("{:?}", records[0]) };
        let Record::Event(event) = &records[1] else { panic!("{:?}", records[1]) };
        assert_eq!((event.name.as_str(), event.module, event.details.len()), ("loaded", Some(0), 2));
        assert_eq!(records.last(), Some(&Record::Head(Head { entries: 44, frame: 3, last: true })));
        let calls = records.iter().filter_map(|record| match record {
            Record::Calls(calls) => Some(calls),
            _ => None,
        });
        for (number, entry) in calls.flatten().enumerate() {
            let frame = [0, 2, 3][usize::from(number >= 3) + usize::from(number >= 43)];
            let call = call(number as u64, frame);
            assert_eq!((entry.sequence, entry.frame, entry.module), (number as u64, frame, call.module.0));
            let id = entry.syscall.map(|number| header.ids[usize::from(number)].as_str());
            assert_eq!(id, call.syscall.map(|syscall| syscall.info().id));
            assert_eq!(
                (entry.transport, entry.verdict, entry.cycles),
                (call.transport, call.verdict, call.cycles)
            );
            assert_eq!(entry.outcome, EntryOutcome::from(call.outcome));
            let slots: Vec<u8> = call.slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
            assert_eq!(entry.arguments, xxhash_rust::xxh3::xxh3_64(&slots));
        }
    }
}

#[test]
fn names_of_outcomes_are_those_of_the_domain() {
    assert_eq!(EntryOutcome::Status(16).name(Some("gfx.pixel_get@1")), "OUTSIDE");
    assert_eq!(EntryOutcome::Status(16).name(Some("log.write@1")), "BAD_LEVEL");
    assert_eq!(EntryOutcome::Status(2).name(Some("log.write@1")), "DENIED");
    assert_eq!(EntryOutcome::Status(200).name(None), "status 200");
    assert_eq!(EntryOutcome::Trap(0).name(None), "trap InvalidIndex");
    assert_eq!(EntryOutcome::Trap(255).name(None), "trap 255");
}

#[test]
fn large_frames_and_large_costs_have_their_entries() {
    let mut chain = Chain::new(None);
    let count = 2 * MAX_ENTRIES as u64 + 5;
    for number in 0..count {
        chain.call(&CallRecord { cycles: u64::MAX, ..call(number, 9) });
    }
    chain.head(true);
    let mut bytes = Vec::new();
    chain.take(&mut bytes);
    let (report, records) = records(&bytes);
    assert_eq!((report.entries, report.problem), (count, None));
    let Record::Calls(calls) = &records[1] else { panic!("{:?}", records[1]) };
    assert_eq!((calls.len(), calls[0].cycles), (MAX_ENTRIES, MAX_CYCLES));
}

// covers SEC-11
#[test]
fn a_log_that_was_cut_anywhere_has_a_good_prefix_and_says_that_it_was_cut() {
    let bytes = log(&[2, 3, 1, 2], Some(key()));
    let whole: Vec<usize> = layout(&bytes).iter().map(|&(at, _, len)| at + len).collect();
    for len in 0..bytes.len() {
        let report = check(&bytes[..len]);
        let problem = report.problem.as_ref().unwrap_or_else(|| panic!("cut at {len} and not found"));
        let expected = if len == 0 { ProblemKind::NotALog } else { ProblemKind::Cut };
        assert_eq!(problem.kind, expected, "{len}: {problem}");
        assert_eq!(report.is_good_so_far(), len > 0);
        // Everything before the record that the cut is in.
        let good = whole.iter().copied().filter(|&end| end <= len).max().unwrap_or_default();
        assert_eq!(report.bytes as usize, good, "{len}");
        let complete = entries(&bytes).iter().filter(|&&at| at < good).count();
        assert_eq!(report.entries as usize, complete, "{len}");
    }
}

// covers SEC-11
#[test]
fn a_tail_that_was_cut_is_found_even_if_the_log_is_ended_anew_by_someone_without_the_key() {
    let bytes = log(&[2, 2, 2, 2, 2, 2], Some(key()));
    let heads: Vec<(usize, u8, usize)> =
        layout(&bytes).into_iter().filter(|&(_, kind, _)| kind == 4).collect();
    let (first, last) = (heads[0], heads[heads.len() - 1]);
    // An early head made into a last one.
    let mut forged = bytes[..first.0 + first.2].to_vec();
    forged[first.0 + 5 + 16] = 1;
    relink(&mut forged);
    assert_eq!(check(&forged).problem.map(|problem| problem.kind), Some(ProblemKind::Changed));
    // The real last head in its place.
    let mut forged = bytes[..first.0].to_vec();
    forged.extend(&bytes[last.0..last.0 + last.2]);
    relink(&mut forged);
    let problem = check(&forged).problem.expect("it was cut");
    assert_eq!((problem.kind, problem.entry), (ProblemKind::Changed, 6));
}

/// Makes all links anew, as somebody can who has no key.
fn relink(bytes: &mut [u8]) {
    for (at, _, len) in layout(bytes) {
        let link = blake3::hash(&bytes[at - 32..at + len - 32]);
        bytes[at + len - 32..at + len].copy_from_slice(link.as_bytes());
    }
}

// covers SEC-11
#[test]
fn a_change_that_was_covered_up_fails_at_the_next_signature() {
    let mut bytes = log(&[4, 4, 4], Some(key()));
    let (a, b) = (entries(&bytes)[1], entries(&bytes)[5]);
    // The cycles of an entry; then its check, as anyone can make it.
    bytes[a + 8] ^= 1;
    let check_of = |bytes: &[u8], at: usize, frame| {
        (xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[at..at + 28], frame) as u32).to_le_bytes()
    };
    let sum = check_of(&bytes, a, 0);
    bytes[a + 28..a + 32].copy_from_slice(&sum);
    let problem = check(&bytes).problem.expect("it was changed");
    assert_eq!((problem.kind, problem.entry, problem.frame), (ProblemKind::Changed, 0, 0));
    assert!(problem.message.contains("link"), "{problem}");
    relink(&mut bytes);
    let report = check(&bytes);
    let problem = report.problem.expect("it was changed");
    assert!(problem.message.contains("signature"), "{problem}");
    assert_eq!(report.signed_entries, 0);
    // In the log of nobody, the same goes unnoticed: what is not signed does not withstand intent.
    let mut bytes = log(&[4, 4, 4], None);
    bytes[b + 8] ^= 1;
    let sum = check_of(&bytes, b, 1);
    bytes[b + 28..b + 32].copy_from_slice(&sum);
    relink(&mut bytes);
    assert!(check(&bytes).is_good());
}

#[test]
fn the_key_can_be_asked_for() {
    let (signed, unsigned) = (log(&[1], Some(key())), log(&[1], None));
    let mine = key().verifying_key().to_bytes();
    let other = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
    let problem = |bytes: &[u8], key| verify(bytes, Some(key), |_| {}).problem.map(|problem| problem.message);
    assert_eq!(problem(&signed, mine), None);
    assert_eq!(
        problem(&signed, other).as_deref(),
        Some("the log is signed with another key than the one given")
    );
    assert_eq!(problem(&unsigned, mine).as_deref(), Some("the log is not signed"));
}

#[test]
fn something_behind_the_last_head_is_found() {
    let bytes = log(&[1], None);
    let again: Vec<u8> = [bytes.as_slice(), &bytes[PREAMBLE.len()..]].concat();
    for bytes in [[&bytes[..], b"x"].concat(), again] {
        let problem = check(&bytes).problem.expect("too much");
        assert!(problem.message.contains("follows the last head"), "{problem}");
    }
    for bytes in [b"".as_slice(), b"CW", b"CWAUDIX\0", &[0; 100]] {
        let problem = check(bytes).problem.expect("no log");
        assert!(problem.kind == ProblemKind::NotALog || bytes == b"CW", "{problem}");
    }
}

/// What somebody does to entries.
#[derive(Clone, Debug)]
enum Tamper {
    Change { entry: usize, byte: usize, with: u8 },
    Drop { entry: usize },
    Insert { entry: usize, content: [u8; ENTRY] },
    Duplicate { entry: usize },
    Swap { a: usize, b: usize },
}

fn tamper() -> impl Strategy<Value = Tamper> {
    let entry = 0..1_000usize;
    prop_oneof![
        (entry.clone(), 0..ENTRY, 1..=u8::MAX).prop_map(|(entry, byte, with)| Tamper::Change {
            entry,
            byte,
            with
        }),
        entry.clone().prop_map(|entry| Tamper::Drop { entry }),
        (entry.clone(), any::<[u8; ENTRY]>()).prop_map(|(entry, content)| Tamper::Insert { entry, content }),
        entry.clone().prop_map(|entry| Tamper::Duplicate { entry }),
        (entry.clone(), entry).prop_map(|(a, b)| Tamper::Swap { a, b }),
    ]
}

proptest! {
    // covers SEC-11
    #[test]
    fn whatever_is_done_to_entries_is_found_and_the_first_bad_one_is_named(
        frames in proptest::collection::vec(0..5u64, 1..8),
        tamper in tamper(),
        mend in any::<bool>(),
        signed in any::<bool>(),
    ) {
        let original = log(&frames, signed.then(key));
        let places = entries(&original);
        prop_assume!(!places.is_empty());
        let at = |entry: usize| entry % places.len();
        let mut bytes = original.clone();
        let first = match &tamper {
            Tamper::Change { entry, byte, with } => {
                bytes[places[at(*entry)] + byte] ^= with;
                at(*entry)
            }
            Tamper::Drop { entry } => {
                bytes.drain(places[at(*entry)]..places[at(*entry)] + ENTRY);
                at(*entry)
            }
            Tamper::Insert { entry, content } => {
                bytes.splice(places[at(*entry)]..places[at(*entry)], *content);
                at(*entry)
            }
            Tamper::Duplicate { entry } => {
                let place = places[at(*entry)];
                let copy = bytes[place..place + ENTRY].to_vec();
                bytes.splice(place..place, copy);
                at(*entry) + 1
            }
            Tamper::Swap { a, b } => {
                let (a, b) = (at(*a).min(at(*b)), at(*a).max(at(*b)));
                prop_assume!(a != b);
                let (one, two) = bytes.split_at_mut(places[b]);
                one[places[a]..places[a] + ENTRY].swap_with_slice(&mut two[..ENTRY]);
                a
            }
        };
        // Somebody careful corrects counts and lengths of the record too.
        if mend && bytes.len() != original.len() {
            let edited = places[first - usize::from(matches!(tamper, Tamper::Duplicate { .. }))];
            let &(at, _, len) = layout(&original)
                .iter()
                .rev()
                .find(|&&(at, kind, _)| kind == 2 && at < edited)
                .expect("the record of the entry");
            let len = (len + bytes.len() - original.len() - AROUND) as u32;
            bytes[at + 1..at + 5].copy_from_slice(&len.to_le_bytes());
            bytes[at + 21..at + 25].copy_from_slice(&((len - 20) / ENTRY as u32).to_le_bytes());
        }
        let report = check(&bytes);
        let problem = report.problem.clone().expect("it was changed");
        // A copy behind the last entry of a record, in the place of the link, leaves good entries and a wrong link:
        // any of them could be what was changed, so the first is named.
        let copy_for_link = matches!(tamper, Tamper::Duplicate { .. }) && !mend && problem.message.contains("link");
        let record = layout(&original).into_iter().find(|&(at, _, _)| at as u64 == problem.offset);
        if let (true, Some((at, _, len))) = (copy_for_link, record) {
            prop_assert_eq!(at + len - 32, places[first - 1] + ENTRY);
            prop_assert_eq!(places[problem.entry as usize], at + BEFORE_ENTRIES);
        } else {
            prop_assert_eq!(problem.entry as usize, first, "{:?} {:?}", tamper, problem);
        }
        prop_assert!(report.entries as usize <= first);
        prop_assert_eq!(problem.kind, ProblemKind::Changed);
    }

    // covers SEC-11
    #[test]
    fn any_changed_byte_is_found(
        frames in proptest::collection::vec(0..4u64, 1..6),
        at in any::<prop::sample::Index>(),
        with in 1..=u8::MAX,
        signed in any::<bool>(),
    ) {
        let mut bytes = log(&frames, signed.then(key));
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        let report = check(&bytes);
        prop_assert!(report.problem.is_some());
        prop_assert!(report.bytes as usize <= at);
        let before = entries(&log(&frames, None)).len() as u64;
        prop_assert!(report.entries <= before);
    }

    #[test]
    fn any_bytes_can_be_verified(mut bytes in proptest::collection::vec(any::<u8>(), 0..600), real in any::<bool>()) {
        if real {
            bytes.splice(..0, PREAMBLE);
        }
        prop_assert!(!check(&bytes).is_good());
    }
}

#[test]
fn an_auditor_delivers_with_every_frame_and_ends_the_log_when_it_is_dropped() {
    let (mut auditor, outbox) = Auditor::new(Chain::new(Some(key())));
    let mut bytes = Vec::new();
    let mut sizes = Vec::new();
    for frame in 0..1_300 {
        auditor.called(&call(frame, frame));
        auditor.frame_ended(frame);
        outbox.take(&mut bytes);
        sizes.push(bytes.len());
        let report = check(&bytes);
        assert_eq!((report.entries, report.is_good(), report.is_good_so_far()), (frame + 1, false, true));
        assert_eq!(report.signed_entries, (frame + 1) / 600 * 600);
    }
    assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]));
    drop(auditor);
    outbox.take(&mut bytes);
    let report = check(&bytes);
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.signed_entries, 1_300);
}
