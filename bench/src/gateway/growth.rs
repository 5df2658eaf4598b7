//! How the cost of a request grows: with the length of a list, with depth, with the number of subgraphs.

use anyhow::{Result, ensure};

use super::{Gateways, Options, answer, answers::beside, body, load};
use crate::table::{Table, show};

/// Every step on both gateways.
pub(crate) async fn all(options: &Options, gateways: &Gateways, table: &mut Table) -> Result<()> {
    let lists = [1, 10, 100, 1_000].map(|length| (format!("a list of {length}"), list(length)));
    let depths = [1, 2, 4, 8].map(|levels| (format!("{levels} levels of reviews and products"), nested(levels)));
    let subgraphs = [1, 2, 3, 4].map(|count| (format!("a list of 100 from {count} subgraphs"), joined(count)));
    for (what, query) in lists.into_iter().chain(depths).chain(subgraphs) {
        let (ours, size) = answer(&gateways.alone, &query).await?;
        let mut processes = vec![&gateways.alone];
        if let Some(apollo) = &gateways.apollo {
            ensure!(answer(apollo, &query).await?.0 == ours, "both gateways answer the same");
            processes.push(apollo);
        }
        let costs = load::compare(&processes, &body(&query), options.measured.seconds / 3.0).await?;
        let theirs = costs.get(1).map(|cost| cost.cpu);
        table.add(
            format!("{what}, {:.1} kB: CPU per request", size as f64 / 1e3),
            show(costs[0].cpu),
            "",
            beside(costs[0].cpu, theirs),
        );
    }
    Ok(())
}

/// All four subgraphs for every product.
fn list(length: usize) -> String {
    format!(
        "{{ topProducts(first: {length}) {{ upc name price inStock shippingEstimate reviews {{ id body author {{ id name }} }} }} }}"
    )
}

/// One review of a product, its product, one review of that, and so on, each completed by two other subgraphs.
fn nested(levels: usize) -> String {
    let level =
        |inner: String, _| format!("upc name reviews(first: 1) {{ id author {{ name }} product {{ {inner} }} }}");
    let selection = (0..levels).fold("upc name".to_owned(), level);
    format!("{{ topProducts(first: 10) {{ {selection} }} }}")
}

fn joined(subgraphs: usize) -> String {
    let fields = ["upc name", "inStock", "reviews(first: 1) { id author { id } }", ""];
    let mut fields = fields[..subgraphs.min(3)].join(" ");
    if subgraphs == 4 {
        fields = fields.replace("author { id }", "author { id name }");
    }
    format!("{{ topProducts(first: 100) {{ {fields} }} }}")
}
