//! The host's functions as the module imports them: from numbers and memory to the host's own values.

use wasmi::{Caller, Error, Linker, Module, Val};

use crate::guest::{Guest, read_pairs, write_pairs};
use crate::host::{Host, HttpCall};
use crate::requests::LocalResponse;

type Linked = Result<(), wasmi::errors::LinkerError>;

/// Defines everything that the module imports. What no scenario expects stops the scenario.
pub fn define(linker: &mut Linker<Host>, module: &Module) {
    streams(linker).expect("names of their own");
    root(linker).expect("names of their own");
    shared(linker).expect("names of their own");
    metrics(linker).expect("names of their own");
    wasi(linker).expect("names of their own");
    linker.allow_shadowing(false);
    for import in module.imports() {
        let kind = import.ty().func().expect("functions alone").clone();
        let name = format!("{}.{}", import.module(), import.name());
        let unexpected = move |_: Caller<'_, Host>, _: &[Val], _: &mut [Val]| {
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
        |caller: Caller<'_, Host>, map: u32, data: u32, size: u32| {
            let mut guest = Guest(caller);
            let pairs = guest.host().header_pairs(map).map(|fields| write_pairs(&fields));
            answer(guest, pairs, data, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_replace_header_map_value",
        |caller: Caller<'_, Host>, map: u32, name: u32, length: u32, value: u32, size: u32| {
            assert_eq!(map, REQUEST);
            let mut guest = Guest(caller);
            let (name, value) = (guest.text(name, length), guest.bytes(value, size));
            status(guest.host().replace_header(&name, value))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_remove_header_map_value",
        |caller: Caller<'_, Host>, map: u32, name: u32, length: u32| {
            assert_eq!(map, REQUEST);
            let mut guest = Guest(caller);
            let name = guest.bytes(name, length);
            status(guest.host().remove_header(&name))
        },
    )?;
    linker.func_wrap("env", "proxy_continue_stream", |caller: Caller<'_, Host>, stream: u32| {
        assert_eq!(stream, REQUEST);
        status(Guest(caller).host().continue_request())
    })?;
    linker.func_wrap(
        "env",
        "proxy_send_local_response",
        |caller: Caller<'_, Host>,
         code: u32,
         details: u32,
         details_size: u32,
         body: u32,
         body_size: u32,
         headers: u32,
         headers_size: u32,
         grpc_status: i32| {
            let mut guest = Guest(caller);
            let response = LocalResponse {
                status: code,
                details: guest.text(details, details_size),
                headers: read_pairs(&guest.bytes(headers, headers_size)),
                body: guest.bytes(body, body_size),
                grpc_status,
            };
            status(guest.host().send_local_response(response))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_property",
        |caller: Caller<'_, Host>, path: u32, path_size: u32, value: u32, size: u32| {
            let mut guest = Guest(caller);
            let (path, value) = (guest.text(path, path_size), guest.text(value, size));
            status(guest.host().set_property(&path, &value))
        },
    )?;
    Ok(())
}

