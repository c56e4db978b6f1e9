//! The synthesiser of `spec/audio.md` once more: sample by sample, one formula after the other, slow.

const S: [i64; 12] = [
    1073741824, 1137589835, 1205234447, 1276901417, 1352829926, 1433273380, 1518500250, 1608794974,
    1704458901, 1805811301, 1913190429, 2026954652,
];
const T: [i64; 16] = [
    1073741824, 1077625190, 1081522600, 1085434106, 1089359758, 1093299609, 1097253708, 1101222108,
    1105204861, 1109202018, 1113213631, 1117239753, 1121280436, 1125335733, 1129405696, 1133490379,
];
const U: [i64; 16] = [
    1073741824, 1073984124, 1074226478, 1074468888, 1074711351, 1074953870, 1075196443, 1075439071,
    1075681754, 1075924492, 1076167284, 1076410131, 1076653033, 1076895990, 1077139002, 1077382068,
];
const FULL: i64 = 1 << 40;

/// `o` and `m` of a pitch.
fn power(p: i64) -> (i64, i64) {
    let (o, r) = (p.div_euclid(3072), p.rem_euclid(3072) as usize);
    (o, (((S[r / 256] * T[r / 16 % 16]) >> 30) * U[r % 16]) >> 30)
}

#[derive(Clone, Debug)]
pub enum Wave {
    Pulse { duty: u64 },
    Triangle,
    Noise { short: bool },
    Recording { samples: Vec<i16>, rate: u64, root: i64, repeat: Option<(u64, u64)> },
}

#[derive(Clone)]
pub struct Instrument {
    pub wave: Wave,
    /// Attack, decay, sustain, release.
    pub times: [i64; 4],
}

pub struct Note {
    n: u64,
    instrument: Instrument,
    place: u64,
    register: u32,
    slide: (i64, i64, i64, i64),
    stage: usize,
    from: i64,
    level: i64,
    /// Samples of the stage so far.
    done: i64,
    pub volume: i64,
    pub pan: i64,
    frames: i64,
    protected: bool,
    gains: Option<[i64; 2]>,
    last: [i64; 2],
    ended: bool,
}

impl Note {
    fn pitch(&self) -> i64 {
        let (a, b, k, n) = self.slide;
        if k < n { a + (b - a) * k / n } else { b }
    }

    pub fn slide(&mut self, pitch: i64, frames: i64) {
        self.slide = (self.pitch(), pitch, 0, 49 * frames);
    }

    /// Length of the stage in samples and where it leads; `None` for the third.
    fn stage_plan(&self) -> Option<(i64, i64)> {
        let [attack, decay, sustain, release] = self.instrument.times;
        let samples = |ms: i64| ms * 441 / 10;
        match self.stage {
            1 => Some((samples(attack), FULL)),
            2 => Some((samples(decay), FULL * sustain / 255)),
            4 => Some((samples(release), 0)),
            _ => None,
        }
    }

    fn begin_stage(&mut self, stage: usize) {
        (self.stage, self.from, self.done) = (stage, self.level, 0);
        match self.stage_plan() {
            None => self.ended |= self.level == 0,
            Some((0, _)) => self.end_stage(),
            Some(_) => {}
        }
    }

    fn end_stage(&mut self) {
        let (_, to) = self.stage_plan().expect("a stage with an end");
        self.level = to;
        if self.stage == 4 {
            self.ended = true;
        } else {
            self.begin_stage(self.stage + 1);
        }
    }

    fn release(&mut self) {
        self.frames = 0;
        if self.stage != 4 {
            if self.level == 0 {
                self.ended = true;
            } else {
                self.begin_stage(4);
            }
        }
    }

    fn value(&self) -> i64 {
        match &self.instrument.wave {
            Wave::Pulse { duty } => {
                if self.place >> 24 < *duty {
                    128 * (256 - *duty as i64)
                } else {
                    -128 * *duty as i64
                }
            }
            Wave::Triangle => {
                let t = (((self.place + (1 << 30)) % (1 << 32)) >> 15) as i64;
                if t < 65_536 { t - 32_768 } else { 98_303 - t }
            }
            Wave::Noise { .. } => {
                if self.register & 1 == 0 {
                    16_384
                } else {
                    -16_384
                }
            }
            Wave::Recording { samples, repeat, .. } => {
                let i = self.place >> 32;
                let next = match repeat {
                    Some((start, end)) if i + 1 == *end => *start,
                    _ => i + 1,
                };
                let x = i64::from(samples[i as usize]);
                let y = i64::from(samples.get(next as usize).copied().unwrap_or(0));
                let f = ((self.place >> 16) % 65_536) as i64;
                x + (((y - x) * f) >> 16)
            }
        }
    }

    fn advance_place(&mut self, pitch: i64) {
        if let Wave::Recording { samples, rate, root, repeat } = &self.instrument.wave {
            let (o, m) = power(pitch - root);
            let step = (i128::from(*rate) * (1 << 32) / 44_100 * i128::from(m)) >> (30 - o);
            let next = i128::from(self.place) + step;
            let (start, end) = repeat.unwrap_or((0, samples.len() as u64));
            let (start, end) = (i128::from(start) << 32, i128::from(end) << 32);
            self.place = if next < end { next } else { start + (next - start) % (end - start) } as u64;
            self.ended |= next >= end && repeat.is_none();
            return;
        }
        let (o, m) = power(pitch);
        let next = self.place + ((815_363_807 * m) >> (40 - o)) as u64;
        if let Wave::Noise { short } = self.instrument.wave {
            for _ in 0..next / (1 << 28) - self.place / (1 << 28) {
                let b = (self.register & 1) ^ (self.register >> 1 & 1);
                self.register = self.register >> 1 | b << 14;
                if short {
                    self.register = self.register & !0x40 | b << 6;
                }
            }
        }
        self.place = next % (1 << 32);
    }

