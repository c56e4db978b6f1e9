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
        AssetNotFound 16 "NOT_FOUND" "The cartridge has no asset of that name or number.";
        AssetNotLoaded 17 "NOT_LOADED" "The asset is not loaded.";
        AssetAlreadyLoaded 18 "ALREADY_LOADED" "The asset is loaded; there is nothing to ask for.";
        AssetOutside 19 "OUTSIDE" "The place is outside the asset.";
    }
    fs {
        FsBadPath 16 "BAD_PATH" "No file or folder can have such a path; nothing was asked for.";
        FsNotFound 17 "NOT_FOUND" "There is nothing of that path.";
        FsConflict 18 "CONFLICT" "There is a folder where a file is needed, or a file where a folder is.";
        FsFull 19 "FULL" "The storage has no room for it.";
        FsReadOnly 20 "READ_ONLY" "The storage cannot be changed.";
        FsTooSmall 21 "TOO_SMALL" "The buffer is too small for the result; nothing was copied.";
        FsUnknownRequest 22 "UNKNOWN_REQUEST" "There is no open request of that id.";
        FsDiskFailed 23 "DISK_FAILED" "The host's disk does not take what was written.";
    }
    audio {
        AudioNoVoice 16 "NO_VOICE" "All voices are taken; nothing was played.";
        AudioNotPlaying 17 "NOT_PLAYING" "The note has ended, or there never was one of that number.";
        AudioBadInstrument 18 "BAD_INSTRUMENT" "Instruments have the numbers 0 to 31.";
        AudioNotFound 19 "NOT_FOUND" "The cartridge has no asset of that number.";
        AudioNotLoaded 20 "NOT_LOADED" "The asset is not loaded yet.";
        AudioBadSample 21 "BAD_SAMPLE" "The asset is no recording of this form.";
        AudioBadLoop 22 "BAD_LOOP" "The instrument has no recording with such a stretch.";
    }
    gfx {
        GfxOutside 16 "OUTSIDE" "The place is outside the surface or image.";
        GfxNotFound 17 "NOT_FOUND" "The cartridge has no asset of that number.";
        GfxNotLoaded 18 "NOT_LOADED" "The asset is not loaded yet.";
        GfxBadImage 19 "BAD_IMAGE" "The asset is not an image.";
    }
    module {
        ModuleUnknown 16 "UNKNOWN" "There is no module of that number, or no more.";
        ModuleNotYours 17 "NOT_YOURS" "The module has another supervisor.";
        ModuleBadState 18 "BAD_STATE" "The module's state does not allow it; nothing was asked for.";
        ModuleNotFound 19 "NOT_FOUND" "The cartridge store has no program of that name.";
        ModuleRefused 20 "REFUSED" "The host cannot serve the program.";
        ModuleBadName 21 "BAD_NAME" "Names of programs are 1 to 64 bytes of text.";
    }
    proc {
        ProcNoSupervisor 16 "NO_SUPERVISOR" "The host loaded the module; no module supervises it.";
        ProcBadState 17 "BAD_STATE" "The module's state does not allow it; nothing was asked for.";
    }
    kernel {
        KernelNotFound 16 "NOT_FOUND" "There is no such thing.";
        KernelTooSmall 17 "TOO_SMALL" "The span is too small; nothing was written.";
        KernelBadKey 18 "BAD_KEY" "A key has 1 to 64 bytes; nothing was remembered.";
        KernelBadName 19 "BAD_NAME" "The name is no UTF-8 text of at most 255 bytes, or leads above the root.";
    }
    log {
        LogBadLevel 16 "BAD_LEVEL" "There is no such level; nothing was written.";
    }
    mem {
        MemBadSlot 16 "BAD_SLOT" "A card has slots 0 to 15.";
        MemEmpty 17 "EMPTY" "There is nothing in the slot.";
        MemCorrupt 18 "CORRUPT" "The slot's file is not as it was committed.";
        MemFull 19 "FULL" "The storage has no room for it.";
        MemReadOnly 20 "READ_ONLY" "The storage cannot be changed.";
        MemTooSmall 21 "TOO_SMALL" "The buffer is too small for the content; nothing was copied.";
        MemBlocked 22 "BLOCKED" "Other files are where those of the card have to be; nothing was committed.";
        MemUnchanged 23 "UNCHANGED" "Nothing was written or erased since the last commit.";
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
