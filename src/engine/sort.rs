//! Sorting for lists that are short or rarely sorted, where size counts and not speed.
//!
//! The standard library's sorts adapt to whatever they meet and cost five to nine kilobytes for every type that they are used
//! with; the page pays for that on every visit. Here one heap sort works on positions, whatever lies there, and only the
//! comparison and the moves are made anew for each type. Equal elements keep their order.

use alloc::vec::Vec;

/// Sorts by `before`, which says whether one element must stand before another.
pub fn by<T>(items: &mut [T], before: impl Fn(&T, &T) -> bool) {
    let order = order(items.len(), &|a, b| before(&items[a], &items[b]));
    for place in 0..items.len() {
        // What stood at `order[place]` may have been swapped away since: then it is where that place took its own from.
        let mut from = order[place];
        while from < place {
            from = order[from];
        }
        items.swap(place, from);
    }
}

/// Sorts by a key.
pub fn by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    by(items, |a, b| key(a) < key(b));
}

/// The positions 0 to `len` in the order that `before` gives them.
fn order(len: usize, before: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let first = |a: usize, b: usize| before(a, b) || a < b && !before(b, a);
    let mut heap: Vec<usize> = (0..len).collect();
    let sink = |heap: &mut [usize], mut at: usize| {
        loop {
            let mut largest = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < heap.len() && first(heap[largest], heap[child]) {
                    largest = child;
                }
            }
            if largest == at {
                return;
            }
            heap.swap(at, largest);
            at = largest;
        }
    };
    for at in (0..len / 2).rev() {
        sink(&mut heap, at);
    }
    for end in (1..len).rev() {
        heap.swap(0, end);
        sink(&mut heap[..end], 0);
    }
    heap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_as_the_standard_library_does_and_keeps_the_order_of_equals() {
        let mut state = 7_u32;
        for len in 0..200 {
            let mut items: Vec<(u32, usize)> = (0..len)
                .map(|at| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 28, at)
                })
                .collect();
            let mut wanted = items.clone();
            wanted.sort_by_key(|item| item.0);
            by_key(&mut items, |item| item.0);
            assert_eq!(items, wanted);
        }
    }
}
