//! Constant expressions. They are kept in postfix order, so that neither evaluating nor dropping a long one
//! recurses.

use std::rc::Rc;

use cartwheel_bytecode::operand::Scalar;

use crate::cursor::{Cursor, Name};
use crate::float::{CANONICAL_32, CANONICAL_64, Float, PAYLOAD_32, PAYLOAD_64};
use crate::source::{Error, Res, Span, error, error_help};
use crate::token::{Punct, Tok};

/// A constant expression.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    nodes: Rc<[Node]>,
    pub span: Span,
}

#[derive(Clone, Debug)]
enum Node {
    Value(Value),
    Name(Name),
    Builtin(Builtin, Name),
    Unary(Unary, Span),
    Binary(Punct, Span),
}

#[derive(Clone, Copy, Debug)]
enum Unary {
    Minus,
    Complement,
    Not,
    Int,
    Float,
    BitsF32,
    BitsF64,
}

/// A function of a name rather than of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    /// Bytes of a data symbol.
    SizeOf,
    /// Elements of a data symbol.
    CountOf,
    /// Function reference of a function.
    FuncRef,
    /// Index of an asset.
    Asset,
    /// 1 if a constant is defined at this place of the source.
    Defined,
}

/// The value of an expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Int(i128),
    Float(Float),
    /// A NaN with a payload; `None` is that of the canonical NaN.
    Nan {
        negative: bool,
        payload: Option<u64>,
    },
    /// All bits of a register, whatever the type.
    Cell(u64),
}

/// What the names in an expression mean.
pub(crate) trait Env {
    fn value(&self, name: &Name) -> Res<Value>;
    fn builtin(&self, builtin: Builtin, name: &Name) -> Res<i128>;
}

const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
/// Brackets that can be nested in an expression.
const MAX_NESTING: usize = 64;

impl Expr {
    /// Reads an expression.
    pub fn parse(cur: &mut Cursor<'_>) -> Res<Expr> {
        let start = cur.span();
        let mut parser = Parser { cur, nodes: Vec::new(), depth: 0 };
        parser.binary(0)?;
        Ok(Expr { nodes: parser.nodes.into(), span: start })
    }

    /// The value of the expression.
    pub fn eval(&self, env: &dyn Env) -> Res<Value> {
        let mut stack: Vec<Value> = Vec::new();
        for node in self.nodes.iter() {
            let value = match node {
                Node::Value(value) => *value,
                Node::Name(name) => env.value(name)?,
                Node::Builtin(builtin, name) => Value::Int(env.builtin(*builtin, name)?),
                Node::Unary(op, span) => {
                    let a = stack.pop().expect("postfix order");
                    unary(*op, a, *span)?
                }
                Node::Binary(op, span) => {
                    let b = stack.pop().expect("postfix order");
                    let a = stack.pop().expect("postfix order");
                    binary(*op, a, b, *span)?
                }
            };
            stack.push(value);
        }
        Ok(stack.pop().expect("an expression has a value"))
    }

    /// The value as an integer in a range.
    pub fn int_in(&self, env: &dyn Env, what: &str, min: i128, max: i128) -> Res<i128> {
        match self.eval(env)? {
            Value::Int(v) if (min..=max).contains(&v) => Ok(v),
            Value::Int(v) => error(self.span, format!("{what} must be {min} to {max}, not {v}")),
            _ => error(self.span, format!("{what} must be an integer")),
        }
    }

    /// The value as a `u32`.
    pub fn u32(&self, env: &dyn Env, what: &str) -> Res<u32> {
        self.int_in(env, what, 0, u32::MAX.into()).map(|v| v as u32)
    }

    /// The value as the bits of a register that holds this type.
    pub fn cell(&self, env: &dyn Env, ty: Scalar) -> Res<u64> {
        self.eval(env)?.cell(ty).map_err(|(message, help)| Error::new(self.span, message, help))
    }
}

