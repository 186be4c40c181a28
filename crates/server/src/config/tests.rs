use std::io;
use std::path::Path;

use doorward_core::config::Mode;
use secrecy::ExposeSecret as _;

use super::{MailTransport, Settings, SmsProvider};

fn load(file: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let read_file = |path: &Path| match path.to_str() {
        Some("/run/secret") => Ok("from-the-secret-file\n".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    Settings::load(Some(("doorward.toml", file)), env, &read_file).map_err(|problems| problems.to_string())
}

fn refused(file: &str) -> String {
    load(file, &[]).err().unwrap_or_else(|| panic!("accepted: {file}"))
}

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn production() -> String {
    format!(
        "public_url = \"https://auth.example.com\"\n[secrets]\nmaster_key = \"{KEY}\"\n[mail]\nsmtp_url = \"smtps://u:p@mail.example.com\"\nfrom = \"Ada <ada@example.com>\"\n"
    )
}

#[test]
fn with_no_settings_at_all_it_is_development_on_an_embedded_database() {
    let settings = load("", &[]).unwrap();
    assert_eq!(settings.core.mode, Mode::Development);
    assert_eq!(settings.listen.to_string(), "127.0.0.1:4400");
    assert_eq!(settings.core.issuer(), "http://localhost:4400");
    assert_eq!(settings.database_url.expose_secret(), "sqlite:./doorward-data/doorward.db");
    assert!(matches!(settings.mail, MailTransport::Caught) && settings.master_key.is_none());
}

#[test]
fn anything_that_others_can_reach_is_production() {
    for file in ["listen = \"0.0.0.0:4400\"", "public_url = \"http://auth.example.com\""] {
        let problems = refused(file);
        for expected in
            ["public_url", "is not https", "secrets.master_key", "head -c 32", "mail.smtp_url", "mail.from"]
        {
            assert!(problems.contains(expected), "{expected} is not in {problems}");
        }
    }
    assert_eq!(load(&production(), &[]).unwrap().core.mode, Mode::Production);
}

#[test]
fn in_production_links_in_mails_lead_to_https_alone() {
    let with = |url: &str| load(&production(), &[("DOORWARD_PAGES__BASE_URL", url)]);
    assert!(with("https://app.example.com").is_ok());
    for url in ["http://app.example.com", "http://localhost:3000"] {
        let problems = with(url).err().unwrap();
        assert!(problems.contains("pages.base_url") && problems.contains("is not https"), "{problems}");
        assert!(problems.contains("have 1 problem:"), "{problems}");
    }
    assert!(load("", &[("DOORWARD_PAGES__BASE_URL", "http://localhost:3000")]).is_ok(), "development");
}

#[test]
fn development_that_was_said_outright_may_listen_elsewhere() {
    let settings = load("mode = \"development\"\nlisten = \"0.0.0.0:4400\"", &[]).unwrap();
    assert!(settings.core.development_said);
    assert!(!load("mode = \"development\"", &[]).unwrap().core.development_said);
}

#[test]
fn the_environment_counts_for_more_than_the_file() {
    let env = [
        ("DOORWARD_SESSION__IDLE_TIMEOUT", "2h"),
        ("DOORWARD_HTTP__TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16"),
        ("PATH", "/bin"),
        ("DOORWARD_TEST_POSTGRES", "x"),
    ];
    let settings = load("[session]\nidle_timeout = \"1h\"", &env).unwrap();
    assert_eq!(settings.core.session.idle_timeout.as_secs(), 7200);
    assert_eq!(settings.core.http.trusted_proxies.len(), 2);
}

#[test]
fn the_audit_log_is_kept_for_400_days_unless_said_otherwise() {
    const DAY: u64 = 24 * 60 * 60;
    let kept = |file: &str| load(file, &[]).unwrap().core.audit.retention.as_secs() / DAY;
    assert_eq!((kept(""), kept("[audit]\nretention = \"30d\"")), (400, 30));
}

#[test]
fn refreshes_are_events_where_it_is_said() {
    let refreshes = |file: &str| load(file, &[]).unwrap().core.audit.refreshes;
    assert_eq!((refreshes(""), refreshes("[audit]\nrefreshes = true")), (false, true));
}

#[test]
fn a_secret_can_be_read_from_a_file() {
    let settings = load("", &[("DOORWARD_METRICS__TOKEN_FILE", "/run/secret")]).unwrap();
    assert_eq!(settings.core.metrics_token.unwrap().expose_secret(), "from-the-secret-file");
    let problems = load("", &[("DOORWARD_METRICS__TOKEN_FILE", "/nowhere")]).err().unwrap();
    assert!(
        problems.contains("metrics.token = /nowhere") && problems.contains("can't be read"),
        "{problems}"
    );
    assert!(load("", &[("DOORWARD_LISTEN_FILE", "/run/secret")]).is_err());
}

#[test]
fn what_apps_read_beside_the_settings_is_no_mistake() {
    assert!(
        load("", &[("DOORWARD_URL", "http://127.0.0.1:4400"), ("DOORWARD_SERVICE_KEY", "dw_key_x")]).is_ok()
    );
    assert!(load("", &[("DOORWARD_URLS", "http://127.0.0.1:4400")]).is_err());
}

#[test]
fn an_unknown_key_is_an_error_that_names_the_one_that_was_meant() {
    let problems = refused("[sesion]\nidle_timeout = \"1h\"");
    assert!(problems.contains("sesion") && problems.contains("is not a setting"), "{problems}");
    assert!(refused("[session]\nidle_timout = \"1h\"").contains("Did you mean session.idle_timeout?"));
    let problems = load("", &[("DOORWARD_LISTENN", "x")]).err().unwrap();
    assert!(problems.contains("DOORWARD_LISTENN") && problems.contains("Did you mean listen?"), "{problems}");
}

#[test]
fn all_problems_are_listed_at_once_with_key_value_and_mend() {
    let problems = refused(
        "listen = \"here\"\nmode = \"test\"\n[session]\nidle_timeout = \"soon\"\n[password]\nmemory_kib = 1\nmin_length = 3\n[token]\nsigning_alg = \"HS256\"\n",
    );
    assert!(problems.starts_with("The settings have 6 problems:"), "{problems}");
    for expected in
        ["listen = \"here\"  (doorward.toml)", "\"10m\"", "19456", "from 8 to 64", "\"ES256\"", "development"]
    {
        assert!(problems.contains(expected), "{expected} is not in {problems}");
    }
}

#[test]
fn a_databases_address_is_read_with_the_others_and_its_password_never_shown() {
    let planted = "planted-secret-value";
    for (url, wrong) in [
        (format!("postgres://u:{planted}@host:99999/x"), "can't be read"),
        (format!("postgres://u:{planted}@host/x?sslmode=sometimes"), "can't be read"),
        (format!("postgresql://u:{planted}@host/x?{planted}=1"), "can't be read"),
        ("postgres:///x".to_owned(), "names no host"),
        ("sqlite:".to_owned(), "names no file"),
        ("sqlite:folder/".to_owned(), "names no file"),
        (format!("mysql://u:{planted}@host/x"), "is of an unknown kind"),
    ] {
        let problems = refused(&format!("listen = \"here\"\n[database]\nurl = \"{url}\""));
        assert!(problems.contains("have 2 problems") && problems.contains("listen"), "{url}: {problems}");
        assert!(
            problems.contains("database.url = ********") && problems.contains(wrong),
            "{url}: {problems}"
        );
        assert!(!problems.contains(planted), "{problems}");
    }
    for url in [
        "postgres://u:p%40ss@db.example.com:5433/x?sslmode=require",
        "postgresql://u@[::1]/x",
        "postgres://u@%2Frun%2Fpostgresql/x",
        "postgres://u:p@one:1,two:2/x?target_session_attrs=read-write",
        "sqlite:other.db",
        "sqlite:///var/lib/doorward.db",
    ] {
        assert!(load(&format!("[database]\nurl = \"{url}\""), &[]).is_ok(), "{url}");
    }
}

#[test]
fn what_would_be_unsafe_is_refused() {
    for file in [
        "[http]\nallowed_origins = [\"*\"]",
        "[http]\nallowed_origins = [\"null\"]",
        "[http]\nallowed_origins = [\"http://app.example.com\"]",
        "[http]\nallowed_origins = [\"https://app.example.com/\"]",
        "[http]\nallowed_redirects = [\"javascript:alert(1)\"]",
        "[http]\ntrusted_proxies = [\"everybody\"]",
        "public_url = \"https://user:password@auth.example.com\"",
        "public_url = \"ftp://auth.example.com\"",
        "[session]\ncookie_domain = \"other.example\"",
        "[password]\npasses = 1",
        "[secrets]\nmaster_key = \"short\"",
        "[brand]\naccent = \"red;}\"",
        "[mail]\nsmtp_url = \"https://mail.example.com\"",
        "[database]\nurl = \"mysql://x\"",
        "[redis]\nurl = \"http://localhost\"",
        "[redis]\nurl = \"redis-cluster://localhost:7000\"",
        "[redis]\nurl = \"redis://\"",
        "[redis]\nurl = \"redis://localhost/all\"",
        "[redis]\nurl = \"rediss://localhost#insecure\"",
        "[redis]\nurl = \"localhost:6379\"",
        "[http]\nmax_connections_per_address = 0",
        "listen = ",
        "[http]\ntrusted_proxies = [\"0.0.0.0/0\"]",
        "[http]\nproxy_secret = \"\"",
        "[metrics]\ntoken = \"short\"",
        "[session]\nrefresh_grace = \"1h\"",
        "[audit]\nretention = \"23h\"",
        "[webauthn]\nrp_id = \"https://example.com\"",
        "[webauthn]\nrp_id = \"com\"",
        "[webauthn]\nrp_id = \"other.example\"",
        "[webauthn]\norigins = [\"https://app.example.com/\"]",
        "public_url = \"https://auth.example.com\"\n[webauthn]\norigins = [\"https://example.com\"]",
        "public_url = \"https://auth.example.com\"\n[webauthn]\nrp_id = \"example.com\"\norigins = [\"https://badexample.com\"]",
        "public_url = \"https://auth.example.com\"\n[webauthn]\norigins = [\"http://auth.example.com\"]",
    ] {
        refused(file);
    }
}

#[test]
fn passkeys_belong_to_the_host_and_are_asked_for_on_its_pages_unless_settings_say_otherwise() {
    let read = |file: &str| {
        let webauthn = load(file, &[]).unwrap().core.webauthn;
        let origins: Vec<_> = webauthn.origins.iter().map(|url| url.origin().ascii_serialization()).collect();
        (webauthn.rp_id, origins.join(" "))
    };
    let own = |rp_id: &str, origins: &str| (rp_id.to_owned(), origins.to_owned());
    assert_eq!(read(""), own("localhost", "http://localhost:4400"));
    assert_eq!(
        read("public_url = \"http://localhost:4400/auth\""),
        own("localhost", "http://localhost:4400")
    );
    let apps = "public_url = \"https://auth.example.com\"\nmode = \"development\"\n[webauthn]\nrp_id = \"example.com\"\n\
                origins = [\"https://auth.example.com\", \"https://app.example.com\"]";
    assert_eq!(read(apps), own("example.com", "https://auth.example.com https://app.example.com"));
}

#[test]
fn a_redis_server_may_be_named_with_password_database_and_tls() {
    assert!(load("", &[]).unwrap().redis_url.is_none());
    for url in ["redis://localhost", "redis://127.0.0.1:6390/3", "rediss://u:p%40ss@cache.example.com:6380/"]
    {
        let settings = load(&format!("[redis]\nurl = \"{url}\""), &[]).unwrap();
        assert_eq!(settings.redis_url.unwrap().expose_secret(), url);
    }
    assert!(refused("listen = \"here\"\n[redis]\nurl = \"localhost\"").contains("have 2 problems"));
}

#[test]
fn a_planted_secret_is_never_shown() {
    let planted = "planted-secret-value";
    let problems = refused(&format!(
        "public_url = \"https://ada:{planted}@auth.example.com\"\n[secrets]\nmaster_key = \"{planted}\"\nprevious_master_keys = [\"{planted}\"]\n[mail]\nsmtp_url = \"{planted}\"\n[database]\nurl = \"{planted}\"\n[redis]\nurl = \"redis://:{planted}@localhost/x\"\n"
    ));
    assert!(!problems.contains(planted) && problems.contains("********"), "{problems}");
}

#[test]
fn the_reference_is_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SETTINGS.md");
    let reference = super::keys::reference();
    if std::env::var_os("DOORWARD_BLESS").is_some() {
        std::fs::write(&path, &reference).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        reference,
        "run the tests with DOORWARD_BLESS=1 to write it anew"
    );
}

#[test]
fn the_schedule_of_signing_keys_is_at_least_a_day_and_can_be_switched_off() {
    let every =
        |file: &str| load(file, &[]).unwrap().core.keys.rotate_every.map(|every| every.as_secs() / 3600);
    assert_eq!(every(""), Some(90 * 24));
    assert_eq!(every("[keys]\nrotate_every = \"36h\""), Some(36));
    assert_eq!(every("[keys]\nrotate_every = \"never\""), None);
    for wrong in ["0s", "23h", "sometimes", "11y"] {
        assert!(refused(&format!("[keys]\nrotate_every = \"{wrong}\"")).contains("keys.rotate_every"));
    }
}

#[test]
fn sms_is_off_until_a_provider_is_named_and_then_says_all_that_is_missing() {
    let off = load("", &[]).unwrap();
    assert!(off.sms.is_none() && off.core.sms.is_none());
    let twilio = refused("[sms]\nprovider = \"twilio\"");
    for missing in ["sms.account", "sms.token", "sms.from", "sms.countries"] {
        assert!(twilio.contains(missing), "{missing} is not in {twilio}");
    }
    let webhook = refused(
        "[sms]\nprovider = \"webhook\"\nsecret = \"short\"\nurl = \"http://sms.example.com/\"\ncountries = [\"43\", \"+0\"]",
    );
    for wrong in ["sms.url", "is not https", "sms.secret", "too short", "sms.countries", "no calling code"] {
        assert!(webhook.contains(wrong), "{wrong} is not in {webhook}");
    }
    assert!(!webhook.contains("short\""), "{webhook}");
    assert!(refused("[sms]\nprovider = \"carrier pigeon\"").contains("sms.provider"));

    let file = "[sms]\nprovider = \"twilio\"\naccount = \"AC1\"\nfrom = \"+15005550006\"\ncountries = [\"+43\", \"+1212\"]";
    let settings = load(file, &[("DOORWARD_SMS__TOKEN", "the token")]).unwrap();
    let sms = settings.core.sms.unwrap();
    assert_eq!((sms.countries, sms.hourly_per_country), (vec!["+43".to_owned(), "+1212".to_owned()], 100));
    let Some(SmsProvider::Twilio { base, account, token, from }) = settings.sms else { panic!("not Twilio") };
    assert_eq!((base.as_str(), account.as_str()), ("https://api.twilio.com/", "AC1"));
    assert_eq!((token.expose_secret(), from.as_str()), ("the token", "+15005550006"));
    let file = "[sms]\nprovider = \"webhook\"\nurl = \"http://127.0.0.1:9000/sms\"\nsecret = \"sixteen characters\"\ncountries = [\"+43\"]\nhourly_per_country = 5";
    let settings = load(file, &[]).unwrap();
    assert_eq!(settings.core.sms.unwrap().hourly_per_country, 5);
    assert!(matches!(settings.sms, Some(SmsProvider::Webhook { .. })));
}
