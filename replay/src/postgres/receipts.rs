//! Hearing of claims that other processes made.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use apply_cookies_protocol::Nonce;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};
use tokio_postgres::types::Type;

use super::claim::{Uuid, barrier, int};
use super::connect::{Turns, connect};
use super::link::{Link, Parameter, read};
use super::settings::{Listen, Settings};
use crate::answer::BarrierAnswer;
use crate::clock::Clock;
use crate::listeners::Listeners;
use crate::remote::trouble::Trouble;

/// How often to note that somebody listens, which holds for a minute.
const NOTE_EVERY: Duration = Duration::from_secs(20);

/// How often to read all claims where nothing is notified.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// Tells listeners until a connection breaks.
pub(super) struct Ear<'a> {
    pub(super) settings: &'a Settings,
    pub(super) turns: &'a Turns,
    pub(super) direct_turns: &'a Turns,
    pub(super) listeners: &'a Listeners,
    pub(super) clock: &'a Clock,
}

impl Ear<'_> {
    pub(super) async fn hear(&self) -> Trouble {
        match self.listen().await {
            Ok(never) => match never {},
            Err(trouble) => trouble,
        }
    }

    async fn listen(&self) -> Result<Infallible, Trouble> {
        let (hosts, turns) = match &self.settings.listen {
            Listen::Same => (&self.settings.hosts, self.turns),
            Listen::At(hosts) => (hosts, self.direct_turns),
            Listen::Poll => return self.poll(&self.reader().await?).await,
        };
        let (sender, mut heard) = unbounded_channel();
        let listener = self.within(connect(self.settings, hosts, turns, Some(&sender)));
        let listener = listener.await?;
        drop(sender); // The connection has the other: when it ends, there is none.
        let schema = &self.settings.schema;
        self.patiently(listener.run(&schema.listen)).await?;
        let reader = self.reader().await?;
        if !self.is_notified(&reader, &mut heard).await? {
            tracing::warn!(
                "Postgres notifies nobody through this address, perhaps of a pooler: claims are read every second; give listen= the server's own address"
            );
            return self.poll(&reader).await;
        }
        drop(reader);
        self.note(&listener).await?;
        self.read_all(&listener).await?;
        let mut note_at = Instant::now() + NOTE_EVERY;
        loop {
            let left = note_at.saturating_duration_since(Instant::now());
            match timeout(left, heard.recv()).await {
                Ok(Some(message)) => tell(&message, self.listeners),
                Ok(None) => return Err(Trouble::lost("the connection that listens ended")),
                Err(_) => {
                    if self.note(&listener).await? {
                        self.read_all(&listener).await?;
                    }
                    note_at = Instant::now() + NOTE_EVERY;
                }
            }
        }
    }

    async fn reader(&self) -> Result<Link, Trouble> {
        let settings = self.settings;
        self.within(connect(settings, &settings.hosts, self.turns, None))
            .await
    }

    /// Whether what another connection notifies is heard. A pooler gives a connection to whoever has
    /// something to ask, and what is notified meanwhile is lost.
    async fn is_notified(
        &self,
        other: &Link,
        heard: &mut UnboundedReceiver<String>,
    ) -> Result<bool, Trouble> {
        let channel = self.settings.schema.name();
        let parameters: &[Parameter<'_>] = &[(&channel, Type::TEXT)];
        let notify = other.rows("SELECT pg_catalog.pg_notify($1, '')", parameters);
        self.patiently(notify).await?;
        let patience = self.settings.limits.patience();
        let first = timeout(patience, heard.recv()).await.ok().flatten();
        if let Some(message) = &first {
            tell(message, self.listeners);
        }
        Ok(first.is_some())
    }

    /// Notes that somebody listens; whether nobody did until now, so that claims went untold. Those
    /// that are under way by then are over when this returns.
    async fn note(&self, link: &Link) -> Result<bool, Trouble> {
        let schema = &self.settings.schema;
        let parameters: &[Parameter<'_>] = &[
            (&int(self.clock.now().get()), Type::INT8),
            (&self.settings.lossless, Type::BOOL),
        ];
        let noted = link.value::<bool>(&schema.hear, parameters);
        let nobody_did = self.patiently(noted).await?;
        if nobody_did {
            self.patiently(link.rows(&schema.wait, &[])).await?;
        }
        Ok(nobody_did)
    }

    async fn poll(&self, link: &Link) -> Result<Infallible, Trouble> {
        loop {
            self.read_all(link).await?;
            sleep(POLL_EVERY).await;
        }
    }

    /// Tells of every claim that is remembered, page by page.
    async fn read_all(&self, link: &Link) -> Result<(), Trouble> {
        let (mut ends, mut nonce) = (0_i64, Uuid::default());
        loop {
            let parameters: &[Parameter<'_>] = &[(&ends, Type::INT8), (&nonce, Type::UUID)];
            let rows = link.rows(&self.settings.schema.remembered, parameters);
            let rows = self.patiently(rows).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            for row in &rows {
                let nonce = Nonce::from_random(read::<Uuid>(row, 1)?.0);
                let mark = read::<i16>(row, 2)?;
                let mark = u8::try_from(mark)
                    .ok()
                    .and_then(|mark| barrier(b'0'.checked_add(mark)?));
                self.listeners
                    .tell(nonce, mark.unwrap_or(BarrierAnswer::NotAsked));
            }
            (ends, nonce) = (read(last, 0)?, read(last, 1)?);
        }
    }

    async fn within<T>(
        &self,
        connecting: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        bounded(self.settings.limits.connect, connecting).await
    }

    async fn patiently<T>(
        &self,
        answer: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        bounded(self.settings.limits.patience(), answer).await
    }
}

async fn bounded<T>(
    time: Duration,
    answer: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let late = |_| Err(Trouble::lost("the server does not answer"));
    timeout(time, answer).await.unwrap_or_else(late)
}

/// Tells of a message: nonces in hexadecimal digits, each with what became of its barrier.
fn tell(message: &str, listeners: &Listeners) {
    for record in message.as_bytes().as_chunks::<33>().0 {
        let Some((mark, nonce)) = record.split_last() else {
            return;
        };
        let nonce = std::str::from_utf8(nonce).ok();
        let nonce = nonce.and_then(|digits| u128::from_str_radix(digits, 16).ok());
        if let (Some(nonce), Some(barrier)) = (nonce, barrier(*mark)) {
            listeners.tell(Nonce::from_random(nonce.to_be_bytes()), barrier);
        }
    }
}
