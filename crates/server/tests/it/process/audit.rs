use serde_json::Value;

use super::Server;

#[tokio::test]
async fn the_log_is_signed_verified_and_exported_while_the_server_runs() {
    let server = Server::start(&[]).await;
    let nothing = server.cli(&["audit", "head"]);
    assert!(
        !nothing.status.success()
            && String::from_utf8_lossy(&nothing.stderr).contains("nothing has been sealed")
    );
    assert!(server.cli_ok(&["audit", "verify"]).starts_with("The log is whole"));
    let browser = server.member("ada@example.com").await;
    browser.sign_in("ada@example.com").await.expect_status(200);
    let db = server.database.open().await;
    let unsealed = "SELECT COUNT(*) FROM audit_events WHERE position IS NULL";
    let left =
        async || db.read(async |tx| tx.query_one(unsealed, &[]).await).await.unwrap().get::<i64>(0).unwrap();
    super::within_a_second(async || left().await == 0).await;

    let head = server.folder.path().join("head.jws");
    std::fs::write(&head, server.cli_ok(&["audit", "head"])).unwrap();
    let as_json: Value = serde_json::from_str(&server.cli_ok(&["audit", "head", "--json"])).unwrap();
    let position = as_json["position"].as_u64().unwrap();
    assert!(position > 0 && as_json["jws"].as_str().unwrap().split('.').count() == 3, "{as_json}");
    let head = head.to_str().unwrap();
    let report: Value =
        serde_json::from_str(&server.cli_ok(&["audit", "verify", "--head", head, "--json"])).unwrap();
    assert_eq!((&report["ok"], report["end"].as_u64()), (&Value::Bool(true), Some(position)), "{report}");

    let lines =
        |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let all = lines(&server.cli_ok(&["audit", "export"]));
    assert_eq!(all.len() as u64, position);
    assert!(all.windows(2).all(|pair| pair[0]["id"].as_str() < pair[1]["id"].as_str()), "oldest first");
    let sign_ins =
        lines(&server.cli_ok(&["audit", "export", "--user", "ada@example.com", "--type", "sign_in"]));
    assert!(!sign_ins.is_empty() && sign_ins.iter().all(|event| event["type"] == "sign_in"));
    let newest = lines(&server.cli_ok(&["audit", "export", "--newest", "--limit", "2"]));
    assert_eq!(newest.iter().rev().collect::<Vec<_>>(), all[all.len() - 2..].iter().collect::<Vec<_>>());
    assert!(server.cli_ok(&["audit", "export", "--until", "2020-01-01"]).is_empty());
    for bad in
        [["--type", "nonsense"], ["--since", "yesterday"], ["--user", "nobody@example.com"], ["--limit", "0"]]
    {
        assert!(!server.cli(&[["audit", "export"], bad].concat()).status.success(), "{bad:?}");
    }

    let sql = "DELETE FROM audit_events WHERE position > 2";
    db.write(async |tx| tx.execute(sql, &[]).await).await.unwrap();
    let cut = server.cli(&["audit", "verify", "--head", head]);
    assert_eq!(cut.status.code(), Some(1));
    let said = String::from_utf8_lossy(&cut.stdout).into_owned();
    assert!(said.contains("position 3: cut") && said.contains("NOT whole"), "{said}");
    db.close().await;
}
