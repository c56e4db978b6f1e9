//! Policies in text form (TOML); `spec/policy.md` describes them.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range as Place;
use std::sync::Arc;

use cartwheel_hostabi::{CATALOGUE, Capability, Syscall, Verdict, resolve, retired};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::compile::Quantity;
use super::model::{
    Argument, Conditions, DENY_PENALTY, MAX_RULES, Mode, Party, Policy, QUARANTINE_PENALTY, Range, Rule,
    Target,
};
use super::trust::{MAX_SCORE, TrustLevel};

/// Longest text of a policy in bytes.
pub const MAX_POLICY_BYTES: usize = 64 * 1024;

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// What is wrong and what was expected.
    pub message: String,
    /// The line.
    pub source_line: String,
}

impl PolicyError {
    pub(crate) fn new(text: &str, place: usize, message: impl Into<String>) -> PolicyError {
        let place = (0..=place.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let before = &text[..place];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        PolicyError {
            line: before.matches('\n').count() as u32 + 1,
            column: text[start..place].chars().count() as u32 + 1,
            message: message.into(),
            source_line: text[start..].lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// Something about the rule that begins at a line.
    pub(super) fn at_line(text: &str, line: u32, message: String) -> PolicyError {
        let source_line = text.lines().nth((line as usize).saturating_sub(1)).unwrap_or_default().to_owned();
        PolicyError { line, column: 1, message, source_line }
    }

    /// What is wrong with file, line, column and a caret, as an `error` or a `warning`.
    pub fn render(&self, kind: &str, file: &str) -> String {
        const SHOWN: usize = 100;
        let column = (self.column as usize).saturating_sub(1);
        let first = column.saturating_sub(SHOWN / 2);
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let shown: String = self.source_line.chars().skip(first).take(SHOWN).map(printable).collect();
        let caret = " ".repeat(column - first);
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        format!(
            "{kind}: {}\n{margin}--> {file}:{number}:{}\n{margin} |\n{number} | {shown}\n{margin} | {caret}^",
            self.message, self.column
        )
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for PolicyError {}

type Table<'t> = DeTable<'t>;
type Value<'t> = Spanned<DeValue<'t>>;

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the text; never empty.
    pub fn parse(text: &str) -> Result<Policy, Vec<PolicyError>> {
        if text.len() > MAX_POLICY_BYTES {
            let message = format!("the policy has {} bytes; {MAX_POLICY_BYTES} are allowed", text.len());
            return Err(vec![PolicyError::new(text, 0, message)]);
        }
        if text.trim().is_empty() {
            let message = "the policy is empty; one that denies everything says `mode = \"enforce\"`";
            return Err(vec![PolicyError::new(text, 0, message)]);
        }
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(e) => {
                let place = e.span().map_or(0, |span| span.start);
                return Err(vec![PolicyError::new(text, place, e.message().trim_end())]);
            }
        };
        let mut reader = Reading { text, errors: Vec::new() };
        let policy = reader.policy(document.get_ref());
        if reader.errors.is_empty() {
            return Ok(policy);
        }
        reader.errors.sort_by_key(|error| (error.line, error.column));
        Err(reader.errors)
    }
}

/// A text that is being read, and what was found wrong with it.
struct Reading<'t> {
    text: &'t str,
    errors: Vec<PolicyError>,
}

impl Reading<'_> {
    fn wrong(&mut self, place: Place<usize>, message: impl Into<String>) {
        self.errors.push(PolicyError::new(self.text, place.start, message));
    }

    /// Reports keys that mean nothing.
    fn only(&mut self, table: &Table<'_>, known: &[&str], of: &str) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let message =
                format!("{of} has no key `{}`; it has {}", key.get_ref().escape_debug(), list(known));
            self.wrong(key.span(), message);
        }
    }

    fn policy(&mut self, table: &Table<'_>) -> Policy {
        self.only(table, &["mode", "penalty", "rule"], "a policy");
        let mode = table.get("mode").and_then(|value| self.mode(value));
        let (mut deny_penalty, mut quarantine_penalty) = (DENY_PENALTY, QUARANTINE_PENALTY);
        if let Some(penalty) = table.get("penalty").and_then(|value| self.table(value, "`penalty`")) {
            self.only(penalty, &["deny", "quarantine"], "`penalty`");
            let range = Range { min: 0, max: i64::from(MAX_SCORE) };
            let mut read = |key: &str, target: &mut u16| {
                if let Some(value) = penalty.get(key)
                    && let Some(number) = self.integer(value, key, range)
                {
                    *target = number as u16;
                }
            };
            read("deny", &mut deny_penalty);
            read("quarantine", &mut quarantine_penalty);
        }
        let rules = table.get("rule").map_or_else(Vec::new, |value| self.rules(value));
        Policy {
            mode: mode.unwrap_or(Mode::Enforce),
            deny_penalty,
            quarantine_penalty,
            rules,
            text: Arc::from(self.text),
        }
    }

