//! Commands run on threads of their own; what they find comes back as messages.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::Sender;
use engine::Cancel;
use hardware::Disk;
use report::disk::DiskReport;

use crate::event_loop::Event;
use crate::job::{BackupRequest, RestoreRequest, Trouble, Work};
use crate::machine::{End, Look, Machine};
use crate::message::Message;
use crate::tool::Tool;

/// Keeps telling which disks there are.
pub fn watch(machine: &Arc<dyn Machine>, messages: &Sender<Event>) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    let told = messages.clone();
    spawn("disks", move || {
        let watched = catch_unwind(AssertUnwindSafe(|| {
            machine.watch(&mut |seen| match messages.send(Message::Disks(seen).into()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            });
        }));
        if let Err(panic) = watched {
            let _ = told.send(Message::Disks(Err(words(panic.as_ref()))).into());
        }
    })
}

/// Looks at a disk, for as long as that takes.
pub fn look(
    machine: &Arc<dyn Machine>,
    messages: &Sender<Event>,
    ticket: u64,
    disk: Disk,
) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("look", move || {
        let found = catch_unwind(AssertUnwindSafe(|| machine.look(&disk)));
        let look = found.unwrap_or_else(|panic| Look {
            report: DiskReport { problem: Some(words(panic.as_ref())), ..DiskReport::default() },
            ..Look::default()
        });
        // Nobody may be listening any more.
        let _ = messages.send(Message::Looked { ticket, look: Box::new(look) }.into());
    })
}

/// Says what a backup would do, unless `cancel` tells that nobody waits for it any more.
pub fn plan_backup(
    machine: &Arc<dyn Machine>,
    messages: &Sender<Event>,
    request: Box<BackupRequest>,
    cancel: Cancel,
) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("plan", move || {
        let plan = guarded(|| machine.plan_backup(&request, &cancel));
        // The same may have been asked for anew: that it was given up is no answer to it.
        if !cancel.is_cancelled() {
            let _ = messages.send(Message::BackupPlanned(request, Box::new(plan)).into());
        }
    })
}

/// Says what a restore would do.
pub fn plan_restore(
    machine: &Arc<dyn Machine>,
    messages: &Sender<Event>,
    request: Box<RestoreRequest>,
) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("plan", move || {
        let plan = guarded(|| machine.plan_restore(&request));
        let _ = messages.send(Message::RestorePlanned(request, Box::new(plan)).into());
    })
}

/// Does a piece of work until its end, or until `cancel` asks it to stop.
pub fn work(
    machine: &Arc<dyn Machine>,
    messages: &Sender<Event>,
    work: Work,
    cancel: Cancel,
) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("work", move || {
        let told = |news| {
            let _ = messages.send(Message::News(news).into());
        };
        let end = guarded(|| machine.work(&work, &told, &cancel));
        let _ = messages.send(Message::Ended(Box::new(end)).into());
    })
}

/// Uses a tool.
pub fn use_tool(
    machine: &Arc<dyn Machine>,
    messages: &Sender<Event>,
    tool: Tool,
) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("tool", move || {
        let used = catch_unwind(AssertUnwindSafe(|| machine.use_tool(&tool)));
        let used = used.unwrap_or_else(|panic| Err(words(panic.as_ref())));
        let _ = messages.send(Message::Used(tool, used).into());
    })
}

/// Says what there is to know about the computer.
pub fn ask_facts(machine: &Arc<dyn Machine>, messages: &Sender<Event>) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("facts", move || {
        let _ = messages.send(Message::Facts(Box::new(machine.facts())).into());
    })
}

/// A panic is a defect that is told like any other trouble.
fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|panic| Err(Trouble::defect(&words(panic.as_ref()))))
}

/// Ends or restarts the computer, unless that ends work in other processes that the person was not
/// told of.
pub fn end(
    machine: &Arc<dyn Machine>,
    messages: &Sender<Event>,
    end: End,
    despite: Vec<String>,
) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("end", move || {
        let at_work = machine.at_work_elsewhere();
        if at_work.iter().any(|work| !despite.contains(work)) {
            let _ = messages.send(Message::AtWorkElsewhere(end, at_work).into());
        } else if let Err(reason) = machine.end(end) {
            let _ = messages.send(Message::EndFailed(end, reason).into());
        }
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    format!("a defect in Remetal: {text}")
}