impl Value {
    /// The bits of a register that holds the value as this type.
    pub fn cell(self, ty: Scalar) -> Result<u64, (String, Option<String>)> {
        match (ty, self) {
            (_, Value::Cell(cell)) => Ok(cell),
            (Scalar::I32, Value::Int(v)) => fit(v, 32).map(|v| v & 0xffff_ffff),
            (Scalar::I64, Value::Int(v)) => fit(v, 64),
            (Scalar::F32, Value::Int(v)) => Ok((v as f32).to_bits().into()),
            (Scalar::F64, Value::Int(v)) => Ok((v as f64).to_bits()),
            (Scalar::F32, Value::Float(v)) => Ok(v.narrow.to_bits().into()),
            (Scalar::F64, Value::Float(v)) => Ok(v.wide.to_bits()),
            (Scalar::F32, Value::Nan { negative, payload }) => {
                let payload = nan_payload(payload.unwrap_or(CANONICAL_32), PAYLOAD_32)?;
                Ok(u64::from(negative) << 31 | 0x7f80_0000 | payload)
            }
            (Scalar::F64, Value::Nan { negative, payload }) => {
                let payload = nan_payload(payload.unwrap_or(CANONICAL_64), PAYLOAD_64)?;
                Ok(u64::from(negative) << 63 | 0x7ff0_0000_0000_0000 | payload)
            }
            (Scalar::I32 | Scalar::I64, _) => {
                let help =
                    "int(...) rounds a float towards zero; f32bits(...) and f64bits(...) give its bits";
                Err(("an integer is needed here, this is a float".to_owned(), Some(help.to_owned())))
            }
        }
    }

    fn number(self, span: Span) -> Res<f64> {
        match self {
            Value::Int(v) => Ok(v as f64),
            Value::Float(v) => Ok(v.wide),
            Value::Nan { negative, .. } => Ok(f64::NAN.copysign(if negative { -1.0 } else { 1.0 })),
            Value::Cell(_) => error(span, "raw cells cannot be calculated with"),
        }
    }
}

/// The low bits of an integer that is in the signed or unsigned range of a width.
fn fit(v: i128, bits: u32) -> Result<u64, (String, Option<String>)> {
    let (min, max) = (-(1i128 << (bits - 1)), (1i128 << bits) - 1);
    if (min..=max).contains(&v) {
        Ok(v as u64)
    } else {
        Err((format!("{v} does not fit {bits} bits ({min} to {max})"), None))
    }
}

fn nan_payload(payload: u64, mask: u64) -> Result<u64, (String, Option<String>)> {
    if payload != 0 && payload <= mask {
        Ok(payload)
    } else {
        Err((format!("the payload of this NaN must be 1 to {mask:#x}"), None))
    }
}

struct Parser<'c, 'a> {
    cur: &'c mut Cursor<'a>,
    nodes: Vec<Node>,
    depth: usize,
}

/// Binding strength of a binary operator; the weakest is 0.
fn strength(op: Punct) -> Option<u8> {
    use Punct::*;
    Some(match op {
        OrOr => 0,
        AndAnd => 1,
        EqEq | NotEq | Lt | Gt | Le | Ge => 2,
        Or => 3,
        Caret => 4,
        And => 5,
        Shl | Shr => 6,
        Plus | Minus => 7,
        Star | Slash | Percent => 8,
        _ => return None,
    })
}

impl Parser<'_, '_> {
    fn binary(&mut self, weakest: u8) -> Res<()> {
        self.unary()?;
        while let Some(token) = self.cur.peek() {
            let Tok::Punct(op) = token.tok else { break };
            let Some(s) = strength(op).filter(|s| *s >= weakest) else { break };
            self.cur.next();
            self.binary(s + 1)?;
            self.nodes.push(Node::Binary(op, token.span));
        }
        Ok(())
    }