    fn mode(&mut self, value: &Value<'_>) -> Option<Mode> {
        let name = self.string(value, "`mode`")?;
        let mode = Mode::from_name(&name);
        if mode.is_none() {
            let names: Vec<&str> = Mode::ALL.iter().map(|mode| mode.name()).collect();
            self.wrong(
                value.span(),
                format!("there is no mode `{}`; modes are {}", show(&name), list(&names)),
            );
        }
        mode
    }

    fn rules(&mut self, value: &Value<'_>) -> Vec<Rule> {
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong(value.span(), "rules are tables: write `[[rule]]`");
            return Vec::new();
        };
        if let Some(extra) = array.get(MAX_RULES) {
            self.wrong(extra.span(), format!("there are {} rules; {MAX_RULES} are allowed", array.len()));
            return Vec::new();
        }
        array.iter().filter_map(|value| self.rule(value)).collect()
    }

    fn rule(&mut self, value: &Value<'_>) -> Option<Rule> {
        const KEYS: [&str; 10] = [
            "name",
            "module",
            "origin",
            "capability",
            "syscall",
            "verdict",
            "level",
            "score",
            "violations",
            "arguments",
        ];
        let table = self.table(value, "a rule")?;
        self.only(table, &KEYS, "a rule");
        let name = table.get("name").and_then(|value| self.string(value, "`name`"));
        let party = self.party(table);
        let target = self.target(table);
        let conditions = self.conditions(table, target.as_ref());
        let verdict = match table.get("verdict") {
            Some(value) => self.verdict(value),
            None => {
                self.wrong(value.span(), "this rule has no `verdict`: allow, deny or quarantine");
                None
            }
        };
        let line = PolicyError::new(self.text, value.span().start, "").line;
        Some(Rule { name, line, party, target: target?, conditions, verdict: verdict? })
    }

    fn party(&mut self, table: &Table<'_>) -> Party {
        let module = table.get("module").and_then(|value| self.pattern(value, "`module`"));
        let origin = table.get("origin").and_then(|value| self.pattern(value, "`origin`"));
        if let (Some(_), Some(_), Some(value)) = (&module, &origin, table.get("origin")) {
            self.wrong(value.span(), "a rule is about a module or an origin and not about both");
        }
        module.map(Party::Module).or(origin.map(Party::Origin)).unwrap_or(Party::Any)
    }

    /// A name, with `*` at its end only.
    fn pattern(&mut self, value: &Value<'_>, of: &str) -> Option<String> {
        let pattern = self.string(value, of)?;
        if pattern.strip_suffix('*').unwrap_or(&pattern).contains('*') {
            self.wrong(value.span(), "a `*` stands at the end of a name and nowhere else");
            return None;
        }
        Some(pattern)
    }

    fn target(&mut self, table: &Table<'_>) -> Option<Target> {
        match (table.get("capability"), table.get("syscall")) {
            (None, None) => Some(Target::Any),
            (Some(_), Some(value)) => {
                self.wrong(value.span(), "a rule is about a capability or about syscalls and not about both");
                None
            }
            (Some(value), None) => {
                let name = self.string(value, "`capability`")?;
                let capability = Capability::from_name(&name);
                if capability.is_none() {
                    let names: Vec<&str> = Capability::ALL.iter().map(|c| c.name()).collect();
                    let message =
                        format!("no capability is called `{}`; there are {}", show(&name), list(&names));
                    self.wrong(value.span(), message);
                }
                capability.map(Target::Capability)
            }
            (None, Some(value)) => match value.get_ref() {
                DeValue::Array(values) => {
                    let syscalls: Vec<Option<Syscall>> =
                        values.iter().map(|value| self.syscall(value)).collect();
                    if syscalls.is_empty() {
                        self.wrong(value.span(), "the list of syscalls is empty");
                        return None;
                    }
                    syscalls
                        .into_iter()
                        .collect::<Option<BTreeSet<_>>>()
                        .map(|set| Target::Syscalls(set.into_iter().collect()))
                }
                _ => self.syscall(value).map(|syscall| Target::Syscalls(vec![syscall])),
            },
        }
    }

    fn syscall(&mut self, value: &Value<'_>) -> Option<Syscall> {
        let id = self.string(value, "`syscall`")?;
        let row = resolve(&id);
        if row.is_none() {
            let message = match retired(&id) {
                Some(entry) => format!("`{}` is retired: {}", show(&id), entry.note),
                None => {
                    let domain = id.split('.').next().unwrap_or_default();
                    let ids: Vec<&str> =
                        CATALOGUE.iter().filter(|row| row.domain == domain).map(|row| row.id).collect();
                    let known =
                        if ids.is_empty() { String::new() } else { format!("; there are {}", list(&ids)) };
                    format!("no syscall is called `{}`{known}", show(&id))
                }
            };
            self.wrong(value.span(), message);
        }
        row.map(|row| row.syscall)
    }

    fn verdict(&mut self, value: &Value<'_>) -> Option<Verdict> {
        let name = self.string(value, "`verdict`")?;
        let verdict = Verdict::ALL.iter().copied().find(|verdict| verdict.name() == name);
        if verdict.is_none() {
            self.wrong(
                value.span(),
                format!("there is no verdict `{}`: allow, deny or quarantine", show(&name)),
            );
        }
        verdict
    }

    fn conditions(&mut self, table: &Table<'_>, target: Option<&Target>) -> Conditions {
        let mut conditions = Conditions::none();
        if let Some(value) = table.get("level") {
            conditions.levels = match value.get_ref() {
                DeValue::Array(values) => values.iter().filter_map(|value| self.level(value)).collect(),
                _ => self.level(value).into_iter().collect(),
            };
            // A long list that repeats itself must not make every later look at it long.
            conditions.levels.sort_unstable();
            conditions.levels.dedup();
        }
        if let Some(value) = table.get("score") {
            let most = i64::from(MAX_SCORE);
            let Range { min, max } = self.range(value, "`score`", Range { min: 0, max: most });
            conditions.score = Range { min: min as u64, max: max as u64 };
        }
        if let Some(value) = table.get("violations") {
            let Range { min, max } = self.range(value, "`violations`", Range { min: 0, max: i64::MAX });
            let max = if max == i64::MAX { u64::MAX } else { max as u64 };
            conditions.violations = Range { min: min as u64, max };
        }
        if let Some(value) = table.get("arguments") {
            conditions.arguments = self.arguments(value, target);
        }
        conditions
    }

    fn level(&mut self, value: &Value<'_>) -> Option<TrustLevel> {
        let name = self.string(value, "`level`")?;
        let level = TrustLevel::from_name(&name);
        if level.is_none() {
            let names: Vec<&str> = TrustLevel::ALL.iter().map(|level| level.name()).collect();
            let message = format!("there is no trust level `{}`; levels are {}", show(&name), list(&names));
            self.wrong(value.span(), message);
        }
        level
    }

    fn arguments(&mut self, value: &Value<'_>, target: Option<&Target>) -> Vec<Argument> {
        let Some(table) = self.table(value, "`arguments`") else { return Vec::new() };
        let syscalls: &[Syscall] = match target {
            Some(Target::Syscalls(syscalls)) => syscalls,
            Some(Target::Any | Target::Capability(_)) => {
                self.wrong(value.span(), "a rule with bounds on arguments names its `syscall`");
                return Vec::new();
            }
            // What is wrong there has been said.
            None => return Vec::new(),
        };
        let mut arguments = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            for syscall in syscalls {
                let params = syscall.info().params;
                match params.iter().find(|param| param.name == name) {
                    Some(param) if Quantity::of(param.kind).is_some() => {}
                    Some(param) => {
                        self.wrong(
                            key.span(),
                            format!("`{name}` of `{syscall}` is a {}: it has no bounds", param.kind),
                        );
                    }
                    None => {
                        let names: Vec<&str> = params.iter().map(|param| param.name).collect();
                        let known = if names.is_empty() {
                            "it has none".to_owned()
                        } else {
                            format!("it has {}", list(&names))
                        };
                        self.wrong(
                            key.span(),
                            format!("`{syscall}` has no parameter `{}`; {known}", show(&name)),
                        );
                    }
                }
            }
            let range =
                self.range(value, &format!("`{}`", show(&name)), Range { min: i64::MIN, max: i64::MAX });
            arguments.push(Argument { name, range });
        }
        arguments
    }

    /// `{ min = 1, max = 9 }`, either of them alone, or a number for both.
    fn range(&mut self, value: &Value<'_>, of: &str, whole: Range<i64>) -> Range<i64> {
        if let DeValue::Integer(_) = value.get_ref() {
            return self.integer(value, of, whole).map_or(whole, |number| Range { min: number, max: number });
        }
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(value.span(), format!("{of} is a number or `{{ min = .., max = .. }}`"));
            return whole;
        };
        self.only(table, &["min", "max"], of);
        let mut end = |key: &str, default| {
            table.get(key).and_then(|value| self.integer(value, key, whole)).unwrap_or(default)
        };
        let range = Range { min: end("min", whole.min), max: end("max", whole.max) };
        if range.is_empty() {
            self.wrong(value.span(), format!("{of} has a `min` above its `max`"));
        }
        range
    }

    fn table<'v, 't>(&mut self, value: &'v Value<'t>, of: &str) -> Option<&'v Table<'t>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong(value.span(), format!("{of} is a table"));
                None
            }
        }
    }

    fn string(&mut self, value: &Value<'_>, of: &str) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.wrong(value.span(), format!("{of} is a text in quotes"));
                None
            }
        }
    }

    fn integer(&mut self, value: &Value<'_>, of: &str, whole: Range<i64>) -> Option<i64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|&number| whole.contains(number));
        if number.is_none() {
            let Range { min, max } = whole;
            self.wrong(value.span(), format!("{of} is a whole number from {min} to {max}"));
        }
        number
    }
}

/// A piece of hostile text in a message.
fn show(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown += "...";
    }
    shown
}

fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", most.join(", "))
        }
    }
}
