//! Turns what was surveyed and done into the manifest's plain data.

use image::manifest::{
    CaptureRecord, OptionsRecord, PartitionRecord, TableRecord, TotalsRecord, UnreadableRecord,
    VerbatimRecord, VolumeRecord,
};
use image::{FORMAT_VERSION, Header, Manifest};
use partition_table::{Layout, PartitionRole, SavedTable, Table};

use super::CapturePlan;
use crate::{SurveyedVolume, VolumeCapture, backup};

pub(crate) fn manifest(
    plan: &CapturePlan,
    header: &Header,
    saved: &SavedTable,
    totals: TotalsRecord,
    unreadable: Vec<UnreadableRecord>,
) -> Manifest {
    let request = &plan.request;
    Manifest {
        format_version: FORMAT_VERSION,
        image_id: header.image_id,
        tool: header.tool.clone(),
        created: header.created.clone(),
        disk: request.disk.clone(),
        table: table(&plan.survey.layout, saved),
        volumes: plan.survey.volumes.iter().map(volume).collect(),
        options: OptionsRecord {
            partitions: request.survey.partitions.clone(),
            all_sectors: request.survey.all_sectors,
            level: request.level.to_string(),
        },
        totals,
        unreadable,
    }
}

fn table(layout: &Layout, saved: &SavedTable) -> TableRecord {
    let (kind, id) = match &layout.table {
        Table::Gpt(table) => ("gpt", Some(table.disk_guid.clone())),
        Table::Mbr(table) => ("mbr", Some(table.disk_signature.clone())),
        Table::None => ("none", None),
        Table::Doubtful => ("doubtful", None),
    };
    let partitions = layout.partitions.iter().map(|partition| PartitionRecord {
        number: partition.number,
        extent: partition.extent,
        type_name: partition.type_name.clone(),
        type_id: partition.type_id.clone(),
        name: partition.name.clone(),
        guid: partition.guid.clone(),
        bootable: partition.bootable,
        logical: partition.role == PartitionRole::Logical,
    });
    let verbatim = saved.pieces().iter().map(|piece| {
        let length = piece.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        VerbatimRecord { offset: piece.offset, hex: backup::hex(&piece.bytes[..length]) }
    });
    TableRecord {
        kind: kind.to_owned(),
        id,
        partitions: partitions.collect(),
        notes: layout.notes.clone(),
        verbatim: verbatim.collect(),
    }
}

fn volume(volume: &SurveyedVolume) -> VolumeRecord {
    let info = &volume.info;
    VolumeRecord {
        place: volume.place.clone(),
        partition: volume.partition,
        extents: volume.extents.clone(),
        kind: serde_json::to_value(info.kind)
            .ok()
            .and_then(|kind| kind.as_str().map(str::to_owned))
            .unwrap_or_default(),
        title: info.title.clone(),
        label: info.label.clone(),
        uuid: info.uuid.clone(),
        size: info.size,
        used: info.used,
        state: info.state.to_string(),
        system: info.system.clone(),
        capture: match &volume.capture {
            VolumeCapture::Mapped { source, used } => {
                CaptureRecord::Mapped { source: source.clone(), used: *used }
            }
            VolumeCapture::Whole(reason) => CaptureRecord::Whole { reason: reason.clone() },
            VolumeCapture::Inside => CaptureRecord::Inside,
            VolumeCapture::Excluded => CaptureRecord::Excluded,
        },
    }
}
