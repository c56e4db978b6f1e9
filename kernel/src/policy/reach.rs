//! Rules that are never consulted, and calls that can never be allowed.

use cartwheel_hostabi::{CATALOGUE, SyscallInfo, Verdict};

use super::model::{Argument, Conditions, Mode, Party, Policy, Range, Reason};
use super::parse::PolicyError;

impl Policy {
    /// Rules that are never consulted, with the reason; as errors in the policy's text, which still is a policy.
    pub fn warnings(&self) -> Vec<PolicyError> {
        let rules = self.rules.iter().enumerate();
        rules
            .filter_map(|(number, rule)| {
                let why = self.unreachable(number)?;
                let name = rule.name.as_ref().map_or_else(String::new, |name| format!(" `{name}`"));
                let message = format!("rule {}{name} is never consulted: {why}", number + 1);
                Some(PolicyError::at_line(self.text(), rule.line, message))
            })
            .collect()
    }

    fn unreachable(&self, number: usize) -> Option<String> {
        let rule = &self.rules[number];
        let Conditions { levels: _, score, violations, arguments } = &rule.conditions;
        if rule.conditions.trusted_levels().next().is_none() {
            return Some("a compromised module is denied everything before any rule".to_owned());
        }
        if score.is_empty() || violations.is_empty() || arguments.iter().any(|a| a.range.is_empty()) {
            return Some("its conditions can never hold together".to_owned());
        }
        let mut rows = CATALOGUE.iter().filter(|row| rule.reaches(row)).peekable();
        if rows.peek().is_none() {
            return Some(format!("no syscall belongs to {}", rule.target));
        }
        let mut earlier: Vec<usize> = Vec::new();
        for row in rows {
            let by = self.decided_before(number, row)?;
            if !earlier.contains(&by) {
                earlier.push(by);
            }
        }
        earlier.sort_unstable();
        let numbers: Vec<String> = earlier.iter().map(|number| (number + 1).to_string()).collect();
        let (noun, decides) = if numbers.len() == 1 { ("rule", "decides") } else { ("rules", "decide") };
        Some(format!("{noun} {}, before it, {decides} all of it", numbers.join(" and ")))
    }

    /// A rule before another that holds whenever the other does, for one syscall.
    fn decided_before(&self, number: usize, row: &SyscallInfo) -> Option<usize> {
        let rule = &self.rules[number];
        self.rules[..number].iter().position(|before| {
            before.reaches(row)
                && before.party.covers(&rule.party)
                && before.conditions.cover(&rule.conditions)
        })
    }

    /// Why a module can never be allowed to call a syscall, whatever becomes of its trust; `None` if it can.
    pub fn never_allows(&self, name: &str, origin: &str, row: &SyscallInfo) -> Option<Reason> {
        if self.mode == Mode::Audit {
            return None;
        }
        for (number, rule) in self.rules.iter().enumerate() {
            if !(rule.reaches(row) && rule.is_about(name, origin)) {
                continue;
            }
            let possible = rule.conditions.trusted_levels().next().is_some()
                && !rule.conditions.score.is_empty()
                && !rule.conditions.violations.is_empty()
                && rule.conditions.arguments.iter().all(|argument| !argument.range.is_empty());
            match rule.verdict {
                Verdict::Allow if possible && self.decided_before(number, row).is_none() => return None,
                Verdict::Deny | Verdict::Quarantine if rule.conditions.always() => {
                    return Some(Reason::Rule(number as u32));
                }
                Verdict::Allow | Verdict::Deny | Verdict::Quarantine => {}
            }
        }
        (self.mode == Mode::Enforce).then_some(Reason::Default)
    }
}

impl Party {
    fn covers(&self, other: &Party) -> bool {
        match (self, other) {
            (Party::Any, _) => true,
            (Party::Module(one), Party::Module(other)) | (Party::Origin(one), Party::Origin(other)) => {
                match one.strip_suffix('*') {
                    Some(start) => other.starts_with(start),
                    None => one == other,
                }
            }
            (Party::Module(_) | Party::Origin(_), _) => false,
        }
    }
}

impl Conditions {
    /// True if these hold whenever the others do.
    fn cover(&self, other: &Conditions) -> bool {
        let implied = |argument: &Argument| {
            let all = Range { min: i64::MIN, max: i64::MAX };
            let mut bounds = other.arguments.iter().filter(|bound| bound.name == argument.name);
            argument.range.covers(&bounds.next().map_or(all, |bound| bound.range))
        };
        other.trusted_levels().all(|level| self.levels.contains(&level))
            && self.score.covers(&other.score)
            && self.violations.covers(&other.violations)
            && self.arguments.iter().all(implied)
    }
}
