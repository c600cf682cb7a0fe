//! Records partitioned by key: in memory while they fit, otherwise in a temporary file.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

/// How many partitions there are. Each is small enough to be loaded as a whole: a 256th of ten million rows is 5 MB.
pub(crate) const PARTITIONS: usize = 256;

/// Records in partitions, in the order in which they were added to each.
///
/// The temporary file has no name and is private: nothing is left of it, however the process ends.
#[derive(Debug)]
pub(crate) struct Spill {
    partitions: Vec<Partition>,
    file: Option<File>,
    /// How many bytes are in memory.
    size: usize,
    /// How many bytes may be in memory.
    room: usize,
}

#[derive(Debug, Default)]
struct Partition {
    /// Whole records in the file, older than those in memory.
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

    /// Adds whole records to a partition.
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
                // One large record must not keep its memory.
                partition.memory = Vec::new();
            }
        }
        self.size = 0;
        Ok(())
    }

    fn read(&self, block: Block, buffer: &mut Vec<u8>) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let start = buffer.len();
        buffer.resize(start + block.length, 0);
        file.seek(SeekFrom::Start(block.offset))?;
        file.read_exact(&mut buffer[start..])
    }

    /// All records of a partition.
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

    /// The records of a partition that are in memory: all of them, if the spill [is resident](Self::is_resident).
    pub(crate) fn resident(&mut self, partition: usize) -> &mut [u8] {
        &mut self.partitions[partition].memory
    }
}

/// Merges the partitions by a number that grows within each.
#[derive(Debug)]
pub(crate) struct Merge {
    spill: Arc<Spill>,
    cursors: Vec<Cursor>,
    next: BinaryHeap<Reverse<(u64, usize)>>,
    /// The length of the record at the start of the bytes, and its number.
    split: fn(&[u8]) -> (usize, u64),
}

/// A place in a partition.
#[derive(Debug, Default)]
struct Cursor {
    block: usize,
    bytes: Vec<u8>,
    at: usize,
}

impl Merge {
    pub(crate) fn new(spill: Arc<Spill>, split: fn(&[u8]) -> (usize, u64)) -> io::Result<Self> {
        let cursors = std::iter::repeat_with(Cursor::default).take(PARTITIONS).collect();
        let mut merge = Self { spill, cursors, next: BinaryHeap::new(), split };
        for partition in 0..PARTITIONS {
            merge.advance(partition)?;
        }
        Ok(merge)
    }

    /// The number of the next record.
    pub(crate) fn peek(&self) -> Option<u64> {
        self.next.peek().map(|Reverse((number, _))| *number)
    }

    /// The next record.
    pub(crate) fn next<T>(&mut self, decode: impl FnOnce(&[u8]) -> T) -> io::Result<Option<T>> {
        let Some(Reverse((_, partition))) = self.next.pop() else { return Ok(None) };
        let rest = self.rest(partition);
        let (length, _) = (self.split)(rest);
        let record = decode(&rest[..length]);
        self.cursors[partition].at += length;
        self.advance(partition)?;
        Ok(Some(record))
    }

    fn rest(&self, partition: usize) -> &[u8] {
        let Cursor { block, bytes, at } = &self.cursors[partition];
        let Partition { blocks, memory } = &self.spill.partitions[partition];
        // Behind the last block are the records in memory, which need no copy.
        if *block > blocks.len() { &memory[*at..] } else { &bytes[*at..] }
    }

    /// Goes to the next record of a partition.
    fn advance(&mut self, partition: usize) -> io::Result<()> {
        while self.rest(partition).is_empty() {
            let cursor = &mut self.cursors[partition];
            let blocks = &self.spill.partitions[partition].blocks;
            if cursor.block > blocks.len() {
                return Ok(());
            }
            cursor.at = 0;
            cursor.bytes.clear();
            match blocks.get(cursor.block) {
                Some(block) => self.spill.read(*block, &mut cursor.bytes)?,
                None => cursor.bytes = Vec::new(),
            }
            cursor.block += 1;
        }
        let (_, number) = (self.split)(self.rest(partition));
        self.next.push(Reverse((number, partition)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_by_partition_and_in_order_whether_they_fit_in_memory_or_not() {
        // A record is its number, in eight bytes.
        fn split(bytes: &[u8]) -> (usize, u64) {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[..8]);
            (8, u64::from_le_bytes(number))
        }
        for room in [0, 100, 5_000, usize::MAX] {
            let mut spill = Spill::new(room);
            for number in 0..3_000_u64 {
                let partition = (number * 7919 % 251) as usize;
                spill.push(partition, &number.to_le_bytes()).unwrap();
            }
            assert_eq!(spill.is_resident(), room == usize::MAX);
            let all: usize = (0..PARTITIONS).map(|partition| spill.load(partition).unwrap().len()).sum();
            assert_eq!(all, 3_000 * 8);
            let mut merge = Merge::new(Arc::new(spill), split).unwrap();
            for number in 0..3_000 {
                assert_eq!(merge.peek(), Some(number), "room {room}");
                assert_eq!(merge.next(|record| split(record).1).unwrap(), Some(number));
            }
            assert_eq!((merge.peek(), merge.next(|_| ()).unwrap()), (None, None));
        }
    }
}
