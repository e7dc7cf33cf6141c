//! `README.txt`: what is in the folder, and how to restore it without us.

use image::Manifest;
use image::manifest::{CaptureRecord, VolumeRecord};
use image::text::one_line;

use crate::ImageFile;

/// `README.txt`.
pub(crate) fn readme(image: &ImageFile) -> String {
    let manifest = &image.manifest;
    let left_out: Vec<&VolumeRecord> =
        manifest.volumes.iter().filter(|it| it.capture == CaptureRecord::Excluded).collect();
    let (what, by_hand) = match (left_out.as_slice(), manifest.table.kind.as_str()) {
        ([], "none") => (of_volume(manifest), overwriting(image, "disk or partition")),
        ([], _) => {
            ("a backup of a whole disk, made by Remetal.\n".into(), overwriting(image, "disk"))
        }
        (left_out, _) => (of_some(left_out), beside(image)),
    };
    format!(
        "This folder is {what}\
         \n\
         To check it:      remetal verify THIS_FOLDER\n\
         To restore it:    remetal plan THIS_FOLDER /dev/DISK, then follow what it says\n\
         \n\
         {by_hand}"
    )
}

/// Something without a partition table: a partition taken for itself, or a disk that is one volume.
fn of_volume(manifest: &Manifest) -> String {
    let volume = manifest.volumes.first().map_or_else(|| "nothing that is known".into(), named);
    format!(
        "a backup of {path}, made by Remetal.\n\
         It has no partition table, and holds as a whole: {volume}.\n\
         Remetal restores it to a whole disk or into a file, not into a partition.\n",
        path = one_line(&manifest.disk.path),
    )
}

/// A disk without some of its partitions.
fn of_some(left_out: &[&VolumeRecord]) -> String {
    let lines: Vec<String> = left_out
        .iter()
        .map(|volume| format!("    {}: {}\n", one_line(&volume.place), named(volume)))
        .collect();
    format!(
        "a backup of some of the partitions of a disk, made by Remetal.\n\
         \n\
         NOT in it (Remetal leaves these places of the target as they are):\n\
         \n\
         {}",
        lines.concat()
    )
}

fn named(volume: &VolumeRecord) -> String {
    let label = volume.label.as_ref().map(|label| format!(" \"{label}\"")).unwrap_or_default();
    one_line(&format!("{}{label}", volume.title))
}

/// How to write all of it to such a target.
fn overwriting(image: &ImageFile, target: &str) -> String {
    let (file, manifest) = (&image.file, &image.manifest);
    let mut text = format!(
        "Without Remetal, from any Linux with the program zstd (this overwrites the {target}!):\n\
         \n\
         \x20   cat {file}* | zstd -d | dd of=/dev/{node} bs=4M iflag=fullblock conv=fsync\n\
         \n\
         The {target} must have at least {size} bytes and logical sectors of {sector} bytes.\n",
        node = target.to_uppercase().replace(' ', "_"),
        size = manifest.disk.size,
        sector = manifest.disk.logical_sector,
    );
    if manifest.table.kind == "gpt" {
        text += "On a larger disk run `sgdisk -e /dev/DISK` afterwards.\n";
    }
    text
}

/// How to get at the partitions without writing zeros over those that are not in the backup.
fn beside(image: &ImageFile) -> String {
    format!(
        "Without Remetal, from any Linux with the program zstd, into a new file disk0.img:\n\
         \n\
         \x20   cat {file}* | zstd -d -o disk0.img\n\
         \n\
         The file looks like a disk of {size} bytes; `losetup -P -r -f --show disk0.img` shows its\n\
         partitions. It has zeros in the places of what is not in the backup: do not write all of\n\
         it to a disk that still holds them.\n",
        file = image.file,
        size = image.manifest.disk.size,
    )
}
