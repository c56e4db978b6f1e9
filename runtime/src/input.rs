//! What a frame brings from outside: buttons and pointer.

/// Number of pads.
pub const PADS: usize = 4;

macro_rules! buttons {
    ($(#[$doc:meta])* $Button:ident, $(#[$set_doc:meta])* $Buttons:ident:
        $($(#[$row:meta])* $variant:ident $bit:literal $letter:literal $name:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $Button {
            $($(#[$row])* $variant = $bit,)*
        }

        impl $Button {
            /// All of them, in the order in which they are written.
            pub const ALL: &[$Button] = &[$($Button::$variant),*];

            /// Letter in the text form of inputs.
            pub const fn letter(self) -> char {
                match self {
                    $($Button::$variant => $letter,)*
                }
            }

            /// Name for people.
            pub const fn name(self) -> &'static str {
                match self {
                    $($Button::$variant => $name,)*
                }
            }

            /// The one with a letter.
            pub fn from_letter(letter: char) -> Option<$Button> {
                $Button::ALL.iter().copied().find(|button| button.letter() == letter)
            }

            /// The bit that guests see.
            pub const fn bit(self) -> u32 {
                1 << self as u8
            }
        }

        $(#[$set_doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $Buttons(u32);

        impl $Buttons {
            /// None held.
            pub const NONE: $Buttons = $Buttons(0);

            /// The set with these bits; `None` if a bit means nothing.
            pub fn from_bits(bits: u32) -> Option<$Buttons> {
                let known = $Button::ALL.iter().fold(0, |known, button| known | button.bit());
                (bits & !known == 0).then_some($Buttons(bits))
            }

            /// The bits that guests see.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// True if one is held.
            pub const fn contains(self, button: $Button) -> bool {
                self.0 & button.bit() != 0
            }

            /// Holds one more.
            pub const fn insert(&mut self, button: $Button) {
                self.0 |= button.bit();
            }
        }

        impl FromIterator<$Button> for $Buttons {
            fn from_iter<I: IntoIterator<Item = $Button>>(buttons: I) -> Self {
                let mut held = $Buttons::NONE;
                buttons.into_iter().for_each(|button| held.insert(button));
                held
            }
        }
    };
}

buttons! {
    /// A button of a pad. Its number is that of its bit in what guests see.
    Button,
    /// Buttons held on a pad.
    Buttons:
    /// Up on the directional pad.
    Up 8 'U' "up",
    /// Down on the directional pad.
    Down 9 'D' "down",
    /// Left on the directional pad.
    Left 10 'L' "left",
    /// Right on the directional pad.
    Right 11 'R' "right",
    /// First action button.
    A 0 'A' "A",
    /// Second action button.
    B 1 'B' "B",
    /// Third action button.
    X 2 'X' "X",
    /// Fourth action button.
    Y 3 'Y' "Y",
    /// Left shoulder.
    ShoulderLeft 4 'l' "left shoulder",
    /// Right shoulder.
    ShoulderRight 5 'r' "right shoulder",
    /// Select.
    Select 6 's' "select",
    /// Start.
    Start 7 'S' "start",
}

buttons! {
    /// A button of the pointer.
    PointerButton,
    /// Buttons held on the pointer.
    PointerButtons:
    /// Left.
    Left 0 'L' "left",
    /// Right.
    Right 1 'R' "right",
    /// Middle.
    Middle 2 'M' "middle",
}

/// Where the pointer is, in pixels of the surface, and what is held on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer {
    /// Column; outside the surface is allowed.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// Buttons held.
    pub buttons: PointerButtons,
}

/// The input of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InputFrame {
    /// Buttons held, per pad.
    pub pads: [Buttons; PADS],
    /// The pointer.
    pub pointer: Pointer,
}
