//! The load: a small HTTP/1.1 client over kept connections, the same for whatever is measured.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::Process;

/// What one connection asks, again and again.
pub trait Client: Send + 'static {
    /// Writes the next request, head and body.
    fn request(&mut self, buffer: &mut Vec<u8>);

    /// Looks at the answer. An error ends the measurement: a server that refuses is not fast.
    fn answer(&mut self, response: &Response<'_>) -> Result<()>;
}

/// What a round of load found.
#[derive(Debug, Clone)]
pub struct Round {
    pub requests: usize,
    pub wall: Duration,
    /// CPU time of the server's process.
    pub cpu: Duration,
    latencies: Vec<Duration>,
}

impl Round {
    /// Microseconds of the server's CPU time for one request.
    pub fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / to_f64(self.requests)
    }

    /// Microseconds of wall time for one request, all connections together.
    pub fn wall_micros(&self) -> f64 {
        self.wall.as_secs_f64() * 1e6 / to_f64(self.requests)
    }

    /// The latency in microseconds that 99 of 100 requests stay below.
    pub fn p99_micros(&mut self) -> f64 {
        self.latencies.sort_unstable();
        let at = self.latencies.len() * 99 / 100;
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
    }
}

/// Loads the server with every client on a connection of its own for as long as `span`. Each client waits for `pause`
/// between an answer and its next request. Gives the clients back for the next round.
pub async fn drive<C: Client>(
    server: &Process,
    address: SocketAddr,
    clients: Vec<C>,
    span: Duration,
    pause: Duration,
) -> Result<(Vec<C>, Round)> {
    let mut ready = Vec::with_capacity(clients.len());
    for mut client in clients {
        let mut connection = Connection::open(address).await?;
        connection.exchange(&mut client).await?;
        ready.push((connection, client));
    }

    let cpu = server.cpu()?;
    let start = Instant::now();
    let count = u32::try_from(ready.len())?;
    let mut tasks = JoinSet::new();
    for (place, (mut connection, mut client)) in (0..count).zip(ready) {
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            if !pause.is_zero() {
                tokio::time::sleep(pause * place / count).await;
            }
            while start.elapsed() < span {
                let sent = Instant::now();
                connection.exchange(&mut client).await?;
                latencies.push(sent.elapsed());
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
            anyhow::Ok((client, latencies))
        });
    }
    let mut clients = Vec::with_capacity(tasks.len());
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let (client, own) = done??;
        clients.push(client);
        latencies.extend(own);
    }
    let round = Round {
        requests: latencies.len(),
        wall: start.elapsed(),
        cpu: server.cpu()?.saturating_sub(cpu),
        latencies,
    };
    if round.requests == 0 {
        bail!("no request was answered within {span:?}");
    }
    Ok((clients, round))
}

/// An answer, as it lies in the connection's buffer.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    pub status: u16,
    /// Status line and headers, as they came.
    pub head: &'a str,
    pub body: &'a [u8],
}

impl Response<'_> {
    pub fn expect(&self, status: u16) -> Result<()> {
        if self.status != status {
            let body = String::from_utf8_lossy(self.body);
            bail!("{} instead of {status}: {body}", self.status);
        }
        Ok(())
    }
}

pub struct Connection {
    stream: TcpStream,
    output: Vec<u8>,
    input: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, output: Vec::with_capacity(4096), input: Vec::with_capacity(16 * 1024) })
    }

    pub async fn exchange(&mut self, client: &mut impl Client) -> Result<()> {
        self.output.clear();
        client.request(&mut self.output);
        self.stream.write_all(&self.output).await?;
        client.answer(&self.receive().await?)
    }

    pub async fn send(&mut self, request: &[u8]) -> Result<Response<'_>> {
        self.stream.write_all(request).await?;
        self.receive().await
    }

    async fn receive(&mut self) -> Result<Response<'_>> {
        self.input.clear();
        let (head, length) = loop {
            self.fill().await?;
            if let Some(head) = find(&self.input, b"\r\n\r\n") {
                break (head + 4, content_length(&self.input[..head])?);
            }
        };
        while self.input.len() < head + length {
            self.fill().await?;
        }
        let text = std::str::from_utf8(&self.input[..head])?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).context("no status line")?;
        Ok(Response { status, head: text, body: &self.input[head..] })
    }

    async fn fill(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.input).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Zero where there is none: a 204 has no body. Chunked answers are refused, as nothing measured here sends them.
fn content_length(head: &[u8]) -> Result<usize> {
    for line in std::str::from_utf8(head)?.split("\r\n") {
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                return Ok(value.trim().parse()?);
            }
            if name.eq_ignore_ascii_case("transfer-encoding") {
                bail!("an answer without its length");
            }
        }
    }
    Ok(0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
pub fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::cores::Cores;

    struct Count(u64);

    impl Client for Count {
        fn request(&mut self, buffer: &mut Vec<u8>) {
            buffer.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        }

        fn answer(&mut self, response: &Response<'_>) -> Result<()> {
            response.expect(200)?;
            assert_eq!(response.body, b"body");
            self.0 += 1;
            Ok(())
        }
    }

    /// Answers each request in two parts, so that an answer is never there at once.
    async fn server(status: &'static str) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    stream.set_nodelay(true).unwrap();
                    let mut request = [0; 18];
                    while stream.read_exact(&mut request).await.is_ok() {
                        let head = format!("HTTP/1.1 {status}\r\ncontent-Length: 4\r\n\r\nbo");
                        stream.write_all(head.as_bytes()).await.unwrap();
                        tokio::task::yield_now().await;
                        stream.write_all(b"dy").await.unwrap();
                    }
                });
            }
        });
        address
    }

    async fn load(status: &'static str) -> Result<(Vec<Count>, Round)> {
        let other = Process::start(Command::new("sleep").arg("60"), Cores::split()?)?;
        let address = server(status).await;
        drive(&other, address, vec![Count(0), Count(0)], Duration::from_millis(50), Duration::ZERO).await
    }

    #[tokio::test]
    async fn every_answer_is_read_whole_and_counted() {
        let (clients, mut round) = load("200 OK").await.unwrap();
        // One more each, before the clock started.
        assert_eq!(clients.iter().map(|client| client.0).sum::<u64>(), round.requests as u64 + 2);
        assert!(round.wall_micros() > 0.0 && round.p99_micros() > 0.0);
    }

    #[tokio::test]
    async fn a_refusal_ends_the_measurement() {
        let error = load("503 Service Unavailable").await.err().unwrap();
        assert_eq!(error.to_string(), "503 instead of 200: body");
    }
}
