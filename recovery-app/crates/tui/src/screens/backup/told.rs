//! What the last step tells: from where to where, how large, how long, what is unusual, and what
//! fills the backup.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use report::content::{self, Content};
use report::size;
use report::words::capitalised;

use super::{part, sheet, words};
use crate::job::{
    AtTheEnd, BackupPlan, BackupRequest, Compression, DiskPlan, Remark, Severity, Source,
};
use crate::state::Shared;
use crate::theme;
use crate::widgets::{bar, card, text};

/// Columns before the words.
const MARGIN: usize = 6;

/// All lines, with the remarks as they are given.
pub fn lines(
    request: &BackupRequest,
    plan: &BackupPlan,
    remarks: &[Remark],
    shared: &Shared,
    width: u16,
) -> Vec<Line<'static>> {
    let mut lines = picture(request, plan, shared, width);
    lines.push(Line::default());
    lines.extend(figures(request, plan, width));
    if !remarks.is_empty() {
        lines.push(Line::default());
        lines.push(Line::styled("Read this first", theme::STRONG));
        lines.extend(remarks.iter().flat_map(|remark| remark_lines(remark, width)));
    }
    let told: Vec<&DiskPlan> = plan.disks.iter().filter(|disk| !disk.volumes.is_empty()).collect();
    if !told.is_empty() {
        lines.push(Line::default());
        lines.push(Line::styled("What is read", theme::STRONG));
    }
    let several = plan.disks.len() > 1;
    lines.extend(told.into_iter().flat_map(|disk| filling(disk, several, width)));
    lines
}

/// From where to where, drawn to scale.
fn picture(
    request: &BackupRequest,
    plan: &BackupPlan,
    shared: &Shared,
    width: u16,
) -> Vec<Line<'static>> {
    let cells = usize::from(width).saturating_sub(MARGIN);
    let drawn = |contents: &[Content], size: u64| {
        let mut line = bar::draw(contents, size, cells);
        line.spans.insert(0, Span::raw(" ".repeat(MARGIN)));
        line
    };
    let mut lines = Vec::new();
    for source in &request.sources {
        lines.extend(entry("From", &card::identity(&source.disk), theme::STRONG, width));
        let kept = kept(source, shared);
        if !kept.is_empty() {
            lines.push(drawn(&kept, source.disk.size));
        }
    }
    let known = shared.disks.attached(&request.drive);
    let place = known
        .and_then(|known| known.look()?.places.iter().find(|it| it.device == request.destination));
    let label = place.and_then(|place| place.label.as_ref());
    let label = label.map(|label| format!(", \"{label}\"")).unwrap_or_default();
    let words = format!("{}{label}", card::identity(&request.drive));
    lines.extend(entry("  ▼", "", theme::STRONG, width));
    lines.extend(entry("To", &words, theme::STRONG, width));
    let look = known.and_then(|known| known.look());
    let contents = look.map(|look| content::of_disk(&look.report)).unwrap_or_default();
    if !contents.is_empty() {
        lines.push(drawn(&contents, request.drive.size));
    }
    let names: Vec<&str> = plan.disks.iter().map(|disk| disk.name.as_str()).collect();
    lines.extend(entry("Name", &names.join(", "), theme::BASE, width));
    lines
}

fn kept(source: &Source, shared: &Shared) -> Vec<Content> {
    let Some(known) = shared.disks.attached(&source.disk) else { return Vec::new() };
    match &source.partitions {
        None => known.look().map(|look| content::of_disk(&look.report)).unwrap_or_default(),
        Some(kept) => part::of(known)
            .into_iter()
            .filter(|part| kept.contains(&part.number))
            .map(|part| part.content)
            .collect(),
    }
}

