//! What crawls add, stored, is what was crawled.

use super::*;

/// Crawls by the day they were made on.
fn crawls() -> impl Strategy<Value = BTreeMap<i32, Vec<(i32, Option<Value>)>>> {
    let value = prop_oneof![Just(None), Just(number("1")), Just(number("7"))];
    let crawl = proptest::collection::btree_map(0..9_i32, value, 1..9).prop_map(Vec::from_iter);
    proptest::collection::btree_map(0..10_i32, crawl, 1..4)
}

proptest! {
    #[test]
    fn storing_the_changes_of_crawls_makes_each_of_them_known(model in model(), crawls in crawls()) {
        let (before, mut stored) = (history(&model), model);
        let mut walk = before.known();
        for (&day, crawl) in &crawls {
            let changes = walk.crawl(day, crawl.iter().copied());
            for &index in &changes.changed {
                prop_assert_ne!(known(&stored, crawl[index].0, day).map(|known| known.1), Some(crawl[index].1));
                stored.insert((crawl[index].0, day), crawl[index].1);
            }
            walk.withdraw(&changes.absent);
            stored.extend(changes.absent.iter().map(|&date| ((date, day), None)));
        }

        let after = history(&stored);
        let mut again = after.known();
        for (&day, crawl) in &crawls {
            let span = DateRange { start: Some(crawl[0].0), end: Some(crawl[crawl.len() - 1].0) };
            let numbers = |point: Observation| Some((point.date, point.value?));
            let now: Vec<_> = after.as_of(day, span).iter().filter_map(numbers).collect();
            let crawled: Vec<_> = crawl.iter().filter_map(|row| Some((row.0, row.1?))).collect();
            prop_assert_eq!(now, crawled);
            prop_assert_eq!(again.crawl(day, crawl.iter().copied()), Changes::default());
        }
    }
}
