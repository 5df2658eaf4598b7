//! The periods that observations can be put together to.

use super::calendar::{first_day, month};
use crate::series::Frequency;

/// A period of the calendar, by FRED's names. Weeks and fortnights carry the date of their last day,
/// longer periods that of their first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, async_graphql::Enum)]
#[serde(rename_all = "snake_case")]
#[graphql(name = "AggregationPeriod")]
pub enum Period {
    /// `w`: weeks ending on Friday.
    Weekly,
    /// `bw`: fortnights ending on Wednesday.
    Biweekly,
    /// `m`: months.
    Monthly,
    /// `q`: quarters.
    Quarterly,
    /// `sa`: half years.
    Semiannual,
    /// `a`: years.
    Annual,
    /// `wef`: weeks ending on Friday.
    WeeklyEndingFriday,
    /// `weth`: weeks ending on Thursday.
    WeeklyEndingThursday,
    /// `wew`: weeks ending on Wednesday.
    WeeklyEndingWednesday,
    /// `wetu`: weeks ending on Tuesday.
    WeeklyEndingTuesday,
    /// `wem`: weeks ending on Monday.
    WeeklyEndingMonday,
    /// `wesu`: weeks ending on Sunday.
    WeeklyEndingSunday,
    /// `wesa`: weeks ending on Saturday.
    WeeklyEndingSaturday,
    /// `bwew`: fortnights ending on Wednesday, in step with 1984-02-15, the end of the first reserve maintenance period.
    BiweeklyEndingWednesday,
    /// `bwem`: fortnights ending on Monday, two days before those that end on Wednesday.
    BiweeklyEndingMonday,
}

/// What becomes of the observations of a period.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "snake_case")]
#[graphql(name = "AggregationMethod")]
pub enum Method {
    /// `avg`: their arithmetic mean.
    #[default]
    Average,
    /// `sum`: their sum.
    Sum,
    /// `eop`: the last of them.
    EndOfPeriod,
}

enum Cut {
    /// So many days, one of which ended on this day.
    Days(i32, i32),
    /// So many months.
    Months(i32),
}

/// 1984-02-15, a Wednesday, in days since 1970-01-01.
const MAINTENANCE: i32 = 5158;

impl Period {
    const CODES: [(&'static str, Self); 15] = [
        ("w", Self::Weekly),
        ("bw", Self::Biweekly),
        ("m", Self::Monthly),
        ("q", Self::Quarterly),
        ("sa", Self::Semiannual),
        ("a", Self::Annual),
        ("wef", Self::WeeklyEndingFriday),
        ("weth", Self::WeeklyEndingThursday),
        ("wew", Self::WeeklyEndingWednesday),
        ("wetu", Self::WeeklyEndingTuesday),
        ("wem", Self::WeeklyEndingMonday),
        ("wesu", Self::WeeklyEndingSunday),
        ("wesa", Self::WeeklyEndingSaturday),
        ("bwew", Self::BiweeklyEndingWednesday),
        ("bwem", Self::BiweeklyEndingMonday),
    ];

    /// FRED's code, for instance `wef`.
    pub fn as_str(self) -> &'static str {
        Self::CODES
            .iter()
            .find(|(_, period)| *period == self)
            .map_or("", |(code, _)| code)
    }

    /// Reads FRED's code or the name of a frequency, whatever its case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let named = |period: Self| period.frequency().as_str() == text;
        let by_code = Self::CODES.iter().find(|(code, _)| *code == text);
        by_code
            .or_else(|| Self::CODES.iter().find(|(_, period)| named(*period)))
            .map(|(_, period)| *period)
    }

    /// The frequency of a series of such periods.
    pub fn frequency(self) -> Frequency {
        match self.cut() {
            Cut::Days(7, _) => Frequency::Weekly,
            Cut::Days(..) => Frequency::Biweekly,
            Cut::Months(1) => Frequency::Monthly,
            Cut::Months(3) => Frequency::Quarterly,
            Cut::Months(6) => Frequency::Semiannual,
            Cut::Months(_) => Frequency::Annual,
        }
    }

    /// The date that the period around `day` carries.
    pub(super) fn date(self, day: i32) -> i32 {
        match self.cut() {
            Cut::Days(length, ended) => day + (ended - day).rem_euclid(length),
            Cut::Months(length) => first_day(month(day).div_euclid(length) * length),
        }
    }

    /// Whether it says on which day of the week it ends.
    pub(super) fn names_its_end(self) -> bool {
        matches!(self.cut(), Cut::Days(..)) && !matches!(self, Self::Weekly | Self::Biweekly)
    }

    fn cut(self) -> Cut {
        match self {
            // 1970-01-01, day 0, was a Thursday.
            Self::WeeklyEndingThursday => Cut::Days(7, 0),
            Self::Weekly | Self::WeeklyEndingFriday => Cut::Days(7, 1),
            Self::WeeklyEndingSaturday => Cut::Days(7, 2),
            Self::WeeklyEndingSunday => Cut::Days(7, 3),
            Self::WeeklyEndingMonday => Cut::Days(7, 4),
            Self::WeeklyEndingTuesday => Cut::Days(7, 5),
            Self::WeeklyEndingWednesday => Cut::Days(7, 6),
            Self::Biweekly | Self::BiweeklyEndingWednesday => Cut::Days(14, MAINTENANCE),
            Self::BiweeklyEndingMonday => Cut::Days(14, MAINTENANCE - 2),
            Self::Monthly => Cut::Months(1),
            Self::Quarterly => Cut::Months(3),
            Self::Semiannual => Cut::Months(6),
            Self::Annual => Cut::Months(12),
        }
    }
}

impl Method {
    /// FRED's code, for instance `eop`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Average => "avg",
            Self::Sum => "sum",
            Self::EndOfPeriod => "eop",
        }
    }

    /// Reads FRED's code, whatever its case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        [Self::Average, Self::Sum, Self::EndOfPeriod]
            .into_iter()
            .find(|method| method.as_str() == text)
    }
}
