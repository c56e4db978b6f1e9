//! A picture in half blocks: a character cell shows two pixels, one above the other.

use cartwheel_runtime::Surface;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

/// Draws a picture as large as it can be, in the middle of an area. Where it has to become smaller, pixels are averaged.
pub fn draw(surface: &Surface<'_>, area: Rect, buffer: &mut Buffer) {
    let (width, height) = fitted(surface, area.width.into(), u32::from(area.height) * 2);
    let rows = height.div_ceil(2) as u16;
    let left = area.x + (area.width - width as u16) / 2;
    let top = area.y + (area.height - rows) / 2;
    for row in 0..rows {
        for column in 0..width as u16 {
            let (x, y) = (u32::from(column), u32::from(row) * 2);
            let upper = pixel(surface, (x, width), (y, height));
            let lower = (y + 1 < height).then(|| pixel(surface, (x, width), (y + 1, height)));
            let cell = &mut buffer[(left + column, top + row)];
            cell.set_char('▀').set_fg(colour(upper)).set_bg(lower.map_or(Color::Reset, colour));
        }
    }
}

/// The size of the picture in a space of so many pixels.
fn fitted(surface: &Surface<'_>, columns: u32, rows: u32) -> (u32, u32) {
    let (width, height) = (u32::from(surface.width), u32::from(surface.height));
    if width * rows > height * columns {
        (columns, (height * columns / width).max(1))
    } else {
        ((width * rows / height).max(1), rows)
    }
}

/// The mean colour of what a pixel of the smaller or larger picture stands for.
fn pixel(surface: &Surface<'_>, x: (u32, u32), y: (u32, u32)) -> [u32; 3] {
    let span = |(at, of): (u32, u32), size: u16| {
        let from = at * u32::from(size) / of;
        from..((at + 1) * u32::from(size) / of).max(from + 1)
    };
    let (columns, rows) = (span(x, surface.width), span(y, surface.height));
    let count = (columns.len() * rows.len()) as u32;
    let mut sum = [0; 3];
    for row in rows {
        let start = row as usize * usize::from(surface.width);
        for &index in &surface.pixels[start + columns.start as usize..start + columns.end as usize] {
            let [_, red, green, blue] = surface.palette[usize::from(index)].to_be_bytes();
            sum = [sum[0] + u32::from(red), sum[1] + u32::from(green), sum[2] + u32::from(blue)];
        }
    }
    sum.map(|sum| (sum + count / 2) / count)
}

fn colour([red, green, blue]: [u32; 3]) -> Color {
    Color::Rgb(red as u8, green as u8, blue as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn palette() -> [u32; 256] {
        let mut palette = [0; 256];
        palette[1] = 0xff_0000;
        palette[2] = 0x00_00ff;
        palette
    }

    fn drawn(width: u16, height: u16, pixels: &[u8], area: Rect) -> Buffer {
        let palette = palette();
        let surface = Surface { width, height, pixels, palette: &palette };
        let mut buffer = Buffer::empty(area);
        draw(&surface, area, &mut buffer);
        buffer
    }

    #[test]
    fn a_cell_has_two_pixels() {
        let buffer = drawn(2, 2, &[1, 2, 2, 1], Rect::new(0, 0, 2, 1));
        let colours: Vec<_> = buffer.content.iter().map(|cell| (cell.fg, cell.bg)).collect();
        let (red, blue) = (Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255));
        assert_eq!(colours, [(red, blue), (blue, red)]);
    }

    #[test]
    fn pixels_are_averaged_where_there_is_less_room_and_repeated_where_there_is_more() {
        let pixels: Vec<u8> = [[1; 4], [2; 4], [1; 4], [2; 4]].concat();
        let buffer = drawn(4, 4, &pixels, Rect::new(0, 0, 2, 1));
        assert_eq!(buffer[(0, 0)].fg, Color::Rgb(128, 0, 128));
        assert_eq!(buffer[(1, 0)].bg, Color::Rgb(128, 0, 128));
        let buffer = drawn(1, 2, &[1, 2], Rect::new(0, 0, 3, 3));
        assert_eq!((buffer[(0, 0)].fg, buffer[(2, 2)].bg), (Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255)));
    }

    #[test]
    fn proportions_are_kept_in_the_middle() {
        let buffer = drawn(8, 4, &[1; 32], Rect::new(0, 0, 8, 4));
        let drawn: Vec<bool> = (0..4).map(|row| buffer[(0, row)].symbol() == "▀").collect();
        assert_eq!(drawn, [false, true, true, false]);
        let buffer = drawn_thin();
        assert_eq!(buffer.content.iter().filter(|cell| cell.symbol() == "▀").count(), 5);
    }

    /// Far wider than high: a row of pixels is left all the same.
    fn drawn_thin() -> Buffer {
        drawn(100, 1, &[1; 100], Rect::new(0, 0, 5, 3))
    }
}
