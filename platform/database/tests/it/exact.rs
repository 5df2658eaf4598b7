//! Decimals that no database makes a float of.

use platform_database::{Exact, orm::EntityTrait};
use proptest::prelude::*;

use crate::support::{Entity, person, places, store};

#[tokio::test]
async fn every_digit_of_a_decimal_comes_back() {
    let texts = [
        "1234567890123456789.0123456789",
        "-0.10",
        "0.1",
        "79228162514264337593543950335",
        "1.500",
    ];
    for place in places("").await {
        let db = place.open().await;
        let people: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(at, text)| {
                let mut person = person(&place.context, &format!("p{at}"));
                person.balance = text.parse().unwrap();
                person
            })
            .collect();
        store(&db, people.clone()).await;

        for (person, text) in people.iter().zip(texts) {
            let read = Entity::find_by_id(person.id).one(db.read()).await.unwrap().unwrap();
            assert_eq!(read.balance.to_string(), text);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_and_not_rounded() {
    let too_fine = format!("0.{}1", "0".repeat(28));
    for text in ["79228162514264337593543950336", too_fine.as_str(), "1e5", "NaN", ""] {
        assert!(text.parse::<Exact>().is_err(), "{text}");
    }
}

#[test]
fn a_number_that_has_been_a_float_is_refused() {
    assert!(serde_json::from_str::<Exact>("0.1").is_err());
    assert_eq!(serde_json::from_str::<Exact>("\"0.10\"").unwrap().to_string(), "0.10");
    assert_eq!(serde_json::from_str::<Exact>("12").unwrap().to_string(), "12");
}

proptest! {
    #[test]
    fn text_and_back_is_the_same(units in any::<i64>(), digits in 0_u32..20) {
        let exact = Exact(rust_decimal::Decimal::from_i128_with_scale(units.into(), digits));

        let json = serde_json::to_string(&exact).unwrap();

        prop_assert_eq!(serde_json::from_str::<Exact>(&json).unwrap().to_string(), exact.to_string());
    }
}
