//! What a key ring makes of a cartridge and its signature.

use std::fmt;

use super::date::Date;
use super::hex;
use super::ring::{Key, KeyRing, Unsigned};
use super::signature::{BadSignature, KeyId, Release, Signature};
use crate::policy::TrustLevel;

/// What validation gives a cartridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// How far it is trusted.
    pub level: TrustLevel,
    /// Where it comes from, for policies and for `kernel.memory`: `release:NAME` of a signed one, `cart:HASH` of another.
    pub origin: String,
    /// Name and version, if it is signed.
    pub release: Option<Known>,
    /// Name of the key that signed it.
    pub key: Option<String>,
}

/// A version of a release that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Name of the release.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// Content hash of its cartridge.
    pub content: [u8; 32],
}

/// Why a cartridge is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody signed it, and that is needed.
    Unsigned,
    /// Its signature is none.
    Signature(BadSignature),
    /// It is another cartridge than the one that was signed.
    OtherContent {
        /// Content hash that was signed.
        signed: [u8; 32],
        /// Its own.
        content: [u8; 32],
    },
    /// It is another cartridge than the one that was asked for.
    OtherThanPinned {
        /// Content hash that was asked for.
        pinned: [u8; 32],
        /// Its own.
        content: [u8; 32],
    },
    /// The key is not in the ring.
    UnknownKey(KeyId),
    /// The key in the ring did not make the signature.
    Forged(String),
    /// The key counts no more.
    Revoked(String, String),
    /// The key counted up to a day that has passed.
    KeyExpired(String, Date, Date),
    /// The release was good up to a day that has passed.
    Expired(Date, Date),
    /// There is a last day, and nobody says what day it is.
    NoDay(Date),
    /// The key may not sign releases of the name.
    OtherName(String, String),
    /// A later version is known.
    Downgrade(Known, u32),
    /// The version is known with another content.
    SecondContent(Known),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Unsigned => f.write_str(
                "it is not signed; `cartwheel sign` signs it, and `unsigned = \"unverified\"` in the key ring lets it in without",
            ),
            Refused::Signature(bad) => bad.fmt(f),
            Refused::OtherContent { signed, content } => {
                let (signed, content) = (hex(&signed[..8]), hex(&content[..8]));
                write!(f, "the signature is that of another cartridge: it was made for {signed}..., this one is {content}...")
            }
            Refused::OtherThanPinned { pinned, content } => {
                let (pinned, content) = (hex(&pinned[..8]), hex(&content[..8]));
                write!(f, "it is another cartridge: {pinned}... was asked for, this one is {content}...")
            }
            Refused::UnknownKey(id) => write!(f, "signed with the key {id}, which is not in the key ring"),
            Refused::Forged(key) => {
                write!(f, "the signature names the key `{key}`, and that key did not make it: it was changed or forged")
            }
            Refused::Revoked(key, why) => write!(f, "signed with the key `{key}`, which was revoked: {why}"),
            Refused::KeyExpired(key, until, day) => {
                write!(f, "signed with the key `{key}`, which counted until {until}; it is {day}")
            }
            Refused::Expired(until, day) => write!(f, "the release was good until {until}; it is {day}"),
            Refused::NoDay(until) => write!(
                f,
                "good until {until}, and nobody says what day it is: the key ring can (`as_of`), and --as-of"
            ),
            Refused::OtherName(key, name) => write!(f, "the key `{key}` may not sign releases of `{name}`"),
            Refused::Downgrade(release, known) => {
                let Known { name, version, .. } = release;
                write!(f, "`{name}` version {version} is older than version {known}, which is known already")
            }
            Refused::SecondContent(release) => {
                let Known { name, version, content } = release;
                let content = hex(&content[..8]);
                write!(f, "`{name}` version {version} is known already, with other content: {content}...")
            }
        }
    }
}

impl std::error::Error for Refused {}

impl From<BadSignature> for Refused {
    fn from(bad: BadSignature) -> Refused {
        Refused::Signature(bad)
    }
}

/// Decides on a cartridge by its content hash and its signature.
///
/// Without a ring nobody's signature counts, and every cartridge comes in as unverified. `known` are the latest versions that
/// came in before: an older one does not come in again.
///
/// # Errors
///
/// Why it is refused.
pub fn validate<'k>(
    content: &[u8; 32],
    signature: Option<&[u8]>,
    ring: Option<&KeyRing>,
    known: impl IntoIterator<Item = &'k Known>,
) -> Result<Vouched, Refused> {
    let unverified = || Vouched {
        level: TrustLevel::Unverified,
        origin: format!("cart:{}", hex(&content[..16])),
        release: None,
        key: None,
    };
    let Some(ring) = ring else { return Ok(unverified()) };
    let Some(signature) = signature else {
        return match ring.unsigned() {
            Unsigned::Unverified => Ok(unverified()),
            Unsigned::Refuse => Err(Refused::Unsigned),
        };
    };
    let signature = Signature::from_bytes(signature)?;
    let Release { content: signed, name, version, expires } = &signature.release;
    if signed != content {
        return Err(Refused::OtherContent { signed: *signed, content: *content });
    }
    let key = ring.key(signature.key).ok_or(Refused::UnknownKey(signature.key))?;
    if !signature.is_by(&key.public) {
        return Err(Refused::Forged(key.name.clone()));
    }
    check_key(key, ring, name)?;
    if let Some(until) = *expires {
        let day = ring.day().ok_or(Refused::NoDay(until))?;
        if day > until {
            return Err(Refused::Expired(until, day));
        }
    }
    let release = Known { name: name.clone(), version: *version, content: *content };
    check_version(&release, ring, known)?;
    Ok(Vouched {
        level: key.level,
        origin: format!("release:{name}"),
        release: Some(release),
        key: Some(key.name.clone()),
    })
}

fn check_key(key: &Key, ring: &KeyRing, name: &str) -> Result<(), Refused> {
    if let Some(why) = &key.revoked {
        return Err(Refused::Revoked(key.name.clone(), why.clone()));
    }
    if let Some(until) = key.valid_until {
        let day = ring.day().ok_or(Refused::NoDay(until))?;
        if day > until {
            return Err(Refused::KeyExpired(key.name.clone(), until, day));
        }
    }
    if !key.may_sign(name) {
        return Err(Refused::OtherName(key.name.clone(), name.to_owned()));
    }
    Ok(())
}

fn check_version<'k>(
    release: &Known,
    ring: &KeyRing,
    known: impl IntoIterator<Item = &'k Known>,
) -> Result<(), Refused> {
    let least = ring.least(&release.name);
    if release.version < least {
        return Err(Refused::Downgrade(release.clone(), least));
    }
    for other in known.into_iter().filter(|other| other.name == release.name) {
        if release.version < other.version {
            return Err(Refused::Downgrade(release.clone(), other.version));
        }
        if release.version == other.version && release.content != other.content {
            return Err(Refused::SecondContent(other.clone()));
        }
    }
    Ok(())
}
