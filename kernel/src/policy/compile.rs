//! What a policy comes to for one module and one syscall, as things stand.

use cartwheel_hostabi::{Guest, Object, SyscallInfo, Verdict};

use super::model::{Argument, Mode, Policy, Range, Reason, Rule};
use super::trust::{Trust, TrustLevel};

/// The module that calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who<'a> {
    pub name: &'a str,
    pub origin: &'a str,
    pub trust: &'a Trust,
}

/// What is left to ask when a call is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compiled {
    /// Rules with bounds on arguments, in order.
    pub(super) asks: Vec<Ask>,
    /// If none of them holds.
    pub(super) last: Decision,
    /// True if refusals are only recorded.
    pub(super) lenient: bool,
}

/// A rule that depends on arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub bounds: Vec<Bound>,
    pub decision: Decision,
}

/// A verdict and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub verdict: Verdict,
    pub reason: Reason,
}

/// Where an argument's quantity is found, and its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    slot: usize,
    quantity: Quantity,
    range: Range<i64>,
}

/// What of a parameter can be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// The value of an `i32`.
    I32,
    /// The value of an `i64`.
    I64,
    /// The second slot of a span, unsigned.
    SpanLen,
    /// The length of a byte string.
    BytesLen,
}

impl Quantity {
    /// What of a kind of parameter can be bounded, if anything.
    pub(super) fn of(kind: &str) -> Option<Quantity> {
        match kind {
            "i32" => Some(Quantity::I32),
            "i64" => Some(Quantity::I64),
            "span" | "span_mut" => Some(Quantity::SpanLen),
            "bytes" => Some(Quantity::BytesLen),
            _ => None,
        }
    }
}

impl Bound {
    /// `None` if the syscall has no such parameter, or one that cannot be bounded.
    pub(super) fn new(row: &SyscallInfo, argument: &Argument) -> Option<Bound> {
        let mut slot = 0;
        for param in row.params {
            if param.name == argument.name {
                let quantity = Quantity::of(param.kind)?;
                return Some(Bound { slot, quantity, range: argument.range });
            }
            slot += param.slots.len();
        }
        None
    }

    fn holds(&self, guest: &dyn Guest) -> bool {
        let value = match self.quantity {
            Quantity::I32 => i64::from(guest.arg(self.slot) as i32),
            Quantity::I64 => guest.arg(self.slot) as i64,
            Quantity::SpanLen => i64::from(guest.arg(self.slot + 1) as u32),
            Quantity::BytesLen => {
                let object: Object = guest.arg_object(self.slot);
                // It was validated; if it has no length all the same, no bound holds.
                let Ok(bytes) = guest.bytes(object) else { return false };
                bytes.len() as i64
            }
        };
        self.range.contains(value)
    }
}

impl Compiled {
    /// True if every call may run, and nothing has to be asked or recorded.
    pub(crate) fn is_free(&self) -> bool {
        self.asks.is_empty() && self.last.verdict == Verdict::Allow
    }

    fn decision(&self, guest: &dyn Guest) -> Decision {
        let ask = self.asks.iter().find(|ask| ask.bounds.iter().all(|bound| bound.holds(guest)));
        ask.map_or(self.last, |ask| ask.decision)
    }

    /// What the policy says of a call whose arguments have been validated, and what is to be done.
    #[cold]
    pub(crate) fn judge(&self, guest: &dyn Guest) -> (Verdict, Verdict) {
        let Decision { verdict, .. } = self.decision(guest);
        (verdict, if self.lenient { Verdict::Allow } else { verdict })
    }
}

impl Policy {
    /// What is left to ask when the module calls a syscall.
    pub(crate) fn compile(&self, who: Who<'_>, row: &SyscallInfo) -> Compiled {
        if who.trust.level == TrustLevel::Compromised {
            let last = Decision { verdict: Verdict::Deny, reason: Reason::Compromised };
            return Compiled { asks: Vec::new(), last, lenient: false };
        }
        let lenient = self.mode == Mode::Audit;
        let mut asks = Vec::new();
        for (rule, number) in self.rules.iter().zip(0..) {
            if !(rule.reaches(row) && rule.is_about(who.name, who.origin) && rule.conditions.hold(who.trust))
            {
                continue;
            }
            let decision = Decision { verdict: rule.verdict, reason: Reason::Rule(number) };
            if rule.conditions.arguments.is_empty() {
                return Compiled { asks, last: decision, lenient };
            }
            asks.push(Ask { bounds: rule.bounds(row), decision });
        }
        let last = Decision { verdict: self.default_verdict(), reason: Reason::Default };
        Compiled { asks, last, lenient }
    }

    /// True if what the policy comes to may differ between two states of a module's trust.
    pub(crate) fn tells_apart(&self, one: &Trust, other: &Trust) -> bool {
        self.rules.iter().any(|rule| rule.conditions.hold(one) != rule.conditions.hold(other))
    }
}

impl Rule {
    fn bounds(&self, row: &SyscallInfo) -> Vec<Bound> {
        let bounds = self.conditions.arguments.iter().map(|argument| Bound::new(row, argument));
        bounds.map(|bound| bound.expect("reading the policy made sure of it")).collect()
    }
}
