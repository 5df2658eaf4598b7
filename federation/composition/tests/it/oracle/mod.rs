//! The corpus through our composer and through the peers from npm.

mod corpus;
mod normal;
mod peers;

use std::collections::BTreeSet;

use federation_composition::compose;

pub(crate) use self::corpus::link;
use self::{
    corpus::{Case, load},
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
        details.extend(differing_lines(
            &normal(&ours.supergraph_sdl, scope),
            &normal(theirs, scope),
        ));
        if let Some(theirs) = &outcome.api {
            let pair = (normal(&ours.api_sdl, Scope::Whole), normal(theirs, Scope::Whole));
            details.extend(
                differing_lines(&pair.0, &pair.1)
                    .into_iter()
                    .map(|it| format!("api {it}")),
            );
        }
        if !details.is_empty() {
            answer = "supergraph".to_owned();
        }
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
