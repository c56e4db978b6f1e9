//! Messages: any well-formed CBOR in, deterministic CBOR out, JSON there and back.

use cartwheel_hostabi::cbor::{
    CborProblem, Item, MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH, MAX_MESSAGE_ITEMS, canonical, decode, encode,
    from_json, to_json,
};
use ciborium::Value;
use proptest::prelude::*;

fn items() -> impl Strategy<Value = Item> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Item::Uint),
        (0..300u64).prop_map(Item::Uint),
        any::<u64>().prop_map(Item::Nint),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Item::Bytes),
        "[$a-z\\PC]{0,20}".prop_map(Item::Text),
        prop_oneof![0..24u8, 32..=255u8].prop_map(Item::Simple),
        any::<u64>().prop_map(Item::Float),
        any::<f32>().prop_map(|float| Item::Float(f64::from(float).to_bits())),
        any::<i16>().prop_map(|float| Item::Float(f64::from(float).to_bits())),
    ];
    leaf.prop_recursive(5, 60, 6, |item| {
        let entries = prop::collection::vec((item.clone(), item.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(item.clone(), 0..6).prop_map(Item::Array),
            entries.prop_map(Item::Map),
            (prop_oneof![0..5u64, any::<u64>()], item).prop_map(|(tag, item)| Item::Tag(tag, Box::new(item))),
        ]
    })
}

/// A way of writing an item that is well-formed and seldom deterministic: `choices` says how.
fn written(item: &Item, choices: &mut impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let choice = choices.next().unwrap_or(0);
    let head = |major: u8, argument: u64, out: &mut Vec<u8>| {
        let shortest = match argument {
            0..=23 => 0,
            24..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xffff_ffff => 3,
            _ => 4,
        };
        let len = shortest.max(choice % 5);
        out.push(major << 5 | if len == 0 { argument as u8 } else { 23 + len });
        let width = if len == 0 { 0 } else { 1 << (len - 1) };
        out.extend(&argument.to_be_bytes()[8 - width..]);
    };
    let open = choice.is_multiple_of(3);
    match item {
        Item::Uint(value) if choice.is_multiple_of(7) => {
            out.extend([0xc2, 0x4a, 0, 0]);
            out.extend(value.to_be_bytes());
        }
        Item::Uint(value) => head(0, *value, out),
        Item::Nint(value) => head(1, *value, out),
        Item::Bytes(bytes) if open => {
            out.push(0x5f);
            for chunk in bytes.chunks(1 + usize::from(choice) % 9) {
                head(2, chunk.len() as u64, out);
                out.extend(chunk);
            }
            out.push(0xff);
        }
        Item::Bytes(bytes) => {
            head(2, bytes.len() as u64, out);
            out.extend(bytes);
        }
        Item::Text(text) => {
            head(3, text.len() as u64, out);
            out.extend(text.as_bytes());
        }
        Item::Array(items) => {
            if open {
                out.push(0x9f);
            } else {
                head(4, items.len() as u64, out);
            }
            items.iter().for_each(|item| written(item, choices, out));
            out.extend(open.then_some(0xff));
        }
        Item::Map(entries) => {
            if open {
                out.push(0xbf);
            } else {
                head(5, entries.len() as u64, out);
            }
            let mut entries: Vec<_> = entries.iter().collect();
            if choice.is_multiple_of(2) {
                entries.reverse();
            }
            for (key, value) in entries {
                written(key, choices, out);
                written(value, choices, out);
            }
            out.extend(open.then_some(0xff));
        }
        Item::Tag(tag, item) => {
            head(6, *tag, out);
            written(item, choices, out);
        }
        Item::Simple(value @ 0..=23) => out.push(0xe0 | value),
        Item::Simple(value) => out.extend([0xf8, *value]),
        Item::Float(bits) => {
            out.push(0xfb);
            out.extend(bits.to_be_bytes());
        }
    }
}

