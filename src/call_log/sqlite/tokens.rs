//! The tokens of the programming interface.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::moment;
use crate::access::{Rights, Role, Token};
use crate::token::Hash;

const COLUMNS: &str = "name, role, mailboxes, made_ms, used_ms, expires_ms";

/// Keeps a new token; whether there is none of that name yet.
pub(super) fn add(connection: &Connection, token: &Token, hash: &Hash) -> rusqlite::Result<bool> {
    let mailboxes = token.rights.mailboxes.as_ref();
    let mailboxes = mailboxes.map(|listed| {
        let names: Vec<_> = listed.iter().map(ToString::to_string).collect();
        serde_json::Value::from(names).to_string()
    });
    let added = connection.execute(
        "INSERT OR IGNORE INTO tokens (name, hash, role, mailboxes, made_ms, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            &token.name,
            hash,
            token.rights.role.as_str(),
            mailboxes,
            token.made.as_millisecond(),
            token.expires.map(Timestamp::as_millisecond),
        ),
    )?;
    Ok(added > 0)
}

/// Forgets a token; whether there was one.
pub(super) fn revoke(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let gone = connection.execute("DELETE FROM tokens WHERE name = ?1", [name])?;
    Ok(gone > 0)
}

/// Notes that a token was used.
pub(super) fn note_used(
    connection: &Connection,
    name: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE tokens SET used_ms = ?2 WHERE name = ?1")?
        .execute((name, at.as_millisecond()))
        .map(drop)
}

/// All tokens, by name.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Token>> {
    let sql = format!("SELECT {COLUMNS} FROM tokens ORDER BY name");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([], token_in)?.collect()
}

/// The token whose secret has this hash.
pub(super) fn by_hash(connection: &Connection, hash: &Hash) -> rusqlite::Result<Option<Token>> {
    let sql = format!("SELECT {COLUMNS} FROM tokens WHERE hash = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row([hash], token_in).optional()
}

fn token_in(row: &Row<'_>) -> rusqlite::Result<Token> {
    let (role, mailboxes): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let time = |at: usize| row.get::<_, Option<i64>>(at).map(|ms| ms.map(moment));
    let role = Role::ALL.into_iter().find(|known| known.as_str() == role);
    // What cannot be read lets nobody see anything.
    let mailboxes = mailboxes.map(|list| {
        let names: Vec<String> = serde_json::from_str(&list).unwrap_or_default();
        names.into_iter().map(Into::into).collect()
    });
    Ok(Token {
        name: row.get(0)?,
        rights: Rights {
            role: role.unwrap_or_default(),
            mailboxes,
        },
        made: moment(row.get(3)?),
        used: time(4)?,
        expires: time(5)?,
    })
}
