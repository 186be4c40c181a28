//! Every setting there is. The reference (docs/SETTINGS.md) is made from this list.

/// One setting.
pub struct Key {
    pub name: &'static str,
    /// As it would be written, for people.
    pub default: &'static str,
    /// Never shown, and readable from a file named by `…_FILE`.
    pub secret: bool,
    pub about: &'static str,
}

const fn key(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { name, default, secret: false, about }
}

const fn secret(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { name, default, secret: true, about }
}

pub const KEYS: &[Key] = &[
    key(
        "mode",
        "development where `public_url` and `listen` are both loopback, else production",
        "`\"development\"` or `\"production\"`. Production refuses to start without https, a master key and a mail transport.",
    ),
    key("listen", "\"127.0.0.1:4400\"", "The address and port to answer on."),
    key(
        "public_url",
        "\"http://localhost:4400\"",
        "Where people and clients reach this server. May end in a path; every route then lives below it.",
    ),
    key(
        "pages.base_url",
        "`public_url`",
        "Where links in mails lead: this server, or an app that has pages of the same names. In production an https address.",
    ),
    key(
        "data_dir",
        "\"./doorward-data\"",
        "Where the embedded database, and in development the master key, are kept.",
    ),
    secret(
        "database.url",
        "\"sqlite:doorward.db\" in `data_dir`",
        "`sqlite:FILE`, or `postgres://…` (with TLS where it says `sslmode=require`).",
    ),
    key("database.max_connections", "16", "How many connections to PostgreSQL may be open at once."),
    secret(
        "redis.url",
        "none: one process needs none",
        "`redis://user:password@host:6379/0`, or `rediss://…` (TLS): a single Redis or Valkey server, where several processes count attempts together. While it is away each counts by itself.",
    ),
    secret(
        "secrets.master_key",
        "in development: made in `data_dir`",
        "32 bytes in base64, under which all secrets in the database are sealed.",
    ),
    secret("secrets.previous_master_keys", "none", "Earlier master keys, whose seals still open."),
    key("mail.from", "in development: \"Doorward <noreply@localhost>\"", "The sender of every mail."),
    secret(
        "mail.smtp_url",
        "in development: caught in the mailbox",
        "`smtps://user:password@host` (TLS), or `smtp://…` (STARTTLS, but for a loopback host or with `?tls=none`).",
    ),
    key(
        "mail.file_dir",
        "none",
        "In place of a mail server: a folder that every mail is written to as an .eml file.",
    ),
    key(
        "sms.provider",
        "none: nothing is sent by SMS",
        "`\"twilio\"`, or `\"webhook\"`: a service of yours that is posted each message as JSON, signed as Standard Webhooks says. Then people may add a phone number, as a second factor.",
    ),
    key("sms.account", "none", "Twilio's Account SID."),
    secret("sms.token", "none", "Twilio's auth token."),
    key("sms.from", "none", "The sender at Twilio: a number, a name, or the SID of a messaging service."),
    key(
        "sms.url",
        "with Twilio: \"https://api.twilio.com\"",
        "Where the webhook is. With Twilio, another of its addresses.",
    ),
    secret(
        "sms.secret",
        "none",
        "What the webhook's signatures are made with: 16 characters at least, or `whsec_` and base64.",
    ),
    key(
        "sms.countries",
        "none",
        "The calling codes, such as `\"+43\"`, whose numbers get messages. Others get none.",
    ),
    key(
        "sms.hourly_per_country",
        "100",
        "How many messages go to each of them within an hour. One number gets 3 in ten minutes and 10 a day at most, one account 5 an hour.",
    ),
    key(
        "sign_up.verify_email",
        "\"first\"",
        "`\"first\"`: an account exists once its address is verified. `\"later\"`: people come in at once, and a sign-up tells that an address is known.",
    ),
    key(
        "sign_in.email",
        "true",
        "Whether people may sign in by a link or a code that is mailed to them, in place of the password.",
    ),
    key("session.access_token_ttl", "\"10m\"", "How long an access token holds."),
    key(
        "session.refresh_grace",
        "\"10s\"",
        "How long a rotated refresh token is still answered, for tabs and retries that race.",
    ),
    key(
        "session.refresh_retry",
        "\"10m\"",
        "How long the last but one refresh token is answered, a few times a day, after a lost answer.",
    ),
    key("session.idle_timeout", "\"7d\"", "How long a session lasts without use."),
    key("session.remember_idle_timeout", "\"30d\"", "The same, where the person asked to stay signed in."),
    key("session.absolute_timeout", "\"90d\"", "How long a session lasts whatever the use."),
    key(
        "session.cookie_domain",
        "none",
        "A parent domain whose hosts share the cookies. Turns the `__Host-` prefix of their names into `__Secure-`.",
    ),
    key("token.audience", "`public_url`", "The `aud` of access tokens."),
    key("token.signing_alg", "\"ES256\"", "`\"ES256\"`, `\"EdDSA\"` or `\"RS256\"`."),
    key(
        "keys.rotate_every",
        "\"90d\"",
        "How long a signing key signs before the next one takes over, at least `\"1d\"`; `\"never\"` leaves it to `doorward keys rotate`.",
    ),
    key(
        "password.min_length",
        "8",
        "8 to 64. NIST SP 800-63B-4 asks for 15 where a password is the only factor.",
    ),
    key("password.memory_kib", "65536", "Argon2id's memory, at least 19456."),
    key("password.passes", "3", "Argon2id's passes, at least 2."),
    key("password.lanes", "4", "Argon2id's lanes, at least 1."),
    key(
        "password.check_breached",
        "false",
        "Whether new passwords are looked up, by the first five digits of their SHA-1 alone, in a list of leaked ones.",
    ),
    key(
        "password.breached_url",
        "\"https://api.pwnedpasswords.com/\"",
        "Where that list is: Have I Been Pwned, or a mirror with the same range API.",
    ),
    key(
        "account.deletion_grace",
        "\"14d\"",
        "How long a closed account can be restored before it is deleted for good.",
    ),
    key(
        "lockout.enabled",
        "true",
        "Whether failed sign-ins are delayed, and lock an account for a while. A device that was signed in from is never locked.",
    ),
    key(
        "challenge.enabled",
        "true",
        "Whether a proof of work is asked for where somebody seems to guess passwords or to flood sign-up.",
    ),
    key(
        "challenge.sign_ups_above",
        "60",
        "From more sign-ups than this within ten minutes on, each further one is challenged. 0 challenges every one.",
    ),
    key(
        "reauthentication.email_code",
        "true",
        "Whether a mailed code confirms, beside the password, that somebody who is signed in is still who they were.",
    ),
    key(
        "mfa.required_for",
        "none",
        "Roles whose holders sign in with two factors, such as [\"admin\"]; whoever has none sets one up on the way in. \
         Every account has the role `user`.",
    ),
    key(
        "mfa.trusted_device",
        "30d",
        "For how long a device that its owner trusts is not asked for the second factor again. 0s: it always is.",
    ),
    key(
        "recovery.wait",
        "24h",
        "How long somebody waits who has lost the second factor, so that the owner can cancel what somebody else asked for. \
         Where nothing but the mailbox is left it is 7 days at least.",
    ),
    key(
        "webauthn.rp_id",
        "the host of `public_url`",
        "The host that passkeys belong to, or a parent domain of it. Another one makes every passkey worthless.",
    ),
    key(
        "webauthn.origins",
        "the origin of `public_url`",
        "Exact origins of the pages that may ask for passkeys: this server, or apps of yours below `webauthn.rp_id`.",
    ),
    key("rate_limit.enabled", "true", "Whether too many attempts are refused."),
    key(
        "http.trusted_proxies",
        "none",
        "Addresses or networks of proxies whose X-Forwarded-For is believed.",
    ),
    secret(
        "http.proxy_secret",
        "none",
        "What a server of yours that forwards browsers' requests proves itself with (`X-Doorward-Proxy-Secret`).",
    ),
    key(
        "http.allowed_origins",
        "none",
        "Exact https origins whose pages may call the JSON API with credentials.",
    ),
    key("http.allowed_redirects", "none", "Exact origins that `redirect_to` may lead to."),
    key(
        "http.max_connections",
        "10000",
        "How many connections may be open at once. Those beyond are answered 503 and closed.",
    ),
    key(
        "http.max_connections_per_address",
        "1000",
        "How many of them one address (one /64 for IPv6) may have. Trusted proxies may have all.",
    ),
    key(
        "geoip.database",
        "",
        "A file in MaxMind's format (City or Country) that says where addresses are. Without one no places are shown.",
    ),
    key(
        "audit.retention",
        "\"400d\"",
        "How long audit events are kept, a day at least. What is left of the log can still be verified.",
    ),
    key(
        "audit.refreshes",
        "false",
        "Whether each refresh is an audit event, beside being noted on its session: six an hour for each session in use.",
    ),
    secret(
        "metrics.token",
        "none: /metrics answers this machine alone",
        "The bearer token that /metrics asks for.",
    ),
    key("brand.product_name", "\"Doorward\"", "The name on pages and in mails."),
    key("brand.accent", "a deep teal", "The accent colour, as `\"#rrggbb\"`."),
    key("log.format", "\"text\" on a terminal, else \"json\"", "`\"text\"` or `\"json\"`."),
    key(
        "log.level",
        "\"info\"",
        "A level, or a filter such as `\"info,doorward::requests=debug\"`, which logs every request.",
    ),
];

