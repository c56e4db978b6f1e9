//! Scripts in text form (TOML); `spec/mock.md` describes them.

use std::ops::{Range, RangeInclusive};

use cartwheel_hostabi::{CATALOGUE, Status, Syscall, resolve, retired};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Script, ScriptRule};
use crate::policy::PolicyError;

/// What is wrong with a script, and where.
pub type ScriptError = PolicyError;

/// Longest text of a script in bytes.
pub const MAX_SCRIPT_BYTES: usize = 64 * 1024;
/// Most rules of a script.
pub const MAX_RULES: usize = 256;

const KEYS: [&str; 4] = ["syscall", "status", "calls", "frames"];

type Value<'t> = Spanned<DeValue<'t>>;

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the text; never empty.
    pub fn parse(text: &str) -> Result<Script, Vec<ScriptError>> {
        if text.len() > MAX_SCRIPT_BYTES {
            let message = format!("the script has {} bytes; {MAX_SCRIPT_BYTES} are allowed", text.len());
            return Err(vec![ScriptError::new(text, 0, message)]);
        }
        let document = DeTable::parse(text).map_err(|e| {
            let place = e.span().map_or(0, |span| span.start);
            vec![ScriptError::new(text, place, e.message().trim_end())]
        })?;
        let mut parser = Parser { text, errors: Vec::new() };
        let rules = parser.rules(document.get_ref());
        if parser.errors.is_empty() {
            return Ok(Script { rules, text: text.to_owned() });
        }
        parser.errors.sort_by_key(|error| (error.line, error.column));
        Err(parser.errors)
    }
}

struct Parser<'t> {
    text: &'t str,
    errors: Vec<ScriptError>,
}

impl Parser<'_> {
    fn wrong(&mut self, place: Range<usize>, message: impl Into<String>) {
        self.errors.push(ScriptError::new(self.text, place.start, message));
    }

    fn rules(&mut self, document: &DeTable<'_>) -> Vec<ScriptRule> {
        for key in document.keys().filter(|key| key.get_ref() != "rule") {
            let name = key.get_ref().escape_debug();
            self.wrong(
                key.span(),
                format!("a script has no key `{name}`; it has rules, each under `[[rule]]`"),
            );
        }
        let Some(value) = document.get("rule") else {
            if self.errors.is_empty() {
                self.wrong(0..0, "the script has no rules; each begins with a line `[[rule]]`");
            }
            return Vec::new();
        };
        let Some(tables) = value.get_ref().as_array() else {
            self.wrong(value.span(), "rules are written under `[[rule]]`, with two brackets");
            return Vec::new();
        };
        if tables.len() > MAX_RULES {
            self.wrong(value.span(), format!("there are {} rules; {MAX_RULES} are allowed", tables.len()));
            return Vec::new();
        }
        tables.iter().filter_map(|table| self.rule(table)).collect()
    }

    fn rule(&mut self, value: &Value<'_>) -> Option<ScriptRule> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value.span(), "rules are written under `[[rule]]`");
            return None;
        };
        for key in table.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref().escape_debug();
            self.wrong(key.span(), format!("a rule has no key `{name}`; it has `{}`", KEYS.join("`, `")));
        }
        for key in ["syscall", "status"] {
            if !table.contains_key(key) {
                self.wrong(value.span(), format!("the rule has no `{key}`"));
            }
        }
        let syscall = table.get("syscall").and_then(|value| self.syscall(value));
        let status = match (syscall, table.get("status")) {
            (Some(syscall), Some(value)) => self.status(syscall, value),
            _ => None,
        };
        let range = |parser: &mut Self, key, first| {
            table.get(key).map_or(Some(first..=u64::MAX), |value| parser.range(value, key, first))
        };
        let (frames, calls) = (range(self, "frames", 0), range(self, "calls", 1));
        Some(ScriptRule { syscall: syscall?, status: status?, frames: frames?, calls: calls? })
    }

    fn text_of<'v>(&mut self, value: &'v Value<'_>, what: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value.span(), format!("{what} is written in quotes"));
        }
        text
    }

    fn syscall(&mut self, value: &Value<'_>) -> Option<Syscall> {
        let id = self.text_of(value, "a syscall")?;
        let message = match (resolve(id), retired(id)) {
            (Some(row), _) if row.has_status() => return Some(row.syscall),
            (Some(row), _) => format!("`{}` has no status, so there is nothing to script", row.id),
            (None, Some(entry)) => format!("`{}` is retired: {}", entry.id, entry.note),
            (None, None) => {
                let ids = CATALOGUE.iter().filter(|row| row.has_status()).map(|row| row.id);
                let hint = nearest(id, ids).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                format!("no syscall is called `{}`{hint}", id.escape_debug())
            }
        };
        self.wrong(value.span(), message);
        None
    }

    fn status(&mut self, syscall: Syscall, value: &Value<'_>) -> Option<Status> {
        let name = self.text_of(value, "a status")?;
        let row = syscall.info();
        let mut known = vec![Status::Ok, Status::Denied];
        known.extend(row.statuses.iter().filter(|status| !known.contains(status)).collect::<Vec<_>>());
        if let Some(&status) = known.iter().find(|status| status.name() == name) {
            return Some(status);
        }
        let names: Vec<&str> = known.iter().map(|status| status.name()).collect();
        let message = if name == Status::Quarantined.name() {
            "a script cannot put a module into quarantine; a policy can (--policy)".to_owned()
        } else {
            let hint = nearest(name, names.iter().copied());
            let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            format!("`{}` cannot return `{}`, but {}{hint}", row.id, name.escape_debug(), names.join(", "))
        };
        self.wrong(value.span(), message);
        None
    }

    /// `7`, `"7"`, `"7.."`, `"7..9"` (both ends belong to it).
    fn range(&mut self, value: &Value<'_>, key: &str, first: u64) -> Option<RangeInclusive<u64>> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let range = match value.get_ref() {
            DeValue::Integer(only) => {
                u64::from_str_radix(only.as_str(), only.radix()).ok().map(|only| only..=only)
            }
            DeValue::String(text) => match text.split_once("..") {
                None => number(text).map(|only| only..=only),
                Some((from, "")) => number(from).map(|from| from..=u64::MAX),
                Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..=to),
            },
            _ => None,
        };
        let range = range.filter(|range| range.start() <= range.end() && *range.start() >= first);
        if range.is_none() {
            let message = format!(
                "`{key}` is a number from {first} on, or a range in quotes: \"3..\" or \"3..5\" with both ends in it"
            );
            self.wrong(value.span(), message);
        }
        range
    }
}

/// The candidate that differs in the fewest letters, if they are few.
fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 64 {
        return None;
    }
    let without_version = |id: &'a str| id.split('@').next().unwrap_or(id);
    let near = candidates.map(|candidate| {
        let target = if name.contains('@') { candidate } else { without_version(candidate) };
        (distance(name, target), candidate)
    });
    near.min_by_key(|&(distance, _)| distance).filter(|&(distance, _)| distance <= 3).map(|(_, near)| near)
}

/// Letters that have to be changed, added or removed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
