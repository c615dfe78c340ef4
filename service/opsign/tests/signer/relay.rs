//! A TCP relay that can be cut: what is between two programs in other networks.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Relay {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: Mutex<Option<SocketAddr>>,
    streams: Mutex<Vec<TcpStream>>,
    /// Bytes that are let through before everything is cut; negative is no limit.
    budget: AtomicI64,
    cuts: AtomicUsize,
    frozen: AtomicBool,
}

impl Relay {
    /// A relay to `target`; with none it refuses.
    pub fn new(target: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            streams: Mutex::default(),
            budget: AtomicI64::new(-1),
            cuts: AtomicUsize::new(0),
            frozen: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let Some(target) = *accepting.target.lock().unwrap() else { continue };
                let Ok(other) = TcpStream::connect(target) else { continue };
                for stream in [&stream, &other] {
                    stream.set_nodelay(true).unwrap();
                    accepting.streams.lock().unwrap().push(stream.try_clone().unwrap());
                }
                let ends = (stream.try_clone().unwrap(), other.try_clone().unwrap());
                for (mut from, mut to) in [(stream, other), (ends.1, ends.0)] {
                    let shared = Arc::clone(&accepting);
                    std::thread::spawn(move || shared.copy(&mut from, &mut to));
                }
            }
        });
        Self { address, shared }
    }

    pub fn set_target(&self, target: Option<SocketAddr>) {
        *self.shared.target.lock().unwrap() = target;
    }

    /// Ends every connection now.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Passes nothing on any more, and ends nothing: a way that is gone without a word.
    pub fn freeze(&self, frozen: bool) {
        self.shared.frozen.store(frozen, Ordering::SeqCst);
    }

    /// Ends every connection after so many bytes more, wherever that is.
    pub fn cut_after(&self, bytes: i64) {
        self.shared.budget.store(bytes, Ordering::SeqCst);
    }

    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap().drain(..) {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn copy(&self, from: &mut TcpStream, to: &mut TcpStream) {
        let mut buffer = [0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let mut through = read;
            while self.frozen.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            if self.budget.load(Ordering::SeqCst) >= 0 {
                let left = self.budget.fetch_sub(read as i64, Ordering::SeqCst);
                if left < read as i64 {
                    through = usize::try_from(left).unwrap_or(0);
                }
            }
            if to.write_all(&buffer[..through]).is_err() {
                break;
            }
            if through < read {
                self.budget.store(-1, Ordering::SeqCst);
                self.cut();
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
