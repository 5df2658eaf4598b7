//! Searches over the metadata of real series of FRED.

use std::sync::Arc;

use chrono::DateTime;

use super::*;

/// Real metadata as FRED's API gave it in 2024, from the recorded answers of pyfredapi 0.10.2 (MIT); notes are cut.
const SAMPLE: &str = include_str!("../../tests/data/series-sample.json");
const FRED: &str = "FRED";

fn series(external_id: &str, title: &str) -> Series {
    let source = SourceId::of(FRED);
    Series {
        id: SeriesId::of(source, external_id),
        source_id: source,
        external_id: external_id.to_owned(),
        title: title.to_owned(),
        description: None,
        units: None,
        frequency: Frequency::Monthly,
        seasonal_adjustment: None,
        start_date: None,
        end_date: None,
        is_active: true,
        metadata: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn sample() -> Vec<Arc<Series>> {
    let recorded: Vec<serde_json::Value> = serde_json::from_str(SAMPLE).unwrap();
    let read = |recorded: &serde_json::Value| {
        let text = |field: &str| recorded[field].as_str().map(str::to_owned);
        let title = text("title").unwrap();
        let frequency = text("frequency").unwrap();
        Arc::new(Series {
            description: text("notes"),
            units: text("units"),
            frequency: Frequency::parse(frequency.split(',').next().unwrap()).unwrap(),
            seasonal_adjustment: text("seasonal_adjustment"),
            is_active: !title.contains("DISCONTINUED"),
            metadata: Some(serde_json::json!({ "popularity": recorded["popularity"] })),
            ..series(&text("id").unwrap(), &title)
        })
    };
    recorded.iter().map(read).collect()
}

/// An index and the series in it.
struct Library {
    index: SearchIndex,
    series: Vec<Arc<Series>>,
}

impl Library {
    fn of(series: Vec<Arc<Series>>) -> Self {
        let library = Self {
            index: SearchIndex::new().unwrap(),
            series,
        };
        library
            .index
            .apply(
                &library
                    .series
                    .iter()
                    .map(|series| (series.clone(), FRED))
                    .collect::<Vec<_>>(),
                &[],
            )
            .unwrap();
        library
    }

    fn titled(titles: &[&str]) -> Self {
        Self::of(
            titles
                .iter()
                .enumerate()
                .map(|(at, title)| Arc::new(series(&format!("X{at}"), title)))
                .collect(),
        )
    }

    /// External ids of the hits, best first.
    fn ask(&self, query: Query<'_>) -> Vec<&str> {
        let hits = self
            .index
            .search(&Query {
                limit: if query.limit == 0 { 50 } else { query.limit },
                ..query
            })
            .unwrap();
        let name = |hit: &Hit| {
            self.series
                .iter()
                .find(|series| series.id == hit.id)
                .map(|series| series.external_id.as_str())
        };
        hits.hits.iter().map(|hit| name(hit).unwrap()).collect()
    }

    fn find(&self, text: &str) -> Vec<&str> {
        self.ask(Query {
            text,
            ..Query::default()
        })
    }

    /// Titles of the hits, best first.
    fn titles(&self, text: &str) -> Vec<&str> {
        let titles = self.find(text).into_iter().map(|id| {
            self.series
                .iter()
                .find(|series| series.external_id == id)
                .unwrap()
                .title
                .as_str()
        });
        titles.collect()
    }
}

#[test]
fn the_series_that_is_meant_comes_first() {
    let library = Library::of(sample());
    for (text, first) in [
        ("gdp", "GDP"),
        ("Gross Domestic Product", "GDP"),
        ("DGS10", "DGS10"),
        ("dgs10", "DGS10"),
        ("cpi", "CPIAUCSL"),
        ("consumer price index", "CPIAUCSL"),
        ("core inflation", "CPILFESL"),
        ("cpi less food and energy", "CPILFESL"),
        ("fed funds", "FEDFUNDS"),
        ("federal funds rate", "FEDFUNDS"),
        ("effective fed funds rate daily", "DFF"),
        ("fed funds upper limit", "DFEDTARU"),
        ("10 year treasury", "T10Y2Y"),
        ("10y treasury yield", "DGS10"),
        ("trade balance", "BOPGSTB"),
        ("S&P 500", "SP500"),
        ("dow jones", "DJIA"),
        ("bitcoin", "CBBTCUSD"),
        ("m2", "MSIM2"),
        ("recession", "USREC"),
        ("inflation germany", "FPCPITOTLZGDEU"),
        ("real gdp spain", "CLVMNACSCAB1GQES"),
        ("gdp greece", "CLVMNACSCAB1GQEL"),
        ("gasoline prices", "CUSR0000SETB01"),
        ("credit cards", "CCLACBW027SBOG"),
        ("moodys aaa", "AAA"),
        ("producer prices", "PIEAFD01SIM661N"),
        ("us inflation", "FPCPITOTLZGUSA"),
        ("Côte d’Ivoire", "FPCPITOTLZGCIV"),
        ("ecb deposit rate", "ECBDFR"),
    ] {
        assert_eq!(
            library.find(text).first(),
            Some(&first),
            "{text}: {:?}",
            library.titles(text)
        );
    }
}

#[test]
fn typos_and_beginnings_are_understood() {
    let library = Library::of(sample());
    for (text, first) in [
        ("recesion", "USREC"),
        ("reccesion", "USREC"),
        ("infl", "T10YIE"),
        ("gross domestc", "GDP"),
        ("grsos domestic product", "GDP"),
        ("tresury 10 year", "T10Y2Y"),
        ("bitcion", "CBBTCUSD"),
        ("reccessi", "USREC"),
        ("trade balnce", "BOPGSTB"),
        ("nikk", "NIKKEI225"),
        ("fedfun", "FEDFUNDS"),
    ] {
        assert_eq!(
            library.find(text).first(),
            Some(&first),
            "{text}: {:?}",
            library.titles(text)
        );
    }
}

#[test]
fn a_word_as_written_outranks_a_word_near_it() {
    let library = Library::titled(&["Hosing Equipment Sales of the Nation", "Housing", "Horsing Around"]);
    assert_eq!(
        library.titles("hosing")[..2],
        ["Hosing Equipment Sales of the Nation", "Housing"]
    );
    assert_eq!(library.titles("housing")[0], "Housing");
    assert_eq!(
        library.titles("houisng"),
        ["Housing"],
        "transposed letters are one typo"
    );
}

#[test]
fn short_words_and_numbers_have_no_typos() {
    let library = Library::titled(&["Oil", "Index 1984"]);
    assert!(library.titles("oim").is_empty());
    assert!(library.titles("1985").is_empty());
    assert_eq!(library.titles("oil"), ["Oil"]);
}

#[test]
fn names_of_one_thing_lead_to_each_other() {
    let library = Library::titled(&[
        "Unemployment Rate",
        "All Employees, Total Nonfarm",
        "S&P/Case-Shiller U.S. National Home Price Index",
        "Industrial Production: Total Index",
        "U.S. Dollars to Euro Spot Exchange Rate",
        "M2 Money Stock",
        "Personal Consumption Expenditures",
        "Labour Force in the United Kingdom",
    ]);
    for (text, first) in [
        ("jobless rate", "Unemployment Rate"),
        ("unemp", "Unemployment Rate"),
        ("nonfarm payrolls", "All Employees, Total Nonfarm"),
        ("house prices", "S&P/Case-Shiller U.S. National Home Price Index"),
        ("hpi", "S&P/Case-Shiller U.S. National Home Price Index"),
        ("ip", "Industrial Production: Total Index"),
        ("fx euro", "U.S. Dollars to Euro Spot Exchange Rate"),
        ("money supply", "M2 Money Stock"),
        ("pce", "Personal Consumption Expenditures"),
        ("labor force uk", "Labour Force in the United Kingdom"),
    ] {
        assert_eq!(library.titles(text).first(), Some(&first), "{text}");
    }
}

#[test]
fn a_search_can_be_narrowed() {
    let library = Library::of(sample());
    let all = Query {
        text: "monetary services index m2",
        ..Query::default()
    };
    assert!(library.ask(all).contains(&"MSIM2DS"));
    assert!(
        !library
            .ask(Query {
                active: Some(true),
                ..all
            })
            .contains(&"MSIM2DS")
    );
    assert_eq!(
        library.ask(Query {
            active: Some(false),
            ..all
        }),
        ["MSIM2DS"]
    );

    let funds = Query {
        text: "federal funds effective rate",
        ..Query::default()
    };
    assert_eq!(
        library.ask(Query {
            frequency: Some(Frequency::Daily),
            ..funds
        })[0],
        "DFF"
    );
    assert!(
        library
            .ask(Query {
                source: Some(SourceId::of("ECB")),
                ..funds
            })
            .is_empty()
    );
    assert_eq!(
        library.ask(Query {
            source: Some(SourceId::of("fred")),
            ..funds
        })[0],
        "FEDFUNDS"
    );

    let food = Query {
        text: "cpi all items",
        ..Query::default()
    };
    assert_eq!(
        library.ask(Query {
            seasonal_adjustment: Some("not seasonally adjusted"),
            ..food
        })[0],
        "CPIAUCNS"
    );
}

#[test]
fn pages_fit_together_and_the_total_is_that_of_all() {
    let library = Library::of(sample());
    let query = Query {
        text: "consumer price index",
        limit: 1_000,
        ..Query::default()
    };
    let whole = library.index.search(&query).unwrap();
    assert_eq!(whole.total, whole.hits.len());
    let mut pages = Vec::new();
    for offset in (0..whole.total).step_by(7) {
        let page = library
            .index
            .search(&Query {
                offset,
                limit: 7,
                ..query
            })
            .unwrap();
        assert_eq!(page.total, whole.total);
        pages.extend(page.hits);
    }
    assert_eq!(pages, whole.hits);
    let all = Query {
        limit: usize::MAX,
        ..query
    };
    assert_eq!(library.index.search(&all).unwrap(), whole);
    assert!(
        library
            .index
            .search(&Query {
                offset: usize::MAX,
                ..all
            })
            .unwrap()
            .hits
            .is_empty()
    );
    assert_eq!(
        library.index.search(&Query { limit: 0, ..query }).unwrap(),
        Hits {
            total: whole.total,
            hits: vec![]
        }
    );
}

#[test]
fn the_index_follows_its_series() {
    let library = Library::titled(&["Widgets Sold", "Gadgets Sold"]);
    let mut changed = (*library.series[0]).clone();
    changed.title = "Sprockets Sold".to_owned();
    library
        .index
        .apply(&[(Arc::new(changed), FRED)], &[library.series[1].id])
        .unwrap();

    assert_eq!(library.index.len(), 1);
    assert_eq!(library.find("sprockets"), ["X0"]);
    assert!(library.find("gadgets").is_empty() && library.find("widgets").is_empty());
}

#[test]
fn descriptions_tags_units_and_sources_are_searched_too() {
    let mut described = series("A", "Some Series");
    described.description = Some("Collected by the harbour master".to_owned());
    described.units = Some("Metric Tonnes".to_owned());
    described.metadata = Some(serde_json::json!({ "tags": ["shipping", "freight"], "popularity": 3 }));
    let library = Library::of(vec![
        Arc::new(described),
        Arc::new(series("B.SHIP-EUR", "Shipping Tonnes")),
    ]);

    assert_eq!(library.find("harbour"), ["A"]);
    assert_eq!(library.find("freight"), ["A"]);
    assert_eq!(
        library.find("shipping tonnes"),
        ["B.SHIP-EUR", "A"],
        "the title counts most"
    );
    assert_eq!(library.find("b.ship-eur"), ["B.SHIP-EUR"]);
    assert_eq!(library.find("eur"), ["B.SHIP-EUR"]);
    assert_eq!(library.find("fred").len(), 2);
}

#[test]
fn any_text_is_taken_as_words_and_what_is_no_search_is_refused() {
    let library = Library::of(sample());
    let search = |text: &str| {
        library.index.search(&Query {
            text,
            limit: 5,
            ..Query::default()
        })
    };
    for text in [
        "title:gdp AND (",
        "\"",
        "gdp~9 OR *:*",
        "[a TO z]",
        "gdp^1000",
        "\\",
        "a",
        "the",
        "\u{0}\u{ffff}x",
    ] {
        if let Err(error) = search(text) {
            assert!(matches!(error, SearchError::Empty), "{text}: {error}");
        }
    }
    for text in ["", "   ", "?!", "—"] {
        assert!(matches!(search(text), Err(SearchError::Empty)), "{text:?}");
    }
    assert!(search(&"x".repeat(200)).is_ok());
    assert!(matches!(search(&"x".repeat(201)), Err(SearchError::TooLong)));
    assert!(search(&"gdp ".repeat(12)).is_ok());
    assert!(matches!(search(&"gdp ".repeat(13)), Err(SearchError::TooLong)));
    assert_eq!(SearchError::Empty.code(), Code::Invalid);
}
