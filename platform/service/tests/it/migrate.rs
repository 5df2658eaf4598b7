//! Migrations, run without opening a service.

use platform_error::{Code, Error};
use platform_service::{Context, Service};

use crate::host;

fn service(name: &'static str, outcome: Result<&'static [&'static str], &'static str>) -> Service {
    Service::new(name, 0)
        .open(async |_: Context| -> Result<(), Error> { panic!("nobody opens it") })
        .migrate(move |context: Context| async move {
            let name = context.service();
            match outcome {
                Ok(applied) => Ok(applied.iter().map(|one| format!("{name}/{one}")).collect()),
                Err(reason) => Err(Error::new(Code::Conflict, reason)),
            }
        })
        .into()
}

#[tokio::test]
async fn each_service_migrates_what_it_keeps_and_says_what_was_done() {
    let (_folder, host) = host("");
    let without = Service::new("third", 0).open(async |_: Context| Ok::<_, Error>(()));
    let services = [
        service("first", Ok(&["0001_a", "0002_b"])),
        service("second", Ok(&[])),
        without.into(),
    ];

    let done = host.services(services).migrate().await.unwrap();

    let expected = [
        ("first", vec!["first/0001_a".to_owned(), "first/0002_b".to_owned()]),
        ("second", Vec::new()),
    ];
    assert_eq!(done, expected.into());
}

#[tokio::test]
async fn the_first_that_fails_ends_it() {
    let (_folder, host) = host("");
    let services = [
        service("first", Err("a column is in use")),
        service("second", Ok(&["0001_a"])),
    ];

    let error = host.services(services).migrate().await.unwrap_err();

    assert_eq!((error.code(), error.message()), (Code::Conflict, "a column is in use"));
}
