//! `kill -9` at every named step: no acknowledged row is lost, none is half visible, the next start needs no repair.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform_http::Method;
use system_tests::Server;

/// Rows as `date -> value`, by series.
type Stored = BTreeMap<String, BTreeMap<String, String>>;

/// Steps and the passings of each at which the process is killed.
const KILLS: [(&str, u32); 13] = [
    ("commit.before_files", 5),
    ("commit.before_metadata", 5),
    ("commit.after_files", 5),
    ("commit.before_swap", 5),
    ("commit.after_swap", 5),
    ("compact.before_read", 1),
    ("compact.after_file", 1),
    ("compact.before_commit", 1),
    ("compact.after_commit", 1),
    ("delete.before_rewrite", 2),
    ("delete.after_rewrite", 2),
    ("delete.after_commit", 2),
    ("sweep.before_delete", 1),
];

/// How often all of it is done: the script goes on where it was, so each round meets other orders.
const ROUNDS: usize = 8;

/// What the writer does to a server, one after the other.
#[derive(Clone, Debug)]
enum Order {
    Upload(usize),
    Delete(&'static str),
    Compact,
    Sweep,
}

const SCRIPT: [Order; 12] = [
    Order::Upload(3),
    Order::Upload(40),
    Order::Delete("B"),
    Order::Upload(7),
    Order::Compact,
    Order::Upload(2),
    Order::Upload(60),
    Order::Delete("A"),
    Order::Upload(11),
    Order::Compact,
    Order::Sweep,
    Order::Upload(5),
];

struct Writer {
    turn: usize,
    stored: Stored,
}

impl Writer {
    /// The rows of an order, every one with a value never used before.
    fn rows(&mut self, order: &Order) -> Stored {
        self.turn += 1;
        let count = match order {
            Order::Upload(count) => *count,
            _ => 0,
        };
        let mut rows = Stored::new();
        for at in 0..count {
            let series = ["A", "B", "C"][(self.turn + at) % 3];
            let date = format!("2020-{:02}-{:02}", 1 + (at * 7 + self.turn) % 12, 1 + at % 28);
            rows.entry(series.into())
                .or_default()
                .insert(date, format!("{}.{at:02}", self.turn));
        }
        rows
    }

