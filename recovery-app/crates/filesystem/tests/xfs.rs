//! The XFS reader against real volumes: made by mkfs.xfs, written by the kernel, judged by xfs_db,
//! partclone and xfs_repair, and by destroying everything that the map calls free.

mod common;
mod xfs_support;

use std::time::Duration;

use xfs_support::crash::{Cut, Outcome, trial};

const MIB: u64 = 1 << 20;

#[test]
#[ignore = "many rounds; XFS_ROUNDS says how many"]
fn many_crashes() {
    let rounds: u64 = std::env::var("XFS_ROUNDS").map_or(10, |text| text.parse().unwrap());
    let first: u64 = std::env::var("XFS_SEED").map_or(1, |text| text.parse().unwrap());
    let options = [
        "",
        "-m rmapbt=1,reflink=1 -l size=16m",
        "-m reflink=0,rmapbt=0 -l size=8m -d agcount=2",
        "-d agcount=8 -l size=12m -i size=1024",
        "-b size=1024 -m reflink=0 -l size=8m",
        "-m rmapbt=1 -d agcount=1 -l su=32k",
        "-s size=4096 -m rmapbt=1 -l size=16m",
    ];
    let cuts = [Cut::ShutdownFlushed, Cut::Shutdown, Cut::Copy];
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    for round in first..first + rounds {
        let index = usize::try_from(round).unwrap();
        let (options, cut) = (options[index % options.len()], cuts[index / options.len() % 3]);
        let time = Duration::from_millis(200 + round * 977 % 3000);
        let outcome = trial(400 * MIB, options, cut, time, round);
        println!("round {round}: {options:?} {cut:?} {time:?}: {outcome:?}");
        let kind = match outcome {
            Outcome::Mapped(source) => source,
            Outcome::Whole(reason) => format!("whole: {reason}"),
            Outcome::TornCopy => "torn copy".to_owned(),
        };
        *counts.entry(format!("{cut:?}: {kind}")).or_default() += 1;
    }
    println!("{counts:#?}");
}
