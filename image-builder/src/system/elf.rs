//! What a program asks the dynamic loader for.

use std::fs;
use std::path::Path;

use object::elf::{DynamicTag, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, elf};

/// Names of shared libraries, and the folders that the file itself says to look in first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) libraries: Vec<String>,
    pub(super) folders: Vec<String>,
}

/// What a file needs; `None` when it is no ELF file, or one that needs nothing.
pub(super) fn needs(path: &Path) -> Option<Needs> {
    if !begins_as_elf(path) {
        return None;
    }
    parse(&fs::read(path).ok()?)
}

fn begins_as_elf(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == elf::ELFMAG
}

fn parse(data: &[u8]) -> Option<Needs> {
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok()?)?;
    let value = |tag: DynamicTag| {
        let found = dynamic.iter().find(|entry| entry.tag(endian) == tag);
        found.map(|entry| entry.d_val(endian))
    };
    let strings = value(elf::DT_STRTAB)?;
    let size = value(elf::DT_STRSZ)?;
    let table = segments
        .iter()
        .find_map(|segment| segment.data_range(endian, data, strings, size).ok().flatten())?;
    let text = |at: u64| {
        let rest = table.get(usize::try_from(at).ok()?..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&rest[..end]).into_owned())
    };
    let all = |tag: DynamicTag| {
        let entries = dynamic.iter().filter(move |entry| entry.tag(endian) == tag);
        entries.filter_map(|entry| text(entry.d_val(endian)))
    };
    let folders = all(elf::DT_RUNPATH).chain(all(elf::DT_RPATH));
    Some(Needs {
        libraries: all(elf::DT_NEEDED).collect(),
        folders: folders
            .flat_map(|path| path.split(':').map(str::to_owned).collect::<Vec<_>>())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_program_names_the_c_library() {
        let needs = needs(&fs::canonicalize("/bin/cat").unwrap()).unwrap();
        assert!(needs.libraries.iter().any(|name| name == "libc.so.6"), "{needs:?}");
    }

    #[test]
    fn what_is_no_program_needs_nothing() {
        assert_eq!(needs(Path::new("/etc/passwd")), None);
        assert_eq!(parse(b"\x7fELF\x02\x01\x01"), None);
        assert_eq!(parse(&[]), None);
    }
}
