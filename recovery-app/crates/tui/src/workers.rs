//! Commands run on threads of their own; what they find comes back as messages.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::Sender;
use hardware::Disk;
use report::disk::DiskReport;

use crate::event_loop::Event;
use crate::machine::{End, Look, Machine};
use crate::message::Message;

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
            backups: None,
        });
        // Nobody may be listening any more.
        let _ = messages.send(Message::Looked { ticket, look: Box::new(look) }.into());
    })
}

/// Ends or restarts the computer.
pub fn end(machine: &Arc<dyn Machine>, messages: &Sender<Event>, end: End) -> std::io::Result<()> {
    let (machine, messages) = (Arc::clone(machine), messages.clone());
    spawn("end", move || {
        if let Err(reason) = machine.end(end) {
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
