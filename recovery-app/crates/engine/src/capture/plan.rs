use std::path::PathBuf;
use std::time::{Duration, Instant};

use block::{BlockDevice, Extent, ExtentSet};
use image::manifest::DiskRecord;
use image::{CHUNK_SIZE, Encoder, FrameKind, LARGEST_ZERO_FRAME, MOST_CONTENT_FRAMES, MOST_PARTS};

use super::Level;
use super::chunks::pieces;
use super::name::check_name;
use crate::stoppable::Stoppable;
use crate::{Cancel, EngineError, Survey, SurveyOptions, survey};

/// What is to be captured, how, and where to. Sizes are bytes.
#[derive(Debug, Clone)]
pub struct CaptureRequest {
    /// The identity of the disk, for the manifest.
    pub disk: DiskRecord,
    /// The folder in which the backup's folder is made.
    pub destination: PathBuf,
    /// Name of the backup.
    pub name: String,
    /// What to look for on the disk.
    pub survey: SurveyOptions,
    /// How hard to compress.
    pub level: Level,
    /// Size of parts; one file when `None`.
    pub part_size: Option<u64>,
    /// Bytes that can be written at the destination, when that is known.
    pub free: Option<u64>,
    /// Compress a sample for [`SpaceEstimate::least`] in any case, not only when the destination
    /// may be too small.
    pub sample: bool,
    /// Read the image back at the end and prove it.
    pub verify: bool,
}

/// What a capture will do: nothing is written yet.
#[derive(Debug, Clone)]
pub struct CapturePlan {
    /// What was asked for.
    pub request: CaptureRequest,
    /// The disk as it was understood.
    pub survey: Survey,
    /// Bytes of disk in data frames: what is read.
    pub data: u64,
    /// Bytes of disk in holes: what is skipped.
    pub holes: u64,
    /// Bytes of disk that were not chosen.
    pub excluded: u64,
    /// How large the image will be.
    pub estimate: SpaceEstimate,
}

/// How large an image will be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceEstimate {
    /// At least so much, unless the sample was very untypical; 0 when none was taken.
    pub least: u64,
    /// Never more than so much, unless much of the disk cannot be read: a list of very many such
    /// places is not counted.
    pub most: u64,
}

/// Chunks compressed on trial when the destination is smaller than what is in use.
const SAMPLES: u64 = 24;
/// A disk that is slower than this with its samples gives fewer of them.
const SAMPLE_FOR: Duration = Duration::from_secs(5);

/// Looks at the disk and decides what to capture. Refuses a name that is no file name, and a
/// destination that is surely too small. Writes nothing; a stop is obeyed after the read at hand.
pub fn plan(
    device: &dyn BlockDevice,
    request: CaptureRequest,
    cancel: &Cancel,
) -> Result<CapturePlan, EngineError> {
    check_name(&request.name)?;
    let survey = survey(device, &request.survey, cancel)?;
    let (mut totals, mut frames) = ([0; 3], 0);
    let chunk_size = u64::from(CHUNK_SIZE);
    for piece in pieces(survey.disk_size, &survey.used, &survey.excluded, chunk_size) {
        let index = match piece.kind {
            FrameKind::Hole => 1,
            FrameKind::Excluded => 2,
            _ => 0,
        };
        totals[index] += piece.disk.length;
        frames += piece.disk.length.div_ceil(LARGEST_ZERO_FRAME);
    }
    check_frames(frames)?;
    let [data, holes, excluded] = totals;
    let most = most_size(&survey.used, frames, holes + excluded);
    let mut estimate = SpaceEstimate { least: 0, most };
    let may_be_small = request.free.is_some_and(|free| free < estimate.most);
    if request.sample || may_be_small {
        estimate.least = least_size(device, &survey, cancel)?;
    }
    check_parts(&request, &estimate)?;
    if let Some(free) = request.free {
        check_space(&request, free, &estimate)?;
    }
    Ok(CapturePlan { request, survey, data, holes, excluded, estimate })
}

fn check_space(
    request: &CaptureRequest,
    free: u64,
    estimate: &SpaceEstimate,
) -> Result<(), EngineError> {
    if free >= estimate.least {
        return Ok(());
    }
    let place = request.destination.display();
    Err(EngineError::refused(
        format!(
            "{place} is too small: {free} bytes are free, the image needs at least about {}",
            estimate.least
        ),
        "Choose a larger destination, free some space there, or capture fewer partitions.",
    ))
}

/// Refuses what needs more frames than an image can have. A data piece is one.
fn check_frames(frames: u64) -> Result<(), EngineError> {
    if frames <= MOST_CONTENT_FRAMES {
        return Ok(());
    }
    Err(EngineError::refused(
        format!("the image would have {frames} frames; the most is {MOST_CONTENT_FRAMES}"),
        "Capture fewer partitions: an image holds about 512 TiB of what is in use.",
    ))
}

/// Refuses parts of which there might be more than numbers for them. A destination that is full
/// before the numbers are used up is not their fault: where the image fits, it fits into them.
fn check_parts(request: &CaptureRequest, estimate: &SpaceEstimate) -> Result<(), EngineError> {
    let Some(part_size) = request.part_size else { return Ok(()) };
    let most = estimate.most.min(request.free.unwrap_or(u64::MAX));
    let smallest = most.div_ceil(MOST_PARTS as u64);
    if part_size >= smallest {
        return Ok(());
    }
    Err(EngineError::refused(
        format!("the image may not fit into {MOST_PARTS} parts of {part_size} bytes"),
        format!("Choose parts of at least {smallest} bytes (--part-size)."),
    ))
}

