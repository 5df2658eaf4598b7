//! Places near a place.

use platform_database::{
    geo::Place,
    orm::{EntityTrait, QueryFilter},
};

use crate::support::{Column, Entity, person, places, store};

#[test]
fn a_distance_is_the_one_on_the_map() {
    let (berlin, paris) = (Place::new(52.52, 13.405).unwrap(), Place::new(48.8566, 2.3522).unwrap());

    let kilometres = berlin.distance(paris);

    assert!((kilometres - 877.5).abs() < 2.0, "{kilometres}");
}

#[test]
fn degrees_outside_the_earth_are_no_place() {
    assert_eq!(Place::new(90.1, 0.0), None);
    assert_eq!(Place::new(0.0, f64::NAN), None);
}

#[tokio::test]
async fn a_box_misses_nothing_within_the_circle_anywhere_on_the_earth() {
    // A grid over the whole earth, poles and antimeridian included.
    let grid: Vec<_> = (-90..=90)
        .step_by(10)
        .flat_map(|latitude| (-180..=180).step_by(10).map(move |longitude| (latitude, longitude)))
        .collect();
    for at in places("").await {
        let db = at.open().await;
        let people = grid.iter().enumerate().map(|(number, (latitude, longitude))| {
            let mut person = person(&at.context, &format!("p{number}"));
            (person.latitude, person.longitude) = (f64::from(*latitude), f64::from(*longitude));
            person
        });
        store(&db, people).await;
        for (latitude, longitude) in [(0.0, 0.0), (48.0, 179.5), (-33.0, -179.0), (84.0, 12.0), (-90.0, 0.0)] {
            let center = Place::new(latitude, longitude).unwrap();
            for kilometres in [900.0, 2_500.0] {
                let near = center.around(kilometres, (Column::Latitude, Column::Longitude));

                let found = Entity::find().filter(near).all(db.read()).await.unwrap();

                let within =
                    |latitude, longitude| center.distance(Place::new(latitude, longitude).unwrap()) <= kilometres;
                let expected = grid
                    .iter()
                    .filter(|(a, o)| within(f64::from(*a), f64::from(*o)))
                    .count();
                let exact = found.iter().filter(|row| within(row.latitude, row.longitude)).count();
                assert_eq!(exact, expected, "around {center:?} within {kilometres} km");
                assert!(found.len() < grid.len() / 2, "the box is no filter");
            }
        }
    }
}
