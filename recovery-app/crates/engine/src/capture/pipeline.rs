//! The pipeline: readers, compressors, and one writer that keeps the order.
//!
//! ```text
//! free slots -> readers -> jobs -> workers -> done -> writer (reorders) -> free slots
//! ```
//!
//! A reader takes a slot before it takes the next piece, so the piece whose turn it is always has
//! a slot: the writer's wait for it always ends, and memory is the slots. Pieces of zeros need none;
//! what keeps them from piling up is the [`Turn`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use block::{BlockDevice, Extent, ExtentSet};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use image::{Encoder, FrameKind, Sha256Hash};

use super::chunks::Piece;
use super::level::{LevelControl, Queues};
use super::slots::{Crew, READERS, Slot};
use super::turn::Turn;
use crate::source_disk::{ChunkRead, SourceReader};
use crate::{Bottleneck, Cancel, EngineError};

/// A chunk that was read.
struct Job {
    number: u64,
    disk: Extent,
    slot: Slot,
    read: ChunkRead,
}

/// A piece that is ready to be written.
struct Done {
    number: u64,
    disk: Extent,
    frame: Frame,
}

/// What is to be written for a piece.
enum Frame {
    /// A compressed chunk.
    Data { slot: Slot, kind: FrameKind, sha256: Sha256Hash, checksum: u128, read: ChunkRead },
    /// Zeros: a zero chunk, a hole or an excluded range. A chunk that was read still has its slot.
    Zeros { kind: FrameKind, slot: Option<Slot> },
}

/// What the writer is given, in the order of the disk.
pub(crate) enum Output<'a> {
    /// The frame of a chunk.
    Data {
        kind: FrameKind,
        disk: Extent,
        frame: &'a [u8],
        sha256: Sha256Hash,
        checksum: u128,
        unreadable: &'a [(Extent, String)],
    },
    /// Zeros.
    Zeros { kind: FrameKind, disk: Extent },
}

/// What a capture is made of.
pub(crate) struct Pipeline<'a> {
    pub(crate) device: &'a dyn BlockDevice,
    pub(crate) used: &'a ExtentSet,
    pub(crate) crew: Crew,
    pub(crate) level: LevelControl,
    pub(crate) chunk_size: usize,
    pub(crate) cancel: &'a Cancel,
}

/// How the pipeline is doing, for the level and for people.
pub(crate) struct Gauge {
    jobs: Receiver<Job>,
    unwritten: AtomicUsize,
    slots: usize,
    /// See [`Queues::backlog`].
    backlog: AtomicU64,
}

impl Gauge {
    fn queues(&self) -> Queues {
        Queues {
            waiting_for_processor: self.jobs.len(),
            waiting_for_writer: self.unwritten.load(Ordering::Relaxed),
            slots: self.slots,
            backlog: self.backlog.load(Ordering::Relaxed),
        }
    }

    /// Notes what waits for the destination, see [`image::ImageWriter::backlog`].
    pub(crate) fn set_backlog(&self, backlog: u64) {
        self.backlog.store(backlog, Ordering::Relaxed);
    }

    /// What holds the capture back just now.
    pub(crate) fn bottleneck(&self) -> Bottleneck {
        let queues = self.queues();
        if queues.destination_is_behind() {
            Bottleneck::Destination
        } else if queues.processor_is_behind() {
            Bottleneck::Processor
        } else {
            Bottleneck::Source
        }
    }
}

