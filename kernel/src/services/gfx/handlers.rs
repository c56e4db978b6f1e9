//! The syscalls of the domain: arguments in, one drawing function, pixels counted.

use cartwheel_hostabi::{Bytes, Call, Fault, Span, Status, SyscallTrap, handlers};

use super::sprite::{self, Picture, Style};
use super::{Gfx, shapes, text};
use crate::services::Context;
use crate::services::asset::Assets;

impl Gfx {
    /// A place on the surface. In `i64`, where no later sum can overflow.
    #[inline]
    fn place(&self, x: i32, y: i32) -> (i64, i64) {
        (i64::from(x) - i64::from(self.camera.0), i64::from(y) - i64::from(self.camera.1))
    }

    fn sprite(&mut self, picture: Option<Picture<'_>>, x: i32, y: i32, style: Style) -> u64 {
        let Some(picture) = picture else { return 0 };
        let (x, y) = self.place(x, y);
        sprite::draw(&mut self.canvas, &picture, x, y, style)
    }

    fn text(&mut self, text: &[u8], x: i32, y: i32, color: i32) {
        let (x, y) = self.place(x, y);
        text::draw(&mut self.canvas, text, x, y, color as u8);
    }

    fn large_text(&mut self, text: &[u8], x: i32, y: i32, color: i32, scale: u8) {
        let (x, y) = self.place(x, y);
        text::draw_large(&mut self.canvas, text, x, y, color as u8, scale);
    }
}

/// An image asset: width and height as `u16`, little-endian, then a byte per pixel, row by row.
struct Image<'a> {
    width: u16,
    height: u16,
    pixels: &'a [u8],
}

impl<'a> Image<'a> {
    fn find(assets: &'a Assets, number: i32) -> Result<Self, Status> {
        let asset = assets.get(number).ok_or(Status::GfxNotFound)?;
        let bytes = asset.bytes.as_deref().ok_or(Status::GfxNotLoaded)?;
        let (head, pixels) = bytes.split_first_chunk::<4>().ok_or(Status::GfxBadImage)?;
        let width = u16::from_le_bytes([head[0], head[1]]);
        let height = u16::from_le_bytes([head[2], head[3]]);
        if usize::from(width) * usize::from(height) != pixels.len() {
            return Err(Status::GfxBadImage);
        }
        Ok(Image { width, height, pixels })
    }

    /// True if all of a rectangle is in the image.
    fn has(&self, x: i32, y: i32, width: i32, height: i32) -> bool {
        let fits = |from: i32, len: i32, size: u16| {
            from >= 0 && i64::from(from) + i64::from(len.max(0)) <= size.into()
        };
        fits(x, width, self.width) && fits(y, height, self.height)
    }
}

impl Context<'_> {
    /// The surface, to draw on, and the assets.
    #[inline]
    fn gfx(&mut self) -> Result<(&mut Gfx, &Assets), Fault> {
        let gfx = self.services.gfx.as_deref_mut().ok_or_else(no_surface)?;
        gfx.hash = None;
        Ok((gfx, &self.services.assets))
    }

    /// The surface, to look at.
    fn seen(&self) -> Result<&Gfx, Fault> {
        self.services.gfx.as_deref().ok_or_else(no_surface)
    }
}

#[cold]
fn no_surface() -> Fault {
    Fault::Panic("drawing without a surface, which loading rules out".to_owned())
}

