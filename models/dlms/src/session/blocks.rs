//! Answers and requests that are longer than an APDU.

use dlms_cosem_rs::xdlms::DataAccessResult;

/// Largest request that a meter puts together from blocks, bytes.
pub const UPLOAD_MAX: usize = 64 * 1024;

/// Largest answer that a meter cuts into blocks, bytes; one attribute may go beyond it, a list ends before its next item.
pub const DOWNLOAD_MAX: usize = 256 * 1024;

/// A long answer on its way out, block by block.
#[derive(Debug)]
pub struct Download {
    bytes: Vec<u8>,
    sent: usize,
    block: u32,
}

impl Download {
    /// Nothing of it is sent yet.
    pub fn new(bytes: Vec<u8>) -> Self {
        Download { bytes, sent: 0, block: 0 }
    }
    /// Number of the block sent last.
    pub fn block(&self) -> u32 {
        self.block
    }

    /// Memory that it takes.
    pub fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }
    /// The next block of at most `room` bytes: its number, whether it is the last, its bytes.
    pub fn next(&mut self, room: usize) -> (u32, bool, &[u8]) {
        let from = self.sent;
        self.sent = (from + room).min(self.bytes.len());
        self.block += 1;
        (self.block, self.sent == self.bytes.len(), &self.bytes[from..self.sent])
    }
}

/// What a long request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// SET of one attribute.
    Set,
    /// SET of several.
    SetList,
    /// ACTION on one object.
    Action,
    /// ACTION on several.
    ActionList,
}

/// A long request on its way in.
#[derive(Debug)]
pub struct Upload {
    /// What it is for.
    pub purpose: Purpose,
    /// Descriptors, encoded.
    pub descriptors: Vec<u8>,
    bytes: Vec<u8>,
    block: u32,
}

impl Upload {
    /// Memory that it takes.
    pub fn held_bytes(&self) -> usize {
        self.bytes.capacity() + self.descriptors.capacity()
    }

    /// A request whose descriptors are known; blocks follow.
    pub fn new(purpose: Purpose, descriptors: Vec<u8>) -> Self {
        Upload { purpose, descriptors, bytes: Vec::new(), block: 0 }
    }
    /// Takes a block.
    ///
    /// # Errors
    /// The block is not the next one, or the request is longer than a meter takes.
    pub fn take(&mut self, number: u32, bytes: &[u8]) -> Result<(), DataAccessResult> {
        if number != self.block.wrapping_add(1) {
            return Err(DataAccessResult::DataBlockNumberInvalid);
        }
        if self.bytes.len() + bytes.len() > UPLOAD_MAX {
            return Err(DataAccessResult::LongSetAborted);
        }
        self.block = number;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
    /// What was put together.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_add_up_to_the_whole() {
        let whole: Vec<u8> = (0..250).collect();
        let mut download = Download::new(whole.clone());
        let (mut put, mut last) = (Vec::new(), false);
        while !last {
            let (_, is_last, bytes) = download.next(60);
            put.extend_from_slice(bytes);
            last = is_last;
        }
        assert_eq!((put, download.block()), (whole, 5));
    }

    #[test]
    fn an_upload_takes_blocks_in_order_and_not_for_ever() {
        let mut upload = Upload::new(Purpose::Set, Vec::new());
        assert_eq!(upload.take(2, &[1]), Err(DataAccessResult::DataBlockNumberInvalid));
        let block = [0; 1_000];
        let refused = (1..).find(|&n| upload.take(n, &block).is_err()).unwrap();
        assert_eq!(refused as usize, UPLOAD_MAX / 1_000 + 1);
    }
}