fn root(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_log",
        |caller: Caller<'_, Host>, level: u32, line: u32, size: u32| {
            let mut guest = Guest(caller);
            let line = guest.text(line, size);
            status(guest.host().log(level, line))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_current_time_nanoseconds",
        |caller: Caller<'_, Host>, at: u32| {
            let mut guest = Guest(caller);
            let time = guest.host().time();
            status(time.map(|time| guest.put(at, &time.to_le_bytes())))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_tick_period_milliseconds",
        |caller: Caller<'_, Host>, period: u32| {
            status(Guest(caller).host().set_tick_period(period))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_effective_context",
        |caller: Caller<'_, Host>, context: u32| {
            status(Guest(caller).host().set_effective_context(context))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_buffer_bytes",
        |caller: Caller<'_, Host>, buffer: u32, start: u32, limit: u32, data: u32, size: u32| {
            assert_eq!(start, 0);
            let mut guest = Guest(caller);
            let bytes = guest.host().buffer(buffer, limit as usize);
            answer(guest, bytes, data, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_property",
        |caller: Caller<'_, Host>, path: u32, path_size: u32, data: u32, size: u32| {
            let mut guest = Guest(caller);
            let path = guest.text(path, path_size);
            let value = guest.host().property(&path);
            answer(guest, value, data, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_call_foreign_function",
        |caller: Caller<'_, Host>,
         name: u32,
         name_size: u32,
         argument: u32,
         argument_size: u32,
         data: u32,
         size: u32| {
            let mut guest = Guest(caller);
            let (name, argument) =
                (guest.text(name, name_size), guest.bytes(argument, argument_size));
            let result = guest.host().call_foreign_function(&name, &argument);
            answer(guest, result, data, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_http_call",
        |caller: Caller<'_, Host>,
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
            let mut guest = Guest(caller);
            let call = HttpCall {
                cluster: guest.text(cluster, cluster_size),
                headers: read_pairs(&guest.bytes(headers, headers_size)),
                body: guest.bytes(body, body_size),
                timeout,
            };
            let number = guest.host().http_call(call);
            status(number.map(|number| guest.put_number(token, number)))
        },
    )?;
    Ok(())
}

fn shared(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_get_shared_data",
        |caller: Caller<'_, Host>, key: u32, key_size: u32, data: u32, size: u32, cas: u32| {
            let mut guest = Guest(caller);
            let key = guest.text(key, key_size);
            let found = guest.host().shared_data(&key);
            let value = found.map(|(value, counter)| {
                guest.put_number(cas, counter);
                value
            });
            answer(guest, value, data, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_shared_data",
        |caller: Caller<'_, Host>, key: u32, key_size: u32, value: u32, size: u32, cas: u32| {
            let mut guest = Guest(caller);
            let (key, value) = (guest.text(key, key_size), guest.bytes(value, size));
            status(guest.host().set_shared_data(&key, value, cas))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_register_shared_queue",
        |caller: Caller<'_, Host>, name: u32, name_size: u32, queue: u32| {
            let mut guest = Guest(caller);
            let name = guest.text(name, name_size);
            let number = guest.host().register_queue(name);
            status(number.map(|number| guest.put_number(queue, number)))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_enqueue_shared_queue",
        |caller: Caller<'_, Host>, queue: u32, item: u32, size: u32| {
            let mut guest = Guest(caller);
            let item = guest.bytes(item, size);
            status(guest.host().enqueue(queue, item))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_dequeue_shared_queue",
        |caller: Caller<'_, Host>, queue: u32, data: u32, size: u32| {
            let mut guest = Guest(caller);
            let item = guest.host().dequeue(queue);
            answer(guest, item, data, size)
        },
    )?;
    Ok(())
}

fn metrics(linker: &mut Linker<Host>) -> Linked {
    linker.func_wrap(
        "env",
        "proxy_define_metric",
        |caller: Caller<'_, Host>, kind: u32, name: u32, name_size: u32, metric: u32| {
            let mut guest = Guest(caller);
            let name = guest.text(name, name_size);
            let number = guest.host().define_metric(kind, name);
            status(number.map(|number| guest.put_number(metric, number)))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_increment_metric",
        |caller: Caller<'_, Host>, metric: u32, step: i64| {
            status(Guest(caller).host().increment_metric(metric, step))
        },
    )?;
    Ok(())
}

/// What Rust's standard library needs: randomness for its hashes, and the environment.
fn wasi(linker: &mut Linker<Host>) -> Linked {
    const WASI: &str = "wasi_snapshot_preview1";
    linker.func_wrap(WASI, "random_get", |caller: Caller<'_, Host>, at: u32, size: u32| {
        let mut guest = Guest(caller);
        let mut number = guest.host().seed;
        let next = || {
            number = number.wrapping_mul(37).wrapping_add(11);
            number
        };
        let random: Vec<u8> = std::iter::repeat_with(next).take(size as usize).collect();
        guest.put(at, &random);
        0
    })?;
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |caller: Caller<'_, Host>, count: u32, size: u32| {
            let mut guest = Guest(caller);
            let variables = variables(guest.host());
            guest.put_number(count, u32::try_from(variables.len()).unwrap());
            guest.put_number(size, u32::try_from(variables.concat().len()).unwrap());
            0
        },
    )?;
    linker.func_wrap(
        WASI,
        "environ_get",
        |caller: Caller<'_, Host>, mut pointers: u32, mut texts: u32| {
            let mut guest = Guest(caller);
            for variable in variables(guest.host()) {
                guest.put_number(pointers, texts);
                guest.put(texts, &variable);
                pointers += 4;
                texts += u32::try_from(variable.len()).unwrap();
            }
            0
        },
    )?;
    // The last words of a panic.
    linker.func_wrap(
        WASI,
        "fd_write",
        |caller: Caller<'_, Host>, _file: u32, vectors: u32, count: u32, _written: u32| -> u32 {
            let guest = Guest(caller);
            let parts = (0..count).map(|i| {
                let at = vectors + 8 * i;
                guest.text(guest.number(at), guest.number(at + 4))
            });
            panic!("the module wrote: {}", parts.collect::<String>())
        },
    )?;
    Ok(())
}

/// The environment as `NAME=value`, each with a zero behind it.
fn variables(host: &Host) -> Vec<Vec<u8>> {
    let variables = host.environment.iter();
    variables.map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

fn status(done: Result<(), u32>) -> u32 {
    done.err().unwrap_or(0)
}

fn answer(mut guest: Guest<'_>, bytes: Result<Vec<u8>, u32>, data: u32, size: u32) -> u32 {
    status(bytes.map(|bytes| guest.give(&bytes, data, size)))
}

/// The number of the request's header map, and of the request's direction.
const REQUEST: u32 = 0;
