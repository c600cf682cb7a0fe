//! The identity of this tool in reports for programs.

use openapi_ledger::lint::Tool;

/// The identity of this tool in reports for programs.
pub const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    url: env!("CARGO_PKG_REPOSITORY"),
};
