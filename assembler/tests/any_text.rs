//! Any text is assembled or refused: no panic, no hang.

mod common;

use std::time::{Duration, Instant};

use cartwheel_assembler::{Diagnostics, LoadedFile, Loader, NoFiles, assemble, disassemble};
use common::Gen;
use proptest::prelude::*;

/// A loader that has every file, all with the same content.
struct Same(Vec<u8>);

impl Loader for Same {
    fn load(&self, _: &str, path: &str) -> Result<LoadedFile, String> {
        Ok(LoadedFile { name: path.to_owned(), bytes: self.0.clone() })
    }
}

fn try_text(text: &[u8]) {
    if let Err(diagnostics) = assemble("any.asm", text, &Same(text.to_vec())) {
        check(&diagnostics);
    }
}

fn check(diagnostics: &Diagnostics) {
    assert!(!diagnostics.list.is_empty());
    assert!(diagnostics.list.iter().all(|d| d.line >= 1 && d.column >= 1 && !d.message.is_empty()));
    assert!(diagnostics.render().contains("error"));
}

const WORDS: &[&str] = &[
    ".func",
    ".end",
    ".data",
    ".const",
    ".macro",
    ".endmacro",
    ".repeat",
    ".endrepeat",
    ".if",
    ".elif",
    ".else",
    ".endif",
    ".include",
    ".local",
    ".registers",
    ".loc",
    ".entry",
    ".import",
    ".export",
    ".table",
    ".elem",
    ".global",
    ".shape",
    ".type",
    ".segment",
    ".sprite",
    ".org",
    ".align",
    ".memory",
    ".video",
    ".cycles",
    ".asset",
    ".section",
    ".signature",
    ".debug",
    "explicit",
    ".debug_line",
    ".capability",
    "i32.add",
    "loop",
    "br",
    "br_table",
    "call",
    "call_indirect",
    "syscall",
    "return",
    "record.get",
    "i32.load",
    "gfx.rect",
    "f64.const",
    "r0",
    "h0",
    "x",
    "y",
    "m",
    "_",
    "null",
    "i32",
    "handle",
    "func",
    "$x",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<<",
    ">>",
    "->",
    "@",
    "~",
    "!",
    "0",
    "1",
    "-1",
    "4294967295",
    "18446744073709551615",
    "1.5",
    "nan",
    "inf",
    "'a'",
    "\"text\"",
    "`q`",
    "hex",
    "file",
    "sizeof",
    "funcref",
    "cell",
    "main",
    "update",
    "passive",
    "at",
    "declared",
    "const",
    "\n",
    "\n",
    "\n",
    "\n",
    ";",
    "\"",
    "'",
    "`",
    "\\",
    "\t",
];

proptest! {
    #[test]
    fn bytes(text: Vec<u8>) {
        try_text(&text);
    }

    #[test]
    fn characters(text in "\\PC*") {
        try_text(text.as_bytes());
    }

    #[test]
    fn words(words in prop::collection::vec(prop::sample::select(WORDS), 0..120)) {
        try_text(words.join(" ").as_bytes());
    }

    /// Programs that are nearly right get furthest.
    #[test]
    fn damaged_programs(seed: u64, cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..9, prop::sample::select(WORDS)), 1..5)) {
        let mut text: Vec<char> = disassemble(&common::cartridge(&mut Gen::new(seed, 4))).chars().collect();
        for (at, len, word) in cuts {
            let from = at.index(text.len().max(1)).min(text.len());
            let to = (from + len).min(text.len());
            text.splice(from..to, word.chars());
        }
        try_text(text.into_iter().collect::<String>().as_bytes());
    }
}

/// Texts that ask for more than there is.
#[test]
#[allow(clippy::disallowed_methods)] // It measures time.
fn greedy_programs_are_refused_in_time() {
    let repeat = |line: &str, n: usize| line.repeat(n);
    let chain: String = (0..5000).map(|i| format!(".const C{i} = C{} + C{}\n", i + 1, i + 1)).collect();
    let doubling: String = (0..64).map(|i| format!(".macro m{}\nm{i}\nm{i}\n.endmacro\n", i + 1)).collect();
    let texts = [
        ".include \"again\"\n.include \"again\"\n".to_owned(),
        ".macro m\nm\nm\n.endmacro\nm\n".to_owned(),
        format!(".macro m0\nnop\n.endmacro\n{doubling}m64\n"),
        ".repeat 18446744073709551615\n.endrepeat\n".to_owned(),
        ".repeat 100000, i\n.repeat 100000, j\n.data x$i: i32 1\n.endrepeat\n.endrepeat\n".to_owned(),
        ".data x: i64[536870911] = 1\n".to_owned(),
        ".data x: bytes[16777216] = 1\n.data y: bytes[16777216] = 1\n".to_owned(),
        format!(".const A = {}1\n", repeat("(", 100_000)),
        format!(".const A = {}1\n", repeat("-", 100_000)),
        format!(".const A = {}1\n", repeat("1 + ", 100_000)),
        format!("{chain}.const C5000 = 1\n"),
        ".const A = A\n".to_owned(),
        ".const A = B\n.const B = A + 1\n".to_owned(),
        repeat("unknwon line\n", 100_000),
        format!(".func f()\n{}.end\n", repeat("i32.ad x, y, z\n", 100_000)),
        format!(".func f()\n{}.end\n", repeat("  br L\n", 50_000)),
        repeat("\"", 100_000),
        repeat("[", 200_000),
        format!(".data x: i32 {}1\n", repeat("1, ", 200_000)),
        format!(".macro m a\n{}\n.endmacro\nm {}\n", repeat("$a ", 5000), repeat("1 ", 5000)),
        format!(".sprite s\n{}.end\n", repeat("\"0123456789abcdef\"\n", 50_000)),
        repeat(".if 1\n", 100_000),
        format!("{}\n", repeat("x", 1 << 20)),
        format!(".func f({})\nreturn\n.end\n", repeat("i32, ", 50_000)),
        ".func f()\n.registers 4294967295, 0\nreturn\n.end\n".to_owned(),
        ".func f()\nmove r99999999999999999999, r40000\nreturn\n.end\n".to_owned(),
    ];
    for text in &texts {
        let start = Instant::now();
        if let Err(diagnostics) = assemble("greedy.asm", text, &Same(text.clone().into_bytes())) {
            check(&diagnostics);
        }
        let (taken, shown) = (start.elapsed(), &text[..text.len().min(60)]);
        assert!(taken < Duration::from_secs(20), "{taken:?} for {shown:?}");
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures time.
fn long_programs_take_time_by_their_length() {
    let program = |n: usize| {
        let mut text = String::from(".memory 100\n");
        for i in 0..n {
            text.push_str(&format!(".data d{i}: i32 {i}\n.func f{i}(x: i32)\n  call f{}(x)\na{i}:\n  i32.add x, x, d{i}\n  br_if x, b\nb: return\n.end\n", i / 2));
        }
        text
    };
    let time = |n: usize| {
        let text = program(n);
        let start = Instant::now();
        assemble("long.asm", &text, &NoFiles).expect("it is right");
        start.elapsed().as_secs_f64()
    };
    let (short, long) = (time(4_000).max(1e-3), time(32_000));
    // 8 times the length; the rest is room for a busy machine. A quadratic step would take 64 times as long.
    assert!(long < short * 32.0, "{short} s, then {long} s");
}
