//! What an account may do. Roles and permissions live in the database, and everything asks through [`decide`].

mod store;

use std::collections::HashMap;

use doorward_db::Tx;

use crate::audit::{self, Event, EventType};
use crate::changes::{self, Change};
use crate::context::{Caller, Context, UserId};
use crate::error::{Code, Error, Result};

pub const ADMIN: &str = "admin";

/// The roles of an account and all that they allow, each in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    pub roles: Vec<String>,
    pub permissions: Vec<String>,
}

/// What an endpoint asks for, by the name that the database knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission(&'static str);

impl Permission {
    pub const USERS_READ: Self = Self("users:read");
    pub const USERS_WRITE: Self = Self("users:write");
    pub const ROLES_WRITE: Self = Self("roles:write");
    pub const KEYS_WRITE: Self = Self("keys:write");
    pub const AUDIT_READ: Self = Self("audit:read");

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    Denied,
}

/// Whether these rights allow it. What is not allowed is denied.
pub fn decide(rights: &Rights, permission: Permission) -> Decision {
    decide_named(rights, permission.0)
}

/// As [`decide`], for a permission that a gateway's settings name. One that nobody knows is held by nobody.
pub fn decide_named(rights: &Rights, permission: &str) -> Decision {
    decision(&rights.permissions, permission)
}

/// Whether these rights have a role of this name.
pub fn decide_role(rights: &Rights, role: &str) -> Decision {
    decision(&rights.roles, role)
}

fn decision(held: &[String], asked: &str) -> Decision {
    let allowed = held.binary_search_by(|held| held.as_str().cmp(asked)).is_ok();
    if allowed { Decision::Allowed } else { Decision::Denied }
}

/// Those of the names that no role has.
pub async fn unknown_roles(context: &Context, names: &[String]) -> Result<Vec<String>> {
    context
        .db
        .read(async |tx| {
            let mut unknown = Vec::new();
            for name in names {
                if !store::role_exists(tx, name).await? {
                    unknown.push(name.clone());
                }
            }
            Ok(unknown)
        })
        .await
}

/// The rights that an account has now.
pub async fn rights_of(tx: &mut Tx<'_>, user: UserId) -> Result<Rights> {
    Ok(Rights { roles: store::roles(tx, user).await?, permissions: store::permissions(tx, user).await? })
}

/// The roles of the accounts from one id to another, both among them, each in alphabetical order.
pub async fn roles_between(
    context: &Context,
    first: UserId,
    last: UserId,
) -> Result<HashMap<UserId, Vec<String>>> {
    context.db.read(async |tx| store::roles_between(tx, first, last).await).await
}

/// Gives an account a role, in a unit of work of the caller's that ended so many sessions for it. Answers whether it did not have it yet.
///
/// # Errors
/// `not_found` where there is no such role.
pub(crate) async fn grant_in(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    role: &str,
    ended: u64,
) -> Result<bool> {
    if !store::role_exists(tx, role).await? {
        return Err(no_such_role(role));
    }
    let granted = store::grant(tx, user, role, context.now()).await?;
    if granted {
        let event = Event::new(EventType::RoleGranted).on(user).with("role", role).with("ended", ended);
        audit::record(tx, context, caller, event).await?;
        changes::announce(tx, context, Change::User(user)).await?;
    }
    Ok(granted)
}

/// Takes a role from an account. Answers whether it had it.
///
/// # Errors
/// `not_found` where there is no such role; `conflict` where it would leave nobody with the role `admin`.
pub async fn revoke(context: &Context, caller: &Caller, user: UserId, role: &str) -> Result<bool> {
    context
        .db
        .write(async |tx| {
            if !store::role_exists(tx, role).await? {
                return Err(no_such_role(role));
            }
            let revoked = store::revoke(tx, user, role).await?;
            if !revoked {
                return Ok(false);
            }
            if role == ADMIN && !has_active_admin(tx).await? {
                return Err(last_admin());
            }
            let event = Event::new(EventType::RoleRevoked).on(user).with("role", role);
            audit::record(tx, context, caller, event).await?;
            changes::announce(tx, context, Change::User(user)).await?;
            Ok(true)
        })
        .await
}

/// Whether somebody who may come in has the role `admin`.
pub async fn has_active_admin(tx: &mut Tx<'_>) -> Result<bool> {
    store::has_active_admin(tx).await
}

/// The refusal to leave an installation without an administrator.
pub fn last_admin() -> Error {
    Error::new(Code::Conflict)
        .with_detail("This is the last active administrator. Give somebody else the role admin first.")
}

fn no_such_role(role: &str) -> Error {
    Error::new(Code::NotFound).with_detail(format!("There is no role named {role}."))
}

#[cfg(test)]
mod tests {
    use super::{Decision, Permission, Rights, decide};

    #[test]
    fn only_what_is_held_is_allowed() {
        let rights = Rights {
            roles: vec!["auditor".into()],
            permissions: vec!["audit:read".into(), "users:read".into()],
        };
        assert_eq!(decide(&rights, Permission::AUDIT_READ), Decision::Allowed);
        assert_eq!(decide(&rights, Permission::USERS_READ), Decision::Allowed);
        assert_eq!(decide(&rights, Permission::USERS_WRITE), Decision::Denied);
        assert_eq!(decide(&Rights::default(), Permission::USERS_READ), Decision::Denied);
    }
}
