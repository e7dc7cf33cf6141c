use super::{Content, Role};

/// Tells what is left of a partition table on a disk on which nothing else was recognised: a disk
/// whose table was lost is not empty. `notes` are what is unusual about the table.
pub(super) fn tell(notes: &[String], contents: &mut [Content]) {
    if notes.is_empty() {
        return;
    }
    let words = format!("perhaps files: the partition table is not clear ({})", notes.join("; "));
    // No partition begins at the first byte of a disk.
    let is_whole_disk =
        |content: &&mut Content| content.start == 0 && content.role == Role::Unknown;
    for content in contents.iter_mut().filter(is_whole_disk) {
        // Somebody would miss them as much as files that are seen.
        content.role = Role::Files;
        content.words.clone_from(&words);
    }
}

#[cfg(test)]
mod tests {
    use filesystem::{Kind, VolumeInfo};

    use super::*;
    use crate::content::of_disk;
    use crate::disk::{DiskReport, VolumeReport};

    fn told(kind: Kind, notes: &[&str]) -> Vec<(Role, String)> {
        let info = VolumeInfo::named(kind, kind.to_string());
        let volumes = vec![VolumeReport::new("the whole disk".to_owned(), info)];
        let notes = notes.iter().map(|note| (*note).to_owned()).collect();
        let disk = DiskReport { volumes, notes, ..DiskReport::default() };
        of_disk(&disk).into_iter().map(|content| (content.role, content.words)).collect()
    }

    #[test]
    fn a_disk_whose_table_was_lost_is_not_empty() {
        let notes = ["there are remains of a GPT", "ext4 at byte 1048576, as in a partition"];
        let words = "perhaps files: the partition table is not clear (there are remains of a GPT; \
                     ext4 at byte 1048576, as in a partition)";
        assert_eq!(told(Kind::Unknown, &notes), [(Role::Files, words.to_owned())]);
        assert_eq!(told(Kind::Unknown, &[])[0].0, Role::Unknown);
        assert_eq!(told(Kind::ExFat, &notes)[0].1, "files (exFAT)");
    }
}
