//! `newsstage config`: what is set, where it comes from, what could be set.

use super::{ConfigArgs, Exit, load, print};

pub fn show(args: &ConfigArgs) -> Exit {
    match load(args) {
        Ok(loaded) => print(&crate::config::show(&loaded)),
        Err(exit) => exit,
    }
}

pub fn schema() -> Exit {
    match serde_json::to_string_pretty(&crate::config::json_schema()) {
        Ok(text) => print(&format!("{text}\n")),
        Err(_) => Exit::Software,
    }
}
