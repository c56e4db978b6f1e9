//! Key rings in text form (TOML): whose signatures count, and for what.

use std::ops::Range;
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::date::Date;
use super::signature::{KeyId, is_release_name};
use crate::policy::{PolicyError, TrustLevel};

/// Longest text of a key ring in bytes.
pub const MAX_RING_BYTES: usize = 64 * 1024;
/// Most keys and most releases of a key ring.
pub const MAX_KEYS: usize = 256;

const RING_KEYS: [&str; 4] = ["as_of", "unsigned", "key", "release"];
const KEY_KEYS: [&str; 6] = ["name", "public", "level", "releases", "valid_until", "revoked"];
const RELEASE_KEYS: [&str; 2] = ["name", "least"];

/// What is wrong with a key ring, and where.
pub type RingError = PolicyError;

/// What becomes of a cartridge that nobody signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// It is refused.
    Refuse,
    /// It comes in as unverified.
    Unverified,
}

/// A key of a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Whose it is, for people.
    pub name: String,
    /// The public key.
    pub public: VerifyingKey,
    /// Its id.
    pub id: KeyId,
    /// How far a cartridge is trusted that it signed.
    pub level: TrustLevel,
    /// Names of the releases that it may sign, or how they begin if there is a `*` at the end.
    pub releases: Vec<String>,
    /// Last day that its signatures count on, if there is one.
    pub valid_until: Option<Date>,
    /// Why its signatures count no more, if so.
    pub revoked: Option<String>,
}

impl Key {
    /// True if it may sign releases of a name.
    pub fn may_sign(&self, name: &str) -> bool {
        self.releases.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        })
    }
}

/// Whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    keys: Vec<Key>,
    /// Least versions by name.
    least: Vec<(String, u32)>,
    unsigned: Unsigned,
    as_of: Option<Date>,
    text: Arc<str>,
}

type Table<'t> = DeTable<'t>;
type Value<'t> = Spanned<DeValue<'t>>;

impl KeyRing {
    /// Reads a key ring.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the text; never empty.
    pub fn parse(text: &str) -> Result<KeyRing, Vec<RingError>> {
        if text.len() > MAX_RING_BYTES {
            let message = format!("the key ring has {} bytes; {MAX_RING_BYTES} are allowed", text.len());
            return Err(vec![RingError::new(text, 0, message)]);
        }
        let document = DeTable::parse(text).map_err(|e| {
            let place = e.span().map_or(0, |span| span.start);
            vec![RingError::new(text, place, e.message().trim_end())]
        })?;
        let mut reader = Reading { text, errors: Vec::new() };
        let ring = reader.ring(document.get_ref());
        if reader.errors.is_empty() {
            return Ok(ring);
        }
        reader.errors.sort_by_key(|error| (error.line, error.column));
        Err(reader.errors)
    }

    /// The same ring, with expiry held against a day instead of the one that its text states.
    pub fn as_of(self, day: Date) -> KeyRing {
        KeyRing { as_of: Some(day), ..self }
    }

    /// The day that expiry is held against, if one is stated.
    pub fn day(&self) -> Option<Date> {
        self.as_of
    }

    /// The keys, in the order of the text.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The key with an id.
    pub fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// What becomes of a cartridge that nobody signed.
    pub fn unsigned(&self) -> Unsigned {
        self.unsigned
    }

    /// The least version of a release that is let in.
    pub fn least(&self, name: &str) -> u32 {
        self.least.iter().find(|(named, _)| named == name).map_or(1, |(_, version)| *version)
    }

    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A text that is being read, and what was found wrong with it.
struct Reading<'t> {
    text: &'t str,
    errors: Vec<RingError>,
}

