//! Which series come, and in which order: words, typos, numbers, synonyms.

use super::*;

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
