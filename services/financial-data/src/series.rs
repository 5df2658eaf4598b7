//! A series and its source: what is measured, by whom, how often.

use chrono::{DateTime, NaiveDate, Utc};
pub use contracts::series::{SeriesId, SourceId};

/// The source of rows that name none.
pub const DEFAULT_SOURCE: &str = "default";

/// Who publishes series.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Derived from the name.
    pub id: SourceId,
    /// Unique whatever its case, at most 100 characters, for instance `FRED`.
    pub name: String,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// Where its data can be found.
    pub url: Option<String>,
    /// When it was first named here.
    pub created_at: DateTime<Utc>,
    /// When it was last changed here.
    pub updated_at: DateTime<Utc>,
}

impl Source {
    /// What a source can be called, for refusals. A colon ends it in `SOURCE:EXTERNAL_ID`.
    pub const NAMING: &str = "1 to 100 printable characters without a colon";

    /// Whether a source can have this name.
    pub fn may_be_called(name: &str) -> bool {
        let is_plain = |letter: char| letter != ':' && !letter.is_control();
        !name.trim().is_empty() && name.chars().count() <= 100 && name.chars().all(is_plain)
    }
}

/// How often a series has an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, async_graphql::Enum)]
#[serde(rename_all = "lowercase")]
#[graphql(name = "SeriesFrequency")]
pub enum Frequency {
    /// Every day or every business day.
    Daily,
    /// Every week.
    Weekly,
    /// Every other week.
    Biweekly,
    /// Every month.
    Monthly,
    /// Every quarter.
    Quarterly,
    /// Every half year.
    Semiannual,
    /// Every year.
    Annual,
    /// At no fixed distance.
    Irregular,
    /// Not known, or none of these.
    Other,
}

impl Frequency {
    /// Every frequency, from often to seldom.
    pub const ALL: [Self; 9] = [
        Self::Daily,
        Self::Weekly,
        Self::Biweekly,
        Self::Monthly,
        Self::Quarterly,
        Self::Semiannual,
        Self::Annual,
        Self::Irregular,
        Self::Other,
    ];

    /// Its name in lower case, for instance `quarterly`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Biweekly => "biweekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Semiannual => "semiannual",
            Self::Annual => "annual",
            Self::Irregular => "irregular",
            Self::Other => "other",
        }
    }

    /// Reads a name or FRED's short form (`d w bw m q sa a`), whatever its case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let short = match text.as_str() {
            "d" => Self::Daily,
            "w" => Self::Weekly,
            "bw" => Self::Biweekly,
            "m" => Self::Monthly,
            "q" => Self::Quarterly,
            "sa" => Self::Semiannual,
            "a" | "yearly" => Self::Annual,
            name => return Self::ALL.into_iter().find(|frequency| frequency.as_str() == name),
        };
        Some(short)
    }

    /// Observations in a year, for growth rates; `None` where there is no fixed number.
    pub fn per_year(self) -> Option<u32> {
        match self {
            Self::Daily => Some(260),
            Self::Weekly => Some(52),
            Self::Biweekly => Some(26),
            Self::Monthly => Some(12),
            Self::Quarterly => Some(4),
            Self::Semiannual => Some(2),
            Self::Annual => Some(1),
            Self::Irregular | Self::Other => None,
        }
    }
}

/// What is measured. The seed calls it `EconomicSeries` in its model and `FinancialSeries` in its API.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Derived from source and external id.
    pub id: SeriesId,
    /// Who publishes it.
    pub source_id: SourceId,
    /// What its source calls it, at most 255 characters.
    pub external_id: String,
    /// At most 500 characters.
    pub title: String,
    /// At most 20,000 characters.
    pub description: Option<String>,
    /// At most 100 characters, for instance `Billions of Dollars`.
    pub units: Option<String>,
    /// How often it has an observation.
    pub frequency: Frequency,
    /// At most 100 characters, as the source calls it.
    pub seasonal_adjustment: Option<String>,
    /// First observation date, as the source declares it.
    pub start_date: Option<NaiveDate>,
    /// Last observation date, as the source declares it.
    pub end_date: Option<NaiveDate>,
    /// Whether the source still publishes it.
    pub is_active: bool,
    /// Anything else the source says, as a JSON object of at most 64 KiB.
    pub metadata: Option<serde_json::Value>,
    /// When it was first named here.
    pub created_at: DateTime<Utc>,
    /// When its description was last changed here.
    pub updated_at: DateTime<Utc>,
}
