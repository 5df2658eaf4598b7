//! Places near a place: a box that an index of latitude and longitude answers, then the exact distance.

use sea_orm::{ColumnTrait, Condition};

/// The mean radius of the earth in kilometres (IUGG).
const EARTH: f64 = 6371.0088;

/// A place on the earth in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Degrees north, from -90 to 90.
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    pub longitude: f64,
}

impl Place {
    /// A place, or nothing when the degrees are outside the earth.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_one = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_one.then_some(Self { latitude, longitude })
    }

    /// The distance over the ground in kilometres, by the haversine formula: within 0.5 per cent, for the earth is not
    /// quite a sphere.
    pub fn distance(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let turn = (other.longitude - self.longitude).to_radians();
        let half = ((to - from) / 2.0).sin().powi(2) + from.cos() * to.cos() * (turn / 2.0).sin().powi(2);
        2.0 * EARTH * half.sqrt().min(1.0).asin()
    }

    /// What rows must satisfy to be at most `kilometres` away: a box around the circle, so that some are further. Give
    /// every row the exact [`Place::distance`] afterwards.
    pub fn around<C: ColumnTrait>(self, kilometres: f64, (latitude, longitude): (C, C)) -> Condition {
        let high = (kilometres / EARTH).to_degrees();
        let (south, north) = (self.latitude - high, self.latitude + high);
        let tall = Condition::all().add(latitude.between(south, north));
        if south <= -90.0 || north >= 90.0 {
            // A pole is within: every longitude is near it.
            return tall;
        }
        let turn = (kilometres / EARTH).sin() / self.latitude.to_radians().cos();
        if kilometres / EARTH >= std::f64::consts::FRAC_PI_2 || turn >= 1.0 {
            return tall;
        }
        let wide = turn.asin().to_degrees();
        let (west, east) = (self.longitude - wide, self.longitude + wide);
        match (west < -180.0, east > 180.0) {
            (true, _) => tall.add(either(longitude, west + 360.0, east)),
            (_, true) => tall.add(either(longitude, west, east - 360.0)),
            _ => tall.add(longitude.between(west, east)),
        }
    }
}

/// Across the antimeridian a box has two parts.
fn either<C: ColumnTrait>(longitude: C, west: f64, east: f64) -> Condition {
    Condition::any().add(longitude.gte(west)).add(longitude.lte(east))
}
