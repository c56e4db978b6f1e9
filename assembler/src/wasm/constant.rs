//! Constant expressions. All that they can refer to is known before anything runs, so they are computed here.

use cartwheel_bytecode::cartridge::GlobalDef;
use wasmparser::{ConstExpr, Operator};

use super::error::Error;

/// The cell of a validated constant expression; references to functions are index + 1.
pub fn evaluate(expr: &ConstExpr<'_>, globals: &[GlobalDef]) -> Result<u64, Error> {
    let mut stack: Vec<u64> = Vec::new();
    for operator in expr.get_operators_reader() {
        let cell = match operator? {
            Operator::I32Const { value } => u64::from(value as u32),
            Operator::I64Const { value } => value as u64,
            Operator::F32Const { value } => value.bits().into(),
            Operator::F64Const { value } => value.bits(),
            Operator::RefNull { .. } => 0,
            Operator::RefFunc { function_index } => u64::from(function_index) + 1,
            Operator::GlobalGet { global_index } => globals[global_index as usize].init,
            Operator::I32Add => narrow(&mut stack, u32::wrapping_add),
            Operator::I32Sub => narrow(&mut stack, u32::wrapping_sub),
            Operator::I32Mul => narrow(&mut stack, u32::wrapping_mul),
            Operator::I64Add => wide(&mut stack, u64::wrapping_add),
            Operator::I64Sub => wide(&mut stack, u64::wrapping_sub),
            Operator::I64Mul => wide(&mut stack, u64::wrapping_mul),
            Operator::End => break,
            other => unreachable!("the validator accepts no {other:?} in constant expressions"),
        };
        stack.push(cell);
    }
    Ok(stack.pop().expect("a validated constant expression has a value"))
}

fn narrow(stack: &mut Vec<u64>, operation: fn(u32, u32) -> u32) -> u64 {
    let (b, a) = (stack.pop(), stack.pop());
    let [a, b] = [a, b].map(|cell| cell.expect("validated operands") as u32);
    operation(a, b).into()
}

fn wide(stack: &mut Vec<u64>, operation: fn(u64, u64) -> u64) -> u64 {
    let (b, a) = (stack.pop(), stack.pop());
    let [a, b] = [a, b].map(|cell| cell.expect("validated operands"));
    operation(a, b)
}
