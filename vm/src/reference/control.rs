//! Calls, returns and switches.

use cartwheel_bytecode::operand::{AnyDst, Arg, I32, Labels};
use cartwheel_bytecode::{Bank, Instr, TrapCode};

use super::{Executed, Reference, Then, narrow};
use crate::program::FRAME_OVERHEAD_CELLS;
use crate::state::FrameState;
use crate::stop::Position;

impl Reference {
    /// Target of a `br_table`.
    pub(super) fn switch(&self, index: I32, targets: &Labels) -> Executed {
        let index = self.unsigned(index) as usize;
        Ok(Then::Label(targets[index.min(targets.len() - 1)]))
    }

    pub(super) fn call_function(&mut self, func: u32, args: &[Arg]) -> Executed {
        let bank = |arg: &Arg| match arg {
            Arg::Reg(_) | Arg::Imm(_) => Bank::Scalar,
            Arg::HReg(_) | Arg::Null => Bank::Handle,
        };
        let args: Vec<(Bank, u64)> = args.iter().map(|arg| (bank(arg), self.argument(*arg))).collect();
        self.push_frame(func, &args)?;
        Ok(Then::Frame)
    }

    /// Calls what a function reference names, if its signature is `sig`.
    pub(super) fn call_reference(&mut self, sig: u32, reference: u32, args: &[Arg]) -> Executed {
        let func = reference.checked_sub(1).ok_or(TrapCode::NullFunction)?;
        let cart = self.program.cartridge();
        let function = cart.functions.get(func as usize).ok_or(TrapCode::SignatureMismatch)?;
        if cart.types[function.sig as usize] != cart.types[sig as usize] {
            return Err(TrapCode::SignatureMismatch.into());
        }
        self.call_function(func, args)
    }

    /// Makes the frame of a call, if the limits allow it.
    pub(super) fn push_frame(&mut self, func: u32, args: &[(Bank, u64)]) -> Result<(), TrapCode> {
        if self.state.frames.len() as u64 + 1 > u64::from(self.limits.max_frames) {
            return Err(TrapCode::CallDepth);
        }
        let waiting = self.state.frames.iter().map(|f| f.scalars.len() + f.handles.len());
        let function = self.program.function(func);
        let registers =
            waiting.sum::<usize>() + usize::from(function.scalars) + usize::from(function.handles);
        let overhead = (self.state.frames.len() + 1) * FRAME_OVERHEAD_CELLS as usize;
        if (registers + overhead) as u64 > u64::from(self.limits.max_stack_cells) {
            return Err(TrapCode::StackOverflow);
        }

        let mut frame = FrameState {
            func,
            offset: 0,
            scalars: vec![0; function.scalars.into()],
            handles: vec![0; function.handles.into()],
        };
        let (mut scalars, mut handles) = (0, 0);
        for &(bank, cell) in args {
            match bank {
                Bank::Scalar => {
                    frame.scalars[scalars] = cell;
                    scalars += 1;
                }
                Bank::Handle => {
                    frame.handles[handles] = cell as u32;
                    handles += 1;
                }
            }
        }
        self.state.frames.push(frame);
        self.block_charged = false;
        Ok(())
    }

    pub(super) fn return_values(&mut self, values: &[Arg]) -> Executed {
        let cells: Vec<u64> = values.iter().map(|value| self.argument(*value)).collect();
        let returned = self.state.frames.pop().expect("a call is in progress");
        if self.state.frames.is_empty() {
            let sig = self.program.function(returned.func).sig;
            let types = &self.program.cartridge().types[sig as usize].results;
            self.state.results = cells.iter().zip(types).map(|(&cell, ty)| narrow(cell, *ty)).collect();
            return Ok(Then::Returned);
        }
        let Position { func, offset } = self.position();
        let code = self.code(func);
        let results: &[AnyDst] = match code.instr(offset) {
            Instr::Call { results, .. }
            | Instr::CallIndirect { results, .. }
            | Instr::CallRef { results, .. } => results,
            other => panic!("a frame waits at {other:?}"),
        };
        self.set_results(results, &cells);
        self.go_to(code.next(offset));
        Ok(Then::Frame)
    }
}
