//! The order of keys: letters before digits only outside numbers, numbers by their value.

use std::convert::Infallible;

use serde_json::{Map, Value};

use crate::go::sort::sort_by;
use crate::go::unicode::{is_digit, is_letter};

pub(super) fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    // The order is not a total one for odd keys: start from the same order each time, and sort as Go does.
    entries.sort_unstable_by_key(|(key, _)| *key);
    let Ok(()) = sort_by::<_, Infallible>(&mut entries, |(a, _), (b, _)| Ok(is_less(a, b)));
    entries
}

fn is_less(a: &str, b: &str) -> bool {
    let [a, b] = [a, b].map(|key| key.chars().collect::<Vec<char>>());
    match a.iter().zip(&b).position(|(x, y)| x != y) {
        None => a.len() < b.len(),
        Some(at) => is_less_at(&a, &b, at),
    }
}

/// Compares two keys at the first character that differs.
fn is_less_at(a: &[char], b: &[char], at: usize) -> bool {
    match (is_letter(a[at]), is_letter(b[at])) {
        (true, true) => return a[at] < b[at],
        (false, false) => {}
        (a_is_letter, b_is_letter) => {
            let after_digit = at > 0 && is_digit(a[at - 1]);
            return if after_digit { a_is_letter } else { b_is_letter };
        }
    }
    let zero_differs = a[at] == '0' || b[at] == '0';
    // Zeros inside a number count, zeros in front of it do not.
    let number_before = a[..at].iter().rev().take_while(|c| is_digit(**c)).any(|c| *c != '0');
    let start = i64::from(zero_differs && number_before);
    let (a_number, a_length) = number(&a[at..], start);
    let (b_number, b_length) = number(&b[at..], start);
    (a_number, a_length, a[at]) < (b_number, b_length, b[at])
}

/// The value and the length of the digits in front; long ones wrap around, as in Go.
fn number(text: &[char], start: i64) -> (i64, usize) {
    let digits = text.iter().take_while(|c| is_digit(**c));
    digits.fold((start, 0), |(number, length), c| {
        let digit = i64::from(u32::from(*c)) - i64::from(u32::from('0'));
        (number.wrapping_mul(10).wrapping_add(digit), length + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_natural_order() {
        let expected =
            ["", "-", "_x", "1", "9", "10", "A", "B", "a", "a2", "a10", "a10b", "aa", "b", "b1", "b01", "é"];
        let map: Map<String, Value> = expected.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
        let keys: Vec<&str> = sorted(&map).into_iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, expected);
    }
}
