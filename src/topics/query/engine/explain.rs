//! Why a query holds for an article or not: every part of it with its own verdict.