impl handlers::Gfx for Context<'_> {
    fn camera(&mut self, _: &mut Call<'_>, x: i32, y: i32) -> Result<(), Fault> {
        self.gfx()?.0.camera = (x, y);
        Ok(())
    }

    fn circle(&mut self, call: &mut Call<'_>, x: i32, y: i32, radius: i32, color: i32) -> Result<(), Fault> {
        let (gfx, _) = self.gfx()?;
        let centre = gfx.place(x, y);
        call.work(shapes::circle(&mut gfx.canvas, centre, radius.into(), color as u8));
        Ok(())
    }

    fn circle_fill(
        &mut self,
        call: &mut Call<'_>,
        x: i32,
        y: i32,
        radius: i32,
        color: i32,
    ) -> Result<(), Fault> {
        let (gfx, _) = self.gfx()?;
        let centre = gfx.place(x, y);
        call.work(shapes::circle_fill(&mut gfx.canvas, centre, radius.into(), color as u8));
        Ok(())
    }

    fn clear(&mut self, call: &mut Call<'_>, color: i32) -> Result<(), Fault> {
        let pixels = self.gfx()?.0.canvas.pixels_mut();
        pixels.fill(color as u8);
        call.work(pixels.len() as u64);
        Ok(())
    }

    fn clip(&mut self, _: &mut Call<'_>, x: i32, y: i32, width: i32, height: i32) -> Result<(), Fault> {
        self.gfx()?.0.canvas.clip_to(x.into(), y.into(), width.into(), height.into());
        Ok(())
    }

    fn image(
        &mut self,
        call: &mut Call<'_>,
        asset: i32,
        x: i32,
        y: i32,
        transparent: i32,
        flags: i32,
    ) -> Result<Status, Fault> {
        let style = Style::new(transparent, flags)?;
        let (gfx, assets) = self.gfx()?;
        let image = match Image::find(assets, asset) {
            Ok(image) => image,
            Err(status) => return Ok(status),
        };
        let picture = Picture::new(image.pixels, image.width.into(), image.height.into())?;
        call.work(gfx.sprite(picture, x, y, style));
        Ok(Status::Ok)
    }

    fn image_size(&mut self, _: &mut Call<'_>, asset: i32) -> Result<(Status, i32, i32), Fault> {
        Ok(match Image::find(&self.services.assets, asset) {
            Ok(image) => (Status::Ok, image.width.into(), image.height.into()),
            Err(status) => (status, 0, 0),
        })
    }

    fn image_sub(
        &mut self,
        call: &mut Call<'_>,
        asset: i32,
        src_x: i32,
        src_y: i32,
        width: i32,
        height: i32,
        x: i32,
        y: i32,
        transparent: i32,
        flags: i32,
    ) -> Result<Status, Fault> {
        let style = Style::new(transparent, flags)?;
        let (gfx, assets) = self.gfx()?;
        let image = match Image::find(assets, asset) {
            Ok(image) => image,
            Err(status) => return Ok(status),
        };
        if !image.has(src_x, src_y, width, height) {
            return Ok(Status::GfxOutside);
        }
        let picture = Picture::part(image.pixels, image.width.into(), src_x, src_y, width, height)?;
        call.work(gfx.sprite(picture, x, y, style));
        Ok(Status::Ok)
    }

    fn line(
        &mut self,
        call: &mut Call<'_>,
        x1: i32,
        y1: i32,
        x2: i32,
        y2: i32,
        color: i32,
    ) -> Result<(), Fault> {
        let (gfx, _) = self.gfx()?;
        let (from, to) = (gfx.place(x1, y1), gfx.place(x2, y2));
        call.work(shapes::line(&mut gfx.canvas, from, to, color as u8));
        Ok(())
    }

    fn palette(&mut self, _: &mut Call<'_>, index: i32, rgb: i32) -> Result<(), Fault> {
        self.gfx()?.0.palette[usize::from(index as u8)] = rgb as u32 & 0xff_ffff;
        Ok(())
    }

    fn palette_get(&mut self, _: &mut Call<'_>, index: i32) -> Result<i32, Fault> {
        Ok(self.seen()?.palette[usize::from(index as u8)] as i32)
    }

    fn pixel(&mut self, _: &mut Call<'_>, x: i32, y: i32, color: i32) -> Result<(), Fault> {
        let (gfx, _) = self.gfx()?;
        let (x, y) = gfx.place(x, y);
        gfx.canvas.plot(x, y, color as u8);
        Ok(())
    }

    fn pixel_get(&mut self, _: &mut Call<'_>, x: i32, y: i32) -> Result<(Status, i32), Fault> {
        let gfx = self.seen()?;
        let (x, y) = gfx.place(x, y);
        Ok(gfx.canvas.get(x, y).map_or((Status::GfxOutside, 0), |color| (Status::Ok, color.into())))
    }

    fn rect(
        &mut self,
        call: &mut Call<'_>,
        x: i32,
        y: i32,
        width: i32,
        height: i32,
        color: i32,
    ) -> Result<(), Fault> {
        let (gfx, _) = self.gfx()?;
        let (x, y) = gfx.place(x, y);
        call.work(shapes::rect(&mut gfx.canvas, x, y, width.into(), height.into(), color as u8));
        Ok(())
    }

    fn rect_fill(
        &mut self,
        call: &mut Call<'_>,
        x: i32,
        y: i32,
        width: i32,
        height: i32,
        color: i32,
    ) -> Result<(), Fault> {
        let (gfx, _) = self.gfx()?;
        let (x, y) = gfx.place(x, y);
        call.work(gfx.canvas.fill(x, y, x + i64::from(width), y + i64::from(height), color as u8));
        Ok(())
    }

    fn size(&mut self, _: &mut Call<'_>) -> Result<(i32, i32), Fault> {
        let (width, height) = self.seen()?.canvas.size();
        Ok((width.into(), height.into()))
    }

    fn sprite(
        &mut self,
        call: &mut Call<'_>,
        pixels: Span,
        width: i32,
        height: i32,
        x: i32,
        y: i32,
        transparent: i32,
        flags: i32,
    ) -> Result<(), Fault> {
        let style = Style::new(transparent, flags)?;
        let picture = Picture::new(call.span(pixels)?, width, height)?;
        let drawn = self.gfx()?.0.sprite(picture, x, y, style);
        call.work(drawn);
        Ok(())
    }

    fn sprite_bytes(
        &mut self,
        call: &mut Call<'_>,
        pixels: Bytes,
        width: i32,
        height: i32,
        x: i32,
        y: i32,
        transparent: i32,
        flags: i32,
    ) -> Result<(), Fault> {
        let style = Style::new(transparent, flags)?;
        let picture = Picture::new(call.bytes(pixels)?, width, height)?;
        let drawn = self.gfx()?.0.sprite(picture, x, y, style);
        call.work(drawn);
        Ok(())
    }

    fn sprite_sub(
        &mut self,
        call: &mut Call<'_>,
        pixels: Span,
        stride: i32,
        src_x: i32,
        src_y: i32,
        width: i32,
        height: i32,
        x: i32,
        y: i32,
        transparent: i32,
        flags: i32,
    ) -> Result<(), Fault> {
        let style = Style::new(transparent, flags)?;
        let picture = Picture::part(call.span(pixels)?, stride, src_x, src_y, width, height)?;
        let drawn = self.gfx()?.0.sprite(picture, x, y, style);
        call.work(drawn);
        Ok(())
    }

    fn text(&mut self, call: &mut Call<'_>, text: Span, x: i32, y: i32, color: i32) -> Result<(), Fault> {
        self.gfx()?.0.text(call.span(text)?, x, y, color);
        call.work(text.len.into());
        Ok(())
    }

    fn text2(
        &mut self,
        call: &mut Call<'_>,
        text: Span,
        x: i32,
        y: i32,
        color: i32,
        scale: i32,
    ) -> Result<(), Fault> {
        let scale = match scale {
            1..=8 => scale as u8,
            _ => return Err(SyscallTrap::BadArgument.into()),
        };
        self.gfx()?.0.large_text(call.span(text)?, x, y, color, scale);
        call.work(u64::from(text.len) * u64::from(scale) * u64::from(scale));
        Ok(())
    }

    fn text_bytes(
        &mut self,
        call: &mut Call<'_>,
        text: Bytes,
        x: i32,
        y: i32,
        color: i32,
    ) -> Result<(), Fault> {
        let bytes = call.bytes(text)?;
        self.gfx()?.0.text(bytes, x, y, color);
        let len = bytes.len() as u64;
        call.work(len);
        Ok(())
    }
}
