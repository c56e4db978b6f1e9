//! Conditions that a branch can test by itself.

use cartwheel_bytecode::Instr;
use cartwheel_bytecode::operand::{Dst, H, I32, I64, Label, Src};

/// How two integers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Relation {
    Eq,
    Ne,
    LtS,
    LtU,
    GtS,
    GtU,
    LeS,
    LeU,
    GeS,
    GeU,
}

impl Relation {
    fn opposite(self) -> Relation {
        match self {
            Relation::Eq => Relation::Ne,
            Relation::Ne => Relation::Eq,
            Relation::LtS => Relation::GeS,
            Relation::LtU => Relation::GeU,
            Relation::GtS => Relation::LeS,
            Relation::GtU => Relation::LeU,
            Relation::LeS => Relation::GtS,
            Relation::LeU => Relation::GtU,
            Relation::GeS => Relation::LtS,
            Relation::GeU => Relation::LtU,
        }
    }
}

/// A condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// A value is not 0.
    NotZero(I32),
    /// A value is 0.
    Zero(I32),
    /// Two 32-bit values compare.
    Int32(Relation, I32, I32),
    /// Two 64-bit values compare.
    Int64(Relation, I64, I64),
    /// A handle is null.
    Null(H),
    /// A handle is not null.
    NotNull(H),
}

macro_rules! by_relation {
    ($relation:expr, $fields:tt; $($name:ident => $variant:ident),*) => {
        match $relation { $(Relation::$name => by_relation!($variant $fields)),* }
    };
    ($variant:ident ($($field:ident),*)) => {
        Instr::$variant { $($field),* }
    };
}

impl Test {
    /// The opposite condition.
    pub fn negated(self) -> Test {
        match self {
            Test::NotZero(a) => Test::Zero(a),
            Test::Zero(a) => Test::NotZero(a),
            Test::Int32(relation, a, b) => Test::Int32(relation.opposite(), a, b),
            Test::Int64(relation, a, b) => Test::Int64(relation.opposite(), a, b),
            Test::Null(a) => Test::NotNull(a),
            Test::NotNull(a) => Test::Null(a),
        }
    }

    /// A branch that is taken if the condition holds, with any label.
    pub fn branch(self) -> Instr {
        let to = Label(0);
        match self {
            Test::NotZero(cond) => Instr::BrIf { cond, to },
            Test::Zero(cond) => Instr::BrUnless { cond, to },
            Test::Int32(relation, a, b) => by_relation!(relation, (a, b, to);
                Eq => BrI32Eq, Ne => BrI32Ne, LtS => BrI32LtS, LtU => BrI32LtU, GtS => BrI32GtS,
                GtU => BrI32GtU, LeS => BrI32LeS, LeU => BrI32LeU, GeS => BrI32GeS, GeU => BrI32GeU),
            Test::Int64(relation, a, b) => by_relation!(relation, (a, b, to);
                Eq => BrI64Eq, Ne => BrI64Ne, LtS => BrI64LtS, LtU => BrI64LtU, GtS => BrI64GtS,
                GtU => BrI64GtU, LeS => BrI64LeS, LeU => BrI64LeU, GeS => BrI64GeS, GeU => BrI64GeU),
            Test::Null(a) => Instr::BrNull { a, to },
            Test::NotNull(a) => Instr::BrNonnull { a, to },
        }
    }

    /// An instruction that sets a register to 1 if the condition holds, else to 0. None has the opposite of
    /// `ref.is_null`; nobody asks for it.
    pub fn value(self, d: Dst) -> Instr {
        match self {
            Test::NotZero(a) => Instr::I32Ne { d, a, b: Src::Imm(0) },
            Test::Zero(a) => Instr::I32Eqz { d, a },
            Test::Int32(relation, a, b) => by_relation!(relation, (d, a, b);
                Eq => I32Eq, Ne => I32Ne, LtS => I32LtS, LtU => I32LtU, GtS => I32GtS,
                GtU => I32GtU, LeS => I32LeS, LeU => I32LeU, GeS => I32GeS, GeU => I32GeU),
            Test::Int64(relation, a, b) => by_relation!(relation, (d, a, b);
                Eq => I64Eq, Ne => I64Ne, LtS => I64LtS, LtU => I64LtU, GtS => I64GtS,
                GtU => I64GtU, LeS => I64LeS, LeU => I64LeU, GeS => I64GeS, GeU => I64GeU),
            Test::Null(a) | Test::NotNull(a) => Instr::RefIsNull { d, a },
        }
    }
}
