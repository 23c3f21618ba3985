//! `sort.Sort`: a pattern-defeating quicksort whose order of equal elements Kargo's users can see.
//!
//! A stable sort would be nicer, but a template that picks the first of several equal elements must pick
//! the one that Kargo picks. The steps are those of Go 1.19 and later.

/// Sorts `items` into the order in which Go leaves them; `less` may fail, which stops the sort.
///
/// # Errors
/// The first error of `less`; `items` then holds all its elements in some order.
pub fn sort_by<T, E>(items: &mut [T], less: impl FnMut(&T, &T) -> Result<bool, E>) -> Result<(), E> {
    let length = items.len();
    let bad_choices = usize::BITS - length.leading_zeros();
    Sorter { items, less }.sort(0, length, bad_choices)
}

/// Up to this length insertion sort is used, and equal elements keep their order.
const INSERTION_LENGTH: usize = 12;
/// From this length on the pivot is a median of medians, and shifting elements pays.
const LONG: usize = 50;
/// Out-of-order pairs that an almost sorted range may have.
const REPAIRS: usize = 5;

#[derive(Clone, Copy, PartialEq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

struct Sorter<'a, T, F> {
    items: &'a mut [T],
    less: F,
}

impl<T, E, F: FnMut(&T, &T) -> Result<bool, E>> Sorter<'_, T, F> {
    fn less(&mut self, i: usize, j: usize) -> Result<bool, E> {
        (self.less)(&self.items[i], &self.items[j])
    }

    /// Sorts `start..end`. The shorter part is done by recursion, so the depth is logarithmic.
    fn sort(&mut self, mut start: usize, mut end: usize, mut bad_choices: u32) -> Result<(), E> {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = end - start;
            if length <= INSERTION_LENGTH {
                return self.insertion_sort(start, end);
            }
            if bad_choices == 0 {
                return self.heap_sort(start, end);
            }
            if !balanced {
                self.break_patterns(start, end);
                bad_choices -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(start, end)?;
            if hint == Hint::Decreasing {
                self.items[start..end].reverse();
                pivot = (end - 1) - (pivot - start);
                hint = Hint::Increasing;
            }
            if balanced && partitioned && hint == Hint::Increasing && self.repair(start, end)? {
                return Ok(());
            }
            // The element before the range is not smaller than the pivot: the pivot is the minimum.
            if start > 0 && !self.less(start - 1, pivot)? {
                start = self.partition_equal(start, end, pivot)?;
                continue;
            }
            let (middle, untouched) = self.partition(start, end, pivot)?;
            partitioned = untouched;
            let (left, right) = (middle - start, end - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.sort(start, middle, bad_choices)?;
                start = middle + 1;
            } else {
                self.sort(middle + 1, end, bad_choices)?;
                end = middle;
            }
        }
    }

    fn insertion_sort(&mut self, start: usize, end: usize) -> Result<(), E> {
        for i in start + 1..end {
            let mut j = i;
            while j > start && self.less(j, j - 1)? {
                self.items.swap(j, j - 1);
                j -= 1;
            }
        }
        Ok(())
    }

    fn heap_sort(&mut self, start: usize, end: usize) -> Result<(), E> {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, start)?;
        }
        for last in (0..length).rev() {
            self.items.swap(start, start + last);
            self.sift_down(0, last, start)?;
        }
        Ok(())
    }

    fn sift_down(&mut self, mut root: usize, end: usize, first: usize) -> Result<(), E> {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return Ok(());
            }
            if child + 1 < end && self.less(first + child, first + child + 1)? {
                child += 1;
            }
            if !self.less(first + root, first + child)? {
                return Ok(());
            }
            self.items.swap(first + root, first + child);
            root = child;
        }
    }

    /// Moves the pivot between the smaller and the other elements; also says whether nothing else moved.
    fn partition(&mut self, start: usize, end: usize, pivot: usize) -> Result<(usize, bool), E> {
        self.items.swap(start, pivot);
        let (mut i, mut j) = (start + 1, end - 1);
        let mut untouched = true;
        loop {
            while i <= j && self.less(i, start)? {
                i += 1;
            }
            while i <= j && !self.less(j, start)? {
                j -= 1;
            }
            if i > j {
                self.items.swap(j, start);
                return Ok((j, untouched));
            }
            self.items.swap(i, j);
            untouched = false;
            i += 1;
            j -= 1;
        }
    }

    /// Moves the elements equal to the pivot, which is the minimum, to the front; says where they end.
    fn partition_equal(&mut self, start: usize, end: usize, pivot: usize) -> Result<usize, E> {
        self.items.swap(start, pivot);
        let (mut i, mut j) = (start + 1, end - 1);
        loop {
            while i <= j && !self.less(start, i)? {
                i += 1;
            }
            while i <= j && self.less(start, j)? {
                j -= 1;
            }
            if i > j {
                return Ok(i);
            }
            self.items.swap(i, j);
            i += 1;
            j -= 1;
        }
    }

    /// Tries to finish an almost sorted range with a few shifts; says whether it is sorted.
    fn repair(&mut self, start: usize, end: usize) -> Result<bool, E> {
        let mut i = start + 1;
        for _ in 0..REPAIRS {
            while i < end && !self.less(i, i - 1)? {
                i += 1;
            }
            if i == end {
                return Ok(true);
            }
            if end - start < LONG {
                return Ok(false);
            }
            self.items.swap(i, i - 1);
            if i - start >= 2 {
                // Go goes on below `start`: what is there is smaller, so it stops at once.
                let mut j = i - 1;
                while j >= 1 && self.less(j, j - 1)? {
                    self.items.swap(j, j - 1);
                    j -= 1;
                }
            }
            let mut j = i + 1;
            while j < end && self.less(j, j - 1)? {
                self.items.swap(j, j - 1);
                j += 1;
            }
        }
        Ok(false)
    }

    /// Scatters three elements around the middle, with random numbers that depend on the length only.
    fn break_patterns(&mut self, start: usize, end: usize) {
        let length = end - start;
        let mask = (1_u64 << (usize::BITS - length.leading_zeros())) - 1; // a range never has 2^63 elements
        let mut random = length as u64;
        let middle = start + length / 4 * 2;
        for at in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = (random & mask) as usize;
            if other >= length {
                other -= length;
            }
            self.items.swap(at, start + other);
        }
    }

    /// The range is longer than [`INSERTION_LENGTH`].
    fn choose_pivot(&mut self, start: usize, end: usize) -> Result<(usize, Hint), E> {
        const MOST_SWAPS: u32 = 12;
        let length = end - start;
        let quarter = length / 4;
        let mut swaps = 0;
        let mut at = [start + quarter, start + quarter * 2, start + quarter * 3];
        if length >= LONG {
            for i in &mut at {
                *i = self.median(*i - 1, *i, *i + 1, &mut swaps)?;
            }
        }
        let pivot = self.median(at[0], at[1], at[2], &mut swaps)?;
        let hint = match swaps {
            0 => Hint::Increasing,
            MOST_SWAPS => Hint::Decreasing,
            _ => Hint::Unknown,
        };
        Ok((pivot, hint))
    }

    fn median(&mut self, a: usize, b: usize, c: usize, swaps: &mut u32) -> Result<usize, E> {
        let (a, b) = self.ordered(a, b, swaps)?;
        let (b, _) = self.ordered(b, c, swaps)?;
        Ok(self.ordered(a, b, swaps)?.1)
    }

    fn ordered(&mut self, a: usize, b: usize, swaps: &mut u32) -> Result<(usize, usize), E> {
        let swap = self.less(b, a)?;
        *swaps += u32::from(swap);
        Ok(if swap { (b, a) } else { (a, b) })
    }
}

