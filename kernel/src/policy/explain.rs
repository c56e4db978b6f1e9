//! What a policy makes of a syscall, for people, before anything runs.

use cartwheel_hostabi::{SyscallInfo, Verdict};

use super::compile::{Decision, Who};
use super::model::{Policy, Reason};
use super::trust::Trust;

/// What a policy makes of one syscall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What is decided under which bounds on arguments, in the order in which they are asked. The last has none.
    pub cases: Vec<(String, Verdict, Reason)>,
    /// True if the call can never be allowed, whatever becomes of the module's trust.
    pub never: bool,
}

impl Policy {
    /// What the policy makes of a syscall when a module with this name, origin and trust calls it.
    pub fn explain(&self, name: &str, origin: &str, trust: &Trust, row: &SyscallInfo) -> Explained {
        let compiled = self.compile(Who { name, origin, trust }, row);
        let mut cases = Vec::new();
        for ask in &compiled.asks {
            let Decision { verdict, reason } = ask.decision;
            let when = match reason {
                Reason::Rule(number) => {
                    let mut conditions = super::Conditions::none();
                    conditions.arguments = self.rules[number as usize].conditions.arguments.clone();
                    conditions.to_string()
                }
                Reason::Default | Reason::Compromised => String::new(),
            };
            cases.push((when, verdict, reason));
        }
        cases.push((String::new(), compiled.last.verdict, compiled.last.reason));
        Explained { cases, never: self.never_allows(name, origin, row).is_some() }
    }

    /// A reason in words.
    pub fn describe(&self, reason: Reason) -> String {
        match reason {
            Reason::Default => format!("no rule mentions it, and the mode is {}", self.mode),
            Reason::Compromised => "the module is compromised".to_owned(),
            Reason::Rule(number) => {
                let rule = &self.rules[number as usize];
                let mut text = format!("rule {}", number + 1);
                if let Some(name) = &rule.name {
                    text += &format!(" `{name}`");
                }
                if rule.line > 0 {
                    text += &format!(" (line {})", rule.line);
                }
                text + &format!(": {} to {}", rule.party, rule.target)
            }
        }
    }
}
