//! Scripts whose interpreter is not on board are of no use there.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::tree::{Content, Node, Tree};

/// Takes out of the tree the scripts that nothing there can run; returns their paths.
pub(super) fn drop_useless(tree: &mut Tree) -> Vec<String> {
    let useless = |(path, node): (&str, &Node)| match node {
        Node::File(Content::File(file), true) => {
            let interpreter = interpreter(file)?;
            (!tree.contains(&crate::archive::merged(&interpreter))).then(|| path.to_owned())
        }
        _ => None,
    };
    let useless: Vec<String> = tree.iter().filter_map(useless).collect();
    useless.iter().for_each(|path| tree.remove(path));
    useless
}

/// The program that runs a script, without the leading slash.
fn interpreter(file: &Path) -> Option<String> {
    let mut start = [0; 128];
    let read = File::open(file).ok()?.read(&mut start).ok()?;
    parse(&start[..read])
}

fn parse(start: &[u8]) -> Option<String> {
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    let first = words.next()?.trim_start_matches('/').to_owned();
    match first.rsplit('/').next() {
        Some("env") => words.next().map(|name| format!("usr/bin/{name}")),
        _ => Some(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_line() {
        assert_eq!(parse(b"#!/bin/sh -e\nx"), Some("bin/sh".to_owned()));
        assert_eq!(parse(b"#! /usr/bin/env python3\n"), Some("usr/bin/python3".to_owned()));
        assert_eq!(parse(b"\x7fELF"), None);
        assert_eq!(parse(b"#!"), None);
    }
}
