use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hardware::HardwareError;
use hardware::uevent::{Action, Received, Uevent, UeventSocket};

use super::loader::Loader;
use super::{aliases, power_button, text};
use crate::options::Options;
use crate::{guard, log};

/// Hears of devices that come, forever. Returns as soon as nothing is missed any more.
pub(super) fn listen(loader: Loader, options: Arc<Options>) {
    let mut opened = log::gone_past(UeventSocket::open());
    guard::spawn("devices", move || {
        loop {
            let heard = opened.take().map_or_else(UeventSocket::open, Ok);
            let heard = heard.and_then(|socket| hear(&socket, &loader, &options));
            log::gone_past(heard);
            thread::sleep(Duration::from_secs(1));
            loader.submit(aliases::present(Path::new("/sys")));
        }
    });
}

/// Ends only when the socket is broken.
fn hear(socket: &UeventSocket, loader: &Loader, options: &Options) -> Result<(), HardwareError> {
    loop {
        match socket.receive(Duration::from_secs(3600))? {
            Some(Received::Event(event)) => {
                loader.heard();
                attend(&event, loader, options);
            }
            Some(Received::Overrun) => {
                log::warning("too many devices at once: looking at all of them again");
                loader.heard();
                loader.submit(aliases::present(Path::new("/sys")));
            }
            None => {}
        }
    }
}

fn attend(event: &Uevent, loader: &Loader, options: &Options) {
    if matches!(event.action, Action::Remove | Action::Unbind) {
        return;
    }
    if let Some(alias) = event.property("MODALIAS") {
        loader.submit([alias.to_owned()]);
    }
    if event.action == Action::Add {
        match event.subsystem.as_str() {
            "input" if event.name().starts_with("event") => power_button::attend(event.name()),
            // A screen's own driver took over from the firmware's, and with it comes another font.
            "graphics" if event.name().starts_with("fb") => {
                text::choose_on_new_screen(options.text)
            }
            _ => {}
        }
    }
}
