//! Traps that instructions raise.

/// Why an instruction trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TrapCode {
    Unreachable,
    User,
    DivideByZero,
    IntegerOverflow,
    InvalidConversion,
    MemoryOutOfBounds,
    TableOutOfBounds,
    NullFunction,
    SignatureMismatch,
    CallDepth,
    StackOverflow,
    NullHandle,
    WrongKind,
    IndexOutOfBounds,
    HeapExhausted,
    NoSuchPad,
    Syscall,
}

impl TrapCode {
    /// All traps, in the order of their numbers in saved states.
    pub const ALL: [TrapCode; 17] = [
        TrapCode::Unreachable,
        TrapCode::User,
        TrapCode::DivideByZero,
        TrapCode::IntegerOverflow,
        TrapCode::InvalidConversion,
        TrapCode::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds,
        TrapCode::NullFunction,
        TrapCode::SignatureMismatch,
        TrapCode::CallDepth,
        TrapCode::StackOverflow,
        TrapCode::NullHandle,
        TrapCode::WrongKind,
        TrapCode::IndexOutOfBounds,
        TrapCode::HeapExhausted,
        TrapCode::NoSuchPad,
        TrapCode::Syscall,
    ];

    /// What happened, for people.
    pub fn message(self) -> &'static str {
        match self {
            TrapCode::Unreachable => "unreachable code was reached",
            TrapCode::User => "the program trapped by itself",
            TrapCode::DivideByZero => "division by zero",
            TrapCode::IntegerOverflow => "integer overflow",
            TrapCode::InvalidConversion => "NaN cannot be converted to an integer",
            TrapCode::MemoryOutOfBounds => "memory access out of bounds",
            TrapCode::TableOutOfBounds => "table access out of bounds",
            TrapCode::NullFunction => "call of a null function reference",
            TrapCode::SignatureMismatch => "indirect call of a function with another signature",
            TrapCode::CallDepth => "calls nested too deeply",
            TrapCode::StackOverflow => "register stack exhausted",
            TrapCode::NullHandle => "null where an object is needed",
            TrapCode::WrongKind => "heap object of the wrong kind",
            TrapCode::IndexOutOfBounds => "index out of bounds",
            TrapCode::HeapExhausted => "heap quota exhausted",
            TrapCode::NoSuchPad => "input pad number above 3",
            TrapCode::Syscall => "structural violation at a syscall",
        }
    }
}
