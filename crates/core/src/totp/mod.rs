//! Authenticator apps (RFC 6238). A set-up counts once a code of it was typed; each time step is taken once, also by many
//! processes and after a restart. The secret is sealed.

mod store;

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use doorward_crypto::otp;
use doorward_crypto::rng::random;
use doorward_db::Tx;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use secrecy::SecretString;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::context::{Context, Time, TotpId, UserId};
use crate::error::{Code, Error, Result};
use crate::seals::SealedColumn;
use crate::secret::digits;
use crate::user::User;

/// What is sealed here, for the rotation of the master key.
pub const SEALED: SealedColumn = store::SEALED;

/// How long a set-up may take.
const SET_UP_LIFE: Duration = Duration::from_secs(60 * 60);

/// What an authenticator app is told, once.
pub struct SetUp {
    /// In base32, to be typed.
    pub secret: SecretString,
    /// `otpauth://totp/…`, as apps agreed on it.
    pub otpauth_uri: SecretString,
    /// The address as a picture.
    pub qr_svg: SecretString,
}

/// An app that counts as a factor.
#[derive(Debug, Clone)]
pub struct Totp {
    pub id: TotpId,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
}

/// Begins a set-up, for the session or the sign-in under way that alone can finish it. It changes nothing until it is confirmed;
/// one that was under way ends.
pub async fn begin(context: &Context, user: &User, by: Uuid) -> Result<SetUp> {
    let secret = Zeroizing::new(random::<{ otp::SECRET_LENGTH }>(&*context.rng));
    let id = context.new_id();
    let sealed = context.sealer.seal(&seal_context(id), &*secret);
    context.db.write(async |tx| store::begin(tx, id, user.id, by, &sealed, context.now()).await).await?;
    told(context, user, &*secret)
}

/// The set-up under way, to be shown once more to whoever began it.
pub async fn under_way(context: &Context, user: &User, by: Uuid) -> Result<Option<SetUp>> {
    match context.db.read(async |tx| begun(tx, context, user.id, by).await).await? {
        Some(row) => told(context, user, &open(context, &row)?).map(Some),
        None => Ok(None),
    }
}

fn told(context: &Context, user: &User, secret: &[u8]) -> Result<SetUp> {
    let typed = Zeroizing::new(BASE32_NOPAD.encode(secret));
    let uri = Zeroizing::new(otpauth_uri(&context.config.brand.product_name, &user.email, &typed));
    let picture = QrCode::with_error_correction_level(uri.as_bytes(), EcLevel::M).map_err(Error::internal)?;
    // On white in dark mode too: many a camera reads no light code on dark.
    let picture = picture
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    Ok(SetUp {
        secret: SecretString::from(typed.as_str()),
        otpauth_uri: SecretString::from(uri.as_str()),
        qr_svg: SecretString::from(picture),
    })
}

/// Whether a code is that of the set-up under way, which counts from now on.
///
/// # Errors
/// `conflict` where there is none, somebody else began it, or it took longer than an hour.
pub(crate) async fn confirm(
    tx: &mut Tx<'_>,
    context: &Context,
    user: UserId,
    by: Uuid,
    code: &str,
) -> Result<bool> {
    let Some(row) = begun(tx, context, user, by).await? else {
        return Err(Error::new(Code::Conflict).with_detail(
            "There is no set-up under way, or it took too long. Begin anew, and scan the new picture.",
        ));
    };
    Ok(take(tx, context, &row, code).await? && store::confirm(tx, row.id, user, context.now()).await?)
}

/// What somebody else began is not shown and not finished: its secret is theirs.
async fn begun(tx: &mut Tx<'_>, context: &Context, user: UserId, by: Uuid) -> Result<Option<store::Row>> {
    let row = store::find(tx, user, false).await?;
    Ok(row.filter(|row| row.begun_by == Some(by) && context.now().since(row.created_at) < SET_UP_LIFE))
}

/// Whether a code is that of the account's app, and was not used before.
pub(crate) async fn is_right(tx: &mut Tx<'_>, context: &Context, user: UserId, code: &str) -> Result<bool> {
    match store::find(tx, user, true).await? {
        Some(row) => take(tx, context, &row, code).await,
        None => Ok(false),
    }
}

pub(crate) async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Totp>> {
    let row = store::find(tx, user, true).await?;
    Ok(row.map(|row| Totp { id: row.id, created_at: row.created_at, last_used_at: row.last_used_at }))
}

/// Removes the account's app, and a set-up under way. Answers whether there was any.
pub(crate) async fn remove(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    store::delete(tx, user).await
}

/// Deletes at most `limit` set-ups that were never finished. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::clean_up(tx, context.now() - SET_UP_LIFE, limit).await
}

async fn take(tx: &mut Tx<'_>, context: &Context, row: &store::Row, code: &str) -> Result<bool> {
    let secret = open(context, row)?;
    let now = context.now();
    match otp::matching_step(&secret, &digits(code), now.seconds()) {
        Some(step) => store::take_step(tx, row.id, step, now).await,
        None => Ok(false),
    }
}

fn open(context: &Context, row: &store::Row) -> Result<Zeroizing<Vec<u8>>> {
    context.sealer.open(&seal_context(row.id), &row.sealed_secret).map_err(|_| {
        Error::internal("an authenticator app's secret does not open: is this the right master key?")
    })
}

fn otpauth_uri(product: &str, account: &str, secret: &str) -> String {
    let label = [product, account].map(escaped).join(":");
    format!("otpauth://totp/{label}?secret={secret}&issuer={}", escaped(product))
}

/// Apps show a `+` as it stands.
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn seal_context(id: TotpId) -> Vec<u8> {
    [b"totp ", id.as_uuid().as_bytes().as_slice()].concat()
}