    fn advance_level(&mut self) {
        let Some((n, to)) = self.stage_plan() else { return };
        self.done += 1;
        if self.done == n {
            self.end_stage();
        } else {
            self.level += (to - self.from) / n;
        }
    }

    /// What a sample adds to the sums, and on to the next one.
    fn sample(&mut self, pitch: i64, volume: i64, pan: i64) -> [i64; 2] {
        let goal = [g(volume) * (128 - pan.max(0)), g(volume) * (128 + pan.min(0))];
        let mut gains = self.gains.unwrap_or(goal);
        for side in 0..2 {
            let way = (goal[side] - gains[side]).clamp(-512, 512);
            gains[side] += way;
        }
        self.gains = Some(gains);
        let v = (self.value() * (self.level >> 25)) >> 15;
        self.last = gains.map(|gain| (v * gain) >> 8);
        let added = self.last;
        self.advance_place(pitch);
        if !self.ended {
            self.advance_level();
        }
        added
    }
}

fn g(volume: i64) -> i64 {
    volume + volume / 128
}

pub struct Synthesiser {
    pub instruments: [Instrument; 4],
    pub master: i64,
    master_gain: i64,
    voices: [Option<Note>; 8],
    tails: [[i64; 2]; 8],
    played: u64,
}

impl Synthesiser {
    pub fn new() -> Self {
        let instrument = Instrument { wave: Wave::Pulse { duty: 128 }, times: [2, 0, 255, 50] };
        Synthesiser {
            instruments: [const { None }; 4].map(|_: Option<()>| instrument.clone()),
            master: 255,
            master_gain: 256,
            voices: [const { None }; 8],
            tails: [[0; 2]; 8],
            played: 0,
        }
    }

    /// Moves notes that have ended to the tails.
    fn bury(&mut self) {
        for (voice, tails) in self.voices.iter_mut().zip(&mut self.tails) {
            if let Some(note) = voice.take_if(|note| note.ended) {
                (0..2).for_each(|side| tails[side] += note.last[side]);
            }
        }
    }

    #[allow(clippy::too_many_arguments)] // as many as the syscall has
    pub fn play(
        &mut self,
        instrument: usize,
        pitch: i64,
        volume: i64,
        pan: i64,
        frames: i64,
        steal: bool,
        protected: bool,
    ) -> Option<i32> {
        let free = self.voices.iter().position(Option::is_none);
        let index = free.or_else(|| {
            let may =
                (0..8).filter(|&i| steal && self.voices[i].as_ref().is_some_and(|note| !note.protected));
            let order = |&i: &usize| self.voices[i].as_ref().map(|note| (note.stage != 4, note.n));
            may.min_by_key(order)
        })?;
        if let Some(note) = &mut self.voices[index] {
            note.ended = true;
        }
        self.bury();
        let n = self.played;
        self.played += 1;
        let mut note = Note {
            n,
            instrument: self.instruments[instrument].clone(),
            place: 0,
            register: 0x7fff,
            slide: (pitch, pitch, 0, 0),
            stage: 0,
            from: 0,
            level: 0,
            done: 0,
            volume,
            pan,
            frames,
            protected,
            gains: None,
            last: [0; 2],
            ended: false,
        };
        note.begin_stage(1);
        self.voices[index] = Some(note);
        self.bury();
        Some(((n % ((1 << 28) - 1) + 1) * 8) as i32 + index as i32)
    }

    pub fn note(&mut self, number: i32) -> Option<&mut Note> {
        let note = self.voices[number as usize % 8].as_mut()?;
        (note.n + 1 == number as u64 / 8).then_some(note)
    }

    pub fn stop(&mut self, number: i32) -> bool {
        let found = self.note(number).map(Note::release).is_some();
        self.bury();
        found
    }

    pub fn cut(&mut self, number: i32) -> bool {
        let found = self.note(number).map(|note| note.ended = true).is_some();
        self.bury();
        found
    }

    pub fn frame(&mut self) -> Vec<[i16; 2]> {
        if self.voices.iter().all(Option::is_none) && self.tails == [[0; 2]; 8] {
            self.master_gain = g(self.master);
        }
        let mut out = Vec::new();
        let mut pitches = [0; 8];
        for i in 0..735 {
            let mut sum = [0; 2];
            for (voice, pitch) in pitches.iter_mut().enumerate() {
                for (sum, tail) in sum.iter_mut().zip(&mut self.tails[voice]) {
                    *tail -= tail.signum() * ((tail.abs() + 63) / 64);
                    *sum += *tail;
                }
                let Some(note) = &mut self.voices[voice] else { continue };
                if i % 15 == 0 {
                    *pitch = note.pitch();
                    note.slide.2 += 1;
                }
                let (volume, pan) = (note.volume, note.pan);
                let added = note.sample(*pitch, volume, pan);
                (0..2).for_each(|side| sum[side] += added[side]);
            }
            self.bury();
            self.master_gain += (g(self.master) - self.master_gain).clamp(-4, 4);
            let sample =
                sum.map(|sum: i64| ((sum * self.master_gain + 65_536) >> 17).clamp(-32_768, 32_767) as i16);
            out.push(sample);
        }
        for note in self.voices.iter_mut().flatten().filter(|note| note.frames > 0) {
            note.frames -= 1;
            if note.frames == 0 {
                note.release();
            }
        }
        self.bury();
        out
    }
}
