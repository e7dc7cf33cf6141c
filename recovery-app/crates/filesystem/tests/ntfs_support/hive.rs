//! Makes a registry hive with the few keys that name a Windows.

/// A hive under construction: bytes from the end of its header on.
struct Builder {
    bytes: Vec<u8>,
}

impl Builder {
    fn cell(&mut self, data: &[u8]) -> u32 {
        let offset = u32::try_from(self.bytes.len()).unwrap();
        let size = (data.len() + 4).next_multiple_of(8);
        self.bytes.extend((-i32::try_from(size).unwrap()).to_le_bytes());
        self.bytes.extend(data);
        self.bytes.resize(offset as usize + size, 0);
        offset
    }

    /// An index cell of this kind over keys or other index cells.
    fn list(&mut self, kind: &[u8; 2], entries: &[u32]) -> u32 {
        let mut data = kind.to_vec();
        data.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        for entry in entries {
            data.extend(entry.to_le_bytes());
            if kind.starts_with(b"l") && kind != b"li" {
                data.extend([0; 4]);
            }
        }
        self.cell(&data)
    }

    fn key(&mut self, name: &str, subkeys: (u32, u32), values: (u32, u32)) -> u32 {
        let mut data = vec![0xff; 0x4c];
        data[..16].fill(0);
        data[..4].copy_from_slice(b"nk\x20\0");
        data[0x10..0x14].fill(0);
        data[0x14..0x18].copy_from_slice(&subkeys.0.to_le_bytes());
        data[0x18..0x1c].fill(0);
        data[0x1c..0x20].copy_from_slice(&subkeys.1.to_le_bytes());
        data[0x24..0x28].copy_from_slice(&values.0.to_le_bytes());
        data[0x28..0x2c].copy_from_slice(&values.1.to_le_bytes());
        data[0x34..0x4c].fill(0);
        data[0x48] = u8::try_from(name.len()).unwrap();
        data.extend(name.bytes());
        self.cell(&data)
    }

    fn value(&mut self, name: &str, text: &str) -> u32 {
        let content: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let place = self.cell(&content);
        let mut data = b"vk".to_vec();
        data.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        data.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        data.extend(place.to_le_bytes());
        data.extend(1_u32.to_le_bytes());
        data.extend([1, 0, 0, 0]);
        data.extend(name.bytes());
        self.cell(&data)
    }
}

/// A `SOFTWARE` hive whose `Microsoft\Windows NT\CurrentVersion` has these values.
pub fn software(values: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = Builder { bytes: vec![0; 0x20] };
    let list: Vec<u32> = values.iter().map(|(name, text)| builder.value(name, text)).collect();
    let list_bytes: Vec<u8> = list.iter().flat_map(|offset| offset.to_le_bytes()).collect();
    let list_cell = builder.cell(&list_bytes);
    let count = u32::try_from(values.len()).unwrap();
    let none = (0, u32::MAX);
    let version = builder.key("CurrentVersion", none, (count, list_cell));
    let other = builder.key("Other", none, none);
    let index = builder.list(b"li", &[version]);
    let nt = builder.key("Windows NT", (1, index), none);
    let first = builder.list(b"lf", &[other]);
    let second = builder.list(b"lh", &[nt]);
    let index = builder.list(b"ri", &[first, second]);
    let microsoft = builder.key("Microsoft", (2, index), none);
    let classes = builder.key("Classes", none, none);
    let index = builder.list(b"lh", &[classes, microsoft]);
    let root = builder.key("ROOT", (2, index), none);
    let used = builder.bytes.len();
    builder.bytes.resize(used.next_multiple_of(4096), 0);
    let size = u32::try_from(builder.bytes.len()).unwrap();
    // What is left of the bin is one free cell.
    let free = u32::try_from(builder.bytes.len() - used).unwrap();
    builder.bytes[used..used + 4].copy_from_slice(&free.to_le_bytes());
    builder.bytes[..4].copy_from_slice(b"hbin");
    builder.bytes[8..12].copy_from_slice(&size.to_le_bytes());
    let mut hive = header(root, size);
    hive.extend(builder.bytes);
    hive
}

fn header(root: u32, size: u32) -> Vec<u8> {
    let mut header = vec![0; 4096];
    header[..4].copy_from_slice(b"regf");
    header[4] = 1;
    header[8] = 1;
    header[0x14] = 1;
    header[0x18] = 5;
    header[0x20] = 1;
    header[0x24..0x28].copy_from_slice(&root.to_le_bytes());
    header[0x28..0x2c].copy_from_slice(&size.to_le_bytes());
    header[0x2c] = 1;
    let words = header[..508].chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    let checksum = words.fold(0, |sum, word| sum ^ word);
    header[508..512].copy_from_slice(&checksum.to_le_bytes());
    header
}
