//! On the machine that runs the tests, whatever it is.

use std::fs;
use std::path::Path;

use hardware::{Bus, HardwareError, Roots, disk_at, disks, health, location_of, same_disk, usage};

#[test]
fn every_disk_can_be_described() {
    let roots = Roots::default();
    if !Path::new("/sys/block").exists() {
        return;
    }
    for disk in disks(&roots).unwrap() {
        assert!(disk.size > 0, "{disk:?}");
        assert!(disk.logical_sector.is_power_of_two(), "{disk:?}");
        assert!(!disk.confirmation_word().is_empty(), "{disk:?}");
        assert_eq!(disk.nodes()[0], disk.path);
        serde_json::to_string(&disk).unwrap();
        for partition in &disk.partitions {
            assert!(partition.extent.end() <= disk.size, "{disk:?}");
        }
        // It may be unplugged meanwhile; nothing else may go wrong.
        match disk_at(&roots, &disk.path) {
            Ok(again) => assert!(same_disk(&disk.identity(), &again.identity())),
            Err(error) => assert!(matches!(error, HardwareError::NotADisk { .. }), "{error}"),
        }
        // Asking takes an idle disk for a moment; loop devices may belong to other tests.
        if disk.bus != Bus::Loop {
            usage(&roots, &disk.path).unwrap();
        }
        let _ = health(&roots, &disk);
    }
}

#[test]
fn the_root_folder_is_traced_to_a_disk_in_use() {
    let roots = Roots::default();
    if !Path::new("/sys/block").exists() {
        return;
    }
    let location = location_of(&roots, Path::new("/")).unwrap();
    for disk in &location.disks {
        let usage = usage(&roots, disk).unwrap();
        assert!(!usage.is_free(), "{} holds / and is offered", disk.display());
    }
    let memory = location_of(&roots, Path::new("/proc")).unwrap();
    assert!(memory.disks.is_empty() && !memory.incomplete);
}

#[test]
fn a_file_is_a_target_and_a_folder_is_not() {
    let roots = Roots::default();
    if !Path::new("/sys/block").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("target.img");
    fs::write(&file, [0; 512]).unwrap();
    assert!(usage(&roots, &file).unwrap().is_free());
    let error = usage(&roots, folder.path()).unwrap_err();
    assert!(matches!(error, HardwareError::NotADisk { .. }));
    assert!(!error.guidance().is_empty());
    assert!(usage(&roots, &folder.path().join("missing")).is_err());
}
