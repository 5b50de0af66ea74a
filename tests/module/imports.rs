//! The host's functions as the module imports them: from numbers and memory to the host's own values.

use wasmi::errors::LinkerError;
use wasmi::{Caller, Error, Linker, Module, Val};

use crate::guest::{act, read_pairs, write_pairs};
use crate::host::{Host, HttpCall};
use crate::requests::LocalResponse;
use crate::wasi;

type Calling<'a> = Caller<'a, Host>;
type Linked = Result<(), LinkerError>;

/// Defines everything that the module imports. What no scenario expects stops the scenario.
pub fn define(linker: &mut Linker<Host>, module: &Module) {
    let parts = [streams, replies, root, calls, shared, queues, metrics, wasi::define];
    for part in parts {
        part(linker).expect("names of their own");
    }
    for import in module.imports() {
        let kind = import.ty().func().expect("functions alone").clone();
        let name = format!("{}.{}", import.module(), import.name());
        let unexpected = move |_: Calling<'_>, _: &[Val], _: &mut [Val]| {
            Err(Error::new(format!("{name} was called, which no scenario expects")))
        };
        // A name that is defined already stays as it is.
        let _defined = linker.func_new(import.module(), import.name(), kind, unexpected);
    }
}

fn streams(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_get_header_map_pairs",
        |caller: Calling<'_>, map: u32, data: u32, size: u32| {
            act(caller, |guest| {
                let pairs = write_pairs(&guest.host().header_pairs(map)?);
                guest.give(&pairs, data, size);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_header_map_value",
        |caller: Calling<'_>, map: u32, name: u32, length: u32, data: u32, size: u32| {
            act(caller, |guest| {
                assert_eq!(map, RESPONSE);
                let name = guest.text(name, length);
                let value = guest.host().response_header(&name)?;
                guest.give(&value, data, size);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_replace_header_map_value",
        |caller: Calling<'_>, map: u32, name: u32, length: u32, value: u32, size: u32| {
            act(caller, |guest| {
                if map == RESPONSE {
                    let (name, value) = (guest.text(name, length), guest.text(value, size));
                    return guest.host().edit_response(&name, value, true);
                }
                assert_eq!(map, REQUEST);
                let (name, value) = (guest.text(name, length), guest.bytes(value, size));
                guest.host().replace_header(&name, value)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_add_header_map_value",
        |caller: Calling<'_>, map: u32, name: u32, length: u32, value: u32, size: u32| {
            act(caller, |guest| {
                if map == RESPONSE {
                    let (name, value) = (guest.text(name, length), guest.text(value, size));
                    return guest.host().edit_response(&name, value, false);
                }
                assert_eq!(map, REQUEST);
                let (name, value) = (guest.text(name, length), guest.bytes(value, size));
                guest.host().add_header(&name, value)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_remove_header_map_value",
        |caller: Calling<'_>, map: u32, name: u32, length: u32| {
            act(caller, |guest| {
                assert_eq!(map, REQUEST);
                let name = guest.bytes(name, length);
                guest.host().remove_header(&name)
            })
        },
    )?;
    linker.func_wrap("env", "proxy_continue_stream", |caller: Calling<'_>, stream: u32| {
        act(caller, |guest| {
            assert_eq!(stream, REQUEST);
            guest.host().continue_request()?;
            guest.call_back();
            Ok(())
        })
    })?;
    Ok(())
}

fn replies(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_send_local_response",
        |caller: Calling<'_>,
         status: u32,
         details: u32,
         details_size: u32,
         body: u32,
         body_size: u32,
         headers: u32,
         headers_size: u32,
         grpc_status: i32| {
            act(caller, |guest| {
                let response = LocalResponse {
                    status,
                    details: guest.text(details, details_size),
                    headers: read_pairs(&guest.bytes(headers, headers_size)),
                    body: guest.bytes(body, body_size),
                    grpc_status,
                };
                guest.host().send_local_response(response)?;
                guest.call_back();
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_property",
        |caller: Calling<'_>, path: u32, path_size: u32, value: u32, size: u32| {
            act(caller, |guest| {
                let (path, value) = (guest.text(path, path_size), guest.text(value, size));
                guest.host().set_property(&path, &value)
            })
        },
    )?;
    Ok(())
}

fn root(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_log",
        |caller: Calling<'_>, level: u32, line: u32, size: u32| {
            act(caller, |guest| {
                let line = guest.text(line, size);
                guest.host().log(level, line)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_current_time_nanoseconds",
        |caller: Calling<'_>, at: u32| {
            act(caller, |guest| {
                let time = guest.host().time()?;
                guest.put(at, &time.to_le_bytes());
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_tick_period_milliseconds",
        |caller: Calling<'_>, period: u32| {
            act(caller, |guest| guest.host().set_tick_period(period))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_effective_context",
        |caller: Calling<'_>, context: u32| {
            act(caller, |guest| guest.host().set_effective_context(context))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_buffer_bytes",
        |caller: Calling<'_>, buffer: u32, start: u32, limit: u32, data: u32, size: u32| {
            act(caller, |guest| {
                assert_eq!(start, 0);
                let bytes = guest.host().buffer(buffer, limit as usize)?;
                guest.give(&bytes, data, size);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_property",
        |caller: Calling<'_>, path: u32, path_size: u32, data: u32, size: u32| {
            act(caller, |guest| {
                let path = guest.text(path, path_size);
                let value = guest.host().property(&path)?;
                guest.give(&value, data, size);
                Ok(())
            })
        },
    )?;
    Ok(())
}

fn calls(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_call_foreign_function",
        |caller: Calling<'_>,
         name: u32,
         name_size: u32,
         argument: u32,
         argument_size: u32,
         data: u32,
         size: u32| {
            act(caller, |guest| {
                let name = guest.text(name, name_size);
                let argument = guest.bytes(argument, argument_size);
                let result = guest.host().call_foreign_function(&name, &argument)?;
                guest.give(&result, data, size);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_http_call",
        |caller: Calling<'_>,
         cluster: u32,
         cluster_size: u32,
         headers: u32,
         headers_size: u32,
         body: u32,
         body_size: u32,
         _trailers: u32,
         _trailers_size: u32,
         timeout: u32,
         token: u32| {
            act(caller, |guest| {
                let call = HttpCall {
                    cluster: guest.text(cluster, cluster_size),
                    headers: read_pairs(&guest.bytes(headers, headers_size)),
                    body: guest.bytes(body, body_size),
                    timeout,
                };
                let number = guest.host().http_call(call)?;
                guest.put_number(token, number);
                Ok(())
            })
        },
    )?;
    Ok(())
}

fn shared(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_get_shared_data",
        |caller: Calling<'_>, key: u32, key_size: u32, data: u32, size: u32, cas: u32| {
            act(caller, |guest| {
                let key = guest.text(key, key_size);
                let (value, counter) = guest.host().shared_data(&key)?;
                guest.put_number(cas, counter);
                guest.give(&value, data, size);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_shared_data",
        |caller: Calling<'_>, key: u32, key_size: u32, value: u32, size: u32, cas: u32| {
            act(caller, |guest| {
                let (key, value) = (guest.text(key, key_size), guest.bytes(value, size));
                guest.host().set_shared_data(&key, value, cas)
            })
        },
    )?;
    Ok(())
}

fn queues(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_register_shared_queue",
        |caller: Calling<'_>, name: u32, name_size: u32, queue: u32| {
            act(caller, |guest| {
                let name = guest.text(name, name_size);
                let number = guest.host().register_queue(name)?;
                guest.put_number(queue, number);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_enqueue_shared_queue",
        |caller: Calling<'_>, queue: u32, item: u32, size: u32| {
            act(caller, |guest| {
                let item = guest.bytes(item, size);
                guest.host().enqueue(queue, item)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_dequeue_shared_queue",
        |caller: Calling<'_>, queue: u32, data: u32, size: u32| {
            act(caller, |guest| {
                let item = guest.host().dequeue(queue)?;
                guest.give(&item, data, size);
                Ok(())
            })
        },
    )?;
    Ok(())
}

fn metrics(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_define_metric",
        |caller: Calling<'_>, kind: u32, name: u32, name_size: u32, metric: u32| {
            act(caller, |guest| {
                let name = guest.text(name, name_size);
                let number = guest.host().define_metric(kind, name)?;
                guest.put_number(metric, number);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_increment_metric",
        |caller: Calling<'_>, metric: u32, step: i64| {
            act(caller, |guest| guest.host().increment_metric(metric, step))
        },
    )?;
    Ok(())
}

/// The number of the request's header map, and of the request's direction.
const REQUEST: u32 = 0;
const RESPONSE: u32 = 2;
