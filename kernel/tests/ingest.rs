//! Signatures, key rings, what both make of a cartridge, and the store.

use std::io::ErrorKind;

use cartwheel_kernel::host::os::Folder;
use cartwheel_kernel::host::simulated::SimulatedDisk;
use cartwheel_kernel::host::{Disk, FolderSource, Source, Sources, Store};
use cartwheel_kernel::ingest::{
    BadSignature, Date, KeyRing, Known, MAX_SIGNATURE_BYTES, Refused, Release, Signature, SigningKey,
    Vouched, validate,
};
use cartwheel_kernel::policy::TrustLevel;
use proptest::prelude::*;

const CONTENT: [u8; 32] = [7; 32];

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn public(number: u8) -> String {
    hex(key(number).verifying_key().as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn release(version: u32) -> Release {
    Release { content: CONTENT, name: "studio/pong".to_owned(), version, expires: None }
}

fn signed(release: Release, number: u8) -> Vec<u8> {
    Signature::sign(release, &key(number)).expect("a release that can be signed").to_bytes()
}

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(text).unwrap_or_else(|errors| panic!("{}", errors[0].render("error", "ring")))
}

/// A ring with key 1, and what is said about it.
fn ring_of(about: &str) -> KeyRing {
    ring(&format!("[[key]]\nname = \"studio\"\npublic = \"{}\"\n{about}", public(1)))
}

fn decide(ring: &KeyRing, signature: &[u8]) -> Result<Vouched, Refused> {
    validate(&CONTENT, Some(signature), Some(ring), [])
}

// covers SEC-7
#[test]
fn a_signature_gives_the_level_of_its_key_and_an_origin_that_versions_share() {
    let origin = |vouched: &Vouched| vouched.origin.clone();
    let first = decide(&ring_of(""), &signed(release(3), 1)).expect("good");
    assert_eq!((first.level, origin(&first).as_str()), (TrustLevel::Signed, "release:studio/pong"));
    assert_eq!(first.release, Some(Known { name: "studio/pong".to_owned(), version: 3, content: CONTENT }));
    assert_eq!(first.key.as_deref(), Some("studio"));
    for (name, level) in [("root", TrustLevel::Root), ("unverified", TrustLevel::Unverified)] {
        let ring = ring_of(&format!("level = \"{name}\""));
        assert_eq!(decide(&ring, &signed(release(4), 1)).expect("good").level, level);
    }
    // Nobody vouches: without a ring, and for what is not signed where that is let in.
    let nobody = validate(&CONTENT, Some(&signed(release(3), 1)), None, []).expect("let in");
    assert_eq!((nobody.level, nobody.release.clone()), (TrustLevel::Unverified, None));
    assert_eq!(nobody.origin, format!("cart:{}", "07".repeat(16)));
    let lenient = ring("unsigned = \"unverified\"");
    assert_eq!(validate(&CONTENT, None, Some(&lenient), []), Ok(nobody));
    assert_eq!(validate(&CONTENT, None, Some(&ring_of("")), []), Err(Refused::Unsigned));
}

// covers ABI-7
#[test]
fn every_flipped_bit_of_a_signature_is_refused() {
    let ring = ring_of("");
    let good = signed(Release { expires: Date::parse("2030-01-31"), ..release(3) }, 1);
    let ring = ring.as_of(Date::parse("2026-11-21").expect("a day"));
    decide(&ring, &good).expect("good");
    for byte in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[byte] ^= 1 << bit;
            let refused = decide(&ring, &bad).expect_err("changed");
            assert!(!refused.to_string().is_empty());
        }
    }
    for len in 0..good.len() {
        let cut = decide(&ring, &good[..len]).expect_err("cut");
        assert!(matches!(cut, Refused::Signature(_)), "{len}: {cut}");
    }
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(decide(&ring, &longer), Err(Refused::Signature(BadSignature::TrailingBytes(1))));
    let twice = [good.as_slice(), &good].concat();
    assert_eq!(decide(&ring, &twice), Err(Refused::Signature(BadSignature::TrailingBytes(good.len()))));
}

