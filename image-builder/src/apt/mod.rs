//! Debian packages, through an apt that has its own settings, lists and cache: the machine's own
//! packages are neither looked at nor changed.

mod download;
mod package;
mod session;
mod sources;

pub(crate) use self::package::Package;
pub(crate) use self::session::Session;
