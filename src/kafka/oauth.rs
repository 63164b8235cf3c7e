//! Bearer tokens for SASL OAUTHBEARER: fetched by someone else, read from the configuration or a file.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::client::OAuthToken;
use serde::Deserialize;

use crate::config::Config;

/// Where the token comes from. A file is read anew for every refresh, so that it can be rotated.
#[derive(Clone, Default)]
pub struct TokenSource {
    fixed: Option<String>,
    file: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
}

impl TokenSource {
    /// The source the configuration names.
    pub fn new(config: &Config) -> Self {
        let sasl = &config.kafka.security.sasl;
        let file = sasl.token_file.clone();
        let fixed = sasl
            .token
            .as_ref()
            .filter(|_| file.is_none())
            .map(|token| token.expose().to_owned());
        Self { fixed, file }
    }

    /// The current token with the lifetime and the subject that it names (RFC 7519). A token that is not a JWT is
    /// taken to live for five minutes.
    ///
    /// # Errors
    /// When no token is configured, or its file cannot be read.
    pub fn token(&self) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let token = match (&self.file, &self.fixed) {
            (Some(file), _) => std::fs::read_to_string(file)
                .map_err(|error| {
                    format!("kafka.security.sasl.token_file {}: {error}", file.display())
                })?
                .trim()
                .to_owned(),
            (None, Some(token)) => token.clone(),
            (None, None) => {
                return Err("neither kafka.security.sasl.token nor its _file is set".into());
            }
        };
        let claims = claims(&token);
        let lifetime_ms = claims
            .exp
            .map_or_else(in_five_minutes, |seconds| (seconds * 1000.0) as i64);
        Ok(OAuthToken {
            token,
            principal_name: claims.sub.unwrap_or_default(),
            lifetime_ms,
        })
    }
}

fn in_five_minutes() -> i64 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX - 300_000) + 300_000
}

fn claims(token: &str) -> Claims {
    token
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_of_a_jwt_are_read_and_other_tokens_have_none() {
        let body = URL_SAFE_NO_PAD.encode(br#"{"sub":"stage","exp":1800000000}"#);
        let claims_found = claims(&format!("head.{body}.signature"));
        assert_eq!(claims_found.sub.as_deref(), Some("stage"));
        assert_eq!(claims_found.exp, Some(1_800_000_000.0));
        assert!(claims("opaque").sub.is_none());
        assert!(claims("a.%%%.c").exp.is_none());
    }

    #[test]
    fn a_token_file_is_read_at_every_refresh() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "first\n").unwrap();
        let source = TokenSource {
            fixed: None,
            file: Some(file.path().to_owned()),
        };
        assert_eq!(source.token().unwrap().token, "first");
        std::fs::write(file.path(), "second\n").unwrap();
        assert_eq!(source.token().unwrap().token, "second");
        assert!(TokenSource::default().token().is_err());
    }
}
