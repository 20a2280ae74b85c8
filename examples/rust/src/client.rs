//! The client and the retries that `main` uses.

use std::time::Duration;

use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Response, Status};

use crate::contact::v1::contact_service_client::ContactServiceClient;

pub type Client = ContactServiceClient<InterceptedService<Channel, ServerKey>>;

/// Adds the Server-Key to every call.
#[derive(Clone)]
pub struct ServerKey(AsciiMetadataValue);

impl Interceptor for ServerKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("server-key", self.0.clone());
        Ok(request)
    }
}

/// Returns a client of the service at an address such as `http://127.0.0.1:8080`. With `https`, the
/// connection uses TLS.
///
/// `Channel::balance_list` takes several addresses and balances the calls over them.
pub fn connect(url: &str, server_key: &str) -> Result<Client, Box<dyn std::error::Error>> {
    let mut endpoint = Endpoint::from_shared(url.to_owned())?;
    if url.starts_with("https:") {
        endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots())?;
    }
    let channel = endpoint
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(10))
        .http2_keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(5))
        .connect_lazy();
    let key = ServerKey(server_key.parse()?);
    Ok(ContactServiceClient::with_interceptor(channel, key))
}

/// Repeats a call after UNAVAILABLE or a lost connection, up to five attempts.
///
/// Every call of Kith is safe to repeat.
pub async fn with_retry<T, F>(mut call: impl FnMut() -> F) -> Result<T, Status>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let mut delay = Duration::from_millis(100);
    for _ in 1..5 {
        match call().await {
            Err(status) if is_transient(&status) => tokio::time::sleep(delay).await,
            result => return result.map(Response::into_inner),
        }
        delay *= 2;
    }
    call().await.map(Response::into_inner)
}

/// tonic reports a lost connection with the code UNKNOWN and a source.
fn is_transient(status: &Status) -> bool {
    status.code() == Code::Unavailable
        || (status.code() == Code::Unknown && std::error::Error::source(status).is_some())
}