impl Key {
    /// `DOORWARD_DATABASE__URL` for `database.url`.
    pub fn variable(&self) -> String {
        format!("DOORWARD_{}", self.name.replace('.', "__").to_uppercase())
    }
}

/// The known key that a misspelt one was most likely meant to be.
pub fn nearest(name: &str) -> Option<&'static str> {
    let near = KEYS.iter().map(|key| (distance(name, key.name), key.name)).min()?;
    (near.0 <= 3).then_some(near.1)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The reference, as docs/SETTINGS.md has it.
pub fn reference() -> String {
    let mut text = "# Settings

`doorward.toml` in the working directory (or the file that `--config` names), each key also as an environment variable,
which counts for more. Durations are written `\"10s\"`, `\"10m\"`, `\"12h\"`, `\"7d\"`; lists in a variable have commas between
their items. A key marked *secret* can also be read from a file: put the file's path into the variable with `_FILE` at its
end. Unknown keys are errors, and all problems are listed at once. `doorward doctor` checks a configuration.

| key | variable | default | |
|---|---|---|---|
"
    .to_owned();
    for key in KEYS {
        let secret = if key.secret { " *secret*" } else { "" };
        text.push_str(&format!(
            "| `{}`{secret} | `{}` | {} | {} |\n",
            key.name,
            key.variable(),
            key.default,
            key.about
        ));
    }
    text
}
