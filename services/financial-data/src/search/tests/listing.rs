//! What is searched, how a search is narrowed and paged, and how the index follows its series.

use super::*;

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

    assert_eq!(library.index.reader.searcher().num_docs(), 1);
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
