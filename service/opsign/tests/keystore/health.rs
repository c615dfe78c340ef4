//! What the program says of itself to a load balancer: `grpc.health.v1`.

use std::time::{Duration, Instant};

use opsign_keystore::proto::RemoteKeystoreError;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::world::*;

const SERVICE: &str = "parity.polkadot.signer.RemoteKeystore";
const UNAVAILABLE: i32 = RemoteKeystoreError::Unavailable as i32;

async fn check(client: &mut HealthClient<Channel>, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.into() };
    client.check(request).await.unwrap().into_inner().status()
}

/// It is looked at each second.
async fn until(client: &mut HealthClient<Channel>, wanted: ServingStatus) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let status = check(client, SERVICE).await;
        if status == wanted {
            return;
        }
        assert!(Instant::now() < end, "{status:?} after 60 s, and not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The program may write no file beyond so many bytes: a full disk, for this program alone.
fn room(running: &Running, bytes: Option<u64>) {
    let pid = Pid::from_raw(running.id().try_into().unwrap());
    let limit = Rlimit { current: bytes, ..getrlimit(Resource::Fsize) };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

#[tokio::test]
async fn it_serves_until_its_record_cannot_be_written() {
    let world = World::new();
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let command = world.command(&["keystore", "--config", "keystore.yaml"]);
    // The signal that comes with EFBIG is ignored, so that it is an error as ENOSPC is.
    let mut ignoring = std::process::Command::new("sh");
    ignoring.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(command.get_program());
    ignoring.args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    let running = world.start_with(&mut ignoring);
    let channel = world.channel(running.address, Some("two.example")).await.unwrap();
    let mut health = HealthClient::new(channel);
    until(&mut health, ServingStatus::Serving).await;
    assert_eq!(check(&mut health, "").await, ServingStatus::Serving, "the program as a whole");
    let other = HealthCheckRequest { service: "parity.polkadot.signer.Nothing".into() };
    assert_eq!(health.check(other).await.unwrap_err().code(), Code::NotFound);

    let mut client = world.client(&running, "one.example").await;
    let cast = |fork, round| sign_with("gran", "ed25519", &gran, &vote(0, fork, round, 1), None);
    let first = sign(&mut client, cast(1, 1)).await;
    assert_eq!(first.error, 0, "{}", first.reason);
    room(&running, Some(1));
    let failed = sign(&mut client, cast(1, 2)).await;
    assert_eq!((failed.error, failed.signature.len()), (UNAVAILABLE, 0), "{}", failed.reason);
    until(&mut health, ServingStatus::NotServing).await;
    // No room helps a record that is closed; a restart does.
    room(&running, None);
    assert_eq!(sign(&mut client, cast(1, 2)).await.error, UNAVAILABLE);
    for service in [SERVICE, ""] {
        assert_eq!(check(&mut health, service).await, ServingStatus::NotServing, "{service:?}");
    }
    drop(running);

    let running = world.start();
    let channel = world.channel(running.address, Some("two.example")).await.unwrap();
    until(&mut HealthClient::new(channel), ServingStatus::Serving).await;
    let mut client = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut client, cast(1, 1)).await, first, "byte for byte");
    assert_ne!(sign(&mut client, cast(2, 1)).await.error, 0);
    assert_eq!(sign(&mut client, cast(2, 2)).await.error, 0);
}
