//! What technicians use beside backups.

mod details;
mod disks;
mod keyboard;
mod logs;
mod menu;
mod text_size;

pub use details::DiskDetails;
pub use disks::Disks;
pub use keyboard::Keyboard;
pub use logs::Logs;
pub use menu::Tools;
pub use text_size::Text;
