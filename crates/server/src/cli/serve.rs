use std::sync::Arc;

use anyhow::{Context as _, Result};
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
    greet(&app).await?;

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
async fn greet(app: &crate::app::App) -> Result<()> {
    let config = &app.context().config;
    if !config.is_development() {
        tracing::info!(url = config.issuer(), "doorward answers");
        return Ok(());
    }
    println!("Doorward is up on {}  (development mode)", config.issuer());
    if let Some(link) = operator::first_admin_link(app.context()).await.map_err(setup::explain)? {
        println!("Make the first administrator (once, within an hour): {link}");
    }
    println!("Mails are caught in {}/dev/mailbox", config.issuer());
    Ok(())
}
