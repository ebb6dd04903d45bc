//! A connection.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Row, Socket};

use super::error::trouble;
use super::settings::{DEFAULT_PORT, Settings};
use crate::remote::address::Host;
use crate::remote::trouble::Trouble;

/// A parameter of a statement.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) struct Link {
    client: Client,
    warning: Arc<Warning>,
    /// Something was asked before.
    is_used: AtomicBool,
    driver: JoinHandle<()>,
}

/// What the server warned of last.
type Warning = Mutex<Option<String>>;

/// The connection is closed, even if the server still has something to answer. It is never asked to
/// cancel: a wait for the synchronous standby that is cancelled commits, and answers success.
impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Link {
    /// Connects to a server. What it notifies goes to `heard`.
    pub(super) async fn open(
        settings: &Settings,
        host: &Host,
        heard: Option<UnboundedSender<String>>,
    ) -> Result<Self, Trouble> {
        let mut config = Config::new();
        config
            .host(&host.name)
            .port(host.port.unwrap_or(DEFAULT_PORT))
            .application_name("apply-cookies");
        if let Some(user) = &settings.user {
            config.user(user);
        }
        if let Some(password) = settings.password.read()? {
            config.password(password);
        }
        if let Some(database) = &settings.database {
            config.dbname(database);
        }
        #[cfg(feature = "tls")]
        if settings.tls {
            let tls = super::tls::connector(settings.ca_file.as_deref())?;
            config.ssl_mode(SslMode::Require);
            let connected = config.connect(tls).await;
            return Ok(Self::of(connected.map_err(|error| trouble(&error))?, heard));
        }
        config.ssl_mode(SslMode::Disable);
        let connected = config.connect(tokio_postgres::NoTls).await;
        Ok(Self::of(connected.map_err(|error| trouble(&error))?, heard))
    }

    fn of<T: TlsStream + Unpin + Send + 'static>(
        (client, connection): (Client, Connection<Socket, T>),
        heard: Option<UnboundedSender<String>>,
    ) -> Self {
        let warning = Arc::new(Warning::default());
        let driver = tokio::spawn(drive(connection, warning.clone(), heard));
        Self {
            client,
            warning,
            is_used: AtomicBool::new(false),
            driver,
        }
    }

    /// Runs one statement as a transaction of its own, without preparing it: behind a pooler the next
    /// one may be another connection's. The answer is read to its end: rows come before the commit.
    pub(super) async fn rows(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        self.take_warning();
        let rows = self.client.query_typed(statement, parameters).await;
        let rows = rows.map_err(|error| trouble(&error))?;
        // The one that is known: the wait for a synchronous standby was cancelled. With the first
        // answer come those of the connect, as that of a collation's version.
        let is_about_this = self.is_used.swap(true, Ordering::Relaxed);
        match self.take_warning() {
            Some(warning) if is_about_this => Err(Trouble::lost(warning)),
            _ => Ok(rows),
        }
    }

    /// Runs a statement that answers one row, and reads its first column.
    pub(super) async fn value<T>(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<T, Trouble>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let rows = self.rows(statement, parameters).await?;
        let row = rows.first().ok_or_else(strange)?;
        read(row, 0)
    }

    /// Runs statements without answers.
    pub(super) async fn run(&self, statements: &str) -> Result<(), Trouble> {
        let ran = self.client.batch_execute(statements).await;
        ran.map_err(|error| trouble(&error))
    }

    fn take_warning(&self) -> Option<String> {
        let mut warning = self.warning.lock().unwrap_or_else(PoisonError::into_inner);
        warning.take()
    }
}

/// A column of a row.
pub(super) fn read<T>(row: &Row, column: usize) -> Result<T, Trouble>
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    row.try_get(column).map_err(|error| trouble(&error))
}

pub(super) fn strange() -> Trouble {
    Trouble::lost("the server's answer is not one that its functions give")
}

/// Works for a connection until it ends.
async fn drive<T: TlsStream + Unpin>(
    mut connection: Connection<Socket, T>,
    warning: Arc<Warning>,
    heard: Option<UnboundedSender<String>>,
) {
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            // Warnings, and an operator who ends the connection.
            AsyncMessage::Notice(notice)
                if ["01", "57"]
                    .iter()
                    .any(|class| notice.code().code().starts_with(class)) =>
            {
                let words = notice.message().to_owned();
                *warning.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
            }
            AsyncMessage::Notification(notification) => {
                if let Some(heard) = &heard {
                    let _ = heard.send(notification.payload().to_owned());
                }
            }
            _ => {}
        }
    }
}
