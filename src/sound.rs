//! The sound of a run: how loud it is, and a WAV file of it.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use cartwheel_runtime::{SAMPLE_RATE, SAMPLES_PER_FRAME};
use hound::{SampleFormat, WavSpec, WavWriter};

/// Bytes of a frame in a file.
const FRAME_BYTES: u64 = 4 * SAMPLES_PER_FRAME as u64;
/// Most frames that a file can have, whose lengths have 32 bits and count the head too.
pub const MAX_FRAMES: u64 = (u32::MAX as u64 - 1_024) / FRAME_BYTES;

/// How loud sound is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loudness {
    /// Largest distance of a sample from silence: 0 to 32,768.
    pub peak: u16,
    squares: u128,
    count: u128,
}

impl Loudness {
    /// Adds samples.
    pub fn add(&mut self, samples: &[i16]) {
        // A frame's squares fit: 1,470 times 2^30.
        let squares: u64 = samples.iter().map(|&sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
        let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        self.peak = self.peak.max(peak);
        self.squares += u128::from(squares);
        self.count += samples.len() as u128;
    }

    /// Root of the mean of the samples' squares, rounded down.
    pub fn rms(&self) -> u16 {
        self.squares.checked_div(self.count).unwrap_or(0).isqrt() as u16
    }
}

/// Sound on its way to a file.
///
/// It waits in a temporary file without a name: the head of a WAV file says how long it is, which is known at the end
/// only, and the file to be written can be a pipe.
pub struct Recorder {
    file: File,
    writer: WavWriter<BufWriter<File>>,
}

impl Recorder {
    /// A recorder of nothing so far.
    pub fn new() -> io::Result<Recorder> {
        let spec = WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let file = tempfile::tempfile()?;
        let writer = WavWriter::new(BufWriter::new(file.try_clone()?), spec).map_err(plain)?;
        Ok(Recorder { file, writer })
    }

    /// Adds a frame; silence if there is no sound.
    pub fn push(&mut self, samples: Option<&[i16]>) -> io::Result<()> {
        let samples = samples.unwrap_or(&[0; 2 * SAMPLES_PER_FRAME]);
        let mut writer = self.writer.get_i16_writer(samples.len() as u32);
        samples.iter().for_each(|&sample| writer.write_sample(sample));
        writer.flush().map_err(plain)
    }

    /// Writes the file.
    pub fn write(mut self, mut out: impl Write) -> io::Result<()> {
        self.writer.finalize().map_err(plain)?;
        self.file.rewind()?;
        io::copy(&mut self.file, &mut out)?;
        Ok(())
    }
}

/// What went wrong below.
fn plain(e: hound::Error) -> io::Error {
    match e {
        hound::Error::IoError(e) => e,
        other => io::Error::other(other),
    }
}