    fn unary(&mut self) -> Res<()> {
        let mut ops = Vec::new();
        while let Some(token) = self.cur.peek() {
            let op = match token.tok {
                Tok::Punct(Punct::Minus) => Some(Unary::Minus),
                Tok::Punct(Punct::Tilde) => Some(Unary::Complement),
                Tok::Punct(Punct::Not) => Some(Unary::Not),
                Tok::Punct(Punct::Plus) => None,
                _ => break,
            };
            self.cur.next();
            ops.extend(op.map(|op| Node::Unary(op, token.span)));
        }
        self.primary()?;
        self.nodes.extend(ops.into_iter().rev());
        Ok(())
    }

    fn primary(&mut self) -> Res<()> {
        let Some(token) = self.cur.peek() else { return self.cur.expected("a value") };
        let value = match &token.tok {
            Tok::Int(v) => Value::Int((*v).into()),
            Tok::Char(c) => Value::Int((*c).into()),
            Tok::Float(text) => match Float::parse(text) {
                Some(float) => Value::Float(float),
                None => return error(token.span, "this is not a float"),
            },
            Tok::Punct(Punct::LParen) => {
                self.cur.next();
                return self.bracketed();
            }
            Tok::Ident(_) | Tok::Quoted(_) => {
                let name = self.cur.name("a value")?;
                return self.named(name);
            }
            _ => return self.cur.expected("a value"),
        };
        self.cur.next();
        self.nodes.push(Node::Value(value));
        Ok(())
    }

    fn bracketed(&mut self) -> Res<()> {
        if self.depth == MAX_NESTING {
            return error(self.cur.span(), format!("brackets are nested more than {MAX_NESTING} deep"));
        }
        self.depth += 1;
        self.binary(0)?;
        self.depth -= 1;
        self.cur.expect(Punct::RParen)
    }

    fn named(&mut self, name: Name) -> Res<()> {
        let colon = self.cur.at(Punct::Colon);
        let node = match &*name.text {
            _ if name.quoted => Node::Name(name),
            "inf" => Node::Value(Value::Float(Float::from_f64(f64::INFINITY))),
            "nan" => {
                let payload =
                    if self.cur.eat(Punct::Colon) { Some(self.cur.int("a payload")?) } else { None };
                Node::Value(Value::Nan { negative: false, payload })
            }
            "cell" if colon => {
                self.cur.next();
                Node::Value(Value::Cell(self.cur.int("the 64 bits of the cell")?))
            }
            word => {
                let Some(call) = function(word).filter(|_| self.cur.at(Punct::LParen) && name.scope == 0)
                else {
                    self.nodes.push(Node::Name(name));
                    return Ok(());
                };
                self.cur.next();
                match call {
                    Function::Of(builtin) => {
                        let of = match self.cur.peek().map(|t| &t.tok) {
                            Some(Tok::Str(_)) => {
                                let span = self.cur.span();
                                let text = self.cur.text("a name")?.into();
                                Name { text, span, scope: 0, quoted: true }
                            }
                            _ => self.cur.name("a name")?,
                        };
                        self.cur.expect(Punct::RParen)?;
                        Node::Builtin(builtin, of)
                    }
                    Function::Unary(op) => {
                        self.bracketed()?;
                        Node::Unary(op, name.span)
                    }
                }
            }
        };
        self.nodes.push(node);
        Ok(())
    }
}

enum Function {
    Of(Builtin),
    Unary(Unary),
}

fn function(name: &str) -> Option<Function> {
    Some(match name {
        "sizeof" => Function::Of(Builtin::SizeOf),
        "countof" => Function::Of(Builtin::CountOf),
        "funcref" => Function::Of(Builtin::FuncRef),
        "asset" => Function::Of(Builtin::Asset),
        "defined" => Function::Of(Builtin::Defined),
        "int" => Function::Unary(Unary::Int),
        "float" => Function::Unary(Unary::Float),
        "f32bits" => Function::Unary(Unary::BitsF32),
        "f64bits" => Function::Unary(Unary::BitsF64),
        _ => return None,
    })
}