fn figures(request: &BackupRequest, plan: &BackupPlan, width: u16) -> Vec<Line<'static>> {
    let sum = |bytes: fn(&DiskPlan) -> u64| {
        size::in_words(plan.disks.iter().map(bytes).fold(0, u64::saturating_add))
    };
    let free = size::in_words(plan.free);
    // Of what cannot be done, nothing is known.
    let size = if plan.disks.iter().all(|disk| disk.most == 0) {
        format!("cannot be told beforehand; {free} are free.")
    } else {
        let (least, most) = (sum(|disk| disk.least), sum(|disk| disk.most));
        format!("At least {least}, at most {most}; {free} are free.")
    };
    let time = match plan.seconds {
        Some(seconds) => format!("{}, by how fast the disks were just now.", words::about(seconds)),
        None => "cannot be told beforehand.".to_owned(),
    };
    let mut lines = entry("Size", &capitalised(&size), theme::BASE, width);
    lines.extend(entry("Time", &capitalised(&time), theme::BASE, width));
    lines.extend(entry("How", &how(request), theme::BASE, width));
    lines
}

fn how(request: &BackupRequest) -> String {
    let compression = match request.compression {
        Compression::Auto => "Automatic compression",
        Compression::Fast => "Fast compression",
        Compression::Small => "As small as it gets",
    };
    let verify = if request.verify { "read back and proven" } else { "not read back" };
    let end = match request.at_the_end {
        AtTheEnd::Stay => "the computer stays on",
        AtTheEnd::PowerOff => "then the computer is shut down",
    };
    format!("{compression}, {verify}, {end}.")
}

fn remark_lines(remark: &Remark, width: u16) -> Vec<Line<'static>> {
    let (sign, before, style) = match remark.severity {
        Severity::Refusal => ("!", "This cannot be done. ", theme::DANGER),
        Severity::Danger => ("!", "Danger. ", theme::DANGER),
        Severity::Warning => ("!", "", theme::WARNING),
        Severity::Hint => ("·", "", theme::BASE),
    };
    hanging(sign, 2, &format!("{before}{}", remark.words), style, width)
}

/// What is read of a disk, in the order of the disk.
fn filling(disk: &DiskPlan, several: bool, width: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if several {
        lines.extend(sheet::words(&card::name(&disk.disk), width, theme::BASE));
    }
    for volume in &disk.volumes {
        let amount = volume.read.map_or_else(|| "left out".to_owned(), size::in_words);
        lines.extend(row(&amount, &volume.words, width));
        if let Some(because) = &volume.whole_because {
            lines.extend(row("", &format!("with its free space, because: {because}"), width));
        }
    }
    let skipped = size::in_words(disk.skipped);
    let all = format!("in all; {skipped} of free space are skipped");
    lines.extend(row(&size::in_words(disk.read), &all, width));
    lines
}

fn row(amount: &str, words: &str, width: u16) -> Vec<Line<'static>> {
    const AMOUNT: usize = 9;
    hanging(&format!("{amount:>AMOUNT$}"), AMOUNT + 2, words, theme::BASE, width)
}

/// Words with their title before them.
fn entry(title: &str, words: &str, style: Style, width: u16) -> Vec<Line<'static>> {
    hanging(title, MARGIN, words, style, width)
}

/// Words in lines that begin at one column, with something before the first of them.
fn hanging(
    before: &str,
    margin: usize,
    words: &str,
    style: Style,
    width: u16,
) -> Vec<Line<'static>> {
    let blank = " ".repeat(margin);
    let mut lines = text::wrapped(words, &blank, width.min(sheet::WIDEST), style);
    if let Some(first) = lines.first_mut() {
        let words: String = first.spans.iter().map(|span| span.content.as_ref()).collect();
        let words = words.strip_prefix(&blank).unwrap_or_default().to_owned();
        let before_style = if style == theme::STRONG { theme::BASE } else { style };
        *first = Line::from(vec![
            Span::styled(format!("{before:margin$}"), before_style),
            Span::styled(words, style),
        ]);
    }
    lines
}
