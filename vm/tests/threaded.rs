//! Handlers jump to each other: a long loop takes no stack.

use cartwheel_bytecode::cartridge::Function;
use cartwheel_bytecode::codec::Writer;
use cartwheel_bytecode::operand::{Arg, Dst, F64Bits, HDst, Imm, Label, Offset, Shape, Src};
use cartwheel_bytecode::{Cartridge, Instr, Signature, ValType, cartridge};
use cartwheel_vm::{FrameInput, Instance, Limits, Program, Stop};

/// A loop that goes round `r0` times through a handler of every family.
fn looping() -> Cartridge {
    let body = [
        Instr::Loop {},
        Instr::I32Mul { d: Dst(1), a: Src::Reg(1), b: Src::Imm(31) },
        Instr::I32DivU { d: Dst(1), a: Src::Reg(1), b: Src::Imm(3) },
        Instr::I32Clz { d: Dst(3), a: Src::Reg(1) },
        Instr::F64Add { d: Dst(2), a: Src::Reg(2), b: Src::Imm(F64Bits(1.5f64.to_bits())) },
        Instr::F64Sqrt { d: Dst(2), a: Src::Reg(2) },
        Instr::F64Floor { d: Dst(4), a: Src::Reg(2) },
        Instr::I32Store { addr: Src::Imm(8), offset: Offset(0), a: Src::Reg(1) },
        Instr::I64Load { d: Dst(4), addr: Src::Imm(8), offset: Offset(0) },
        Instr::RecordNew { d: HDst(0), shape: Shape(0) },
        Instr::RngI64 { d: Dst(4) },
        Instr::Move { d: Dst(4), a: Src::Reg(3) },
        Instr::Select { d: Dst(4), cond: Src::Reg(3), a: Src::Reg(3), b: Src::Reg(4) },
        Instr::I32Sub { d: Dst(0), a: Src::Reg(0), b: Src::Imm(1) },
        Instr::BrIf { cond: Src::Reg(0), to: Label(0) },
        Instr::Return { values: [Arg::Reg(1)].into_iter().collect() },
    ];
    let mut code = Writer::new();
    Instr::I64Const { d: Dst(2), value: Imm(0) }.encode(&mut code);
    Instr::I64Const { d: Dst(1), value: Imm(1) }.encode(&mut code);
    let head = code.len() as u32;
    body.iter().for_each(|instr| instr.encode(&mut code));
    Cartridge {
        types: vec![Signature { params: vec![ValType::I32], results: vec![ValType::I32] }],
        memory: Some(cartridge::MemoryDef { min: 1, max: None }),
        shapes: vec![cartridge::ShapeDef { scalars: 1, handles: 0 }],
        functions: vec![Function {
            sig: 0,
            scalars: 5,
            handles: 1,
            labels: vec![head],
            code: code.into_bytes(),
        }],
        ..Cartridge::default()
    }
}

// covers VM-4
#[test]
fn long_loops_take_no_host_stack() {
    const ROUNDS: u64 = 300_000;
    // Each lost jump would take at least 16 bytes: a hundred times what this thread has.
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(|| {
        let program = Program::new(looping()).expect("it verifies");
        let mut guest = Instance::new(program, Limits::default(), 0).expect("it fits");
        guest.call(0, &[ROUNDS]);
        guest.grant(u64::MAX >> 1);
        assert_eq!(guest.run(&FrameInput::default()), Stop::Returned);
        assert!(guest.used() > ROUNDS * 15);
    });
    thread.expect("a thread can be started").join().expect("the loop ends");
}
