//! Sockets that hold a thread for a bounded time, however slow the peer is. A socket's own
//! timeouts bound one call only, and start again with each byte.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Most bytes that are read in one time slice.
const MAX_SLICE: usize = 64 << 10;
/// Most bytes that are read and discarded when a connection is closed.
const MAX_DISCARDED: usize = 64 << 10;
/// Longest time for that.
const CLOSING: Duration = Duration::from_millis(500);
/// Longest time until a connection notices that it is over.
const CLOSING_SLICE: Duration = Duration::from_millis(10);

/// A socket that is read and written until a deadline.
pub struct DeadlineStream<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl<'a> DeadlineStream<'a> {
    /// Sets the deadline to this long from now.
    pub fn new(stream: &'a TcpStream, timeout: Duration) -> DeadlineStream<'a> {
        DeadlineStream {
            stream,
            deadline: Instant::now() + timeout,
        }
    }
}

impl Read for DeadlineStream<'_> {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        let left = time_left(self.deadline)?;
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(part)
    }
}

impl Write for DeadlineStream<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let left = time_left(self.deadline)?;
        self.stream.set_write_timeout(Some(left))?;
        self.stream.write(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn time_left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

/// Closes a connection so that the peer receives everything that was sent: unread input
/// would reset the connection. Does not wait for the peer once `is_over` returns true.
pub fn close_gracefully(stream: &TcpStream, is_over: impl Fn() -> bool) {
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let deadline = Instant::now() + CLOSING;
    let (mut part, mut discarded) = ([0; 4096], 0);
    while discarded < MAX_DISCARDED && !is_over() && time_left(deadline).is_ok() {
        match DeadlineStream::new(stream, CLOSING_SLICE).read(&mut part) {
            Ok(count @ 1..) => discarded += count,
            Err(error) if is_incomplete(&error) => {}
            _ => return,
        }
    }
}

/// Returns whether a read has to be continued later.
pub fn is_incomplete(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

/// A client's socket, which is read and written in time slices. A message may take many.
pub struct SlicedStream {
    stream: TcpStream,
    /// Length of a slice for reading.
    slice: Duration,
    read_deadline: Instant,
    write_deadline: Instant,
    /// Bytes received since [`SlicedStream::take_received`].
    received: usize,
}

impl SlicedStream {
    /// Wraps a socket from which `received` bytes were read already. A call waits at most
    /// `slice` for input, and also for room to write until [`SlicedStream::set_stall`].
    pub fn new(stream: TcpStream, received: usize, slice: Duration) -> io::Result<SlicedStream> {
        stream.set_read_timeout(Some(slice))?;
        stream.set_write_timeout(Some(slice))?;
        let now = Instant::now();
        Ok(SlicedStream {
            stream,
            slice,
            read_deadline: now,
            write_deadline: now,
            received,
        })
    }

    /// Sets the longest wait for room to write.
    pub fn set_stall(&self, stall: Duration) -> io::Result<()> {
        self.stream.set_write_timeout(Some(stall))
    }

    /// Allows reading for one slice.
    pub fn begin_reading(&mut self) {
        self.read_deadline = Instant::now() + self.slice;
    }

    /// Allows writing for this long.
    pub fn begin_writing(&mut self, timeout: Duration) {
        self.write_deadline = Instant::now() + timeout;
    }

    /// Returns the number of bytes received since the last call.
    pub fn take_received(&mut self) -> usize {
        std::mem::take(&mut self.received)
    }

    /// The socket itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Read for SlicedStream {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        if self.received >= MAX_SLICE || Instant::now() >= self.read_deadline {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.stream.read(part)?;
        self.received += count;
        Ok(count)
    }
}

impl Write for SlicedStream {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        time_left(self.write_deadline)?;
        self.stream.write(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (one, listener.accept().unwrap().0)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_slice_ends_after_its_bytes() {
        let (here, mut there) = pair();
        let mut stream = SlicedStream::new(here, 0, LONG).unwrap();
        stream.begin_reading();
        there.write_all(&vec![0; MAX_SLICE + 1]).unwrap();
        let mut part = [0; 1024];
        let nothing = loop {
            match stream.read(&mut part) {
                Ok(count) => assert!(count > 0),
                Err(error) => break error.kind(),
            }
        };
        assert_eq!(nothing, io::ErrorKind::WouldBlock);
        assert!((MAX_SLICE..MAX_SLICE + part.len()).contains(&stream.take_received()));
    }

    #[test]
    fn a_slice_ends_after_its_time() {
        let (here, mut there) = pair();
        there.write_all(&[0; 8]).unwrap();
        let mut stream = SlicedStream::new(here, 0, Duration::from_nanos(1)).unwrap();
        stream.begin_reading();
        stream.begin_writing(Duration::ZERO);
        let kind = |result: io::Result<usize>| result.unwrap_err().kind();
        while Instant::now() < stream.read_deadline {}
        assert_eq!(kind(stream.read(&mut [0])), io::ErrorKind::WouldBlock);
        assert_eq!(kind(stream.write(&[0])), io::ErrorKind::TimedOut);
        let mut stream = DeadlineStream::new(&there, Duration::ZERO);
        assert_eq!(kind(stream.read(&mut [0])), io::ErrorKind::TimedOut);
        assert_eq!(kind(stream.write(&[0])), io::ErrorKind::TimedOut);
    }
}
