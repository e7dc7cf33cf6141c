use std::borrow::Cow;

use engine::restore::RestorePlan;
use image::text::in_lines;
use serde_json::json;

use crate::answer::{Answer, Exit};
use crate::cli::PlanArgs;
use crate::failure::Failure;
use crate::target::Chosen;
use report::backup::disk_in_words;
use report::size::in_words;

/// `remetal plan`
pub fn run(arguments: &PlanArgs) -> Result<Answer, Failure> {
    let (plan, _) = make(arguments)?;
    let exit = if plan.refusals.is_empty() { Exit::Verified } else { Exit::Refused };
    let possible = plan.refusals.is_empty();
    let mut json = json!(plan);
    json["possible"] = json!(possible);
    json["confirmation_word"] = json!(plan.target.word);
    let words = format!("{}\n\n{}", in_words_for_people(&plan), in_lines(&next_step(&plan)));
    Ok(Answer::new(exit, json, words))
}

/// What a restore would do, and the target that it was planned for. Writes nothing.
pub fn make(arguments: &PlanArgs) -> Result<(RestorePlan, Chosen), Failure> {
    let fail = |failure: Failure| failure.before_writing();
    let chosen = Chosen::find(&arguments.target, &arguments.backup).map_err(fail)?;
    let device = chosen.reader.as_ref().map(|device| device as &dyn block::BlockDevice);
    let mut plan = engine::restore::plan(&arguments.backup, chosen.target.clone(), device)
        .map_err(|error| fail(error.into()))?;
    plan.warnings.extend(chosen.doubt());
    Ok((plan, chosen))
}

/// The plan as text, without what to do next.
pub fn in_words_for_people(plan: &RestorePlan) -> String {
    let mut lines = vec![
        format!("Backup   {}", plan.backup.display()),
        format!("   of    {}", disk_in_words(&plan.source)),
        format!("Target   {}", disk_in_words(&plan.target.disk)),
        format!("Writes   {}", in_words(plan.content)),
    ];
    let mut section = |title: &str, entries: &[String]| {
        if !entries.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            lines.extend(entries.iter().map(|entry| format!("  {entry}")));
        }
    };
    let nothing = ["nothing that is known".to_owned()];
    let lost = if plan.before.is_empty() { &nothing[..] } else { &plan.before[..] };
    if plan.stays.is_empty() {
        section("On the target now, all of it will be LOST:", lost);
    } else {
        section("On the target now, will be LOST:", lost);
        section("On the target now, STAYS as it is:", &plan.stays);
    }
    section("On the target afterwards:", &plan.after);
    section("Note:", &plan.warnings);
    section("REFUSED:", &plan.refusals);
    in_lines(&lines)
}

/// What can be done after reading the plan, a line each.
fn next_step(plan: &RestorePlan) -> Vec<String> {
    if !plan.refusals.is_empty() {
        return vec!["Nothing was written. Choose another target.".to_owned()];
    }
    let backup = plan.backup.display().to_string();
    let (backup, target, word) =
        (quoted(&backup), quoted(&plan.target.disk.path), quoted(&plan.target.word));
    vec![
        format!("To do it: remetal restore {backup} {target} --confirm {word}"),
        "The backup is read and checked before the first write.".to_owned(),
    ]
}

/// An argument as a shell takes it. Only a NUL cannot be quoted, and no path has one.
fn quoted(argument: &str) -> Cow<'_, str> {
    shlex::try_quote(argument).unwrap_or(Cow::Borrowed(argument))
}
