//! Asking the admin address of a running instance.

mod events;
mod http;

use std::io;

use clap::Args;
use url::Url;

use super::{ConfigArgs, Exit, load, say};
pub use events::{Event, Events};

/// Which instance is asked.
#[derive(Debug, Clone, Args)]
pub struct AdminArgs {
    /// Admin address of the instance, e.g. http://127.0.0.1:9464; by default the admin.listen of the configuration.
    #[arg(short, long, value_name = "URL")]
    admin: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl AdminArgs {
    /// The address, or the exit code when it is none; the reason is told.
    fn address(&self) -> Result<Address, Exit> {
        let (text, exit) = match &self.admin {
            Some(url) => (url.clone(), Exit::Usage),
            None => (load(&self.config)?.config.admin.listen, Exit::Config),
        };
        Address::parse(&text).map_err(|reason| {
            say(&format!("{}: {reason}\n", super::screen::safe(&text)));
            exit
        })
    }
}

/// Runs a command that asks an instance; `name` is the command's.
pub fn run(name: &str, args: &AdminArgs, work: impl AsyncFnOnce(&Address) -> Exit) -> Exit {
    let address = match args.address() {
        Ok(address) => address,
        Err(exit) => return exit,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(work(&address)),
        Err(error) => {
            say(&format!("{name}: {error}\n"));
            Exit::Software
        }
    }
}

/// Where an instance answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    /// Path in front of the instance's own, without a final slash: for a proxy.
    prefix: String,
}

impl Address {
    /// `http://HOST:PORT/PREFIX`, or `HOST:PORT`. A host that means every address is asked as this machine.
    fn parse(text: &str) -> Result<Self, String> {
        let whole = match text.contains("://") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        let url = Url::parse(&whole).map_err(|error| format!("no URL: {error}"))?;
        if url.scheme() != "http" {
            return Err("the admin address speaks http and nothing else".to_owned());
        }
        let host = match url.host_str().unwrap_or_default() {
            "" => return Err("no host in it".to_owned()),
            "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            host => host,
        };
        Ok(Self {
            host: host.to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The text at a path, such as `/metrics`.
    pub async fn text(&self, path: &str) -> io::Result<String> {
        let answer = http::get(self, path, None).await?;
        let text = answer.text().await?;
        Ok(text)
    }

    /// The events at a path, from behind the one with the id `last` on.
    pub async fn events(&self, path: &str, last: Option<&str>) -> io::Result<Events> {
        Ok(Events::new(http::get(self, path, last).await?))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.prefix)
    }
}

/// What went wrong, in words; of what the instance says, only what a terminal may have.
pub fn reason(error: &io::Error) -> String {
    super::screen::fit(&error.to_string(), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, shown) in [
            ("http://127.0.0.1:9464", "http://127.0.0.1:9464"),
            ("http://127.0.0.1:9464/", "http://127.0.0.1:9464"),
            ("127.0.0.1:9464", "http://127.0.0.1:9464"),
            ("localhost:80", "http://localhost:80"),
            ("0.0.0.0:9464", "http://127.0.0.1:9464"),
            ("[::]:9464", "http://[::1]:9464"),
            (
                "http://gateway.example/stage/a/",
                "http://gateway.example:80/stage/a",
            ),
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in [
            "",
            "https://127.0.0.1:9464",
            "http://",
            "::1:9464",
            "file:///x",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
