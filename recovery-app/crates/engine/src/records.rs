//! Works through the records of an image on several threads.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use image::{Damage, Decoder, FrameKind, ImageError, ImageReader, Record};

use crate::damage::unless_gone;
use crate::damage_list::DamageList;
use crate::index::check_content;
use crate::strain::Strain;
use crate::{Bottleneck, Cancel, EngineError, Event, Observer, Phase, Progress};

/// Memory that the buffers of all threads may take, in bytes.
const BUFFERS: usize = 128 << 20;

/// Threads: more than processors, so that some wait for a disk while others compute; few enough
/// for the memory that their buffers (two chunks each) may take.
fn thread_count(chunk_size: usize) -> usize {
    let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    (2 * processors).clamp(4, 12).min(BUFFERS / (2 * chunk_size)).max(1)
}

/// The working memory of one thread.
pub(crate) struct Bench {
    decoder: Decoder,
    frame: Vec<u8>,
    raw: block::AlignedBuffer,
    /// Time spent at the backup, since it was last taken.
    reading: Duration,
}

impl Bench {
    fn new(chunk_size: u32) -> Result<Self, EngineError> {
        Ok(Self {
            decoder: Decoder::new().map_err(EngineError::Compression)?,
            frame: Vec::new(),
            raw: block::AlignedBuffer::zeroed(chunk_size as usize),
            reading: Duration::ZERO,
        })
    }

    /// Reads and checks the frame of a record as stored.
    pub(crate) fn check(&mut self, image: &ImageReader, record: &Record) -> Result<(), Damage> {
        let began = Instant::now();
        let read = image.read_frame(record, &mut self.frame);
        self.reading += began.elapsed();
        read
    }

    /// Reads, checks and decompresses the frame of a content record.
    pub(crate) fn decode(&mut self, image: &ImageReader, record: &Record) -> Result<&[u8], Damage> {
        self.check(image, record)?;
        let raw = &mut self.raw[..usize::try_from(record.disk.length).unwrap_or(0)];
        self.decoder.decode(record, &self.frame, raw)?;
        Ok(raw)
    }

    /// A buffer of the record's length, with undefined content.
    pub(crate) fn buffer(&mut self, record: &Record) -> &mut [u8] {
        &mut self.raw[..usize::try_from(record.disk.length).unwrap_or(0)]
    }
}

/// What a walk over an image tells and obeys.
pub(crate) struct Walk<'a> {
    pub(crate) image: &'a ImageReader,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) cancel: &'a Cancel,
    pub(crate) phase: Phase,
    /// Bytes of content in the image.
    pub(crate) total: u64,
    /// What it works on beside the backup.
    pub(crate) outside: Bottleneck,
}

/// What a walk over an image found.
pub(crate) struct Walked {
    pub(crate) damage: DamageList,
    /// Bytes of content in records without damage.
    pub(crate) sound: u64,
}

/// Progress is told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(100);

