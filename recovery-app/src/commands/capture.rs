use std::sync::Arc;

use block::Caching;
use engine::SurveyOptions;
use engine::capture::{self, CaptureOutcome, CaptureRequest};
use serde_json::json;

use super::capture_text;
use crate::answer::{Answer, Exit};
use crate::cli::CaptureArgs;
use crate::culprit::Used;
use crate::destination::{Destination, Wanted};
use crate::failure::Failure;
use crate::signals;
use crate::source::Source;
use crate::terminal::Terminal;

/// What a backup of a partition that was taken for itself is good for.
const SINGLE: &str = "a backup of a single partition can be restored to a whole disk or a file, not \
                      into a partition; to put a partition back between others, capture the disk \
                      with --partitions";

/// `remetal capture`
pub fn run(arguments: &CaptureArgs, terminal: &Arc<Terminal>) -> Result<Answer, Failure> {
    let cancel = signals::cancel_on_signals(terminal)?;
    let source = Source::find(&arguments.source, arguments.sector_size)?;
    let wanted = Wanted {
        folder: &arguments.dest_dir,
        name: arguments.name.as_deref(),
        part_size: arguments.part_size,
    };
    let destination = Destination::find(wanted, &source)?;
    source.check_offline()?;
    if source.partition.is_some() {
        terminal.note(SINGLE);
    }
    destination.notes.iter().for_each(|note| terminal.note(note.as_str()));
    let used: Vec<Used<'_>> = disks(&source, &destination);
    let only_read = |failure: Failure| failure.naming(&used).leaving("The source was only read.");
    let survey = SurveyOptions {
        partitions: arguments.partitions.clone(),
        all_sectors: arguments.all_sectors,
    };
    check(&source, &survey).map_err(only_read)?;
    freeze(&source, terminal)?;

    let structures = source.open(Caching::Cached).map_err(only_read)?;
    source.claim(&structures)?;
    let content = source.open_content().map_err(only_read)?;
    let request = CaptureRequest {
        disk: source.record(&structures),
        destination: destination.folder.clone(),
        name: destination.name.clone(),
        survey,
        level: arguments.level,
        part_size: destination.part_size,
        free: Some(destination.room()),
        sample: false,
        verify: !arguments.no_verify,
    };
    let plan =
        capture::plan(&structures, request, &cancel).map_err(|error| only_read(error.into()))?;
    let shown = json!({ "plan": capture_text::plan_json(&plan, &destination) });
    terminal.announce("plan", &shown, &capture_text::plan(&plan, &destination));

    let devices = capture::Source { structures: &structures, content: &content };
    let outcome =
        capture::capture(devices, &plan, terminal.as_ref(), &cancel).map_err(|error| {
            let failure = Failure::from(error).while_backing_up(&destination.folder);
            failure.naming(&used).leaving(left_behind(&destination))
        })?;
    Ok(answer(&outcome, &shown))
}

/// The disks that may fail meanwhile, as far as they are known by more than a path.
fn disks<'a>(source: &'a Source, destination: &'a Destination) -> Vec<Used<'a>> {
    let from = source.disk.iter().map(Used::source);
    let to = destination.drive.iter().map(|drive| Used::destination(drive, &destination.folder));
    from.chain(to).collect()
}

/// Refuses what cannot be captured, before anything is done to the source. It is opened for this
/// alone: nothing that was read before it is frozen stays in memory.
fn check(source: &Source, survey: &SurveyOptions) -> Result<(), Failure> {
    let device = source.open(Caching::Cached)?;
    source.check_size(&device)?;
    Ok(engine::check_partitions(&device, survey)?)
}

fn freeze(source: &Source, terminal: &Terminal) -> Result<(), Failure> {
    let nodes = source.set_read_only()?;
    if !nodes.is_empty() {
        let names: Vec<String> = nodes.iter().map(|node| node.display().to_string()).collect();
        let names = names.join(", ");
        terminal.note(format!("set read-only in the kernel, and stays so: {names}"));
    }
    Ok(())
}

fn left_behind(destination: &Destination) -> String {
    let unfinished = destination.unfinished();
    // A drive that was taken out does not say what is on it.
    if let Ok(false) = unfinished.try_exists() {
        return "The source was only read.".to_owned();
    }
    format!(
        "The source was only read. {} is no backup: delete it, or capture again with --name {} \
         to replace it.",
        unfinished.display(),
        destination.name
    )
}

fn answer(outcome: &CaptureOutcome, plan: &serde_json::Value) -> Answer {
    let (exit, state) = match (outcome.is_damaged(), &outcome.verification) {
        (true, _) => (Exit::Damaged, "damaged"),
        (false, Some(_)) => (Exit::Verified, "verified"),
        (false, None) => (Exit::Verified, "not-verified"),
    };
    let json = json!({ "state": state, "plan": plan["plan"], "outcome": outcome });
    Answer::new(exit, json, capture_text::outcome(outcome))
}
