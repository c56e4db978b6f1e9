//! **The** syscall table. Everything that has to know the syscalls derives from it: the catalogue, the look-up
//! by id, checks of signatures, the traits with a method per row that the kernel implements, validation of
//! arguments, cost, and the chapter `spec/syscalls.md`.
//!
//! Rows stand in blocks, a block per domain. A row reads
//!
//! ```text
//! Variant method "domain.name@version" (param: Kind, ...) -> (result: Kind, ...)
//!     Capability [statuses] [traps] BASE + (CYCLES / UNITS Unit) Mode
//!     "one line of meaning";
//! ```
//!
//! * *Kinds* are the types that implement [`crate::ParamKind`] and [`crate::ResultKind`].
//! * *statuses* are what the row can return besides `Ok`, and besides `Denied` and `Quarantined`, which the
//!   policy can make of any call that has a status.
//! * *traps* are those of the handler; those of the kinds come by themselves.
//! * The cost formula is [`crate::Cost`]; the part in parentheses is missing where work does not vary.
//!
//! # Grammar of ids
//!
//! A domain and a name of lower-case words joined by `_`, a name of `noun` or `verb` alone or `noun_detail`
//! (`rect`, `rect_fill`). A row that can fail in normal operation returns `status` first. A changed signature is
//! a new row with the next version; the old row stays. A row that is taken out goes to [`crate::RETIRED`].
//!
//! Domains and ids are sorted; it does not compile otherwise.