impl Walk<'_> {
    /// Calls `work` with every record, on several threads, roughly in the order of the disk.
    /// Damage that it returns is collected, and so are segments of the index that cannot be read;
    /// any other error ends the walk, and so does damage where the drive with the backup is gone.
    ///
    /// An index that was read to its end and holds other content than the manifest says is an error,
    /// whatever else is damaged; but a verification that has damage to tell, tells that.
    pub(crate) fn run<W>(&self, work: W) -> Result<Walked, EngineError>
    where
        W: Fn(&mut Bench, &Record) -> Result<Result<(), Damage>, EngineError> + Sync,
    {
        let tally = Tally::new(self);
        // What an earlier walk has left in memory proves nothing of the drive any more.
        self.image.forget();
        let mut damage = DamageList::default();
        let mut all_read = true;
        tally.tell();
        for (number, records) in self.image.segments().enumerate() {
            match records {
                Ok(records) => {
                    let found = self.segment(&records, &work, &tally)?;
                    found.into_iter().for_each(|found| damage.add(found));
                }
                Err(error) => {
                    all_read = false;
                    damage.add(unless_gone(self.image, self.lost_segment(number, &error))?);
                    tally.errors.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        tally.tell();
        let walked = tally.done.load(Ordering::Relaxed);
        let is_told = self.phase == Phase::Verify && !damage.is_empty();
        if all_read && !is_told {
            check_content(self.image, walked)?;
        }
        Ok(Walked { damage, sound: tally.sound.into_inner() })
    }

    /// Calls `work` with the records of one segment; the damage, in the order of the disk.
    fn segment<W>(
        &self,
        records: &[Record],
        work: &W,
        tally: &Tally<'_>,
    ) -> Result<Vec<Damage>, EngineError>
    where
        W: Fn(&mut Bench, &Record) -> Result<Result<(), Damage>, EngineError> + Sync,
    {
        let damage = Mutex::new(Vec::new());
        let next = AtomicUsize::new(0);
        self.on_threads(|bench| {
            while let Some(record) = records.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.cancel.check()?;
                let began = Instant::now();
                let result = work(bench, record)?;
                tally.strain.add(std::mem::take(&mut bench.reading), began.elapsed());
                tally.add(record, result.is_ok());
                if let Err(found) = result {
                    let found = unless_gone(self.image, found)?;
                    damage.lock().unwrap_or_else(PoisonError::into_inner).push(found);
                }
            }
            Ok(())
        })?;
        let mut damage = damage.into_inner().unwrap_or_else(PoisonError::into_inner);
        damage.sort_by_key(|damage: &Damage| damage.disk);
        Ok(damage)
    }

    /// A segment of the index that cannot be read: all that it is about is lost.
    fn lost_segment(&self, number: usize, error: &ImageError) -> Damage {
        let (stored, disk) = self.image.segment_place(number);
        let (reason, is_unread) = (error.to_string(), error.may_be_gone());
        Damage { kind: FrameKind::Data, disk, stored, reason, is_unread }
    }

    fn on_threads<T>(&self, body: T) -> Result<(), EngineError>
    where
        T: Fn(&mut Bench) -> Result<(), EngineError> + Sync,
    {
        let chunk_size = self.image.header().chunk_size;
        let stop = Cancel::default();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..thread_count(chunk_size as usize))
                .map(|_| {
                    scope.spawn(|| {
                        let mut bench = Bench::new(chunk_size)?;
                        let result = stop.check().and_then(|()| body(&mut bench));
                        if result.is_err() {
                            stop.cancel();
                        }
                        result
                    })
                })
                .collect();
            let results = threads.into_iter().map(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            // The first real error counts, not that others were stopped by it.
            results.reduce(prefer_error).unwrap_or(Ok(()))
        })
    }
}

fn prefer_error(a: Result<(), EngineError>, b: Result<(), EngineError>) -> Result<(), EngineError> {
    match (a, b) {
        (Ok(()) | Err(EngineError::Cancelled), Err(error)) => Err(error),
        (a, _) => a,
    }
}

struct Tally<'a> {
    walk: &'a Walk<'a>,
    done: AtomicU64,
    sound: AtomicU64,
    stored: AtomicU64,
    errors: AtomicU64,
    strain: Strain,
    told: Mutex<Instant>,
}

impl<'a> Tally<'a> {
    fn new(walk: &'a Walk<'a>) -> Self {
        Self {
            walk,
            done: AtomicU64::new(0),
            sound: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            strain: Strain::new(walk.outside),
            told: Mutex::new(Instant::now()),
        }
    }

    fn add(&self, record: &Record, is_sound: bool) {
        if record.kind.is_content() {
            let length = record.disk.length;
            self.done.fetch_add(length, Ordering::Relaxed);
            self.sound.fetch_add(if is_sound { length } else { 0 }, Ordering::Relaxed);
        }
        self.errors.fetch_add(u64::from(!is_sound), Ordering::Relaxed);
        self.stored.fetch_add(record.stored.length, Ordering::Relaxed);
        let Ok(mut told) = self.told.try_lock() else { return };
        if told.elapsed() >= TELL_EVERY {
            *told = Instant::now();
            drop(told);
            self.tell();
        }
    }

    fn tell(&self) {
        self.walk.observer.event(&Event::Progress(Progress {
            phase: self.walk.phase,
            done: self.done.load(Ordering::Relaxed),
            total: self.walk.total,
            stored: self.stored.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            bottleneck: self.strain.bottleneck(),
            level: None,
        }));
    }
}
