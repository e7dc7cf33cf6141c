use std::io;

/// Why the screens cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Standard input or output is a file or a pipe.
    #[error("this is not a terminal")]
    NoTerminal,
    /// The terminal does not do as it is told.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}

impl TuiError {
    /// What to do about it.
    #[must_use]
    pub fn guidance(&self) -> &'static str {
        match self {
            Self::NoTerminal => {
                "Start it on a terminal, or use a command: remetal --help lists them."
            }
            Self::Terminal(_) => "Try another console, or use the commands: remetal --help.",
        }
    }
}
