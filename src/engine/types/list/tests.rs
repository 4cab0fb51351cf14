use super::*;
use alloc::vec::Vec;

#[test]
fn behaves_like_a_vector() {
    let mut state = 11u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    for fill in [-1, -2, 3, 0] {
        let fill = Fill::new(fill);
        let mut list = List::default();
        let mut model: Vec<Vec<u8>> = Vec::new();
        for _ in 0..500 {
            let size = [1, 5, 300, 5000, 9000][random(5) as usize];
            let element = alloc::vec![b'a' + random(3) as u8; size];
            let position = random(model.len() as u64 + 1) as usize;
            list.expect([&element[..]].into_iter(), fill);
            match random(9) {
                0 | 1 => {
                    list.push(End::Left, &element, fill);
                    model.insert(0, element);
                }
                2 | 3 => {
                    list.push(End::Right, &element, fill);
                    model.push(element);
                }
                4 if position < model.len() => {
                    let behind = random(2) == 1;
                    list.insert(position, behind, &element, fill);
                    model.insert(position + usize::from(behind), element);
                }
                5 if position < model.len() => {
                    assert!(list.set(position, &element, fill));
                    model[position] = element;
                }
                6 => {
                    let count = random(4) as usize;
                    list.remove(position, count);
                    model.drain(position..(position + count).min(model.len()));
                    list.shrink(fill);
                }
                7 => {
                    let count = random(3) as usize + 1;
                    let from = if random(2) == 0 { End::Left } else { End::Right };
                    let removed = list.remove_equal(from, &element, count);
                    let mut expected = 0;
                    while expected < count {
                        let found = match from {
                            End::Left => model.iter().position(|e| *e == element),
                            End::Right => model.iter().rposition(|e| *e == element),
                        };
                        let Some(found) = found else { break };
                        model.remove(found);
                        expected += 1;
                    }
                    assert_eq!(removed, expected);
                    list.shrink(fill);
                }
                _ => {
                    let read: Vec<_> = list.walk(End::Right, position).map(|e| e.text().to_vec()).collect();
                    assert!(read.iter().eq(model.iter().rev().skip(position)));
                    assert_eq!(list.get(position).map(|e| e.text().to_vec()), model.get(position).cloned());
                }
            }
            assert_eq!(list.len(), model.len());
            assert_eq!(list.payload, list.nodes.iter().map(|node| node.allocated()).sum::<usize>());
            assert!(list.walk(End::Left, 0).map(|e| e.text().to_vec()).eq(model.iter().cloned()));
        }
    }
}
