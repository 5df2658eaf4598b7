//! TLS 1.3 and mutual TLS, with certificates that change while connections are open.

mod secured;

use std::{fs, sync::Arc, time::Duration as Time};

use platform_config::Duration;
use platform_http::{Client, ClientSettings, Tls, TlsSettings, machine_tls};
use rustls::version::{TLS12, TLS13};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use secured::{Authority, Secured, ask, config, connect, shown, write};

#[tokio::test]
async fn the_newest_version_is_spoken_and_older_ones_are_refused() {
    let authority = Authority::new();
    let server = Secured::start(&authority, false).await;

    let mut newest = connect(&server.address, config(authority.roots(), &TLS13, None))
        .await
        .unwrap();
    let older = connect(&server.address, config(authority.roots(), &TLS12, None)).await;

    let told = ask(&mut newest).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    assert!(told.contains("strict-transport-security: max-age="), "{told}");
    assert!(older.is_err());
    drop(newest);
    server.stop().await;
}

#[tokio::test]
async fn plain_http_is_not_spoken_where_tls_is() {
    let authority = Authority::new();
    let server = Secured::start(&authority, false).await;
    let mut stream = TcpStream::connect(&server.address).await.unwrap();

    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();

    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told).await;
    assert!(!told.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&told));
    server.stop().await;
}

#[tokio::test]
async fn who_has_no_certificate_of_ours_is_not_served() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = Secured::start(&authority, true).await;
    let by = async |identity: Option<(String, String)>| {
        let mut stream = connect(&server.address, config(authority.roots(), &TLS13, identity)).await?;
        ask(&mut stream).await
    };

    let known = by(Some(authority.certify())).await;
    let nobody = by(None).await;
    let unknown = by(Some(stranger.certify())).await;

    assert!(known.is_ok(), "{known:?}");
    assert!(nobody.is_err() && unknown.is_err());
    server.stop().await;
}

#[tokio::test]
async fn operators_hear_why_a_certificate_is_not_believed_and_clients_do_not() {
    let server = Secured::start(&Authority::new(), false).await;
    let client = Client::new(&ClientSettings::default()).unwrap();

    let refused = client.send(client.get(&format!("https://{}/", server.address))).await;

    let error = refused.unwrap_err();
    assert!(error.in_full(500).contains("certificate"), "{}", error.in_full(500));
    assert!(!error.to_string().contains("certificate"), "{error}");
    server.stop().await;
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_who_comes_and_drops_nobody_who_is_there() {
    let authority = Authority::new();
    let server = Secured::start(&authority, false).await;
    let mut before = connect(&server.address, config(authority.roots(), &TLS13, None))
        .await
        .unwrap();
    ask(&mut before).await.unwrap();
    assert!(!server.tls.reload().unwrap());

    write(&server.file("own"), &authority.certify());
    assert!(server.tls.reload().unwrap());

    let mut after = connect(&server.address, config(authority.roots(), &TLS13, None))
        .await
        .unwrap();
    assert!(ask(&mut before).await.is_ok());
    assert!(ask(&mut after).await.is_ok());
    assert_ne!(shown(&before), shown(&after));
    drop((before, after));
    server.stop().await;
}

#[tokio::test]
async fn a_pair_that_is_half_written_changes_nothing() {
    let authority = Authority::new();
    let server = Secured::start(&authority, false).await;
    let before = connect(&server.address, config(authority.roots(), &TLS13, None))
        .await
        .unwrap();
    let (certificate, key) = authority.certify();

    fs::write(server.file("own.pem"), certificate).unwrap();

    assert!(server.tls.reload().is_err());
    let after = connect(&server.address, config(authority.roots(), &TLS13, None))
        .await
        .unwrap();
    assert_eq!(shown(&before), shown(&after));

    fs::write(server.file("own.key"), key).unwrap();
    assert!(server.tls.reload().unwrap());
    drop((before, after));
    server.stop().await;
}

#[tokio::test]
async fn certificates_are_looked_at_again_without_asking() {
    let authority = Authority::new();
    let server = Secured::start(&authority, false).await;
    let before = connect(&server.address, config(authority.roots(), &TLS13, None))
        .await
        .unwrap();
    let stop = CancellationToken::new();

    let changing = async {
        write(&server.file("own"), &authority.certify());
        for _ in 0..500 {
            tokio::time::sleep(Time::from_millis(20)).await;
            let after = connect(&server.address, config(authority.roots(), &TLS13, None))
                .await
                .unwrap();
            if shown(&after) != shown(&before) {
                stop.cancel();
                return true;
            }
        }
        stop.cancel();
        false
    };
    let (is_new, ()) = tokio::join!(changing, server.tls.clone().keep(stop.clone()));

    assert!(is_new);
    drop(before);
    server.stop().await;
}

#[tokio::test]
async fn calls_are_verified_by_our_authority_and_show_our_certificate() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = Secured::start(&authority, true).await;
    let other = Secured::start(&stranger, true).await;
    let client = Client::secured(&ClientSettings::default(), &server.tls.client().unwrap()).unwrap();
    let url = |server: &Secured| format!("https://{}/", server.address.replace("127.0.0.1", "localhost"));

    let known = client.send(client.get(&url(&server))).await;
    let unknown = client.send(client.get(&url(&other))).await;
    // The stranger's authority, which the same client believes from now on.
    fs::copy(other.file("ca.pem"), server.file("ca.pem")).unwrap();
    write(&server.file("own"), &stranger.certify());
    assert!(server.tls.reload().unwrap());
    let known_by_now = client.send(client.get(&url(&other))).await;

    assert_eq!(known.unwrap().text().await.unwrap(), "hello");
    assert!(unknown.is_err());
    assert_eq!(known_by_now.unwrap().text().await.unwrap(), "hello");
    drop(client);
    tokio::join!(server.stop(), other.stop());
}

