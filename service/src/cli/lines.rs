//! One line in, one line out: the form that the tools share.

use std::fmt::Display;
use std::io::{BufRead, Write};

use crate::refused::Refused;

/// Longest input line, in bytes: ten times the largest token or batch. A longer one is refused,
/// not read into memory.
const LINE_MAX: u64 = 128 * 1024;

/// A line that was not read.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("the line is too long")]
    TooLong,
    #[error("the line is not UTF-8 text")]
    NotUtf8,
    #[error("the line is UTF-16, as from PowerShell; write UTF-8")]
    Utf16,
}

/// Writes one line to standard output.
pub(crate) fn print(line: &str) -> Result<(), Refused> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Gives each line of standard input to `answer` with its number, counted from 1, and writes the
/// answer. Answers are flushed at once, so that another program can talk to this one through pipes.
pub(super) fn answer_each(
    mut answer: impl FnMut(usize, Result<&[u8], Unread>) -> String,
) -> Result<(), Refused> {
    let mut input = std::io::stdin().lock();
    let mut out = std::io::stdout().lock();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let mut too_long = false;
        let mut limited = std::io::Read::take(&mut input, LINE_MAX);
        if limited.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        } else if line.len() as u64 == LINE_MAX {
            // Refused as a whole: its first part alone may mean something else.
            input.skip_until(b'\n')?;
            too_long = true;
        }
        let answer = answer(
            number,
            if too_long {
                Err(Unread::TooLong)
            } else {
                Ok(&line)
            },
        );
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// Like [`answer_each`], for tools whose lines are text. A line that is not is refused, and reported
/// with its number: to replace its bytes would make another text of it.
pub(super) fn answer_each_text(
    mut answer: impl FnMut(usize, Result<&str, Unread>) -> String,
) -> Result<(), Refused> {
    answer_each(|number, line| answer(number, line.and_then(|line| text(number, line))))
}

/// Writes to standard error what is wrong with a line, for tools that answer on standard output only.
pub(super) fn tell(number: usize, error: &dyn Display) {
    eprintln!("line {number}: {error}");
}

/// The text of a line, without a byte order mark in front of the first.
fn text(number: usize, line: &[u8]) -> Result<&str, Unread> {
    // UTF-16 has a NUL beside each ASCII character, and no text of ours has any.
    let is_utf16 =
        line.starts_with(b"\xFF\xFE") || line.starts_with(b"\xFE\xFF") || line.contains(&0);
    let text = match std::str::from_utf8(line) {
        _ if is_utf16 => return Err(Unread::Utf16),
        Ok(text) => text,
        Err(_) => return Err(Unread::NotUtf8),
    };
    Ok(match text.strip_prefix('\u{FEFF}') {
        Some(rest) if number == 1 => rest,
        _ => text,
    })
}

/// Answers each line, or writes an empty line and the reason to standard error.
pub(super) fn answer_or_report_each(
    mut answer: impl FnMut(&str) -> Result<String, String>,
) -> Result<(), Refused> {
    let mut refused = false;
    answer_each_text(|number, line| {
        let answered = line
            .map_err(|error| error.to_string())
            .and_then(&mut answer);
        answered.unwrap_or_else(|error| {
            refused = true;
            eprintln!("line {number}: {error}");
            String::new()
        })
    })?;
    if refused {
        return Err(Refused::Reported);
    }
    Ok(())
}