fn unary(op: Unary, a: Value, span: Span) -> Res<Value> {
    Ok(match (op, a) {
        (Unary::Minus, Value::Int(v)) => Value::Int(v.checked_neg().map_or_else(|| overflow(span), Ok)?),
        (Unary::Minus, Value::Float(v)) => Value::Float(Float { wide: -v.wide, narrow: -v.narrow }),
        (Unary::Minus, Value::Nan { negative, payload }) => Value::Nan { negative: !negative, payload },
        (Unary::Complement, Value::Int(v)) => Value::Int(!v),
        (Unary::Not, v) => Value::Int((v.number(span)? == 0.0).into()),
        (Unary::Int, Value::Int(v)) => Value::Int(v),
        (Unary::Int, v) => {
            let number = v.number(span)?.trunc();
            if number.abs() >= TWO_TO_64 || number.is_nan() {
                return error(span, "this float has no integer value of 64 bits");
            }
            Value::Int(number as i128)
        }
        (Unary::Float, Value::Int(v)) => Value::Float(Float { wide: v as f64, narrow: v as f32 }),
        (Unary::Float, v @ (Value::Float(_) | Value::Nan { .. })) => v,
        (Unary::BitsF32 | Unary::BitsF64, v) => {
            let ty = if matches!(op, Unary::BitsF32) { Scalar::F32 } else { Scalar::F64 };
            Value::Int(v.cell(ty).map_err(|(m, h)| Error::new(span, m, h))?.into())
        }
        (Unary::Complement, _) => return error(span, "`~` needs an integer"),
        (_, Value::Cell(_)) => return error(span, "raw cells cannot be calculated with"),
    })
}

fn overflow<T>(span: Span) -> Res<T> {
    error(span, "the result is too large")
}

fn binary(op: Punct, a: Value, b: Value, span: Span) -> Res<Value> {
    use Punct::*;
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        return integers(op, a, b, span).map(Value::Int);
    }
    let (x, y) = (a.number(span)?, b.number(span)?);
    let truth = |t: bool| Ok(Value::Int(t.into()));
    match op {
        EqEq => return truth(x == y),
        NotEq => return truth(x != y),
        Lt => return truth(x < y),
        Gt => return truth(x > y),
        Le => return truth(x <= y),
        Ge => return truth(x >= y),
        AndAnd => return truth(x != 0.0 && y != 0.0),
        OrOr => return truth(x != 0.0 || y != 0.0),
        _ => {}
    }
    let result = match op {
        Plus => x + y,
        Minus => x - y,
        Star => x * y,
        Slash => x / y,
        _ => {
            return error_help(
                span,
                format!("`{}` needs integers", op.text()),
                "int(...) rounds towards zero",
            );
        }
    };
    // The bits of a computed NaN differ from machine to machine.
    if result.is_nan() {
        return Ok(Value::Nan { negative: false, payload: None });
    }
    Ok(Value::Float(Float::from_f64(result)))
}

fn integers(op: Punct, a: i128, b: i128, span: Span) -> Res<i128> {
    use Punct::*;
    let checked = match op {
        Plus => a.checked_add(b),
        Minus => a.checked_sub(b),
        Star => a.checked_mul(b),
        Slash | Percent if b == 0 => return error(span, "division by zero"),
        Slash => a.checked_div(b),
        Percent => a.checked_rem(b),
        And => Some(a & b),
        Or => Some(a | b),
        Caret => Some(a ^ b),
        Shl | Shr if !(0..64).contains(&b) => {
            return error(span, format!("a shift must be by 0 to 63, not {b}"));
        }
        Shl => a.checked_mul(1i128 << b),
        Shr => Some(a >> b),
        EqEq => Some((a == b).into()),
        NotEq => Some((a != b).into()),
        Lt => Some((a < b).into()),
        Gt => Some((a > b).into()),
        Le => Some((a <= b).into()),
        Ge => Some((a >= b).into()),
        AndAnd => Some((a != 0 && b != 0).into()),
        OrOr => Some((a != 0 || b != 0).into()),
        _ => None,
    };
    checked.map_or_else(|| overflow(span), Ok)
}