/// Calls `$callback!` with every row of the table (see the module documentation for the form of a row).
#[macro_export]
macro_rules! for_each_syscall {
    ($callback:path) => {
        $callback! {

            domain Asset "asset" "Named blobs of the cartridge, numbered by their names in ascending order." {
                AssetFind find "asset.find@1" (name: Span) -> (status: Status, asset: i32)
                    Asset [AssetNotFound] [] 40 + (1 / 8 Byte) Immediate
                    "Finds the number of the asset with a name.";
            }

            domain Gfx "gfx" "Drawing on the module's surface of 8-bit palette indices. A colour is the low 8 bits of its argument. \
                Coordinates are reduced by the camera, then clipped. Sizes below 1 have no pixels. A sprite's `transparent` is the \
                index that is not drawn, or -1. `flags`: 1 mirrors left to right, 2 top to bottom, 4 then turns a quarter clockwise. \
                A cartridge that uses these needs a video mode." {
                GfxCamera camera "gfx.camera@1" (x: i32, y: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Sets the place that is drawn at the surface's top left corner.";
                GfxCircle circle "gfx.circle@1" (x: i32, y: i32, radius: i32, color: i32) -> ()
                    Gfx [] [] 30 + (8 / 1 Row) Immediate
                    "Draws the rim of a disc of diameter 2 * radius + 1; a radius below 0 has no pixels.";
                GfxCircleFill circle_fill "gfx.circle_fill@1" (x: i32, y: i32, radius: i32, color: i32) -> ()
                    Gfx [] [] 20 + (6 / 1 Row) Immediate
                    "Draws a disc of diameter 2 * radius + 1; a radius below 0 has no pixels.";
                GfxClear clear "gfx.clear@1" (color: i32) -> ()
                    Gfx [] [] 10 + (1 / 16 Pixel) Immediate
                    "Fills the whole surface, whatever clip and camera are.";
                GfxClip clip "gfx.clip@1" (x: i32, y: i32, width: i32, height: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Limits drawing to a rectangle of the surface (the camera has no part in it).";
                GfxImage image "gfx.image@1" (asset: i32, x: i32, y: i32, transparent: i32, flags: i32) -> (status: Status)
                    Gfx [GfxNotFound, GfxNotLoaded, GfxBadImage] [BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws an image asset as a sprite.";
                GfxImageSize image_size "gfx.image_size@1" (asset: i32) -> (status: Status, width: i32, height: i32)
                    Gfx [GfxNotFound, GfxNotLoaded, GfxBadImage] [] 10 Immediate
                    "Gives the size of an image asset.";
                GfxImageSub image_sub "gfx.image_sub@1" (asset: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> (status: Status)
                    Gfx [GfxNotFound, GfxNotLoaded, GfxBadImage, GfxOutside] [BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws a rectangle of an image asset as a sprite; OUTSIDE if not all of it is in the image.";
                GfxLine line "gfx.line@1" (x1: i32, y1: i32, x2: i32, y2: i32, color: i32) -> ()
                    Gfx [] [] 20 + (1 / 1 Pixel) Immediate
                    "Draws a line; both ends belong to it.";
                GfxPalette palette "gfx.palette@1" (index: i32, rgb: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Sets the colour that the low 8 bits of `index` stand for to 0xRRGGBB; the upper 8 bits are ignored.";
                GfxPaletteGet palette_get "gfx.palette_get@1" (index: i32) -> (rgb: i32)
                    Gfx [] [] 5 Immediate
                    "Gives the colour that the low 8 bits of `index` stand for as 0xRRGGBB.";
                GfxPixel pixel "gfx.pixel@1" (x: i32, y: i32, color: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Draws a pixel.";
                GfxPixelGet pixel_get "gfx.pixel_get@1" (x: i32, y: i32) -> (status: Status, color: i32)
                    Gfx [GfxOutside] [] 5 Immediate
                    "Gives the palette index of a pixel, clipped or not.";
                GfxRect rect "gfx.rect@1" (x: i32, y: i32, width: i32, height: i32, color: i32) -> ()
                    Gfx [] [] 20 + (1 / 2 Pixel) Immediate
                    "Draws the rim of a rectangle, one pixel wide.";
                GfxRectFill rect_fill "gfx.rect_fill@1" (x: i32, y: i32, width: i32, height: i32, color: i32) -> ()
                    Gfx [] [] 20 + (1 / 8 Pixel) Immediate
                    "Draws a rectangle.";
                GfxSize size "gfx.size@1" () -> (width: i32, height: i32)
                    Gfx [] [] 5 Immediate
                    "Gives the size of the surface.";
                GfxSprite sprite "gfx.sprite@1" (pixels: Span, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> ()
                    Gfx [] [ShortSpan, BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws `width * height` pixels of memory, a byte each, row by row.";
                GfxSpriteBytes sprite_bytes "gfx.sprite_bytes@1" (pixels: Bytes, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> ()
                    Gfx [] [ShortSpan, BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "As `gfx.sprite`, with the pixels in a byte string.";
                GfxSpriteSub sprite_sub "gfx.sprite_sub@1" (pixels: Span, stride: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> ()
                    Gfx [] [ShortSpan, BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws a rectangle of a picture in memory whose rows are `stride` bytes apart.";
                GfxText text "gfx.text@1" (text: Span, x: i32, y: i32, color: i32) -> ()
                    Gfx [] [] 20 + (20 / 1 Byte) Immediate
                    "Draws UTF-8 text in the built-in 8 by 8 font; byte 10 starts a new line, what is not printable ASCII is a box.";
                GfxTextBytes text_bytes "gfx.text_bytes@1" (text: Bytes, x: i32, y: i32, color: i32) -> ()
                    Gfx [] [] 20 + (20 / 1 Byte) Immediate
                    "As `gfx.text`, with the text in a byte string.";
            }

            domain Log "log" "Lines of text for people." {
                LogWrite write "log.write@1" (level: i32, text: Span) -> (status: Status)
                    Log [LogBadLevel, Quota] [] 50 + (1 / 4 Byte) Immediate
                    "Writes a line of UTF-8 text at level 0 debug, 1 info, 2 warning or 3 error; QUOTA if it does not fit in what is left of the frame's 64 KiB (a line counts 16 on top of its bytes).";
                LogWriteBytes write_bytes "log.write_bytes@1" (level: i32, text: Bytes) -> (status: Status)
                    Log [LogBadLevel, Quota] [] 50 + (1 / 4 Byte) Immediate
                    "As `log.write`, with the text in a byte string.";
            }

            domain Telemetry "telemetry" "The module's own figures." {
                TelemetryBegin begin "telemetry.begin@1" (name: Span) -> (status: Status)
                    Telemetry [TelemetryBadName, Quota] [] 20 Immediate
                    "Opens a named zone, inside those that are open: a profile shows what is spent in it. QUOTA if 16 are open. A zone stays open beyond the frame.";
                TelemetryCounter counter "telemetry.counter@1" (name: Span, value: i64) -> (status: Status)
                    Telemetry [TelemetryBadName, Quota] [] 50 + (1 / 4 Byte) Immediate
                    "Reports a named number of this frame; at most 64 in a frame.";
                TelemetryEnd end "telemetry.end@1" () -> (status: Status)
                    Telemetry [TelemetryNoZone] [] 10 Immediate
                    "Closes the zone that was opened last.";
                TelemetryFrame frame "telemetry.frame@1" (record: SpanMut) -> (status: Status)
                    Telemetry [TelemetryTooSmall, Unavailable] [] 30 Immediate
                    "Writes figures of the module's frame before this one as eight u64: number of the frame, cycles, budget, syscalls, bytes and objects allocated, collector cycles, overruns so far. UNAVAILABLE in a module's first frame.";
            }
        }
    };
}
