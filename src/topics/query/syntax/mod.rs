//! The language of queries: from text to a tree and back.
//!
//! ```text
//! query  = or ;
//! or     = and { ( "OR" | "||" ) and } ;
//! and    = not { [ "AND" | "&&" ] not } ;                  side by side means AND
//! not    = { "NOT" | "!" | "-" } near | "+" near ;
//! near   = prim { nearop prim } ;
//! nearop = ( "NEAR" | "ONEAR" ) [ "/" ( int [ "f" ] | "s" | "p" ) ] | ( "W" | "PRE" | "" ) "/" ( int | "s" | "p" ) ;
//! prim   = [ field ":" ] atom [ "^" number ] ;
//! atom   = "(" query ")" | [ "*" ] phrase [ "*" ] [ "~" int ] | word | func "(" query ")" ;
//! func   = "ATLEAST/" int | "CASE" | "RAW" | "STEM" | "WORD" ;
//! ```
//!
//! NEAR binds strongest, then NOT, then AND, then OR.

pub mod ast;
mod dialect;
mod errors;
mod lexer;
mod names;
mod parser;
mod printer;

#[cfg(test)]
mod tests;

pub use dialect::Dialect;
pub use errors::{Diagnostic, Severity};
pub use lexer::MAX_NEAR;
pub use parser::{MAX_DEPTH, MAX_QUERY_BYTES, Parsed, parse};
pub use printer::print;
