//! JSON that others wrote, read within bounded memory.

use serde::de::DeserializeOwned;

/// Most values of a text: entries of lists and fields of objects, an empty one of which counts as
/// one. In memory, each may take 40 bytes and more for two in the text. The list of 50,000 lost
/// ranges that a capture writes at most has a quarter of them.
const MOST_VALUES: usize = 2_000_000;

/// Reads a text whose length the caller has bounded. The error says where it is not what it should
/// be, or that it has more values than any that Remetal writes.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    if has_too_many_values(text) {
        return Err(format!("it has more than {MOST_VALUES} values"));
    }
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

/// True for a text that [`from_slice`] refuses unread.
pub(crate) fn has_too_many_values(text: &[u8]) -> bool {
    // Every value but the first stands behind one of these, outside of strings.
    let (mut values, mut is_string, mut is_escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            b',' | b'[' | b'{' if !is_string => values += 1,
            _ => {}
        }
    }
    values > MOST_VALUES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_values_are_read_than_are_let() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1)).into_bytes();
        let read = |text: &[u8]| from_slice::<Vec<u8>>(text).map(|list| list.len());
        assert_eq!(read(&list(MOST_VALUES)), Ok(MOST_VALUES));
        assert!(read(&list(MOST_VALUES + 1)).unwrap_err().contains("more than 2000000 values"));
        assert!(read(b"[1,").unwrap_err().contains("line 1"));
    }

    #[test]
    fn what_stands_in_strings_is_no_value() {
        let text = format!(r#"["{}", "\\", "\"{0}"]"#, ",[{".repeat(MOST_VALUES));
        assert_eq!(from_slice::<Vec<String>>(text.as_bytes()).unwrap().len(), 3);
    }
}