// covers ABI-7
#[test]
fn each_reason_to_refuse_a_signature_is_told() {
    let day = |text| Date::parse(text).expect("a day");
    let good = signed(release(3), 1);
    let cases = [
        (ring_of(""), signed(Release { content: [8; 32], ..release(3) }, 1), "another cartridge"),
        (ring_of(""), signed(release(3), 2), "not in the key ring"),
        (ring_of("revoked = \"lost\""), good.clone(), "revoked: lost"),
        (
            ring_of("valid_until = 2026-11-20").as_of(day("2026-11-21")),
            good.clone(),
            "counted until 2026-11-20",
        ),
        (ring_of("valid_until = 2026-11-20"), good.clone(), "nobody says what day it is"),
        (
            ring_of("releases = [\"studio/chess\", \"demo/*\"]"),
            good.clone(),
            "may not sign releases of `studio/pong`",
        ),
        (
            ring_of("[[release]]\nname = \"studio/pong\"\nleast = 4"),
            good.clone(),
            "version 3 is older than version 4",
        ),
        (
            ring_of("").as_of(day("2027-01-01")),
            signed(Release { expires: Date::parse("2026-12-31"), ..release(3) }, 1),
            "good until 2026-12-31; it is 2027-01-01",
        ),
    ];
    for (ring, signature, reason) in cases {
        let refused = decide(&ring, &signature).expect_err(reason).to_string();
        assert!(refused.contains(reason), "{refused}");
    }
    // Up to the last day it is good, and with the day that the ring's text states.
    decide(&ring_of("valid_until = 2026-11-21").as_of(day("2026-11-21")), &good).expect("the last day");
    let dated = format!("as_of = \"2026-12-31\"\n[[key]]\nname = \"a\"\npublic = \"{}\"", public(1));
    let until = signed(Release { expires: Date::parse("2026-12-31"), ..release(3) }, 1);
    decide(&ring(&dated), &until).expect("the last day");
    // A signature that names a key, made by another.
    let mut forged = signed(release(3), 2);
    forged[40..56].copy_from_slice(&good[40..56]);
    assert_eq!(decide(&ring_of(""), &forged), Err(Refused::Forged("studio".to_owned())));
}

// covers ABI-7
#[test]
fn an_older_version_than_a_known_one_is_refused_and_so_is_a_second_content_of_it() {
    let known = [Known { name: "studio/pong".to_owned(), version: 3, content: CONTENT }];
    let other = [Known { name: "studio/chess".to_owned(), version: 9, content: [1; 32] }];
    let decide = |version, known: &[Known]| {
        validate(&CONTENT, Some(&signed(release(version), 1)), Some(&ring_of("")), known)
    };
    assert!(matches!(decide(2, &known), Err(Refused::Downgrade(_, 3))));
    decide(3, &known).expect("the same again");
    decide(4, &known).expect("a later one");
    decide(1, &other).expect("other releases have their own versions");
    let twin = [Known { content: [9; 32], ..known[0].clone() }];
    assert!(matches!(decide(3, &twin), Err(Refused::SecondContent(_))));
}

#[test]
fn releases_that_cannot_be_named_are_not_signed() {
    let names = ["", "/", "a/", "/a", "a//b", "a/../b", ".", "Pong", "päng", "a b", &"x".repeat(65)];
    for name in names {
        let release = Release { name: name.to_owned(), ..release(1) };
        assert_eq!(Signature::sign(release, &key(1)), None, "{name}");
    }
    assert_eq!(Signature::sign(release(0), &key(1)), None);
    let longest = signed(Release { name: "x".repeat(64), ..release(1) }, 1);
    assert_eq!(longest.len(), MAX_SIGNATURE_BYTES);
}

#[test]
fn a_ring_says_where_it_is_wrong() {
    let one = public(1);
    let two = public(2);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "1:1 no keys"),
        ("[key]".to_owned(), "1:1 with two brackets"),
        ("key = [1]".to_owned(), "1:8 under `[[key]]`"),
        ("[[key]]\nname = \"a\"".to_owned(), "1:1 `public` is missing"),
        (format!("[[key]]\npublic = \"{one}\""), "1:1 `name` is missing"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{one}\"\n[[key]]\nname = \"b\"\npublic = \"{one}\""), "4:1 in the ring already, as `a`"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{one}\"\n[[key]]\nname = \"a\"\npublic = \"{two}\""), "4:1 two keys with the name"),
        (format!("[[key]]\nname = \"a\"\nname = \"b\"\npublic = \"{one}\""), "3:1 duplicate key"),
        ("[[key]]\nname = \"a\"\npublic = \"12\"".to_owned(), "3:10 64 hexadecimal digits"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{}\"", "02".repeat(32)), "3:10 no Ed25519 public key"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{}\"", "00".repeat(32)), "3:10 no Ed25519 public key"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{one}\"\nlevel = \"compromised\""), "4:9 `level` is"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{one}\"\nvalid_until = \"tomorrow\""), "4:15 is a day"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{one}\"\nreleases = [\"a*b\"]"), "4:13 at the end of a name"),
        (format!("[[key]]\nname = \"a\"\npublic = \"{one}\"\nrevoked = true"), "4:11 `revoked` is a text"),
        ("unsigned = \"maybe\"".to_owned(), "1:12 \"refuse\" or \"unverified\""),
        ("unsigned = \"refuse\"\nfoo = 1".to_owned(), "2:1 no key `foo`"),
        ("unsigned = \"refuse\"\n[[release]]\nname = \"A\"\nleast = 0".to_owned(), "3:8 a release has a name"),
        ("unsigned = \"refuse\"\n[[release]]\nname = \"a\"\nleast = 0".to_owned(), "4:9 from 1 to"),
        ("unsigned = \"refuse\"\n[[release]]\nname = \"a\"\nleast = 1\n[[release]]\nname = \"a\"\nleast = 2".to_owned(), "5:1 two entries"),
        ("x".repeat(70_000), "1:1 65536 are allowed"),
        ("unsigned = ".to_owned(), "1:"),
    ];
    for (text, expected) in cases {
        let errors = KeyRing::parse(&text).expect_err(expected);
        let (place, reason) = expected.split_once(' ').unwrap_or((expected, ""));
        let found = format!("{}:{}", errors[0].line, errors[0].column);
        assert!(
            found.starts_with(place) && errors[0].message.contains(reason),
            "{expected}: {found} {}",
            errors[0].message
        );
    }
}

