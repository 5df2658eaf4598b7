//! What a gateway of a system in production shows of itself.

use federation_gateway::Source;
use platform_http::{Client, ClientSettings};

use crate::support::{process::Process, serve, shop, supergraph};

const ON: &str = "gateway.http = { introspection = true, explorer = true }";

#[tokio::test]
async fn in_production_the_schema_is_told_where_the_settings_say_so_and_else_not() {
    let (folder, shop) = (tempfile::tempdir().unwrap(), shop::products());
    let (file, address) = (folder.path().join("supergraph.graphql"), serve(shop.router).await);
    std::fs::write(&file, supergraph(&[("products", &shop.sdl, address)])).unwrap();
    let client = Client::new(&ClientSettings::default()).unwrap();
    for (settings, shown) in [
        ("host.production = true", false),
        (&*format!("host.production = true\n{ON}"), true),
        ("", true),
    ] {
        let process = Process::start(Some(Source::File(file.clone())), settings)
            .await
            .unwrap();
        let url = format!("http://{}/graphql", process.running.addresses()["gateway"]);

        let (_, told) = process.ask(&[], "{ __schema { queryType { name } } }").await;
        let page = client.get(&url).header("accept", "text/html").send().await;
        let file = client.get(&format!("{url}/schema.graphql")).send().await;

        assert_eq!(told["data"].is_object(), shown, "{settings}: {told}");
        assert_eq!(page.unwrap().status().is_success(), shown, "{settings}");
        assert_eq!(file.unwrap().status().is_success(), shown, "{settings}");
        let (status, _) = process.ask(&[], "{ topProducts(first: 1) { name } }").await;
        assert_eq!(status, 200);
        process.running.stop().await;
    }
}
