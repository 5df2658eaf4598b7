//! Several processes on one lake, and storage that cannot be written.

use std::os::unix::fs::PermissionsExt;

use system_tests::{Server, hansa};

fn csv(series: &str, dates: std::ops::Range<u32>, value: u32) -> String {
    let date = |at: u32| format!("{:04}-{:02}-{:02}", 1700 + at / 336, at / 28 % 12 + 1, at % 28 + 1);
    let rows = dates.map(|at| format!("{series},{},{value},2024-01-01\n", date(at)));
    format!("series_id,date,value,revision_date\n{}", rows.collect::<String>())
}

async fn count(server: &Server, series: &str) -> usize {
    let path = format!("/api/v1/financial-data/series/TEST:{series}/points?format=csv");
    server.get(&path).await.unwrap().1.lines().count() - 1
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_and_an_import_on_one_lake_lose_no_row() {
    let home = tempfile::tempdir().unwrap();
    let one = Server::start(home.path(), None).await;
    let two = Server::start(home.path(), None).await;
    let file = home.path().join("third.csv");
    std::fs::write(&file, csv("third", 0..500, 3)).unwrap();

    let upload = async |server: &Server, series: &'static str| {
        for turn in 0..15 {
            let (status, body) = server
                .upload(&csv(series, turn * 20..turn * 20 + 20, turn))
                .await
                .unwrap();
            assert_eq!(status, 200, "{body}");
        }
    };
    let import = tokio::task::spawn_blocking({
        let (home, file) = (home.path().display().to_string(), file.display().to_string());
        move || hansa(&["import", &file, "--source", "TEST", "--data", &home])
    });
    tokio::join!(
        upload(&one, "one"),
        upload(&two, "two"),
        upload(&two, "shared"),
        upload(&one, "shared")
    );
    let import = import.await.unwrap();

    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    drop((one, two));
    let fresh = Server::start(home.path(), None).await;
    let counts = [
        count(&fresh, "one").await,
        count(&fresh, "two").await,
        count(&fresh, "shared").await,
        count(&fresh, "third").await,
    ];
    assert_eq!(counts, [300, 300, 300, 500]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_commits_another_sees_soon() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (
        Server::start(home.path(), None).await,
        Server::start(home.path(), None).await,
    );
    one.upload(&csv("seen", 0..5, 1)).await.unwrap();

    let mut found = 0;
    for _ in 0..200 {
        let path = "/api/v1/financial-data/series/TEST:seen/points?format=csv";
        found = two
            .get(path)
            .await
            .filter(|(status, _)| *status == 200)
            .map_or(0, |(_, body)| body.lines().count() - 1);
        if found == 5 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }

    assert_eq!(found, 5);
}

fn run(program: &str, arguments: &[&str]) -> bool {
    std::process::Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// A file system of a few megabytes, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let place = tempfile::tempdir().ok()?;
        let path = place.path().display().to_string();
        run("mount", &["-t", "tmpfs", "-o", "size=6m", "tmpfs", &path]).then_some(Self(place))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l", &self.0.path().display().to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_clearly_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("SKIPPED: mounting a small disk needs to be root");
        return;
    };
    let server = Server::start(disk.0.path(), None).await;
    let mut stored = 0;
    let refusal = loop {
        let answer = server.upload(&csv("full", stored..stored + 300, 7)).await.unwrap();
        match answer.0 {
            200 => stored += 300,
            _ => break answer,
        }
        assert!(stored < 100_000, "the disk never filled");
    };

    assert_eq!(refusal.0, 503, "{}", refusal.1);
    assert!(
        refusal.1.contains("free space") || refusal.1.contains("UNAVAILABLE"),
        "{}",
        refusal.1
    );
    assert_eq!(count(&server, "full").await as u32, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_may_not_be_written_is_named_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    let locked = home.path().join("file-in-the-way");
    std::fs::write(&locked, b"not a directory").unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o444)).unwrap();

    let output = hansa(&["series", "list", "--data", &locked.display().to_string()]);

    let said = String::from_utf8_lossy(&output.stderr).to_string();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!said.contains("panicked") && said.lines().count() <= 4, "{said}");
}
