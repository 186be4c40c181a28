use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use doorward_core::audit::EventType;
use doorward_core::context::Time;
use doorward_core::service_key::Scope;

/// Authentication that you own: one small program beside your app.
#[derive(Debug, Parser)]
#[command(
    name = "doorward",
    version,
    after_help = "Example:\n  doorward                     start the server; with no settings at all, in development mode\n  doorward user create --help  what a command takes"
)]
pub struct Cli {
    /// The settings' file
    #[arg(long, global = true, env = "DOORWARD_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server (also without a command)
    #[command(after_help = "Example:\n  DOORWARD_LISTEN=127.0.0.1:8080 doorward serve")]
    Serve,
    /// Bring the database's schema up to date
    #[command(after_help = "Example:\n  doorward migrate")]
    Migrate,
    /// Check settings, database, mail and clock, and say how to mend what is wrong
    #[command(after_help = "Example:\n  doorward doctor --json")]
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Accounts
    #[command(subcommand, after_help = "Example:\n  doorward user list")]
    User(User),
    /// Signing keys and master keys
    #[command(subcommand, after_help = "Example:\n  doorward keys list")]
    Keys(Keys),
    /// Keys of services that stand beside this one
    #[command(subcommand, after_help = "Example:\n  doorward key create gateway --scope revocations:read")]
    Key(Key),
    /// The audit log
    #[command(subcommand, after_help = "Example:\n  doorward audit verify")]
    Audit(Audit),
    /// Print the description of the API (OpenAPI 3.1)
    #[command(after_help = "Example:\n  doorward openapi > openapi.json")]
    Openapi,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Make an account whose address counts as verified
    #[command(
        after_help = "Example:\n  printf %s 'plain lemurs trade maps' | doorward user create --email root@example.com --admin --password-stdin"
    )]
    Create(CreateUser),
    /// List accounts, oldest first
    #[command(after_help = "Example:\n  doorward user list --json --limit 1000")]
    List {
        /// How many at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        limit: i64,
        /// Begin after this account's id
        #[arg(long, value_name = "ID")]
        after: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Shut an account out and end its sessions
    #[command(after_help = "Example:\n  doorward user disable ada@example.com")]
    Disable {
        /// An id, an e-mail address or a username
        user: String,
    },
    /// Let a disabled account in again
    #[command(after_help = "Example:\n  doorward user enable ada@example.com")]
    Enable {
        /// An id, an e-mail address or a username
        user: String,
    },
    /// Remove an account's second factors, for somebody who has lost them: they set up new ones at the next sign-in
    #[command(
        after_help = "Example:\n  doorward user reset-factors ada@example.com --note 'identity checked by video call'"
    )]
    ResetFactors {
        /// An id, an e-mail address or a username
        user: String,
        /// Why, for the audit log
        #[arg(long)]
        note: String,
    },
    /// Give an account a role
    #[command(after_help = "Example:\n  doorward user grant ada@example.com admin")]
    Grant {
        /// An id, an e-mail address or a username
        user: String,
        role: String,
    },
    /// Take a role from an account
    #[command(after_help = "Example:\n  doorward user revoke ada@example.com admin")]
    Revoke {
        /// An id, an e-mail address or a username
        user: String,
        role: String,
    },
}

#[derive(Debug, Args)]
pub struct CreateUser {
    #[arg(long)]
    pub email: String,
    #[arg(long)]
    pub username: Option<String>,
    /// Give it the role admin
    #[arg(long)]
    pub admin: bool,
    /// Read the password from standard input, and not from the terminal
    #[arg(long)]
    pub password_stdin: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List signing keys, newest first
    #[command(after_help = "Example:\n  doorward keys list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the next key sign from now on; the present one stays published until its last token has run out
    #[command(after_help = "Example:\n  doorward keys rotate")]
    Rotate {
        /// Also if the next key was published less than a day ago: verifiers that keep an older key set may then refuse
        /// tokens until they fetch it again
        #[arg(long)]
        now: bool,
    },
    /// Drop a signing key at once, as after a leak: it leaves the key set, and what it signed is refused; sessions go on
    #[command(after_help = "Example:\n  doorward keys revoke kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    Revoke {
        /// The key's kid, as `doorward keys list` shows it
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Show what signs and when that changes, and how much is sealed under which master key
    #[command(after_help = "Example:\n  doorward keys status --json")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key and show it, once
    #[command(after_help = "Example:\n  doorward key create gateway --scope revocations:read")]
    Create {
        /// What the key is called
        name: String,
        /// What it may ask for; may be given more than once
        #[arg(long, required = true, value_name = "SCOPE", value_parser = scope)]
        scope: Vec<Scope>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List keys, newest first
    #[command(after_help = "Example:\n  doorward key list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a key
    #[command(after_help = "Example:\n  doorward key revoke gateway")]
    Revoke {
        /// Its id or its name
        key: String,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("there is no such scope; there are: {}", known.join(", "))
    })
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Sign the log's end and print it; a copy kept elsewhere shows later what was cut off
    #[command(after_help = "Example:\n  doorward audit head > head-$(date +%F).jws")]
    Head {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check that no event is missing, changed or cut off; exits with 1 and names the position otherwise
    #[command(after_help = "Example:\n  doorward audit verify --head head-2026-11-21.jws")]
    Verify {
        /// A copy of a head, to be compared as well; may be given more than once
        #[arg(long = "head", value_name = "FILE")]
        heads: Vec<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print events as JSON, one on each line, oldest first
    #[command(
        after_help = "Example:\n  doorward audit export --since 2026-11-01 --type sign_in > sign-ins.jsonl\n  doorward audit export --user ada@example.com --newest --limit 20"
    )]
    Export(Export),
}

#[derive(Debug, Args)]
pub struct Export {
    /// This moment and later: a date, or a time as 2026-11-21T14:05:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Time>,
    /// Before this moment
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Time>,
    /// What happened to an account: an id, an e-mail address or a username
    #[arg(long)]
    pub user: Option<String>,
    /// What happened, such as sign_in
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    pub event_type: Option<EventType>,
    /// Newest first
    #[arg(long)]
    pub newest: bool,
    /// How many at most
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "write a date (2026-11-21) or a time (2026-11-21T14:05:00Z)".to_owned())
}

fn event_type(text: &str) -> Result<EventType, String> {
    EventType::parse(text).ok_or_else(|| {
        let names: Vec<_> = EventType::ALL.iter().map(|event_type| event_type.as_str()).collect();
        format!("the types are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example:"), "{name}");
            command.get_subcommands().for_each(check);
        }
        let command = super::Cli::command();
        command.clone().debug_assert();
        check(&command);
    }
}
