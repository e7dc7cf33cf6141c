use engine::{Survey, SurveyedVolume};

use super::{Content, of_volumes, remains};
use crate::disk::VolumeReport;

/// What is on a disk that was surveyed for a capture, in the order of the disk.
#[must_use]
pub fn of_survey(survey: &Survey) -> Vec<Content> {
    let volumes: Vec<VolumeReport> =
        survey.volumes.iter().map(|volume| report(survey, volume)).collect();
    let mut contents = of_volumes(&volumes);
    remains::tell(&survey.layout.notes, &mut contents);
    contents
}

fn report(survey: &Survey, volume: &SurveyedVolume) -> VolumeReport {
    let partitions = &survey.layout.partitions;
    let partition = partitions.iter().find(|entry| Some(entry.number) == volume.partition);
    VolumeReport {
        partition: volume.partition,
        start: volume.extents.first().map_or(0, |extent| extent.start),
        length: volume.extents.iter().map(|extent| extent.length).fold(0, u64::saturating_add),
        type_name: partition.map(|partition| partition.type_name.clone()),
        ..VolumeReport::new(volume.place.clone(), volume.info.clone())
    }
}