#[tokio::test]
async fn who_was_believed_is_not_any_more_once_its_authority_is_not() {
    let (authority, next) = (Authority::new(), Authority::new());
    let server = Secured::start(&authority, false).await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &authority.pem).unwrap();
    let tls = Tls::open(&TlsSettings {
        ca: Some(ca.clone()),
        ..TlsSettings::default()
    })
    .unwrap();
    let config = Arc::new(tls.client().unwrap().config(&[b"http/1.1"]).unwrap());

    let mut known = connect(&server.address, config.clone()).await.unwrap();
    ask(&mut known).await.unwrap();
    fs::write(&ca, &next.pem).unwrap();
    assert!(tls.reload().unwrap());
    let unknown = connect(&server.address, config).await;

    assert!(unknown.is_err());
    drop(known);
    server.stop().await;
}

#[tokio::test]
async fn the_machines_authorities_do_not_vouch_for_a_stranger() {
    let authority = Authority::new();
    let server = Secured::start(&authority, false).await;
    let config = machine_tls(&[b"http/1.1"]).unwrap();

    assert_eq!(config.alpn_protocols, [b"http/1.1"]);
    let refused = connect(&server.address, Arc::new(config)).await.err().unwrap();

    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
    server.stop().await;
}

#[test]
fn settings_that_cannot_be_are_refused_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = Authority::new().certify();
    write(&folder.path().join("own"), &(certificate, key));
    let at = |file: &str| Some(folder.path().join(file));
    let refused = |settings: TlsSettings| match Tls::open(&settings) {
        Ok(_) => panic!("{settings:?} is taken"),
        Err(error) => error.to_string(),
    };
    let own = TlsSettings {
        certificate: at("own.pem"),
        key: at("own.key"),
        ..TlsSettings::default()
    };

    let alone = refused(TlsSettings {
        key: None,
        ..own.clone()
    });
    let missing = refused(TlsSettings {
        key: at("none.key"),
        ..own.clone()
    });
    let swapped = refused(TlsSettings {
        certificate: at("own.key"),
        ..own.clone()
    });
    let no_authority = refused(TlsSettings {
        client_ca: at("own.key"),
        ..own.clone()
    });
    let restless = refused(TlsSettings {
        reload: Duration::from_secs(0),
        ..own.clone()
    });

    assert!(alone.contains("tls.key"), "{alone}");
    assert!(missing.contains("tls.key") && missing.contains("none.key"), "{missing}");
    assert!(swapped.contains("tls.certificate"), "{swapped}");
    assert!(no_authority.contains("tls.client-ca"), "{no_authority}");
    assert_eq!(restless, "tls.reload must be longer than nothing");
    assert!(!Tls::open(&TlsSettings::default()).unwrap().is_used());
}
