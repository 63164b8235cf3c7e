//! Connections to the servers, and calls to many shards at once.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::{Cmd, Connection, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, Value};

use super::cluster::{slots, split, trouble, url_address};
use super::layout::Names;
use super::scripts::{SCRIPTS, Script};
use super::settings::SharedSettings;
use crate::dedup::IndexError;

/// One command for a shard.
pub(super) struct Call {
    shard: u64,
    packed: Vec<u8>,
}

impl Call {
    pub(super) fn new(shard: u64, command: &Cmd) -> Self {
        Self {
            shard,
            packed: command.get_packed_command(),
        }
    }

    /// A script with its keys and arguments.
    pub(super) fn script<K: AsRef<[u8]>, A: AsRef<[u8]>>(
        shard: u64,
        script: Script,
        keys: &[K],
        arguments: &[A],
    ) -> Self {
        let mut command = redis::cmd("EVALSHA");
        command.arg(script.hash()).arg(keys.len());
        keys.iter()
            .map(AsRef::as_ref)
            .chain(arguments.iter().map(AsRef::as_ref))
            .for_each(|argument| {
                command.arg(argument);
            });
        Self::new(shard, &command)
    }
}

/// The servers. Connects when it is asked something, and anew after any trouble.
pub(super) struct Client {
    settings: SharedSettings,
    names: Names,
    certificates: Certificates,
    connections: BTreeMap<String, Connection>,
    /// The server of each shard.
    homes: Vec<String>,
}

