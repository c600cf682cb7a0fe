//! Records partitioned by key: in memory while they fit, otherwise in a temporary file.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

/// The number of partitions. Each is small enough to be loaded as a whole: 1/256 of ten million rows is 5 MB.
pub(crate) const PARTITIONS: usize = 256;

/// Records in partitions. Each partition keeps the order in which records were added.
///
/// The temporary file has no name and is private, so it is removed however the process ends.
#[derive(Debug)]
pub(crate) struct Spill {
    partitions: Vec<Partition>,
    file: Option<File>,
    /// The number of bytes in memory.
    size: usize,
    /// The maximum number of bytes in memory.
    room: usize,
}

#[derive(Debug, Default)]
struct Partition {
    /// Complete records in the file, older than those in memory.
    blocks: Vec<Block>,
    memory: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    offset: u64,
    length: usize,
}

impl Spill {
    pub(crate) fn new(room: usize) -> Self {
        let partitions = std::iter::repeat_with(Partition::default).take(PARTITIONS).collect();
        Self { partitions, file: None, size: 0, room }
    }

    /// Whether everything is in memory.
    pub(crate) fn is_resident(&self) -> bool {
        self.file.is_none()
    }

    /// Adds complete records to a partition.
    pub(crate) fn push(&mut self, partition: usize, records: &[u8]) -> io::Result<()> {
        self.partitions[partition].memory.extend_from_slice(records);
        self.size += records.len();
        if self.size > self.room { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut offset = file.seek(SeekFrom::End(0))?;
        for partition in &mut self.partitions {
            let length = partition.memory.len();
            if length > 0 {
                file.write_all(&partition.memory)?;
                partition.blocks.push(Block { offset, length });
                offset += length as u64;
                // A large record must not keep its memory allocated.
                partition.memory = Vec::new();
            }
        }
        self.size = 0;
        Ok(())
    }

    /// Appends a block of the file to the buffer.
    fn read(&self, part: Block, buffer: &mut Vec<u8>) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let start = buffer.len();
        buffer.resize(start + part.length, 0);
        file.seek(SeekFrom::Start(part.offset))?;
        file.read_exact(&mut buffer[start..])
    }

    /// Returns all records of a partition.
    pub(crate) fn load(&self, partition: usize) -> io::Result<Vec<u8>> {
        let Partition { blocks, memory } = &self.partitions[partition];
        let length: usize = blocks.iter().map(|block| block.length).sum();
        let mut all = Vec::with_capacity(length + memory.len());
        for block in blocks {
            self.read(*block, &mut all)?;
        }
        all.extend_from_slice(memory);
        Ok(all)
    }

    /// Returns the records of a partition that are in memory. If the spill [is resident](Self::is_resident), these are all records.
    pub(crate) fn resident(&mut self, partition: usize) -> &mut [u8] {
        &mut self.partitions[partition].memory
    }
}

/// Returns the length and the number of the record at the start of the bytes, or `None` if the record is incomplete.
pub(crate) type Split = fn(&[u8]) -> Option<(usize, u64)>;

/// Merges the partitions by a number that increases within each.
#[derive(Debug)]
pub(crate) struct Merge {
    spill: Arc<Spill>,
    cursors: Vec<Cursor>,
    next: BinaryHeap<Reverse<(u64, usize)>>,
    split: Split,
    /// The number of bytes of a partition that are read at once.
    chunk: usize,
}

/// A position in a partition.
#[derive(Debug, Default)]
struct Cursor {
    /// The block that is read next, and the number of its bytes that have been read.
    block: usize,
    read: usize,
    /// The bytes that have been read, from the current record on.
    bytes: Vec<u8>,
    at: usize,
    /// Whether all blocks have been read, so that `at` is a position in memory.
    in_memory: bool,
}

