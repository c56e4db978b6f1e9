//! Status codes: how a syscall tells its guest what became of it.

use std::fmt;

macro_rules! statuses {
    ($($domain:ident { $($variant:ident $code:literal $name:literal $doc:literal;)* })*) => {
        /// What a fallible syscall returns in its first slot.
        ///
        /// Codes below 16 mean the same everywhere; codes from 16 belong to the domain of the syscall.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Status {
            $($(#[doc = $doc] $variant,)*)*
        }

        impl Status {
            /// All statuses, by domain and ascending code.
            pub const ALL: &[Status] = &[$($(Status::$variant,)*)*];

            /// The number that the guest sees.
            pub const fn code(self) -> i32 {
                match self {
                    $($(Status::$variant => $code,)*)*
                }
            }

            /// Name, unique in its domain.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Status::$variant => $name,)*)*
                }
            }

            /// One line of meaning.
            pub const fn doc(self) -> &'static str {
                match self {
                    $($(Status::$variant => $doc,)*)*
                }
            }

            /// Domain that the code belongs to, `shared` for codes below 16.
            pub const fn domain(self) -> &'static str {
                match self {
                    $($(Status::$variant => stringify!($domain),)*)*
                }
            }
        }
    };
}

statuses! {
    shared {
        Ok 0 "OK" "Done.";
        Pending 1 "PENDING" "Not finished; ask again in a later frame.";
        Denied 2 "DENIED" "The policy refuses the call.";
        Quarantined 3 "QUARANTINED" "The call put the module into quarantine.";
        Unavailable 4 "UNAVAILABLE" "There is nothing to answer with here and now.";
        Quota 5 "QUOTA" "A quota of the module is spent.";
    }
    asset {
        AssetNotFound 16 "NOT_FOUND" "The cartridge has no asset of that name.";
    }
    gfx {
        GfxOutside 16 "OUTSIDE" "The place is outside the surface or image.";
        GfxNotFound 17 "NOT_FOUND" "The cartridge has no asset of that number.";
        GfxNotLoaded 18 "NOT_LOADED" "The asset is not loaded yet.";
        GfxBadImage 19 "BAD_IMAGE" "The asset is not an image.";
    }
    log {
        LogBadLevel 16 "BAD_LEVEL" "There is no such level; nothing was written.";
    }
    telemetry {
        TelemetryTooSmall 16 "TOO_SMALL" "The span is too small for the record; nothing was written.";
        TelemetryBadName 17 "BAD_NAME" "A name has 1 to 32 printable ASCII characters; nothing was counted.";
        TelemetryNoZone 18 "NO_ZONE" "No zone is open.";
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
