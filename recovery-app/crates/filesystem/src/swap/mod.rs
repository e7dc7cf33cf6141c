//! Linux swap space.
//!
//! After the kernel's `include/linux/swap.h` and `kernel/power/swap.c`. Written by hand: the
//! header is one page. The pages behind it have no meaning after a shutdown, bad or not, unless
//! they hold the memory of a suspended system.

use block::{BlockDevice, BlockError, Extent, ExtentSet};

use crate::bytes::Bytes;
use crate::{AllocationMap, Kind, MapError, State, VolumeInfo, identity};

/// Page sizes of the machines that Linux runs on, in bytes.
const PAGE_SIZES: [usize; 5] = [4096, 8192, 16384, 32768, 65536];
/// The signature takes the last ten bytes of the first page.
const SIGNATURE_BYTES: usize = 10;
/// Where the fields start: the first KiB is left to a boot loader.
const FIELDS: usize = 1024;

/// What the end of the first page says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signature {
    Swap,
    /// The format of before 1997, a bitmap of pages.
    Old,
    Suspended(&'static str),
}

/// Signatures of suspended systems replace the one of swap while the memory is in it.
const SIGNATURES: [(&[u8], Signature); 7] = [
    (b"SWAPSPACE2", Signature::Swap),
    (b"SWAP-SPACE", Signature::Old),
    (b"S1SUSPEND", Signature::Suspended("the kernel (S1SUSPEND)")),
    (b"S2SUSPEND", Signature::Suspended("uswsusp (S2SUSPEND)")),
    (b"ULSUSPEND", Signature::Suspended("uswsusp (ULSUSPEND)")),
    (b"LINHIB0001", Signature::Suspended("the kernel (LINHIB0001)")),
    (b"\xed\xc3\x02\xe9\x98\x56\xe5\x0c", Signature::Suspended("TuxOnIce")),
];

struct Header {
    signature: Signature,
    page: usize,
    /// Bytes of the swap space, where the fields make sense.
    size: Option<u64>,
    uuid: Option<String>,
    label: Option<String>,
}

impl Header {
    fn read(volume: &dyn BlockDevice) -> Result<Option<Self>, BlockError> {
        for page in PAGE_SIZES {
            if volume.size() < page as u64 {
                break;
            }
            let at = (page - SIGNATURE_BYTES) as u64;
            let end = volume.read_vec(at, SIGNATURE_BYTES)?;
            let found = SIGNATURES.iter().find(|(bytes, _)| end.starts_with(bytes));
            if let Some((_, signature)) = found {
                let fields = volume.read_vec(FIELDS as u64, 512)?;
                return Ok(Some(Self::parse(*signature, page, &fields)));
            }
        }
        Ok(None)
    }

    fn parse(signature: Signature, page: usize, fields: &[u8]) -> Self {
        Self {
            signature,
            page,
            size: size(page, &Bytes::new(fields, "swap header")),
            uuid: identity::uuid(&fields[12..28]),
            label: identity::label(&fields[28..44]),
        }
    }
}

/// Bytes of the swap space, in the byte order in which the version is 1.
fn size(page: usize, fields: &Bytes<'_>) -> Option<u64> {
    let (last_page, bad_pages) = match (fields.le32(0).ok()?, fields.be32(0).ok()?) {
        (1, _) => (fields.le32(4).ok()?, fields.le32(8).ok()?),
        (_, 1) => (fields.be32(4).ok()?, fields.be32(8).ok()?),
        _ => return None,
    };
    // The list of bad pages ends before the signature.
    let most_bad = (page - FIELDS - 512 - SIGNATURE_BYTES) / 4;
    let is_sound = last_page > 0 && usize::try_from(bad_pages).is_ok_and(|bad| bad <= most_bad);
    is_sound.then(|| (u64::from(last_page) + 1) * page as u64)
}

/// Label, UUID and size, and whether the memory of a suspended system is in it.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    let Some(header) = Header::read(volume)? else {
        return Ok(None);
    };
    let is_swap = header.signature == Signature::Swap;
    let state = match header.signature {
        Signature::Suspended(by) => State::Hibernated(format!("a system suspended by {by}")),
        Signature::Swap if header.size.is_none() => {
            State::Damaged("the fields of its header make no sense".to_owned())
        }
        _ => State::Clean,
    };
    Ok(Some(VolumeInfo {
        label: header.label,
        uuid: header.uuid,
        size: header.size,
        used: is_swap.then_some(header.page as u64),
        state,
        ..VolumeInfo::named(Kind::Swap, "swap")
    }))
}

/// The header page; all of it while a system is suspended to it.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let header =
        Header::read(volume)?.ok_or_else(|| MapError::damaged("swap: it has no header"))?;
    match (header.signature, header.size) {
        (Signature::Swap, Some(covered)) => Ok(AllocationMap {
            used: Extent::new(0, header.page as u64).into(),
            covered,
            source: "swap header".to_owned(),
        }),
        (Signature::Swap, None) => {
            Err(MapError::damaged("swap: the fields of its header make no sense"))
        }
        (Signature::Old, _) => Err(MapError::unsupported("swap in the format of before 1997")),
        (Signature::Suspended(by), _) => Err(MapError::unsupported(format!(
            "swap holds the memory of a system suspended by {by}"
        ))),
    }
}

/// Swap has no files.
pub fn files_on(_: &dyn BlockDevice, _: &ExtentSet, _: usize) -> Result<Vec<String>, MapError> {
    Ok(Vec::new())
}

/// Swap has no files.
pub fn read_file(_: &dyn BlockDevice, _: &str, _: usize) -> Result<Option<Vec<u8>>, MapError> {
    Ok(None)
}
