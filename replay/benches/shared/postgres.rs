//! Postgres, beside single-row inserts on 16 connections.

use std::time::Duration;

use apply_cookies_replay::{Clock, PostgresReplayStore};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};

use crate::load::{nonce, rate, report, runtime, settle, store_rate};
use crate::servers::Postgres;

const CONNECTIONS: usize = 16;

pub(crate) fn run(rounds: usize, each: Duration) {
    let server = Postgres::start(&[]);
    let clock = Clock::system();
    let url = format!("{}?sslmode=disable", server.url());
    let store = PostgresReplayStore::new(&url, clock.clone()).expect("a URL");
    runtime().block_on(async {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(connect(&server).await);
        }
        server.sql("CREATE TABLE nonces (nonce bytea PRIMARY KEY, ends bigint NOT NULL)");
        let insert = "INSERT INTO nonces VALUES ($1, 1) ON CONFLICT DO NOTHING";
        settle(&store).await;
        for (in_flight, goal) in [(64, Some(3.0)), (1, None)] {
            let mut figures = Vec::new();
            for _ in 0..rounds {
                let ours = store_rate(&store, &clock, in_flight, each).await;
                let theirs = rate(in_flight, each, |place| {
                    let client = &clients[place % CONNECTIONS];
                    async move {
                        let nonce = nonce();
                        let parameter = (&&nonce[..] as &(dyn ToSql + Sync), Type::BYTEA);
                        let rows = client.execute_typed(insert, &[parameter]).await;
                        assert_eq!(rows.expect("an answer"), 1);
                    }
                });
                figures.push((ours, theirs.await));
            }
            report(
                "Postgres, beside single-row inserts on 16 connections",
                in_flight,
                &figures,
                goal,
            );
        }
    });
}

async fn connect(server: &Postgres) -> Client {
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    client
}