impl Merge {
    pub(crate) fn new(spill: Arc<Spill>, split: Split) -> io::Result<Self> {
        let cursors = std::iter::repeat_with(Cursor::default).take(PARTITIONS).collect();
        let chunk = (spill.room / PARTITIONS).clamp(4 << 10, 64 << 10);
        let mut merge = Self { spill, cursors, next: BinaryHeap::new(), split, chunk };
        for partition in 0..PARTITIONS {
            merge.advance(partition, 0)?;
        }
        Ok(merge)
    }

    pub(crate) fn peek(&self) -> Option<u64> {
        self.next.peek().map(|Reverse((number, _))| *number)
    }

    pub(crate) fn next<T>(&mut self, decode: impl FnOnce(&[u8]) -> T) -> io::Result<Option<T>> {
        let Some(Reverse((_, partition))) = self.next.pop() else { return Ok(None) };
        let rest = self.rest(partition);
        let Some((length, _)) = (self.split)(rest) else { return Ok(None) };
        let record = decode(&rest[..length]);
        self.advance(partition, length)?;
        Ok(Some(record))
    }

    fn rest(&self, partition: usize) -> &[u8] {
        let cursor = &self.cursors[partition];
        let bytes = if cursor.in_memory { &self.spill.partitions[partition].memory } else { &cursor.bytes };
        &bytes[cursor.at..]
    }

    /// Advances a partition by this many bytes, to the next record.
    fn advance(&mut self, partition: usize, length: usize) -> io::Result<()> {
        self.cursors[partition].at += length;
        loop {
            if let Some((_, number)) = (self.split)(self.rest(partition)) {
                self.next.push(Reverse((number, partition)));
                return Ok(());
            }
            let cursor = &mut self.cursors[partition];
            if cursor.in_memory {
                return Ok(());
            }
            let Some(block) = self.spill.partitions[partition].blocks.get(cursor.block) else {
                *cursor = Cursor { in_memory: true, ..Cursor::default() };
                continue;
            };
            cursor.bytes.drain(..cursor.at);
            cursor.at = 0;
            let length = self.chunk.min(block.length - cursor.read);
            self.spill
                .read(Block { offset: block.offset + cursor.read as u64, length }, &mut cursor.bytes)?;
            cursor.read += length;
            if cursor.read == block.length {
                (cursor.block, cursor.read) = (cursor.block + 1, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_temporary_file_has_no_name_so_that_nobody_else_can_open_it() {
        use std::os::unix::fs::MetadataExt as _;
        let mut spill = Spill::new(0);
        spill.push(0, &[1]).unwrap();
        assert_eq!(spill.file.unwrap().metadata().unwrap().nlink(), 0);
    }

    #[test]
    fn records_come_back_by_partition_and_in_order_whether_they_fit_in_memory_or_not() {
        // A record consists of its number, in eight bytes.
        fn split(bytes: &[u8]) -> Option<(usize, u64)> {
            bytes.first_chunk().map(|number| (8, u64::from_le_bytes(*number)))
        }
        for room in [0, 100, 20_000, usize::MAX] {
            let mut spill = Spill::new(room);
            for number in 0..3_000_u64 {
                // Most records are in one partition, whose blocks are larger than a chunk.
                let partition = if number % 3 == 0 { (number * 7919 % 251) as usize } else { 7 };
                spill.push(partition, &number.to_le_bytes()).unwrap();
            }
            assert_eq!(spill.is_resident(), room == usize::MAX);
            let all: usize = (0..PARTITIONS).map(|partition| spill.load(partition).unwrap().len()).sum();
            assert_eq!(all, 3_000 * 8);
            let mut merge = Merge::new(Arc::new(spill), split).unwrap();
            for number in 0..3_000 {
                assert_eq!(merge.peek(), Some(number), "room {room}");
                assert_eq!(merge.next(split).unwrap(), Some(Some((8, number))));
            }
            assert_eq!((merge.peek(), merge.next(|_| ()).unwrap()), (None, None));
        }
    }
}
