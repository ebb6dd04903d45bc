//! The structure of JSON, watched while `serde_json` writes it: its bytes need not be looked at again.

use std::io;

use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use super::structure::{Structure, TooDeep};

/// Writes compact JSON, and ends where it would be nested too deeply.
pub(super) struct Watching<'s> {
    structure: &'s mut Structure,
    /// The pieces of the key that is being written, if one is.
    pieces: Option<u32>,
}

impl<'s> Watching<'s> {
    pub(super) fn new(structure: &'s mut Structure) -> Self {
        Self {
            structure,
            pieces: None,
        }
    }

    fn open(&mut self, object: bool) -> io::Result<()> {
        self.structure
            .open(object)
            .map_err(|TooDeep| io::Error::from(io::ErrorKind::InvalidData))
    }
}

impl Formatter for Watching<'_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(true)?;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.structure.close();
        CompactFormatter.end_object(writer)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(false)?;
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.structure.close();
        CompactFormatter.end_array(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pieces = Some(0);
        CompactFormatter.begin_object_key(writer, first)
    }

    /// A key in one piece has been seen; one with escapes, or that is a number, has not.
    fn end_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.structure.unsure |= self.pieces != Some(1);
        self.pieces = None;
        CompactFormatter.end_object_key(writer)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if let Some(pieces) = &mut self.pieces {
            *pieces += 1;
            self.structure.key(fragment.as_bytes());
        }
        CompactFormatter.write_string_fragment(writer, fragment)
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        if let Some(pieces) = &mut self.pieces {
            *pieces += 1;
            self.structure.unsure = true;
        }
        CompactFormatter.write_char_escape(writer, escape)
    }

    fn write_null<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.structure.facts.null = true;
        CompactFormatter.write_null(writer)
    }

    /// JSON that somebody else has written (`serde_json::value::RawValue`).
    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.structure.raw = true;
        CompactFormatter.write_raw_fragment(writer, fragment)
    }
}
