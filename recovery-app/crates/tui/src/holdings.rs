use report::disk::{DiskReport, TableReport, VolumeReport};

use crate::machine::Place;

/// What is on a disk, exactly: what is found once more is equal as long as nothing on it has
/// changed. The words for people are rounded, and do not name each backup: a backup that was added
/// since they were read would be lost unseen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    table: TableReport,
    /// With the bytes in use of each, where its filesystem counts them.
    volumes: Vec<VolumeReport>,
    /// With the backups on each, finished or not.
    places: Vec<Place>,
    /// Why not all of it is known.
    problem: Option<String>,
}

impl Holdings {
    /// What was found by one look. How the disk is being used at that moment is left out.
    #[must_use]
    pub fn of(report: &DiskReport, places: &[Place]) -> Self {
        let at_rest =
            |volume: &VolumeReport| VolumeReport { mounted_at: Vec::new(), ..volume.clone() };
        let as_found = |place: &Place| Place { free: 0, not_writable: None, ..place.clone() };
        Self {
            table: report.table.clone(),
            volumes: report.volumes.iter().map(at_rest).collect(),
            places: places.iter().map(as_found).collect(),
            problem: report.problem.clone(),
        }
    }

    /// The names of the backups, finished or not.
    #[must_use]
    pub fn backups(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for place in &self.places {
            names.extend(place.backups.iter().map(|backup| backup.name.as_str()));
            names.extend(place.unfinished.iter().map(|unfinished| unfinished.name.as_str()));
        }
        names
    }
}
