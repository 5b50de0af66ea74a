//! `tenantgate render`.

use std::env;
use std::net::SocketAddr;
use std::path::Path;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use tenantgate::tool::render::{self, AddressError, Destination, Order};

use crate::command::{Subcommand, Verdict, print, warn};
use crate::failure::Failure;
use crate::input::Input;

/// `tenantgate render envoy FILE` and `tenantgate render istio FILE`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "render", describe, run };

fn describe(command: Command) -> Command {
    let envoy = common(Command::new("envoy"))
        .about("Prints an Envoy configuration with one listener")
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("ADDRESS")
                .value_parser(own_address)
                .help("Where it listens [default: 0.0.0.0:8080; on egress 127.0.0.1:8080]"),
        )
        .arg(
            Arg::new("admin")
                .long("admin")
                .value_name("ADDRESS")
                .default_value("127.0.0.1:9901")
                .value_parser(own_address)
                .help("Where Envoy's administration interface listens"),
        )
        .arg(
            Arg::new("upstream")
                .long("upstream")
                .value_name("HOST:PORT[,tls|,plaintext]")
                .default_value("127.0.0.1:8081")
                .value_parser(destination)
                .help("Where requests go that pass. Unless it says so, in the clear on ingress, by TLS on egress if it is another machine"),
        )
        .arg(
            Arg::new("wasm")
                .long("wasm")
                .value_name("PATH")
                .default_value("/etc/envoy/tenantgate.wasm")
                .value_parser(NonEmptyStringValueParser::new())
                .help("The module's file"),
        )
        .after_help(EXAMPLES);
    let istio = common(Command::new("istio"))
        .about("Prints a WasmPlugin, an EnvoyFilter and the services of its clusters")
        .arg(
            Arg::new("wasm")
                .long("wasm")
                .value_name("URL")
                .default_value("oci://registry.example/tenantgate:latest")
                .value_parser(NonEmptyStringValueParser::new())
                .help("The module's URL"),
        )
        .arg(
            Arg::new("namespace")
                .long("namespace")
                .value_name("NAMESPACE")
                .help("The namespace of the documents, and of a program on egress [default on ingress: istio-system]"),
        )
        .after_help(EXAMPLES);
    command
        .about("Prints what a proxy needs to run a configuration")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(envoy)
        .subcommand(istio)
        .after_help(EXAMPLES)
}

fn common(command: Command) -> Command {
    command
        .arg(Arg::new("file").value_name("FILE").required(true).help(
            "YAML or JSON: a configuration, or a file of Envoy, Istio or Envoy Gateway that holds one",
        ))
        .arg(
            Arg::new("name")
                .long("name")
                .value_name("NAME")
                .help("What the gateway is called [default: the file's name]"),
        )
        .arg(
            Arg::new("cluster")
                .long("cluster")
                .value_name("NAME=HOST:PORT[,tls|,plaintext]")
                .action(ArgAction::Append)
                .value_parser(cluster)
                .help("Where a cluster is, if not where the configuration's URLs say; with TLS, unless these are plain http or it says otherwise"),
        )
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is handed over")]
fn run(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let Some((kind, arguments)) = arguments.subcommand() else { return Ok(Verdict::Fine) };
    let is_istio = kind == "istio";
    let environment = |name: &str| env::var(name).ok();
    let text = |name: &str| arguments.get_one::<String>(name).cloned();
    let (name, document) = Input::default().read(&text("file").unwrap_or_default())?;
    let address = |name: &str| arguments.get_one::<SocketAddr>(name).copied();
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let upstream =
        if is_istio { None } else { arguments.get_one::<Destination>("upstream").cloned() };
    let upstream = upstream.unwrap_or(Destination {
        host: "127.0.0.1".to_owned(),
        port: 8081,
        transport: None,
    });
    let order = Order {
        name: &name,
        document: &document,
        environment: &environment,
        gateway: text("name").unwrap_or_else(|| gateway(&name)),
        listen: if is_istio { None } else { address("listen") },
        admin: if is_istio { None } else { address("admin") }.unwrap_or_else(|| loopback(9901)),
        upstream,
        clusters: arguments
            .get_many::<(String, Destination)>("cluster")
            .unwrap_or_default()
            .cloned()
            .collect(),
        module: text("wasm").unwrap_or_default(),
        namespace: if is_istio { text("namespace") } else { None },
    };
    if !order.admin.ip().is_loopback() {
        warn("others reach --admin: whoever does can stop Envoy and read its configuration");
    }
    let rendered = if is_istio { render::istio(&order) } else { render::envoy(&order) };
    print(&rendered.map_err(|error| Failure::Argument(format!("`{name}`: {error}")))?)?;
    Ok(Verdict::Fine)
}

/// A name made of the file's.
fn gateway(file: &str) -> String {
    let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let name: String = stem.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_ascii_lowercase();
    if name.is_empty() { "gateway".to_owned() } else { name }
}

fn own_address(text: &str) -> Result<SocketAddr, AddressError> {
    text.parse().map_err(|_| AddressError::Own)
}

fn destination(text: &str) -> Result<Destination, AddressError> {
    text.parse()
}

fn cluster(text: &str) -> Result<(String, Destination), AddressError> {
    let (name, place) = text.split_once('=').ok_or(AddressError::Unnamed)?;
    Ok((name.to_owned(), destination(place)?))
}

const EXAMPLES: &str = "\
Examples:
  tenantgate render envoy gateway.yaml --upstream app.internal:8080 > envoy.yaml
  tenantgate render envoy gateway.yaml --listen 127.0.0.1:18000 --cluster piam=127.0.0.1:18001,plaintext
  tenantgate render istio gateway.yaml --wasm oci://registry.example/tenantgate:0.1 --namespace edge

A cluster whose URLs name one host goes there, over TLS for https. With --cluster it goes there instead,
and the server must still prove the host of the URLs. Variables are named, never printed.

Exit status: 0 it was printed, 2 the arguments, the file or its configuration cannot be used.";
