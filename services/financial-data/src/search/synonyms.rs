//! The words of economists that mean the same, or nearly.

use std::collections::HashMap;

use super::words::Words;

/// Each line holds names of one thing: whoever asks for one is shown the others as well.
const SAME: &[&[&str]] = &[
    &["gdp", "gross domestic product"],
    &["gnp", "gross national product"],
    &["gni", "gross national income"],
    &["cpi", "consumer price index", "consumer prices"],
    &[
        "hicp",
        "harmonized index of consumer prices",
        "harmonised index of consumer prices",
    ],
    &[
        "core inflation",
        "core cpi",
        "less food and energy",
        "excluding food and energy",
    ],
    &["ppi", "producer price index", "producer prices"],
    &["pce", "personal consumption expenditures"],
    &[
        "hpi",
        "house price index",
        "home price index",
        "house prices",
        "home prices",
        "residential property prices",
    ],
    &["pmi", "purchasing managers index"],
    &["ip", "indpro", "industrial production", "industrial production index"],
    &["unemployment", "jobless", "joblessness"],
    &["unemployment rate", "jobless rate"],
    &[
        "payrolls",
        "nonfarm payrolls",
        "nfp",
        "nonfarm employment",
        "all employees total nonfarm",
    ],
    &["claims", "initial claims", "jobless claims", "unemployment claims"],
    &["jolts", "job openings"],
    &["wages", "earnings", "pay"],
    &["fed funds", "federal funds", "ffr"],
    &["fed", "federal reserve", "frb"],
    &["treasury", "government bond"],
    &[
        "treasury yield",
        "government bond yield",
        "market yield on us treasury securities",
    ],
    &["tbill", "t bill", "treasury bill"],
    &["tips", "inflation indexed", "inflation protected securities"],
    &["fx", "forex", "exchange rate", "foreign exchange rate"],
    &["m1", "m1 money stock", "m1 money supply"],
    &["m2", "m2 money stock", "m2 money supply"],
    &["money stock", "money supply"],
    &["trade balance", "balance of trade", "net exports"],
    &["current account", "balance of payments"],
    &["repo", "repurchase agreements"],
    &["rrp", "reverse repo", "reverse repurchase agreements"],
    &["sofr", "secured overnight financing rate"],
    &["sonia", "sterling overnight index average"],
    &[
        "iorb",
        "interest on reserve balances",
        "interest rate on reserve balances",
    ],
    &["sp 500", "sp500", "standard and poor 500"],
    &["dow jones", "djia"],
    &["nasdaq", "nasdaqcom"],
    &["vix", "volatility index"],
    &["oil", "crude oil", "petroleum", "wti", "brent"],
    &["gas", "gasoline", "petrol"],
    &["mortgage", "mortgages", "home loan"],
    &["cars", "automobiles", "autos", "motor vehicles"],
    &["us", "usa", "united states", "america"],
    &["uk", "united kingdom", "great britain", "britain"],
    &["euro area", "eurozone", "ea19", "ea20"],
    &["eu", "european union"],
    &["seasonally adjusted", "sa"],
    &["not seasonally adjusted", "nsa", "unadjusted"],
    &["3m", "3 month"],
    &["6m", "6 month"],
    &["1y", "1 year"],
    &["2y", "2 year"],
    &["5y", "5 year"],
    &["10y", "10 year"],
    &["30y", "30 year"],
    &["annual", "yearly"],
    &["labor", "labour"],
    &["harmonized", "harmonised"],
    &["percent", "per cent", "pct"],
];

/// Each line holds names of things that are close: those found by another name come further down.
const NEAR: &[&[&str]] = &[
    &[
        "inflation",
        "cpi",
        "consumer price index",
        "consumer prices",
        "pce price index",
        "deflator",
    ],
    &["yield", "treasury", "government bond"],
    &["interest rate", "fed funds", "federal funds rate", "discount rate"],
    &["output", "gdp", "gross domestic product", "industrial production"],
    &["growth", "percent change", "growth rate"],
    &["jobs", "employment", "payrolls", "all employees"],
    &["stocks", "equities", "share prices", "stock market"],
    &["housing", "house", "home", "residential"],
    &["recession", "business cycle"],
    &["money", "m1", "m2", "monetary base"],
    &["bitcoin", "crypto", "cryptocurrency"],
    &["spending", "expenditures", "consumption"],
    &["retail", "retail sales", "retail trade"],
];

const SAME_WEIGHT: f32 = 0.9;
const NEAR_WEIGHT: f32 = 0.45;

/// Another way to say a phrase: the stems of its words, and how much it counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Synonym {
    pub(super) stems: Vec<String>,
    pub(super) weight: f32,
}

/// The tables above by their stems, so that `house prices` is found as `house price`.
pub(super) struct Synonyms {
    by_phrase: HashMap<Vec<String>, Vec<Synonym>>,
    longest: usize,
}

impl Synonyms {
    pub(super) fn new(words: &mut Words) -> Self {
        let mut synonyms = Self {
            by_phrase: HashMap::new(),
            longest: 0,
        };
        for (lines, weight) in [(SAME, SAME_WEIGHT), (NEAR, NEAR_WEIGHT)] {
            for line in lines {
                let phrases: Vec<_> = line.iter().map(|phrase| stems(words, phrase)).collect();
                synonyms.add(&phrases, weight);
            }
        }
        synonyms
    }

    fn add(&mut self, phrases: &[Vec<String>], weight: f32) {
        for phrase in phrases {
            self.longest = self.longest.max(phrase.len());
            let known = self.by_phrase.entry(phrase.clone()).or_default();
            for other in phrases.iter().filter(|other| *other != phrase) {
                if !known.iter().any(|synonym| synonym.stems == *other) {
                    known.push(Synonym {
                        stems: other.clone(),
                        weight,
                    });
                }
            }
        }
    }

    /// The longest phrase at the start of `stems` that the tables know: its length and what else it is called.
    pub(super) fn at_start(&self, stems: &[String]) -> Option<(usize, &[Synonym])> {
        (1..=self.longest.min(stems.len())).rev().find_map(|length| {
            self.by_phrase
                .get(&stems[..length])
                .map(|synonyms| (length, synonyms.as_slice()))
        })
    }
}

fn stems(words: &mut Words, phrase: &str) -> Vec<String> {
    let all = words.all(phrase);
    all.iter()
        .filter(|word| !super::words::is_small(word))
        .map(|word| words.stem(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_line_leads_to_every_other() {
        let mut words = Words::new();
        let synonyms = Synonyms::new(&mut words);
        for line in SAME.iter().chain(NEAR) {
            for phrase in *line {
                let asked = stems(&mut words, phrase);
                assert!(!asked.is_empty(), "{phrase} has no word");
                let (length, found) = synonyms.at_start(&asked).expect("every name is known");
                assert_eq!(length, asked.len(), "{phrase}");
                for other in line.iter().filter(|other| *other != phrase) {
                    let other = stems(&mut words, other);
                    assert!(
                        other == asked || found.iter().any(|synonym| synonym.stems == other),
                        "{phrase}"
                    );
                }
            }
        }
    }
}
