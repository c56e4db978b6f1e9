//! Enums whose variants have names.

/// An enum whose variants are known by a number, which is their place, and by a name.
macro_rules! named {
    ($(#[$doc:meta])* $Name:ident: $($(#[$row:meta])* $variant:ident $name:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $Name {
            $($(#[$row])* $variant,)*
        }

        impl $Name {
            /// All of them, in the order of their numbers in saved states.
            pub const ALL: &[$Name] = &[$($Name::$variant),*];

            /// Name in policies, reports and chapters.
            pub const fn name(self) -> &'static str {
                match self {
                    $($Name::$variant => $name,)*
                }
            }

            /// The one with a name.
            pub fn from_name(name: &str) -> Option<$Name> {
                $Name::ALL.iter().copied().find(|value| value.name() == name)
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

pub(crate) use named;