proptest! {
    // covers PORT-11
    #[test]
    fn every_item_has_one_encoding_and_survives_json(item in items(), choices in prop::collection::vec(any::<u8>(), 60)) {
        let encoded = encode(&item);
        // Keys that a strategy made twice are no map.
        prop_assume!(decode(&encoded).is_ok());
        let normal = decode(&encoded).expect("what was encoded");
        prop_assert_eq!(&encode(&normal), &encoded);
        prop_assert!(matches!(canonical(&encoded), Ok(std::borrow::Cow::Borrowed(_))));
        let mut other = Vec::new();
        written(&normal, &mut choices.into_iter(), &mut other);
        prop_assert_eq!(decode(&other), Ok(normal.clone()));
        prop_assert_eq!(&*canonical(&other).expect("well-formed"), encoded.as_slice());
        let json = to_json(&normal);
        prop_assert_eq!(from_json(&json).map_err(|error| error.to_string()), Ok(normal), "{}", json);
    }

    /// The look without allocation and the long way agree on any bytes, and another library reads what is written.
    #[test]
    fn the_short_way_and_the_long_way_agree(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x40..0x44u8, 0x80..0x84u8, 0xa0..0xa4u8], 0..24)) {
        let long = decode(&bytes).map(|item| encode(&item));
        let deterministic = matches!(canonical(&bytes), Ok(std::borrow::Cow::Borrowed(_)));
        prop_assert_eq!(deterministic, long.as_ref() == Ok(&bytes));
        if let Ok(long) = long {
            prop_assert_eq!(&*canonical(&bytes).expect("it was decoded"), long.as_slice());
        }
    }

    #[test]
    fn another_library_reads_the_same(item in items()) {
        prop_assume!(decode(&encode(&item)).is_ok());
        let item = decode(&encode(&item)).expect("it was decoded before");
        if let Some(expected) = foreign(&item) {
            let read: Value = ciborium::from_reader(encode(&item).as_slice()).expect("well-formed CBOR");
            prop_assert_eq!(read, expected);
        }
    }
}

/// The other library's form of an item, if it has one: it knows no simple values but those with names, and keeps no NaN.
fn foreign(item: &Item) -> Option<Value> {
    Some(match item {
        Item::Uint(value) => Value::Integer((*value).into()),
        Item::Nint(value) => Value::Integer((-1 - i128::from(*value)).try_into().ok()?),
        Item::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Item::Text(text) => Value::Text(text.clone()),
        Item::Array(items) => Value::Array(items.iter().map(foreign).collect::<Option<_>>()?),
        Item::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| Some((foreign(key)?, foreign(value)?)))
                .collect::<Option<_>>()?,
        ),
        // Big numbers are integers to it where they fit into 128 bits.
        Item::Tag(2 | 3, _) => return None,
        Item::Tag(tag, item) => Value::Tag(*tag, Box::new(foreign(item)?)),
        Item::Simple(20) => Value::Bool(false),
        Item::Simple(21) => Value::Bool(true),
        Item::Simple(22) => Value::Null,
        Item::Simple(_) => return None,
        Item::Float(bits) if f64::from_bits(*bits).is_nan() => return None,
        Item::Float(bits) => Value::Float(f64::from_bits(*bits)),
    })
}

