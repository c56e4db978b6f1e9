//! Pictures as text: calls, and the exact pixels and cycles that come of them.
//!
//! A file of `tests/pictures/` has cases, each
//!
//! ```text
//! # title
//! size 16 8
//! art ship .2. 222           pixels for a sprite, row by row; `@ship` passes address and length
//! image hull .2. 222         an image asset
//! gfx.sprite @ship 3 2 1 1 0 0
//! gfx.pixel_get 0 0 -> 0 0   results stand behind the arrow
//! ---
//! ................           palette indices: `.` for 0, then 1-9 and a-z, `?` for others
//! cycles 55
//! ```
//!
//! `"text"` passes address and length of a text, in which `\n` is a new line and `\xHH` a byte.
//! `BLESS=1 cargo test` writes down what comes out.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use cartwheel_kernel::Asset;
use common::{Rig, image};

const INDICES: &str = ".123456789abcdefghijklmnopqrstuvwxyz";

/// Arguments in memory: the spans of named art and of texts so far.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    names: BTreeMap<String, (usize, usize)>,
}

impl Memory {
    fn add(&mut self, bytes: &[u8]) -> (usize, usize) {
        self.bytes.extend(bytes);
        (self.bytes.len() - bytes.len(), bytes.len())
    }
}

fn art(rows: &[&str]) -> (u16, u16, Vec<u8>) {
    let index = |c: char| INDICES.find(c).unwrap_or_else(|| panic!("{c:?} is no palette index")) as u8;
    let pixels = rows.iter().flat_map(|row| row.chars().map(index)).collect();
    (rows.first().map_or(0, |row| row.len()) as u16, rows.len() as u16, pixels)
}

/// Splits at spaces outside of quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        quoted ^= c == '"';
        match words.last_mut() {
            Some(word) if c != ' ' || quoted => word.push(c),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn unquote(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => out.push(b'\n'),
                Some(b'x') => {
                    let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                    out.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"));
                }
                other => panic!("unknown escape {other:?}"),
            },
            byte => out.push(byte),
        }
    }
    out
}

fn arguments(words: &[String], memory: &mut Memory) -> Vec<i32> {
    let mut args = Vec::new();
    for word in words {
        let span = if let Some(name) = word.strip_prefix('@') {
            *memory.names.get(name).unwrap_or_else(|| panic!("no art is called {name}"))
        } else if let Some(text) = word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
            memory.add(&unquote(text))
        } else {
            args.push(word.parse().unwrap_or_else(|_| panic!("{word} is no i32")));
            continue;
        };
        args.extend([span.0 as i32, span.1 as i32]);
    }
    args
}

/// Runs a case and writes it as it should be.
fn run(case: &str) -> String {
    let mut lines = case.lines();
    let mut out = format!("{}\n", lines.next().expect("a title"));
    let mut size = (16, 8);
    let mut memory = Memory::default();
    let mut assets: Vec<Asset> = Vec::new();
    let mut calls = Vec::new();
    for line in lines.take_while(|line| *line != "---") {
        let words = words(line.split(" -> ").next().unwrap_or_default());
        let rest: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        match words.first().map(String::as_str) {
            Some("size") => size = (rest[0].parse().expect("width"), rest[1].parse().expect("height")),
            Some("art") => {
                let span = memory.add(&art(&rest[1..]).2);
                memory.names.insert(rest[0].to_owned(), span);
            }
            Some("image") => {
                let (width, height, pixels) = art(&rest[1..]);
                assets.push(image(rest[0], width, height, &pixels));
            }
            Some(id) => {
                calls.push((line, id.to_owned(), arguments(&words[1..], &mut memory)));
                continue;
            }
            None => continue,
        }
        writeln!(out, "{line}").expect("writing to a string");
    }
    let mut rig = Rig::with_assets(size.0, size.1, memory.bytes, assets);
    for (line, id, args) in calls {
        let results: Vec<String> = rig.call(&id, &args).iter().map(i32::to_string).collect();
        let call = line.split(" -> ").next().unwrap_or_default();
        let arrow = if results.is_empty() { "" } else { " -> " };
        writeln!(out, "{call}{arrow}{}", results.join(" ")).expect("writing to a string");
    }
    out.push_str("---\n");
    for row in rig.pixels().chunks(size.0.into()) {
        out.extend(row.iter().map(|&index| INDICES.chars().nth(index.into()).unwrap_or('?')));
        out.push('\n');
    }
    writeln!(out, "cycles {}", rig.guest.cycles).expect("writing to a string");
    out
}

#[allow(clippy::disallowed_methods)] // BLESS is for people who run tests
fn check(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(file);
    let found = std::fs::read_to_string(&path).expect("the file of cases");
    let cases = found.split("\n\n").map(str::trim_end).filter(|case| !case.is_empty());
    let expected: Vec<String> = cases.map(run).collect();
    let expected = expected.join("\n");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).expect("writing the cases");
        return;
    }
    for (i, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(
            found,
            expected,
            "{file}, line {}: run BLESS=1 cargo test and look at the difference",
            i + 1
        );
    }
    assert!(found == expected, "{file} has lines too few or too many");
}

#[test]
fn shapes() {
    check("shapes.txt");
}

#[test]
fn clip_and_camera() {
    check("clip.txt");
}

#[test]
fn sprites() {
    check("sprites.txt");
}

#[test]
fn text() {
    check("text.txt");
}
