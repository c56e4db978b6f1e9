//! Items to bytes.

use super::{Item, float};

pub(super) fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend([major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

pub(super) fn encode(item: &Item, out: &mut Vec<u8>) {
    match item {
        Item::Uint(value) => head(0, *value, out),
        Item::Nint(value) => head(1, *value, out),
        Item::Bytes(bytes) => {
            head(2, bytes.len() as u64, out);
            out.extend(bytes);
        }
        Item::Text(text) => {
            head(3, text.len() as u64, out);
            out.extend(text.as_bytes());
        }
        Item::Array(items) => {
            head(4, items.len() as u64, out);
            items.iter().for_each(|item| encode(item, out));
        }
        Item::Map(entries) => {
            head(5, entries.len() as u64, out);
            let mut written: Vec<(Vec<u8>, &Item)> =
                entries.iter().map(|(key, value)| (bytes(key), value)).collect();
            written.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, value) in written {
                out.extend(key);
                encode(value, out);
            }
        }
        Item::Tag(tag, item) => match plain(*tag, item) {
            Some(plain) => encode(&plain, out),
            None => {
                head(6, *tag, out);
                encode(item, out);
            }
        },
        Item::Simple(value @ 0..=23) => out.push(0xe0 | value),
        Item::Simple(value) => out.extend([0xf8, *value]),
        Item::Float(bits) => {
            if let Some(half) = float::to_half(*bits) {
                out.push(0xf9);
                out.extend(half.to_be_bytes());
            } else if let Some(single) = float::to_single(*bits) {
                out.push(0xfa);
                out.extend(single.to_be_bytes());
            } else {
                out.push(0xfb);
                out.extend(bits.to_be_bytes());
            }
        }
    }
}

fn bytes(item: &Item) -> Vec<u8> {
    let mut out = Vec::new();
    encode(item, &mut out);
    out
}

/// Puts the entries of a map in order.
pub(super) fn sort(entries: &mut [(Item, Item)]) {
    entries.sort_by_cached_key(|(key, _)| bytes(key));
}

/// The simpler form of a big number: without zeros in front, and as an integer where it fits. `None` if it has none.
pub(super) fn plain(tag: u64, item: &Item) -> Option<Item> {
    let (2 | 3, Item::Bytes(bytes)) = (tag, item) else { return None };
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    let digits = &bytes[zeros..];
    if digits.len() > 8 {
        let shorter = || Item::Tag(tag, Box::new(Item::Bytes(digits.to_vec())));
        return (zeros > 0).then(shorter);
    }
    let value = digits.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
    Some(if tag == 2 { Item::Uint(value) } else { Item::Nint(value) })
}