#[cfg(test)]
mod tests {
    use super::sort_by;
    use std::convert::Infallible;

    fn order(keys: impl IntoIterator<Item = i64>) -> Vec<usize> {
        let mut items: Vec<(i64, usize)> = keys.into_iter().enumerate().map(|(i, k)| (k, i)).collect();
        sort_by::<_, Infallible>(&mut items, |a, b| Ok(a.0 < b.0)).unwrap();
        assert!(items.is_sorted_by_key(|item| item.0));
        items.into_iter().map(|item| item.1).collect()
    }

    #[test]
    fn short_input_is_stable() {
        assert_eq!(order([2, 1, 2, 1, 0]), [4, 1, 3, 0, 2]);
        assert!(order([]).is_empty());
    }

    /// The corpus' `sortBy(rows, .k)`: 24 rows whose key is their index modulo 4.
    #[test]
    fn ties_leave_as_in_go() {
        let keys = (0..24).map(|i| i % 4);
        let expected = [12, 20, 4, 0, 8, 16, 1, 21, 5, 17, 9, 13, 6, 14, 10, 18, 2, 22, 11, 15, 7, 19, 3, 23];
        assert_eq!(order(keys), expected);
    }

    #[test]
    fn an_error_stops_the_sort() {
        let mut items: Vec<i64> = (0..100).rev().collect();
        let result = sort_by(&mut items, |a, b| if *a == 50 { Err("fifty") } else { Ok(a < b) });
        assert_eq!(result, Err("fifty"));
        items.sort_unstable();
        assert!(items.into_iter().eq(0..100));
    }

    #[test]
    fn every_shape_of_input_ends_sorted() {
        for length in [13, 49, 50, 51, 200, 1000] {
            order(0..length);
            order((0..length).rev());
            order((0..length).map(|i| i % 3));
            order((0..length).map(|i| i * 7919 % 1009));
            order((0..length).map(|i| (i - length / 2).abs()));
        }
    }
}
