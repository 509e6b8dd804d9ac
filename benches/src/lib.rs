//! Workloads of the bench programs; each program in `src/bin` prints one JSON object.

pub mod datagrams;
pub mod dlms;
pub mod hostile;
pub mod ladder;
pub mod load;
pub mod maintenance;
pub mod memory;
pub mod mesh;
pub mod phold;
pub mod sweep;
pub mod validation;

/// A rayon pool of `threads` threads.
///
/// # Errors
/// The system refuses to start them.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build()
}