impl Pipeline<'_> {
    /// Reads, compresses and passes on every piece. `write` is called on this thread, in the order
    /// of the pieces. The first error ends everything.
    pub(crate) fn run(
        &self,
        pieces: impl Iterator<Item = Piece> + Send,
        mut write: impl FnMut(Output<'_>, &Gauge) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let (free_in, free_out) = bounded(self.crew.slots);
        let (jobs_in, jobs_out) = bounded(self.crew.slots);
        let (done_in, done_out) = unbounded();
        for slot in self.crew.make_slots(self.chunk_size) {
            // The channel has room for all slots.
            let _ = free_in.send(slot);
        }
        let gauge = Gauge {
            jobs: jobs_out.clone(),
            unwritten: AtomicUsize::new(0),
            slots: self.crew.slots,
            backlog: AtomicU64::new(0),
        };
        let pieces = Mutex::new((0..).zip(pieces));
        let turn = Turn::default();
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for _ in 0..READERS {
                let (free, jobs) = (free_out.clone(), jobs_in.clone());
                let (done, pieces, turn) = (Reporter(done_in.clone()), &pieces, &turn);
                threads.push(
                    scope.spawn(move || done.report(self.read(pieces, turn, &free, &jobs, &done))),
                );
            }
            for _ in 0..self.crew.workers {
                let (jobs, done, gauge) = (jobs_out.clone(), Reporter(done_in.clone()), &gauge);
                threads.push(scope.spawn(move || done.report(self.compress(&jobs, &done, gauge))));
            }
            // The ends of the channels now belong to the threads alone. The writer drops its own
            // when it fails, and then the others end too.
            drop((free_out, jobs_in, done_in));
            let end = turn.end_when_dropped();
            let written = write_in_order(done_out, free_in, &gauge, &turn, &mut write);
            drop(end);
            // A panic was told to the writer; one that nobody joins would be another.
            threads.into_iter().for_each(|thread| drop(thread.join()));
            written
        })
    }

    fn read(
        &self,
        pieces: &Mutex<impl Iterator<Item = (u64, Piece)>>,
        turn: &Turn,
        free: &Receiver<Slot>,
        jobs: &Sender<Job>,
        done: &Reporter,
    ) -> Result<(), EngineError> {
        let mut source = SourceReader::new(self.device, self.used, self.cancel);
        // A closed channel means that another thread has failed and said why.
        while let Ok(mut slot) = free.recv() {
            let (number, disk) = loop {
                self.cancel.check()?;
                let next = pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((number, Piece { kind, disk })) = next else { return Ok(()) };
                if kind == FrameKind::Data && !self.device.is_hole(disk) {
                    break (number, disk);
                }
                let kind = if kind == FrameKind::Data { FrameKind::Zero } else { kind };
                let frame = Frame::Zeros { kind, slot: None };
                turn.wait_until_near(number);
                if !done.send(Done { number, disk, frame }) {
                    return Ok(());
                }
            };
            let buffer = &mut slot.raw[..usize::try_from(disk.length).unwrap_or(0)];
            let read = source.read_chunk(disk, buffer)?;
            if jobs.send(Job { number, disk, slot, read }).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn compress(
        &self,
        jobs: &Receiver<Job>,
        done: &Reporter,
        gauge: &Gauge,
    ) -> Result<(), EngineError> {
        let mut encoder = Encoder::new(self.level.current()).map_err(EngineError::Compression)?;
        while let Ok(Job { number, disk, mut slot, read }) = jobs.recv() {
            let raw = &slot.raw[..usize::try_from(disk.length).unwrap_or(0)];
            let frame = if read.unreadable.is_empty() && is_zero(raw) {
                Frame::Zeros { kind: FrameKind::Zero, slot: Some(slot) }
            } else {
                let sha256 = image::sha256(raw);
                let level = self.level.next(gauge.queues());
                encoder
                    .set_level(level)
                    .and_then(|()| encoder.encode(raw, &mut slot.frame))
                    .map_err(EngineError::Compression)?;
                let checksum = image::stored_checksum(&slot.frame);
                let damaged = !read.unreadable.is_empty();
                let kind = if damaged { FrameKind::Unreadable } else { FrameKind::Data };
                Frame::Data { slot, kind, sha256, checksum, read }
            };
            gauge.unwritten.fetch_add(1, Ordering::Relaxed);
            if !done.send(Done { number, disk, frame }) {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<64>();
    words.iter().all(|word| *word == [0; 64]) && rest.iter().all(|byte| *byte == 0)
}

/// A thread's way to the writer, for results and for the error that ended it. A thread that
/// panics says so too: the writer must not wait for it.
struct Reporter(Sender<Result<Done, EngineError>>);

impl Reporter {
    /// False when the writer has ended.
    fn send(&self, done: Done) -> bool {
        self.0.send(Ok(done)).is_ok()
    }

    fn report(&self, result: Result<(), EngineError>) {
        if let Err(error) = result {
            // When the writer has ended, it has an error of its own.
            let _ = self.0.send(Err(error));
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if thread::panicking() {
            self.report(Err(EngineError::Panicked));
        }
    }
}

fn write_in_order(
    done: Receiver<Result<Done, EngineError>>,
    free: Sender<Slot>,
    gauge: &Gauge,
    turn: &Turn,
    write: &mut impl FnMut(Output<'_>, &Gauge) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let mut next = 0;
    let mut early = BTreeMap::new();
    for arrived in done {
        let arrived = arrived?;
        early.insert(arrived.number, arrived);
        while let Some(Done { disk, frame, .. }) = early.remove(&next) {
            next += 1;
            turn.is_at(next);
            let slot = match frame {
                Frame::Zeros { kind, slot } => {
                    write(Output::Zeros { kind, disk }, gauge)?;
                    slot
                }
                Frame::Data { slot, kind, sha256, checksum, read } => {
                    let unreadable = &read.unreadable;
                    let frame = &slot.frame;
                    write(Output::Data { kind, disk, frame, sha256, checksum, unreadable }, gauge)?;
                    Some(slot)
                }
            };
            if let Some(slot) = slot {
                gauge.unwritten.fetch_sub(1, Ordering::Relaxed);
                // When the readers have ended, nobody needs the slot.
                let _ = free.send(slot);
            }
        }
    }
    Ok(())
}
