use std::collections::HashMap;

use doorward_db::{Row, Tx, p};

use crate::context::{Id, Time, UserId};
use crate::error::Result;

pub(super) async fn roles(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<String>> {
    texts(&tx.query_all("SELECT role FROM user_roles WHERE user_id = ?1", &p![user]).await?)
}

pub(super) async fn roles_between(
    tx: &mut Tx<'_>,
    first: UserId,
    last: UserId,
) -> Result<HashMap<UserId, Vec<String>>> {
    let asked = "SELECT user_id, role FROM user_roles WHERE user_id >= ?1 AND user_id <= ?2";
    let mut roles: HashMap<UserId, Vec<String>> = HashMap::new();
    for row in tx.query_all(asked, &p![first, last]).await? {
        roles.entry(Id::from_uuid(row.get(0)?)).or_default().push(row.get(1)?);
    }
    for roles in roles.values_mut() {
        roles.sort_unstable();
    }
    Ok(roles)
}

pub(super) async fn permissions(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<String>> {
    texts(
        &tx.query_all(
            "SELECT DISTINCT rp.permission FROM user_roles ur JOIN role_permissions rp ON rp.role = ur.role
             WHERE ur.user_id = ?1",
            &p![user],
        )
        .await?,
    )
}

pub(super) async fn role_exists(tx: &mut Tx<'_>, role: &str) -> Result<bool> {
    Ok(tx.query_opt("SELECT name FROM roles WHERE name = ?1", &p![role]).await?.is_some())
}

pub(super) async fn grant(tx: &mut Tx<'_>, user: UserId, role: &str, now: Time) -> Result<bool> {
    let row = tx
        .query_opt(
            "INSERT INTO user_roles (user_id, role, granted_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING RETURNING role",
            &p![user, role, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn revoke(tx: &mut Tx<'_>, user: UserId, role: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM user_roles WHERE user_id = ?1 AND role = ?2", &p![user, role]).await? > 0)
}

pub(super) async fn has_active_admin(tx: &mut Tx<'_>) -> Result<bool> {
    let row = tx
        .query_opt(
            "SELECT u.id FROM user_roles ur JOIN users u ON u.id = ur.user_id
             WHERE ur.role = 'admin' AND u.disabled_at IS NULL AND u.deletes_at IS NULL LIMIT 1",
            &p![],
        )
        .await?;
    Ok(row.is_some())
}

/// Sorted here: the engines do not agree on the order of texts.
fn texts(rows: &[Row]) -> Result<Vec<String>> {
    let mut texts = rows.iter().map(|row| Ok(row.get(0)?)).collect::<Result<Vec<String>>>()?;
    texts.sort_unstable();
    Ok(texts)
}