impl Reading<'_> {
    fn wrong(&mut self, place: Range<usize>, message: impl Into<String>) {
        self.errors.push(RingError::new(self.text, place.start, message));
    }

    fn ring(&mut self, table: &Table<'_>) -> KeyRing {
        self.only(table, &RING_KEYS, "a key ring");
        let as_of = table.get("as_of").and_then(|value| self.date(value, "as_of"));
        let unsigned = table.get("unsigned").and_then(|value| self.unsigned(value));
        let keys = self.list(table, "key", Reading::key);
        let least = self.list(table, "release", Reading::release);
        self.duplicates(table, &keys, &least);
        let keys = keys.into_iter().map(|(key, _)| key).collect();
        let least = least.into_iter().map(|(release, _)| release).collect();
        let unsigned = unsigned.unwrap_or(Unsigned::Refuse);
        KeyRing { keys, least, unsigned, as_of, text: Arc::from(self.text) }
    }

    /// Two entries for one key or name: nobody could say which of them holds.
    fn duplicates(
        &mut self,
        table: &Table<'_>,
        keys: &[(Key, Range<usize>)],
        least: &[((String, u32), Range<usize>)],
    ) {
        for (i, (key, place)) in keys.iter().enumerate() {
            if let Some((other, _)) = keys[..i].iter().find(|(other, _)| other.id == key.id) {
                let name = other.name.escape_debug();
                self.wrong(place.clone(), format!("this public key is in the ring already, as `{name}`"));
            } else if keys[..i].iter().any(|(other, _)| other.name == key.name) {
                let name = key.name.escape_debug();
                self.wrong(place.clone(), format!("there are two keys with the name `{name}`"));
            }
        }
        for (i, ((name, _), place)) in least.iter().enumerate() {
            if least[..i].iter().any(|((other, _), _)| other == name) {
                self.wrong(place.clone(), format!("there are two entries for the release `{name}`"));
            }
        }
        if keys.is_empty() && self.errors.is_empty() && !table.contains_key("unsigned") {
            self.wrong(0..0, "the key ring has no keys; each begins with a line `[[key]]`");
        }
    }

    /// Reports keys that mean nothing.
    fn only(&mut self, table: &Table<'_>, known: &[&str], of: &str) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref().escape_debug();
            self.wrong(key.span(), format!("{of} has no key `{name}`; it has {}", known.join(", ")));
        }
    }

    fn list<T>(
        &mut self,
        table: &Table<'_>,
        name: &str,
        read: fn(&mut Self, &Table<'_>, Range<usize>) -> Option<T>,
    ) -> Vec<(T, Range<usize>)> {
        let Some(value) = table.get(name) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(
                value.span(),
                format!("each of these is written under `[[{name}]]`, with two brackets"),
            );
            return Vec::new();
        };
        if array.len() > MAX_KEYS {
            self.wrong(value.span(), format!("there are {} of them; {MAX_KEYS} are allowed", array.len()));
            return Vec::new();
        }
        let mut found = Vec::new();
        for value in array.iter() {
            match value.get_ref().as_table() {
                Some(table) => found.extend(read(self, table, value.span()).map(|item| (item, value.span()))),
                None => self.wrong(value.span(), format!("each of these is written under `[[{name}]]`")),
            }
        }
        found
    }

    fn key(&mut self, table: &Table<'_>, place: Range<usize>) -> Option<Key> {
        self.only(table, &KEY_KEYS, "a key");
        let name = self.needed(table, "name", &place).and_then(|value| self.string(value, "name"));
        let public = self.needed(table, "public", &place).and_then(|value| self.public(value));
        let level = table.get("level").map_or(Some(TrustLevel::Signed), |value| self.level(value));
        let releases = match table.get("releases") {
            Some(value) => self.patterns(value),
            None => Some(vec!["*".to_owned()]),
        };
        let valid_until = table.get("valid_until").map(|value| self.date(value, "valid_until"));
        let revoked = table.get("revoked").map(|value| self.string(value, "revoked"));
        let (name, public) = (name?, public?);
        let id = KeyId::of(public.as_bytes());
        Some(Key {
            name,
            public,
            id,
            level: level?,
            releases: releases?,
            valid_until: valid_until.flatten(),
            revoked: revoked.flatten(),
        })
    }

    fn release(&mut self, table: &Table<'_>, place: Range<usize>) -> Option<(String, u32)> {
        self.only(table, &RELEASE_KEYS, "a release");
        let name = self.needed(table, "name", &place).and_then(|value| {
            let name = self.string(value, "name")?;
            if !is_release_name(&name) {
                let message = "a release has a name of 1 to 64 characters a to z, 0 to 9, `_`, `-`, `.`, and `/` between parts";
                self.wrong(value.span(), message);
                return None;
            }
            Some(name)
        });
        let least = self.needed(table, "least", &place).and_then(|value| {
            let number =
                value.get_ref().as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
            let number = number.filter(|&number| number > 0);
            if number.is_none() {
                self.wrong(value.span(), format!("`least` is a number from 1 to {}", u32::MAX));
            }
            number
        });
        Some((name?, least?))
    }

    fn needed<'v, 't>(
        &mut self,
        table: &'v Table<'t>,
        name: &str,
        place: &Range<usize>,
    ) -> Option<&'v Value<'t>> {
        let value = table.get(name);
        if value.is_none() {
            self.wrong(place.clone(), format!("`{name}` is missing here"));
        }
        value
    }

    fn string(&mut self, value: &Value<'_>, name: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(value.span(), format!("`{name}` is a text, in quotation marks"));
        }
        text
    }

    fn date(&mut self, value: &Value<'_>, name: &str) -> Option<Date> {
        // TOML has dates of its own; both ways of writing one mean the same.
        let day = match value.get_ref() {
            DeValue::String(text) => Date::parse(text),
            DeValue::Datetime(day) => Date::parse(&day.to_string()),
            _ => None,
        };
        if day.is_none() {
            self.wrong(value.span(), format!("`{name}` is a day, as in 2026-12-31"));
        }
        day
    }

    fn unsigned(&mut self, value: &Value<'_>) -> Option<Unsigned> {
        match value.get_ref().as_str() {
            Some("refuse") => Some(Unsigned::Refuse),
            Some("unverified") => Some(Unsigned::Unverified),
            _ => {
                self.wrong(value.span(), "`unsigned` is \"refuse\" or \"unverified\"");
                None
            }
        }
    }

    fn level(&mut self, value: &Value<'_>) -> Option<TrustLevel> {
        let level = value.get_ref().as_str().and_then(TrustLevel::from_name);
        let level = level.filter(|level| *level != TrustLevel::Compromised);
        if level.is_none() {
            let message =
                "`level` is \"root\", \"signed\" or \"unverified\"; a key that nobody may use is `revoked`";
            self.wrong(value.span(), message);
        }
        level
    }

    fn patterns(&mut self, value: &Value<'_>) -> Option<Vec<String>> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(value.span(), "`releases` is a list of names, as in [\"studio/*\"]");
            return None;
        };
        let mut patterns = Vec::new();
        for value in array.iter() {
            let pattern = self.string(value, "releases")?;
            if pattern.strip_suffix('*').unwrap_or(&pattern).contains('*') {
                self.wrong(value.span(), "a `*` stands at the end of a name and nowhere else");
                return None;
            }
            patterns.push(pattern);
        }
        Some(patterns)
    }

    fn public(&mut self, value: &Value<'_>) -> Option<VerifyingKey> {
        let text = self.string(value, "public")?;
        // What stands in the file of a public key is as good as its digits alone.
        let digits = text.strip_prefix("cartwheel-public-key ").unwrap_or(&text);
        let Some(bytes) = bytes_of(digits) else {
            self.wrong(value.span(), "a public key has 64 hexadecimal digits");
            return None;
        };
        // A weak key would let others make signatures that seem its own.
        let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak());
        if key.is_none() {
            self.wrong(value.span(), "these digits are no Ed25519 public key");
        }
        key
    }
}

/// The bytes of 64 hexadecimal digits.
pub(crate) fn bytes_of(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}