/// Files in PEM.
#[derive(Default)]
#[cfg_attr(
    not(any(feature = "ssl", feature = "ssl-vendored")),
    allow(dead_code, reason = "only read with TLS")
)]
struct Certificates {
    root: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Certificates {
    fn read(settings: &SharedSettings) -> Result<Self, IndexError> {
        let read = |path: &std::path::PathBuf| {
            std::fs::read(path).map_err(|source| IndexError::Io {
                action: "read",
                path: path.clone(),
                source,
            })
        };
        let tls = &settings.tls;
        let identity = match (&tls.certificate_file, &tls.key_file) {
            (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
            _ => None,
        };
        Ok(Self {
            root: tls.ca_file.as_ref().map(read).transpose()?,
            identity,
        })
    }
}

impl Client {
    /// Reads the files of the settings; asks no server yet.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn new(settings: &SharedSettings) -> Result<Self, IndexError> {
        Ok(Self {
            certificates: Certificates::read(settings)?,
            names: Names {
                prefix: settings.prefix.clone(),
                shards: u64::from(settings.shards.get()),
            },
            settings: settings.clone(),
            connections: BTreeMap::new(),
            homes: Vec::new(),
        })
    }

    /// Makes the calls, those of each shard in order, and returns what the servers answer, in the order of the calls.
    ///
    /// # Errors
    /// `Unavailable` when anything goes wrong. What was done by then is not known.
    pub(super) fn run(&mut self, calls: &[Call]) -> Result<Vec<Value>, IndexError> {
        let answers = self.try_run(calls);
        if answers.is_err() {
            // Answers may still be on their way, and slots may have moved.
            self.forget();
        }
        answers.map_err(|error| IndexError::Unavailable(error.to_string()))
    }

    /// Connects, unless it is connected. Before the first call, so that the hashes of the scripts are known.
    ///
    /// # Errors
    /// `Unavailable` when a server cannot be reached, or refuses.
    pub(super) fn ready(&mut self) -> Result<(), IndexError> {
        if !self.homes.is_empty() {
            return Ok(());
        }
        self.discover().map_err(|error| {
            self.forget();
            IndexError::Unavailable(error.to_string())
        })
    }

    /// Closes all connections.
    fn forget(&mut self) {
        self.connections.clear();
        self.homes.clear();
    }

    fn try_run(&mut self, calls: &[Call]) -> Result<Vec<Value>, redis::RedisError> {
        let mut by_home: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (call, at) in calls.iter().zip(0..) {
            let home = usize::try_from(call.shard)
                .ok()
                .and_then(|shard| self.homes.get(shard));
            by_home
                .entry(home.ok_or_else(|| trouble("no server for a shard"))?)
                .or_default()
                .push(at);
        }
        for (home, list) in &by_home {
            let connection = self
                .connections
                .get_mut(*home)
                .ok_or_else(|| trouble("no connection"))?;
            let packed: Vec<u8> = list
                .iter()
                .filter_map(|at| calls.get(*at))
                .flat_map(|call| call.packed.iter().copied())
                .collect();
            connection.send_packed_command(&packed)?;
        }
        let mut answers = vec![Value::Nil; calls.len()];
        for (home, list) in by_home {
            let connection = self
                .connections
                .get_mut(home)
                .ok_or_else(|| trouble("no connection"))?;
            for at in list {
                let answer = connection.recv_response()?.extract_error()?;
                if let Some(place) = answers.get_mut(at) {
                    *place = answer;
                }
            }
        }
        Ok(answers)
    }

    /// Learns from the first server that answers where each shard is, and connects to all of them.
    fn discover(&mut self) -> Result<(), redis::RedisError> {
        self.forget();
        let mut last = trouble("dedup.shared.urls is empty");
        for url in self.settings.urls.clone() {
            match self.discover_from(&url) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
            self.forget();
        }
        Err(last)
    }

    fn discover_from(&mut self, url: &str) -> Result<(), redis::RedisError> {
        let address = url_address(url)?;
        let mut first = self.connect(&address)?;
        let homes = match slots(&mut first)? {
            None => vec![address.clone(); self.names.shards as usize],
            Some(ranges) => (0..self.names.shards)
                .map(|shard| {
                    let slot: u16 = redis::cmd("CLUSTER")
                        .arg("KEYSLOT")
                        .arg(self.names.tag(shard))
                        .query(&mut first)?;
                    ranges
                        .iter()
                        .find(|range| range.slots.contains(&slot))
                        .map(|range| range.address(&address))
                        .ok_or_else(|| trouble("the cluster does not serve all slots"))
                })
                .collect::<Result<_, _>>()?,
        };
        self.connections.insert(address, first);
        for home in &homes {
            if !self.connections.contains_key(home) {
                let connection = self.connect(home)?;
                self.connections.insert(home.clone(), connection);
            }
        }
        self.connections
            .retain(|address, _| homes.contains(address));
        for connection in self.connections.values_mut() {
            for script in SCRIPTS {
                let hash: String = redis::cmd("SCRIPT")
                    .arg("LOAD")
                    .arg(script.source())
                    .query(connection)?;
                script.loaded(hash);
            }
        }
        self.homes = homes;
        Ok(())
    }

    fn connect(&self, address: &str) -> Result<Connection, redis::RedisError> {
        let (host, port) = split(address)?;
        let tls = self
            .settings
            .urls
            .first()
            .is_some_and(|url| url.starts_with("rediss:"));
        let address = if tls {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let mut user = redis::RedisConnectionInfo::default();
        if let Some(name) = &self.settings.user {
            user = user.set_username(name);
        }
        if let Some(password) = &self.settings.password {
            user = user.set_password(password.expose());
        }
        let info = address
            .into_connection_info()?
            .set_redis_settings(user.set_skip_set_lib_name());
        let connection = self
            .client(info, tls)?
            .get_connection_with_timeout(self.settings.connect_timeout.duration())?;
        let timeout: Duration = self.settings.timeout.duration();
        connection.set_read_timeout(Some(timeout))?;
        connection.set_write_timeout(Some(timeout))?;
        Ok(connection)
    }

    #[cfg(any(feature = "ssl", feature = "ssl-vendored"))]
    fn client(&self, info: ConnectionInfo, tls: bool) -> Result<redis::Client, redis::RedisError> {
        if !tls {
            return redis::Client::open(info);
        }
        let certificates = redis::TlsCertificates {
            client_tls: self.certificates.identity.as_ref().map(|(cert, key)| {
                redis::ClientTlsConfig {
                    client_cert: cert.clone(),
                    client_key: key.clone(),
                }
            }),
            root_cert: self.certificates.root.clone(),
        };
        redis::Client::build_with_tls(info, certificates)
    }

    #[cfg(not(any(feature = "ssl", feature = "ssl-vendored")))]
    fn client(&self, info: ConnectionInfo, tls: bool) -> Result<redis::Client, redis::RedisError> {
        match tls {
            true => Err(trouble("this program was built without TLS")),
            false => redis::Client::open(info),
        }
    }

    /// What each server says of itself, by its address: the sections of `INFO`.
    pub(super) fn information(&mut self) -> Result<Vec<(String, String)>, IndexError> {
        self.ready()?;
        let ask = |(address, connection): (&String, &mut Connection)| {
            let answer = redis::cmd("INFO").query::<String>(connection);
            answer.map(|text| (address.clone(), text))
        };
        let answers: Result<Vec<_>, _> = self.connections.iter_mut().map(ask).collect();
        answers.map_err(|error| {
            self.forget();
            IndexError::Unavailable(error.to_string())
        })
    }
}