#[test]
fn values_and_their_json() {
    let cases: &[(&str, &str)] = &[
        ("00", "0"),
        ("1bffffffffffffffff", "{\"$int\":\"18446744073709551615\"}"),
        ("3bffffffffffffffff", "{\"$int\":\"-18446744073709551616\"}"),
        ("1b0020000000000000", "{\"$int\":\"9007199254740992\"}"),
        ("3b001ffffffffffffe", "-9007199254740991"),
        ("f93c00", "1.0"),
        ("f98000", "-0.0"),
        ("fb3fb999999999999a", "0.1"),
        ("fa7f7fffff", "3.4028234663852886e38"),
        ("f97e00", "{\"$float\":\"7ff8000000000000\"}"),
        ("fb7ff8000000000001", "{\"$float\":\"7ff8000000000001\"}"),
        ("f9fc00", "{\"$float\":\"fff0000000000000\"}"),
        ("f7", "{\"$simple\":23}"),
        ("f8ff", "{\"$simple\":255}"),
        ("c249010000000000000000", "{\"$tag\":[2,{\"$bytes\":\"010000000000000000\"}]}"),
        ("a201020304", "{\"$map\":[[1,2],[3,4]]}"),
        ("a162246101", "{\"$map\":[[\"$a\",1]]}"),
        ("a2616101626262f5", "{\"a\":1,\"bb\":true}"),
    ];
    for (hex, json) in cases {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")).collect();
        let item = decode(&bytes).unwrap_or_else(|error| panic!("{hex}: {error}"));
        assert_eq!(encode(&item), bytes, "{hex}");
        assert_eq!(to_json(&item), *json, "{hex}");
        assert_eq!(from_json(json).as_ref(), Ok(&item), "{hex}");
    }
}

#[test]
fn bytes_that_are_no_message() {
    let deep = |depth: usize| [vec![0x81; depth], vec![0]].concat();
    let long = |len: usize| [vec![0x5a], (len as u32).to_be_bytes().to_vec(), vec![7; len]].concat();
    let wide =
        |items: usize| [vec![0x9a], (items as u32 - 1).to_be_bytes().to_vec(), vec![0; items - 1]].concat();
    assert!(decode(&deep(MAX_MESSAGE_DEPTH)).is_ok());
    assert!(decode(&long(MAX_MESSAGE_BYTES - 5)).is_ok());
    assert!(decode(&wide(MAX_MESSAGE_ITEMS)).is_ok());
    let cases: &[(Vec<u8>, CborProblem)] = &[
        (vec![], CborProblem::Truncated),
        (vec![0x18], CborProblem::Truncated),
        (vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], CborProblem::Truncated),
        (vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], CborProblem::Truncated),
        (vec![0xbf, 1], CborProblem::Truncated),
        (vec![0, 0], CborProblem::Trailing),
        (vec![0x1c], CborProblem::Reserved),
        (vec![0xff], CborProblem::Indefinite),
        (vec![0x1f], CborProblem::Indefinite),
        (vec![0x5f, 0x61, b'a', 0xff], CborProblem::Indefinite),
        (vec![0x5f, 0x5f, 0xff, 0xff], CborProblem::Indefinite),
        (vec![0xbf, 1, 0xff], CborProblem::Indefinite),
        (vec![0xf8, 31], CborProblem::Simple),
        (vec![0x61, 0xff], CborProblem::Utf8),
        (vec![0x7f, 0x61, 0xc3, 0x61, 0xa9, 0xff], CborProblem::Utf8),
        (vec![0xa2, 1, 2, 1, 3], CborProblem::RepeatedKey),
        (vec![0xa2, 1, 2, 0x18, 1, 3], CborProblem::RepeatedKey),
        (deep(MAX_MESSAGE_DEPTH + 1), CborProblem::TooDeep),
        (vec![0xc1; MAX_MESSAGE_BYTES], CborProblem::TooDeep),
        (wide(MAX_MESSAGE_ITEMS + 1), CborProblem::TooManyItems),
        (long(MAX_MESSAGE_BYTES), CborProblem::TooLong),
    ];
    for (bytes, problem) in cases {
        let found = canonical(bytes).map(|bytes| bytes.into_owned()).map_err(|error| error.problem);
        assert_eq!(found, Err(*problem), "{:02x?}", &bytes[..bytes.len().min(16)]);
    }
    for json in [
        "",
        "{",
        "{\"$bytes\":\"0\"}",
        "{\"$int\":\"x\"}",
        "{\"$int\":\"18446744073709551616\"}",
        "{\"a\":1,\"a\":2}",
        "{\"$a\":1}",
        "{\"$a\":1,\"b\":2}",
        "1e999",
    ] {
        assert!(from_json(json).is_err(), "{json}");
    }
}
