//! Names that are made here: unique, and following from what they name, so that nothing draws lots.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use ulid::Ulid;

/// A number that follows from `text`.
pub(super) fn number(text: &str) -> u64 {
    Sha256::digest(text).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A uid in Kubernetes' form that follows from `text`.
pub(super) fn uid(text: &str) -> String {
    let hex: String = Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The time and the random part of a new Promotion's ULID: `now` and bits that follow from `text`, or the very
/// next ULID after that of `newest`, the Stage's newest Promotion, where that is not older than `now`. So the
/// names of a Stage's Promotions always sort in the order of their making, also where the clock stands still.
pub(super) fn next_ulid(now: Timestamp, text: &str, newest: Option<&str>) -> (Timestamp, u128) {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let newest = newest.and_then(ulid_of).filter(|newest| newest.timestamp_ms() >= millis);
    match newest.and_then(|newest| newest.increment().ok()) {
        None => {
            let bits =
                Sha256::digest(text).iter().take(10).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
            (now, bits)
        }
        Some(next) => {
            let millis = i64::try_from(next.timestamp_ms()).unwrap_or(i64::MAX);
            (Timestamp::from_millisecond(millis).unwrap_or(now), next.random())
        }
    }
}

/// The ULID in a Promotion's name: `<stage>.<ulid>.<freight>`, where the Stage's name may hold dots.
fn ulid_of(promotion: &str) -> Option<Ulid> {
    Ulid::from_string(&promotion.rsplit('.').nth(1)?.to_uppercase()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::promotion_name;

    #[test]
    fn names_sort_in_the_order_of_their_making() {
        let mut names: Vec<String> = Vec::new();
        for millis in [1000, 1000, 1000, 500, 2000] {
            let now = Timestamp::from_millisecond(millis).unwrap();
            let text = format!("{}", names.len());
            let (at, random) = next_ulid(now, &text, names.last().map(String::as_str));
            let ulid = Ulid::from_parts(at.as_millisecond().unsigned_abs(), random);
            names.push(promotion_name("prod.eu", None, ulid, "0123456789"));
        }
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[test]
    fn uids_follow_from_their_text() {
        assert_eq!(uid("a"), uid("a"));
        assert_ne!(uid("a"), uid("b"));
        assert_eq!(uid("a").split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
