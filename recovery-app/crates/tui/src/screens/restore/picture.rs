//! A restore as a picture: from what to what, the disk before and after, and what is lost.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use report::content::{self, Content};
use report::size;
use report::words::sentence;

use super::backup::Backup;
use super::{WIDEST, contents, target};
use crate::job::RestorePlan;
use crate::machine::Look;
use crate::theme;
use crate::widgets::{bar, card, text};

/// Columns before the words and bars: `From  `.
const LABEL: usize = 6;

/// All there is to say about a plan, in lines of so many columns. `look` is what was found on the
/// target.
pub fn lines(
    plan: &RestorePlan,
    backup: &Backup,
    look: Option<&Look>,
    width: u16,
) -> Vec<Line<'static>> {
    let text_width = width.min(WIDEST);
    let mut sections = vec![from_to(plan, backup, text_width)];
    let warnings = sentences("! ", &warnings(plan, look), theme::WARNING, text_width);
    if plan.refusals.is_empty() {
        sections.extend([
            bars(plan, width),
            lost(plan, look, text_width),
            listed("Stays on the disk as it is:", &plan.stays, text_width),
            warnings,
            gained(plan, text_width),
            text::wrapped(&checked(plan), "", text_width, theme::BASE),
        ]);
    } else {
        sections.extend([refused(plan, text_width), warnings]);
    }
    let sections = sections.into_iter().filter(|lines| !lines.is_empty());
    let with_gaps = sections.reduce(|mut all, lines| {
        all.push(Line::default());
        all.extend(lines);
        all
    });
    with_gaps.unwrap_or_default()
}

/// Why it cannot be done.
fn refused(plan: &RestorePlan, width: u16) -> Vec<Line<'static>> {
    let mut lines = text::hanging("! ", "This cannot be done:", width, theme::DANGER);
    lines.extend(sentences("  - ", &plan.refusals, theme::DANGER, width));
    lines
}

fn from_to(plan: &RestorePlan, backup: &Backup, width: u16) -> Vec<Line<'static>> {
    let from =
        format!("the backup {}, made {} (UTC), of {}", backup.entry.name, plan.made, plan.source);
    let to = card::identity(&plan.request.target);
    [labelled("From", &from, theme::BASE, width), labelled("To", &to, theme::STRONG, width)]
        .concat()
}

/// Words in as many lines as they need, a label before the first.
fn labelled(label: &str, words: &str, style: Style, width: u16) -> Vec<Line<'static>> {
    let mut lines = text::hanging(&" ".repeat(LABEL), words, width, style);
    if let Some(first) = lines.first_mut() {
        let words = first.to_string().trim_start().to_owned();
        *first = Line::from(vec![beginning(label), Span::styled(words, style)]);
    }
    lines
}

fn beginning(label: &str) -> Span<'static> {
    Span::styled(format!("{label:LABEL$}"), theme::STRONG)
}

/// The disk as it is and as it will be, to the same scale.
fn bars(plan: &RestorePlan, width: u16) -> Vec<Line<'static>> {
    let cells = usize::from(width).saturating_sub(LABEL + 2);
    let bar_of = |label: &str, contents: &[Content]| {
        let mut spans = vec![beginning(label), Span::styled("│", theme::QUIET)];
        spans.extend(bar::draw(contents, plan.request.target.size, cells).spans);
        spans.push(Span::styled("│", theme::QUIET));
        Line::from(spans)
    };
    // What nothing is known of would be drawn like a partition.
    let before = if content::is_empty(&plan.before) { &[] } else { plan.before.as_slice() };
    vec![bar_of("Now", before), bar_of("Then", &plan.after)]
}

/// What is on the disk and does not stay, by name.
fn lost(plan: &RestorePlan, look: Option<&Look>, width: u16) -> Vec<Line<'static>> {
    let backups = look.and_then(Look::backups).filter(|count| *count > 0);
    if content::is_empty(&plan.before) && backups.is_none() {
        let words = "Nothing that Remetal knows is on this disk. Whatever is on it will be lost.";
        return text::wrapped(words, "", width, theme::WARNING);
    }
    let mut lost: Vec<String> =
        backups.map(|count| format!("backups: {count}")).into_iter().collect();
    let going = without_staying(&plan.before, &plan.stays);
    lost.extend(contents::sorted(&going).iter().map(|content| content.words.clone()));
    if lost.is_empty() {
        let words = "Whatever else is on this disk will be lost.";
        return text::wrapped(words, "", width, theme::WARNING);
    }
    let mut lines = text::wrapped("! Will be lost for ever:", "", width, theme::DANGER);
    lines.extend(sentences("  - ", &lost, theme::DANGER, width));
    lines
}

/// The contents but for those that stay. A line of what stays begins with the words of the content;
/// what is not recognised in it is told as lost, which is the safe mistake.
fn without_staying(contents: &[Content], stays: &[String]) -> Vec<Content> {
    let mut stays: Vec<&str> = stays.iter().map(String::as_str).collect();
    let mut going = Vec::new();
    for content in contents {
        let is_told = |line: &&str| {
            line.strip_prefix(&content.words)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
        };
        match stays.iter().position(is_told) {
            Some(place) => drop(stays.remove(place)),
            None => going.push(content.clone()),
        }
    }
    going
}

/// What will be on the disk, in the colours of its bar.
fn gained(plan: &RestorePlan, width: u16) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled("Will be on it afterwards:", theme::STRONG)];
    lines.extend(contents::sorted(&plan.after).into_iter().map(|content| {
        Line::from(vec![
            Span::styled("  ■ ", theme::of_role(content.role)),
            Span::styled(
                text::cut(&content.words, usize::from(width).saturating_sub(4)),
                theme::BASE,
            ),
        ])
    }));
    lines
}

fn listed(title: &'static str, items: &[String], width: u16) -> Vec<Line<'static>> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::styled(title, theme::STRONG)];
    lines.extend(sentences("  - ", items, theme::BASE, width));
    lines
}

/// What is unusual about the disk and about the plan.
fn warnings(plan: &RestorePlan, look: Option<&Look>) -> Vec<String> {
    let disk = &plan.request.target;
    let of_disk = look.map(|look| target::condition_warnings(disk, look)).unwrap_or_default();
    of_disk.iter().chain(&plan.warnings).map(|words| sentence(words)).collect()
}

/// Each of the sentences with a sign before it.
fn sentences(sign: &str, sentences: &[String], style: Style, width: u16) -> Vec<Line<'static>> {
    sentences.iter().flat_map(|words| text::hanging(sign, words, width, style)).collect()
}

fn checked(plan: &RestorePlan) -> String {
    let files = match plan.files {
        1 => "the file of the backup are".to_owned(),
        count => format!("all {count} files of the backup are"),
    };
    format!(
        "{} will be written. Checked: the table of contents and {files} there and agree. All of it \
         is read and checked once more before anything is written.",
        size::in_words(plan.content)
    )
}
