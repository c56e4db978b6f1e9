//! The text form of inputs.

use cartwheel_runtime::{Buttons, InputFrame, Inputs, Pointer, PointerButtons};
use proptest::prelude::*;

fn frame() -> impl Strategy<Value = InputFrame> {
    let pad = prop_oneof![2 => Just(0), 3 => 0..1u32 << 12]
        .prop_map(|bits| Buttons::from_bits(bits).expect("twelve buttons"));
    let coordinate = || prop_oneof![3 => Just(0), 3 => -10..700i32, 1 => any::<i32>()];
    let buttons = (0..8u32).prop_map(|bits| PointerButtons::from_bits(bits).expect("three buttons"));
    let pointer = (coordinate(), coordinate(), prop_oneof![Just(PointerButtons::NONE), buttons]);
    (prop::array::uniform4(pad), pointer)
        .prop_map(|(pads, (x, y, buttons))| InputFrame { pads, pointer: Pointer { x, y, buttons } })
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let count = prop_oneof![4 => 1..4u64, 2 => 1..1_000u64, 1 => any::<u64>().prop_map(|n| n >> 24)];
    prop::collection::vec((frame(), count), 0..12).prop_map(|runs| {
        let mut inputs = Inputs::new();
        runs.into_iter().for_each(|(frame, count)| inputs.push(frame, count));
        inputs
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_what_was_written_gives_the_same(inputs in inputs()) {
        // A long run takes a line per 2^32 frames.
        prop_assume!(inputs.len() < 1 << 42);
        prop_assert_eq!(Inputs::parse(inputs.to_string().as_bytes()), Ok(inputs));
    }

    #[test]
    fn any_bytes_are_inputs_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn nearly_good_text_is_inputs_or_an_error(text in "[|.UDLRABXYlrsSMQ0-9,*# \n\r\té-]{0,80}") {
        check(text.as_bytes());
    }
}

fn check(bytes: &[u8]) {
    match Inputs::parse(bytes) {
        Ok(inputs) => assert_eq!(Inputs::parse(inputs.to_string().as_bytes()), Ok(inputs)),
        Err(e) => {
            let lines = bytes.split(|&byte| byte == b'\n').count();
            assert!((1..=lines).contains(&(e.line as usize)), "{e:?}");
            assert!(e.column as usize <= e.source_line.chars().count() + 1, "{e:?}");
            assert!(e.render("x").lines().last().is_some_and(|line| line.ends_with('^')), "{e:?}");
        }
    }
}

#[test]
fn frames_are_as_the_text_says() {
    let text = "# start\r\n|U...A.......|*2\r\n\n|r l.|  |S|| -5 , 7 ,L.M|#x\n||\n";
    let inputs = Inputs::parse(text.as_bytes()).expect("good text");
    assert_eq!(inputs.len(), 4);
    assert_eq!(inputs.frame(0).pads[0].bits(), 0x101);
    assert_eq!(inputs.frame(1), inputs.frame(0));
    let third = inputs.frame(2);
    assert_eq!(third.pads.map(Buttons::bits), [0x30, 0, 0x80, 0]);
    assert_eq!((third.pointer.x, third.pointer.y, third.pointer.buttons.bits()), (-5, 7, 5));
    assert_eq!(inputs.frame(3), InputFrame::default());
    assert_eq!(inputs.frame(4_000_000_000), InputFrame::default());
    assert_eq!(
        inputs.to_string(),
        "|U...A.......|*2\n|........lr..||...........S||-5,7,L.M|\n|............|\n"
    );
}

#[test]
fn errors_have_their_place() {
    for (text, line, column, message) in [
        ("|....|\n|..Q.|*5", 2, 4, "no button is called `Q`"),
        ("UD|", 1, 1, "expected `|` at the start"),
        ("|U", 1, 3, "expected `|` behind the field, found the end of the line"),
        ("|UU|", 1, 3, "twice"),
        ("|*3", 1, 2, "no button is called `*`"),
        ("|U|*0", 1, 5, "from 1 to 4294967295"),
        ("|U|*4294967296", 1, 5, "from 1 to 4294967295"),
        ("|U|*", 1, 5, "from 1 to 4294967295"),
        ("|U|*3 x", 1, 7, "end of the line, found `x`"),
        ("|||||x|", 1, 6, "the pointer's column, found `x`"),
        ("|||||1|", 1, 7, "expected `,`"),
        ("|||||1,2147483648|", 1, 8, "does not fit 32 bits"),
        ("|||||1,2,Q|", 1, 10, "L, R and M"),
        ("|||||1,2,LL|", 1, 11, "twice"),
        ("||||||", 1, 7, ""),
        ("|||||||", 1, 7, "behind the pointer"),
    ] {
        if message.is_empty() {
            assert!(Inputs::parse(text.as_bytes()).is_ok(), "{text}");
            continue;
        }
        let e = Inputs::parse(text.as_bytes()).expect_err(text);
        assert_eq!((e.line, e.column), (line, column), "{text}: {e}");
        assert!(e.message.contains(message), "{text}: {e}");
    }
    let e = Inputs::parse(b"|U|\n|\xff|").expect_err("not UTF-8");
    assert_eq!((e.line, e.column), (2, 2));
    assert_eq!(
        Inputs::parse(b"|U|\n|.V|").expect_err("no such button").render("play.txt"),
        "error: no button is called `V`; there are UDLRABXYlrsS, and `.`\n \
         --> play.txt:2:3\n  |\n2 | |.V|\n  |   ^"
    );
}

#[test]
fn examples_of_the_chapter_are_good() {
    let chapter = include_str!("../../spec/inputs.md");
    let examples: Vec<&str> =
        chapter.split("```inputs\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        let inputs = Inputs::parse(example.as_bytes()).unwrap_or_else(|e| panic!("{}", e.render("example")));
        assert_eq!(inputs.len(), 35);
    }
}
