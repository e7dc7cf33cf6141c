//! Makes the content of a `$LogFile`, as Windows leaves it open.

const PAGE: usize = 4096;
const DATA: usize = 0x40;
const HEADER: usize = 0x30;

/// What a change is made to.
#[derive(Clone, Copy, Default)]
pub struct Target {
    pub vcn: u64,
    pub lcn: u64,
    pub offsets: [u16; 3],
}

/// `SetBitsInNonresidentBitMap` and its opposite.
pub const SET: u16 = 0x15;
pub const CLEAR: u16 = 0x16;

/// A log of version 1.1 or 2.0 that grows by records.
pub struct LogBuilder {
    major: u16,
    bytes: Vec<u8>,
    /// Where the next record goes.
    at: usize,
    /// First and last LSN of client records.
    pub oldest: u64,
    pub checkpoint: u64,
    pub current: u64,
    /// No client in use.
    pub closed: bool,
}

impl LogBuilder {
    /// `size` bytes, a power of two.
    pub fn new(major: u16, size: usize) -> Self {
        let at = first_page(major) + DATA;
        let bytes = vec![0xff; size];
        Self { major, bytes, at, oldest: 0, checkpoint: 0, current: 0, closed: false }
    }

    fn place_bits(&self) -> u32 {
        usize::BITS - self.bytes.len().leading_zeros() - 3
    }

    fn put(&mut self, at: usize, data: &[u8]) {
        self.bytes[at..at + data.len()].copy_from_slice(data);
    }

