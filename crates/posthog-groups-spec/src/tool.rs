//! What reports for programs call this tool.

use openapi_ledger::lint::Tool;

/// The name by which reports for programs call this tool.
pub const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    url: env!("CARGO_PKG_REPOSITORY"),
};
