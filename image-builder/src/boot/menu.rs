//! GRUB's menu.

use crate::system::CHECK_MEDIUM;

/// What every entry passes to the kernel. Messages go to both consoles; the last one named is
/// the screen.
const OPTIONS: &str = "console=ttyS0,115200 console=tty0";

/// The kernel does not write over the screens unless something is wrong.
const QUIET: &str = "quiet loglevel=3";

/// How GRUB finds its menu, wherever it was started from: on this very ISO, and not on another
/// one that is plugged in as well. GRUB for BIOS goes on to read the menu by itself.
pub(crate) fn search(mark: &str) -> String {
    format!("search --no-floppy --file --set=root /{mark}\nset prefix=($root)/boot/grub\n")
}

/// The same for the GRUB that Debian signed, which reads no second menu by itself.
pub(crate) fn search_and_read(mark: &str) -> String {
    search(mark) + "source $prefix/grub.cfg\n"
}

/// The menu of an ISO.
pub(crate) struct Menu<'a> {
    /// Added to the kernel's options in every entry.
    pub(crate) append: &'a str,
    /// What `uname -r` will say.
    pub(crate) kernel: &'a str,
    /// The file by which this ISO is known.
    pub(crate) mark: &'a str,
}

/// An entry that starts the system.
struct Entry<'a> {
    title: &'a str,
    /// The key that chooses it; GRUB itself takes `c` and `e`.
    key: char,
    options: Vec<&'a str>,
}

impl Menu<'_> {
    /// The text of `grub.cfg`.
    pub(crate) fn text(&self) -> String {
        let check = format!("remetal.run=/{CHECK_MEDIUM}%20{}", self.mark);
        let entry = |title, key, options| Entry { title, key, options };
        let entries = [
            entry("Remetal", 'r', vec![QUIET]),
            entry("Remetal, large text", 'l', vec![QUIET, "remetal.text=large"]),
            entry("Remetal, safe graphics", 's', vec![QUIET, "nomodeset"]),
            entry("Remetal, verbose", 'v', vec!["remetal.verbose"]),
            entry("Check this medium, then start Remetal", 'k', vec![QUIET, &check]),
        ];
        let mut text = format!("# Remetal, kernel {}\n{BEGINNING}", self.kernel);
        entries.iter().for_each(|entry| text.push_str(&self.start(entry)));
        text + END
    }

    fn start(&self, entry: &Entry) -> String {
        let options = [&[OPTIONS], entry.options.as_slice(), &[self.append]].concat().join(" ");
        format!(
            "menuentry '{}' --hotkey {} {{
    echo 'Loading the kernel ...'
    linux /boot/vmlinuz {} $from_machine
    echo 'Loading the system ...'
    initrd /boot/initrd.img
}}
",
            entry.title,
            entry.key,
            options.trim_end()
        )
    }
}

const BEGINNING: &str = "\
set timeout=5
set default=0
# UEFI shows its console on a serial line by itself. A BIOS does not; a machine without a serial
# port keeps the screen alone.
if [ \"$grub_platform\" = pc ]; then
    if serial --unit=0 --speed=115200; then
        terminal_input console serial
        terminal_output console serial
    fi
fi
# The medium, which an entry may leave for the internal disk.
set medium=$root
set menu_color_normal=light-gray/black
set menu_color_highlight=black/light-gray
# A virtual machine may hand over kernel options as the one OEM string of its firmware.
set from_machine=
if smbios --type 11 --get-string 4 --set oem_string; then
    regexp --set=1:from_machine '^remetal:(.*)$' \"$oem_string\"
fi
";

const END: &str = "\
if [ \"$grub_platform\" = pc ]; then
    menuentry 'Test the memory' --hotkey m {
        linux16 /boot/memtest.bin
    }
else
    menuentry 'Test the memory (not with Secure Boot)' --hotkey m {
        chainloader /boot/memtest.efi
    }
    menuentry 'Settings of the firmware' --hotkey f {
        fwsetup
    }
fi
menuentry 'Boot from the internal disk' --hotkey d {
    if [ \"$grub_platform\" = pc ]; then
        # A BIOS that started a stick calls it the first disk.
        if regexp '^hd0' \"$root\"; then
            drivemap -s (hd0) (hd1)
            set root=(hd1)
        else
            set root=(hd0)
        fi
        # After a disk that does not start, the other entries must find their files again.
        if ! chainloader +1; then
            drivemap -r
            set root=$medium
        fi
    else
        exit
    fi
}
menuentry 'Shut down' --hotkey p {
    halt
}
";