    /// Adds a record and returns its LSN.
    pub fn record(&mut self, kind: u32, data: &[u8]) -> u64 {
        if PAGE - self.at % PAGE < HEADER {
            self.at = self.at.next_multiple_of(PAGE) + DATA;
        }
        let lsn = 2 << self.place_bits() | (self.at >> 3) as u64;
        self.open_page(self.at / PAGE * PAGE);
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&lsn.to_le_bytes());
        header[0x18..0x1c].copy_from_slice(&u32::try_from(data.len()).unwrap().to_le_bytes());
        header[0x20..0x24].copy_from_slice(&kind.to_le_bytes());
        self.put(self.at, &header);
        self.at += HEADER;
        let mut rest = data;
        loop {
            let page = (self.at - 1) / PAGE * PAGE;
            let (piece, behind) = rest.split_at(rest.len().min(page + PAGE - self.at));
            self.put(self.at, piece);
            self.at += piece.len();
            rest = behind;
            self.put(page + 8, &lsn.to_le_bytes());
            if rest.is_empty() {
                self.put(page + 0x20, &lsn.to_le_bytes());
                break;
            }
            self.at = page + PAGE + DATA;
            self.open_page(page + PAGE);
        }
        self.at = self.at.next_multiple_of(8);
        self.oldest = if self.oldest == 0 { lsn } else { self.oldest };
        self.checkpoint = if kind == 2 { lsn } else { self.checkpoint };
        self.current = lsn;
        lsn
    }

    /// Fills all pages with records that claim to have `length` bytes each and overlap.
    pub fn overlapping_records(&mut self, kind: u32, length: u32) {
        for page in (first_page(self.major)..self.bytes.len()).step_by(PAGE) {
            self.open_page(page);
            self.put(page + 8, &u64::MAX.to_le_bytes());
            // With room for the fields of a change that says nothing.
            for at in (page + DATA..page + PAGE - HEADER).step_by(HEADER + 0x20) {
                let lsn = 2 << self.place_bits() | (at >> 3) as u64;
                self.put(at, &lsn.to_le_bytes());
                self.put(at + 0x18, &length.to_le_bytes());
                self.put(at + 0x20, &kind.to_le_bytes());
                self.oldest = if self.oldest == 0 { lsn } else { self.oldest };
                self.current = lsn;
            }
        }
        self.checkpoint = self.oldest;
    }

    fn open_page(&mut self, page: usize) {
        if !self.bytes[page..].starts_with(b"RCRD") {
            self.bytes[page..page + PAGE].fill(0);
            self.put(page, b"RCRD\x28\0\x09\0");
            self.put(page + 0x10, &[1, 0, 0, 0, 1, 0, 1, 0]);
        }
    }

    /// A change whose redo and undo share `payload`. `target` is its VCN, where it lies, and the
    /// offsets of record, attribute and sector.
    pub fn change(&mut self, redo: u16, undo: u16, target: Target, payload: &[u8]) -> u64 {
        let length = u16::try_from(payload.len()).unwrap();
        let [record, attribute, sector] = target.offsets;
        let fields =
            [redo, undo, 0x28, length, 0x28, length, 0x18, 1, record, attribute, sector, 0];
        let mut data: Vec<u8> = fields.iter().flat_map(|field| field.to_le_bytes()).collect();
        data.extend(target.vcn.to_le_bytes());
        data.extend(target.lcn.to_le_bytes());
        data.extend(payload);
        self.record(1, &data)
    }

    /// A change of bits of `$Bitmap`, which lies at cluster `bitmap` in one piece; clusters of
    /// 4096 bytes.
    pub fn bits(&mut self, redo: u16, undo: u16, bitmap: u64, lcn: u64, count: u32) -> u64 {
        let (vcn, bit) = (lcn / 32_768, u32::try_from(lcn % 32_768).unwrap());
        let payload = [bit.to_le_bytes(), count.to_le_bytes()].concat();
        let target = Target { vcn, lcn: bitmap + vcn, offsets: [0; 3] };
        self.change(redo, undo, target, &payload)
    }

    /// The finished log.
    pub fn build(&self) -> Vec<u8> {
        let mut log = self.bytes.clone();
        for place in [0, PAGE] {
            log[place..place + PAGE].copy_from_slice(&self.restart_page());
        }
        for page in log.chunks_mut(PAGE).filter(|page| !page.starts_with(&[0xff])) {
            protect(page);
        }
        log
    }

    /// As [`Self::build`], with the last page only in its copy.
    pub fn build_with_last_page_in_copy(&self) -> Vec<u8> {
        let mut log = self.build();
        let last = self.at / PAGE * PAGE;
        let mut page = log[last..last + PAGE].to_vec();
        unprotect(&mut page);
        let place = u64::try_from(last).unwrap().to_le_bytes();
        match self.major {
            1 => page[8..16].copy_from_slice(&place),
            _ => page[0x3c..0x40].copy_from_slice(&place[..4]),
        }
        protect(&mut page);
        log[2 * PAGE..3 * PAGE].copy_from_slice(&page);
        log[last + 510] ^= 1;
        log
    }

    fn restart_page(&self) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        let mut put = |at: usize, data: &[u8]| page[at..at + data.len()].copy_from_slice(data);
        put(0, b"RSTR\x1e\0\x09\0");
        put(0x10, &4096_u32.to_le_bytes());
        put(0x14, &4096_u32.to_le_bytes());
        put(0x18, &0x30_u16.to_le_bytes());
        put(0x1a, &(2 - self.major).to_le_bytes());
        put(0x1c, &self.major.to_le_bytes());
        let area = 0x30;
        put(area, &self.current.to_le_bytes());
        put(area + 8, &1_u16.to_le_bytes());
        let (free, used) = if self.closed { (0_u16, 0xffff_u16) } else { (0xffff, 0) };
        put(area + 0x0a, &free.to_le_bytes());
        put(area + 0x0c, &used.to_le_bytes());
        put(area + 0x10, &(64 - self.place_bits()).to_le_bytes());
        put(area + 0x14, &0xe0_u16.to_le_bytes());
        put(area + 0x16, &0x40_u16.to_le_bytes());
        put(area + 0x18, &(self.bytes.len() as u64).to_le_bytes());
        put(area + 0x24, &[HEADER.to_le_bytes()[0], 0, DATA.to_le_bytes()[0], 0]);
        let client = area + 0x40;
        put(client, &self.oldest.to_le_bytes());
        put(client + 8, &self.checkpoint.to_le_bytes());
        put(client + 0x10, &[0xff; 4]);
        put(client + 0x1c, &8_u32.to_le_bytes());
        put(client + 0x20, b"N\0T\0F\0S\0");
        page
    }
}

fn first_page(major: u16) -> usize {
    if major < 2 { 4 * PAGE } else { 0x22 * PAGE }
}

/// Puts the update sequence number 1 at the end of each 512 bytes.
pub fn protect(block: &mut [u8]) {
    let at = usize::from(u16::from_le_bytes([block[4], block[5]]));
    block[at..at + 2].copy_from_slice(&[1, 0]);
    for sector in 0..block.len() / 512 {
        let end = sector * 512 + 510;
        block.copy_within(end..end + 2, at + 2 + sector * 2);
        block[end..end + 2].copy_from_slice(&[1, 0]);
    }
}

fn unprotect(block: &mut [u8]) {
    let at = usize::from(u16::from_le_bytes([block[4], block[5]]));
    for sector in 0..block.len() / 512 {
        block.copy_within(at + 2 + sector * 2..at + 4 + sector * 2, sector * 512 + 510);
    }
}
