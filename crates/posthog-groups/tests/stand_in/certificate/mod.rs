//! An HTTPS server with an untrusted certificate, and a server that does not speak TLS.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use posthog_groups::{Client, Error, RetryPolicy};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

/// The error of a call to a server that handles each connection with `serve`.
async fn error_with(serve: impl Fn(TcpStream) + Send + 'static) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    let retry = RetryPolicy::default().retries(1).first_wait(Duration::from_millis(1));
    let client = Client::builder().personal_api_key("phx_1").host(host).retry(retry).build().unwrap();
    client.projects().await.unwrap_err()
}

#[tokio::test]
async fn an_untrusted_certificate_is_distinguished_from_other_failures_to_connect() {
    // The certificate is for localhost and 127.0.0.1.
    let certificate = CertificateDer::from_slice(include_bytes!("self_signed.der"));
    let key = PrivateKeyDer::try_from(&include_bytes!("key.der")[..]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let config = Arc::new(config);
    let error = error_with(move |mut connection| {
        // The client aborts the handshake.
        let _ = ServerConnection::new(config.clone()).unwrap().complete_io(&mut connection);
    })
    .await;
    assert!(error.is_certificate() && error.is_connect(), "{error:?}");

    let error = error_with(|mut connection| {
        let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    })
    .await;
    assert!(error.is_connect() && !error.is_certificate(), "{error:?}");
}
