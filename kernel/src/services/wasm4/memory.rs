//! What lies where in a game's memory.

/// Four palette entries, 0xRRGGBB as `u32`.
const PALETTE: usize = 0x04;
/// Four nibbles, a `u16`.
const DRAW_COLOURS: usize = 0x14;
/// A byte for each of four gamepads.
const GAMEPADS: usize = 0x16;
/// Column and row of the mouse as `i16`, then its buttons.
const MOUSE: usize = 0x1a;
const SYSTEM_FLAGS: usize = 0x1f;
/// Address of the framebuffer.
pub(super) const FRAMEBUFFER: usize = 0xa0;
/// Bytes of the framebuffer: 160 by 160 pixels of 2 bits.
pub(super) const FRAMEBUFFER_BYTES: usize = 6_400;
/// Address behind the framebuffer.
pub(super) const FRAMEBUFFER_END: usize = FRAMEBUFFER + FRAMEBUFFER_BYTES;

/// System flag: the framebuffer is not cleared before an update.
const KEEP_FRAMEBUFFER: u8 = 1;

const START_PALETTE: [u32; 4] = [0xe0f8cf, 0x86c06c, 0x306850, 0x071821];
const START_DRAW_COLOURS: u16 = 0x1203;
const START_MOUSE: i16 = 0x7fff;

/// A game's memory, known to be large enough for all that lies at fixed places.
pub(super) struct Memory<'m>(&'m mut [u8]);

impl<'m> Memory<'m> {
    /// `None` if the memory ends before the framebuffer does.
    #[inline]
    pub(super) fn new(memory: &'m mut [u8]) -> Option<Self> {
        (memory.len() >= FRAMEBUFFER_END).then_some(Memory(memory))
    }

    pub(super) fn bytes(&mut self) -> &mut [u8] {
        self.0
    }

    pub(super) fn framebuffer(&mut self) -> &mut [u8; FRAMEBUFFER_BYTES] {
        self.0[FRAMEBUFFER..].first_chunk_mut().expect("the memory is large enough")
    }

    pub(super) fn draw_colours(&self) -> DrawColours {
        DrawColours(u16::from_le_bytes([self.0[DRAW_COLOURS], self.0[DRAW_COLOURS + 1]]))
    }

    fn write<const N: usize>(&mut self, address: usize, bytes: [u8; N]) {
        self.0[address..address + N].copy_from_slice(&bytes);
    }

    /// Writes what a game finds before anything of its own is there.
    pub(super) fn write_start_values(&mut self) {
        for (i, rgb) in START_PALETTE.into_iter().enumerate() {
            self.write(PALETTE + 4 * i, rgb.to_le_bytes());
        }
        self.write(DRAW_COLOURS, START_DRAW_COLOURS.to_le_bytes());
        self.write(MOUSE, START_MOUSE.to_le_bytes());
        self.write(MOUSE + 2, START_MOUSE.to_le_bytes());
    }

    /// Clears the framebuffer, unless the game asked to keep it.
    pub(super) fn clear(&mut self) {
        if self.0[SYSTEM_FLAGS] & KEEP_FRAMEBUFFER == 0 {
            self.framebuffer().fill(0);
        }
    }

    /// Writes gamepads and mouse.
    pub(super) fn write_input(&mut self, gamepads: [u8; 4], mouse: (i16, i16), mouse_buttons: u8) {
        self.write(GAMEPADS, gamepads);
        self.write(MOUSE, mouse.0.to_le_bytes());
        self.write(MOUSE + 2, mouse.1.to_le_bytes());
        self.write(MOUSE + 4, [mouse_buttons]);
    }
}

/// Framebuffer and palette (0xRRGGBB) of a memory that is only looked at; `None` if it is too small.
pub(super) fn picture(memory: &[u8]) -> Option<(&[u8; FRAMEBUFFER_BYTES], [u32; 4])> {
    let pixels = memory.get(FRAMEBUFFER..)?.first_chunk()?;
    let palette = std::array::from_fn(|i| {
        let rgb = &memory[PALETTE + 4 * i..][..4];
        u32::from_le_bytes([rgb[0], rgb[1], rgb[2], 0])
    });
    Some((pixels, palette))
}

/// Which palette entry each index is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DrawColours(pub(super) u16);

impl DrawColours {
    /// The nibble of an index below 4.
    #[inline]
    pub(super) fn nibble(self, index: u8) -> u8 {
        (self.0 >> (4 * index)) as u8 & 15
    }

    /// The palette entry that an index is drawn in; `None` if it is transparent.
    #[inline]
    pub(super) fn ink(self, index: u8) -> Option<u8> {
        match self.nibble(index) {
            0 => None,
            nibble => Some((nibble - 1) & 3),
        }
    }
}