#[test]
fn a_ring_reads_what_stands_in_the_file_of_a_public_key() {
    let text = format!("[[key]]\nname = \"a\"\npublic = \"cartwheel-public-key {}\"", public(1));
    decide(&ring(&text), &signed(release(1), 1)).expect("good");
}

fn known(version: u32, content: u8) -> Known {
    Known { name: "studio/pong".to_owned(), version, content: [content; 32] }
}

#[test]
fn a_store_keeps_cartridges_by_hash_and_the_latest_version_by_name() {
    let disk = SimulatedDisk::new();
    let mut store = Store::open(Box::new(disk.clone())).expect("a new store");
    assert!(store.put(&[1; 32], b"one").expect("written"));
    assert!(!store.put(&[1; 32], b"one").expect("there"));
    store.set_latest(&known(1, 1)).expect("written");
    store.put(&[2; 32], b"second").expect("written");
    store.set_latest(&known(2, 2)).expect("written");
    assert_eq!(store.latest("studio/pong").expect("read"), Some(known(2, 2)));
    assert_eq!(store.latest("studio/chess").expect("read"), None);
    assert_eq!(store.releases().expect("read"), [known(2, 2)]);
    assert_eq!(store.fetch("studio/pong", 100).expect("there"), b"second");
    assert_eq!(store.fetch(&"01".repeat(32), 100).expect("there"), b"one");
    assert_eq!(store.fetch("studio/pong", 5).expect_err("too long").kind(), ErrorKind::FileTooLarge);
    assert_eq!(store.fetch(&"09".repeat(32), 100).expect_err("not there").kind(), ErrorKind::NotFound);
    assert_eq!(store.fetch("../carts", 100).expect_err("no name").kind(), ErrorKind::InvalidInput);
    disk.put("releases/studio!pong", b"2 xyz\n");
    assert_eq!(store.latest("studio/pong").expect_err("damaged").kind(), ErrorKind::InvalidData);
}

/// Lets every single operation fail once, and cuts the power there too: what is in the store is whole at any time.
#[test]
fn a_store_never_has_half_a_cartridge_or_a_release_without_one() {
    for crash in [None, Some(false), Some(true)] {
        for failing in 0.. {
            let disk = SimulatedDisk::new();
            let mut store = Store::open(Box::new(disk.clone())).expect("a new store");
            store.put(&[1; 32], b"the first").expect("written");
            store.set_latest(&known(1, 1)).expect("written");
            disk.fail(failing, if crash.is_some() { u64::MAX } else { 1 }, ErrorKind::StorageFull);
            let done = store.put(&[2; 32], b"the second one").and_then(|_| store.set_latest(&known(2, 2)));
            disk.repair();
            if let Some(names_survive) = crash {
                disk.crash(names_survive);
            }
            let mut store = Store::open(Box::new(disk.clone())).expect("what is there is a store");
            assert!(disk.places().iter().all(|place| !place.ends_with(".new")), "{:?}", disk.places());
            match store.latest("studio/pong").expect("whole").expect("one of both") {
                latest if latest == known(1, 1) => {
                    assert_eq!(store.get(&[1; 32], 100).expect("there"), b"the first");
                    assert!(done.is_err());
                }
                latest => {
                    assert_eq!(latest, known(2, 2));
                    assert_eq!(store.get(&[2; 32], 100).expect("there"), b"the second one");
                }
            }
            for place in disk.places().iter().filter(|place| place.ends_with(".cart")) {
                let whole: [&[u8]; 2] = [b"the first", b"the second one"];
                assert!(whole.contains(&disk.get(place).expect("a file").as_slice()), "{place}");
            }
            if done.is_ok() && failing > 5 {
                break;
            }
        }
    }
}

