//! Reads arguments and results, by signature.

use cartwheel_bytecode::operand::{AnyDst, Arg, Args, Dsts, MAX_LIST};
use cartwheel_bytecode::{Bank, Flow, Op, ValType};

use crate::cursor::Cursor;
use crate::function::Code;
use crate::operands::{Context, article, scalar_of};
use crate::source::{Error, Res, error, error_help};
use crate::token::{Punct, Tok};

impl Code<'_> {
    pub fn args(&mut self, brackets: bool, context: &Context, cur: &mut Cursor<'_>) -> Res<Args> {
        let start = cur.span();
        if brackets {
            cur.eat(Punct::Comma);
            cur.expect(Punct::LParen)?;
        }
        let types = context.signature.as_ref().map_or(&[][..], |s| &s.params);
        let mut args = Args::new();
        let ended = |cur: &Cursor<'_>| cur.at_end() || brackets && cur.at(Punct::RParen);
        while !ended(cur) {
            if args.len() as u32 >= MAX_LIST {
                return error(cur.span(), format!("at most {MAX_LIST} values can be passed"));
            }
            let span = cur.span();
            match types.get(args.len()) {
                Some(_) if matches!(cur.peek().map(|t| &t.tok), Some(Tok::Str(_))) => {
                    args.extend(self.text(&types[args.len()..], cur)?);
                }
                Some(ty) => args.push(self.arg(*ty, cur)?),
                None => return error(span, count_message(context, types, brackets, None)),
            }
            if !cur.eat(Punct::Comma) {
                break;
            }
        }
        if brackets {
            cur.expect(Punct::RParen)?;
        }
        if args.len() < types.len() {
            let span = if brackets { start } else { cur.span() };
            return error(span, count_message(context, types, brackets, Some(args.len())));
        }
        Ok(args)
    }

    /// A string for two arguments: the address and the length of its bytes.
    fn text(&mut self, types: &[ValType], cur: &mut Cursor<'_>) -> Res<[Arg; 2]> {
        let span = cur.span();
        let bytes = cur.string("a string")?;
        let Some([ValType::I32, ValType::I32]) = types.get(..2) else {
            return error(span, "a string stands for two i32 arguments, its address and its length");
        };
        match self.program.strings.get(&bytes) {
            Some(&address) => Ok([Arg::Imm(address.into()), Arg::Imm(bytes.len() as u64)]),
            None => Err(Error::silent(span)),
        }
    }

    fn arg(&mut self, ty: ValType, cur: &mut Cursor<'_>) -> Res<Arg> {
        if ty == ValType::Handle {
            return Ok(self.handle(cur)?.map_or(Arg::Null, Arg::HReg));
        }
        if let Some(((bank, number), name)) = self.next_register(cur) {
            if bank != Bank::Scalar {
                return self.wrong_bank(&name, bank, Bank::Scalar);
            }
            cur.next();
            return Ok(Arg::Reg(number));
        }
        if cur.at_word("null") {
            return error(cur.span(), format!("`null` is a handle, {} is needed here", article(ty.name())));
        }
        self.constant(scalar_of(ty), cur).map(Arg::Imm)
    }

    pub fn dsts(&mut self, op: Op, context: &Context, cur: &mut Cursor<'_>) -> Res<Dsts> {
        let types = context.signature.as_ref().map_or(&[][..], |s| &s.results);
        let start = cur.span();
        let mut dsts = Dsts::new();
        if !cur.eat(Punct::Arrow) {
            if types.is_empty() {
                return Ok(dsts);
            }
            if op.info().flow == Flow::Syscall && cur.at_end() {
                // Statuses are often not looked at.
                dsts.extend(types.iter().map(|ty| self.any_discard(ty.bank())));
                return Ok(dsts);
            }
            let message = format!("{} has the results {}", context.callee, type_list(types));
            return error_help(start, message, "name registers for them behind `->`, or `_` to drop one");
        }
        loop {
            let Some(ty) = types.get(dsts.len()) else {
                let given = format!("{} has {}", context.callee, results_text(types));
                return error(cur.span(), format!("{given}, more registers are named"));
            };
            let number = self.destination(ty.bank(), cur)?;
            dsts.push(if ty.bank() == Bank::Scalar { AnyDst::Reg(number) } else { AnyDst::HReg(number) });
            if !cur.eat(Punct::Comma) {
                break;
            }
        }
        if dsts.len() < types.len() {
            let message =
                format!("{} has {}, {} named", context.callee, results_text(types), are(dsts.len()));
            return error_help(cur.span(), message, "`_` drops a result");
        }
        Ok(dsts)
    }

    fn any_discard(&mut self, bank: Bank) -> AnyDst {
        let number = self.discard(bank);
        if bank == Bank::Scalar { AnyDst::Reg(number) } else { AnyDst::HReg(number) }
    }
}

fn type_list(types: &[ValType]) -> String {
    let names: Vec<&str> = types.iter().map(|ty| ty.name()).collect();
    format!("({})", names.join(", "))
}

fn are(count: usize) -> String {
    if count == 1 { "1 is".to_owned() } else { format!("{count} are") }
}

fn results_text(types: &[ValType]) -> String {
    match types.len() {
        0 => "no results".to_owned(),
        1 => format!("1 result {}", type_list(types)),
        n => format!("{n} results {}", type_list(types)),
    }
}

/// What is wrong with the number of arguments; `given` is `None` if there are too many.
fn count_message(context: &Context, types: &[ValType], call: bool, given: Option<usize>) -> String {
    let verb = if call { "takes" } else { "returns" };
    let count = match types.len() {
        0 => "nothing".to_owned(),
        1 => format!("1 value {}", type_list(types)),
        n => format!("{n} values {}", type_list(types)),
    };
    let given = given.map_or_else(|| "more are".to_owned(), are);
    format!("{} {verb} {count}, {given} given", context.callee)
}
