//! The list of contents for people.

use std::fmt::{self, Display, Formatter};

use super::Contents;

impl Display for Contents {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        writeln!(to, "Remetal {}, Linux {}\n", self.version, self.kernel)?;
        writeln!(to, "Debian packages (name, version, licences, SHA-256)\n")?;
        for entry in &self.packages {
            let licences = match entry.licences.as_slice() {
                [] => "see copyright.txt.gz".to_owned(),
                names => names.join(", "),
            };
            writeln!(to, "{} {}\n    {licences}\n    {}", entry.name, entry.version, entry.sha256)?;
        }
        writeln!(to, "\nOur own programs (SHA-256)\n")?;
        for (name, hash) in &self.programs {
            writeln!(to, "{name}\n    {hash}")?;
        }
        writeln!(to, "\nRust crates compiled into them (name, version, licence)\n")?;
        for found in &self.crates {
            writeln!(to, "{} {}: {}", found.name, found.version, found.licence)?;
        }
        writeln!(to, "\nKernel modules\n")?;
        for (section, names) in &self.modules {
            writeln!(to, "{section}: {}", names.join(" "))?;
        }
        writeln!(to, "\nFirmware\n\n{}", self.firmware.join("\n"))?;
        writeln!(to, "\nMade by\n\n{}", self.made_by.join("\n"))
    }
}
