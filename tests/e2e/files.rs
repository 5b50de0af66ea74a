//! Files that a platform replaces, and an Envoy that serves them to its own filter.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A folder that Kubernetes keeps files in.
#[derive(Clone)]
pub struct Files(PathBuf);

impl Files {
    /// An empty one in a directory.
    pub fn new(directory: &Path) -> Self {
        let folder = directory.join("files");
        fs::create_dir(&folder).expect("a directory");
        Self(folder)
    }

    /// Replaces the content as Kubernetes does: `..data` is a link to a directory, replaced by renaming.
    pub fn publish(&self, version: &str, files: &[(&str, &str)]) {
        let directory = self.0.join(format!("..{version}"));
        fs::create_dir(&directory).expect("a directory");
        for (name, content) in files {
            fs::write(directory.join(name), format!("{content}\n")).expect("a file");
        }
        let link = self.0.join("..data_tmp");
        symlink(format!("..{version}"), &link).expect("a link");
        fs::rename(link, self.0.join("..data")).expect("a link in place");
        for (name, _) in files {
            let (link, file) = (self.0.join(name), format!("..data/{name}"));
            if fs::symlink_metadata(&link).is_err() {
                symlink(file, link).expect("a link");
            }
        }
    }

    /// Adds a listener without a port that serves each file by its name, and the cluster that leads to it.
    pub fn serve(&self, cluster: &str, document: &mut Value) {
        let typed = |name: &str| format!("type.googleapis.com/envoy.extensions.{name}");
        let names = fs::read_dir(&self.0).expect("a folder").filter_map(|file| {
            let name = file.ok()?.file_name().into_string().ok()?;
            (!name.starts_with("..")).then_some(name)
        });
        let routes = names.map(|name| {
            let folder = self.0.display();
            let content = format!("%FILE_CONTENT({folder}/{name}:{folder})%");
            json!({
                "match": {"path": format!("/{name}")},
                "direct_response": {"status": 200, "body_format": {
                    "text_format_source": {"inline_string": content},
                    "formatters": [{"name": "file", "typed_config": {"@type": typed("formatter.file_content.v3.FileContent")}}],
                }},
            })
        });
        let routes: Vec<_> = routes.collect();
        let resources = &mut document["static_resources"];
        resources["listeners"].as_array_mut().unwrap().push(json!({
            "name": cluster, "internal_listener": {},
            "filter_chains": [{"filters": [{"name": "manager", "typed_config": {
                "@type": typed("filters.network.http_connection_manager.v3.HttpConnectionManager"),
                "stat_prefix": cluster,
                "route_config": {"virtual_hosts": [{"name": "files", "domains": ["*"], "routes": routes}]},
                "http_filters": [{"name": "router", "typed_config": {"@type": typed("filters.http.router.v3.Router")}}],
            }}]}],
        }));
        resources["clusters"].as_array_mut().unwrap().push(json!({
            "name": cluster, "type": "STATIC",
            "load_assignment": {"cluster_name": cluster, "endpoints": [{"lb_endpoints": [{
                "endpoint": {"address": {"envoy_internal_address": {"server_listener_name": cluster}}},
            }]}]},
            "transport_socket": {"name": "internal", "typed_config": {
                "@type": typed("transport_sockets.internal_upstream.v3.InternalUpstreamTransport"),
                "transport_socket": {"name": "raw", "typed_config": {"@type": typed("transport_sockets.raw_buffer.v3.RawBuffer")}},
            }},
        }));
        document["bootstrap_extensions"] = json!([{"name": "internal", "typed_config": {
            "@type": typed("bootstrap.internal_listener.v3.InternalListener"),
        }}]);
    }
}
