//! Time as the engine sees it: the only way to "now" and to waiting.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// A source of the current time and of waiting. Tests pass a fake one (`kargo_test::FakeClock`).
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The current instant.
    fn now(&self) -> Timestamp;

    /// Returns once `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock; sleeping uses tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
