//! What the program says of its own methods and messages.

use prost::Message as _;
use prost_types::FileDescriptorProto;
use tonic::{Code, Status};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::world::*;

const SERVICE: &str = "parity.polkadot.signer.RemoteKeystore";

/// One question, and its answer.
async fn ask(
    world: &World,
    running: &Running,
    question: MessageRequest,
) -> Result<MessageResponse, Status> {
    let channel = world.channel(running.address, Some("one.example")).await.unwrap();
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let stream = futures_util::stream::iter([request]);
    let answers = ServerReflectionClient::new(channel).server_reflection_info(stream).await?;
    let answer = answers.into_inner().message().await?.unwrap();
    Ok(answer.message_response.unwrap())
}

#[tokio::test]
async fn the_service_and_its_file_are_found() {
    let world = World::new();
    world.import("babe", "sr25519", "//Alice", "one.example");
    world.configure("reflection: true\n");
    let running = world.start();
    let answer = ask(&world, &running, MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(listed) = answer.unwrap() else {
        panic!("no list of services");
    };
    let mut names: Vec<_> = listed.service.iter().map(|service| &service.name[..]).collect();
    names.sort_unstable();
    assert_eq!(names, ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", SERVICE]);

    let question = MessageRequest::FileContainingSymbol(SERVICE.into());
    let answer = ask(&world, &running, question).await;
    let MessageResponse::FileDescriptorResponse(files) = answer.unwrap() else {
        panic!("no file with {SERVICE}");
    };
    let [file] = &files.file_descriptor_proto[..] else { panic!("one file") };
    let file = FileDescriptorProto::decode(&file[..]).unwrap();
    assert_eq!(file.package(), "parity.polkadot.signer");
    let [service] = &file.service[..] else { panic!("one service") };
    assert_eq!(service.name(), "RemoteKeystore");
    // As the proto file has them.
    let text = include_str!("../../../keystore/proto/remote_keystore.proto");
    let methods: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("rpc ")?.split('(').next())
        .map(str::trim)
        .collect();
    assert_eq!(methods.len(), 11);
    let found: Vec<_> = service.method.iter().map(|method| method.name()).collect();
    assert_eq!(found, methods);
    let payload = file.message_type.iter().find(|it| it.name() == "RemoteKeystorePayload");
    let added = payload.unwrap().field.iter().find(|it| it.name() == "beefy_commitment");
    assert_eq!(added.unwrap().number(), 106);

    let question = MessageRequest::FileContainingSymbol("parity.polkadot.signer.Nothing".into());
    let nothing = ask(&world, &running, question).await;
    assert!(matches!(&nothing, Err(status) if status.code() == Code::NotFound), "{nothing:?}");
}

#[tokio::test]
async fn it_is_off_unless_it_is_asked_for() {
    let world = World::new();
    world.import("babe", "sr25519", "//Alice", "one.example");
    let running = world.start();
    let answer = ask(&world, &running, MessageRequest::ListServices(String::new())).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);
}
