//! What a module says of itself, in its section `.modinfo`: strings such as
//! `firmware=rtl_nic/rtl8125a-3.fw`, each ended by a zero byte.

use std::fs;
use std::io::Read;
use std::path::Path;

use object::{Object, ObjectSection};

use crate::error::{BuildError, Doing, Result};

/// The module as the kernel loads it. It is not stripped: the signature at its end covers all.
pub(crate) fn decompressed(path: &Path) -> Result<Vec<u8>> {
    let packed = fs::read(path).doing("reading", path)?;
    let mut module = Vec::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("xz") => {
            liblzma::read::XzDecoder::new(packed.as_slice())
                .read_to_end(&mut module)
                .doing("unpacking", path)?;
        }
        Some("zst") => {
            zstd::stream::copy_decode(packed.as_slice(), &mut module).doing("unpacking", path)?;
        }
        _ => module = packed,
    }
    Ok(module)
}

/// The firmware that a module may ask for.
pub(crate) fn firmware_names(name: &str, module: &[u8]) -> Result<Vec<String>> {
    let not_elf = |error: object::Error| BuildError::Package {
        package: name.to_owned(),
        problem: format!("not a module: {error}"),
    };
    let file = object::File::parse(module).map_err(not_elf)?;
    let Some(section) = file.section_by_name(".modinfo") else { return Ok(Vec::new()) };
    let info = section.data().map_err(not_elf)?;
    let strings = info.split(|byte| *byte == 0).filter_map(|text| str::from_utf8(text).ok());
    Ok(strings.filter_map(|text| text.strip_prefix("firmware=")).map(str::to_owned).collect())
}
