/// Most remarks kept about one disk; a hostile table could cause thousands.
const MOST: usize = 32;

/// Remarks about a table, in words, bounded in number.
#[derive(Default)]
pub(crate) struct Notes {
    texts: Vec<String>,
    left_out: usize,
}

impl Notes {
    pub(crate) fn add(&mut self, text: impl Into<String>) {
        if self.texts.len() < MOST {
            self.texts.push(text.into());
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn into_texts(mut self) -> Vec<String> {
        if self.left_out > 0 {
            self.texts.push(format!("and {} more remarks of this kind", self.left_out));
        }
        self.texts
    }
}
