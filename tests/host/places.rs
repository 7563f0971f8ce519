//! Places that are taken: a port, a folder.

use tokio::{net::TcpListener, process::Command, time::timeout};

use crate::{
    dev::Dev,
    world::{LIMIT, World},
};

/// Runs to its end; gives exit code and what it said to stderr
async fn refused(mut command: Command) -> (Option<i32>, String) {
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = crate::dev::command();
    command.args(["dev", "--port", &port, "--data"]).arg(world.data());
    command.arg("--config").arg(world.config());
    command.envs(world.variables(world.tenant.base_url()));

    let (code, said) = refused(command).await;

    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{said}");
}

#[tokio::test]
async fn a_folder_has_one_host_at_a_time() {
    let world = World::new();
    let host = Dev::start(&world).await;
    let variables = || world.variables(world.tenant.base_url());

    let (code, said) = refused(Dev::command(&world, variables())).await;

    assert_eq!(code, Some(1));
    assert!(said.contains(&world.data().display().to_string()), "{said}");
    assert!(said.contains(&host.base_url), "it does not say where the other one listens: {said}");
    // However the first one ended, the next one may have the folder.
    host.kill().await;
    Dev::start(&world).await;
}