// covers LAY-2
#[test]
fn sources_are_folders_memory_and_stores_and_nothing_leads_out_of_them() {
    let simulated = SimulatedDisk::new();
    simulated.put("deep/a.cart", b"from a folder");
    sources_on(Box::new(simulated), Box::new(SimulatedDisk::new()));
    let real = tempfile::tempdir().expect("a folder for the test");
    std::fs::create_dir(real.path().join("deep")).expect("a folder");
    std::fs::write(real.path().join("deep/a.cart"), b"from a folder").expect("a file");
    let open = |name: &str| Box::new(Folder::open(&real.path().join(name)).expect("a folder"));
    sources_on(open(""), open("store"));
}

fn sources_on(disk: Box<dyn Disk>, of_store: Box<dyn Disk>) {
    let mut store = Store::open(of_store).expect("a new store");
    store.put(&[3; 32], b"from a store").expect("written");
    let memory = std::collections::BTreeMap::from([("a".to_owned(), b"from memory".to_vec())]);
    let mut sources = Sources::new();
    assert!(sources.mount("folder", Box::new(FolderSource::new(disk))));
    assert!(sources.mount("memory", Box::new(memory.clone())));
    assert!(sources.mount("store", Box::new(store)));
    for name in ["store", "fs", "asset", "", "A", "a:b", &"x".repeat(33)] {
        assert!(!sources.mount(name, Box::new(memory.clone())), "{name}");
    }
    assert_eq!(sources.fetch("folder:deep/a.cart").expect("there"), b"from a folder");
    assert_eq!(sources.fetch("memory:a").expect("there"), b"from memory");
    assert_eq!(sources.fetch(&format!("store:{}", "03".repeat(32))).expect("there"), b"from a store");
    for address in [
        "folder:../a",
        "folder:/a",
        "folder:deep/../deep/a.cart",
        "folder:",
        "folder:deep//a.cart",
        "folder:c:\\a",
    ] {
        assert_eq!(sources.fetch(address).expect_err(address).kind(), ErrorKind::InvalidInput, "{address}");
    }
    for address in ["nowhere:a", "a", "", ":", "memory:b", "folder:b"] {
        assert_eq!(sources.fetch(address).expect_err(address).kind(), ErrorKind::NotFound, "{address}");
    }
    let mut long = std::collections::BTreeMap::from([("a".to_owned(), vec![0; 11])]);
    assert_eq!(long.fetch("a", 10).expect_err("too long").kind(), ErrorKind::FileTooLarge);
}

proptest! {
    #[test]
    fn any_bytes_are_a_signature_that_is_written_the_same_or_none(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200), like in any::<bool>(), name in 0u8..80
    ) {
        if like && bytes.len() > 8 {
            bytes[..8].copy_from_slice(&[b'C', b'W', b'S', b'G', 1, 0, name, 0]);
        }
        if let Ok(signature) = Signature::from_bytes(&bytes) {
            prop_assert_eq!(signature.to_bytes(), bytes);
        }
    }

    #[test]
    fn signatures_are_read_as_they_were_written(
        content in any::<[u8; 32]>(), name in "[a-z0-9_-]{1,20}(/[a-z0-9._-]{0,20}[a-z]){0,2}", version in 1u32.., day in proptest::option::of(1u32..29), number in any::<u8>()
    ) {
        let expires = day.map(|day| Date::from_number(20_260_200 + day).expect("a day"));
        let release = Release { content, name, version, expires };
        let signature = Signature::sign(release.clone(), &key(number)).expect("a good name");
        let again = Signature::from_bytes(&signature.to_bytes()).expect("just written");
        prop_assert_eq!(&again, &signature);
        prop_assert_eq!(again.release, release);
        prop_assert!(signature.is_by(&key(number).verifying_key()));
        prop_assert!(!signature.is_by(&key(number.wrapping_add(1)).verifying_key()));
    }

    #[test]
    fn any_text_is_a_ring_or_has_an_error_with_a_place(text in "\\PC{0,200}") {
        if let Err(errors) = KeyRing::parse(&text) {
            prop_assert!(!errors.is_empty());
        }
    }
}