/// The size of an image of so many frames in which nothing can be compressed, with bytes of `zeros`
/// between what is in use.
fn most_size(used: &ExtentSet, frames: u64, zeros: u64) -> u64 {
    /// A record of the index, an entry of the seek table, the headers of a frame and of its first
    /// block.
    const FRAME: u64 = 192;
    /// Where bytes in use begin and end within a frame: what tells them from the zeros around them.
    const EXTENT: u64 = 64;
    /// The manifest with the partition table, once in the image and once beside it, and what else
    /// is in the folder.
    const REST: u64 = 16 << 20;
    let (bytes, extents) = (used.total(), used.extents().len() as u64);
    bytes + bytes / 1024 + zeros / 32768 + frames * FRAME + extents * EXTENT + REST
}

/// Compresses samples from all over the used bytes; two thirds of what they promise is taken for
/// certain.
fn least_size(
    device: &dyn BlockDevice,
    survey: &Survey,
    cancel: &Cancel,
) -> Result<u64, EngineError> {
    let device = Stoppable::new(device, cancel);
    let used = survey.used.total();
    let mut encoder = Encoder::new(3).map_err(EngineError::Compression)?;
    let (mut read, mut compressed, mut frame) = (0, 0, Vec::new());
    let until = Instant::now() + SAMPLE_FOR;
    for sample in samples(survey) {
        if read > 0 && Instant::now() >= until {
            break;
        }
        let length = usize::try_from(sample.length).unwrap_or(0);
        let Ok(bytes) = device.read_vec(sample.start, length) else { continue };
        encoder.encode(&bytes, &mut frame).map_err(EngineError::Compression)?;
        read += sample.length;
        compressed += frame.len() as u64;
    }
    cancel.check()?;
    let ratio_permille = (compressed * 1000_u64).checked_div(read).unwrap_or(0);
    Ok(used / 1000 * ratio_permille * 2 / 3)
}

/// Up to [`SAMPLES`] ranges of up to 1 MiB, spread evenly over the used bytes.
fn samples(survey: &Survey) -> Vec<Extent> {
    const LENGTH: u64 = 1 << 20;
    let step = (survey.used.total() / SAMPLES).max(LENGTH);
    let (mut next, mut passed, mut samples) = (0, 0, Vec::new());
    for extent in survey.used.iter() {
        while next < passed + extent.length {
            let inside = next - passed;
            let length = LENGTH.min(extent.length - inside);
            samples.push(Extent::new(extent.start + inside, length));
            next += step;
        }
        passed += extent.length;
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    const TB: u64 = 1_000_000_000_000;

    /// A request with parts as FAT32 holds them, and so much free space.
    fn request(free: Option<u64>) -> CaptureRequest {
        CaptureRequest {
            disk: DiskRecord::default(),
            destination: PathBuf::new(),
            name: String::new(),
            survey: SurveyOptions::default(),
            level: Level::DEFAULT,
            part_size: Some(u64::from(u32::MAX)),
            free,
            sample: false,
            verify: false,
        }
    }

    #[test]
    fn more_frames_than_an_image_has_are_refused() {
        check_frames(MOST_CONTENT_FRAMES).unwrap();
        let refused = check_frames(MOST_CONTENT_FRAMES + 1).unwrap_err();
        assert!(refused.to_string().contains("134184961 frames"), "{refused}");
    }

    #[test]
    fn parts_need_to_hold_no_more_than_the_destination() {
        let estimate = SpaceEstimate { least: TB / 100, most: 6 * TB };
        check_parts(&request(Some(TB)), &estimate).unwrap();
        let refused = check_parts(&request(Some(5 * TB)), &estimate).unwrap_err();
        assert!(refused.to_string().contains("999 parts"), "{refused}");
        check_parts(&request(None), &estimate).unwrap_err();
        check_parts(&request(None), &SpaceEstimate { least: 0, most: TB }).unwrap();
    }

    #[test]
    fn a_fragmented_disk_takes_no_more_than_the_most() {
        const PAIRS: u64 = 120_000;
        const GAP: u64 = 256 << 10;
        let mut chunk = vec![0; 64 << 10];
        let mut state = 1_u64;
        for byte in &mut chunk[..512] {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = state.to_le_bytes()[6];
        }
        let mut frame = Vec::new();
        Encoder::new(1).unwrap().encode(&chunk, &mut frame).unwrap();
        let sector = |pair| Extent::new(pair * (GAP + (64 << 10)), 512);
        let used: ExtentSet = (0..PAIRS).map(sector).collect();

        let folder = tempfile::tempdir().unwrap();
        let header = image::Header {
            image_id: uuid::Uuid::nil(),
            created: String::new(),
            tool: String::new(),
            disk_size: PAIRS * (GAP + (64 << 10)),
            logical_sector: 512,
            chunk_size: CHUNK_SIZE,
            disk: String::new(),
        };
        let path = folder.path().join("image");
        let mut writer = image::ImageWriter::create(&path, header, None).unwrap();
        for _ in 0..PAIRS {
            writer.append(FrameKind::Data, 64 << 10, &frame, [0; 32], 0).unwrap();
            writer.append_zeros(FrameKind::Hole, GAP).unwrap();
        }
        let manifest = crate::capture::losses::tests::empty_manifest();
        let made = writer.finish(&manifest).unwrap().stored_size;
        let most = most_size(&used, 2 * PAIRS, PAIRS * GAP);
        assert!(made < most && most - made < 48 << 20, "{made} of {most}");
    }
}
