use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use doorward_core::config::Config;
use doorward_core::operator;
use doorward_web::serve::Limits;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::setup::{self, Ready};
use crate::config::Settings;
use crate::logs;

/// Answers until it is told to stop.
pub async fn serve(settings: Settings) -> Result<()> {
    logs::init(&settings.log);
    doorward_web::http::metrics::install();
    let listen = settings.listen;
    let limits = Limits {
        max_connections: settings.max_connections,
        per_address: settings.max_connections_per_address,
        ..Limits::default()
    };
    // Before anything is written: a second server on one port must not touch the first one's database.
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("{listen} can't be listened on; is another server running there? Choose another by DOORWARD_LISTEN, and say in DOORWARD_PUBLIC_URL where people reach it"))?;
    let Ready { app, clock } = setup::open(settings).await?;
    setup::check_roles(app.context()).await?;
    greet(&app, listen).await?;

    let mut terminate = signal(SignalKind::terminate()).context("signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: what is under way may finish");
    };
    app.serve(listener, limits, Some(Arc::clone(&clock)), stop).await;
    app.context().db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The first lines that a person sees.
async fn greet(app: &crate::app::App, listen: SocketAddr) -> Result<()> {
    let config = &app.context().config;
    if !config.is_development() {
        tracing::info!(url = config.issuer(), "doorward answers");
        return Ok(());
    }
    let address = own_address(config, listen);
    let mut lines = vec![format!("Doorward is up on {address}  (development mode)")];
    if address != config.issuer() {
        lines.push(format!("It serves the app on {}", config.issuer()));
    }
    let link = operator::first_admin_link(app.context(), &address).await.map_err(setup::explain)?;
    if let Some(link) = link {
        lines.push(format!("Make the first administrator (once, within an hour): {link}"));
    }
    lines.push(format!("Mails are caught in {address}/dev/mailbox"));
    // It serves all the same where nobody reads them.
    let _ = writeln!(io::stdout(), "{}", lines.join("\n"));
    Ok(())
}

/// Where this process answers. In development `public_url` may be that of an app on another port of this machine, which
/// passes the API on and has pages of its own.
fn own_address(config: &Config, listen: SocketAddr) -> String {
    let url = &config.public_url;
    let local =
        matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) && listen.ip().is_loopback();
    if local && url.scheme() == "http" && url.port_or_known_default() != Some(listen.port()) {
        return format!("http://localhost:{}{}", listen.port(), config.base_path());
    }
    config.issuer().to_owned()
}
