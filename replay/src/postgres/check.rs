//! What a given server can promise, and what it lacks.

use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;
use tokio_postgres::types::Type;

use super::connect::{OLDEST, READ_ONLY};
use super::link::{Link, read, strange};
use super::schema::VERSION;
use super::settings::{Listen, Settings};
use crate::clock::Clock;
use crate::remote::address::Host;
use crate::remote::finding::{Findings, Subject, Weight};
use crate::remote::trouble::Trouble;

/// How long to listen for what another connection notifies.
const EAR: Duration = Duration::from_secs(1);

const SERVER: &str = "SELECT current_setting('server_version'), current_setting('server_version_num')::int4, \
    pg_is_in_recovery(), current_setting('fsync'), current_setting('full_page_writes'), \
    current_setting('synchronous_commit'), current_setting('synchronous_standby_names'), \
    floor(extract(epoch FROM clock_timestamp()) * 1000)::int8, \
    (SELECT count(*) FROM pg_stat_replication), \
    (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')), \
    (SELECT count(*) FROM pg_stat_replication WHERE sync_state IS NULL), \
    current_setting('transaction_read_only')";

const SCHEMA: &str = "SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
        WHERE n.nspname = $1 AND p.proname = 'claim_v1'), \
    CASE WHEN to_regnamespace($1) IS NULL THEN has_database_privilege(current_database(), 'CREATE') \
        ELSE has_schema_privilege($1, 'CREATE') END, \
    CASE WHEN to_regnamespace($1) IS NULL THEN NULL ELSE has_schema_privilege($1, 'USAGE') END, \
    coalesce((SELECT string_agg(DISTINCT lower(r), ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, \
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) r \
        WHERE n.nspname = $1 AND c.relkind = 'r' AND NOT has_table_privilege(c.oid, r)), '')";

/// A connection to the first host that takes writes, or to the last that answers.
pub(super) async fn open(settings: &Settings) -> Result<Link, Trouble> {
    let mut last = Err(Trouble::lost("no host"));
    for host in &settings.hosts {
        last = within(settings, Link::open(settings, host, None)).await;
        if let Ok(link) = &last
            && !link
                .value::<bool>("SELECT pg_is_in_recovery()", &[])
                .await?
        {
            break;
        }
    }
    last
}

async fn within(
    settings: &Settings,
    opening: impl Future<Output = Result<Link, Trouble>>,
) -> Result<Link, Trouble> {
    let words = "no connection within the time for one; does a Postgres listen there?";
    let late = |_| Err(Trouble::lost(words));
    timeout(settings.limits.connect, opening)
        .await
        .unwrap_or_else(late)
}

pub(super) async fn check(settings: &Settings, clock: &Clock) -> Result<Findings, Trouble> {
    let mut findings = Findings::default();
    let link = open(settings).await?;
    let is_standby = server(settings, &link, clock, &mut findings).await?;
    if !is_standby {
        schema(settings, &link, clock, &mut findings).await?;
        ear(settings, &link, &mut findings).await?;
    }
    if !findings.has_unfit() {
        findings.add(
            Weight::Promise,
            Subject::Durability,
            "a token is released to one alone, and a restart or crash refuses nothing: what was answered is on its disk; a standby that is promoted is noticed",
        );
    }
    Ok(findings)
}

/// Facts of the server; whether it is a standby.
async fn server(
    settings: &Settings,
    link: &Link,
    clock: &Clock,
    findings: &mut Findings,
) -> Result<bool, Trouble> {
    let before = clock.now().get();
    let rows = link.rows(SERVER, &[]).await?;
    let after = clock.now().get();
    let row = rows.first().ok_or_else(strange)?;
    let version: String = read(row, 0)?;
    let words = format_args!("the server is Postgres {version}");
    findings.add(Weight::Note, Subject::Server, words);
    if read::<i32>(row, 1)? < OLDEST {
        findings.add(
            Weight::Unfit,
            Subject::Server,
            "the server must be Postgres 14 or later",
        );
    }
    for (column, setting) in [(3, "fsync"), (4, "full_page_writes")] {
        if read::<String>(row, column)? == "off" {
            let words = format_args!(
                "{setting} is off, so a crash may lose what was answered: set it to on"
            );
            findings.add(Weight::Unfit, Subject::Durability, words);
        }
    }
    let commit: String = read(row, 5)?;
    if commit == "off" || commit == "local" {
        let words = format_args!(
            "synchronous_commit is {commit}; the store sets it to on for its own transactions"
        );
        findings.add(Weight::Note, Subject::Durability, words);
    }
    let theirs = u64::try_from(read::<i64>(row, 7)?).map_err(|_| strange())?;
    findings.clocks(theirs, before + after.saturating_sub(before) / 2);
    let is_standby = read::<bool>(row, 2)?;
    if is_standby {
        findings.add(
            Weight::Unfit,
            Subject::Replicas,
            "it is a standby, which takes no claims: give the primary's address, or those of all hosts with commas between",
        );
    } else {
        if read::<String>(row, 11)? == "on" {
            findings.add(Weight::Unfit, Subject::Rights, READ_ONLY);
        }
        let standbys = Standbys {
            names: read(row, 6)?,
            all: read(row, 8)?,
            synchronous: read(row, 9)?,
            hidden: read(row, 10)?,
        };
        standbys.findings(settings.lossless, findings);
    }
    Ok(is_standby)
}

