//! A clock that a test moves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kargo_core::clock::Clock;

/// A clock that stands still until it is moved; sleeping moves it. Cloning shares it.
///
/// ```
/// use std::time::Duration;
/// use kargo_core::clock::Clock as _;
///
/// let clock = kargo_test::FakeClock::default();
/// let begun = clock.now();
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().duration_since(begun).as_secs(), 90);
/// ```
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Mutex<Timestamp>>);

impl FakeClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
    }
}

/// Stands at 2024-01-01T00:00:00Z.
impl Default for FakeClock {
    fn default() -> Self {
        Self::at(Timestamp::UNIX_EPOCH + Duration::from_secs(1_704_067_200))
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        // Others get their turn, as while a real clock runs.
        tokio::task::yield_now().await;
    }
}
