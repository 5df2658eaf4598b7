//! The corpus through our composer and through the peers from npm.

mod corpus;
mod hints;
mod normal;
mod npm;
mod peers;

use std::collections::BTreeSet;

use federation_composition::{Code, Composition, HintCode, compose};

pub(crate) use self::corpus::link;
use self::{
    corpus::{Case, load},
    hints::differing_hints,
    normal::{Scope, differing_lines, normal},
    peers::Outcome,
};

#[test]
fn each_case_of_the_corpus_composes_as_it_says() {
    let cases = load();

    let wrong = cases.iter().filter_map(|case| {
        let (outcome, messages) = ours(case);
        (outcome != case.expects).then(|| format!("{}: expects {}, is {outcome}{messages}", case.name, case.expects))
    });
    let wrong: Vec<String> = wrong.collect();

    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_code_has_a_case() {
    // Its case is too long for the corpus: `satisfiability.rs` has it.
    let mut met = BTreeSet::from([Code::MaxValidationSubgraphPathsExceeded.as_str()]);
    let cases = load();
    for case in &cases {
        met.extend(case.expects.split(", "));
        let hints = compose(&case.subgraphs).map(|it| it.hints).unwrap_or_default();
        met.extend(hints.iter().map(|it| it.code.as_str()));
    }

    let codes = Code::ALL.iter().map(|it| it.as_str());
    let codes = codes.chain(HintCode::ALL.iter().map(|it| it.as_str()));
    let without: Vec<_> = codes.filter(|it| !met.contains(it)).collect();

    assert!(without.is_empty(), "no case has {without:?}");
}

#[test]
fn each_peer_agrees_or_the_corpus_explains_why_not() {
    let cases = load();

    let Some(answers) = peers::ask(cases.iter().map(|it| it.subgraphs.as_slice())) else {
        return;
    };

    let mut wrong = Vec::new();
    for (case, answers) in cases.iter().zip(&answers) {
        wrong.extend(disagreement(case, "apollo", &answers.apollo, Scope::Whole));
        wrong.extend(disagreement(case, "guild", &answers.guild, Scope::WithoutMachinery));
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is not explained about a peer's answer to a case.
fn disagreement(case: &Case, peer: &str, outcome: &Outcome, scope: Scope) -> Option<String> {
    let codes: BTreeSet<_> = outcome.errors.iter().map(|it| it.code.as_str()).collect();
    let codes: Vec<_> = codes.into_iter().collect();
    let mut answer = match codes.as_slice() {
        [] => "valid".to_owned(),
        codes => codes.join(", "),
    };
    let mut details: Vec<String> = outcome.errors.iter().map(|it| it.message.clone()).collect();
    if let (Some(theirs), Ok(ours)) = (&outcome.supergraph, compose(&case.subgraphs)) {
        let schemas = differing_schemas(&ours, theirs, outcome.api.as_deref(), scope);
        let hints = outcome.hints.as_ref().map(|it| differing_hints(&ours.hints, it));
        let hints = hints.unwrap_or_default();
        let differs = [("supergraph", !schemas.is_empty()), ("hints", !hints.is_empty())];
        let differs = differs.into_iter().filter(|(_, differs)| *differs);
        let differs: Vec<_> = differs.map(|(what, _)| what).collect();
        if !differs.is_empty() {
            answer = differs.join(", ");
        }
        details.extend(schemas.into_iter().chain(hints));
    }
    let answer = (answer != case.expects).then_some(answer);
    (answer.as_deref() != case.difference(peer)).then(|| {
        let said = answer.as_deref().unwrap_or("agrees");
        let known = case.difference(peer).unwrap_or("agreement");
        format!(
            "{}: {peer} {said}, expected {known}\n    {}",
            case.name,
            details.join("\n    ")
        )
    })
}

/// The lines in which what we compose differs from a peer's supergraph and API.
fn differing_schemas(ours: &Composition, supergraph: &str, api: Option<&str>, scope: Scope) -> Vec<String> {
    let mut lines = differing_lines(&normal(&ours.supergraph_sdl, scope), &normal(supergraph, scope));
    if let Some(api) = api {
        let seen = differing_lines(&normal(&ours.api_sdl, Scope::Whole), &normal(api, Scope::Whole));
        lines.extend(seen.into_iter().map(|it| format!("api {it}")));
    }
    lines
}

/// What our composer makes of a case, and its messages.
fn ours(case: &Case) -> (String, String) {
    match compose(&case.subgraphs) {
        Ok(_) => ("valid".to_owned(), String::new()),
        Err(errors) => {
            let codes: BTreeSet<_> = errors.iter().map(|it| it.code.as_str()).collect();
            let codes: Vec<_> = codes.into_iter().collect();
            let messages: String = errors.iter().map(|it| format!("\n    {}", it.message)).collect();
            (codes.join(", "), messages)
        }
    }
}
