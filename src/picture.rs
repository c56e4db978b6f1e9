//! Pictures as PNG.

use std::borrow::Cow;
use std::io::Write;

use cartwheel_runtime::Surface;

/// The palette as bytes: red, green, blue of each index.
pub fn palette_bytes(palette: &[u32; 256]) -> Vec<u8> {
    palette.iter().flat_map(|rgb| rgb.to_be_bytes()[1..].to_vec()).collect()
}

/// Pixels with each of them repeated in both directions.
pub fn scaled(pixels: &[u8], width: usize, scale: usize) -> Cow<'_, [u8]> {
    if scale == 1 {
        return Cow::Borrowed(pixels);
    }
    let mut out = Vec::with_capacity(pixels.len() * scale * scale);
    for row in pixels.chunks_exact(width) {
        let wide: Vec<u8> = row.iter().flat_map(|&pixel| std::iter::repeat_n(pixel, scale)).collect();
        out.extend(std::iter::repeat_n(wide, scale).flatten());
    }
    Cow::Owned(out)
}

/// Writes a picture as PNG.
pub fn write_png(out: impl Write, surface: &Surface<'_>, scale: u16) -> Result<(), png::EncodingError> {
    let Surface { width, height, pixels, palette } = *surface;
    let mut encoder =
        png::Encoder::new(out, u32::from(width) * u32::from(scale), u32::from(height) * u32::from(scale));
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette_bytes(palette));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&scaled(pixels, width.into(), scale.into()))?;
    writer.finish()
}
