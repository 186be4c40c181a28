//! The benchmark works, whatever it measures: every row is there, from a real server.

use std::path::Path;
use std::process::Command;

#[test]
fn every_row_is_measured() {
    let bench = Path::new(env!("CARGO_BIN_EXE_bench"));
    assert!(
        bench.with_file_name("doorward").exists(),
        "build the server first: cargo build --package doorward"
    );
    let output = Command::new(bench).args(["--quick", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 12, "{report}");
    for row in rows {
        assert!(row["measured"].as_f64().unwrap() > 0.0 && row["limit"].as_f64().unwrap() > 0.0, "{row}");
    }
}