/// The standbys that are connected.
struct Standbys {
    /// `synchronous_standby_names`.
    names: String,
    all: i64,
    synchronous: i64,
    /// Those whose state the user may not see.
    hidden: i64,
}

impl Standbys {
    fn findings(&self, lossless: bool, findings: &mut Findings) {
        let Self {
            names,
            all,
            synchronous,
            hidden,
        } = self;
        let mut add = |weight, words: &str| findings.add(weight, Subject::Replicas, words);
        if names.is_empty() && lossless {
            add(
                Weight::Unfit,
                "failover=lossless needs a synchronous standby, and synchronous_standby_names is empty",
            );
        }
        if *hidden > 0 {
            let words = format!(
                "its user may not see whether its {hidden} standbys are synchronous: GRANT pg_read_all_stats to it, or ask as another user"
            );
            add(Weight::Warning, &words);
            return;
        }
        if !names.is_empty() && *synchronous == 0 {
            add(
                Weight::Unfit,
                "synchronous_standby_names is set and no such standby is connected: every claim waits, and is answered 503",
            );
        }
        let asynchronous = all - synchronous;
        if asynchronous > 0 {
            let words = format!(
                "{asynchronous} of {all} standbys are asynchronous: if one is promoted, the tokens under way are refused, and a primary that was deposed and still answers can release a token twice; name them in synchronous_standby_names"
            );
            add(Weight::Warning, &words);
        }
        if *synchronous > 0 {
            let words = format!(
                "a claim is answered when a synchronous standby has it ({synchronous} connected): no primary that was deposed releases a token twice"
            );
            add(Weight::Promise, &words);
        }
    }
}

/// The schema, what the user may do with it, and what it holds.
async fn schema(
    settings: &Settings,
    link: &Link,
    clock: &Clock,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let name = settings.schema.name();
    let rows = link.rows(SCHEMA, &[(&name, Type::TEXT)]).await?;
    let row = rows.first().ok_or_else(strange)?;
    let (is_there, may_create) = (read::<bool>(row, 0)?, read::<bool>(row, 1)?);
    if !is_there {
        let (weight, subject, words) = if may_create {
            let words = format!("the schema {name} is not there yet; the store makes it");
            (Weight::Note, Subject::Layout, words)
        } else {
            let words = format!(
                "the schema {name} is not there, and its user has no right to create it: let its owner run what `apply-cookies replay schema` prints"
            );
            (Weight::Unfit, Subject::Rights, words)
        };
        findings.add(weight, subject, words);
        return Ok(());
    }
    let lacking: String = read(row, 3)?;
    let may_use = read::<Option<bool>>(row, 2)?.unwrap_or(false);
    if !may_use || !lacking.is_empty() {
        let lacking = if may_use { lacking } else { "usage".to_owned() };
        let words = format_args!(
            "its user lacks rights in the schema {name}: {lacking}; `apply-cookies replay schema` prints the GRANTs"
        );
        findings.add(Weight::Unfit, Subject::Rights, words);
        return Ok(());
    }
    let statement = format!(
        "SELECT version, horizon, (SELECT count(*) FROM \"{name}\".claims), (SELECT count(*) FROM \"{name}\".barriers) FROM \"{name}\".head"
    );
    let rows = link.rows(&statement, &[]).await?;
    let Some(row) = rows.first() else {
        findings.memory(None, clock.now(), 0, 0, VERSION);
        return Ok(());
    };
    let version: i32 = read(row, 0)?;
    if version != VERSION {
        let than = if version > VERSION { "newer" } else { "older" };
        let words = format_args!(
            "the schema {name} has version {version}, {than} than that of this program, {VERSION}: use the program that made it, or another schema"
        );
        findings.add(Weight::Unfit, Subject::Layout, words);
        return Ok(());
    }
    let number = |column| u64::try_from(read::<i64>(row, column)?).map_err(|_| strange());
    let (horizon, claims, barriers) = (number(1)?, number(2)?, number(3)?);
    findings.memory(Some(horizon), clock.now(), claims, barriers, VERSION);
    Ok(())
}

/// Whether what one connection notifies is heard on another: a pooler gives a connection to whoever
/// asks something, and what is notified meanwhile is lost.
async fn ear(settings: &Settings, link: &Link, findings: &mut Findings) -> Result<(), Trouble> {
    let hosts: &[Host] = match &settings.listen {
        Listen::Same => &settings.hosts,
        Listen::At(hosts) => hosts,
        Listen::Poll => {
            findings.add(
                Weight::Note,
                Subject::Pooler,
                "listen=none: receipts of other processes' claims come up to a second late",
            );
            return Ok(());
        }
    };
    let (sender, mut heard) = unbounded_channel();
    let mut listens = false;
    for host in hosts {
        let listener = within(settings, Link::open(settings, host, Some(sender.clone()))).await?;
        // Not the store's own channel, whose listeners it would wake.
        listener.run("LISTEN apply_cookies_check").await?;
        let notify = "SELECT pg_notify('apply_cookies_check', '')";
        link.rows(notify, &[]).await?;
        listens |= matches!(timeout(EAR, heard.recv()).await, Ok(Some(_)));
        if listens {
            return Ok(());
        }
    }
    findings.add(
        Weight::Warning,
        Subject::Pooler,
        "what it notifies is not heard, as behind a pooler in transaction mode: receipts of other processes' claims come up to a second late; give listen= the server's own address",
    );
    Ok(())
}
