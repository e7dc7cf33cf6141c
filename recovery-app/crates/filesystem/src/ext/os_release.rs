//! The name of the operating system on a volume, from `os-release` (its manual page, section 5).

use block::BlockDevice;

use super::directory;
use super::mapping::Budget;

/// Most bytes read of the file, which usually has a few hundred.
const MOST: usize = 16 << 10;
const PATHS: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// What `PRETTY_NAME` says, if it can be read.
pub(super) fn system(device: &dyn BlockDevice) -> Option<String> {
    let volume = super::view(device).ok()?;
    let mut budget = Budget::for_one();
    PATHS.into_iter().find_map(|path| {
        let content = directory::file(&volume, path, MOST, &mut budget).ok().flatten()?;
        pretty_name(&String::from_utf8_lossy(&content))
    })
}

fn pretty_name(content: &str) -> Option<String> {
    let value = content.lines().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="))?;
    let name = value.trim().trim_matches(['"', '\'']).replace('\\', "");
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_in_any_quotes() {
        let name = |content| pretty_name(content);
        assert_eq!(name("ID=x\nPRETTY_NAME=\"A 1\"\n").as_deref(), Some("A 1"));
        assert_eq!(name("PRETTY_NAME='B 2'").as_deref(), Some("B 2"));
        assert_eq!(name("PRETTY_NAME=C").as_deref(), Some("C"));
        assert_eq!(name("NAME=D\nPRETTY_NAME=\"\""), None);
    }
}
