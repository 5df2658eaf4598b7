//! What subgraphs are sent is valid for their schemas.

use std::collections::HashMap;

use platform_config::Duration;

use crate::support::{
    corpus,
    random::{self, Operations},
    strict::{Strict, documents},
};

const BUDGET: Duration = Duration::from_secs(20);
/// No supergraph says what a subgraph calls its own root, so a fragment on it cannot be written.
const UNKNOWN: &str = "provides/condition_on_renamed_root";

#[test]
fn every_document_of_a_plan_over_the_corpus_is_valid_for_its_subgraph() {
    let (mut judged, mut refused) = (0, Vec::new());
    for case in corpus::cases().filter(|case| case.name != UNKNOWN) {
        let subgraphs = case.subgraphs.iter();
        let strict: HashMap<&str, Strict> = subgraphs.map(|it| (it.name.as_str(), Strict::new(&it.sdl))).collect();
        let schema = random::schema(&case.api_sdl);
        for seed in 10..20 {
            let query = Operations::new(&schema, seed).query();
            let Ok(plan) = case.supergraph.plan(&query, None, BUDGET) else {
                continue;
            };
            let plan = serde_json::to_value(&plan).expect("a plan can be written");
            for (subgraph, document) in documents(&plan) {
                judged += 1;
                let refusal = strict[subgraph].refusal(document);
                refused.extend(refusal.map(|refusal| format!("{}: {query}: {subgraph}: {refusal}", case.name)));
            }
        }
    }

    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(judged > 1_000, "only {judged} were judged");
}
