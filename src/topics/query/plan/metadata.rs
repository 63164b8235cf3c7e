//! Leaves that are looked for beside the text: language, country, topic, host.

use super::{EVERYWHERE, Plan, Planner, Planning, is_language};
use crate::topics::query::country;
use crate::topics::query::syntax::Diagnostic;
use crate::topics::query::syntax::ast::Node;
use crate::topics::query::vocabulary::Space;
use crate::topics::query::words;

impl Planner<'_> {
    fn metadata(&mut self, space: Space, form: &str, leaf: u32) -> Plan {
        Plan::Word {
            term: self.vocabulary.intern(space, form),
            zones: EVERYWHERE,
            leaf,
            stop: false,
        }
    }

    pub(super) fn language(&mut self, text: &str, leaf: u32, node: &Node<'_>) -> Planning {
        let code = words::unescaped(text)
            .replace('_', "-")
            .to_ascii_lowercase();
        if !is_language(&code) {
            return Err(Diagnostic::error(
                node.span.clone(),
                format!("`{}` is not a language code", words::unescaped(text)),
            )
            .help("use codes as the stage gives them: ar, en, zh-Hans, sr-Latn, und"));
        }
        Ok(self.metadata(Space::Lang, &code, leaf))
    }

    pub(super) fn country(&mut self, text: &str, leaf: u32, node: &Node<'_>) -> Planning {
        let name = words::unescaped(text);
        match country::find(&name) {
            Some(code) => Ok(self.metadata(Space::Country, code, leaf)),
            None => {
                let error =
                    Diagnostic::error(node.span.clone(), format!("`{name}` is not a country"));
                Err(match country::nearest(&name) {
                    Some(code) => error.help(format!("did you mean {code}?")),
                    None => error.help("use a two-letter code (ISO 3166) or the English name"),
                })
            }
        }
    }

    pub(super) fn topic(&mut self, text: &str, leaf: u32, node: &Node<'_>) -> Planning {
        let name = words::unescaped(text);
        let code = name.strip_prefix("medtop:").unwrap_or(&name);
        if code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()) {
            let id = format!("medtop:{code}");
            return Ok(self.metadata(Space::Topic, &id, leaf));
        }
        if name.starts_with("medtop:") {
            return Err(Diagnostic::error(
                node.span.clone(),
                "a topic of the taxonomy has eight digits",
            )
            .help("for example topic:medtop:15000000"));
        }
        self.references.push((name.clone(), node.span.clone()));
        Ok(self.metadata(Space::Query, &name, leaf))
    }

    /// A host name; `None` where the text is the name of a publication.
    pub(super) fn host(
        &mut self,
        text: &str,
        leaf: u32,
        node: &Node<'_>,
    ) -> Result<Option<Plan>, Diagnostic> {
        let written = words::unescaped(text);
        let lower = written.trim().to_ascii_lowercase();
        let bare = ["https://", "http://"]
            .into_iter()
            .find_map(|scheme| lower.strip_prefix(scheme))
            .unwrap_or(&lower)
            .trim_end_matches('/');
        let bare = bare.strip_prefix("*.").unwrap_or(bare);
        if !bare.contains('.') || bare.contains(char::is_whitespace) || bare.contains(['*', '?']) {
            return Ok(None);
        }
        if let Some((host, _)) = bare.split_once('/') {
            return Err(Diagnostic::error(
                node.span.clone(),
                "source: takes a host, not an address below it",
            )
            .help(format!("write source:{host}, or url:\"{bare}\"")));
        }
        let Some(host) = crate::article::canonical_url(&format!("https://{bare}/")) else {
            return Ok(None);
        };
        Ok(Some(self.metadata(Space::Host, &host.host, leaf)))
    }
}
