//! Connections: to one server, to the primary that the Sentinels name, or to a Cluster.

use redis::aio::{ConnectionLike, MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, FromRedisValue,
    IntoConnectionInfo, RedisConnectionInfo, RedisError, TlsMode, Value,
};
use tokio::time::timeout;

use super::error::trouble;
use super::settings::{DEFAULT_PORT, DEFAULT_SENTINEL_PORT, Place, Settings};
#[cfg(feature = "tls")]
use super::tls;
use crate::remote::address::Host;
use crate::remote::trouble::Trouble;

/// A connection on which commands are sent.
pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Connects within the time for that.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Trouble> {
        in_time(settings, Self::opened(settings)).await
    }

    async fn opened(settings: &Settings) -> Result<Self, Trouble> {
        match &settings.place {
            Place::Cluster(seeds) => {
                let connection = cluster(settings, seeds)?.get_async_connection().await;
                connection
                    .map(Self::Cluster)
                    .map_err(|error| trouble(&error))
            }
            Place::One(_) | Place::Sentinel { .. } => Self::to(&primary(settings).await?).await,
        }
    }

    /// Connects to the servers that the URL names, one by one.
    pub(super) async fn each(settings: &Settings) -> Result<Vec<Self>, Trouble> {
        let mut connections = Vec::new();
        let Place::Cluster(seeds) = &settings.place else {
            return Ok(vec![Self::open(settings).await?]);
        };
        for seed in seeds {
            let client = client(settings, seed)?;
            connections.push(in_time(settings, Self::to(&client)).await?);
        }
        Ok(connections)
    }

    async fn to(client: &Client) -> Result<Self, Trouble> {
        // The store has its own times for an answer.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let connected = client.get_multiplexed_async_connection_with_config(&config);
        connected
            .await
            .map(Self::One)
            .map_err(|error| trouble(&error))
    }

    /// Sends a command, and reads its answer.
    pub(super) async fn query(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = match self {
            Self::One(connection) => connection.req_packed_command(command).await?,
            Self::Cluster(connection) => connection.req_packed_command(command).await?,
        };
        // Where an error is a part of the answer.
        answer.extract_error()
    }

    pub(super) async fn read<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Trouble> {
        let answer = self.query(command).await;
        answer.map_err(|error| trouble(&error)).and_then(|value| {
            // Not the client's words, which have the value.
            let strange = |_| Trouble::lost("the server's answer is of another type");
            T::from_redis_value(value).map_err(strange)
        })
    }

    /// An answer that is a text.
    pub(super) async fn text(&mut self, command: &Cmd) -> Result<String, RedisError> {
        let answer = self.query(command).await?;
        String::from_redis_value(answer).map_err(RedisError::from)
    }

    /// Another handle of the same connection.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::One(connection) => Self::One(connection.clone()),
            Self::Cluster(connection) => Self::Cluster(connection.clone()),
        }
    }
}

/// Where the server has no TLS it waits for more of what it takes for a command.
async fn in_time<T>(
    settings: &Settings,
    connecting: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let words = if settings.tls {
        "no TLS handshake within the time for a connection; does this port speak TLS? redis:// is plain text"
    } else {
        "no connection within the time for one"
    };
    let connected = timeout(settings.limits.connect, connecting).await;
    connected.unwrap_or_else(|_| Err(Trouble::lost(words)))
}

/// A connection that hears what is published. In a Cluster every node hears everything.
pub(super) async fn subscribe(settings: &Settings, channel: &str) -> Result<PubSub, Trouble> {
    let mut last = Trouble::lost("no host");
    let clients = match &settings.place {
        Place::Cluster(seeds) => seeds
            .iter()
            .map(|seed| client(settings, seed))
            .collect::<Result<Vec<_>, _>>()?,
        Place::One(_) | Place::Sentinel { .. } => vec![primary(settings).await?],
    };
    for client in clients {
        let connected = async {
            let mut pubsub = client.get_async_pubsub().await?;
            pubsub.subscribe(channel).await?;
            Ok(pubsub)
        };
        match connected.await {
            Ok(pubsub) => return Ok(pubsub),
            Err(error) => last = trouble(&error),
        }
    }
    Err(last)
}

/// A client of the server, or of that which the Sentinels name now.
async fn primary(settings: &Settings) -> Result<Client, Trouble> {
    let (sentinels, name) = match &settings.place {
        Place::One(host) => return client(settings, host),
        Place::Cluster(seeds) => return client(settings, &seeds[0]),
        Place::Sentinel { sentinels, name } => (sentinels, name),
    };
    let password = settings.password.read()?;
    #[cfg(feature = "tls")]
    let certificates = tls::certificates(settings)?;
    let found = async {
        let addresses = sentinels
            .iter()
            .map(|host| address(settings, host, DEFAULT_SENTINEL_PORT));
        let mut builder = SentinelClientBuilder::new(addresses, name, SentinelServerType::Master)?
            .set_client_to_redis_db(settings.database);
        if let Some(user) = &settings.user {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = password {
            builder = builder.set_client_to_redis_password(password);
        }
        if settings.tls {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
        #[cfg(feature = "tls")]
        if let Some(certificates) = certificates {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates);
        }
        builder.build()?.async_get_client().await
    };
    found
        .await
        .map_err(|error| Trouble::lost(format_args!("no primary from the Sentinels: {error}")))
}

fn client(settings: &Settings, host: &Host) -> Result<Client, Trouble> {
    let info = info(settings, host)?;
    #[cfg(feature = "tls")]
    if let Some(certificates) = tls::certificates(settings)? {
        return Client::build_with_tls(info, certificates).map_err(|error| trouble(&error));
    }
    Client::open(info).map_err(|error| trouble(&error))
}

fn cluster(settings: &Settings, seeds: &[Host]) -> Result<ClusterClient, Trouble> {
    let seeds = seeds
        .iter()
        .map(|seed| info(settings, seed))
        .collect::<Result<Vec<_>, _>>()?;
    let limits = &settings.limits;
    let builder = ClusterClient::builder(seeds);
    #[cfg(feature = "tls")]
    let builder = match tls::certificates(settings)? {
        Some(certificates) => builder.certs(certificates),
        None => builder,
    };
    builder
        .retries(16) // a slot that moves answers with MOVED and ASK for a while
        .connection_timeout(limits.connect)
        .response_timeout(limits.patience())
        .build()
        .map_err(|error| trouble(&error))
}

fn info(settings: &Settings, host: &Host) -> Result<ConnectionInfo, Trouble> {
    // The name of the client library is of no use, and setting it needs a right.
    let mut account = RedisConnectionInfo::default()
        .set_skip_set_lib_name()
        .set_db(settings.database);
    if let Some(user) = &settings.user {
        account = account.set_username(user);
    }
    if let Some(password) = settings.password.read()? {
        account = account.set_password(password);
    }
    let info = (host.name.clone(), DEFAULT_PORT)
        .into_connection_info()
        .map_err(|error| trouble(&error))?;
    let address = address(settings, host, DEFAULT_PORT);
    Ok(info.set_addr(address).set_redis_settings(account))
}

fn address(settings: &Settings, host: &Host, default_port: u16) -> ConnectionAddr {
    let (host, port) = (host.name.clone(), host.port.unwrap_or(default_port));
    if settings.tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}
