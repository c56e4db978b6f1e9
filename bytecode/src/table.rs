//! **The** instruction table. Everything that has to know the instructions derives from it: encoder,
//! decoder, verifier, assembler, disassembler, both interpreters, the cost model, the generator of test
//! programs and the chapter `spec/instructions.md`.
//!
//! A row reads
//!
//! ```text
//! NUMBER Variant "mnemonic" (operand: Kind, ...) COST SIZE FLOW [traps]
//!     "one line of meaning";
//! ```
//!
//! * *Kind* is a type of [`crate::operand`]; destinations come first.
//! * *COST* is the static cost in cycles; *SIZE* says what is charged on top when the instruction runs
//!   ([`crate::SizeCost`]).
//! * *FLOW* is a [`crate::Flow`]; traps are [`crate::TrapCode`]s.
//!
//! # Grammar of mnemonics
//!
//! `TYPE.operation` for scalar operations, named as in WebAssembly; `NOUN.verb` for everything else
//! (`memory.fill`, `record.get`). `_s` and `_u` say how an integer is read; `_h` marks the form on the
//! handle bank where both banks have one. `br.CONDITION` compares and branches. Numbers are never reused.

/// Calls `$callback!` with every row of the table (see the module documentation for the form of a row).
#[macro_export]
macro_rules! for_each_instruction {
    ($callback:path) => {
        $callback! {

            // Control
            @family "Control";
            0x000 Nop "nop" () 1 Fixed Next []
                "Does nothing.";
            0x001 Unreachable "unreachable" () 1 Fixed Stop [Unreachable]
                "Traps: the program said that this place is never reached.";
            0x002 Trap "trap" (code: I32) 1 Fixed Stop [User]
                "Traps with a code of the program's own.";
            0x003 Halt "halt" (code: I32) 1 Fixed Stop []
                "Ends the module for good with an exit code.";
            0x004 Loop "loop" () 1 Fixed Next []
                "Marks a loop head: the only place that a backward branch may go to, and a checkpoint.";
            0x005 Br "br" (to: Label) 1 Fixed Jump []
                "Continues at a label.";
            0x006 BrIf "br_if" (cond: I32, to: Label) 1 Fixed Branch []
                "Branches if `cond` is not 0.";
            0x007 BrUnless "br_unless" (cond: I32, to: Label) 1 Fixed Branch []
                "Branches if `cond` is 0.";
            0x008 BrI32Eq "br.i32.eq" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a` equals `b`.";
            0x009 BrI32Ne "br.i32.ne" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a` differs from `b`.";
            0x00a BrI32LtS "br.i32.lt_s" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a < b`, signed.";
            0x00b BrI32LtU "br.i32.lt_u" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a < b`, unsigned.";
            0x00c BrI32GtS "br.i32.gt_s" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a > b`, signed.";
            0x00d BrI32GtU "br.i32.gt_u" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a > b`, unsigned.";
            0x00e BrI32LeS "br.i32.le_s" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a <= b`, signed.";
            0x00f BrI32LeU "br.i32.le_u" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a <= b`, unsigned.";
            0x010 BrI32GeS "br.i32.ge_s" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a >= b`, signed.";
            0x011 BrI32GeU "br.i32.ge_u" (a: I32, b: I32, to: Label) 1 Fixed Branch []
                "Branches if `a >= b`, unsigned.";
            0x012 BrI64Eq "br.i64.eq" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a` equals `b`.";
            0x013 BrI64Ne "br.i64.ne" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a` differs from `b`.";
            0x014 BrI64LtS "br.i64.lt_s" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a < b`, signed.";
            0x015 BrI64LtU "br.i64.lt_u" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a < b`, unsigned.";
            0x016 BrI64GtS "br.i64.gt_s" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a > b`, signed.";
            0x017 BrI64GtU "br.i64.gt_u" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a > b`, unsigned.";
            0x018 BrI64LeS "br.i64.le_s" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a <= b`, signed.";
            0x019 BrI64LeU "br.i64.le_u" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a <= b`, unsigned.";
            0x01a BrI64GeS "br.i64.ge_s" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a >= b`, signed.";
            0x01b BrI64GeU "br.i64.ge_u" (a: I64, b: I64, to: Label) 1 Fixed Branch []
                "Branches if `a >= b`, unsigned.";
            0x01c BrNull "br.null" (a: H, to: Label) 1 Fixed Branch []
                "Branches if `a` is null.";
            0x01d BrNonnull "br.nonnull" (a: H, to: Label) 1 Fixed Branch []
                "Branches if `a` is not null.";
            0x01e BrTable "br_table" (index: I32, targets: Labels) 3 Fixed Switch []
                "Continues at the target that the unsigned `index` selects; the last target is the default.";
            0x01f Call "call" (func: Func, args: Args, results: Dsts) 5 Fixed Call [CallDepth, StackOverflow]
                "Calls a function. Arguments and results follow its signature.";
            0x020 CallIndirect "call_indirect" (sig: Sig, table: Table, index: I32, args: Args, results: Dsts) 8 Fixed Call [TableOutOfBounds, NullFunction, SignatureMismatch, CallDepth, StackOverflow]
                "Calls the function that a table element refers to, if its signature is `sig`.";
            0x021 CallRef "call_ref" (sig: Sig, callee: I32, args: Args, results: Dsts) 8 Fixed Call [NullFunction, SignatureMismatch, CallDepth, StackOverflow]
                "Calls the function that a function reference names, if its signature is `sig`.";
            0x022 Return "return" (values: Args) 2 Fixed Return []
                "Returns from the function with its results.";
            0x023 Syscall "syscall" (import: Import, args: Args, results: Dsts) 5 Fixed Syscall [Syscall]
                "Asks the host for an imported syscall. A checkpoint follows it.";

            // Frame, input and random numbers
            @family "Frame, input and random numbers";
            0x040 FrameSync "frame.sync" () 1 Fixed Sync []
                "Ends the slice; the next frame continues behind it.";
            0x041 FrameIndex "frame.index" (d: Dst) 1 Fixed Next []
                "d = number of the current frame as u64; the first is 0.";
            0x042 InputHeld "input.held" (d: Dst, pad: I32) 1 Fixed Next [NoSuchPad]
                "d = buttons held on pad 0 to 3, a bit each.";
            0x043 InputPressed "input.pressed" (d: Dst, pad: I32) 1 Fixed Next [NoSuchPad]
                "d = buttons held now and not in the frame before.";
            0x044 InputReleased "input.released" (d: Dst, pad: I32) 1 Fixed Next [NoSuchPad]
                "d = buttons held in the frame before and not now.";
            0x045 InputPointerX "input.pointer_x" (d: Dst) 1 Fixed Next []
                "d = x of the pointer in pixels, an i32.";
            0x046 InputPointerY "input.pointer_y" (d: Dst) 1 Fixed Next []
                "d = y of the pointer in pixels, an i32.";
            0x047 InputPointerButtons "input.pointer_buttons" (d: Dst) 1 Fixed Next []
                "d = buttons of the pointer: 1 left, 2 right, 4 middle.";
            0x048 RngSeed "rng.seed" (seed: I64) 4 Fixed Next []
                "Starts the module's random sequence anew.";
            0x049 RngI32 "rng.i32" (d: Dst) 3 Fixed Next []
                "d = 32 random bits.";
            0x04a RngI64 "rng.i64" (d: Dst) 3 Fixed Next []
                "d = 64 random bits.";
            0x04b RngBelow "rng.below" (d: Dst, bound: I32) 6 Fixed Next [DivideByZero]
                "d = uniform random number in 0 .. bound (unsigned).";
            0x04c RngF64 "rng.f64" (d: Dst) 3 Fixed Next []
                "d = uniform random number in 0.0 .. 1.0, a multiple of 2^-53.";

            // Registers, globals and references
            @family "Registers, globals and references";
            0x060 Move "move" (d: Dst, a: I64) 1 Fixed Next []
                "d = a, all 64 bits.";
            0x061 I32Const "i32.const" (d: Dst, value: ImmI32) 1 Fixed Next []
                "d = value; the upper half becomes 0.";
            0x062 I64Const "i64.const" (d: Dst, value: ImmI64) 1 Fixed Next []
                "d = value.";
            0x063 F32Const "f32.const" (d: Dst, value: ImmF32) 1 Fixed Next []
                "d = value, bit for bit; the upper half becomes 0.";
            0x064 F64Const "f64.const" (d: Dst, value: ImmF64) 1 Fixed Next []
                "d = value, bit for bit.";
            0x065 Select "select" (d: Dst, cond: I32, a: I64, b: I64) 1 Fixed Next []
                "d = a if `cond` is not 0, else b.";
            0x066 GlobalGet "global.get" (d: Dst, global: Global) 1 Fixed Next []
                "d = the scalar global.";
            0x067 GlobalSet "global.set" (global: Global, a: I64) 1 Fixed Next []
                "The scalar global = a. 32-bit globals keep the lower half.";
            0x068 FuncRef "func.ref" (d: Dst, func: Func) 1 Fixed Next []
                "d = reference to a function: its index + 1. 0 is the null reference.";
            0x069 MoveH "move_h" (d: HDst, a: H) 1 Fixed Next []
                "d = a.";
            0x06a SelectH "select_h" (d: HDst, cond: I32, a: H, b: H) 1 Fixed Next []
                "d = a if `cond` is not 0, else b.";
            0x06b GlobalGetH "global.get_h" (d: HDst, global: Global) 1 Fixed Next []
                "d = the handle global.";
            0x06c GlobalSetH "global.set_h" (global: Global, a: H) 2 Fixed Next []
                "The handle global = a.";
            0x06d RefIsNull "ref.is_null" (d: Dst, a: H) 1 Fixed Next []
                "d = 1 if `a` is null, else 0.";
            0x06e RefEq "ref.eq" (d: Dst, a: H, b: H) 1 Fixed Next []
                "d = 1 if both refer to the same object or both are null, else 0.";
            0x06f RefKind "ref.kind" (d: Dst, a: H) 2 Fixed Next []
                "d = 0 null, 1 bytes, 2 array, 3 refs, 4 record.";

            // 32-bit integers
            @family "32-bit integers";
            0x080 I32Eqz "i32.eqz" (d: Dst, a: I32) 1 Fixed Next []
                "d = 1 if a is 0, else 0.";
            0x081 I32Eq "i32.eq" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a == b, else 0.";
            0x082 I32Ne "i32.ne" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a != b, else 0.";
            0x083 I32LtS "i32.lt_s" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a < b, signed, else 0.";
            0x084 I32LtU "i32.lt_u" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a < b, unsigned, else 0.";
            0x085 I32GtS "i32.gt_s" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a > b, signed, else 0.";
            0x086 I32GtU "i32.gt_u" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a > b, unsigned, else 0.";
            0x087 I32LeS "i32.le_s" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a <= b, signed, else 0.";
            0x088 I32LeU "i32.le_u" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a <= b, unsigned, else 0.";
            0x089 I32GeS "i32.ge_s" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a >= b, signed, else 0.";
            0x08a I32GeU "i32.ge_u" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = 1 if a >= b, unsigned, else 0.";
            0x08b I32Clz "i32.clz" (d: Dst, a: I32) 1 Fixed Next []
                "d = number of leading zero bits.";
            0x08c I32Ctz "i32.ctz" (d: Dst, a: I32) 1 Fixed Next []
                "d = number of trailing zero bits.";
            0x08d I32Popcnt "i32.popcnt" (d: Dst, a: I32) 1 Fixed Next []
                "d = number of one bits.";
            0x08e I32Add "i32.add" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = a + b, wrapping.";
            0x08f I32Sub "i32.sub" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = a - b, wrapping.";
            0x090 I32Mul "i32.mul" (d: Dst, a: I32, b: I32) 2 Fixed Next []
                "d = a * b, wrapping.";
            0x091 I32DivS "i32.div_s" (d: Dst, a: I32, b: I32) 8 Fixed Next [DivideByZero, IntegerOverflow]
                "d = a / b, signed, towards zero.";
            0x092 I32DivU "i32.div_u" (d: Dst, a: I32, b: I32) 8 Fixed Next [DivideByZero]
                "d = a / b, unsigned.";
            0x093 I32RemS "i32.rem_s" (d: Dst, a: I32, b: I32) 8 Fixed Next [DivideByZero]
                "d = remainder of a / b with the sign of a.";
            0x094 I32RemU "i32.rem_u" (d: Dst, a: I32, b: I32) 8 Fixed Next [DivideByZero]
                "d = remainder of a / b, unsigned.";
            0x095 I32And "i32.and" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = bitwise and.";
            0x096 I32Or "i32.or" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = bitwise or.";
            0x097 I32Xor "i32.xor" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = bitwise exclusive or.";
            0x098 I32Shl "i32.shl" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = a shifted left by b modulo 32.";
            0x099 I32ShrS "i32.shr_s" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = a shifted right by b modulo 32, keeping the sign.";
            0x09a I32ShrU "i32.shr_u" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = a shifted right by b modulo 32, filling with 0.";
            0x09b I32Rotl "i32.rotl" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = a rotated left by b modulo 32.";
            0x09c I32Rotr "i32.rotr" (d: Dst, a: I32, b: I32) 1 Fixed Next []
                "d = a rotated right by b modulo 32.";
            0x09d I32Extend8S "i32.extend8_s" (d: Dst, a: I32) 1 Fixed Next []
                "d = the lower 8 bits of a, sign-extended.";
            0x09e I32Extend16S "i32.extend16_s" (d: Dst, a: I32) 1 Fixed Next []
                "d = the lower 16 bits of a, sign-extended.";

            // 64-bit integers
            @family "64-bit integers";
            0x0b0 I64Eqz "i64.eqz" (d: Dst, a: I64) 1 Fixed Next []
                "d = 1 if a is 0, else 0.";
            0x0b1 I64Eq "i64.eq" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a == b, else 0.";
            0x0b2 I64Ne "i64.ne" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a != b, else 0.";
            0x0b3 I64LtS "i64.lt_s" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a < b, signed, else 0.";
            0x0b4 I64LtU "i64.lt_u" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a < b, unsigned, else 0.";
            0x0b5 I64GtS "i64.gt_s" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a > b, signed, else 0.";
            0x0b6 I64GtU "i64.gt_u" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a > b, unsigned, else 0.";
            0x0b7 I64LeS "i64.le_s" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a <= b, signed, else 0.";
            0x0b8 I64LeU "i64.le_u" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a <= b, unsigned, else 0.";
            0x0b9 I64GeS "i64.ge_s" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a >= b, signed, else 0.";
            0x0ba I64GeU "i64.ge_u" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = 1 if a >= b, unsigned, else 0.";
            0x0bb I64Clz "i64.clz" (d: Dst, a: I64) 1 Fixed Next []
                "d = number of leading zero bits.";
            0x0bc I64Ctz "i64.ctz" (d: Dst, a: I64) 1 Fixed Next []
                "d = number of trailing zero bits.";
            0x0bd I64Popcnt "i64.popcnt" (d: Dst, a: I64) 1 Fixed Next []
                "d = number of one bits.";
            0x0be I64Add "i64.add" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = a + b, wrapping.";
            0x0bf I64Sub "i64.sub" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = a - b, wrapping.";
            0x0c0 I64Mul "i64.mul" (d: Dst, a: I64, b: I64) 2 Fixed Next []
                "d = a * b, wrapping.";
            0x0c1 I64DivS "i64.div_s" (d: Dst, a: I64, b: I64) 8 Fixed Next [DivideByZero, IntegerOverflow]
                "d = a / b, signed, towards zero.";
            0x0c2 I64DivU "i64.div_u" (d: Dst, a: I64, b: I64) 8 Fixed Next [DivideByZero]
                "d = a / b, unsigned.";
            0x0c3 I64RemS "i64.rem_s" (d: Dst, a: I64, b: I64) 8 Fixed Next [DivideByZero]
                "d = remainder of a / b with the sign of a.";
            0x0c4 I64RemU "i64.rem_u" (d: Dst, a: I64, b: I64) 8 Fixed Next [DivideByZero]
                "d = remainder of a / b, unsigned.";
            0x0c5 I64And "i64.and" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = bitwise and.";
            0x0c6 I64Or "i64.or" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = bitwise or.";
            0x0c7 I64Xor "i64.xor" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = bitwise exclusive or.";
            0x0c8 I64Shl "i64.shl" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = a shifted left by b modulo 64.";
            0x0c9 I64ShrS "i64.shr_s" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = a shifted right by b modulo 64, keeping the sign.";
            0x0ca I64ShrU "i64.shr_u" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = a shifted right by b modulo 64, filling with 0.";
            0x0cb I64Rotl "i64.rotl" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = a rotated left by b modulo 64.";
            0x0cc I64Rotr "i64.rotr" (d: Dst, a: I64, b: I64) 1 Fixed Next []
                "d = a rotated right by b modulo 64.";
            0x0cd I64Extend8S "i64.extend8_s" (d: Dst, a: I64) 1 Fixed Next []
                "d = the lower 8 bits of a, sign-extended.";
            0x0ce I64Extend16S "i64.extend16_s" (d: Dst, a: I64) 1 Fixed Next []
                "d = the lower 16 bits of a, sign-extended.";
            0x0cf I64Extend32S "i64.extend32_s" (d: Dst, a: I64) 1 Fixed Next []
                "d = the lower 32 bits of a, sign-extended.";

            // 32-bit floats
            @family "32-bit floats";
            0x0e0 F32Eq "f32.eq" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = 1 if a == b, else 0.";
            0x0e1 F32Ne "f32.ne" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = 1 if a != b, else 0.";
            0x0e2 F32Lt "f32.lt" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = 1 if a < b, else 0.";
            0x0e3 F32Gt "f32.gt" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = 1 if a > b, else 0.";
            0x0e4 F32Le "f32.le" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = 1 if a <= b, else 0.";
            0x0e5 F32Ge "f32.ge" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = 1 if a >= b, else 0.";
            0x0e6 F32Abs "f32.abs" (d: Dst, a: F32) 1 Fixed Next []
                "d = a with the sign bit cleared.";
            0x0e7 F32Neg "f32.neg" (d: Dst, a: F32) 1 Fixed Next []
                "d = a with the sign bit flipped.";
            0x0e8 F32Ceil "f32.ceil" (d: Dst, a: F32) 2 Fixed Next []
                "d = a rounded up.";
            0x0e9 F32Floor "f32.floor" (d: Dst, a: F32) 2 Fixed Next []
                "d = a rounded down.";
            0x0ea F32Trunc "f32.trunc" (d: Dst, a: F32) 2 Fixed Next []
                "d = a rounded towards zero.";
            0x0eb F32Nearest "f32.nearest" (d: Dst, a: F32) 2 Fixed Next []
                "d = a rounded to the nearest integer, ties to even.";
            0x0ec F32Sqrt "f32.sqrt" (d: Dst, a: F32) 8 Fixed Next []
                "d = square root of a.";
            0x0ed F32Add "f32.add" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = a + b.";
            0x0ee F32Sub "f32.sub" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = a - b.";
            0x0ef F32Mul "f32.mul" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = a * b.";
            0x0f0 F32Div "f32.div" (d: Dst, a: F32, b: F32) 8 Fixed Next []
                "d = a / b.";
            0x0f1 F32Min "f32.min" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = the smaller; NaN if either is; -0 is below +0.";
            0x0f2 F32Max "f32.max" (d: Dst, a: F32, b: F32) 2 Fixed Next []
                "d = the larger; NaN if either is; +0 is above -0.";
            0x0f3 F32Copysign "f32.copysign" (d: Dst, a: F32, b: F32) 1 Fixed Next []
                "d = a with the sign of b.";

            // 64-bit floats
            @family "64-bit floats";
            0x100 F64Eq "f64.eq" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = 1 if a == b, else 0.";
            0x101 F64Ne "f64.ne" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = 1 if a != b, else 0.";
            0x102 F64Lt "f64.lt" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = 1 if a < b, else 0.";
            0x103 F64Gt "f64.gt" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = 1 if a > b, else 0.";
            0x104 F64Le "f64.le" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = 1 if a <= b, else 0.";
            0x105 F64Ge "f64.ge" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = 1 if a >= b, else 0.";
            0x106 F64Abs "f64.abs" (d: Dst, a: F64) 1 Fixed Next []
                "d = a with the sign bit cleared.";
            0x107 F64Neg "f64.neg" (d: Dst, a: F64) 1 Fixed Next []
                "d = a with the sign bit flipped.";
            0x108 F64Ceil "f64.ceil" (d: Dst, a: F64) 2 Fixed Next []
                "d = a rounded up.";
            0x109 F64Floor "f64.floor" (d: Dst, a: F64) 2 Fixed Next []
                "d = a rounded down.";
            0x10a F64Trunc "f64.trunc" (d: Dst, a: F64) 2 Fixed Next []
                "d = a rounded towards zero.";
            0x10b F64Nearest "f64.nearest" (d: Dst, a: F64) 2 Fixed Next []
                "d = a rounded to the nearest integer, ties to even.";
            0x10c F64Sqrt "f64.sqrt" (d: Dst, a: F64) 8 Fixed Next []
                "d = square root of a.";
            0x10d F64Add "f64.add" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = a + b.";
            0x10e F64Sub "f64.sub" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = a - b.";
            0x10f F64Mul "f64.mul" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = a * b.";
            0x110 F64Div "f64.div" (d: Dst, a: F64, b: F64) 8 Fixed Next []
                "d = a / b.";
            0x111 F64Min "f64.min" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = the smaller; NaN if either is; -0 is below +0.";
            0x112 F64Max "f64.max" (d: Dst, a: F64, b: F64) 2 Fixed Next []
                "d = the larger; NaN if either is; +0 is above -0.";
            0x113 F64Copysign "f64.copysign" (d: Dst, a: F64, b: F64) 1 Fixed Next []
                "d = a with the sign of b.";
            0x114 F64Sin "f64.sin" (d: Dst, a: F64) 40 Fixed Next []
                "d = sine of a radians, by the software library.";
            0x115 F64Cos "f64.cos" (d: Dst, a: F64) 40 Fixed Next []
                "d = cosine of a radians, by the software library.";
            0x116 F64Tan "f64.tan" (d: Dst, a: F64) 40 Fixed Next []
                "d = tangent of a radians, by the software library.";
            0x117 F64Exp "f64.exp" (d: Dst, a: F64) 40 Fixed Next []
                "d = e to the power a, by the software library.";
            0x118 F64Log "f64.log" (d: Dst, a: F64) 40 Fixed Next []
                "d = natural logarithm of a, by the software library.";
            0x119 F64Atan2 "f64.atan2" (d: Dst, a: F64, b: F64) 60 Fixed Next []
                "d = angle of the point (b, a) in radians, by the software library.";
            0x11a F64Pow "f64.pow" (d: Dst, a: F64, b: F64) 60 Fixed Next []
                "d = a to the power b, by the software library.";

            // Conversions
            @family "Conversions";
            0x130 I32WrapI64 "i32.wrap_i64" (d: Dst, a: I64) 1 Fixed Next []
                "d = the lower 32 bits of a.";
            0x131 I64ExtendI32S "i64.extend_i32_s" (d: Dst, a: I32) 1 Fixed Next []
                "d = a, sign-extended.";
            0x132 I64ExtendI32U "i64.extend_i32_u" (d: Dst, a: I32) 1 Fixed Next []
                "d = a, zero-extended.";
            0x133 I32TruncF32S "i32.trunc_f32_s" (d: Dst, a: F32) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as signed integer; traps outside its range.";
            0x134 I32TruncF32U "i32.trunc_f32_u" (d: Dst, a: F32) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as unsigned integer; traps outside its range.";
            0x135 I32TruncF64S "i32.trunc_f64_s" (d: Dst, a: F64) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as signed integer; traps outside its range.";
            0x136 I32TruncF64U "i32.trunc_f64_u" (d: Dst, a: F64) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as unsigned integer; traps outside its range.";
            0x137 I64TruncF32S "i64.trunc_f32_s" (d: Dst, a: F32) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as signed integer; traps outside its range.";
            0x138 I64TruncF32U "i64.trunc_f32_u" (d: Dst, a: F32) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as unsigned integer; traps outside its range.";
            0x139 I64TruncF64S "i64.trunc_f64_s" (d: Dst, a: F64) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as signed integer; traps outside its range.";
            0x13a I64TruncF64U "i64.trunc_f64_u" (d: Dst, a: F64) 3 Fixed Next [InvalidConversion, IntegerOverflow]
                "d = a towards zero as unsigned integer; traps outside its range.";
            0x13b I32TruncSatF32S "i32.trunc_sat_f32_s" (d: Dst, a: F32) 3 Fixed Next []
                "d = a towards zero as signed integer; saturates, NaN gives 0.";
            0x13c I32TruncSatF32U "i32.trunc_sat_f32_u" (d: Dst, a: F32) 3 Fixed Next []
                "d = a towards zero as unsigned integer; saturates, NaN gives 0.";
            0x13d I32TruncSatF64S "i32.trunc_sat_f64_s" (d: Dst, a: F64) 3 Fixed Next []
                "d = a towards zero as signed integer; saturates, NaN gives 0.";
            0x13e I32TruncSatF64U "i32.trunc_sat_f64_u" (d: Dst, a: F64) 3 Fixed Next []
                "d = a towards zero as unsigned integer; saturates, NaN gives 0.";
            0x13f I64TruncSatF32S "i64.trunc_sat_f32_s" (d: Dst, a: F32) 3 Fixed Next []
                "d = a towards zero as signed integer; saturates, NaN gives 0.";
            0x140 I64TruncSatF32U "i64.trunc_sat_f32_u" (d: Dst, a: F32) 3 Fixed Next []
                "d = a towards zero as unsigned integer; saturates, NaN gives 0.";
            0x141 I64TruncSatF64S "i64.trunc_sat_f64_s" (d: Dst, a: F64) 3 Fixed Next []
                "d = a towards zero as signed integer; saturates, NaN gives 0.";
            0x142 I64TruncSatF64U "i64.trunc_sat_f64_u" (d: Dst, a: F64) 3 Fixed Next []
                "d = a towards zero as unsigned integer; saturates, NaN gives 0.";
            0x143 F32ConvertI32S "f32.convert_i32_s" (d: Dst, a: I32) 2 Fixed Next []
                "d = the signed integer a as float, to nearest.";
            0x144 F32ConvertI32U "f32.convert_i32_u" (d: Dst, a: I32) 2 Fixed Next []
                "d = the unsigned integer a as float, to nearest.";
            0x145 F32ConvertI64S "f32.convert_i64_s" (d: Dst, a: I64) 2 Fixed Next []
                "d = the signed integer a as float, to nearest.";
            0x146 F32ConvertI64U "f32.convert_i64_u" (d: Dst, a: I64) 2 Fixed Next []
                "d = the unsigned integer a as float, to nearest.";
            0x147 F64ConvertI32S "f64.convert_i32_s" (d: Dst, a: I32) 2 Fixed Next []
                "d = the signed integer a as float, to nearest.";
            0x148 F64ConvertI32U "f64.convert_i32_u" (d: Dst, a: I32) 2 Fixed Next []
                "d = the unsigned integer a as float, to nearest.";
            0x149 F64ConvertI64S "f64.convert_i64_s" (d: Dst, a: I64) 2 Fixed Next []
                "d = the signed integer a as float, to nearest.";
            0x14a F64ConvertI64U "f64.convert_i64_u" (d: Dst, a: I64) 2 Fixed Next []
                "d = the unsigned integer a as float, to nearest.";
            0x14b F32DemoteF64 "f32.demote_f64" (d: Dst, a: F64) 2 Fixed Next []
                "d = a rounded to 32 bits.";
            0x14c F64PromoteF32 "f64.promote_f32" (d: Dst, a: F32) 2 Fixed Next []
                "d = a as 64 bits.";

            // Linear memory
            @family "Linear memory";
            0x160 I32Load "i32.load" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 32-bit value at addr + offset.";
            0x161 I64Load "i64.load" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 64-bit value at addr + offset.";
            0x162 F32Load "f32.load" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 32-bit float at addr + offset, bit for bit.";
            0x163 F64Load "f64.load" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 64-bit float at addr + offset, bit for bit.";
            0x164 I32Load8S "i32.load8_s" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 8-bit value at addr + offset, sign-extended.";
            0x165 I32Load8U "i32.load8_u" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 8-bit value at addr + offset, zero-extended.";
            0x166 I32Load16S "i32.load16_s" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 16-bit value at addr + offset, sign-extended.";
            0x167 I32Load16U "i32.load16_u" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 16-bit value at addr + offset, zero-extended.";
            0x168 I64Load8S "i64.load8_s" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 8-bit value at addr + offset, sign-extended.";
            0x169 I64Load8U "i64.load8_u" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 8-bit value at addr + offset, zero-extended.";
            0x16a I64Load16S "i64.load16_s" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 16-bit value at addr + offset, sign-extended.";
            0x16b I64Load16U "i64.load16_u" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 16-bit value at addr + offset, zero-extended.";
            0x16c I64Load32S "i64.load32_s" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 32-bit value at addr + offset, sign-extended.";
            0x16d I64Load32U "i64.load32_u" (d: Dst, addr: I32, offset: Offset) 2 Fixed Next [MemoryOutOfBounds]
                "d = the 32-bit value at addr + offset, zero-extended.";
            0x16e I32Store "i32.store" (addr: I32, offset: Offset, a: I32) 2 Fixed Next [MemoryOutOfBounds]
                "Stores 32 bits at addr + offset.";
            0x16f I64Store "i64.store" (addr: I32, offset: Offset, a: I64) 2 Fixed Next [MemoryOutOfBounds]
                "Stores 64 bits at addr + offset.";
            0x170 F32Store "f32.store" (addr: I32, offset: Offset, a: F32) 2 Fixed Next [MemoryOutOfBounds]
                "Stores a 32-bit float at addr + offset.";
            0x171 F64Store "f64.store" (addr: I32, offset: Offset, a: F64) 2 Fixed Next [MemoryOutOfBounds]
                "Stores a 64-bit float at addr + offset.";
            0x172 I32Store8 "i32.store8" (addr: I32, offset: Offset, a: I32) 2 Fixed Next [MemoryOutOfBounds]
                "Stores the lower 8 bits at addr + offset.";
            0x173 I32Store16 "i32.store16" (addr: I32, offset: Offset, a: I32) 2 Fixed Next [MemoryOutOfBounds]
                "Stores the lower 16 bits at addr + offset.";
            0x174 I64Store8 "i64.store8" (addr: I32, offset: Offset, a: I64) 2 Fixed Next [MemoryOutOfBounds]
                "Stores the lower 8 bits at addr + offset.";
            0x175 I64Store16 "i64.store16" (addr: I32, offset: Offset, a: I64) 2 Fixed Next [MemoryOutOfBounds]
                "Stores the lower 16 bits at addr + offset.";
            0x176 I64Store32 "i64.store32" (addr: I32, offset: Offset, a: I64) 2 Fixed Next [MemoryOutOfBounds]
                "Stores the lower 32 bits at addr + offset.";
            0x177 MemorySize "memory.size" (d: Dst) 1 Fixed Next []
                "d = size of the memory in pages of 64 KiB.";
            0x178 MemoryGrow "memory.grow" (d: Dst, pages: I32) 8 PerPage Next []
                "Grows by `pages`; d = the old size, or -1 if the limit or quota forbids it.";
            0x179 MemoryCopy "memory.copy" (to: I32, from: I32, len: I32) 4 Per16Bytes Next [MemoryOutOfBounds]
                "Copies `len` bytes; the spans may overlap.";
            0x17a MemoryFill "memory.fill" (to: I32, value: I32, len: I32) 4 Per16Bytes Next [MemoryOutOfBounds]
                "Sets `len` bytes to the lower 8 bits of value.";
            0x17b MemoryInit "memory.init" (data: Data, to: I32, from: I32, len: I32) 4 Per16Bytes Next [MemoryOutOfBounds]
                "Copies `len` bytes of a data segment from offset `from`.";
            0x17c DataDrop "data.drop" (data: Data) 1 Fixed Next []
                "The data segment becomes empty.";

            // Tables
            @family "Tables";
            0x190 TableGet "table.get" (d: Dst, table: Table, index: I32) 2 Fixed Next [TableOutOfBounds]
                "d = a function reference of the table.";
            0x191 TableSet "table.set" (table: Table, index: I32, a: I32) 2 Fixed Next [TableOutOfBounds]
                "Sets an element of a function table.";
            0x192 TableGetH "table.get_h" (d: HDst, table: Table, index: I32) 2 Fixed Next [TableOutOfBounds]
                "d = a handle of the table.";
            0x193 TableSetH "table.set_h" (table: Table, index: I32, a: H) 3 Fixed Next [TableOutOfBounds]
                "Sets an element of a handle table.";
            0x194 TableSize "table.size" (d: Dst, table: Table) 1 Fixed Next []
                "d = number of elements.";
            0x195 TableGrow "table.grow" (d: Dst, table: Table, init: I32, by: I32) 8 PerElement Next []
                "Grows a function table by `by`; d = the old size, or -1 if the limit forbids it.";
            0x196 TableGrowH "table.grow_h" (d: Dst, table: Table, init: H, by: I32) 8 PerElement Next []
                "Grows a handle table by `by`; d = the old size, or -1 if the limit forbids it.";
            0x197 TableFill "table.fill" (table: Table, index: I32, a: I32, len: I32) 4 PerElement Next [TableOutOfBounds]
                "Sets `len` elements of a function table.";
            0x198 TableFillH "table.fill_h" (table: Table, index: I32, a: H, len: I32) 4 PerElement Next [TableOutOfBounds]
                "Sets `len` elements of a handle table.";
            0x199 TableCopy "table.copy" (dst: Table, src: Table, to: I32, from: I32, len: I32) 4 PerElement Next [TableOutOfBounds]
                "Copies `len` elements between tables of one kind; the spans may overlap.";
            0x19a TableInit "table.init" (table: Table, elem: Elem, to: I32, from: I32, len: I32) 4 PerElement Next [TableOutOfBounds]
                "Copies `len` elements of an element segment.";
            0x19b ElemDrop "elem.drop" (elem: Elem) 1 Fixed Next []
                "The element segment becomes empty.";

            // Heap: byte strings
            @family "Heap: byte strings";
            0x1b0 BytesNew "bytes.new" (d: HDst, len: I32) 20 Per16Bytes Alloc [HeapExhausted]
                "d = a new byte string of `len` zeros.";
            0x1b1 BytesData "bytes.data" (d: HDst, data: Data, from: I32, len: I32) 20 Per16Bytes Alloc [MemoryOutOfBounds, HeapExhausted]
                "d = a new byte string with `len` bytes of a data segment.";
            0x1b2 BytesLoad "bytes.load" (d: HDst, from: I32, len: I32) 20 Per16Bytes Alloc [MemoryOutOfBounds, HeapExhausted]
                "d = a new byte string with `len` bytes of the linear memory.";
            0x1b3 BytesStore "bytes.store" (a: H, from: I32, to: I32, len: I32) 4 Per16Bytes Next [NullHandle, WrongKind, IndexOutOfBounds, MemoryOutOfBounds]
                "Copies `len` bytes of a, from offset `from`, to the linear memory at `to`.";
            0x1b4 BytesLen "bytes.len" (d: Dst, a: H) 2 Fixed Next [NullHandle, WrongKind]
                "d = length in bytes.";
            0x1b5 BytesGet "bytes.get" (d: Dst, a: H, index: I32) 2 Fixed Next [NullHandle, WrongKind, IndexOutOfBounds]
                "d = the byte at an index.";
            0x1b6 BytesSet "bytes.set" (a: H, index: I32, value: I32) 2 Fixed Next [NullHandle, WrongKind, IndexOutOfBounds]
                "Sets the byte at an index to the lower 8 bits of value.";
            0x1b7 BytesCopy "bytes.copy" (dst: H, to: I32, src: H, from: I32, len: I32) 4 Per16Bytes Next [NullHandle, WrongKind, IndexOutOfBounds]
                "Copies `len` bytes between byte strings; they may be one and overlap.";
            0x1b8 BytesFill "bytes.fill" (a: H, from: I32, value: I32, len: I32) 4 Per16Bytes Next [NullHandle, WrongKind, IndexOutOfBounds]
                "Sets `len` bytes to the lower 8 bits of value.";
            0x1b9 BytesCompare "bytes.compare" (d: Dst, a: H, b: H) 4 Per16Bytes Next [NullHandle, WrongKind]
                "d = -1, 0 or 1 as a sorts before, equal to or after b, byte by byte, then by length.";

            // Heap: arrays of scalars
            @family "Heap: arrays of scalars";
            0x1c0 ArrayNew "array.new" (d: HDst, len: I32) 20 PerElement Alloc [HeapExhausted]
                "d = a new array of `len` 64-bit zeros.";
            0x1c1 ArrayLen "array.len" (d: Dst, a: H) 2 Fixed Next [NullHandle, WrongKind]
                "d = number of elements.";
            0x1c2 ArrayGet "array.get" (d: Dst, a: H, index: I32) 2 Fixed Next [NullHandle, WrongKind, IndexOutOfBounds]
                "d = the element, all 64 bits.";
            0x1c3 ArraySet "array.set" (a: H, index: I32, value: I64) 2 Fixed Next [NullHandle, WrongKind, IndexOutOfBounds]
                "The element = value, all 64 bits.";
            0x1c4 ArrayCopy "array.copy" (dst: H, to: I32, src: H, from: I32, len: I32) 4 PerElement Next [NullHandle, WrongKind, IndexOutOfBounds]
                "Copies `len` elements between arrays; they may be one and overlap.";
            0x1c5 ArrayFill "array.fill" (a: H, from: I32, value: I64, len: I32) 4 PerElement Next [NullHandle, WrongKind, IndexOutOfBounds]
                "Sets `len` elements.";
            0x1c6 ArrayCompare "array.compare" (d: Dst, a: H, b: H) 4 PerElement Next [NullHandle, WrongKind]
                "d = -1, 0 or 1 as a sorts before, equal to or after b, by unsigned elements, then by length.";

            // Heap: arrays of handles
            @family "Heap: arrays of handles";
            0x1d0 RefsNew "refs.new" (d: HDst, len: I32) 20 PerElement Alloc [HeapExhausted]
                "d = a new array of `len` null handles.";
            0x1d1 RefsLen "refs.len" (d: Dst, a: H) 2 Fixed Next [NullHandle, WrongKind]
                "d = number of elements.";
            0x1d2 RefsGet "refs.get" (d: HDst, a: H, index: I32) 2 Fixed Next [NullHandle, WrongKind, IndexOutOfBounds]
                "d = the element.";
            0x1d3 RefsSet "refs.set" (a: H, index: I32, value: H) 3 Fixed Next [NullHandle, WrongKind, IndexOutOfBounds]
                "The element = value.";
            0x1d4 RefsCopy "refs.copy" (dst: H, to: I32, src: H, from: I32, len: I32) 4 PerElement Next [NullHandle, WrongKind, IndexOutOfBounds]
                "Copies `len` elements between arrays; they may be one and overlap.";
            0x1d5 RefsFill "refs.fill" (a: H, from: I32, value: H, len: I32) 4 PerElement Next [NullHandle, WrongKind, IndexOutOfBounds]
                "Sets `len` elements.";
            0x1d6 RefsCompare "refs.compare" (d: Dst, a: H, b: H) 4 PerElement Next [NullHandle, WrongKind]
                "d = 1 if both have the same length and identical elements, else 0.";

            // Heap: records
            @family "Heap: records";
            0x1e0 RecordNew "record.new" (d: HDst, shape: Shape) 20 PerElement Alloc [HeapExhausted]
                "d = a new record of a shape, all scalars 0 and all handles null.";
            0x1e1 RecordShape "record.shape" (d: Dst, a: H) 2 Fixed Next [NullHandle, WrongKind]
                "d = index of the record's shape.";
            0x1e2 RecordGet "record.get" (d: Dst, a: H, shape: Shape, field: Field) 2 Fixed Next [NullHandle, WrongKind]
                "d = a scalar field of a record of this shape.";
            0x1e3 RecordSet "record.set" (a: H, shape: Shape, field: Field, value: I64) 2 Fixed Next [NullHandle, WrongKind]
                "Sets a scalar field of a record of this shape.";
            0x1e4 RecordGetH "record.get_h" (d: HDst, a: H, shape: Shape, field: HField) 2 Fixed Next [NullHandle, WrongKind]
                "d = a handle field of a record of this shape.";
            0x1e5 RecordSetH "record.set_h" (a: H, shape: Shape, field: HField, value: H) 3 Fixed Next [NullHandle, WrongKind]
                "Sets a handle field of a record of this shape.";
            0x1e6 RecordCopy "record.copy" (dst: H, src: H) 4 PerElement Next [NullHandle, WrongKind]
                "Copies all fields between records of one shape; another shape is the trap WrongKind.";
            0x1e7 RecordCompare "record.compare" (d: Dst, a: H, b: H) 4 PerElement Next [NullHandle, WrongKind]
                "d = 1 if both have the same shape, equal scalars and identical handles, else 0.";
        }
    };
}
