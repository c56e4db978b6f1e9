//! The palette that a surface starts with.

/// The first 16 colours: dark to light within hues, chosen to sit well beside each other.
const BASE: [u32; 16] = [
    0x12101c, // night
    0xf2efe4, // paper
    0x5d6475, // slate
    0xa7adb8, // silver
    0xc23b4b, // brick
    0xf08060, // coral
    0xf2b34c, // amber
    0xf5e27a, // straw
    0x3f7d4e, // pine
    0x8cc860, // leaf
    0x2b4c7e, // ink
    0x4a90d0, // sky
    0x86d6d8, // ice
    0x6b3f8c, // plum
    0xd07ab8, // rose
    0x7d5237, // bark
];

/// Colours of a new surface as 0xRRGGBB: 0 to 15 are hand-picked with a background at 0, 16 to 231 are a cube of six
/// levels of red, green and blue (`16 + 36 r + 6 g + b`), 232 to 255 are greys from dark to light.
pub fn default_palette() -> [u32; 256] {
    std::array::from_fn(|index| match index as u32 {
        index @ 0..16 => BASE[index as usize],
        index @ 16..232 => {
            let cube = index - 16;
            let level = |step: u32| step * 51;
            level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6)
        }
        index => ((index - 232) * 10 + 12) * 0x01_0101,
    })
}