    /// What is stored when the order is carried out.
    fn after(&self, order: &Order, rows: &Stored) -> Stored {
        let mut after = self.stored.clone();
        if let Order::Delete(series) = order {
            after.remove(*series);
        }
        for (series, points) in rows {
            after.entry(series.clone()).or_default().extend(points.clone());
        }
        after
    }
}

fn csv(rows: &Stored) -> String {
    let mut csv = "series_id,date,value,revision_date\n".to_string();
    for (series, points) in rows {
        for (date, value) in points {
            csv.push_str(&format!("{series},{date},{value},2021-01-01\n"));
        }
    }
    csv
}

/// Whether the server acknowledged the order.
async fn carry_out(server: &Server, order: &Order, rows: &Stored) -> bool {
    let api = "/api/v1";
    let answer = match order {
        Order::Upload(_) => server.upload(&csv(rows)).await,
        Order::Delete(series) => {
            server
                .send(
                    Method::DELETE,
                    &format!("{api}/financial-data/series/TEST:{series}"),
                    None,
                )
                .await
        }
        Order::Compact => {
            server
                .send(Method::POST, &format!("{api}/lake/compact?effort=full"), None)
                .await
        }
        Order::Sweep => {
            server
                .send(Method::POST, &format!("{api}/lake/sweep?older_than=65m"), None)
                .await
        }
    };
    match answer {
        Some((200..=299, _)) => true,
        Some((404, _)) if matches!(order, Order::Delete(_)) => true,
        Some((status, body)) => panic!("{order:?} was answered {status}: {body}"),
        None => false,
    }
}

async fn read(server: &Server) -> Stored {
    let mut stored = Stored::new();
    for series in ["A", "B", "C"] {
        let path = format!("/api/v1/financial-data/series/TEST:{series}/points?format=csv");
        let (status, body) = server.get(&path).await.expect("a started server answers");
        if status == 404 {
            continue;
        }
        assert_eq!(status, 200, "{body}");
        let lines = body.lines().skip(1).filter_map(|line| line.split_once(','));
        let points: BTreeMap<_, _> = lines.map(|(date, rest)| (date.to_string(), first_cell(rest))).collect();
        if !points.is_empty() {
            stored.insert(series.to_string(), points);
        }
    }
    stored
}

fn first_cell(rest: &str) -> String {
    rest.split(',').next().unwrap_or_default().to_string()
}

/// Every step and passing, once a round.
fn kills() -> Vec<(&'static str, u32)> {
    let mut kills = Vec::new();
    for _ in 0..ROUNDS {
        for (step, passings) in KILLS {
            kills.extend((1..=passings).map(|passing| (step, passing)));
        }
    }
    kills
}

/// One lake that is written to and killed again and again, by the steps whose place in the list is `part` of `parts`.
async fn torment(part: usize, parts: usize) -> (usize, BTreeSet<String>) {
    let home = tempfile::tempdir().unwrap();
    let mut writer = Writer {
        turn: 0,
        stored: Stored::new(),
    };
    let mut unacknowledged: Option<Stored> = None;
    let (mut seen, mut killed) = (BTreeSet::new(), 0);
    for (step, passing) in kills().into_iter().skip(part).step_by(parts) {
        let mut server = Server::start(home.path(), Some(&format!("{step}:{passing}"))).await;
        let found = read(&server).await;
        let whole = found == writer.stored || Some(&found) == unacknowledged.as_ref();
        assert!(
            whole,
            "before {step}:{passing} an order is half visible or a row is lost"
        );
        writer.stored = found;
        for order in SCRIPT
            .iter()
            .cycle()
            .skip(writer.turn % SCRIPT.len())
            .take(SCRIPT.len() * 5)
        {
            let rows = writer.rows(order);
            let after = writer.after(order, &rows);
            let acknowledged = tokio::select! {
                acknowledged = carry_out(&server, order, &rows) => acknowledged,
                () = halted(&server, &mut seen) => false,
            };
            if !acknowledged {
                server.kill();
                killed += 1;
                unacknowledged = Some(after);
                break;
            }
            writer.stored = after;
            unacknowledged = None;
        }
    }
    (killed, seen)
}

async fn halted(server: &Server, seen: &mut BTreeSet<String>) {
    loop {
        if let Some(step) = server.halted() {
            seen.insert(step);
            return;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_nothing_acknowledged_is_lost_and_nothing_is_half_visible() {
    let torments = [
        tokio::spawn(torment(0, 3)),
        tokio::spawn(torment(1, 3)),
        tokio::spawn(torment(2, 3)),
    ];
    let (mut killed, mut seen) = (0, BTreeSet::new());
    for torment in torments {
        let (count, steps) = torment.await.unwrap();
        killed += count;
        seen.extend(steps);
    }

    assert!(killed >= 250, "only {killed} kills hit");
    let missed: Vec<_> = KILLS
        .iter()
        .map(|(step, _)| *step)
        .filter(|step| !seen.contains(*step))
        .collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_killed_between_its_files_leaves_nothing_of_it() {
    let home = tempfile::tempdir().unwrap();
    let path = "/api/v1/financial-data/series/TEST:LARGE/points?format=csv";
    let large = Stored::from([(
        "LARGE".to_string(),
        (0..150_000).map(|at| (day(at), format!("{at}.5"))).collect(),
    )]);
    let rows = csv(&large);
    for fault in ["stage.after_file:1", "stage.after_file:2", "stage.after_file:3"] {
        let mut server = Server::start(home.path(), Some(fault)).await;
        let mut seen = BTreeSet::new();
        tokio::select! {
            answer = server.upload(&rows) => panic!("{fault} was not reached: {answer:?}"),
            () = halted(&server, &mut seen) => {}
        }
        server.kill();
        assert!(seen.contains("stage.after_file"));
        let server = Server::start(home.path(), None).await;
        assert_eq!(server.get(path).await.unwrap().0, 404, "after {fault}");
    }

    let server = Server::start(home.path(), None).await;
    assert_eq!(server.upload(&rows).await.unwrap().0, 200);
    let (_, body) = server.get(path).await.unwrap();
    assert_eq!(body.lines().count(), 150_001);
}

/// A day of its own for each number below 200,000.
fn day(number: usize) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        1700 + number / 336,
        1 + number / 28 % 12,
        1 + number % 28
    )
}
